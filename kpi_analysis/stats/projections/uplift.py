"""Uplift of a projection: what follows from one, and the one that a target needs."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite, nan
from typing import Literal

import numpy as np

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.projections.projection import Projection


def with_uplift(projection: Projection, uplift: float, *, bounds: tuple[float, float] | None = None) -> Projection:
    """Projection whose every future value is higher by a share: an assumption and no finding.

    It says what would follow if the uplift came at once and lasted.

    Parameters
    ----------
    projection : Projection
        From `project`.
    uplift : float
        0.1 for a tenth more, -0.1 for a tenth less.
    bounds : (float, float), optional
        Limits that no value can pass, such as 0 and 1 of a share.

    Returns
    -------
    Projection
        A new one; the given one stays as it is.

    Raises
    ------
    UsageError
        When the uplift is no number, or takes away more than everything.

    Examples
    --------
    >>> plain = Projection(paths=np.array([[10.0, 20.0], [30.0, 40.0]]))
    >>> with_uplift(plain, 0.5).paths.tolist()
    [[15.0, 30.0], [45.0, 60.0]]
    """
    if not isfinite(uplift) or uplift < -1:
        raise UsageError(f"`uplift` is {uplift}; wanted a share of -1 or more, such as 0.1 for a tenth more.")
    low, high = bounds or (-inf, inf)
    frame = projection.frame.copy()
    for name in ("mean", "low", "high"):
        frame[name] = (frame[name] * (1 + uplift)).clip(low, high)
    return replace(projection, frame=frame, paths=np.clip(projection.paths * (1 + uplift), low, high))


def needed_uplift(
    projection: Projection,
    target: float,
    chance: float,
    *,
    to_date: float = 0.0,
    total: bool = False,
    better: Literal["higher", "lower"] = "higher",
) -> float:
    """Uplift with which a target is reached by a given share of the sample paths.

    Each path has a factor with which it would just make it; the wanted one is a quantile of these.

    Parameters
    ----------
    projection : Projection
        From `project`.
    target : float
        In the KPI's unit.
    chance : float
        Between 0 and 1, such as 0.7 for "on track".
    to_date : float
        What has been reached already; counts with `total` only.
    total : bool
        Whether `to_date` plus the sum of all steps is judged, or the last step.
    better : {"higher", "lower"}
        As for `probability`.

    Returns
    -------
    float
        0.04 where every value must be 4 % higher; NaN where no uplift leads there: a path at or below zero
        cannot be scaled.

    Raises
    ------
    UsageError
        The chance does not lie between 0 and 1.

    Examples
    --------
    >>> plain = Projection(paths=np.array([[50.0], [80.0], [100.0], [125.0]]))
    >>> needed_uplift(plain, 100.0, 0.75)
    0.25
    """
    if not 0 < chance < 1:
        raise UsageError(f"`chance` is {chance}; wanted a share between 0 and 1.")
    if projection.paths.size == 0:
        return nan
    ahead = projection.paths.sum(axis=1) if total else projection.paths[:, -1]
    rest = target - (to_date if total else 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = rest / ahead
    factors = np.where(ahead > 0, factors, inf if better == "higher" else 0.0)
    sign = 1.0 if better == "higher" else -1.0
    factor = sign * float(np.quantile(sign * factors, chance, method="inverted_cdf"))
    return factor - 1 if isfinite(factor) and factor >= 0 else nan
