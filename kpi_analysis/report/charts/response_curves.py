"""What each channel brings at each level of its spend: a curve that flattens, and where on it the channel is now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known, nice_ticks, tick_words
from kpi_analysis.report.charts.series import check_lengths, settle
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width

_HIGH, _GUTTER, _HEAD, _FOOT = 44.0, 6.0, 6.0, 6.0
_SHOWN = (0.0, 0.5, 1.0)  # of the largest spend of a curve: the rows of the data table, beside present spend


@dataclass(frozen=True)
class ChannelCurve:
    """The response of an outcome to the spend of a channel.

    Parameters
    ----------
    name : str
        The channel.
    spend : sequence of float
        Money a period, rising from zero.
    outcome : sequence of float
        What each level of spend brings a period.
    low, high : sequence of float
        The ends of its 95% range.
    present : float
        What is spent now, a period.

    Raises
    ------
    ValueError
        If the sequences differ in length, have fewer than two entries, or one is no number.
    """

    name: str
    spend: Sequence[float]
    outcome: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    present: float

    def __post_init__(self) -> None:
        settle(self, len(self.spend))
        check_lengths(self.spend, "levels of spend", self.outcome, self.low, self.high)
        numbers = [*self.spend, *self.outcome, *self.low, *self.high, self.present]
        if len(self.spend) < 2 or not all(is_known(number) for number in numbers):
            raise ValueError(f"Wanted for '{self.name}' at least two levels of spend, each with a number and a range.")

    def at(self, spend: float) -> tuple[float, float, float]:
        """Return the outcome at a level of spend and the ends of its range, on straight lines between levels."""
        middle, low, high = (float(np.interp(spend, self.spend, line)) for line in (self.outcome, self.low, self.high))
        return middle, low, high


@dataclass(frozen=True)
class ResponseCurveChart(Chart):
    """Response curves as small multiples; see `response_curves`."""

    curves: Sequence[ChannelCurve]

    def __post_init__(self) -> None:
        if not self.curves:
            raise ValueError("Found no curve. Wanted at least one: the reasons of the others stand in the table.")

    @cached_property
    def scale(self) -> Scale:
        """The scale of the outcomes; each spend is written in full, because channels differ in size."""
        return self.format.scale([curve.outcome[-1] for curve in self.curves], "currency")

    @property
    def unit_label(self) -> str:
        return self.format.unit_label("currency", self.scale)

    def keys(self) -> list[str]:
        scale = ["one scale"] if len(self.curves) > 1 else []
        return ["across: spend", "band: 95% range", "dot: present spend", *scale]

    def alt(self, caption: Caption) -> str:
        words = []
        for curve in self.curves:
            middle, low, high = (self.write(value) for value in curve.at(curve.present))
            words.append(f"{curve.name}: {self.spend(curve.present)} bring {middle}, 95% range {low} to {high}")
        return f"Response curves, {caption.measure}: {'; '.join(words)}."

    def columns(self) -> list[Column]:
        heads = [Column(head, self.unit_label, "right") for head in ("Outcome", "95% low", "95% high")]
        return [Column("Channel"), Column("Spend", "", "right"), *heads, Column("Level")]

    def rows(self) -> list[Row]:
        rows = []
        for curve in self.curves:
            levels = [(share * curve.spend[-1], f"{100 * share:.0f}% of the curve") for share in _SHOWN]
            for spend, words in sorted([*levels, (curve.present, "present")]):
                numbers = [Cell(self.write(value)) for value in curve.at(spend)]
                rows.append(Row((Cell(curve.name), Cell(self.spend(spend)), *numbers, Cell(words))))
        return rows

    def drawing(self, width: Width) -> tuple[float, Paint]:
        across = {"full": 3, "wide": 2, "half": 2, "third": 1}[width]
        wide = (WIDTHS[width] - _GUTTER * (across - 1)) / across
        down = math.ceil(len(self.curves) / across)

        def paint(sheet: Sheet) -> None:
            for i, curve in enumerate(self.curves):
                _panel(self, sheet, curve, (i % across) * (wide + _GUTTER), (i // across) * (_HIGH + _GUTTER), wide)

        return _HIGH * down + _GUTTER * (down - 1), paint

    def write(self, value: float) -> str:
        """Return an outcome in the scale of the chart."""
        return self.format.value(value, "currency", self.scale)

    def spend(self, value: float) -> str:
        """Return an amount of spend with its currency."""
        return self.format.prose(value, "currency")

    @cached_property
    def ticks(self) -> list[float]:
        """The ticks of the outcomes, the same in all panels."""
        return nice_ticks(min(0.0, *(min(c.low) for c in self.curves)), max(max(c.high) for c in self.curves), most=4)


def response_curves(
    caption: Caption, curves: Sequence[ChannelCurve], *, format: Format, width: Width = "full"
) -> Figure:
    """Return the response curve of each channel with its 95% band: what would more or less spend bring?

    Parameters
    ----------
    caption : Caption
    curves : sequence of ChannelCurve
        The channels that allow a curve, in the order drawn; outcomes stand on one scale, spend on that of each channel.
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens, two in a row.

    Raises
    ------
    ValueError
        If there is no curve.

    Examples
    --------
    >>> tv = ChannelCurve("TV", [0, 10, 20], [0, 40, 60], [0, 30, 40], [0, 50, 80], 10)
    >>> response_curves(Caption("tv", "TV flattens", "Revenue a week"), [tv], format=Format()).alt.split(": ", 4)[-1]
    'TV: €10.00 bring 40.00, 95% range 30.00 to 50.00.'
    """
    return ResponseCurveChart(caption, format, width, curves).figure()


def _panel(chart: ResponseCurveChart, sheet: Sheet, curve: ChannelCurve, left: float, top: float, wide: float) -> None:
    words = tick_words(chart.ticks, "currency", chart.scale, chart.format)
    start = left + max(sheet.measure.width(word, TYPE.chart_axis) for word in words) + 1.6
    right, roof, floor = left + wide - 1.0, top + _HEAD + 2.0, top + _HIGH - _FOOT
    y = Linear(chart.ticks[0], chart.ticks[-1], floor, roof)
    x = Linear(0.0, curve.spend[-1], start, right)
    sheet.text(left, top + 2.0, sheet.measure.shorten(curve.name, wide, TYPE.chart_label, bold=True), bold=True)
    for tick, word in zip(chart.ticks, words, strict=True):
        base = tick == chart.ticks[0]
        colour, line = (LIGHT.rule, LINES.chart_base) if base else (LIGHT.grid, LINES.chart_grid)
        sheet.line([(start, y(tick)), (right, y(tick))], colour=colour, width=line)
        sheet.text(start - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    _curve(chart, sheet, curve, (start, roof, right, floor))
    outcome, _, _ = curve.at(curve.present)
    sheet.dot(x(curve.present), y(outcome), radius=0.85)
    _ends(chart, sheet, curve, x, floor)


def _curve(
    chart: ResponseCurveChart, sheet: Sheet, curve: ChannelCurve, place: tuple[float, float, float, float]
) -> None:
    import seaborn as sns  # takes a while, and most charts do without

    axes = sheet.axes(*place)
    axes.fill_between(curve.spend, curve.low, curve.high, color=LIGHT.fan_95, linewidth=0)
    sns.lineplot(x=curve.spend, y=curve.outcome, ax=axes, color=LIGHT.accent, linewidth=LINES.chart_line, errorbar=None)
    axes.set(xlim=(0.0, curve.spend[-1]), ylim=(chart.ticks[0], chart.ticks[-1]), xlabel="", ylabel="")


def _ends(chart: ResponseCurveChart, sheet: Sheet, curve: ChannelCurve, x: Linear, floor: float) -> None:
    """Write present spend under its dot, and the ends of the axis where they keep clear of it."""
    size, taken = TYPE.chart_axis, list[tuple[float, float]]()
    for value, bold in ((curve.present, True), (0.0, False), (curve.spend[-1], False)):
        words = chart.spend(value)
        half = sheet.measure.width(words, size, bold=bold) / 2
        at = min(max(x(value), x.at_low + half), x.at_high - half)
        if all(at + half + 1.0 < low or high < at - half - 1.0 for low, high in taken):
            colour = LIGHT.accent if bold else LIGHT.muted
            sheet.text(at, floor + 2.6, words, size=size, bold=bold, colour=colour, align="center")
            taken.append((at - half, at + half))
