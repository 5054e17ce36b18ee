"""How a KPI got from one value to another, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

from kpi_analysis.core.errors import DataError
from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, nice_ticks
from kpi_analysis.report.charts.sheet import WIDTHS, Sheet, Width
from kpi_analysis.report.charts.text import ELLIPSIS, TextMeasure

Better = Literal["higher", "lower", "neutral"]
_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 60, "half": 60, "third": 48}
_TOP = 4.4
_LINE = 3.2
_PITCH = 11.0  # below that, names and numbers of neighbours touch
_ROW = 7.4
_MOST_ROWS = 9


@dataclass(frozen=True)
class _Bar:
    """A total from the base, or a step from where the one before it ended."""

    name: str
    value: float
    before: float
    after: float
    total: bool


@dataclass(frozen=True)
class Bridge:
    """The way of a KPI from one total to another.

    Parameters
    ----------
    start : (name, value)
        The total before, ``("Jun 2026", 260_700.0)``.
    steps : sequence of (name, value)
        What was added and taken away, in the order drawn.
    end : (name, value)
        The total after.
    unit : str
        Of the KPI.

    Raises
    ------
    DataError
        If the steps do not lead from the start to the end.
    ValueError
        If a value is missing.
    """

    start: tuple[str, float]
    steps: Sequence[tuple[str, float]]
    end: tuple[str, float]
    unit: str

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in self.values):
            raise ValueError(f"Found {self.values}. Wanted a number for every step: a sum with a gap is no sum.")
        reached = self.start[1]
        for _, value in self.steps:
            reached += value
        size = max(abs(value) for value in self.values)
        if abs(reached - self.end[1]) > 1e-6 * size:
            raise DataError(
                f"The steps lead from {self.start[1]:g} to {reached:g}, but the end is {self.end[1]:g}.",
                remedy="Add the rest as a step of its own, so that the bars add up.",
            )

    @property
    def values(self) -> list[float]:
        """The totals, and the steps between them."""
        return [self.start[1], *(value for _, value in self.steps), self.end[1]]


@dataclass(frozen=True)
class WaterfallChart(Chart):
    """Bars that add up; see `waterfall`."""

    with_narrow: ClassVar[tuple[Width, ...]] = ("full", "wide", "third")
    bridge: Bridge
    better: Better = "higher"

    @cached_property
    def bars(self) -> list[_Bar]:
        """All totals and steps."""
        return _bars(self.bridge)

    @cached_property
    def base(self) -> float:
        """Where the scale starts."""
        return _base(self.bars)

    @cached_property
    def scale(self) -> Scale:
        """The scale of all numbers."""
        return self.format.scale(self.bridge.values, self.bridge.unit)

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.bridge.unit, self.scale)

    def keys(self) -> list[str]:
        return ["scale is cut"] if self.base else []

    def alt(self, caption: Caption) -> str:
        first, *steps, last = self.bars
        words = ", ".join(f"{bar.name} {self.write(bar)}" for bar in steps) or "no step"
        start, end = (f"{bar.name} {self.write(bar)}" for bar in (first, last))
        return f"Waterfall, {caption.measure}: {start}; {words}; {end}."

    def columns(self) -> list[Column]:
        return [Column("Step"), Column("Value", self.unit_label, "right")]

    def rows(self) -> list[Row]:
        return [Row((Cell(b.name, strong=b.total), Cell(self.write(b), strong=b.total))) for b in self.bars]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        standing = _gathered(self.bars, int(WIDTHS[width] / _PITCH))
        lines, size = _names(standing, WIDTHS[width], self.measure)
        if not any(words.endswith(ELLIPSIS) for name in lines for words in name):
            return _HEIGHTS[width], lambda sheet: _paint(self, sheet, standing, lines, size)
        lying = _gathered(self.bars, _MOST_ROWS)
        return _ROW * len(lying) + 1, lambda sheet: _paint_lying(self, sheet, lying)

    def write(self, bar: _Bar) -> str:
        """Return the number of a bar, that of a step with its sign."""
        text = self.format.value(bar.value, self.bridge.unit, self.scale)
        return f"+{text}" if not bar.total and bar.value > 0 and text.strip(f"0{self.format.point}") else text

    def colours(self, bar: _Bar) -> tuple[str, str]:
        """Return the colour of the bar and the one of its number."""
        if bar.total or bar.value == 0:
            return LIGHT.ink, LIGHT.ink
        if self.better == "neutral":
            return LIGHT.accent, LIGHT.accent
        good = (bar.value > 0) == (self.better == "higher")
        return (LIGHT.good_fill, LIGHT.good) if good else (LIGHT.bad_fill, LIGHT.bad)


def waterfall(
    caption: Caption, bridge: Bridge, *, format: Format, better: Better = "higher", width: Width = "wide"
) -> Figure:
    """Return the way from one total to another as bars that add up: what moved the KPI?

    Where the steps are small against the totals the scale is cut, which a white slash and the words below
    the title say. The bars stand side by side; where their names have no room there, they lie one below the other.

    Parameters
    ----------
    caption : Caption
    bridge : Bridge
    format : Format
    better : str
        Whether more is good: higher, lower or neutral.
    width : str
        ``wide``, ``half`` or ``full``; the last two come at their own size, a full one with a half variant.

    Examples
    --------
    >>> bridge = Bridge(("Jun", 10.0), [("New", 4.0), ("Churn", -1.0)], ("Sep", 13.0), "count")
    >>> waterfall(Caption("mrr", "It grew", "Contracts, {unit}"), bridge, format=Format()).alt
    'Waterfall, Contracts, count; scale is cut: Jun 10; New +4, Churn −1; Sep 13.'
    """
    return WaterfallChart(caption, format, width, bridge, better).figure()


def _bars(bridge: Bridge) -> list[_Bar]:
    (first, start), (last, end) = bridge.start, bridge.end
    bars = [_Bar(first, start, 0.0, start, total=True)]
    for name, value in bridge.steps:
        before = bars[-1].after
        bars.append(_Bar(name, value, before, before + value, total=False))
    return [*bars, _Bar(last, end, 0.0, end, total=True)]


def _base(bars: Sequence[_Bar]) -> float:
    """Return where the scale starts: 0, or a round value where the steps would be too small to see."""
    levels = [bar.after for bar in bars]
    low, high = min(levels), max(levels)
    if low <= 0 or high - low > 0.4 * high or high == low:
        return 0.0
    return max(0.0, nice_ticks(low - 0.6 * (high - low), high, most=8)[0])


def _names(bars: Sequence[_Bar], width: float, measure: TextMeasure) -> tuple[list[list[str]], float]:
    """Return the names of standing bars as lines, and their type size: the smaller one where it is needed."""
    pitch = width / len(bars)
    lines = [measure.wrap(bar.name, pitch - 0.8, TYPE.chart_label) for bar in bars]
    if not any(words.endswith(ELLIPSIS) for name in lines for words in name):
        return lines, TYPE.chart_label
    return [measure.wrap(bar.name, pitch - 0.6, TYPE.chart_axis) for bar in bars], TYPE.chart_axis


def _paint(
    chart: WaterfallChart, sheet: Sheet, bars: Sequence[_Bar], lines: Sequence[Sequence[str]], size: float
) -> None:
    pitch = sheet.width / len(bars)
    foot = 2.0 + _LINE * max(len(words) for words in lines)
    levels = [level for bar in bars for level in (bar.after, chart.base if bar.total else bar.before)]
    low, high = min(levels), max(levels)
    floor = sheet.height - foot - (_LINE + 0.8 if low < chart.base else 0)
    y = Linear(low, high if high > low else low + 1, floor, _TOP)
    shown = _numbers_that_fit(chart, bars, pitch)
    for i, bar in enumerate(bars):
        x, half = pitch * (i + 0.5), min(0.31 * pitch, 7.5)
        bottom = chart.base if bar.total else bar.before
        upper, lower = y(max(bar.after, bottom)), y(min(bar.after, bottom))
        fill, colour = chart.colours(bar)
        # a step of nothing is a thin line, not a gap
        sheet.box(x - half, upper, x + half, max(lower, upper + 0.15), fill=fill)
        if i + 1 < len(bars):
            following = x + pitch - half
            sheet.line([(x + half, y(bar.after)), (following, y(bar.after))], colour=LIGHT.faint, width=0.6)
        if bar.total and chart.base:
            slash = [(x - half - 0.6, floor - 2.2), (x + half + 0.6, floor - 3.4)]
            sheet.line(slash, colour=LIGHT.paper, width=2.2)
        if i in shown:
            below = bar.total and bar.value < 0
            place = lower + 2.2 if below else upper - 2.0
            sheet.text(x, place, chart.write(bar), bold=True, colour=colour, align="center")
        for k, words in enumerate(lines[i]):
            sheet.text(x, sheet.height - foot + 2.6 + _LINE * k, words, size=size, align="center")
    sheet.line([(0, y(chart.base)), (sheet.width, y(chart.base))], colour=LIGHT.rule, width=LINES.chart_base)


def _paint_lying(chart: WaterfallChart, sheet: Sheet, bars: Sequence[_Bar]) -> None:
    names = [sheet.measure.wrap(bar.name, 0.42 * sheet.width, TYPE.chart_label) for bar in bars]
    left = 1.5 + max(sheet.measure.width(words, TYPE.chart_label) for lines in names for words in lines)
    room = 1.2 + max(sheet.measure.width(chart.write(bar), TYPE.chart_label, bold=True) for bar in bars)
    levels = [level for bar in bars for level in (bar.after, chart.base if bar.total else bar.before)]
    low, high = min(levels), max(levels)
    x = Linear(low, high if high > low else low + 1, left, sheet.width - room)
    for i, bar in enumerate(bars):
        y, half = _ROW * (i + 0.5), 0.3 * _ROW
        start, end = sorted((x(chart.base if bar.total else bar.before), x(bar.after)))
        fill, colour = chart.colours(bar)
        sheet.box(start, y - half, max(end, start + 0.15), y + half, fill=fill)
        if i + 1 < len(bars):
            sheet.line([(x(bar.after), y + half), (x(bar.after), y + _ROW - half)], colour=LIGHT.faint, width=0.6)
        if bar.total and chart.base:
            slash = [(left + 2.2, y + half + 0.6), (left + 3.4, y - half - 0.6)]
            sheet.line(slash, colour=LIGHT.paper, width=2.2)
        sheet.text(end + 0.8, y, chart.write(bar), bold=True, colour=colour)
        top = y - _LINE / 2 * (len(names[i]) - 1)
        for k, words in enumerate(names[i]):
            sheet.text(0, top + _LINE * k, words)
    sheet.line([(x(chart.base), 0), (x(chart.base), sheet.height)], colour=LIGHT.rule, width=LINES.chart_base)


def _gathered(bars: Sequence[_Bar], most: int) -> list[_Bar]:
    """Return at most so many bars: the smallest steps become one, and the way still adds up."""
    first, *steps, last = bars
    if len(bars) <= most:
        return list(bars)
    largest = sorted(steps, key=lambda bar: -abs(bar.value))[: most - 3]
    gathered, reached = [first], first.after
    for bar in steps:
        if bar in largest:
            gathered.append(replace(bar, before=reached, after=reached + bar.value))
            reached += bar.value
    rest = f"{len(steps) - len(largest)} others"
    return [*gathered, _Bar(rest, last.value - reached, reached, last.value, total=False), last]


def _numbers_that_fit(chart: WaterfallChart, bars: Sequence[_Bar], pitch: float) -> set[int]:
    """Return which bars carry their number: both totals and the largest steps; all, where there is room."""
    widths = [chart.measure.width(chart.write(bar), TYPE.chart_label, bold=True) for bar in bars]
    order = sorted(range(len(widths)), key=lambda i: (not bars[i].total, -abs(bars[i].value)))
    shown: set[int] = set()
    for i in order:
        if all(abs(i - j) * pitch >= (widths[i] + widths[j]) / 2 + 0.8 for j in shown):
            shown.add(i)
    return shown
