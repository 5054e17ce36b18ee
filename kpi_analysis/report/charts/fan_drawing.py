"""How a fan chart is drawn: its data in one scale, and each mark with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import LIGHT, LINES, TYPE
from kpi_analysis.report.charts.label_placement import Label, Labels, Point
from kpi_analysis.report.charts.projection_bands import Band, ProjectionBands, TargetPoint
from kpi_analysis.report.charts.scales import (
    Linear,
    is_known,
    known_values,
    nice_ticks,
    period_name,
    period_ticks,
    space_apart,
    tick_words,
)
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.sheet import LABEL_STEP, Sheet, write_periods
from kpi_analysis.report.charts.text import TextMeasure

FILLS = (LIGHT.fan_95, LIGHT.fan_80, LIGHT.fan_50)
_FOOT, _TOP, _HEAD = 8.0, 2.0, 5.0


@dataclass(frozen=True)
class FanData:
    """What a fan chart draws, in one scale; `timeline` is the history and what follows it.

    Parameters
    ----------
    series : TimeSeries
        The history.
    ahead : ProjectionBands
        What is projected; its bands from the widest to the narrowest.
    goal : TargetPoint
    timeline : sequence of str
        All periods of the axis.
    scale : Scale
    format : Format
    """

    series: TimeSeries
    ahead: ProjectionBands
    goal: TargetPoint
    timeline: Sequence[str]
    scale: Scale
    format: Format

    @property
    def future(self) -> list[int]:
        """The places of the projected periods on the timeline."""
        return [self.timeline.index(period) for period in self.ahead.periods[: len(self.ahead.mean)]]

    @property
    def target_at(self) -> int:
        """The place of the deadline on the timeline."""
        return self.timeline.index(self.goal.period) if self.goal.value is not None and self.goal.period else 0

    def write(self, value: float) -> str:
        return self.format.value(value, self.series.unit, self.scale)

    def name(self, i: int) -> str:
        return period_name(self.timeline[i], self.format)

    def interval(self, band: Band, step: int) -> str:
        return self.format.interval(band[1][step], band[2][step], self.series.unit, self.scale)

    def extent(self) -> tuple[float, float]:
        ends = [end for _, lows, highs in self.ahead.bands for end in (*lows, *highs)]
        start = self.goal.baseline[1] if self.goal.baseline else None
        there = known_values([*self.series.values, *self.ahead.mean, *ends, self.goal.value, start])
        return min(there, default=0.0), max(there, default=0.0)

    def ticks(self) -> list[float]:
        """Return the ticks from one below all values; the last one may be exceeded by half a step."""
        low, high = self.extent()
        ticks = nice_ticks(low, high, most=6, whole=self.series.unit in ("count", "points"))
        enough = len(ticks) > 3 and ticks[-2] < high < (ticks[-2] / 2 + ticks[-1] / 2)
        return ticks[:-1] if enough else ticks

    def last(self, *, complete: bool) -> int | None:
        """Return the last period with a value that is final, or the last one of all if that is not over yet."""
        there = [i for i, v in enumerate(self.series.values) if is_known(v)]
        if complete:
            return next((i for i in reversed(there) if self.series.complete[i]), None)
        return there[-1] if there and not self.series.complete[there[-1]] else None

    def edge(self) -> float:
        """Return how far from the end of the axis the ranges are named: off a target that stands there."""
        return 2.6 if is_known(self.goal.value) and self.target_at == len(self.timeline) - 1 else 1.4

    def start(self) -> list[tuple[int, float]]:
        """Return the value from which the projection goes on: the last final one before it."""
        i = self.last(complete=True)
        value = None if i is None else self.series.values[i]
        return [(i, value)] if i is not None and is_known(value) and self.ahead.mean and i < self.future[0] else []


def level_words(level: float) -> str:
    return f"{100 * level:g}%"


def paint_fan(chart: FanData, sheet: Sheet) -> None:
    ticks = chart.ticks()
    words = tick_words(ticks, chart.series.unit, chart.scale, chart.format)
    floor = sheet.height - _FOOT
    head = _HEAD if chart.goal.deadline_label and is_known(chart.goal.value) else _TOP
    y = Linear(ticks[0], max(ticks[-1], chart.extent()[1]), floor, head)
    left = max(sheet.measure.width(w, TYPE.chart_axis) for w in words) + 2.0
    ranges, room = _ranges(chart, sheet.width - left, sheet.measure)
    right = sheet.width - room
    pitch = (right - left - 1) / max(len(chart.timeline) - 1, 1)
    xs = [left + 0.6 + pitch * i for i in range(len(chart.timeline))]
    for value, word in zip(ticks, words, strict=True):
        colour, thick = (LIGHT.grid, LINES.chart_grid) if value > ticks[0] else (LIGHT.rule, LINES.chart_base)
        sheet.line([(left - 0.4, y(value)), (right, y(value))], colour=colour, width=thick)
        sheet.text(left - 1.2, y(value), word, size=TYPE.chart_axis, colour=LIGHT.muted, align="right")
    labels = Labels((left - 0.6, 0.0, sheet.width, floor - 0.6), sheet.measure)
    at_right = _edge_labels(chart, ranges, right, y, labels)
    actual, so_far = _runs(chart, xs, y)
    start = [(xs[i], y(value)) for i, value in chart.start()]
    mean = [*start, *[(xs[i], y(v)) for i, v in zip(chart.future, chart.ahead.mean, strict=False)]]
    fans = [_outline(band, chart.future, start, xs, y) for band in chart.ahead.bands]
    pace = _pace(chart, xs, y)
    for line in [*actual, so_far, mean, pace]:
        labels.avoid(line)
    for outline in fans:
        labels.avoid_inside(outline)
    _place(chart, sheet, labels, xs, y, pace)
    labels.clear_the_grid(sheet)
    for outline, fill in zip(fans, FILLS, strict=False):
        _area(sheet, outline, fill)
    _deadline(chart, sheet, xs, floor)
    labels.draw_leaders(sheet)
    sheet.line(pace, colour=LIGHT.muted, width=0.9, dashes=(1, 1.6))
    sheet.line(so_far, colour=LIGHT.faint, width=1.0, dashes=(3, 2))
    for run in actual:
        if len(run) == 1:
            sheet.dot(*run[0], radius=0.6, fill=LIGHT.ink)
        sheet.line(run, width=LINES.chart_line, round_ends=True)
    sheet.line(mean, colour=LIGHT.accent, width=LINES.chart_line, dashes=(3, 2))
    _marks(chart, sheet, xs, y, mean)
    labels.write(sheet)
    for label, place in at_right:
        sheet.text(right + chart.edge(), place, label.lines[0], size=label.size, bold=label.bold, colour=label.colour)
    # half as many periods as would fit, because each value that counts carries its own
    periods = period_ticks(chart.timeline, pitch / 2, chart.format, sheet.measure)
    for tick in periods:
        sheet.line([(xs[tick.index], floor), (xs[tick.index], floor + 0.9)], colour=LIGHT.rule, width=0.6)
    write_periods(sheet, periods, xs, floor)


def _ranges(chart: FanData, room: float, measure: TextMeasure) -> tuple[list[tuple[Label, float]], float]:
    """Return the words at the right edge with their values, the fullest that leave the chart most of the room."""
    if not chart.ahead.mean:
        return [], 1.0
    muted = Label((), TYPE.chart_axis, colour=LIGHT.muted)
    strong = Label((), bold=True, colour=LIGHT.accent)
    end = chart.write(chart.ahead.mean[-1])
    fullest = [[(replace(strong, lines=[f"Projection {end}"]), chart.ahead.mean[-1])]]
    for word in ("Projection", ""):
        lines = [word, end] if word else [end]
        fullest.append([(replace(strong, lines=[line]), chart.ahead.mean[-1]) for line in lines])
    for i, band in enumerate(chart.ahead.bands):
        level, top = level_words(band[0]), band[2][-1]
        range_ = chart.interval(band, -1)
        words = [[f"{level} range, {range_}"], [f"{level} range", range_], [level]]
        if i:
            words = [[f"{level} range"], [level], [level]]
        for shape, lines in zip(fullest, words, strict=True):
            shape += [(replace(muted, lines=[line]), top) for line in lines]
    for shape in fullest:
        wide = max(label.width(measure) for label, _ in shape) + chart.edge() + 0.2
        if wide <= 0.3 * room:
            break
    return shape, wide


def _edge_labels(
    chart: FanData, ranges: Sequence[tuple[Label, float]], right: float, y: Linear, labels: Labels
) -> list[tuple[Label, float]]:
    """Return the words at the right edge with their places, from the widest range down to the projection."""
    # each range is named at its upper end: in the order of the values, and of a range's lines as they are read
    order = sorted(range(len(ranges)), key=lambda i: (y(ranges[i][1]), ranges[i][0].bold, i))
    hints = [y(ranges[i][1]) + 0.01 * k for k, i in enumerate(order)]
    places = space_apart(hints, LABEL_STEP + 0.1, 1.6, y.at_low - 1.0)
    placed = [(ranges[i][0], place) for i, place in zip(order, places, strict=True)]
    for label, place in placed:
        left = right + chart.edge()
        labels.take((left, place - 1.3, left + label.width(labels.measure), place + 1.3))
    return placed


def _runs(chart: FanData, xs: Sequence[float], y: Linear) -> tuple[list[list[Point]], list[Point]]:
    """Return the stretches of final values, and the way to a value that is not final yet."""
    runs: list[list[Point]] = [[]]
    so_far: list[Point] = []
    for i, value in enumerate(chart.series.values):
        if not is_known(value):
            runs.append([])
        elif chart.series.complete[i]:
            runs[-1].append((xs[i], y(value)))
        else:
            so_far = [*(so_far or runs[-1][-1:]), (xs[i], y(value))]
    return [run for run in runs if run], so_far


def _outline(band: Band, future: Sequence[int], start: Sequence[Point], xs: Sequence[float], y: Linear) -> list[Point]:
    _, lows, highs = band
    lower = [(xs[i], y(low)) for i, low in zip(future, lows, strict=False)]
    upper = [(xs[i], y(high)) for i, high in zip(future, highs, strict=False)]
    return [*start, *lower, *reversed(upper)]


def _area(sheet: Sheet, outline: Sequence[Point], fill: str) -> None:
    if len(outline) == 2:
        # a single step after no actual has a range, but no area
        sheet.line(outline, colour=fill, width=6)
    else:
        sheet.area(outline, fill=fill)


def _pace(chart: FanData, xs: Sequence[float], y: Linear) -> list[Point]:
    """Return the straight way to the target, from the baseline or from the last actual."""
    last = chart.last(complete=True)
    value = None if last is None else chart.series.values[last]
    origin = chart.goal.baseline or ((last, value) if last is not None and is_known(value) else None)
    if origin is None or not is_known(chart.goal.value) or origin[0] >= chart.target_at:
        return []
    return [(xs[origin[0]], y(origin[1])), (xs[chart.target_at], y(chart.goal.value))]


def _deadline(chart: FanData, sheet: Sheet, xs: Sequence[float], floor: float) -> None:
    if not is_known(chart.goal.value):
        return
    x = xs[chart.target_at]
    sheet.line([(x, 0.4 if chart.goal.deadline_label else _TOP), (x, floor)], colour=LIGHT.faint, width=0.6)


def _place(chart: FanData, sheet: Sheet, labels: Labels, xs: Sequence[float], y: Linear, pace: Sequence[Point]) -> None:
    """Give each mark its words, the most important first."""
    if is_known(chart.goal.value):
        at = (xs[chart.target_at], y(chart.goal.value))
        labels.avoid([(at[0], 0.4), (at[0], sheet.height - _FOOT)])
        if chart.goal.deadline_label:
            room = max(at[0] - xs[0], sheet.width - at[0]) - 3
            deadline = sheet.measure.shorten(chart.goal.deadline_label, room, TYPE.chart_axis)
            words = Label([deadline], TYPE.chart_axis, colour=LIGHT.muted)
            labels.place(words, (at[0], 1.9), "lr")
        labels.place(Label([f"Target {chart.write(chart.goal.value)}"], bold=True), at, "alrb")
    for i in (chart.last(complete=True), chart.last(complete=False)):
        if i is not None and is_known(value := chart.series.values[i]):
            done = chart.series.complete[i]
            word = f"{chart.name(i)}:" if done else "so far"
            labels.place(Label([f"{word} {chart.write(value)}"], bold=done), (xs[i], y(value)), "balr")
    if chart.goal.baseline:
        i, value = chart.goal.baseline
        lines = ["Baseline", f"{chart.name(i)}: {chart.write(value)}"]
        labels.place(Label(lines, TYPE.chart_axis, colour=LIGHT.muted, needed=False), (xs[i], y(value)), "bral")
    if pace:
        (x0, y0), (x1, y1) = pace
        middle = (x0 + 0.5 * (x1 - x0), y0 + 0.5 * (y1 - y0))
        labels.place(Label(["pace needed"], TYPE.chart_axis, colour=LIGHT.muted, needed=False), middle, "ablr")


def _marks(chart: FanData, sheet: Sheet, xs: Sequence[float], y: Linear, mean: Sequence[Point]) -> None:
    if len(mean) == 1:
        sheet.dot(*mean[0], radius=0.8)
    if chart.goal.baseline:
        sheet.dot(xs[chart.goal.baseline[0]], y(chart.goal.baseline[1]), radius=0.75, ring=LIGHT.ink)
    for i in (chart.last(complete=True), chart.last(complete=False)):
        if i is not None and is_known(value := chart.series.values[i]):
            at = (xs[i], y(value))
            if chart.series.complete[i]:
                sheet.dot(*at, radius=0.9, fill=LIGHT.ink)
            else:
                sheet.dot(*at, radius=0.85, ring=LIGHT.ink)
    if is_known(chart.goal.value):
        x, at_y, r = xs[chart.target_at], y(chart.goal.value), 1.35
        corners = [(x - r, at_y), (x, at_y - r), (x + r, at_y), (x, at_y + r)]
        sheet.area(corners, fill=LIGHT.paper)
        sheet.line([*corners, corners[0], corners[1]], width=1.2)
