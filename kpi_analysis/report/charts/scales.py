"""Where values and periods stand on a chart, and labels that keep out of each other's way."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeGuard

from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import TYPE
from kpi_analysis.report.charts.text import TextMeasure


def known_values(values: Sequence[float | None]) -> list[float]:
    """Return the values that exist.

    Examples
    --------
    >>> known_values([1.0, None, float("nan"), 2.0])
    [1.0, 2.0]
    """
    return [float(v) for v in values if is_known(v)]


def is_known(value: float | None) -> TypeGuard[float]:
    """Return whether there is a value: a number, and a finite one."""
    return value is not None and math.isfinite(value)


@dataclass(frozen=True)
class Linear:
    """A straight scale from values to millimetres.

    Examples
    --------
    >>> Linear(0, 10, 50, 0)(5)
    25.0
    """

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        # halved, because the distance between two huge values may be no float
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.at_low + (self.at_high - self.at_low) * share


def nice_ticks(low: float, high: float, most: int = 5, *, whole: bool = False) -> list[float]:
    """Return up to `most` round values that enclose `low` and `high`; only whole ones if asked.

    Examples
    --------
    >>> nice_ticks(203, 318)
    [200.0, 250.0, 300.0, 350.0]
    >>> nice_ticks(0.1, 0.1)
    [0.0, 0.05, 0.1, 0.15, 0.2]
    """
    if high <= low:
        room = abs(low) or 1.0
        low, high = (0.0, 2 * room) if low >= 0 else (-2 * room, 0.0)
    least = max((high - low) / (most - 1), 1.0 if whole else 0.0)
    power = 10.0 ** math.floor(math.log10(least))
    for step in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        if whole and step * power % 1:
            continue
        first, last = math.floor(low / (step * power) + 1e-9), math.ceil(high / (step * power) - 1e-9)
        if last - first < most:
            break
    # rounded to the step, because 3 * 0.1 is not 0.3
    digits = max(0, 1 - math.floor(math.log10(step * power)))
    return [round(i * step * power, min(digits, 300)) for i in range(first, last + 1)]


def tick_words(ticks: Sequence[float], unit: str, scale: Scale, f: Format) -> list[str]:
    """Return the labels of an axis, with no more decimals than its ticks need and no fewer.

    Examples
    --------
    >>> f = Format()
    >>> tick_words([0.2, 0.3], "percent", f.scale([0.234], "percent"), f)
    ['20', '30']
    >>> tick_words([0, 2.5, 5], "days", f.scale([40], "days"), f)
    ['0.0', '2.5', '5.0']
    """
    factor = 100 if unit.startswith("percent") else 1 / scale.divisor
    decimals = 0
    while decimals < 9 and any(abs(round(t * factor, decimals) - t * factor) > 1e-9 * abs(t * factor) for t in ticks):
        decimals += 1
    return [f.value(t, unit, replace(scale, decimals=decimals)) for t in ticks]


def period_parts(period: str, f: Format) -> tuple[str, str]:
    """Return what stands at a tick and what under the first tick of a year.

    Parameters
    ----------
    period : str
        ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W39``, ``2026-09-14``; or words such as ``Q3 FY 2026``.
    f : Format
        For the names of months.

    Examples
    --------
    >>> f = Format()
    >>> [period_parts(p, f) for p in ("2026-Q3", "2026-09", "2026-W39", "2026", "P9 FY 2026")]
    [('Q3', '2026'), ('Sep', '2026'), ('W39', '2026'), ('2026', ''), ('P9', 'FY 2026')]
    """
    if match := re.fullmatch(r"(\d{4})-([QW]\d{1,2})", period):
        return match[2], match[1]
    if match := re.fullmatch(r"(\d{4})-(\d{2})", period):
        return f.month_name(int(match[2])), match[1]
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
        day = date.fromisoformat(period)
        return f"{day.day} {f.month_name(day.month)}", str(day.year)
    if match := re.fullmatch(r"(.+?) ((?:FY )?\d{4})", period):
        return match[1], match[2]
    return period, ""


def period_name(period: str, f: Format) -> str:
    """Return a period for a sentence or a table: ``Q3 2026``, ``Sep 2026``.

    Examples
    --------
    >>> period_name("2026-Q3", Format()), period_name("2026", Format())
    ('Q3 2026', '2026')
    """
    return " ".join(part for part in period_parts(period, f) if part)


@dataclass(frozen=True)
class Tick:
    """A label under the axis: its place among the periods, its words and, where one begins, the year."""

    index: int
    label: str
    year: str


def period_ticks(periods: Sequence[str], pitch: float, f: Format, measure: TextMeasure) -> list[Tick]:
    """Return as many tick labels as fit at `pitch` mm a period, and each year under its first tick.

    The last period always has a tick, because it is the one reported.
    """
    parts = [period_parts(p, f) for p in periods]
    widest = max((measure.width(label, TYPE.chart_axis) for label, _ in parts), default=0.0)
    starts = [i for i, (_, year) in enumerate(parts) if i == 0 or year != parts[i - 1][1]]
    first_start = starts[1] if len(starts) > 1 else 0
    every = _step_between(periods, parts, pitch, widest + 1.6)
    chosen = {i for i in range(len(periods)) if (i - first_start) % every == 0}
    if periods and every > 1:
        last = len(periods) - 1
        chosen = {i for i in chosen if (last - i) * pitch >= widest + 1.6} | {last}
    ticks, seen = [], ""
    for i in sorted(chosen):
        label, year = parts[i]
        ticks.append(Tick(i, label, year if year != seen else ""))
        seen = year
    return _without_touching_years(ticks, pitch, measure)


def _step_between(periods: Sequence[str], parts: Sequence[tuple[str, str]], pitch: float, room: float) -> int:
    """Return the least step between ticks that keeps their labels apart and meets each year's start."""
    a_year = {"Q": (1, 2, 4), "W": (1, 4, 13, 26, 52)}.get(parts[0][0][:1] if parts else "", (1, 2, 3, 6, 12))
    for step in a_year:
        if step * pitch >= room:
            return step
    return max(1, math.ceil(room / pitch / a_year[-1])) * a_year[-1] if pitch > 0 else len(periods)


def _without_touching_years(ticks: list[Tick], pitch: float, measure: TextMeasure) -> list[Tick]:
    """Drop the first year where the second stands so near that the two would touch."""
    with_year = [t for t in ticks if t.year]
    if len(with_year) > 1:
        first, second = with_year[:2]
        apart = sum(measure.width(tick.year, TYPE.chart_axis) for tick in (first, second)) / 2 + 1.2
        if (second.index - first.index) * pitch < apart:
            return [Tick(t.index, t.label, "") if t is first else t for t in ticks]
    return ticks


def space_apart(places: Sequence[float], step: float, top: float, bottom: float) -> list[float]:
    """Return places at least `step` apart and inside `top` to `bottom`, each as near as can be to its own.

    Examples
    --------
    >>> space_apart([10, 10.5, 30], 3, 0, 40)
    [8.75, 11.75, 30.0]
    >>> space_apart([1], 3, 5, 40)
    [5.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    step = min(step, (bottom - top) / max(len(places) - 1, 1))
    # labels that touch form a group, which is centred on where its members would stand
    groups: list[list[float]] = []
    for i in order:
        groups.append([float(places[i])])
        while len(groups) > 1 and _start(groups[-1], step) < _end(groups[-2], step) + step:
            last = groups.pop()
            groups[-1] += last
    moved = [_start(group, step) + k * step for group in groups for k in range(len(group))]
    for k, place in enumerate(moved):
        moved[k] = max(place, float(top) if k == 0 else moved[k - 1] + step)
    for k in range(len(moved) - 1, -1, -1):
        moved[k] = min(moved[k], float(bottom) if k == len(moved) - 1 else moved[k + 1] - step)
    back = dict(zip(order, moved, strict=True))
    return [back[i] for i in range(len(places))]


def _start(group: Sequence[float], step: float) -> float:
    return sum(group) / len(group) - step * (len(group) - 1) / 2


def _end(group: Sequence[float], step: float) -> float:
    return _start(group, step) + step * (len(group) - 1)


def alt_range(periods: Sequence[str], values: Sequence[float | None], write: Callable[[float], str], f: Format) -> str:
    """Return a series in words, for who cannot see it: its ends, its lowest and its highest value."""
    there = [(p, float(v)) for p, v in zip(periods, values, strict=True) if is_known(v)]
    if not there:
        return "no value in any period"
    (first, start), (last, end) = there[0], there[-1]
    if len(there) == 1:
        return f"one value, {write(start)} in {period_name(first, f)}"
    low, high = min(there, key=lambda x: x[1]), max(there, key=lambda x: x[1])
    extremes = f"lowest {write(low[1])} in {period_name(low[0], f)}, highest {write(high[1])} in "
    direction = "rising" if end > start else "falling" if end < start else "level"
    ends = f"from {write(start)} in {period_name(first, f)} to {write(end)} in {period_name(last, f)}"
    return f"{direction} {ends}; {extremes}{period_name(high[0], f)}"
