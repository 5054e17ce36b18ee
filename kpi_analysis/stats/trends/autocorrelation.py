"""Lag-1 autocorrelation of short series, and the variance inflation that it brings to rank tests."""

from __future__ import annotations

import numpy as np

from kpi_analysis.stats.arrays import FloatArray

# Beyond this an estimate from a short series says only that it is high.
HIGHEST = 0.9


def lag1_autocorrelation(residuals: FloatArray, values: FloatArray) -> float:
    """Lag-1 autocorrelation of a series, corrected for its bias in short series and kept within 0 and .9.

    Parameters
    ----------
    residuals : ndarray of float, shape (n,)
        What is left of a series once its trend, or its step, is out; a gap is NaN. Only neighbours in time make a pair,
        so no pair spans a gap.
    values : ndarray of float, shape (n,)
        The series itself: what is left at the size of its rounding errors is nothing.

    Returns
    -------
    float
        (n r₁ + 2) / (n − 4), or 0 where nothing is left to correlate.

    Examples
    --------
    >>> there_and_back = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    >>> lag1_autocorrelation(there_and_back, there_and_back)
    0.0
    >>> slow = np.array([1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0])
    >>> lag1_autocorrelation(slow, slow)
    0.9
    """
    return float(lag1_autocorrelations(residuals[None], values[None])[0])


def lag1_autocorrelations(residuals: FloatArray, values: FloatArray) -> FloatArray:
    """Lag-1 autocorrelation of each row, as `lag1_autocorrelation` gives it for one.

    Parameters
    ----------
    residuals : ndarray of float, shape (k, n)
        One detrended series a row; a gap is NaN.
    values : ndarray of float, shape (k, n)
        The series themselves.

    Returns
    -------
    ndarray of float, shape (k,)
        One a row, from 0 to .9.

    Examples
    --------
    >>> rows = np.array([[1.0, -1.0, 1.0, -1.0, 1.0, -1.0], [1.0, 2.0, 2.0, 3.0, 3.0, 4.0]])
    >>> lag1_autocorrelations(rows, rows).tolist()
    [0.0, 0.9]
    """
    known = ~np.isnan(residuals)
    count = known.sum(axis=1)
    mean = np.where(known, residuals, 0.0).sum(axis=1) / np.maximum(count, 1)
    centred = np.where(known, residuals - mean[:, None], 0.0)  # a gap adds nothing to the sums below
    power = (centred**2).sum(axis=1) / np.maximum(count, 1)
    pairs = (known[:, 1:] & known[:, :-1]).sum(axis=1)
    rounding = (1e-12 * np.fmax.reduce(np.abs(values), axis=1)) ** 2
    defined = (count > 4) & (pairs > 0) & ~(power <= rounding)
    together = (centred[:, 1:] * centred[:, :-1]).sum(axis=1) / np.maximum(pairs, 1)
    raw = together / np.where(defined, power, 1.0) * (count - 1) / np.maximum(count, 1)
    corrected: FloatArray = np.where(defined, np.clip((count * raw + 2) / np.maximum(count - 4, 1), 0.0, HIGHEST), 0.0)
    return corrected


def rank_correlations(correlation: float, count: int) -> FloatArray:
    """Rank autocorrelations of a normal first-order autoregressive process, at lags 1 to `count` − 1.

    Parameters
    ----------
    correlation : float
        Lag-1 autocorrelation of the process, from 0 to below 1.
    count : int
        Number of points.

    Returns
    -------
    ndarray of float, shape (count − 1,)
        One a lag.

    Examples
    --------
    >>> rank_correlations(0.5, 4).round(3).tolist()
    [0.483, 0.239, 0.119]
    """
    ranks: FloatArray = 6 / np.pi * np.arcsin(correlation ** np.arange(1, count) / 2)
    return ranks


def variance_inflation(correlation: float, count: int) -> float:
    """Hamed-Rao variance inflation of Mann-Kendall's S under autocorrelation; never below 1.

    Parameters
    ----------
    correlation : float
        Lag-1 autocorrelation of the detrended series, taken as that of a first-order process.
    count : int
        Number of points, 3 at least.

    Returns
    -------
    float
        The factor that the variance is multiplied by.

    References
    ----------
    Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for autocorrelated data.
    Journal of Hydrology 204, 182-196.

    Examples
    --------
    >>> variance_inflation(0.0, 24)
    1.0
    >>> round(variance_inflation(0.4, 24), 3)
    2.028
    """
    left = count - np.arange(1, count)
    weights = left * (left - 1.0) * (left - 2.0)
    total = float((weights * rank_correlations(correlation, count)).sum())
    return max(1.0, 1 + 2 * total / (count * (count - 1.0) * (count - 2.0)))
