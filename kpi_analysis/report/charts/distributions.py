"""How values are spread, such as the sizes of deals: how many lie in each range, and where their middle is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known, nice_ticks, tick_words
from kpi_analysis.report.charts.series import settle
from kpi_analysis.report.charts.sheet import Sheet, Width

_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT, _TOP = 8.0, 7.0
_MOST_BINS = 16
_TAIL = 0.98  # what lies beyond this quantile stands in the last bin, or one huge value would press all others together


@dataclass(frozen=True)
class Sample:
    """Values of a kind, one for each thing.

    Parameters
    ----------
    values : sequence of float
        In any order, each a finite number.
    unit : str
        Of the values.
    things : str
        What there is one value for, in the plural: ``won deals``.

    Raises
    ------
    ValueError
        If there is no value, or one that is no number.
    """

    values: Sequence[float]
    unit: str
    things: str

    def __post_init__(self) -> None:
        settle(self, len(self.values))
        if not self.values or not all(is_known(value) for value in self.values):
            raise ValueError(f"Found {len(self.values)} values. Wanted at least one, and none that is no number.")

    def quantile(self, share: float) -> float:
        """Return the value below which a share of all values lies."""
        return float(np.quantile(self.values, share))


@dataclass(frozen=True)
class DistributionChart(Chart):
    """A histogram with its median; see `distribution`."""

    sample: Sample

    @cached_property
    def edges(self) -> list[float]:
        """The edges of the bins, round values."""
        low, high = min(self.sample.values), max(self.sample.values)
        return nice_ticks(low, max(self.sample.quantile(_TAIL), low), most=_MOST_BINS) if high > low else [low, low + 1]

    @cached_property
    def counts(self) -> list[int]:
        """How many values lie in each bin; the last one holds all that lie beyond."""
        held = np.histogram(self.drawn, bins=self.edges)[0]
        return [int(count) for count in held]

    @property
    def drawn(self) -> list[float]:
        """The values as they are drawn: those beyond the last edge stand in the last bin."""
        inside = (self.edges[-2] + self.edges[-1]) / 2
        return [value if value <= self.edges[-1] else inside for value in self.sample.values]

    @property
    def has_tail(self) -> bool:
        """Whether values lie beyond the last edge."""
        return max(self.sample.values) > self.edges[-1]

    @cached_property
    def scale(self) -> Scale:
        """The scale of all values."""
        return self.format.scale([self.sample.quantile(0.5)], self.sample.unit)

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.sample.unit, self.scale)

    def keys(self) -> list[str]:
        return ["the last column holds all that is larger"] if self.has_tail else []

    def alt(self, caption: Caption) -> str:
        low, middle, high = (self.write(self.sample.quantile(share)) for share in (0.25, 0.5, 0.75))
        count = self.format.number(len(self.sample.values))
        words = f"{count} {self.sample.things}, half of them between {low} and {high}, median {middle}"
        return f"Histogram, {caption.measure}: {words}."

    def columns(self) -> list[Column]:
        ends = [Column(end, self.unit_label, "right") for end in ("From", "To")]
        return [*ends, Column(self.sample.things.capitalize(), "", "right")]

    def rows(self) -> list[Row]:
        words = tick_words(self.edges, self.sample.unit, self.scale, self.format)
        ends = [*words[1:-1], "and more" if self.has_tail else words[-1]]
        counts = [self.format.number(count) for count in self.counts]
        return [Row((Cell(low), Cell(high), Cell(n))) for low, high, n in zip(words, ends, counts, strict=False)]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEIGHTS[width], lambda sheet: _paint(self, sheet)

    def write(self, value: float) -> str:
        """Return a value in the scale of the chart."""
        return self.format.value(value, self.sample.unit, self.scale)


def distribution(caption: Caption, sample: Sample, *, format: Format, width: Width = "half") -> Figure:
    """Return a histogram with the median as a line: how large are they, and how unlike?

    Parameters
    ----------
    caption : Caption
    sample : Sample
    format : Format
    width : str
        ``full`` comes with a half-width variant for small screens.

    Examples
    --------
    >>> sizes = Sample([120, 150, 180, 240, 900], "count", "won deals")
    >>> distribution(Caption("sizes", "Most are small", "Size of won deals, {unit}"), sizes, format=Format()).alt[-58:]
    '5 won deals, half of them between 150 and 240, median 180.'
    """
    return DistributionChart(caption, format, width, sample).figure()


def _paint(chart: DistributionChart, sheet: Sheet) -> None:
    ticks = [tick for tick in nice_ticks(0, max(chart.counts), most=4, whole=True) if tick <= max(chart.counts)]
    words = [chart.format.number(tick) for tick in ticks]
    left = max(sheet.measure.width(word, TYPE.chart_axis) for word in words) + 1.6
    floor, right = sheet.height - _FOOT, sheet.width - 1.0
    y = Linear(0, max(chart.counts), floor, _TOP)
    x = Linear(chart.edges[0], chart.edges[-1], left, right)
    for tick, word in zip(ticks, words, strict=True):
        sheet.line([(left, y(tick)), (right, y(tick))], colour=LIGHT.grid, width=LINES.chart_grid)
        sheet.text(left - 1.0, y(tick), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    _bars(chart, sheet, (left, _TOP, right, floor))
    sheet.line([(left, floor), (right, floor)], colour=LIGHT.rule, width=LINES.chart_base)
    _edges(chart, sheet, x, floor)
    middle = chart.sample.quantile(0.5)
    place = x(min(middle, chart.edges[-1]))
    sheet.line([(place, _TOP - 2.0), (place, floor)], colour=LIGHT.paper, width=2.4)
    sheet.line([(place, _TOP - 2.0), (place, floor)], colour=LIGHT.ink, width=1.2)
    said = f"median {chart.write(middle)}"
    half = sheet.measure.width(said, TYPE.chart_label, bold=True) / 2
    sheet.text(min(max(place, half), sheet.width - half), 2.4, said, bold=True, align="center")


def _bars(chart: DistributionChart, sheet: Sheet, place: tuple[float, float, float, float]) -> None:
    import seaborn as sns  # takes a while, and most charts do without

    axes = sheet.axes(*place)
    sns.histplot(
        x=chart.drawn, bins=chart.edges, ax=axes, color=LIGHT.accent, alpha=1.0, edgecolor=LIGHT.paper, linewidth=1.0
    )
    axes.set(xlim=(chart.edges[0], chart.edges[-1]), ylim=(0, max(chart.counts)), xlabel="", ylabel="")


def _edges(chart: DistributionChart, sheet: Sheet, x: Linear, floor: float) -> None:
    """Write the edges under the bins, as many as have room."""
    words = tick_words(chart.edges, chart.sample.unit, chart.scale, chart.format)
    end = float("-inf")
    for place, word in zip(chart.edges, words, strict=True):
        half = sheet.measure.width(word, TYPE.chart_axis) / 2
        at = min(max(x(place), half), sheet.width - half)
        if at - half >= end + 2.0:
            sheet.text(at, floor + 2.6, word, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")
            end = at + half
