"""How far each period resembles the one before it, and how much less evidence that leaves."""

from __future__ import annotations

import numpy as np

from kpi_analysis.trends.history import Values

# Beyond this an estimate from a short series says only that it is high.
HIGHEST = 0.9


def lag_one(residuals: Values) -> float:
    """Return the lag-1 autocorrelation, corrected for its bias in short series and kept within 0 and .9.

    Parameters
    ----------
    residuals : ndarray
        What is left of a series once its trend, or its step, is out; a gap is NaN. Only neighbours in time
        make a pair, so no pair spans a gap.

    Returns
    -------
    float
        (n r₁ + 2) / (n − 4), or 0 where nothing is left to correlate.

    Examples
    --------
    >>> lag_one(np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]))
    0.0
    >>> round(lag_one(np.array([1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0])), 3)
    0.9
    """
    known = ~np.isnan(residuals)
    count = int(known.sum())
    if count <= 4:
        return 0.0
    centred = residuals - residuals[known].mean()
    power = float((centred[known] ** 2).mean())
    largest = float(np.abs(residuals[known]).max())
    products = centred[1:] * centred[:-1]
    paired = ~np.isnan(products)
    # A straight line leaves rounding errors only, and those are no pattern.
    if power <= (1e-12 * largest) ** 2 or not paired.any():
        return 0.0
    raw = float(products[paired].mean()) / power * (count - 1) / count
    return float(np.clip((count * raw + 2) / (count - 4), 0.0, HIGHEST))


def variance_inflation(correlation: float, count: int) -> float:
    """Return by how much autocorrelation raises the variance of Mann-Kendall's S; never below 1.

    Parameters
    ----------
    correlation : float
        Lag-1 autocorrelation of the detrended series, taken as that of a first-order process.
    count : int
        Number of points.

    References
    ----------
    Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for autocorrelated data.
    Journal of Hydrology 204, 182-196. The rank correlations are those of a normal process, (6/π) asin(rᵏ/2).

    Examples
    --------
    >>> variance_inflation(0.0, 24)
    1.0
    >>> round(variance_inflation(0.4, 24), 3)
    2.01
    """
    lags = np.arange(1, count)
    left = count - lags
    weights = left * (left - 1.0) * (left - 2.0)
    ranks = 6 / np.pi * np.arcsin(correlation**lags / 2)
    if count < 3:
        return 1.0
    return max(1.0, 1 + 2 * float((weights * ranks).sum()) / (count * (count - 1.0) * (count - 2.0)))
