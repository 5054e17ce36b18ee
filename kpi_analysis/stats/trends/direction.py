"""Corrected Mann-Kendall trend test with Theil-Sen slope, plain or by season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.trends.autocorrelation import lag1_autocorrelation, variance_inflation
from kpi_analysis.stats.trends.mann_kendall import MannKendall, mann_kendall, seasonal_mann_kendall
from kpi_analysis.stats.trends.theil_sen import SlopeEstimate, seasonal_theil_sen, theil_sen
from kpi_analysis.stats.trends.validation import count_of_points, history_values

NEEDED = 5
CYCLES = 3
SIGNIFICANT = 0.05

Direction = Literal["rising", "falling", "steady"]


@dataclass(frozen=True)
class Trend:
    """Result of a trend test: direction, slope and p-value of a history.

    Parameters
    ----------
    direction : str, optional
        rising, falling or steady: no rise or fall stands out from the noise. None where the data are too few.
    slope, slope_low, slope_high : float, optional
        Change per period and its 95 % limits, in the KPI's own unit. The limits take the periods as independent
        of one another; only the p-value allows for autocorrelation, so the two can disagree.
    p_value : float, optional
        How often noise alone would look like this; below .05 the direction is named.
    statistic : int, optional
        Mann-Kendall's S: pairs of periods that rise minus pairs that fall.
    method : str
        Which test it was, in words.
    reason : str, optional
        Why there is no direction.
    """

    direction: Direction | None
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    p_value: float | None
    statistic: int | None
    method: str
    reason: str | None = None


def trend(history: pd.Series[Any], *, season_length: int = 1) -> Trend:
    """Corrected Mann-Kendall test and Theil-Sen slope: direction, slope and p-value of a history.

    A rank test, so neither an outlier nor a curved path misleads it. Business series follow themselves from period to
    period, which makes the plain test reject far too often; here the variance is raised by the autocorrelation that is
    left after the slope is taken out. Up to 10 periods without ties the p-value is exact instead.

    Parameters
    ----------
    history : pandas.Series
        One value a period, in time order, indexed by period. A missing value is a gap and not a zero, and keeps
        its place in time. Leave out the unfinished period: it looks like a fall.
    season_length : int
        Periods in a full cycle (12 for months, 4 for quarters, 1 for no season). From 3 full cycles on, like is
        compared with like: January with January.

    Returns
    -------
    Trend
        Without a direction, and with the reason, below 5 points.

    Raises
    ------
    UsageError
        When the history is not a Series of numbers, or the season is no whole number from 1.
    DataError
        When a value is infinite.

    References
    ----------
    Mann, H. B. (1945). Nonparametric tests against trend. Econometrica 13, 245-259.
    Hirsch, R. M., Slack, J. R. and Smith, R. A. (1982). Techniques of trend analysis for monthly water quality
    data. Water Resources Research 18, 107-121.
    Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for autocorrelated data.
    Journal of Hydrology 204, 182-196.
    Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau.
    Journal of the American Statistical Association 63, 1379-1389.

    Examples
    --------
    >>> found = trend(pd.Series([100, 104, 103, 110, 115, 118, 117]))
    >>> found.direction, round(found.slope, 2), found.method
    ('rising', 3.5, 'Mann-Kendall, exact')
    >>> trend(pd.Series([100, 104, 103, 110])).reason
    'not enough data: 4 points, 5 are needed'
    """
    if not isinstance(season_length, int | np.integer) or season_length < 1:
        raise UsageError(
            f"A season has a whole number of periods, from 1; found {season_length!r}.",
            remedy="Say 12 for months, 4 for quarters, 1 for no season.",
        )
    values = history_values(history)
    known = int((~np.isnan(values)).sum())
    if known < NEEDED:
        reason = f"not enough data: {count_of_points(known)}, {NEEDED} are needed"
        return Trend(None, None, None, None, None, None, "Mann-Kendall", reason)
    if season_length > 1 and _span(values) >= CYCLES * season_length:
        test, slope, method = _by_season(values, int(season_length))
    else:
        test, slope, method = _plain(values)
        if season_length > 1:
            method += f"; the season is not taken out, which needs {CYCLES} full cycles"
    direction: Direction = "steady"
    if test.p_value < SIGNIFICANT:
        direction = "rising" if test.s > 0 else "falling"
    return Trend(direction, slope.slope, slope.low, slope.high, test.p_value, test.s, method)


def _plain(values: FloatArray) -> tuple[MannKendall, SlopeEstimate, str]:
    slope = theil_sen(values)
    inflation = _inflation(values - slope.slope * np.arange(values.size), values)
    test = mann_kendall(values, inflation=inflation)
    return test, slope, "Mann-Kendall, exact" if test.exact else _named("Mann-Kendall", inflation)


def _by_season(values: FloatArray, season_length: int) -> tuple[MannKendall, SlopeEstimate, str]:
    slope = seasonal_theil_sen(values, season_length)
    residuals = values - slope.slope * np.arange(values.size)
    for start in range(season_length):
        season = residuals[start::season_length]
        if not np.isnan(season).all():
            residuals[start::season_length] = season - np.nanmedian(season)
    inflation = _inflation(residuals, values)
    test = seasonal_mann_kendall(values, season_length, inflation=inflation)
    return test, slope, _named("seasonal Mann-Kendall", inflation)


def _inflation(residuals: FloatArray, values: FloatArray) -> float:
    return variance_inflation(lag1_autocorrelation(residuals, values), int((~np.isnan(residuals)).sum()))


def _named(test: str, inflation: float) -> str:
    return f"{test}, corrected for autocorrelation" if inflation > 1 else test


def _span(values: FloatArray) -> int:
    known = np.flatnonzero(~np.isnan(values))
    return int(known[-1] - known[0]) + 1
