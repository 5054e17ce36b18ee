"""One KPI over time as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

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
    period_ticks,
    tick_words,
)
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.sheet import Sheet, Width, write_periods

_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT, _TOP = 8.0, 2.0


@dataclass(frozen=True)
class LineChart(Chart):
    """A line with its last value written at its end; see `line_over_time`."""

    series: TimeSeries
    ring: int | None = None
    from_zero: bool = False

    @cached_property
    def scale(self) -> Scale:
        """The scale of all numbers."""
        return self.series.scale(self.format)

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.series.unit, self.scale)

    def keys(self) -> list[str]:
        series, ticks = self.series, self.ticks()
        start, word = ticks[0], tick_words(ticks, series.unit, self.scale, self.format)[0]
        unfinished = any(is_known(v) and not done for v, done in zip(series.values, series.complete, strict=True))
        keys = [
            (bool(known_values(series.values)) and start != 0, f"scale starts at {word}"),
            (any(series.intervals), f"band: {series.interval_label}"),
            (self.ring_place() is not None, "ring: a year earlier"),
            (unfinished, "dashed: not over yet"),
        ]
        return [words for shown, words in keys if shown]

    def notes(self) -> list[str]:
        return self.series.gaps(self.format)

    def alt(self, caption: Caption) -> str:
        words = alt_range(self.series.periods, self.series.values, self.write, self.format)
        return f"Line, {caption.measure}: {words}."

    def columns(self) -> list[Column]:
        label, named, band = self.unit_label, self.series.interval_label, list[Column]()
        if any(self.series.intervals):
            band = [Column(named[:1].upper() + named[1:], label, "right")]
        return [Column("Period"), Column("Value", label, "right"), *band, Column("State")]

    def rows(self) -> list[Row]:
        return [_row(self, i) for i in range(len(self.series.periods))]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEIGHTS[width], lambda sheet: _paint(self, sheet)

    def write(self, value: float) -> str:
        """Return a value in the scale of the chart."""
        return self.format.value(value, self.series.unit, self.scale)

    def ticks(self) -> list[float]:
        """Return the ticks of the axis."""
        there = [*known_values(self.series.values), *self.series.ends]
        zero = [0.0] if self.from_zero or not there else []
        whole = self.series.unit in ("count", "points")
        return nice_ticks(min([*there, *zero]), max([*there, *zero]), whole=whole)

    def ring_place(self) -> int | None:
        """Return the place of the same period last year, where it has a value."""
        values = self.series.values
        if self.ring is None or not -len(values) <= self.ring < len(values):
            return None
        place = self.ring % len(values)
        return place if is_known(values[place]) else None


def line_over_time(
    caption: Caption,
    series: TimeSeries,
    *,
    format: Format,
    ring: int | None = None,
    from_zero: bool = False,
    width: Width = "full",
) -> Figure:
    """Return a line with its last value written at its end: where is a KPI going?

    The way to a value that is not over yet is dashed, ranges are a band.

    Parameters
    ----------
    caption : Caption
    series : TimeSeries
    format : Format
    ring : int, optional
        Index of the same period last year; negative counts from the end.
    from_zero : bool
        Whether the scale starts at zero; where it does not, the line below the title says so.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Examples
    --------
    >>> series = TimeSeries(["2026-08", "2026-09"], [261.0, 271.0], "count")
    >>> line_over_time(Caption("leads", "They grow", "Leads, {unit}"), series, format=Format()).measure
    'Leads, count; scale starts at 260'
    """
    return LineChart(caption, format, width, series, ring, from_zero).figure()


def _row(chart: LineChart, i: int) -> Row:
    value, interval = chart.series.values[i], chart.series.intervals[i]
    state = "complete" if chart.series.complete[i] else "not over yet"
    if not is_known(value):
        state = chart.series.reason(i)
    cells = [Cell(chart.write(value)) if is_known(value) else Cell("–", tone="muted")]
    if any(chart.series.intervals):
        words = chart.format.interval(*interval, chart.series.unit, chart.scale) if interval else "–"
        cells.append(Cell(words))
    return Row((Cell(period_name(chart.series.periods[i], chart.format)), *cells, Cell(state)))


def _paint(chart: LineChart, sheet: Sheet) -> None:
    ticks = chart.ticks()
    y = Linear(ticks[0], ticks[-1], sheet.height - _FOOT, _TOP)
    words = tick_words(ticks, chart.series.unit, chart.scale, chart.format)
    left = max(sheet.measure.width(w, TYPE.chart_axis) for w in words) + 1.6
    label = _last_label(chart)
    right = sheet.measure.width(label[1], TYPE.chart_label, bold=True) + 2.4 if label else 1.0
    pitch = (sheet.width - left - right - 2) / max(len(chart.series.periods) - 1, 1)
    places = [left + 1 + pitch * i for i in range(len(chart.series.periods))]
    for tick, word in zip(ticks, words, strict=True):
        base = tick == ticks[0]
        sheet.line(
            [(left, y(tick)), (sheet.width - right, y(tick))],
            colour=LIGHT.rule if base else LIGHT.grid,
            width=LINES.chart_base if base else LINES.chart_grid,
        )
        sheet.text(left - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    _band(chart, sheet, places, y)
    _runs(chart, sheet, places, y)
    ring = chart.ring_place()
    if ring is not None and is_known(value := chart.series.values[ring]):
        sheet.dot(places[ring], y(value), radius=0.75, ring=LIGHT.muted)
    if label and is_known(value := chart.series.values[label[0]]):
        if chart.series.complete[label[0]]:
            sheet.dot(places[label[0]], y(value), radius=0.85)
        else:
            sheet.dot(places[label[0]], y(value), radius=0.85, ring=LIGHT.accent)
        sheet.text(places[label[0]] + 2.0, y(value), label[1], bold=True, colour=LIGHT.accent)
    periods = period_ticks(chart.series.periods, pitch, chart.format, sheet.measure)
    write_periods(sheet, periods, places, sheet.height - _FOOT)


def _last_label(chart: LineChart) -> tuple[int, str] | None:
    """Return the last period if it has a value, with its words; an older value would pass for it."""
    last = len(chart.series.values) - 1
    if not is_known(value := chart.series.values[last]):
        return None
    return last, chart.write(value) if chart.series.complete[last] else f"so far {chart.write(value)}"


def _band(chart: LineChart, sheet: Sheet, places: Sequence[float], y: Linear) -> None:
    for run in _stretches([interval is not None for interval in chart.series.intervals]):
        ends = [(places[i], interval) for i in run if (interval := chart.series.intervals[i])]
        if len(ends) == 1:
            x, (low, high) = ends[0]
            sheet.line([(x, y(low)), (x, y(high))], colour=LIGHT.fan_80, width=3)
        else:
            lower = [(x, y(low)) for x, (low, _) in ends]
            sheet.area([*lower, *[(x, y(high)) for x, (_, high) in reversed(ends)]], fill=LIGHT.fan_95)


def _runs(chart: LineChart, sheet: Sheet, places: Sequence[float], y: Linear) -> None:
    for run in _stretches([is_known(v) for v in chart.series.values]):
        points = [(i, places[i], y(v)) for i in run if is_known(v := chart.series.values[i])]
        if len(points) == 1:
            sheet.dot(points[0][1], points[0][2], radius=0.5)
        for is_done, part in _parts(points, chart.series.complete):
            if is_done:
                sheet.line(part, colour=LIGHT.accent, width=LINES.chart_line, round_ends=True)
            else:
                sheet.line(part, colour=LIGHT.accent, width=LINES.chart_line, dashes=(3, 2))


def _parts(
    points: Sequence[tuple[int, float, float]], complete: Sequence[bool]
) -> list[tuple[bool, list[tuple[float, float]]]]:
    """Split a run of points into stretches between complete values, and those that lead to or from another one."""
    parts: list[tuple[bool, list[tuple[float, float]]]] = []
    for (i, *start), (j, *end) in pairwise(points):
        is_done = complete[i] and complete[j]
        if not parts or parts[-1][0] != is_done:
            parts.append((is_done, [(start[0], start[1])]))
        parts[-1][1].append((end[0], end[1]))
    return parts


def _stretches(there: Sequence[bool]) -> list[list[int]]:
    """Return the indices of each stretch without a gap."""
    stretches: list[list[int]] = [[]]
    for i, is_there in enumerate(there):
        if is_there:
            stretches[-1].append(i)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]
