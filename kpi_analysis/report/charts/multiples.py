"""The same KPI of several groups, each in a small chart of its own, all on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import WIDTHS, Caption, Sheet, Width, draw
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
from kpi_analysis.report.charts.text import shorten, text_width

_HIGH, _GUTTER, _HEAD, _FOOT = 44.0, 6.0, 6.0, 8.0


@dataclass(frozen=True)
class _Multiples:
    names: Sequence[str]
    periods: Sequence[str]
    values: Sequence[Sequence[float | None]]
    notes: Sequence[str]
    ring: int | None
    from_zero: bool
    unit: str
    scale: Scale
    format: Format

    def write(self, value: float) -> str:
        return self.format.value(value, self.unit, self.scale)

    def ticks(self) -> list[float]:
        there = known([value for row in self.values for value in row])
        zero = [0.0] if self.from_zero or not there else []
        return nice_ticks(min([*there, *zero]), max([*there, *zero]), most=4, whole=self.unit in ("count", "points"))

    def ring_place(self, row: int) -> int | None:
        if self.ring is None or not -len(self.periods) <= self.ring < len(self.periods):
            return None
        place = self.ring % len(self.periods)
        return place if is_known(self.values[row][place]) else None


def small_multiples(
    caption: Caption,
    names: Sequence[str],
    periods: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    unit: str,
    format: Format,
    notes: Sequence[str] | None = None,
    ring: int | None = None,
    from_zero: bool = True,
    width: Width = "full",
) -> Figure:
    """Return one small line chart a group, three in a row and all on one scale: who grew, and who is large?

    Parameters
    ----------
    caption : Caption
    names : sequence of str
        The groups, in the order drawn.
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order; the same for all.
    values : sequence of sequences of float or None
        For each group one value a period; a missing one breaks the line.
    unit : str
        Of the KPI.
    format : Format
    notes : sequence of str, optional
        A few words beside each name, such as its change.
    ring : int, optional
        Index of the same period last year; negative counts from the end.
    from_zero : bool
        Whether the scale starts at zero; where it does not, the line below the title says so.
    width : str
        ``full`` comes with a half-width variant for small screens, two in a row.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """
    if not names or not periods or len(values) != len(names) or len(notes or names) != len(names):
        raise ValueError(f"Found {len(values)} rows of values for {len(names)} groups. Wanted one for each.")
    for row in values:
        if len(row) != len(periods):
            raise ValueError(f"Found {len(row)} values for {len(periods)} periods. Wanted one for each.")
    scale = format.scale([value for row in values for value in row], unit)
    chart = _Multiples(names, periods, values, notes or [""] * len(names), ring, from_zero, unit, scale, format)
    ticks = chart.ticks()
    start = tick_words(ticks, unit, scale, format)[0]
    keys = ["one scale"] if len(names) > 1 else []
    keys += [f"scale starts at {start}"] if ticks[0] else []
    keys += ["ring: a year earlier"] if any(chart.ring_place(i) is not None for i in range(len(names))) else []
    said = caption.with_key(format.unit_label(unit, scale), keys)
    words = "; ".join(
        f"{name}: {alt_range(periods, row, chart.write, format)}" for name, row in zip(names, values, strict=True)
    )
    label = format.unit_label(unit, scale)
    return said.figure(
        svg=_svg(chart, width, said.id),
        svg_narrow=_svg(chart, "half", f"{said.id}-narrow") if width == "full" else "",
        alt=f"Small multiples, {said.measure}: {words}.",
        width=width,
        columns=[Column("Period"), *(Column(name, label, "right") for name in names)],
        rows=[_row(chart, i) for i in range(len(periods))],
    )


def _row(chart: _Multiples, i: int) -> Row:
    there = [row[i] for row in chart.values]
    cells = [Cell(chart.write(value)) if is_known(value) else Cell("–", tone="muted") for value in there]
    return Row((Cell(period_name(chart.periods[i], chart.format)), *cells))


def _svg(chart: _Multiples, width: Width, name: str) -> str:
    whole = WIDTHS[width]
    across = {"full": 3, "wide": 2, "half": 2, "third": 1}[width]
    wide = (whole - _GUTTER * (across - 1)) / across
    down = math.ceil(len(chart.names) / across)
    height = _HIGH * down + _GUTTER * (down - 1)

    def paint(sheet: Sheet) -> None:
        for i in range(len(chart.names)):
            _panel(chart, sheet, i, (i % across) * (wide + _GUTTER), (i // across) * (_HIGH + _GUTTER), wide)

    return draw(whole, height, name, paint)


def _panel(chart: _Multiples, sheet: Sheet, row: int, left: float, top: float, wide: float) -> None:
    ticks = chart.ticks()
    bottom = top + _HIGH - _FOOT
    y = Linear(ticks[0], ticks[-1], bottom, top + _HEAD + 2.0)
    words = tick_words(ticks, chart.unit, chart.scale, chart.format)
    axis = max(text_width(word, TYPE.chart_axis) for word in words) + 1.6
    value = chart.values[row][-1]
    last = chart.write(value) if is_known(value) else ""
    end = left + wide - (text_width(last, TYPE.chart_label, bold=True) + 2.2 if last else 1.0)
    note = shorten(chart.notes[row], wide / 2, TYPE.chart_label)
    beside = text_width(note, TYPE.chart_label) + 1.6 if note else 0.0
    name = shorten(chart.names[row], wide - beside, TYPE.chart_label, bold=True)
    sheet.text(left, top + 2.0, name, bold=True)
    if note:
        place = left + text_width(name, TYPE.chart_label, bold=True) + 1.6
        sheet.text(place, top + 2.0, note, colour=LIGHT.muted)
    for tick, word in zip(ticks, words, strict=True):
        base = tick == ticks[0]
        colour, line = (LIGHT.rule, LINES.chart_base) if base else (LIGHT.grid, LINES.chart_grid)
        sheet.line([(left + axis, y(tick)), (end, y(tick))], colour=colour, width=line)
        sheet.text(left + axis - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    pitch = (end - left - axis - 2.0) / max(len(chart.periods) - 1, 1)
    places = [left + axis + 1.0 + pitch * i for i in range(len(chart.periods))]
    _line(chart, sheet, row, places, y)
    if is_known(value):
        sheet.dot(places[-1], y(value), radius=0.85)
        sheet.text(places[-1] + 1.8, y(value), last, bold=True, colour=LIGHT.accent)
    for mark in period_ticks(chart.periods, pitch, chart.format):
        for text, below in ((mark.label, 2.4), (mark.year, 5.5)):
            half = text_width(text, TYPE.chart_axis) / 2
            x = min(max(places[mark.index], left + half), left + wide - half)
            if text:
                sheet.text(x, bottom + below, text, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")


def _line(chart: _Multiples, sheet: Sheet, row: int, places: Sequence[float], y: Linear) -> None:
    run: list[tuple[float, float]] = []
    for place, value in [*zip(places, chart.values[row], strict=True), (0.0, None)]:
        if is_known(value):
            run.append((place, y(value)))
            continue
        if len(run) == 1:
            sheet.dot(*run[0], radius=0.5)
        elif run:
            sheet.line(run, colour=LIGHT.accent, width=LINES.chart_line, round_ends=True)
        run = []
    ring = chart.ring_place(row)
    if ring is not None and is_known(value := chart.values[row][ring]):
        sheet.dot(places[ring], y(value), radius=0.75, ring=LIGHT.muted)
