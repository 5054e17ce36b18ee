"""The same KPI of several groups, each in a small chart of its own, all on one scale."""

from __future__ import annotations

import math
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
    period_ticks,
    tick_words,
)
from kpi_analysis.report.charts.series import check_lengths, settle
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width

_HIGH, _GUTTER, _HEAD, _FOOT = 44.0, 6.0, 6.0, 8.0


@dataclass(frozen=True)
class Panels:
    """The same KPI of several groups over the same periods.

    Parameters
    ----------
    names : sequence of str
        The groups, in the order drawn.
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order; the same for all.
    values : sequence of sequences of float or None
        For each group one value a period; a missing one breaks the line.
    unit : str
        Of the KPI.
    notes : sequence of str, optional
        A few words beside each name, such as its change.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """

    names: Sequence[str]
    periods: Sequence[str]
    values: Sequence[Sequence[float | None]]
    unit: str
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        settle(self, len(self.names), notes="")
        check_lengths(self.names, "groups", self.values, self.notes)
        check_lengths(self.periods, "periods", *self.values)

    @property
    def all_values(self) -> list[float | None]:
        """The values of all groups."""
        return [value for row in self.values for value in row]


@dataclass(frozen=True)
class MultiplesChart(Chart):
    """Small line charts on one scale; see `small_multiples`."""

    panels: Panels
    ring: int | None = None
    from_zero: bool = True

    @cached_property
    def scale(self) -> Scale:
        """The scale of all numbers."""
        return self.format.scale(self.panels.all_values, self.panels.unit)

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.panels.unit, self.scale)

    def keys(self) -> list[str]:
        ticks, count = self.ticks(), len(self.panels.names)
        start = tick_words(ticks, self.panels.unit, self.scale, self.format)[0]
        keys = ["one scale"] if count > 1 else []
        keys += [f"scale starts at {start}"] if ticks[0] else []
        return keys + (["ring: a year earlier"] if any(self.ring_place(i) is not None for i in range(count)) else [])

    def alt(self, caption: Caption) -> str:
        panels = self.panels
        words = [
            f"{name}: {alt_range(panels.periods, row, self.write, self.format)}"
            for name, row in zip(panels.names, panels.values, strict=True)
        ]
        return f"Small multiples, {caption.measure}: {'; '.join(words)}."

    def columns(self) -> list[Column]:
        return [Column("Period"), *(Column(name, self.unit_label, "right") for name in self.panels.names)]

    def rows(self) -> list[Row]:
        return [_row(self, i) for i in range(len(self.panels.periods))]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        across = {"full": 3, "wide": 2, "half": 2, "third": 1}[width]
        wide = (WIDTHS[width] - _GUTTER * (across - 1)) / across
        down = math.ceil(len(self.panels.names) / across)

        def paint(sheet: Sheet) -> None:
            for i in range(len(self.panels.names)):
                _panel(self, sheet, i, (i % across) * (wide + _GUTTER), (i // across) * (_HIGH + _GUTTER), wide)

        return _HIGH * down + _GUTTER * (down - 1), paint

    def write(self, value: float) -> str:
        """Return a value in the scale of the chart."""
        return self.format.value(value, self.panels.unit, self.scale)

    def ticks(self) -> list[float]:
        """Return the ticks of all panels."""
        there = known_values(self.panels.all_values)
        zero = [0.0] if self.from_zero or not there else []
        whole = self.panels.unit in ("count", "points")
        return nice_ticks(min([*there, *zero]), max([*there, *zero]), most=4, whole=whole)

    def ring_place(self, row: int) -> int | None:
        """Return the place of the same period last year, where a group has a value there."""
        count = len(self.panels.periods)
        if self.ring is None or not -count <= self.ring < count:
            return None
        place = self.ring % count
        return place if is_known(self.panels.values[row][place]) else None


def small_multiples(
    caption: Caption,
    panels: Panels,
    *,
    format: Format,
    ring: int | None = None,
    from_zero: bool = True,
    width: Width = "full",
) -> Figure:
    """Return one small line chart a group, three in a row and all on one scale: who grew, and who is large?

    Parameters
    ----------
    caption : Caption
    panels : Panels
    format : Format
    ring : int, optional
        Index of the same period last year; negative counts from the end.
    from_zero : bool
        Whether the scale starts at zero; where it does not, the line below the title says so.
    width : str
        ``full`` comes with a half-width variant for small screens, two in a row.

    Examples
    --------
    >>> panels = Panels(["EMEA", "APAC"], ["2026-Q2", "2026-Q3"], [[1, 2], [3, 4]], "count")
    >>> small_multiples(Caption("regions", "Both grow", "Orders, {unit}"), panels, format=Format()).measure
    'Orders, count; one scale'
    """
    return MultiplesChart(caption, format, width, panels, ring, from_zero).figure()


def _row(chart: MultiplesChart, i: int) -> Row:
    there = [row[i] for row in chart.panels.values]
    cells = [Cell(chart.write(value)) if is_known(value) else Cell("–", tone="muted") for value in there]
    return Row((Cell(period_name(chart.panels.periods[i], chart.format)), *cells))


def _panel(chart: MultiplesChart, sheet: Sheet, row: int, left: float, top: float, wide: float) -> None:
    ticks = chart.ticks()
    bottom = top + _HIGH - _FOOT
    y = Linear(ticks[0], ticks[-1], bottom, top + _HEAD + 2.0)
    words = tick_words(ticks, chart.panels.unit, chart.scale, chart.format)
    axis = max(sheet.measure.width(word, TYPE.chart_axis) for word in words) + 1.6
    value = chart.panels.values[row][-1]
    last = chart.write(value) if is_known(value) else ""
    end = left + wide - (sheet.measure.width(last, TYPE.chart_label, bold=True) + 2.2 if last else 1.0)
    note = sheet.measure.shorten(chart.panels.notes[row], wide / 2, TYPE.chart_label)
    beside = sheet.measure.width(note, TYPE.chart_label) + 1.6 if note else 0.0
    name = sheet.measure.shorten(chart.panels.names[row], wide - beside, TYPE.chart_label, bold=True)
    sheet.text(left, top + 2.0, name, bold=True)
    if note:
        place = left + sheet.measure.width(name, TYPE.chart_label, bold=True) + 1.6
        sheet.text(place, top + 2.0, note, colour=LIGHT.muted)
    for tick, word in zip(ticks, words, strict=True):
        base = tick == ticks[0]
        colour, line = (LIGHT.rule, LINES.chart_base) if base else (LIGHT.grid, LINES.chart_grid)
        sheet.line([(left + axis, y(tick)), (end, y(tick))], colour=colour, width=line)
        sheet.text(left + axis - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    pitch = (end - left - axis - 2.0) / max(len(chart.panels.periods) - 1, 1)
    places = [left + axis + 1.0 + pitch * i for i in range(len(chart.panels.periods))]
    _line(chart, sheet, row, places, y)
    if is_known(value):
        sheet.dot(places[-1], y(value), radius=0.85)
        sheet.text(places[-1] + 1.8, y(value), last, bold=True, colour=LIGHT.accent)
    for mark in period_ticks(chart.panels.periods, pitch, chart.format, sheet.measure):
        for text, below in ((mark.label, 2.4), (mark.year, 5.5)):
            half = sheet.measure.width(text, TYPE.chart_axis) / 2
            x = min(max(places[mark.index], left + half), left + wide - half)
            if text:
                sheet.text(x, bottom + below, text, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")


def _line(chart: MultiplesChart, sheet: Sheet, row: int, places: Sequence[float], y: Linear) -> None:
    run: list[tuple[float, float]] = []
    for place, value in [*zip(places, chart.panels.values[row], strict=True), (0.0, None)]:
        if is_known(value):
            run.append((place, y(value)))
            continue
        if len(run) == 1:
            sheet.dot(*run[0], radius=0.5)
        elif run:
            sheet.line(run, colour=LIGHT.accent, width=LINES.chart_line, round_ends=True)
        run = []
    ring = chart.ring_place(row)
    if ring is not None and is_known(value := chart.panels.values[row][ring]):
        sheet.dot(places[ring], y(value), radius=0.75, ring=LIGHT.muted)
