"""Projection and backtest of a KPI, and the probability of reaching a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Literal

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.arrays import FloatArray


@dataclass(frozen=True)
class Backtest:
    """Backtest of a projection: its error and coverage on ends of the history that were held out.

    Parameters
    ----------
    horizon : int
        Steps ahead that were tried; fewer than asked for where the history is short.
    ends : int
        How many ends were held out.
    error : float
        Mean absolute error of the projections, in the KPI's unit.
    naive_error : float
        Mean absolute error of repeating the last value.
    coverage : float
        Share of the held-out values that lay within the interval.
    values : int
        How many held-out values that is measured on.
    """

    horizon: int
    ends: int
    error: float
    naive_error: float
    coverage: float
    values: int

    @property
    def ratio(self) -> float:
        """Error as a multiple of the naive error: below 1 the projection is the better one."""
        if self.naive_error == 0:
            return 1.0 if self.error == 0 else float("inf")
        return self.error / self.naive_error


def _no_frame() -> pd.DataFrame:
    return pd.DataFrame({"step": np.empty(0, int), "mean": np.empty(0), "low": np.empty(0), "high": np.empty(0)})


def _no_paths() -> FloatArray:
    return np.empty((0, 0))


@dataclass(frozen=True, eq=False)
class Projection:
    """Projection of a KPI: centre and interval by step, sample paths, and how well the method did before.

    Parameters
    ----------
    frame : DataFrame
        One row a step: step (from 1), mean, low and high, in the KPI's unit.
    paths : array (paths, horizon)
        Possible futures, each one joint over the steps; sums and targets are judged on these.
    method : str
        In words.
    backtest : Backtest, optional
        None where the history is too short to hold an end out.
    reason : str, optional
        Why the projection is withheld; then frame and paths are empty.
    low_evidence : bool
        Fewer than 10 points.
    """

    frame: pd.DataFrame = field(default_factory=_no_frame)
    paths: FloatArray = field(default_factory=_no_paths)
    method: str = ""
    backtest: Backtest | None = None
    reason: str | None = None
    low_evidence: bool = False


def probability(
    projection: Projection,
    target: float,
    *,
    to_date: float = 0.0,
    total: bool = False,
    better: Literal["higher", "lower"] = "higher",
) -> float:
    """Probability of reaching a target: the share of a projection's sample paths that do.

    The steps of a path belong together: a good month makes the next one likelier to be good. So a total is
    judged path by path; adding up the variances of the steps would claim too much certainty.

    Parameters
    ----------
    projection : Projection
        From `project`.
    target : float
        In the KPI's unit.
    to_date : float
        What has been reached already; counts with `total` only.
    total : bool
        Judge `to_date` plus the sum of all steps, as for revenue of a year. Otherwise the last step is judged,
        as for a rate or a stock at its deadline.
    better : {"higher", "lower"}
        Whether the target is to be reached from below or to be kept under. A path on the target makes it.

    Returns
    -------
    float
        Between 0 and 1; NaN where the projection was withheld. Print it as 1 % to 99 %: paths are never sure.

    Raises
    ------
    UsageError
        When the target or `to_date` is no number, or `better` is another word.

    Examples
    --------
    >>> projection = Projection(paths=np.array([[10.0, 30.0], [20.0, 10.0], [40.0, 40.0], [5.0, 5.0]]))
    >>> probability(projection, 30.0)
    0.5
    >>> probability(projection, 130.0, to_date=100.0, total=True)
    0.75
    >>> probability(projection, 10.0, better="lower")
    0.5
    """
    if better not in ("higher", "lower"):
        raise UsageError(f"`better` is {better!r}; wanted 'higher' or 'lower'.")
    for name, number in (("target", target), ("to_date", to_date)):
        if not isfinite(number):
            raise UsageError(f"`{name}` is {number}; wanted a number.")
    if projection.paths.size == 0:
        return nan
    reached = to_date + projection.paths.sum(axis=1) if total else projection.paths[:, -1]
    return float((reached >= target).mean() if better == "higher" else (reached <= target).mean())
