"""Pettitt's change-point test: whether and when the level of a history changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.trends.autocorrelation import lag1_autocorrelation, rank_correlations
from kpi_analysis.stats.trends.validation import count_of_points, history_values

NEEDED = 24
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class ChangePoint:
    """Result of a change-point test: the one lasting change of level that a history shows, if any.

    Parameters
    ----------
    after : label, optional
        The last period of the old level, as the history's index names it. None where no change is found.
    p_value : float, optional
        How often noise alone, as autocorrelated as this, would look like a change. None where there was no test.
    mean_before, mean_after : float, optional
        The two levels, in the KPI's own unit.
    reason : str, optional
        Why no change is named.
    """

    after: Any
    p_value: float | None
    mean_before: float | None
    mean_after: float | None
    reason: str | None = None


def change_point(history: pd.Series[Any]) -> ChangePoint:
    """Pettitt's change-point test, corrected for autocorrelation: after which period the level changed.

    The break is where the running sum of the ranks, taken from their mean, is furthest from zero, so an outlier is no
    break. Its limiting distribution is that of Kolmogorov. The variance is raised by the autocorrelation that is left
    once the step is taken out. A gradual rise or fall shifts the ranks as a step does; where a straight line fits them
    better by Schwarz's criterion, no break is named.

    Parameters
    ----------
    history : pandas.Series
        One value a period, in time order, indexed by period; a missing value is a gap. Leave out the unfinished
        period, and take out a season first.

    Returns
    -------
    ChangePoint
        Without a break, and with the reason, below 24 points.

    Raises
    ------
    UsageError
        When the history is not a Series of numbers.
    DataError
        When a value is infinite.

    References
    ----------
    Pettitt, A. N. (1979). A non-parametric approach to the change-point problem. Applied Statistics 28, 126-135.
    Serinaldi, F. and Kilsby, C. G. (2016). The importance of prewhitening in change point analysis under
    persistence. Stochastic Environmental Research and Risk Assessment 30, 763-777: step and bias-corrected
    autocorrelation are to be estimated together.
    Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6, 461-464.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=24, freq="M").astype(str)
    >>> found = change_point(pd.Series([10.0, 12, 11, 9] * 3 + [15.0, 17, 14, 16] * 3, index=months))
    >>> found.after, found.mean_before, found.mean_after
    ('2024-12', 10.5, 15.5)
    """
    values = history_values(history)
    at = np.flatnonzero(~np.isnan(values))
    if at.size < NEEDED:
        reason = f"not enough data: {count_of_points(at.size)}, {NEEDED} are needed"
        return ChangePoint(None, None, None, None, reason)
    from scipy import special, stats

    ranks: FloatArray = stats.rankdata(values[at])
    sums = np.cumsum(ranks - ranks.mean())[:-1]
    last = int(np.abs(sums).argmax())
    before, after = values[at[: last + 1]], values[at[last + 1 :]]
    residuals = values.copy()
    residuals[at[: last + 1]] -= before.mean()
    residuals[at[last + 1 :]] -= after.mean()
    variance = at.size * float(ranks.var(ddof=1)) * _inflation(lag1_autocorrelation(residuals, values), at.size)
    p_value = float(special.kolmogorov(abs(sums[last]) / variance**0.5)) if variance > 0 else 1.0
    if p_value >= SIGNIFICANT:
        return ChangePoint(None, p_value, None, None, "no single change of level stands out")
    if _line_fits_better(ranks, at, last + 1):
        return ChangePoint(None, p_value, None, None, "a steady trend fits better than one change of level")
    return ChangePoint(history.index[at[last]], p_value, float(before.mean()), float(after.mean()))


def _inflation(correlation: float, count: int) -> float:
    """Variance inflation of a running sum of ranks under autocorrelation."""
    shares = 1 - np.arange(1, count) / count
    return 1 + 2 * float((shares * rank_correlations(correlation, count)).sum())


def _line_fits_better(ranks: FloatArray, at: npt.NDArray[np.intp], break_at: int) -> bool:
    """Compare a line (level and slope) with a step (two levels and a date) by Schwarz's criterion."""
    line = ranks - np.polyval(np.polyfit(at, ranks, 1), at)
    step = np.concatenate([part - part.mean() for part in np.split(ranks, [break_at])])
    penalty = ranks.size ** (1 / ranks.size)
    return bool(line @ line < step @ step * penalty)
