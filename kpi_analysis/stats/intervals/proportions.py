"""Confidence intervals and tests of proportions: Wilson, Jeffreys, Newcombe, Fisher."""

from __future__ import annotations

from math import inf, sqrt
from statistics import NormalDist

import numpy as np

from kpi_analysis.stats.intervals.levels import Interval, NoEstimate, normal_quantile, tail_probability

SMALL_SAMPLE = 40
FEW_TRIALS = 30
FEW_EVENTS = 5
SMALLEST_CELL = 5


def wilson(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Wilson score interval of a proportion: its lower and upper limit.

    It stays within 0 and 1 and holds its level for small numbers, where the textbook interval does not.

    Parameters
    ----------
    successes : float
        Successes, such as won deals: 0 to `trials`.
    trials : float
        Trials, such as closed deals: above 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, fractions from 0 to 1.

    Raises
    ------
    NoEstimate
        When there is no trial, the successes lie outside 0 to `trials`, or the level is no share.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association 22, 209-212.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    _check_rate(successes, trials)
    z = normal_quantile(level)
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    # At 0 and 1 the limit is the rate itself; rounding would leave it a hair off.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def jeffreys(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Jeffreys interval of a proportion: the central part of its beta posterior from the prior Beta(½, ½).

    With no successes the lower limit is 0, with nothing else the upper one is 1.

    Parameters
    ----------
    successes : float
        Successes: 0 to `trials`.
    trials : float
        Trials: above 0.
    level : float
        Probability of the central part, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, fractions from 0 to 1.

    Raises
    ------
    NoEstimate
        As `wilson`.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science
    16, 101-133.

    Examples
    --------
    >>> [round(limit, 4) for limit in jeffreys(3, 12)]
    [0.0759, 0.5292]
    """
    _check_rate(successes, trials)
    tail = tail_probability(level)
    from scipy.special import betaincinv

    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes == 0 else float(betaincinv(a, b, tail))
    # The upper limit as the other outcome's lower one: exact symmetry, and no digits lost near 1.
    high = 1.0 if successes == trials else 1 - float(betaincinv(b, a, tail))
    return low, high


def proportion(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Confidence interval of a proportion by the method that suits its size: Jeffreys for few trials, else Wilson.

    Few means at most `SMALL_SAMPLE` = 40 trials, the line that Brown, Cai and DasGupta draw. They recommend either of
    the two below it; Jeffreys' is the shorter near 0 and 1, where business rates lie.

    Parameters
    ----------
    successes : float
        Successes: 0 to `trials`.
    trials : float
        Trials: above 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, fractions from 0 to 1.

    Raises
    ------
    NoEstimate
        As `wilson`.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science
    16, 101-133.

    Examples
    --------
    >>> proportion(3, 12) == jeffreys(3, 12), proportion(81, 263) == wilson(81, 263)
    (True, True)
    """
    method = jeffreys if trials <= SMALL_SAMPLE else wilson
    return method(successes, trials, level=level)


def newcombe(successes1: float, trials1: float, successes2: float, trials2: float, *, level: float = 0.95) -> Interval:
    """Newcombe's interval of the difference of two independent proportions, the first less the second.

    The hybrid score method (number 10 of his paper) squares and adds the distances to Wilson's limits.

    Parameters
    ----------
    successes1 : float
        Successes of the first sample.
    trials1 : float
        Trials of the first sample.
    successes2 : float
        Successes of the second sample.
    trials2 : float
        Trials of the second sample.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, fractions from −1 to 1; times 100 they are percentage points.

    Raises
    ------
    NoEstimate
        As `wilson`, for either sample.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of eleven
    methods. Statistics in Medicine 17, 873-890.

    Examples
    --------
    >>> [round(limit, 4) for limit in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    low1, high1 = wilson(successes1, trials1, level=level)
    low2, high2 = wilson(successes2, trials2, level=level)
    rate1, rate2 = successes1 / trials1, successes2 / trials2
    below = sqrt((rate1 - low1) ** 2 + (high2 - rate2) ** 2)
    above = sqrt((high1 - rate1) ** 2 + (rate2 - low2) ** 2)
    return max(-1.0, rate1 - rate2 - below), min(1.0, rate1 - rate2 + above)


def same_rate(successes1: float, trials1: float, successes2: float, trials2: float) -> float:
    """Test of two equal proportions, by Fisher or chi-square: the two-sided p-value.

    Fisher's exact test where a cell of the two-by-two table, counted or expected, is below 5 (Cochran); else the score
    test, which is Pearson's chi-square without continuity correction.

    Parameters
    ----------
    successes1 : float
        Successes of the first sample, a whole number.
    trials1 : float
        Trials of the first sample, a whole number.
    successes2 : float
        Successes of the second sample, a whole number.
    trials2 : float
        Trials of the second sample, a whole number.

    Returns
    -------
    float
        How likely counts at least this far apart are if both rates are the same.

    Raises
    ------
    NoEstimate
        As `wilson`, and when a count is not whole.

    References
    ----------
    Cochran, W. G. (1954). Some methods for strengthening the common χ² tests. Biometrics 10, 417-451.

    Examples
    --------
    >>> round(same_rate(56, 70, 48, 80), 4), round(same_rate(1, 10, 6, 10), 4)
    (0.008, 0.0573)
    """
    _check_rate(successes1, trials1)
    _check_rate(successes2, trials2)
    counts = (successes1, trials1, successes2, trials2)
    if not all(float(count).is_integer() for count in counts):
        remedy = "Give counts of cases, not weighted or shared ones."
        raise NoEstimate(f"{counts} are not all whole numbers, and the test compares counts.", remedy=remedy)
    successes, trials = successes1 + successes2, trials1 + trials2
    counted = min(successes1, trials1 - successes1, successes2, trials2 - successes2)
    expected = min(successes, trials - successes) * min(trials1, trials2) / trials
    if min(counted, expected) < SMALLEST_CELL:
        return _fisher(int(successes1), int(trials1), int(trials2), int(successes))
    pooled = successes / trials
    spread = sqrt(pooled * (1 - pooled) * (1 / trials1 + 1 / trials2))
    return min(1.0, 2 * NormalDist().cdf(-abs(successes1 / trials1 - successes2 / trials2) / spread))


def too_few(trials: float, successes: float | None = None) -> bool:
    """Reliability rule of a proportion: whether it rests on so few cases that it is printed with its interval only.

    Below `FEW_TRIALS` = 30 trials (the least for which the US National Center for Health Statistics prints a
    proportion) a rate of one half is known to no better than 17 points either way. Below `FEW_EVENTS` = 5
    successes or failures, judged where `successes` is given, one case more is a quarter of the rarer side or over.

    Parameters
    ----------
    trials : float
        Trials.
    successes : float, optional
        Successes; where given, the rarer side is judged too.

    Returns
    -------
    bool
        True below `FEW_TRIALS` trials, or below `FEW_EVENTS` successes or failures.

    References
    ----------
    Parker, J. D. et al. (2017). National Center for Health Statistics data presentation standards for proportions.
    Vital and Health Statistics 2(175).

    Examples
    --------
    >>> too_few(29), too_few(30), too_few(400, 3), too_few(400, 398), too_few(400, 5)
    (True, False, True, True, False)
    """
    if not trials >= FEW_TRIALS:
        return True
    return successes is not None and not min(successes, trials - successes) >= FEW_EVENTS


def _check_rate(successes: float, trials: float) -> None:
    if not 0 < trials < inf or not 0 <= successes <= trials:
        remedy = "Give at least one trial, and between none and all of them as successes."
        raise NoEstimate(f"{successes} successes of {trials} trials are no rate.", remedy=remedy)


def _fisher(successes1: int, trials1: int, trials2: int, successes: int) -> float:
    """Fisher's two-sided p-value: the probability of all tables that are no likelier than the one seen."""
    from scipy.special import gammaln

    least = max(0, successes - trials2)
    table = np.arange(least, min(successes, trials1) + 1)
    cells = (table, trials1 - table, successes - table, trials2 - successes + table)
    weight = -sum(gammaln(cell + 1) for cell in cells)
    # Tables as likely as the one seen must count as such in spite of rounding.
    unlikely = weight <= weight[successes1 - least] + 1e-7
    chance = np.exp(weight - weight.max())
    return float(min(1.0, chance[unlikely].sum() / chance.sum()))
