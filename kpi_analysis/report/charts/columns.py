"""A KPI by month or quarter as columns from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import (
    Linear,
    alt_range,
    is_known,
    known_values,
    nice_ticks,
    period_name,
    period_parts,
    period_ticks,
    space_apart,
    tick_words,
)
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.sheet import LABEL_STEP, Sheet, Width, write_periods

_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT = 8.0  # two lines of labels under the columns
_WIDEST = 15.0  # a column, where there are only few


@dataclass(frozen=True)
class ColumnChart(Chart):
    """Columns from zero; see `columns_over_time`."""

    series: TimeSeries
    projected: int = 0
    needed: float | None = None

    @cached_property
    def scale(self) -> Scale:
        """The scale of all numbers."""
        return self.series.scale(self.format, *self.series.year_ago)

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.series.unit, self.scale)

    def keys(self) -> list[str]:
        states = {self.state(i) for i, v in enumerate(self.series.values) if is_known(v)}
        keys = [
            ("so far" in states, "hatched: not over yet"),
            ("projected" in states, "hatched: projection"),
            (bool(known_values(self.series.year_ago)), "grey: a year earlier"),
            (any(self.series.intervals), "line: 95% range"),
        ]
        return [words for shown, words in keys if shown]

    def notes(self) -> list[str]:
        return self.series.gaps(self.format)

    def alt(self, caption: Caption) -> str:
        words = alt_range(self.series.periods, self.series.values, self.write, self.format)
        parts = [f"Columns, {caption.measure}: {words}"]
        if is_known(self.needed):
            parts.append(f"needed in the last period: {self.write(self.needed)}")
        return "; ".join(parts) + "."

    def columns(self) -> list[Column]:
        label = self.unit_label
        head = [Column("Period"), Column("Value", label, "right")]
        if self.series.year_ago:
            head.append(Column("A year earlier", label, "right"))
        if any(self.series.intervals):
            head.append(Column("95% range", label, "right"))
        return [*head, Column("State")]

    def rows(self) -> list[Row]:
        return [_row(self, i) for i in range(len(self.series.periods))]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEIGHTS[width], lambda sheet: _paint(self, sheet)

    def write(self, value: float) -> str:
        """Return a value in the scale of the chart."""
        return self.format.value(value, self.series.unit, self.scale)

    def extent(self) -> tuple[float, float]:
        """Return the least and the largest value drawn; zero is one of them."""
        series = self.series
        all_ = [
            0.0,
            *known_values(series.values),
            *known_values(series.year_ago),
            *series.ends,
            *known_values([self.needed]),
        ]
        return (min(all_), max(all_)) if max(all_) > min(all_) else (0.0, 1.0)

    def state(self, i: int) -> str:
        """Return whether a value is actual, so far, or projected."""
        if i >= len(self.series.values) - self.projected:
            return "projected"
        return "actual" if self.series.complete[i] else "so far"

    def colour(self, i: int) -> str:
        """Return ink for the year of the last period, and the fainter scenario for the years before."""
        periods = self.series.periods
        year = period_parts(periods[-1], self.format)[1]
        now = self.series.year_ago or period_parts(periods[i], self.format)[1] == year
        return LIGHT.ink if now else LIGHT.previous


def columns_over_time(
    caption: Caption,
    series: TimeSeries,
    *,
    format: Format,
    projected: int = 0,
    needed: float | None = None,
    width: Width = "full",
) -> Figure:
    """Return columns from zero, one a period: how much, and is it more than before?

    What is not over yet or projected is hatched, the value of a year earlier is a paler column behind each, and a
    range is a line.

    Parameters
    ----------
    caption : Caption
    series : TimeSeries
    format : Format
    projected : int
        How many of the last periods are a projection.
    needed : float, optional
        What the last period must reach.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Examples
    --------
    >>> series = TimeSeries(["2026-08", "2026-09"], [261.0, 271.0], "count", complete=[True, False])
    >>> columns_over_time(Caption("leads", "They grow", "Leads, {unit}"), series, format=Format()).measure
    'Leads, count; hatched: not over yet'
    """
    return ColumnChart(caption, format, width, series, projected, needed).figure()


def _row(chart: ColumnChart, i: int) -> Row:
    value = chart.series.values[i]
    if is_known(value):
        cells = [Cell(chart.write(value))]
        state = {"actual": "complete", "so far": "not over yet", "projected": "projection"}[chart.state(i)]
    else:
        cells, state = [Cell("–", tone="muted")], chart.series.reason(i)
    if chart.series.year_ago:
        before = chart.series.year_ago[i]
        cells.append(Cell(chart.write(before)) if is_known(before) else Cell("–", tone="muted"))
    if any(chart.series.intervals):
        interval = chart.series.intervals[i]
        words = chart.format.interval(*interval, chart.series.unit, chart.scale) if interval else "–"
        cells.append(Cell(words))
    return Row((Cell(period_name(chart.series.periods[i], chart.format)), *cells, Cell(state)))


def _paint(chart: ColumnChart, sheet: Sheet) -> None:
    low, high = chart.extent()
    floor = sheet.height - _FOOT - (LABEL_STEP + 0.6 if low < 0 else 0)
    y = Linear(low, high, floor, 4.6)
    whole = chart.series.unit in ("count", "points")
    ticks = [t for t in nice_ticks(low, high, whole=whole) if low <= t <= high]
    all_labelled = True
    for all_labelled in (True, False):
        notes = _notes(chart, all_labelled)
        right = max((sheet.measure.width(words, TYPE.chart_label, bold=True) + 1.6 for words, *_ in notes), default=0.0)
        # where not every column has room for its number, the reader needs an axis
        left = 0.0 if all_labelled else _axis_width(chart, ticks)
        pitch = (sheet.width - left - right) / len(chart.series.periods)
        if _widest_label(chart) + 0.6 <= pitch:
            break
    centres = [left + pitch * (i + 0.5) for i in range(len(chart.series.periods))]
    if not all_labelled:
        _axis(chart, sheet, ticks, y, right)
    for i in range(len(chart.series.values)):
        _column(chart, sheet, i, centres[i], pitch, y)
    base = [(centres[0] - pitch / 2, y(0)), (centres[-1] + pitch / 2, y(0))]
    sheet.line(base, colour=LIGHT.rule, width=LINES.chart_base)
    for i in _on_top(chart) if all_labelled else ():
        _label(chart, sheet, i, centres[i], y)
    _needed(chart, sheet, centres[-1], pitch, y)
    _write_notes(sheet, notes, centres[-1] + pitch / 2 + 1.2, y)
    periods = period_ticks(chart.series.periods, pitch, chart.format, sheet.measure)
    write_periods(sheet, periods, centres, sheet.height - _FOOT)


def _axis_width(chart: ColumnChart, ticks: Sequence[float]) -> float:
    words = tick_words(ticks, chart.series.unit, chart.scale, chart.format)
    return max((chart.measure.width(w, TYPE.chart_axis) for w in words), default=0.0) + 1.4


def _axis(chart: ColumnChart, sheet: Sheet, ticks: Sequence[float], y: Linear, right: float) -> None:
    left = _axis_width(chart, ticks)
    words = tick_words(ticks, chart.series.unit, chart.scale, chart.format)
    for tick, word in zip(ticks, words, strict=True):
        across = [(left, y(tick)), (sheet.width - right, y(tick))]
        sheet.line(across, colour=LIGHT.grid, width=LINES.chart_grid)
        sheet.text(left - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")


def _column(chart: ColumnChart, sheet: Sheet, i: int, x: float, pitch: float, y: Linear) -> None:
    value, half = chart.series.values[i], min(0.34 * pitch, _WIDEST / 2)
    before = chart.series.year_ago[i] if chart.series.year_ago else None
    if is_known(before):
        sheet.box(x - half, y(max(before, 0)), x + half * 0.4, y(min(before, 0)), fill=LIGHT.previous)
    if not is_known(value):
        sheet.text(x, y(0) - 1.8, "–", colour=LIGHT.muted, align="center")
        return
    left = x - half * 0.6 if chart.series.year_ago else x - half
    top, bottom = y(max(value, 0)), y(min(value, 0))
    sheet.box(left, top, x + half, bottom, fill=chart.colour(i), hatched=chart.state(i) != "actual")
    interval = chart.series.intervals[i]
    if interval:
        middle = (left + x + half) / 2
        ends = [(middle, y(interval[0])), (middle, y(interval[1]))]
        sheet.line(ends, colour=LIGHT.paper, width=min(3.0, pitch))
        sheet.line(ends, colour=LIGHT.accent, width=1.5)
        sheet.dot(middle, y(value), radius=0.7)


def _on_top(chart: ColumnChart) -> list[int]:
    """Return the columns with a number on top; that of an unfinished last one stands at its right."""
    last = len(chart.series.values) - 1
    return [i for i, v in enumerate(chart.series.values) if is_known(v) and (i < last or chart.state(i) == "actual")]


def _widest_label(chart: ColumnChart) -> float:
    numbers = [v for i in _on_top(chart) if is_known(v := chart.series.values[i])]
    return max((chart.measure.width(chart.write(v), TYPE.chart_label, bold=True) for v in numbers), default=0.0)


def _label(chart: ColumnChart, sheet: Sheet, i: int, x: float, y: Linear) -> None:
    value = chart.series.values[i]
    if not is_known(value):
        return
    now = chart.colour(i) == LIGHT.ink
    ends = [value, *(chart.series.intervals[i] or ())]
    place = y(max(ends)) - 2.0 if value >= 0 else y(min(ends)) + 2.2
    sheet.text(x, place, chart.write(value), bold=now, colour=LIGHT.ink if now else LIGHT.muted, align="center")


def _needed(chart: ColumnChart, sheet: Sheet, x: float, pitch: float, y: Linear) -> None:
    if is_known(chart.needed):
        ends = [(x - pitch / 2, y(chart.needed)), (x + pitch / 2, y(chart.needed))]
        sheet.line(ends, colour=LIGHT.paper, width=3.4)
        sheet.line(ends, colour=LIGHT.ink, width=1.8)


def _notes(chart: ColumnChart, all_labelled: bool) -> list[tuple[str, float, str, bool]]:
    """Return what is said at the right of the last column: words, value, colour, bold."""
    value, notes = chart.series.values[-1], []
    state = chart.state(len(chart.series.values) - 1)
    if is_known(value) and not (state == "actual" and all_labelled):
        colour = LIGHT.accent if state == "projected" else LIGHT.ink
        words = chart.write(value) if state == "actual" else f"{state} {chart.write(value)}"
        notes.append((words, value, colour, True))
        interval = chart.series.intervals[-1]
        if interval and state == "projected":
            words = chart.format.interval(*interval, chart.series.unit, chart.scale)
            notes.append((words, value, LIGHT.accent, False))
    if is_known(chart.needed):
        notes.append((f"needed {chart.write(chart.needed)}", chart.needed, LIGHT.ink, True))
    return notes


def _write_notes(sheet: Sheet, notes: Sequence[tuple[str, float, str, bool]], x: float, y: Linear) -> None:
    places = space_apart([y(value) for _, value, *_ in notes], LABEL_STEP + 0.2, 2.0, sheet.height - _FOOT - 1.5)
    for (words, _, colour, bold), place in zip(notes, places, strict=True):
        size = TYPE.chart_label if bold else TYPE.chart_axis
        sheet.text(x, place, words, colour=colour, bold=bold, size=size)
