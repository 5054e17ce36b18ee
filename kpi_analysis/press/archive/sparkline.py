"""A few numbers over time as a line the size of a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 88.0, 22.0, 3.0


@dataclass(frozen=True)
class SparklinePath:
    """A line to be drawn on a plane of `WIDTH` times `HEIGHT`.

    Parameters
    ----------
    points : str
        The corners of the line, as SVG writes them.
    now : tuple of float
        Where the last number lies.
    """

    points: str
    now: tuple[float, float]


def sparkline_path(history: Sequence[tuple[int, float]]) -> SparklinePath:
    """Return the line through two or more numbers; equal distances are equal times, and the scale is its own.

    Parameters
    ----------
    history : sequence of (day, number)
        In time order.

    Examples
    --------
    >>> sparkline_path([(0, 1.0), (90, 3.0), (180, 2.0)]).points
    '3,19 44,3 85,11'
    """
    days, values = [day for day, _ in history], [value for _, value in history]
    wide, high = days[-1] - days[0], max(values) - min(values)
    places = [
        (
            EDGE + (WIDTH - 2 * EDGE) * (day - days[0]) / wide,
            HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * ((value - min(values)) / high if high else 0.5),
        )
        for day, value in history
    ]
    return SparklinePath(" ".join(f"{x:.4g},{y:.4g}" for x, y in places), places[-1])
