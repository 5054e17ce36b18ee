"""Projection of a KPI by Bayesian averaging of exponential-smoothing models, with a backtest."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.projections.projection import Backtest, Projection
from kpi_analysis.stats.projections.sample_paths import FEWEST_FOR_MODELS, SamplePaths, draw_sample_paths
from kpi_analysis.stats.projections.transformations import Bounds

PATHS = 1000
BACKTEST_PATHS = 250
FEWEST = 4
LOW_EVIDENCE = 10
HELD_OUT_ENDS = 3
FEWEST_ENDS = 2
CLEAR_LOSS = 2.5  # on M3 a smaller loss, and even this one, foretold no loss to the last value afterwards
SMALL_ERROR = 0.01  # of the history's usual size: below that nobody minds a loss


def project(
    history: pd.Series,
    horizon: int,
    *,
    season_length: int = 1,
    level: float = 0.95,
    non_negative: bool = False,
    bounds: tuple[float, float] | None = None,
    seed: int = 0,
) -> Projection:
    """Bayesian average of exponential-smoothing models: centre, interval, sample paths and backtest of a KPI's future.

    A fixed grid of models, with and without trend and season, on the values and on their logarithms, all in closed
    form. A missing value is left open: every model is conditioned on the values that are there. Single outliers are set
    aside and lasting level shifts followed where the evidence is beyond doubt. The method is tried on held-out ends of
    the history first.

    Parameters
    ----------
    history : Series
        One value a period, in time order; a missing value is a gap, also at the end. An unfinished period must
        not be in it.
    horizon : int
        Periods to project, counted from the end of `history`.
    season_length : int
        Periods in a season: 12 for months, 4 for quarters, 7 for days, 52 for weeks, 1 for none. A long season
        (25 to 53 periods) is learned from four full ones on.
    level : float
        How often the interval shall hold the value, between 0 and 1.
    non_negative : bool
        The KPI cannot be below 0.
    bounds : (float, float), optional
        Lowest and highest possible value, (0, 1) for a rate; either may be infinite.
    seed : int
        The same seed and history give the same paths.

    Returns
    -------
    Projection
        With `reason` and no frame where there are fewer than 4 points, where the history contradicts the
        limits, or where the method was clearly worse than the last value on the held-out ends. From 4 to 5
        points the last value is repeated; below 10 points `low_evidence` is set.

    Raises
    ------
    UsageError
        When the horizon, the season, the level, the bounds or the seed make no sense.
    DataError
        When the history holds something that is neither a finite number nor missing.

    References
    ----------
    Hyndman, R. J., Koehler, A. B., Ord, J. K., Snyder, R. D. (2008). Forecasting with Exponential Smoothing.
    Springer. Raftery, A. E., Madigan, D., Hoeting, J. A. (1997). Bayesian model averaging for linear
    regression models. Journal of the American Statistical Association 92, 179-191.

    Examples
    --------
    >>> history = pd.Series([102.0, 98, 105, 110, 108, 115, 118, 117, 124, 126, 125, 131])
    >>> projection = project(history, 3, non_negative=True)
    >>> projection.frame["mean"].round(0).tolist()
    [132.0, 134.0, 136.0]
    >>> project(pd.Series([1.0, 2.0, 3.0]), 3).reason
    'not enough data: 3 points, 4 are needed'
    """
    limits = _checked(horizon, season_length, level, non_negative, bounds, seed)
    values = _numbers(history)
    observed = values[~np.isnan(values)]
    count = len(observed)
    if count < FEWEST:
        points = "1 point" if count == 1 else f"{count} points"
        return Projection(reason=f"not enough data: {points}, {FEWEST} are needed", low_evidence=True)
    low_evidence = count < LOW_EVIDENCE
    if not limits.hold(observed):
        return Projection(reason=_outside(observed, limits), low_evidence=low_evidence)

    backtest = _backtest(values, horizon, season_length, limits, level, seed)
    result = draw_sample_paths(values, horizon, season_length, limits, PATHS, np.random.default_rng(seed))
    method = f"{result.method}; low evidence: {count} points" if low_evidence else result.method
    usual_size = float(np.abs(observed).mean())
    # The middle of many zeros is zero, so the absolute error favours a last value that happens to be one.
    if backtest is not None and not result.many_zeros and is_material_loss(backtest, usual_size):
        if is_clear_loss(backtest, usual_size):
            return Projection(
                method=method,
                backtest=backtest,
                reason=f"withheld: {_loss(backtest)}",
                low_evidence=low_evidence,
            )
        method += f"; {_loss(backtest)}"
    return Projection(_frame(result, level), result.paths, method, backtest, None, low_evidence)


def project_many(
    histories: Iterable[pd.Series],
    horizon: int,
    *,
    season_length: int = 1,
    level: float = 0.95,
    non_negative: bool = False,
    bounds: tuple[float, float] | None = None,
    seed: int = 0,
) -> list[Projection]:
    """Projections of many KPIs with the same settings, each the one that `project` gives.

    What depends on the length alone is worked out once for all histories of that length.

    Parameters
    ----------
    histories : iterable of Series
        Each as in `project`.
    horizon : int
        Periods to project, as in `project`.
    season_length : int
        Periods in a season, as in `project`.
    level : float
        As in `project`.
    non_negative : bool
        As in `project`.
    bounds : (float, float), optional
        As in `project`.
    seed : int
        As in `project`.

    Returns
    -------
    list of Projection
        In the order of `histories`.

    Raises
    ------
    UsageError
        As `project`.
    DataError
        As `project`.

    Examples
    --------
    >>> rising, flat = pd.Series(range(1, 25), dtype=float), pd.Series([7.0] * 24)
    >>> [round(float(one.frame["mean"].iloc[-1])) for one in project_many([rising, flat], 2)]
    [26, 7]
    """
    return [
        project(
            history,
            horizon,
            season_length=season_length,
            level=level,
            non_negative=non_negative,
            bounds=bounds,
            seed=seed,
        )
        for history in histories
    ]


def _checked(
    horizon: int,
    season_length: int,
    level: float,
    non_negative: bool,
    bounds: tuple[float, float] | None,
    seed: int,
) -> Bounds:
    for name, number, least in (("horizon", horizon, 1), ("season_length", season_length, 1), ("seed", seed, 0)):
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < least:
            raise UsageError(f"`{name}` is {number!r}; wanted a whole number from {least} on.")
    if not 0 < level < 1:
        raise UsageError(f"`level` is {level!r}; wanted a share between 0 and 1, such as 0.95.")
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    low = max(low, 0.0) if non_negative else low
    if not low < high:
        raise UsageError(f"The lowest possible value is {low} and the highest {high}; wanted the lower one first.")
    return Bounds(low, high)


def _numbers(history: pd.Series) -> FloatArray:
    try:
        values = history.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"The history holds something that is no number: {error}.") from error
    if np.isinf(values).any():
        raise DataError(
            "The history holds an infinite value; wanted numbers, or nothing where there is no value.",
            remedy="Replace it by a missing value.",
        )
    there = np.flatnonzero(~np.isnan(values))
    return values[there[0] :] if len(there) else values[:0]


def _backtest(
    values: FloatArray, horizon: int, season_length: int, limits: Bounds, level: float, seed: int
) -> Backtest | None:
    """Project up to three held-out ends, half a horizon apart, each from at least half of the history."""
    least = max(FEWEST_FOR_MODELS, len(values) // 2)
    tried = min(horizon, len(values) - least)
    starts = [len(values) - tried - end * max(1, tried // 2) for end in range(HELD_OUT_ENDS)]
    errors, naive_errors, within = [], [], []
    for start in starts:
        past, future = values[:start], values[start : start + tried]
        seen, there = past[~np.isnan(past)], ~np.isnan(future)
        if tried < 1 or start < least or len(seen) < FEWEST_FOR_MODELS or not there.any():
            continue
        random = np.random.default_rng((seed, start))
        result = draw_sample_paths(past, tried, season_length, limits, BACKTEST_PATHS, random)
        low, high = _interval(result, level)
        errors.append(np.abs(result.centre - future)[there])
        naive_errors.append(np.abs(seen[-1] - future)[there])
        within.append(((future >= low) & (future <= high))[there])
    if not errors:
        return None
    error, naive_error, covered = (np.concatenate(parts) for parts in (errors, naive_errors, within))
    return Backtest(
        tried, len(errors), float(error.mean()), float(naive_error.mean()), float(covered.mean()), len(error)
    )


def is_clear_loss(backtest: Backtest, usual_size: float) -> bool:
    """Whether a backtest is lost so clearly that chance on a few held-out values hardly explains it."""
    return backtest.ends >= FEWEST_ENDS and backtest.ratio > CLEAR_LOSS and is_material_loss(backtest, usual_size)


def is_material_loss(backtest: Backtest, usual_size: float) -> bool:
    """Whether a backtest is lost by more than a rounding of the KPI."""
    return backtest.error - backtest.naive_error > SMALL_ERROR * usual_size


def _loss(backtest: Backtest) -> str:
    ends = "the held-out end" if backtest.ends == 1 else f"{backtest.ends} held-out ends"
    if backtest.naive_error == 0:
        return f"on {ends} of the history the last value was right each time, this method was not"
    percent = 100 * (backtest.ratio - 1)
    return f"on {ends} of the history its error was {percent:.0f} % above that of repeating the last value"


def _outside(observed: FloatArray, limits: Bounds) -> str:
    if observed.min() < limits.low:
        return f"the history goes down to {observed.min():g}, but the KPI is said never to be below {limits.low:g}"
    return f"the history goes up to {observed.max():g}, but the KPI is said never to be above {limits.high:g}"


def _interval(result: SamplePaths, level: float) -> tuple[FloatArray, FloatArray]:
    low, high = np.quantile(result.paths, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.minimum(low, result.centre), np.maximum(high, result.centre)


def _frame(result: SamplePaths, level: float) -> pd.DataFrame:
    low, high = _interval(result, level)
    steps = np.arange(1, len(low) + 1)
    return pd.DataFrame({"step": steps, "mean": result.centre, "low": low, "high": high})
