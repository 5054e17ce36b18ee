"""Theil-Sen slope: the median of the slopes between all pairs of points, plain and by season."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.trends.mann_kendall import seasonal_mann_kendall

LEVEL = 0.95


class SlopeEstimate(NamedTuple):
    """Result of a Theil-Sen estimate: a change per period and its 95 % limits."""

    slope: float
    low: float
    high: float


def theil_sen(values: FloatArray) -> SlopeEstimate:
    """Theil-Sen slope of a series, with Sen's 95 % interval.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        In time order, two at least; a gap is NaN and takes its time.

    Returns
    -------
    SlopeEstimate
        Change per period and its limits, in the unit of the values.

    References
    ----------
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau.
    Journal of the American Statistical Association 63, 1379-1389.

    Examples
    --------
    >>> theil_sen(np.array([1.0, 3.0, np.nan, 7.0, 9.0, 11.0])).slope
    2.0
    """
    from scipy import stats

    at = np.flatnonzero(~np.isnan(values))
    fit = stats.theilslopes(values[at], at, LEVEL)
    return SlopeEstimate(float(fit.slope), float(fit.low_slope), float(fit.high_slope))


def seasonal_theil_sen(values: FloatArray, season_length: int) -> SlopeEstimate:
    """Seasonal Theil-Sen slope: the median change per period between values of the same season.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        In time order, two of some season at least; a gap is NaN.
    season_length : int
        Periods in a full cycle. The slope is per period, not per cycle.

    Returns
    -------
    SlopeEstimate
        Change per period and its 95 % limits, in the unit of the values.

    References
    ----------
    Gilbert, R. O. (1987). Statistical Methods for Environmental Pollution Monitoring, section 17.5.
    Van Nostrand Reinhold, New York.

    Examples
    --------
    >>> seasonal_theil_sen(np.array([1.0, 9.0, 2.0, 10.0, 3.0, 11.0]), 2).slope
    0.5
    """
    slopes = np.sort(np.concatenate([_slopes(values, start, season_length) for start in range(season_length)]))
    spread = NormalDist().inv_cdf((1 + LEVEL) / 2) * seasonal_mann_kendall(values, season_length).variance ** 0.5
    low = max(round((slopes.size - spread) / 2) - 1, 0)
    high = min(round((slopes.size + spread) / 2), slopes.size - 1)
    return SlopeEstimate(float(np.median(slopes)), float(slopes[low]), float(slopes[high]))


def _slopes(values: FloatArray, start: int, season_length: int) -> FloatArray:
    at = np.arange(start, values.size, season_length)
    at = at[~np.isnan(values[at])]
    early, late = np.triu_indices(at.size, 1)
    slopes: FloatArray = (values[at[late]] - values[at[early]]) / (at[late] - at[early])
    return slopes
