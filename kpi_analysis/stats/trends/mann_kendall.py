"""Mann-Kendall rank test for a monotone trend, plain and by season."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from kpi_analysis.stats.arrays import FloatArray

EXACT_UP_TO = 10


@dataclass(frozen=True)
class MannKendall:
    """Result of a Mann-Kendall test: S, its variance, z and p-value.

    Parameters
    ----------
    s : int
        Pairs that rise minus pairs that fall.
    variance : float
        Variance of S without a trend, ties and autocorrelation included.
    z : float
        S in standard deviations, drawn one step towards zero.
    p_value : float
        Two-sided.
    exact : bool
        Whether the p-value counts all orders, instead of the normal curve's.
    """

    s: int
    variance: float
    z: float
    p_value: float
    exact: bool = False


def mann_kendall(values: FloatArray, *, inflation: float = 1.0, exact: bool = True) -> MannKendall:
    """Mann-Kendall test of a monotone trend: S, its variance, z and two-sided p-value.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        In time order; gaps (NaN) are left out.
    inflation : float
        What the variance is multiplied by, for autocorrelation. The exact p-value does not know it.
    exact : bool
        Use the exact p-value up to 10 values without ties.

    Returns
    -------
    MannKendall
        The test's result; S is positive where values tend to rise.

    References
    ----------
    Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13, 245-259.
    Kendall, M. G. (1975). Rank Correlation Methods. Griffin, London.

    Examples
    --------
    >>> test = mann_kendall(np.arange(10.0), exact=False)
    >>> test.s, test.variance, round(test.z, 5)
    (45, 125.0, 3.93548)
    >>> round(mann_kendall(np.arange(5.0)).p_value, 5)
    0.01667
    """
    known = values[~np.isnan(values)]
    s, variance = _score(known), _variance(known) * inflation
    if not exact or not 2 <= known.size <= EXACT_UP_TO or np.unique(known).size < known.size:
        return _normal(s, variance)
    from scipy import stats

    p_value = float(stats.kendalltau(np.arange(known.size), known, method="exact").pvalue)
    return MannKendall(s, variance, _z(s, variance), p_value, exact=True)


def seasonal_mann_kendall(values: FloatArray, season_length: int, *, inflation: float = 1.0) -> MannKendall:
    """Seasonal Mann-Kendall test of a monotone trend: like is compared with like, January with January.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        In time order; a gap is NaN, so that each value keeps its season.
    season_length : int
        Periods in a full cycle: 12 for months, 4 for quarters.
    inflation : float
        What the variance is multiplied by, for autocorrelation.

    Returns
    -------
    MannKendall
        The sum of the seasons' S, its variance, z and two-sided p-value.

    References
    ----------
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Techniques of trend analysis for monthly water quality
    data. Water Resources Research 18, 107-121.

    Examples
    --------
    >>> test = seasonal_mann_kendall(np.array([1.0, 9.0, 2.0, 10.0, 3.0, 11.0]), 2)
    >>> test.s, round(test.variance, 3)
    (6, 7.333)
    """
    seasons = [values[start::season_length] for start in range(season_length)]
    seasons = [season[~np.isnan(season)] for season in seasons]
    return _normal(sum(map(_score, seasons)), sum(map(_variance, seasons)) * inflation)


def _score(known: FloatArray) -> int:
    return int(np.sign(known[None, :] - known[:, None])[np.triu_indices(known.size, 1)].sum())


def _variance(known: FloatArray) -> float:
    _, ties = np.unique(known, return_counts=True)
    return (_spread(known.size) - sum(map(_spread, ties.tolist()))) / 18


def _spread(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def _z(s: int, variance: float) -> float:
    return (abs(s) - 1) * (1 if s > 0 else -1) / sqrt(variance) if s and variance > 0 else 0.0


def _normal(s: int, variance: float) -> MannKendall:
    z = _z(s, variance)
    return MannKendall(s, variance, z, erfc(abs(z) / sqrt(2)))
