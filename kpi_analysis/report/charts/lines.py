"""One KPI over time as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import WIDTHS, Caption, Sheet, Width, draw, write_periods
from kpi_analysis.report.charts.scales import (
    Linear,
    alt_range,
    is_known,
    known,
    nice_ticks,
    period_name,
    period_ticks,
    tick_words,
)
from kpi_analysis.report.charts.text import text_width

Interval = tuple[float, float]
_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT, _TOP = 8.0, 2.0


@dataclass(frozen=True)
class _Line:
    periods: Sequence[str]
    values: Sequence[float | None]
    complete: Sequence[bool]
    band: Sequence[Interval | None]
    band_label: str
    ring: int | None
    from_zero: bool
    unit: str
    scale: Scale
    format: Format

    def write(self, value: float) -> str:
        return self.format.value(value, self.unit, self.scale)

    def ticks(self) -> list[float]:
        ends = [end for interval in self.band if interval for end in interval]
        there = known([*self.values, *ends])
        zero = [0.0] if self.from_zero or not there else []
        whole = self.unit in ("count", "points")
        return nice_ticks(min([*there, *zero]), max([*there, *zero]), whole=whole)


def line_over_time(
    caption: Caption,
    periods: Sequence[str],
    values: Sequence[float | None],
    *,
    unit: str,
    format: Format,
    complete: Sequence[bool] | None = None,
    band: Sequence[Interval | None] | None = None,
    band_label: str = "95% range",
    ring: int | None = None,
    from_zero: bool = False,
    reasons: Sequence[str | None] | None = None,
    width: Width = "full",
) -> Figure:
    """Return a line with its last value written at its end: where is a KPI going?

    Parameters
    ----------
    caption : Caption
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order.
    values : sequence of float or None
        One a period; a missing one breaks the line, and its reason stands in the note.
    unit : str
        Of the KPI.
    format : Format
    complete : sequence of bool, optional
        Whether each period is over; the way to one that is not is dashed. All, by default.
    band : sequence of (low, high) or None, optional
        A range for each value.
    band_label : str
        What the range is.
    ring : int, optional
        Index of the same period last year; negative counts from the end.
    from_zero : bool
        Whether the scale starts at zero; where it does not, the line below the title says so.
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
    chart = _Line(
        periods=periods,
        values=values,
        complete=complete if complete is not None else [True] * count,
        band=band if band is not None else [None] * count,
        band_label=band_label,
        ring=ring,
        from_zero=from_zero,
        unit=unit,
        scale=format.scale(values, unit),
        format=format,
    )
    for given in (values, chart.complete, chart.band, reasons or periods):
        if not count or len(given) != count:
            raise ValueError(f"Found {len(given)} entries for {count} periods. Wanted one for each.")
    said = caption.with_key(format.unit_label(unit, chart.scale), _keys(chart), _missing(chart, reasons))
    return said.figure(
        svg=_svg(chart, width, said.id),
        svg_narrow=_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=f"Line, {said.measure}: {alt_range(periods, values, chart.write, format)}.",
        width=width,
        columns=_columns(chart),
        rows=[_row(chart, i, reasons) for i in range(count)],
    )


def _keys(chart: _Line) -> list[str]:
    ticks = chart.ticks()
    start, word = ticks[0], tick_words(ticks, chart.unit, chart.scale, chart.format)[0]
    unfinished = any(is_known(v) and not done for v, done in zip(chart.values, chart.complete, strict=True))
    keys = [
        (bool(known(chart.values)) and start != 0, f"scale starts at {word}"),
        (any(chart.band), f"band: {chart.band_label}"),
        (_ring_place(chart) is not None, "ring: a year earlier"),
        (unfinished, "dashed: not over yet"),
    ]
    return [words for shown, words in keys if shown]


def _ring_place(chart: _Line) -> int | None:
    if chart.ring is None or not -len(chart.values) <= chart.ring < len(chart.values):
        return None
    place = chart.ring % len(chart.values)
    return place if is_known(chart.values[place]) else None


def _missing(chart: _Line, reasons: Sequence[str | None] | None) -> list[str]:
    gaps = [i for i, v in enumerate(chart.values) if not is_known(v)]
    why = {i: (reasons[i] if reasons else None) or "no value" for i in gaps}
    return [f"{period_name(chart.periods[i], chart.format)}: {why[i]}." for i in gaps]


def _columns(chart: _Line) -> list[Column]:
    label = chart.format.unit_label(chart.unit, chart.scale)
    band = [Column(chart.band_label[:1].upper() + chart.band_label[1:], label, "right")] if any(chart.band) else []
    return [Column("Period"), Column("Value", label, "right"), *band, Column("State")]


def _row(chart: _Line, i: int, reasons: Sequence[str | None] | None) -> Row:
    value, interval = chart.values[i], chart.band[i]
    state = "complete" if chart.complete[i] else "not over yet"
    if not is_known(value):
        state = (reasons[i] if reasons else None) or "no value"
    cells = [Cell(chart.write(value)) if is_known(value) else Cell("–", tone="muted")]
    if any(chart.band):
        words = chart.format.interval(*interval, chart.unit, chart.scale) if interval else "–"
        cells.append(Cell(words))
    return Row((Cell(period_name(chart.periods[i], chart.format)), *cells, Cell(state)))


def _svg(chart: _Line, width: Width, name: str) -> str:
    return draw(WIDTHS[width], _HEIGHTS[width], name, lambda sheet: _paint(chart, sheet))


def _paint(chart: _Line, sheet: Sheet) -> None:
    ticks = chart.ticks()
    y = Linear(ticks[0], ticks[-1], sheet.height - _FOOT, _TOP)
    words = tick_words(ticks, chart.unit, chart.scale, chart.format)
    left = max(text_width(w, TYPE.chart_axis) for w in words) + 1.6
    label = _last_label(chart)
    right = text_width(label[1], TYPE.chart_label, bold=True) + 2.4 if label else 1.0
    pitch = (sheet.width - left - right - 2) / max(len(chart.periods) - 1, 1)
    places = [left + 1 + pitch * i for i in range(len(chart.periods))]
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
    ring = _ring_place(chart)
    if ring is not None and is_known(value := chart.values[ring]):
        sheet.dot(places[ring], y(value), radius=0.75, ring=LIGHT.muted)
    if label and is_known(value := chart.values[label[0]]):
        if chart.complete[label[0]]:
            sheet.dot(places[label[0]], y(value), radius=0.85)
        else:
            sheet.dot(places[label[0]], y(value), radius=0.85, ring=LIGHT.accent)
        sheet.text(places[label[0]] + 2.0, y(value), label[1], bold=True, colour=LIGHT.accent)
    write_periods(sheet, period_ticks(chart.periods, pitch, chart.format), places, sheet.height - _FOOT)


def _last_label(chart: _Line) -> tuple[int, str] | None:
    """Return the last period if it has a value, with its words; an older value would pass for it."""
    last = len(chart.values) - 1
    if not is_known(value := chart.values[last]):
        return None
    return last, chart.write(value) if chart.complete[last] else f"so far {chart.write(value)}"


def _band(chart: _Line, sheet: Sheet, places: Sequence[float], y: Linear) -> None:
    for run in _stretches([interval is not None for interval in chart.band]):
        ends = [(places[i], interval) for i in run if (interval := chart.band[i])]
        if len(ends) == 1:
            x, (low, high) = ends[0]
            sheet.line([(x, y(low)), (x, y(high))], colour=LIGHT.fan_80, width=3)
        else:
            lower = [(x, y(low)) for x, (low, _) in ends]
            sheet.area([*lower, *[(x, y(high)) for x, (_, high) in reversed(ends)]], fill=LIGHT.fan_95)


def _runs(chart: _Line, sheet: Sheet, places: Sequence[float], y: Linear) -> None:
    for run in _stretches([is_known(v) for v in chart.values]):
        points = [(i, places[i], y(v)) for i in run if is_known(v := chart.values[i])]
        if len(points) == 1:
            sheet.dot(points[0][1], points[0][2], radius=0.5)
        done = [(px, py) for i, px, py in points if chart.complete[i]]
        open_ = [(px, py) for i, px, py in points if not chart.complete[i]]
        if len(done) > 1:
            sheet.line(done, colour=LIGHT.accent, width=LINES.chart_line, round_ends=True)
        if open_ and len(points) > 1:
            sheet.line([*done[-1:], *open_], colour=LIGHT.accent, width=LINES.chart_line, dashes=(3, 2))


def _stretches(there: Sequence[bool]) -> list[list[int]]:
    """Return the indices of each stretch without a gap."""
    stretches: list[list[int]] = [[]]
    for i, is_there in enumerate(there):
        if is_there:
            stretches[-1].append(i)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]
