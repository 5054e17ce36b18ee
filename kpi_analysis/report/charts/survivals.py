"""Which share is still there, by the time since the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.scales import Linear, is_known, nice_ticks, space_apart
from kpi_analysis.report.charts.sheet import LABEL_STEP, Sheet, Width

MOST = 4
_HEIGHTS: dict[Width, float] = {"full": 60, "wide": 56, "half": 56, "third": 44}
_FOOT, _TOP = 8.0, 3.0
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Curve:
    """A group's curve: times in order, and from each time on the share that is there, with its 95% range.

    Parameters
    ----------
    name : str
    times, shares : sequence of float
        The first share holds from the first time on; before it everybody is there.
    low, high : sequence of float or None
        One each a time.
    customers : int
        How many the group had at the start.

    Raises
    ------
    ValueError
        If there is no step, or the sequences differ in length.
    """

    name: str
    times: Sequence[float]
    shares: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]
    customers: int

    def __post_init__(self) -> None:
        if not len(self.times) or any(len(one) != len(self.times) for one in (self.shares, self.low, self.high)):
            raise ValueError(f"Wanted for '{self.name}' a share and a range for each of its times, and at least one.")

    def at(self, time: float) -> int | None:
        """Return the place of the last step up to a time; None before the first or after the last one."""
        before = [i for i, step in enumerate(self.times) if step <= time]
        return before[-1] if before and time <= self.times[-1] else None


@dataclass(frozen=True)
class SurvivalChart(Chart):
    """Survival curves as steps; see `survival_curves`."""

    curves: Sequence[Curve]
    time_name: str = "months"

    def __post_init__(self) -> None:
        if not 1 <= len(self.curves) <= MOST:
            raise ValueError(f"Found {len(self.curves)} curves. Wanted one to {MOST}: show the largest groups.")

    @property
    def banded(self) -> bool:
        """Whether there are so few curves that their bands can be told apart."""
        return len(self.curves) <= 2

    @property
    def unit_label(self) -> str:
        return "%"

    def keys(self) -> list[str]:
        return ["band: 95% range"] if self.banded else []

    def alt(self, caption: Caption) -> str:
        return _alt(self, caption)

    def columns(self) -> list[Column]:
        groups = [(Column(curve.name, "%", "right"), Column("95% range", "%", "right")) for curve in self.curves]
        return [Column(self.time_name.capitalize(), align="right"), *(column for pair in groups for column in pair)]

    def rows(self) -> list[Row]:
        return _rows(self)

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEIGHTS[width], lambda sheet: _paint(self, sheet)

    def ticks(self) -> list[float]:
        """Return the ticks of the time axis."""
        last = max(curve.times[-1] for curve in self.curves)
        return [tick for tick in nice_ticks(0.0, last, most=9, whole=last >= 4) if tick <= last * 1.001] or [0.0]

    def write(self, share: float) -> str:
        """Return a share as a percentage without its sign."""
        return self.format.number(share * 100)


def survival_curves(
    caption: Caption,
    curves: Sequence[Curve],
    *,
    format: Format,
    time_name: str = "months",
    width: Width = "full",
) -> Figure:
    """Return survival curves as steps with their 95% band and their names at the end: how long do they stay?

    Parameters
    ----------
    caption : Caption
    curves : sequence of Curve
        One to four groups. Up to two have a band; more would cover one another, so that their ranges stand in the
        table only.
    format : Format
    time_name : str
        What a time counts, in the plural.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If there is no curve or more than four.

    Examples
    --------
    >>> curve = Curve("All", [1.0, 2.0], [0.9, 0.8], [None, None], [None, None], 50)
    >>> survival_curves(Caption("stay", "Most stay", "Still customers, {unit}"), [curve], format=Format()).alt
    'Survival curve, Still customers, %; band: 95% range: All (50) falls to 80% after 2 months.'
    """
    return SurvivalChart(caption, format, width, curves, time_name).figure()


def _rows(chart: SurvivalChart) -> list[Row]:
    rows = []
    for tick in chart.ticks():
        cells = [Cell(f"{tick:g}")]
        for curve in chart.curves:
            place = curve.at(tick)
            if place is None:
                cells += [Cell("100" if tick < curve.times[0] else "–"), Cell("–", tone="muted")]
                continue
            low, high = curve.low[place], curve.high[place]
            known = is_known(low) and is_known(high)
            words = f"{chart.write(low)} to {chart.write(high)}" if known else "–"  # type: ignore[arg-type]
            cells += [Cell(chart.write(curve.shares[place])), Cell(words, tone="muted")]
        rows.append(Row(tuple(cells)))
    return rows


def _alt(chart: SurvivalChart, caption: Caption) -> str:
    parts = []
    for curve in chart.curves:
        low, high = curve.low[-1], curve.high[-1]
        reach = f", 95% range {chart.write(low)} to {chart.write(high)}" if is_known(low) and is_known(high) else ""
        parts.append(
            f"{curve.name} ({chart.format.number(curve.customers)}) falls to {chart.write(curve.shares[-1])}% "
            f"after {curve.times[-1]:.3g} {chart.time_name}{reach}"
        )
    return f"Survival curve, {caption.measure}: {'; '.join(parts)}."


def _paint(chart: SurvivalChart, sheet: Sheet) -> None:
    y = Linear(0.0, 1.0, sheet.height - _FOOT, _TOP)
    left = sheet.measure.width("100", TYPE.chart_axis) + 1.6
    room = sheet.width * 0.34
    labels = [f"{curve.name} {chart.write(curve.shares[-1])}" for curve in chart.curves]
    labels = [sheet.measure.shorten(words, room, TYPE.chart_label, bold=True) for words in labels]
    right = sheet.width - max(sheet.measure.width(words, TYPE.chart_label, bold=True) for words in labels) - 3.4
    last = max(curve.times[-1] for curve in chart.curves)
    x = Linear(0.0, last if last > 0 else 1.0, left + 1.0, right)
    for share in _SHARES:
        base = share == 0
        colour, line = (LIGHT.rule, LINES.chart_base) if base else (LIGHT.grid, LINES.chart_grid)
        sheet.line([(left, y(share)), (right, y(share))], colour=colour, width=line)
        sheet.text(left - 1.0, y(share), chart.write(share), size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    _axis(chart, sheet, x)
    colours = LIGHT.categories[: len(chart.curves)]
    if chart.banded:
        for curve, fill in reversed(list(zip(chart.curves, (LIGHT.fan_95, LIGHT.grid), strict=False))):
            _band(curve, sheet, x, y, fill)
    for curve, colour in zip(chart.curves, colours, strict=True):
        sheet.line(_steps(curve.times, curve.shares, x, y), colour=colour, width=LINES.chart_line)
    ends = [y(curve.shares[-1]) for curve in chart.curves]
    for curve, words, place, colour, end in zip(
        chart.curves, labels, space_apart(ends, LABEL_STEP, _TOP, sheet.height - _FOOT), colours, ends, strict=True
    ):
        at = x(curve.times[-1])
        if abs(place - end) > 0.3 or right - at > 0.5:
            sheet.line([(at + 0.4, end), (right + 1.6, place)], colour=LIGHT.rule, width=0.5)
        sheet.text(right + 2.2, place, words, bold=True, colour=colour)


def _axis(chart: SurvivalChart, sheet: Sheet, x: Linear) -> None:
    base = sheet.height - _FOOT
    ticks = chart.ticks()
    for tick in ticks:
        sheet.text(x(tick), base + 2.4, f"{tick:g}", size=TYPE.chart_axis, colour=LIGHT.muted, align="center")
    name = sheet.measure.shorten(chart.time_name, sheet.width / 2, TYPE.chart_axis)
    sheet.text(x(ticks[0]) - 1.0, base + 5.8, name, size=TYPE.chart_axis, colour=LIGHT.muted)


def _steps(
    times: Sequence[float], shares: Sequence[float], x: Linear, y: Linear, start: float = 1.0
) -> list[tuple[float, float]]:
    points, level = [(x(0.0), y(start))], start
    for time, share in zip(times, shares, strict=True):
        points += [(x(time), y(level)), (x(time), y(share))]
        level = share
    return points


def _band(curve: Curve, sheet: Sheet, x: Linear, y: Linear, fill: str) -> None:
    known = [
        (time, low, high)
        for time, low, high in zip(curve.times, curve.low, curve.high, strict=True)
        if is_known(low) and is_known(high)
    ]
    if known:
        times, lows, highs = zip(*known, strict=True)
        upper, lower = _steps(times, highs, x, y), _steps(times, lows, x, y)
        sheet.area([*upper, *reversed(lower)], fill=fill)
