"""Survival analysis of customers: Kaplan-Meier estimate and log-rank test."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.customers.validation import check_same_length, finite_values

COLUMNS = ["time", "at_risk", "events", "survival", "low", "high"]
HALF = 0.5


@dataclass(frozen=True)
class Survival:
    """Kaplan-Meier estimate of a survival curve: the share that is still there, by time since the start.

    Parameters
    ----------
    frame : DataFrame
        Each time at which somebody left or was last seen: time, at_risk (just before), events (who left),
        survival, low and high. The band has no value where nobody is left.
    customers, events : int
        How many there were, and how many of them left.
    level : float
        Of the band.
    reason : str
        Why there is no curve; empty where there is one.
    """

    frame: pd.DataFrame
    customers: int
    events: int
    level: float = 0.95
    reason: str = ""

    @property
    def median(self) -> float | None:
        """Median survival time; None where more than half still were there at the end."""
        below = self.frame.loc[self.frame["survival"] <= HALF + 1e-12, "time"]
        return float(below.iloc[0]) if len(below) else None

    def at(self, time: float) -> float | None:
        """Survival at a time; None beyond the last one seen.

        Parameters
        ----------
        time : float
            Since the start, in the unit of the durations.

        Returns
        -------
        float or None
            From 0 to 1.

        Examples
        --------
        >>> survival([1, 2, 3, 4], [True, False, True, False]).at(2)
        0.75
        """
        if self.reason or time > self.frame["time"].iloc[-1]:
            return None
        before = self.frame.loc[self.frame["time"] <= time, "survival"]
        return float(before.iloc[-1]) if len(before) else 1.0


def survival(duration: ArrayLike, ended: ArrayLike, *, level: float = 0.95) -> Survival:
    """Kaplan-Meier estimate of the survival curve, with Greenwood's band on the log(−log) scale.

    Who is still there counts as long as seen, and is not taken for lost. The band stays within 0 and 1 and holds at
    each time by itself.

    Parameters
    ----------
    duration : array_like, shape (n,)
        How long each customer was seen, from 0.
    ended : array_like of bool, shape (n,)
        Whether they left then; False for who was still there.
    level : float
        How often such bands hold the truth at a given time.

    Returns
    -------
    Survival
        With a reason and an empty frame without customers.

    Raises
    ------
    DataError
        When a duration is missing or negative.
    UsageError
        When the two differ in length, or the level is no fraction.

    References
    ----------
    Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations. Journal of the American
    Statistical Association 53, 457-481.
    Kalbfleisch, J. D. and Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, section 1.4. Wiley.

    Examples
    --------
    >>> found = survival([2, 3, 3, 5], [True, True, False, False])
    >>> found.frame[["time", "at_risk", "events", "survival"]].values.tolist()
    [[2.0, 4.0, 1.0, 0.75], [3.0, 3.0, 1.0, 0.5], [5.0, 1.0, 0.0, 0.5]]
    """
    if not 0 < level < 1:
        raise UsageError(f"A level is a fraction such as 0.95; found {level}.")
    time, left = _checked(duration, ended)
    if not len(time):
        return Survival(pd.DataFrame(columns=COLUMNS, dtype=float), 0, 0, level, "there is no customer")
    times, at_risk, events = _counted(time, left)
    staying = 1 - events / at_risk
    share = np.cumprod(staying)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(staying > 0, events / (at_risk * (at_risk - events)), np.inf))
        reach = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(greenwood) / np.log(share)
        low, high = share ** np.exp(-reach), share ** np.exp(reach)
    unhurt = share == 1
    low, high = np.where(unhurt, 1.0, low), np.where(unhurt, 1.0, high)
    low, high = (np.where(share > 0, end, nan) for end in (low, high))
    table = [times, at_risk.astype(int), events.astype(int), share, low, high]
    frame = pd.DataFrame(dict(zip(COLUMNS, table, strict=True)))
    return Survival(frame, len(time), int(left.sum()), level)


@dataclass(frozen=True)
class LogRank:
    """Result of a log-rank test: chi-square, p-value, and events by group.

    Parameters
    ----------
    statistic : float
        Chi-square with one degree of freedom less than there are groups; NaN where there is a reason.
    p_value : float
        How often groups that leave alike would look so different.
    frame : DataFrame
        group, customers, events (who left) and expected (how many would have, if all left alike).
    reason : str
        Why there is no test; empty where there is one.
    """

    statistic: float
    p_value: float
    frame: pd.DataFrame
    reason: str = ""


def log_rank(duration: ArrayLike, ended: ArrayLike, group: ArrayLike) -> LogRank:
    """Log-rank test of whether groups of customers leave at different speeds.

    Parameters
    ----------
    duration : array_like, shape (n,)
        How long each customer was seen, as in `survival`.
    ended : array_like of bool, shape (n,)
        Whether they left then, as in `survival`.
    group : array_like, shape (n,)
        The group of each customer.

    Returns
    -------
    LogRank
        With a reason where there is only one group, or nobody left.

    Raises
    ------
    DataError
        As `survival`; also where a customer has no group.
    UsageError
        As `survival`; also where a customer has no group.

    References
    ----------
    Mantel, N. (1966). Evaluation of survival data and two new rank order statistics arising in its consideration.
    Cancer Chemotherapy Reports 50, 163-170.

    Examples
    --------
    >>> test = log_rank([1, 2, 3, 8, 9, 10], [True] * 6, ["a"] * 3 + ["b"] * 3)
    >>> round(test.statistic, 2), round(test.p_value, 3)
    (5.05, 0.025)
    """
    from scipy.stats import chi2

    time, left = _checked(duration, ended)
    names = pd.Series(np.asarray(group))
    if len(names) != len(time) or names.isna().any():
        raise UsageError(f"Found {int(names.notna().sum())} groups for {len(time)} customers. Wanted one for each.")
    kinds = sorted(names.unique(), key=str)
    members = [(names == kind).to_numpy() for kind in kinds]
    times = np.unique(time[left])
    risk = np.array([_at_risk(times, time[mine]) for mine in members]).reshape(len(kinds), len(times))
    events = np.array([_events(times, time[mine & left]) for mine in members]).reshape(risk.shape)
    all_risk, all_events = risk.sum(0), events.sum(0)
    share = risk / all_risk
    expected = (share * all_events).sum(1)
    frame = pd.DataFrame(
        {"group": kinds, "customers": [int(m.sum()) for m in members], "events": events.sum(1), "expected": expected}
    )
    if len(kinds) < 2 or not left.any():
        return LogRank(nan, nan, frame, "there is only one group" if len(kinds) < 2 else "nobody left")
    rest = np.where(all_risk > 1, all_events * (all_risk - all_events) / np.maximum(all_risk - 1, 1), 0.0)
    spread = np.diag((share * rest).sum(1)) - (share * rest) @ share.T
    # one group follows from the others
    apart = (events.sum(1) - expected)[:-1]
    statistic = float(apart @ np.linalg.pinv(spread[:-1, :-1]) @ apart)
    return LogRank(statistic, float(chi2.sf(statistic, len(kinds) - 1)), frame)


def _checked(duration: ArrayLike, ended: ArrayLike) -> tuple[FloatArray, np.ndarray]:
    time, flags = finite_values(duration, "duration"), np.asarray(ended)
    check_same_length(np.size(time), duration=time, ended=flags)
    if len(flags) and not np.isin(flags, (0, 1)).all():
        raise DataError("Whether a customer left is neither yes nor no somewhere.", remedy="Use True and False.")
    return time, flags.astype(bool)


def _counted(time: FloatArray, left: np.ndarray) -> tuple[FloatArray, FloatArray, FloatArray]:
    times = np.unique(time)
    return times, _at_risk(times, time), _events(times, time[left])


def _at_risk(times: FloatArray, time: FloatArray) -> FloatArray:
    return np.asarray(len(time) - np.searchsorted(np.sort(time), times, side="left"), dtype=float)


def _events(times: FloatArray, ends: FloatArray) -> FloatArray:
    ordered = np.sort(ends)
    found = np.searchsorted(ordered, times, side="right") - np.searchsorted(ordered, times, side="left")
    return np.asarray(found, dtype=float)
