"""The data of a fan chart beside its history: what is projected, and what is to be reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.report.charts.series import settle

Band = tuple[float, Sequence[float], Sequence[float]]
MOST_BANDS = 3


@dataclass(frozen=True)
class ProjectionBands:
    """A projection by period, with ranges around it.

    Parameters
    ----------
    periods : sequence of str
        What follows the history, at least as far as the projection and the target. The first may be the unfinished
        period with which the history ends.
    mean : sequence of float
        The projection, one a period from the first; none where it is withheld.
    bands : sequence of (level, lows, highs)
        Up to three ranges around the mean, ``(0.95, lows, highs)``, kept from the widest to the narrowest.

    Raises
    ------
    ValueError
        If the sequences differ in length, a value is no number, or there are more than three bands.
    """

    periods: Sequence[str]
    mean: Sequence[float] = ()
    bands: Sequence[Band] = ()

    def __post_init__(self) -> None:
        settle(self, 0)
        count = len(self.mean)
        if count > len(self.periods):
            raise ValueError(f"Found {count} projected values for {len(self.periods)} future periods.")
        if len(self.bands) > MOST_BANDS or any(len(ends) != count for _, *sides in self.bands for ends in sides):
            raise ValueError(f"Wanted at most {MOST_BANDS} bands, each with {count} lows and highs.")
        ends = [value for _, *sides in self.bands for one in sides for value in one]
        if not all(math.isfinite(value) for value in [*self.mean, *ends]):
            raise ValueError("Found a projected value that is no number. Withhold the whole projection instead.")
        object.__setattr__(self, "bands", tuple(sorted(self.bands, key=lambda band: -band[0])))


@dataclass(frozen=True)
class TargetPoint:
    """What a KPI is to reach, by when, and from where.

    Parameters
    ----------
    value : float, optional
        The target.
    period : str, optional
        The period of its deadline, one of the history or of the future.
    deadline_label : str
        ``Deadline 31 Dec 2026``.
    baseline : (index, value), optional
        Where the way to the target starts, as a place in the history; without one it starts at the last actual.
    """

    value: float | None = None
    period: str | None = None
    deadline_label: str = ""
    baseline: tuple[int, float] | None = None
