"""Who is above and who below the average, and who only seems to be: a dot with its interval for each name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known, known_values, nice_ticks, tick_words
from kpi_analysis.report.charts.series import Groups
from kpi_analysis.report.charts.sheet import PT, WIDTHS, Sheet, Width

Better = Literal["higher", "lower", "neutral"]
_ROW, _TALL_ROW, _HEAD, _FOOT = 5.2, 8.0, 5.4, 4.6
_GAP = 3.0
_BAND = 3 * PT  # the interval is a band of three points


@dataclass(frozen=True)
class _Entry:
    """One name with its value; a value that is missing has a reason."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    count: float | None
    reason: str


@dataclass(frozen=True)
class Reference:
    """What all are compared with: the company's own value, and what it is called."""

    value: float | None = None
    label: str = "average"


@dataclass(frozen=True)
class RankingChart(Chart):
    """A dot for each name; see `ranking`."""

    groups: Groups
    reference: Reference = Reference()
    better: Better = "neutral"

    @cached_property
    def entries(self) -> list[_Entry]:
        """The names with their values, the largest first."""
        g = self.groups
        counts = g.counts or (None,) * len(g.names)
        return [_Entry(str(g.names[i]), g.values[i], g.low[i], g.high[i], counts[i], g.reason(i)) for i in g.ranked]

    @cached_property
    def scale(self) -> Scale:
        """The scale of all numbers."""
        return self.format.scale([*self.groups.values, self.reference.value], self.groups.unit)

    @property
    def count_label(self) -> str:
        """The head of the counts, empty where there are none."""
        return self.groups.count_label if self.groups.counts else ""

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.groups.unit, self.scale)

    def keys(self) -> list[str]:
        return ["band: 95% interval"] if any(is_known(e.low) and is_known(e.high) for e in self.entries) else []

    def alt(self, caption: Caption) -> str:
        there, reference = [e for e in self.entries if is_known(e.value)], self.reference
        if not there:
            return f"Ranking of {len(self.entries)} names, {caption.measure}: no value for any."
        ends = [f"{e.name} {self.write(e.value)}" for e in (there[0], there[-1]) if is_known(e.value)]
        words = f"from {ends[0]} to {ends[1]}" if len(there) > 1 else f"only {ends[0]}"
        average = f"; {reference.label} {self.write(reference.value)}" if is_known(reference.value) else ""
        beyond = [e.name for e in there if self.verdict(e) != "plain"]
        clear = f"; clearly different from it: {', '.join(beyond)}" if beyond else ""
        return f"Ranking of {len(self.entries)} names, {caption.measure}: {words}{average}{clear}."

    def columns(self) -> list[Column]:
        label = self.unit_label
        columns = [Column("Name"), Column("Value", label, "right"), Column("95% interval", label, "right")]
        return [*columns, Column(self.count_label.capitalize(), "", "right")] if self.count_label else columns

    def rows(self) -> list[Row]:
        return [_row(self, entry) for entry in self.entries]

    def drawing(self, width: Width) -> tuple[float, Paint]:
        places = _places(self, WIDTHS[width])
        lines = [self.measure.wrap(e.name, places.name, TYPE.chart_label) for e in self.entries]
        heights = [_ROW if len(words) == 1 else _TALL_ROW for words in lines]
        return _HEAD + sum(heights) + _FOOT, lambda sheet: _paint(self, sheet, places, lines, heights)

    def write(self, value: float) -> str:
        """Return a value in the scale of the chart."""
        return self.format.value(value, self.groups.unit, self.scale)

    def verdict(self, entry: _Entry) -> str:
        """Return good or bad where the whole interval lies on one side of the reference, else plain."""
        middle = self.reference.value
        if not (is_known(middle) and is_known(entry.low) and is_known(entry.high)):
            return "plain"
        if self.better == "neutral" or entry.low <= middle <= entry.high:
            return "plain"
        return "good" if (entry.low > middle) == (self.better == "higher") else "bad"


def ranking(
    caption: Caption,
    groups: Groups,
    *,
    format: Format,
    reference: Reference = Reference(),
    better: Better = "neutral",
    width: Width = "full",
) -> Figure:
    """Return a dot for each name, largest value first, with its 95% interval and the average as a line.

    Colour and weight mark a name whose whole interval lies on one side of the average; for all others the
    difference may be chance. Names without a value stand last, with the reason; long names take two lines.

    Parameters
    ----------
    caption : Caption
    groups : Groups
        What is ranked.
    format : Format
    reference : Reference
        The company's own value.
    better : str
        higher, lower or neutral.
    width : str
        ``full`` comes with a half-width variant for small screens. The height grows with the names.

    Examples
    --------
    >>> owners = Groups(["Ann", "Bob"], [0.31, 0.22], "percent")
    >>> ranking(Caption("wins", "Ann wins more", "Win rate, {unit}"), owners, format=Format()).alt
    'Ranking of 2 names, Win rate, %: from Ann 31.0 to Bob 22.0.'
    """
    return RankingChart(caption, format, width, groups, reference, better).figure()


def _row(chart: RankingChart, entry: _Entry) -> Row:
    count = [Cell(_count(chart, entry))] if chart.count_label else []
    if not is_known(entry.value):
        return Row((Cell(entry.name), Cell(entry.reason, tone="muted", span=2), *count))
    interval = "–"
    if is_known(entry.low) and is_known(entry.high):
        interval = chart.format.interval(entry.low, entry.high, chart.groups.unit, chart.scale)
    return Row((Cell(entry.name), Cell(chart.write(entry.value)), Cell(interval), *count))


def _count(chart: RankingChart, entry: _Entry) -> str:
    return chart.format.value(entry.count, "count") if is_known(entry.count) else "–"


@dataclass(frozen=True)
class _Places:
    """Where the columns of the picture stand, in mm."""

    name: float
    plot_left: float
    plot_right: float
    count: float
    value: float


def _places(chart: RankingChart, width: float) -> _Places:
    names = max(chart.measure.width(e.name, TYPE.chart_label) for e in chart.entries)
    name = min(names + 0.5, width * 0.3)
    values = [chart.write(e.value) for e in chart.entries if is_known(e.value)]
    heads = [chart.unit_label]
    value = max(chart.measure.width(w, TYPE.chart_label, bold=True) for w in [*values, *heads])
    count = 0.0
    if chart.count_label:
        words = [_count(chart, e) for e in chart.entries]
        count = max(chart.measure.width(w, TYPE.chart_label) for w in [*words, chart.count_label]) + _GAP
    return _Places(name, name + _GAP, width - value - count - _GAP, width - value - _GAP, width)


def _paint(
    chart: RankingChart, sheet: Sheet, at: _Places, lines: Sequence[Sequence[str]], heights: Sequence[float]
) -> None:
    ends = [end for e in chart.entries for end in (e.value, e.low, e.high)]
    low, high = _extent(known_values([*ends, chart.reference.value]))
    ticks = nice_ticks(low, high, most=6 if sheet.width > 100 else 4, whole=chart.groups.unit in ("count", "points"))
    inside = [t for t in ticks if low <= t <= high]
    # dots need no round ends, but an axis needs two ticks to be read
    ticks, ends_at = (inside, (low, high)) if len(inside) > 1 else (ticks, (ticks[0], ticks[-1]))
    x = Linear(*ends_at, at.plot_left + 1.5, at.plot_right - 1.5)
    floor = _HEAD + sum(heights)
    for tick in ticks:
        sheet.line([(x(tick), _HEAD), (x(tick), floor)], colour=LIGHT.grid, width=LINES.chart_grid)
    _write_ticks(chart, sheet, ticks, x, floor + 2.4)
    _heads(chart, sheet, at, x)
    if is_known(chart.reference.value):
        middle = x(chart.reference.value)
        sheet.line([(middle, _HEAD - 0.6), (middle, floor)], colour=LIGHT.faint, width=0.8)
    top = _HEAD
    for entry, words, height in zip(chart.entries, lines, heights, strict=True):
        sheet.line([(0, top), (sheet.width, top)], colour=LIGHT.rule if top == _HEAD else LIGHT.grid, width=0.4)
        _entry(chart, sheet, entry, words, top + height / 2, at, x)
        top += height
    sheet.line([(0, top), (sheet.width, top)], colour=LIGHT.grid, width=0.4)


def _extent(there: Sequence[float]) -> tuple[float, float]:
    return (min(there), max(there)) if there else (0.0, 1.0)


def _write_ticks(chart: RankingChart, sheet: Sheet, ticks: Sequence[float], x: Linear, y: float) -> None:
    words = tick_words(ticks, chart.groups.unit, chart.scale, chart.format)
    widest = max(sheet.measure.width(w, TYPE.chart_axis) for w in words)
    apart = x(ticks[1]) - x(ticks[0]) if len(ticks) > 1 else widest + 2
    every = 1 if apart > widest + 1.5 else len(ticks) - 1
    for tick, word in list(zip(ticks, words, strict=True))[::every]:
        sheet.text(x(tick), y, word, size=TYPE.chart_axis, colour=LIGHT.muted, align="center")


def _heads(chart: RankingChart, sheet: Sheet, at: _Places, x: Linear) -> None:
    y, size = _HEAD - 2.6, TYPE.chart_axis
    unit = chart.unit_label
    sheet.text(at.value, y, unit, size=size, colour=LIGHT.muted, align="right")
    if chart.count_label:
        sheet.text(at.count, y, chart.count_label, size=size, colour=LIGHT.muted, align="right")
    if is_known(chart.reference.value):
        words = sheet.measure.shorten(
            f"{chart.reference.label} {chart.write(chart.reference.value)}", at.plot_right - 2, size
        )
        half = sheet.measure.width(words, size) / 2
        right = at.plot_right - half
        sheet.text(
            min(max(x(chart.reference.value), half), right), y, words, size=size, colour=LIGHT.muted, align="center"
        )


def _entry(
    chart: RankingChart, sheet: Sheet, entry: _Entry, words: Sequence[str], y: float, at: _Places, x: Linear
) -> None:
    for i, line in enumerate(words):
        sheet.text(0, y + (i - (len(words) - 1) / 2) * 3.2, line)
    if chart.count_label:
        sheet.text(at.count, y, _count(chart, entry), colour=LIGHT.muted, align="right")
    if not is_known(entry.value):
        reason = sheet.measure.shorten(entry.reason, at.plot_right - at.plot_left - 2, TYPE.chart_label)
        wide = sheet.measure.width(reason, TYPE.chart_label)
        sheet.box(at.plot_left + 0.4, y - 1.8, at.plot_left + 1.6 + wide, y + 1.8, fill=LIGHT.paper)
        sheet.text(at.plot_left + 1, y, reason, colour=LIGHT.muted)
        sheet.text(at.value, y, "–", colour=LIGHT.muted, align="right")
        return
    verdict = chart.verdict(entry)
    dot = {"good": LIGHT.good, "bad": LIGHT.bad, "plain": LIGHT.accent}[verdict]
    if is_known(entry.low) and is_known(entry.high):
        ends = (x(entry.low), y - _BAND / 2, x(entry.high), y + _BAND / 2)
        sheet.box(*ends, fill=LIGHT.accent_mid if verdict == "plain" else LIGHT.previous)
    sheet.dot(x(entry.value), y, radius=1.0, fill=dot)
    colour = {"good": LIGHT.good, "bad": LIGHT.bad, "plain": LIGHT.ink}[verdict]
    sheet.text(at.value, y, chart.write(entry.value), bold=verdict != "plain", colour=colour, align="right")
