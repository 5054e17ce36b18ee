"""A KPI's history, where it is going, how sure that is, and what its target asks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from kpi_analysis.design.blocks import Cell, Column, Figure, Row
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts.base import Caption, Chart, Paint
from kpi_analysis.report.charts.fan_drawing import FanData, level_words, paint_fan
from kpi_analysis.report.charts.projection_bands import ProjectionBands, TargetPoint
from kpi_analysis.report.charts.scales import alt_range, is_known, known_values, tick_words
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.sheet import Width

_NOTHING = Cell("–", tone="muted")
_HEIGHTS: dict[Width, float] = {"full": 80, "wide": 64, "half": 60, "third": 48}


@dataclass(frozen=True)
class FanChart(Chart):
    """A history with its projection as a fan; see `fan`."""

    series: TimeSeries
    ahead: ProjectionBands
    goal: TargetPoint = field(default_factory=TargetPoint)

    @cached_property
    def data(self) -> FanData:
        """What is drawn, in one scale."""
        scale = self.series.scale(self.format, *self.ahead.mean, self.goal.value)
        return FanData(self.series, self.ahead, self._aim(), self._timeline(), scale, self.format)

    def _timeline(self) -> list[str]:
        """Return the periods of the axis, which ends with what is drawn on it."""
        target, period = self.goal.value, self.goal.period
        timeline = list(dict.fromkeys([*self.series.periods, *self.ahead.periods]))
        if target is not None and period not in timeline:
            raise ValueError(f"Found the target in {period}. Wanted one of {timeline[0]} to {timeline[-1]}.")
        projected = self.ahead.periods[: len(self.ahead.mean)]
        drawn = [self.series.periods[-1], *projected, *([period] if target is not None else [])]
        return timeline[: 1 + max(timeline.index(str(one)) for one in drawn)]

    def _aim(self) -> TargetPoint:
        """Return the goal with its baseline counted from the start of the history."""
        baseline, count = self.goal.baseline, len(self.series.periods)
        if baseline is None:
            return self.goal
        if not -count <= baseline[0] < count:
            raise ValueError(f"Found a baseline at index {baseline[0]}. Wanted one of the {count} periods.")
        return replace(self.goal, baseline=(baseline[0] % count, baseline[1]))

    @property
    def unit_label(self) -> str:
        return self.format.unit_label(self.series.unit, self.data.scale)

    def keys(self) -> list[str]:
        return _keys(self.data)

    def notes(self) -> list[str]:
        return self.series.gaps(self.format)

    def alt(self, caption: Caption) -> str:
        return _alt(self.data, caption)

    def columns(self) -> list[Column]:
        return _columns(self.data)

    def rows(self) -> list[Row]:
        return _rows(self.data)

    def drawing(self, width: Width) -> tuple[float, Paint]:
        return _HEIGHTS[width], lambda sheet: paint_fan(self.data, sheet)


def fan(
    caption: Caption,
    series: TimeSeries,
    ahead: ProjectionBands,
    *,
    format: Format,
    goal: TargetPoint | None = None,
    width: Width = "full",
) -> Figure:
    """Return the history with its projection as a fan: where is this going, and will it reach its target?

    Parameters
    ----------
    caption : Caption
    series : TimeSeries
        The history; a period that is not over is drawn apart.
    ahead : ProjectionBands
    format : Format
    goal : TargetPoint, optional
        What is to be reached, and by when.
    width : str
        ``full`` comes with a half-width variant for small screens.

    Raises
    ------
    ValueError
        If the target or the baseline lies outside the periods.

    Examples
    --------
    >>> figure = fan(
    ...     Caption("mrr", "It grows", "Recurring revenue, {unit}"),
    ...     TimeSeries(["2026-08", "2026-09"], [261.0, 271.0], "count"),
    ...     ProjectionBands(["2026-10"], [276.0], [(0.95, [270.0], [282.0])]),
    ...     format=Format(), goal=TargetPoint(280.0, "2026-10"),
    ... )
    >>> figure.alt.split("; ")[-2:]
    ['projected to 276 in Oct 2026, 95% range between 270 and 282', 'target 280 by Oct 2026.']
    """
    return FanChart(caption, format, width, series, ahead, goal or TargetPoint()).figure()


def _keys(chart: FanData) -> list[str]:
    ticks = chart.ticks()
    word = tick_words(ticks, chart.series.unit, chart.scale, chart.format)[0]
    anything = bool(known_values([*chart.series.values, *chart.ahead.mean]))
    keys = [
        (anything and ticks[0] != 0, f"scale starts at {word}"),
        (chart.last(complete=False) is not None, "open dot: not over yet"),
    ]
    return [words for shown, words in keys if shown]


def _alt(chart: FanData, caption: Caption) -> str:
    final = [v if done else None for v, done in zip(chart.series.values, chart.series.complete, strict=True)]
    parts = [alt_range(chart.series.periods, final, chart.write, chart.format)]
    now = chart.last(complete=False)
    if now is not None and is_known(value := chart.series.values[now]):
        parts.append(f"{chart.name(now)} so far {chart.write(value)}")
    if chart.ahead.mean:
        step = len(chart.ahead.mean) - 1
        words = f"projected to {chart.write(chart.ahead.mean[-1])} in {chart.name(chart.future[step])}"
        if chart.ahead.bands:
            level, lows, highs = chart.ahead.bands[0]
            words += f", {level_words(level)} range between {chart.write(lows[-1])} and {chart.write(highs[-1])}"
        parts.append(words)
    else:
        parts.append("no projection")
    if is_known(chart.goal.value):
        parts.append(f"target {chart.write(chart.goal.value)} by {chart.name(chart.target_at)}")
    return f"Fan chart, {caption.measure}: {'; '.join(parts)}."


def _columns(chart: FanData) -> list[Column]:
    label = chart.format.unit_label(chart.series.unit, chart.scale)
    ends = [f"{level_words(chart.ahead.bands[0][0])} {end}" for end in ("low", "high")] if chart.ahead.bands else []
    return [Column("Period"), *[Column(head, label, "right") for head in ("Value", *ends)], Column("State")]


def _rows(chart: FanData) -> list[Row]:
    rows, no_ends = [], [_NOTHING] * 2 if chart.ahead.bands else []
    for i, value in enumerate(chart.series.values):
        state = "complete" if chart.series.complete[i] else "not over yet"
        if not is_known(value):
            state = chart.series.reason(i)
        cells = [Cell(chart.write(value)) if is_known(value) else _NOTHING, *no_ends]
        rows.append(Row((Cell(chart.name(i)), *cells, Cell(state))))
    for step, value in enumerate(chart.ahead.mean):
        ends = [Cell(chart.write(end[step])) for end in chart.ahead.bands[0][1:]] if chart.ahead.bands else []
        rows.append(Row((Cell(chart.name(chart.future[step])), Cell(chart.write(value)), *ends, Cell("projection"))))
    if is_known(chart.goal.value):
        cells = [Cell(chart.write(chart.goal.value)), *no_ends]
        rows.append(Row((Cell(chart.name(chart.target_at)), *cells, Cell("target"))))
    return rows
