"""Confidence intervals of counts and ratios: Garwood, amount per event, Fieller."""

from __future__ import annotations

from math import inf, isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike

from kpi_analysis.stats.intervals.levels import UNBOUNDED, Interval, NoEstimate, student_quantile, tail_probability


def garwood(count: float, *, level: float = 0.95) -> Interval:
    """Garwood's exact interval of a Poisson count: limits of how many such events a like period would bring.

    It holds the expected count at least as often as `level` says. None seen has an upper limit too: 3.69.

    Parameters
    ----------
    count : float
        Events that were counted, 0 or more.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit of the expected count.

    Raises
    ------
    NoEstimate
        When the count is negative or missing, or the level is no share.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.

    Examples
    --------
    >>> [round(limit, 4) for limit in garwood(50)]
    [37.111, 65.9188]
    """
    if not 0 <= count < inf:
        raise NoEstimate(f"{count} is no count of events.", remedy="Give a count of 0 or more.")
    tail = tail_probability(level)
    from scipy.special import gammainccinv, gammaincinv

    low = 0.0 if count == 0 else float(gammaincinv(count, tail))
    return low, float(gammainccinv(count + 1, tail))


def rate_per(total: float, count: float, *, level: float = 0.95) -> Interval:
    """Interval of a fixed amount per Poisson event, such as cost per lead: Garwood's limits, inverted.

    The spend is certain, the number of leads is chance. Where no event came the upper limit is infinite: the spend sets
    a floor to the cost per lead, but no ceiling.

    Parameters
    ----------
    total : float
        The amount, in its currency, 0 or more.
    count : float
        Events that it brought.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper limit, in currency per event.

    Raises
    ------
    NoEstimate
        When the amount is negative or missing, or as `garwood`.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.

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
    """Fieller's interval of the ratio a / b of two uncertain numbers.

    It is `UNBOUNDED` ("not estimable") where b is not distinguishable from zero: no finite range holds the ratio.

    Parameters
    ----------
    a : float
        Estimate of the numerator, such as customer acquisition spend.
    b : float
        Estimate of the denominator, such as new customers.
    variance_a : float
        Variance of the estimate a (its squared standard error), not of single rows.
    variance_b : float
        Variance of the estimate b.
    covariance : float
        Covariance of the two estimates.
    level : float
        Confidence level, between 0 and 1.
    degrees : float
        Degrees of freedom of the variances; infinite where they are known.

    Returns
    -------
    (float, float)
        Lower and upper limit, in units of a per unit of b; `UNBOUNDED` where there is none.

    Raises
    ------
    NoEstimate
        When a number is missing, or the variances and the covariance contradict each other.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16, 175-185.

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
    quantile = student_quantile(level, degrees)
    square = quantile * quantile
    # The limits solve (a − ratio·b)² = square·Var(a − ratio·b), a parabola in the ratio.
    curvature = b * b - square * variance_b
    if not curvature > 0:  # also where the quantile is not finite
        return UNBOUNDED
    middle = a * b - square * covariance
    root = sqrt(max(0.0, middle * middle - curvature * (a * a - square * variance_a)))
    return (middle - root) / curvature, (middle + root) / curvature


def ratio_of_sums(numerators: ArrayLike, denominators: ArrayLike, *, level: float = 0.95) -> Interval:
    """Fieller's interval of a ratio of sums, such as CAC or ROI from its rows.

    The pairs (rows, days, campaigns) must not depend on one another.

    Parameters
    ----------
    numerators : array_like, shape (n,)
        Upper parts, one a pair, such as spend a campaign.
    denominators : array_like, shape (n,)
        Lower parts of the same pairs, such as customers a campaign.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (float, float)
        Limits of sum(numerators) / sum(denominators); `UNBOUNDED` from a single pair, or where the sum of the
        denominators is not distinguishable from zero.

    Raises
    ------
    NoEstimate
        When the two differ in length, are empty, or hold a missing value.

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16, 175-185.

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
