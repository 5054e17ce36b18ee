"""How far off an estimate may be: intervals of rates, differences, costs, ratios, scores and means.

Every interval is a pair `(low, high)`, and `level` is how often such intervals hold the truth. An infinite end
means that the data set no bound there: a report prints "not estimable" for `UNBOUNDED`, and "at least …" where
only the upper end is infinite. Numbers that contradict each other, or are missing, raise `NoEstimate`.

References
----------
- Wilson (1927), J. American Statistical Association 22, 209-212: a rate.
- Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133: which interval of a rate for how many trials.
- Newcombe (1998), Statistics in Medicine 17, 873-890: difference of two rates.
- Cochran (1954), Biometrics 10, 417-451: from how many on a chi-square test holds.
- Garwood (1936), Biometrika 28, 437-442: a count.
- Fieller (1954), J. Royal Statistical Society B 16, 175-185: a ratio.
- Rocks (2016), The American Statistician 70, 365-372: the net promoter score.
- Welch (1947), Biometrika 34, 28-35: difference of two means.
- Parker et al. (2017), Vital and Health Statistics 2(175): from how many trials on a rate is printed.
"""

from __future__ import annotations

from math import inf, isfinite, isinf, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError

# scipy.special is imported where it is needed: it costs 0.2 s, and most reports need Wilson only.
Interval = tuple[float, float]
UNBOUNDED: Interval = (-inf, inf)
SMALL_SAMPLE = 40
FEW_TRIALS = 30
FEW_EVENTS = 5
SMALLEST_CELL = 5


class NoEstimate(DataError, ValueError):
    """Numbers of which no rate, ratio or mean can be made."""


def wilson(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a rate.

    It stays within 0 and 1 and holds its level for small numbers, where the textbook interval does not.

    Parameters
    ----------
    successes, trials : float
        Counts, such as won and closed deals.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    _check_rate(successes, trials)
    z = _normal_quantile(level)
    rate = successes / trials
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    # At 0 and 1 the limit is the rate itself; rounding would leave it a hair off.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def jeffreys(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Return Jeffreys' interval of a rate: the middle of the beta posterior from Beta(½, ½).

    Parameters are those of `wilson`. With no successes the lower limit is 0, with nothing else the upper is 1.

    Examples
    --------
    >>> [round(limit, 4) for limit in jeffreys(3, 12)]
    [0.0759, 0.5292]
    """
    _check_rate(successes, trials)
    tail = _tail(level)
    from scipy.special import betaincinv

    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes == 0 else float(betaincinv(a, b, tail))
    # The upper limit as the other outcome's lower one: exact symmetry, and no digits lost near 1.
    high = 1.0 if successes == trials else 1 - float(betaincinv(b, a, tail))
    return low, high


def proportion(successes: float, trials: float, *, level: float = 0.95) -> Interval:
    """Return the interval of a rate by the method that suits its size: Jeffreys for few trials, else Wilson.

    Few means at most `SMALL_SAMPLE` = 40 trials, the line that Brown, Cai & DasGupta (2001) draw. They
    recommend either of the two below it; Jeffreys' is the shorter near 0 and 1, where business rates lie.
    Parameters and errors are those of `wilson`.

    Examples
    --------
    >>> proportion(3, 12) == jeffreys(3, 12), proportion(81, 263) == wilson(81, 263)
    (True, True)
    """
    method = jeffreys if trials <= SMALL_SAMPLE else wilson
    return method(successes, trials, level=level)


def newcombe(successes1: float, trials1: float, successes2: float, trials2: float, *, level: float = 0.95) -> Interval:
    """Return the interval of the difference of two independent rates, the first less the second.

    Newcombe's hybrid score method (his number 10) squares and adds the distances to Wilson's limits. Fractions
    between −1 and 1; times 100 they are percentage points.

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
    """Say how likely counts at least this far apart are if both rates are the same (two-sided p-value).

    Fisher's exact test where a cell of the two-by-two table, counted or expected, is below 5 (Cochran); else
    the score test, which is Pearson's chi-square without continuity correction. Counts must be whole.

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


def garwood(count: float, *, level: float = 0.95) -> Interval:
    """Return the exact limits of a Poisson count: how many such events a like period might have brought.

    Exact: they hold the expected count at least as often as `level` says. None seen has an upper limit too, 3.69.

    Examples
    --------
    >>> [round(limit, 4) for limit in garwood(50)]
    [37.111, 65.9188]
    """
    if not 0 <= count < inf:
        raise NoEstimate(f"{count} is no count of events.", remedy="Give a count of 0 or more.")
    tail = _tail(level)
    from scipy.special import gammainccinv, gammaincinv

    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammainccinv(count + 1, tail))


def rate_per(total: float, count: float, *, level: float = 0.95) -> Interval:
    """Return the interval of a fixed amount per event, such as cost per lead with the spend known.

    The spend is certain, the number of leads is chance: Garwood's limits of the count, inverted.
    Where no event came the upper limit is infinite: the spend sets a floor to the cost per lead, but no ceiling.

    Parameters
    ----------
    total : float
        The amount, in its currency.
    count : float
        Events that it brought.

    Examples
    --------
    >>> [round(limit, 2) for limit in rate_per(10_000, 50)]
    [151.7, 269.46]
    >>> [round(limit, 2) for limit in rate_per(10_000, 0)]
    [2710.85, inf]
    """
    if not 0 <= total < inf:
        raise NoEstimate(f"A total of {total} is no amount spent.", remedy="Give an amount of 0 or more.")
    fewest, most = garwood(count, level=level)
    if total == 0:
        return 0.0, 0.0
    return total / most, total / fewest if fewest else inf


def fieller(
    a: float, b: float, variance_a: float, variance_b: float, covariance: float = 0.0,
    *, level: float = 0.95, degrees: float = inf,
) -> Interval:  # fmt: skip
    """Return Fieller's interval of the ratio a / b of two uncertain numbers.

    `UNBOUNDED` ("not estimable") where b is not distinguishable from zero: no finite range holds the ratio.

    Parameters
    ----------
    a, b : float
        The estimates, such as customer acquisition spend and new customers.
    variance_a, variance_b, covariance : float
        Of the estimates themselves (squared standard errors), not of single rows.
    degrees : float
        Degrees of freedom of the variances; infinite where they are known.

    Examples
    --------
    >>> [round(limit, 4) for limit in fieller(10, 5, 1, 0.25)]
    [1.509, 2.6508]
    >>> fieller(10, 1, 1, 1)
    (-inf, inf)
    """
    known = all(map(isfinite, (a, b, variance_a, variance_b, covariance)))
    most = variance_a * variance_b * (1 + 1e-9)  # computed moments may overshoot by rounding
    if not known or variance_a < 0 or variance_b < 0 or covariance * covariance > most:
        found = f"Variances {variance_a} and {variance_b} with covariance {covariance} of {a} and {b} cannot be."
        raise NoEstimate(found, remedy="Give finite numbers, variances of 0 or more, a covariance they allow.")
    quantile = _student_quantile(level, degrees)
    square = quantile * quantile
    # The limits solve (a − ratio·b)² = square·Var(a − ratio·b), a parabola in the ratio.
    curvature = b * b - square * variance_b
    if not curvature > 0:  # also where the quantile is not finite
        return UNBOUNDED
    middle = a * b - square * covariance
    root = sqrt(max(0.0, middle * middle - curvature * (a * a - square * variance_a)))
    return (middle - root) / curvature, (middle + root) / curvature


def ratio_of_sums(numerators: ArrayLike, denominators: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Fieller's interval of sum(numerators) / sum(denominators), such as CAC or ROI from its rows.

    The pairs (rows, days, campaigns) must not depend on one another. `UNBOUNDED` from a single pair, or where
    the sum of the denominators is not distinguishable from zero.

    Examples
    --------
    >>> [round(limit, 2) for limit in ratio_of_sums([900, 1100, 1000, 1200], [10, 12, 9, 11])]
    [83.68, 119.51]
    """
    above, below = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    if above.ndim != 1 or above.shape != below.shape or not above.size:
        found = f"Numerators of shape {above.shape} and denominators of shape {below.shape} are no pairs."
        raise NoEstimate(found, remedy="Give two lists of the same length, with at least one pair.")
    if not (np.isfinite(above).all() and np.isfinite(below).all()):
        raise NoEstimate("Some pairs have a missing value.", remedy="Drop the pairs that are not complete.")
    pairs = above.size
    if pairs == 1:
        return UNBOUNDED
    (variance_a, covariance), (_, variance_b) = (pairs * np.cov(above, below)).tolist()
    a, b = float(above.sum()), float(below.sum())
    return fieller(a, b, variance_a, variance_b, covariance, level=level, degrees=pairs - 1)


def net_promoter(promoters: float, passives: float, detractors: float, *, level: float = 0.95) -> Interval:
    """Return the interval of a net promoter score, in points between −100 and 100, from its counts of answers.

    Uses the multinomial variance of the score after adding three answers (¾, 1½, ¾), Rocks' adjusted Wald
    method; without them the interval shrinks to a point where all answers agree.

    Examples
    --------
    >>> [round(limit, 1) for limit in net_promoter(50, 30, 20)]
    [14.1, 44.2]
    """
    answers = promoters + passives + detractors
    if not min(promoters, passives, detractors) >= 0 or not 0 < answers < inf:
        found = f"{promoters} promoters, {passives} passives and {detractors} detractors make no score."
        raise NoEstimate(found, remedy="Give counts of 0 or more, with at least one answer.")
    score = (promoters - detractors) / answers
    adjusted = (promoters - detractors) / (answers + 3)
    variance = ((promoters + detractors + 1.5) / (answers + 3) - adjusted * adjusted) / (answers + 3)
    half = _normal_quantile(level) * sqrt(variance)
    # A handful of answers that all agree would otherwise lie outside their own interval.
    low, high = min(score, adjusted - half), max(score, adjusted + half)
    return 100 * max(-1.0, low), 100 * min(1.0, high)


def student_t(total: float, squares: float, count: float, *, level: float = 0.95) -> Interval:
    """Return Student's t interval of a mean, from three sums that a database delivers.

    In the unit of the values; `UNBOUNDED` from a single one.

    Parameters
    ----------
    total, squares, count : float
        Sum of the values, sum of their squares, number of values.

    Examples
    --------
    >>> [round(limit, 3) for limit in student_t(30, 220, 5)]        # 2, 4, 6, 8, 10
    [2.074, 9.926]
    """
    centre, variance = _moments(total, squares, count)
    if count == 1:
        return UNBOUNDED
    half = _student_quantile(level, count - 1) * sqrt(variance)
    return centre - half, centre + half


def welch_t(
    total1: float, squares1: float, count1: float, total2: float, squares2: float, count2: float,
    *, level: float = 0.95,
) -> Interval:  # fmt: skip
    """Return Welch's t interval of the difference of two means, the first less the second.

    The sums are those of `student_t`; the two variances may differ. `UNBOUNDED` where either mean is of one value.

    Examples
    --------
    >>> [round(limit, 3) for limit in welch_t(30, 220, 5, 15, 55, 5)]      # 2, 4 … 10 against 1, 2 … 5
    [-0.888, 6.888]
    """
    centre1, variance1 = _moments(total1, squares1, count1)
    centre2, variance2 = _moments(total2, squares2, count2)
    if min(count1, count2) == 1:
        return UNBOUNDED
    variance, difference = variance1 + variance2, centre1 - centre2
    if variance == 0:
        return difference, difference
    share1, share2 = variance1 / variance, variance2 / variance
    degrees = 1 / (share1 * share1 / (count1 - 1) + share2 * share2 / (count2 - 1))
    half = _student_quantile(level, degrees) * sqrt(variance)
    return difference - half, difference + half


def too_few(trials: float, successes: float | None = None) -> bool:
    """Say whether a rate rests on so little that it may be printed with its interval only.

    Below `FEW_TRIALS` = 30 trials (the least for which the US National Center for Health Statistics prints a
    proportion) a rate of one half is known to no better than 17 points either way. Below `FEW_EVENTS` = 5
    successes or failures, judged where `successes` is given, one case more is a quarter of the rarer side or over.

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


def _tail(level: float) -> float:
    if not 0 < level < 1:
        raise NoEstimate(f"A level of {level} is no share.", remedy="Give a share between 0 and 1, as 0.95.")
    return (1 - level) / 2


def _normal_quantile(level: float) -> float:
    return -NormalDist().inv_cdf(_tail(level))


def _student_quantile(level: float, degrees: float) -> float:
    if isinf(degrees):
        return _normal_quantile(level)
    from scipy.special import stdtrit

    return -float(stdtrit(degrees, _tail(level)))


def _moments(total: float, squares: float, count: float) -> tuple[float, float]:
    """Return a mean and its variance (squared standard error; 0 from a single value)."""
    spread = squares - total * total / count if count >= 1 else -inf
    # The difference of two large sums carries rounding: only what exceeds it is a contradiction.
    if not spread >= -1e-9 * abs(squares) or not spread < inf or not count < inf:
        found = f"No {count} values have the sum {total} and the sum of squares {squares}."
        raise NoEstimate(found, remedy="Give the three sums over the same rows, without missing values.")
    return total / count, max(0.0, spread) / (count - 1) / count if count > 1 else 0.0


def _fisher(successes1: int, trials1: int, trials2: int, successes: int) -> float:
    """Return Fisher's two-sided p: the chance of all tables that are no likelier than the one seen."""
    from scipy.special import gammaln

    least = max(0, successes - trials2)
    table = np.arange(least, min(successes, trials1) + 1)
    cells = (table, trials1 - table, successes - table, trials2 - successes + table)
    weight = -sum(gammaln(cell + 1) for cell in cells)
    # Tables as likely as the one seen must count as such in spite of rounding.
    unlikely = weight <= weight[successes1 - least] + 1e-7
    chance = np.exp(weight - weight.max())
    return float(min(1.0, chance[unlikely].sum() / chance.sum()))
