"""A line as small as a word: where a KPI has come from, on its own scale."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT
from kpi_analysis.report.charts.scales import is_known, known_values

WIDTH, HEIGHT = 22.0, 5.2
_SIDE, _TOP = 1.2, 1.0


def sparkline(values: Sequence[float | None], *, ring: int | None = None) -> str:
    """Return a 22 × 5.2 mm SVG of a history; a missing value breaks the line.

    Parameters
    ----------
    values : sequence of float or None
        In time order. The last is the period reported and gets a dot.
    ring : int, optional
        Index of the same period last year; negative counts from the end.

    Returns
    -------
    str
        Empty where there is no value at all.

    Examples
    --------
    >>> sparkline([1, 2, None, 3, 4], ring=0).count("<circle")
    2
    >>> sparkline([None, None])
    ''
    """
    there = known_values(values)
    if not there:
        return ""
    low, high = min(there), max(there)
    gap = (WIDTH - 2 * _SIDE) / max(len(values) - 1, 1)

    def point(i: int, value: float) -> tuple[float, float]:
        # halved, because the distance between two huge values may be no float
        share = 0.5 if high == low else (value / 2 - low / 2) / (high / 2 - low / 2)
        return _SIDE + i * gap, HEIGHT - _TOP - share * (HEIGHT - 2 * _TOP)

    places = [point(i, v) if is_known(v) else None for i, v in enumerate(values)]
    marks = [_run(run) for run in _runs(places)]
    if ring is not None and -len(values) <= ring < len(values) and (at := places[ring]):
        marks.append(_circle(at, 0.62, f'fill="{LIGHT.paper}" stroke="{LIGHT.faint}" stroke-width="0.28"'))
    if now := places[-1]:
        marks.append(_circle(now, 0.8, f'fill="{LIGHT.accent}"'))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(marks)}</svg>'
    )


def sparkline_alt(label: str, values: Sequence[float | None], f: Format, unit: str) -> str:
    """Return a sparkline in words: the first value, the last, the direction, and how many are missing.

    Examples
    --------
    >>> sparkline_alt("Leads", [100, None, 120], Format(), "count")
    'Leads, 3 periods, rising from 100 to 120; 1 without a value'
    """
    there = known_values(values)
    missing = len(values) - len(there)
    gaps = f"; {missing} without a value" if missing else ""
    head = f"{label}, {len(values)} periods"
    if not there:
        return f"{head}, no value in any"
    first, last = f.prose(there[0], unit), f.prose(there[-1], unit)
    if len(there) == 1:
        return f"{head}, one value: {first}{gaps}"
    if first == last:
        return f"{head}, {first} at both ends{gaps}"
    return f"{head}, {'rising' if there[-1] > there[0] else 'falling'} from {first} to {last}{gaps}"


def _runs(
    places: Sequence[tuple[float, float] | None],
) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _run(points: Sequence[tuple[float, float]]) -> str:
    if len(points) == 1:
        # a value between two gaps has no line to stand on
        return _circle(points[0], 0.3, f'fill="{LIGHT.muted}"')
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{LIGHT.muted}" stroke-width="0.36" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _circle(at: tuple[float, float], radius: float, theme: str) -> str:
    return f'<circle cx="{at[0]:.2f}" cy="{at[1]:.2f}" r="{radius:g}" {theme}/>'
