"""Ordinary least-squares trend line with Newey-West standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.trends.validation import count_of_points, history_values

NEEDED = 8


@dataclass(frozen=True)
class LinearFit:
    """Result of a least-squares fit: the slope of a straight line through a history, and its errors.

    Parameters
    ----------
    slope : float, optional
        Change per period, in the KPI's own unit. None where the data are too few.
    error : float, optional
        Its standard error if the periods were independent of one another.
    robust_error : float, optional
        Its standard error where they are not (Newey and West).
    low, high : float, optional
        95 % limits of the slope, by the robust error.
    reason : str, optional
        Why there is no slope.
    """

    slope: float | None = None
    error: float | None = None
    robust_error: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def least_squares(history: pd.Series[Any], *, lags: int | None = None) -> LinearFit:
    """Ordinary least-squares slope of a history, with a Newey-West (HAC) standard error and limits.

    One outlier bends it, so the direction is better read from `trend`; its strength is an error that allows for
    autocorrelation and for a spread that changes.

    Parameters
    ----------
    history : pandas.Series
        One value a period, in time order. A missing value is a gap that keeps its place in time.
    lags : int, optional
        Over how many periods the autocorrelation is followed; 4 (n / 100) ^ (2 / 9) by default.

    Returns
    -------
    LinearFit
        Without a slope, and with the reason, below 8 points.

    Raises
    ------
    UsageError
        When `lags` is negative, or the history is not a Series of numbers.

    References
    ----------
    Newey, W. K. and West, K. D. (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation
    consistent covariance matrix. Econometrica 55, 703-708. With the small-sample factor n / (n - 2).

    Examples
    --------
    >>> line = least_squares(pd.Series([1.0, 2.1, 2.9, 4.2, 5.0, 5.8, 7.1, 8.0]))
    >>> round(line.slope, 3), round(line.error, 4)
    (0.994, 0.0206)
    """
    values = history_values(history)
    known = ~np.isnan(values)
    count = int(known.sum())
    if lags is not None and lags < 0:
        raise UsageError(f"`lags` is {lags}; wanted 0 or more.")
    if count < NEEDED:
        return LinearFit(reason=f"not enough data: {count_of_points(count)}, {NEEDED} are needed")
    times = np.arange(len(values), dtype=float)
    times -= times[known].mean()
    spread = float((times[known] ** 2).sum())
    slope = float((times[known] * values[known]).sum() / spread)
    residuals = np.where(known, values - values[known].mean() - slope * times, 0.0)  # a gap adds nothing to any sum
    error = sqrt(float((residuals**2).sum()) / (count - 2) / spread)
    followed = lags if lags is not None else int(4 * (count / 100) ** (2 / 9))
    robust = sqrt(max(_long_run_variance(residuals * times, followed), 0.0) * count / (count - 2)) / spread
    from scipy.special import stdtrit  # slow to import, and most histories are asked for their direction only

    half = float(stdtrit(count - 2, 0.975)) * robust
    return LinearFit(slope, error, robust, slope - half, slope + half)


def _long_run_variance(moments: FloatArray, lags: int) -> float:
    """Long-run variance of a sum of terms that follow one another, with Bartlett's weights."""
    total = float((moments**2).sum())
    for lag in range(1, min(lags, len(moments) - 1) + 1):
        total += 2 * (1 - lag / (lags + 1)) * float((moments[lag:] * moments[:-lag]).sum())
    return total
