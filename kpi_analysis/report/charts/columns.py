"""A KPI by month or quarter as columns from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import LABEL_STEP, WIDTHS, Caption, Sheet, Width, draw, write_periods
from kpi_analysis.report.charts.scales import (
    Linear,
    alt_range,
    is_known,
    known,
    nice_ticks,
    period_name,
    period_parts,
    period_ticks,
    spread,
    tick_words,
)
from kpi_analysis.report.charts.text import text_width

Interval = tuple[float, float]
_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT = 8.0  # two lines of labels under the columns
_WIDEST = 15.0  # a column, where there are only few


@dataclass(frozen=True)
class _Columns:
    """What is drawn, checked and in one scale."""

    periods: Sequence[str]
    values: Sequence[float | None]
    complete: Sequence[bool]
    projected: int
    previous_year: Sequence[float | None]
    needed: float | None
    intervals: Sequence[Interval | None]
    unit: str
    scale: Scale
    format: Format

    def write(self, value: float) -> str:
        return self.format.value(value, self.unit, self.scale)

    def extent(self) -> tuple[float, float]:
        ends = [end for interval in self.intervals if interval for end in interval]
        all_ = [0.0, *known(self.values), *known(self.previous_year), *known(ends), *known([self.needed])]
        return (min(all_), max(all_)) if max(all_) > min(all_) else (0.0, 1.0)

    def state(self, i: int) -> str:
        if i >= len(self.values) - self.projected:
            return "projected"
        return "actual" if self.complete[i] else "so far"

    def colour(self, i: int) -> str:
        """Return ink for the year of the last period, and the fainter scenario for the years before."""
        year = period_parts(self.periods[-1], self.format)[1]
        now = self.previous_year or period_parts(self.periods[i], self.format)[1] == year
        return LIGHT.ink if now else LIGHT.previous


def columns_over_time(
    caption: Caption,
    periods: Sequence[str],
    values: Sequence[float | None],
    *,
    unit: str,
    format: Format,
    complete: Sequence[bool] | None = None,
    projected: int = 0,
    previous_year: Sequence[float | None] | None = None,
    needed: float | None = None,
    intervals: Sequence[Interval | None] | None = None,
    reasons: Sequence[str | None] | None = None,
    width: Width = "full",
) -> Figure:
    """Return columns from zero, one a period: how much, and is it more than before?

    Parameters
    ----------
    caption : Caption
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order.
    values : sequence of float or None
        One a period; a missing one is a gap, and its reason stands in the note.
    unit : str
        Of the KPI.
    format : Format
    complete : sequence of bool, optional
        Whether each period is over; one that is not is hatched and said to be so far. All, by default.
    projected : int
        How many of the last periods are a projection, hatched as well.
    previous_year : sequence of float or None, optional
        The same period a year earlier, a paler column behind each.
    needed : float, optional
        What the last period must reach.
    intervals : sequence of (low, high) or None, optional
        A range for each value, drawn as a line.
    reasons : sequence of str or None, optional
        Why a value is missing.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """
    count = len(periods)
    chart = _Columns(
        periods=periods,
        values=values,
        complete=complete if complete is not None else [True] * count,
        projected=projected,
        previous_year=previous_year or [],
        needed=needed,
        intervals=intervals if intervals is not None else [None] * count,
        unit=unit,
        scale=format.scale([*values, *(previous_year or [])], unit),
        format=format,
    )
    for given in (values, chart.complete, chart.intervals, previous_year or periods, reasons or periods):
        if not count or len(given) != count:
            raise ValueError(f"Found {len(given)} entries for {count} periods. Wanted one for each.")
    said = caption.with_key(format.unit_label(unit, chart.scale), _keys(chart), _missing(chart, reasons))
    return said.figure(
        svg=_svg(chart, width, said.id),
        svg_narrow=_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=_alt(chart, said),
        width=width,
        columns=_head(chart),
        rows=[_row(chart, i, reasons) for i in range(count)],
    )


def _keys(chart: _Columns) -> list[str]:
    states = {chart.state(i) for i, v in enumerate(chart.values) if is_known(v)}
    keys = [
        ("so far" in states, "hatched: not over yet"),
        ("projected" in states, "hatched: projection"),
        (bool(known(chart.previous_year)), "grey: a year earlier"),
        (any(chart.intervals), "line: 95% range"),
    ]
    return [words for shown, words in keys if shown]


def _missing(chart: _Columns, reasons: Sequence[str | None] | None) -> list[str]:
    gaps = [i for i, v in enumerate(chart.values) if not is_known(v)]
    why = {i: (reasons[i] if reasons else None) or "no value" for i in gaps}
    return [f"{period_name(chart.periods[i], chart.format)}: {why[i]}." for i in gaps]


def _alt(chart: _Columns, caption: Caption) -> str:
    words = alt_range(chart.periods, chart.values, chart.write, chart.format)
    parts = [f"Columns, {caption.measure}: {words}"]
    if is_known(chart.needed):
        parts.append(f"needed in the last period: {chart.write(chart.needed)}")
    return "; ".join(parts) + "."


def _head(chart: _Columns) -> list[Column]:
    label = chart.format.unit_label(chart.unit, chart.scale)
    head = [Column("Period"), Column("Value", label, "right")]
    if chart.previous_year:
        head.append(Column("A year earlier", label, "right"))
    if any(chart.intervals):
        head.append(Column("95% range", label, "right"))
    return [*head, Column("State")]


def _row(chart: _Columns, i: int, reasons: Sequence[str | None] | None) -> Row:
    value = chart.values[i]
    if is_known(value):
        cells = [Cell(chart.write(value))]
        state = {"actual": "complete", "so far": "not over yet", "projected": "projection"}[chart.state(i)]
    else:
        cells, state = [Cell("–", tone="muted")], (reasons[i] if reasons else None) or "no value"
    if chart.previous_year:
        before = chart.previous_year[i]
        cells.append(Cell(chart.write(before)) if is_known(before) else Cell("–", tone="muted"))
    if any(chart.intervals):
        interval = chart.intervals[i]
        words = chart.format.interval(*interval, chart.unit, chart.scale) if interval else "–"
        cells.append(Cell(words))
    return Row((Cell(period_name(chart.periods[i], chart.format)), *cells, Cell(state)))


def _svg(chart: _Columns, width: Width, name: str) -> str:
    return draw(WIDTHS[width], _HEIGHTS[width], name, lambda sheet: _paint(chart, sheet))


def _paint(chart: _Columns, sheet: Sheet) -> None:
    low, high = chart.extent()
    floor = sheet.height - _FOOT - (LABEL_STEP + 0.6 if low < 0 else 0)
    y = Linear(low, high, floor, 4.6)
    whole = chart.unit in ("count", "points")
    ticks = [t for t in nice_ticks(low, high, whole=whole) if low <= t <= high]
    all_labelled = True
    for all_labelled in (True, False):
        notes = _notes(chart, all_labelled)
        right = max((text_width(words, TYPE.chart_label, bold=True) + 1.6 for words, *_ in notes), default=0.0)
        # where not every column has room for its number, the reader needs an axis
        left = 0.0 if all_labelled else _axis_width(chart, ticks)
        pitch = (sheet.width - left - right) / len(chart.periods)
        if _widest_label(chart) + 0.6 <= pitch:
            break
    centres = [left + pitch * (i + 0.5) for i in range(len(chart.periods))]
    if not all_labelled:
        _axis(chart, sheet, ticks, y, right)
    for i in range(len(chart.values)):
        _column(chart, sheet, i, centres[i], pitch, y)
    base = [(centres[0] - pitch / 2, y(0)), (centres[-1] + pitch / 2, y(0))]
    sheet.line(base, colour=LIGHT.rule, width=LINES.chart_base)
    for i in _on_top(chart) if all_labelled else ():
        _label(chart, sheet, i, centres[i], y)
    _needed(chart, sheet, centres[-1], pitch, y)
    _write_notes(sheet, notes, centres[-1] + pitch / 2 + 1.2, y)
    write_periods(sheet, period_ticks(chart.periods, pitch, chart.format), centres, sheet.height - _FOOT)


def _axis_width(chart: _Columns, ticks: Sequence[float]) -> float:
    words = tick_words(ticks, chart.unit, chart.scale, chart.format)
    return max((text_width(w, TYPE.chart_axis) for w in words), default=0.0) + 1.4


def _axis(chart: _Columns, sheet: Sheet, ticks: Sequence[float], y: Linear, right: float) -> None:
    left = _axis_width(chart, ticks)
    words = tick_words(ticks, chart.unit, chart.scale, chart.format)
    for tick, word in zip(ticks, words, strict=True):
        across = [(left, y(tick)), (sheet.width - right, y(tick))]
        sheet.line(across, colour=LIGHT.grid, width=LINES.chart_grid)
        sheet.text(left - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")


def _column(chart: _Columns, sheet: Sheet, i: int, x: float, pitch: float, y: Linear) -> None:
    value, half = chart.values[i], min(0.34 * pitch, _WIDEST / 2)
    before = chart.previous_year[i] if chart.previous_year else None
    if is_known(before):
        sheet.box(x - half, y(max(before, 0)), x + half * 0.4, y(min(before, 0)), fill=LIGHT.previous)
    if not is_known(value):
        sheet.text(x, y(0) - 1.8, "–", colour=LIGHT.muted, align="center")
        return
    left = x - half * 0.6 if chart.previous_year else x - half
    top, bottom = y(max(value, 0)), y(min(value, 0))
    sheet.box(left, top, x + half, bottom, fill=chart.colour(i), hatched=chart.state(i) != "actual")
    interval = chart.intervals[i]
    if interval:
        middle = (left + x + half) / 2
        ends = [(middle, y(interval[0])), (middle, y(interval[1]))]
        sheet.line(ends, colour=LIGHT.paper, width=min(3.0, pitch))
        sheet.line(ends, colour=LIGHT.accent, width=1.5)
        sheet.dot(middle, y(value), radius=0.7)


def _on_top(chart: _Columns) -> list[int]:
    """Return the columns with a number on top; that of an unfinished last one stands at its right."""
    last = len(chart.values) - 1
    return [i for i, v in enumerate(chart.values) if is_known(v) and (i < last or chart.state(i) == "actual")]


def _widest_label(chart: _Columns) -> float:
    numbers = [v for i in _on_top(chart) if is_known(v := chart.values[i])]
    return max((text_width(chart.write(v), TYPE.chart_label, bold=True) for v in numbers), default=0.0)


def _label(chart: _Columns, sheet: Sheet, i: int, x: float, y: Linear) -> None:
    value = chart.values[i]
    if not is_known(value):
        return
    now = chart.colour(i) == LIGHT.ink
    ends = [value, *(chart.intervals[i] or ())]
    place = y(max(ends)) - 2.0 if value >= 0 else y(min(ends)) + 2.2
    sheet.text(x, place, chart.write(value), bold=now, colour=LIGHT.ink if now else LIGHT.muted, align="center")


def _needed(chart: _Columns, sheet: Sheet, x: float, pitch: float, y: Linear) -> None:
    if is_known(chart.needed):
        ends = [(x - pitch / 2, y(chart.needed)), (x + pitch / 2, y(chart.needed))]
        sheet.line(ends, colour=LIGHT.paper, width=3.4)
        sheet.line(ends, colour=LIGHT.ink, width=1.8)


def _notes(chart: _Columns, all_labelled: bool) -> list[tuple[str, float, str, bool]]:
    """Return what is said at the right of the last column: words, value, colour, bold."""
    value, notes = chart.values[-1], []
    state = chart.state(len(chart.values) - 1)
    if is_known(value) and not (state == "actual" and all_labelled):
        colour = LIGHT.accent if state == "projected" else LIGHT.ink
        words = chart.write(value) if state == "actual" else f"{state} {chart.write(value)}"
        notes.append((words, value, colour, True))
        interval = chart.intervals[-1]
        if interval and state == "projected":
            words = chart.format.interval(*interval, chart.unit, chart.scale)
            notes.append((words, value, LIGHT.accent, False))
    if is_known(chart.needed):
        notes.append((f"needed {chart.write(chart.needed)}", chart.needed, LIGHT.ink, True))
    return notes


def _write_notes(sheet: Sheet, notes: Sequence[tuple[str, float, str, bool]], x: float, y: Linear) -> None:
    places = spread([y(value) for _, value, *_ in notes], LABEL_STEP + 0.2, 2.0, sheet.height - _FOOT - 1.5)
    for (words, _, colour, bold), place in zip(notes, places, strict=True):
        size = TYPE.chart_label if bold else TYPE.chart_axis
        sheet.text(x, place, words, colour=colour, bold=bold, size=size)
