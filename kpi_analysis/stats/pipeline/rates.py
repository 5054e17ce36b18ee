"""Empirical Bayes shrinkage of the rates of groups of unequal size."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import exp, inf

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.intervals import proportion

COLUMNS = ["group", "successes", "trials", "raw", "rate", "low", "high"]
FEWEST_GROUPS = 3
ALIKE = 2.706 / 2  # gain in log-likelihood that chance brings in 5 %: the weight's end is at the edge of what can be
_BOUNDS = ((-8.0, 8.0), (-1.0, 14.0))  # logit of the mean, log of the weight


@dataclass(frozen=True)
class ShrunkenRates:
    """Shrunken rates of groups: each drawn towards the mean by as much as it rests on few trials.

    Parameters
    ----------
    frame : DataFrame
        group, successes, trials, raw (successes ÷ trials), rate, low and high, the best first.
    mean : float
        What is known of a group before it has a trial, as a fraction.
    weight : float
        How many trials that knowledge is worth; infinite where all groups are alike.
    reason : str
        Why nobody stands out; empty where some do.
    """

    frame: pd.DataFrame
    mean: float
    weight: float
    reason: str = ""


def shrunken_rates(
    groups: Sequence[Hashable], successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95
) -> ShrunkenRates:
    """Empirical Bayes estimate of the rates of groups, best first, by a beta-binomial fit.

    The rates of the groups are taken for draws from one beta distribution, which is fitted to the counts by maximum
    likelihood of the beta-binomial. A group's rate is the mean of what is then known of it, its interval the middle
    of that: empirical Bayes. A group with few trials lies near the mean, one with many at its own rate.

    Parameters
    ----------
    groups : sequence of hashable
        Names, one a group.
    successes : array_like of int, shape (n,)
        Counts, such as won deals.
    trials : array_like of int, shape (n,)
        Counts, such as closed deals; groups without a trial are left out.
    level : float
        How often such intervals hold a group's rate.

    Returns
    -------
    ShrunkenRates
        Where the counts differ no more than chance would make them, every group has the common rate. With fewer than
        three groups each keeps its own. In both cases the interval is that of the group by itself, the order is
        that of its lower end, and `reason` says so.

    Raises
    ------
    DataError
        When counts are missing, negative, not whole, or there are more successes than trials.
    UsageError
        When the three differ in length.

    References
    ----------
    Skellam, J. G. (1948). A probability distribution derived from the binomial distribution by regarding the
    probability of success as variable between the sets of trials. Journal of the Royal Statistical Society B 10,
    257-261.
    Self, S. G. and Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood estimators and likelihood ratio
    tests under nonstandard conditions. Journal of the American Statistical Association 82, 605-610.
    Casella, G. (1985). An introduction to empirical Bayes data analysis. The American Statistician 39, 83-87.

    Examples
    --------
    >>> found = shrunken_rates(["Ann", "Bo", "Cy", "Di"], [2, 60, 20, 45], [2, 100, 100, 100])
    >>> found.frame[["group", "raw", "rate"]].round(2).values.tolist()
    [['Bo', 0.6, 0.59], ['Ann', 1.0, 0.57], ['Di', 0.45, 0.45], ['Cy', 0.2, 0.22]]
    """
    won, tried = _counts(successes), _counts(trials)
    if len(won) != len(groups) or len(tried) != len(groups):
        raise UsageError(f"Found {len(won)} successes and {len(tried)} trials for {len(groups)} groups.")
    if (won > tried).any():
        raise DataError("A group has more successes than trials.", remedy="Count both over the same rows.")
    there = tried > 0
    frame = pd.DataFrame({"group": [g for g, t in zip(groups, there, strict=True) if t]})
    frame["successes"], frame["trials"] = won[there].astype(int), tried[there].astype(int)
    frame["raw"] = frame["successes"] / frame["trials"]
    if len(frame) < FEWEST_GROUPS:
        mean = won.sum() / tried.sum() if tried.sum() else float("nan")
        return _by_themselves(frame, frame["raw"], mean, 0.0, "there are fewer than three groups to compare", level)
    mean, weight = _fitted(won[there], tried[there])
    if not weight < inf:
        reason = "the groups differ no more than chance would make them"
        return _by_themselves(frame, mean, mean, inf, reason, level)
    from scipy.special import betaincinv

    a = mean * weight + frame["successes"]
    b = (1 - mean) * weight + frame["trials"] - frame["successes"]
    tail = (1 - level) / 2
    frame["rate"] = a / (a + b)
    frame["low"], frame["high"] = betaincinv(a, b, tail), 1 - betaincinv(b, a, tail)
    return ShrunkenRates(_sorted(frame, "rate"), mean, weight)


def _by_themselves(
    frame: pd.DataFrame, rate: float | pd.Series[float], mean: float, weight: float, reason: str, level: float
) -> ShrunkenRates:
    counts = zip(frame["successes"], frame["trials"], strict=True)
    ends = np.array([proportion(s, t, level=level) for s, t in counts]).reshape(-1, 2)
    own = frame.assign(rate=rate, low=ends[:, 0], high=ends[:, 1])
    return ShrunkenRates(_sorted(own, "low"), mean, weight, reason)


def _sorted(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    return frame.loc[:, COLUMNS].sort_values(by, ascending=False, kind="stable").reset_index(drop=True)


def _fitted(won: npt.NDArray[np.float64], tried: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Maximum likelihood mean and weight of the beta distribution; an infinite weight where one rate fits all."""
    pooled = won.sum() / tried.sum()
    if pooled in (0.0, 1.0):
        return float(pooled), inf
    from scipy.optimize import minimize
    from scipy.special import betaln, digamma

    def loss(logs: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        """Return the negative log-likelihood and its slopes by the logit of the mean and the log of the weight."""
        mean, weight = 1 / (1 + exp(-logs[0])), exp(logs[1])
        a, b = mean * weight, (1 - mean) * weight
        value = -float((betaln(won + a, tried - won + b) - betaln(a, b)).sum())
        common = digamma(weight) - digamma(tried + weight)
        by_a = float((digamma(won + a) - digamma(a) + common).sum())
        by_b = float((digamma(tried - won + b) - digamma(b) + common).sum())
        return value, -np.array([(by_a - by_b) * weight * mean * (1 - mean), by_a * a + by_b * b])

    start = float(np.log(pooled / (1 - pooled)))
    fits = [minimize(loss, [start, log], jac=True, bounds=_BOUNDS, method="L-BFGS-B") for log in (2.0, 6.0)]
    best = min(fits, key=lambda fit: float(fit.fun))
    one_rate = -float((won * np.log(pooled) + (tried - won) * np.log(1 - pooled)).sum())
    if one_rate - float(best.fun) < ALIKE:
        return float(pooled), inf
    return 1 / (1 + exp(-best.x[0])), exp(best.x[1])


def _counts(given: ArrayLike) -> npt.NDArray[np.float64]:
    numbers = np.asarray(given, dtype=np.float64)
    if numbers.ndim != 1 or not (np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers))).all():
        raise DataError("Successes and trials are counts: whole numbers from 0.", remedy="Mend or leave out the group.")
    return numbers
