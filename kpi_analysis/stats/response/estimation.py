"""Estimation of media response: a Bayesian fit of adstock and Hill curves, and its quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.response.baseline_regressors import baseline_regressors, orthonormal_basis, residuals
from kpi_analysis.stats.response.curves import ResponseCurve, credible_interval
from kpi_analysis.stats.response.identifiability import (
    unidentifiable_channels,
    why_no_effect,
    why_no_fit,
    why_no_marginal,
)
from kpi_analysis.stats.response.posterior import CurveGrid, curve_grid, sample_posterior
from kpi_analysis.stats.response.response import COLUMNS, FitQuality, Response
from kpi_analysis.stats.response.validation import ResponseData, read_response_data

HELD_OUT = 13
LONG = 104  # periods from which on two ends are held out
DRAWS_HELD_OUT = 150


def fit_response(
    spend: pd.DataFrame,
    outcome: pd.Series[Any],
    *,
    season_length: int = 52,
    controls: pd.DataFrame | None = None,
    seed: int = 0,
) -> Response:
    """Bayesian adstock-Hill regression: average and marginal return of each channel, with 95 % limits.

    The outcome is a trend with a bend a season, up to three waves of the season, controls, and for each channel a
    Hill curve of its adstock; noise may follow itself from period to period. All curves of a grid that agree with
    the data are kept, by how well they do, so that the limits hold what is not known about the curve's form too.

    Parameters
    ----------
    spend : DataFrame
        One row a period, in time order, without gaps; one column a channel; money, zero or more.
    outcome : Series
        Revenue or conversions of the same periods.
    season_length : int
        Periods in a full cycle: 52 for weeks, 12 for months, 1 for no season.
    controls : DataFrame, optional
        Other things that move the outcome: prices, holidays, campaigns that cost nothing.
    seed : int
        The same seed and data, the same result.

    Returns
    -------
    Response
        A channel whose numbers cannot be told has NaN and a reason. All channels are withheld below 52 periods,
        and where the model does no better on held-out periods than repeating the season before.

    Raises
    ------
    UsageError
        The tables are not of the same periods, hold no numbers, or the season is no whole number.
    DataError
        A number is missing, or money below zero.

    Notes
    -----
    The model believes that nothing else moved along with spend. Money that follows demand looks better than it is;
    a control for demand helps, only an experiment proves.

    References
    ----------
    Jin, Y. et al. (2017). Bayesian methods for media mix modeling with carryover and shape effects. Google.
    Golub, G. H. and Pereyra, V. (1973). The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate. SIAM J. on Numerical Analysis 10, 413-432.

    Examples
    --------
    >>> fit_response(pd.DataFrame({"search": [10.0, 20.0]}), pd.Series([100.0, 120.0])).reason
    'fewer than 52 periods: 2'
    """
    tables = read_response_data(spend, outcome, controls, season_length)
    reason = why_no_fit(tables)
    if reason is not None:
        return _withheld(tables, reason)
    excluded = unidentifiable_channels(tables)
    if len(excluded) == len(tables.names):
        return Response(_table(tables, {}, excluded), reason="no channel's spend varied on its own")

    # A channel that is not shown may still have moved the outcome, so that all that moved are in the model.
    moved = [number for number, money in enumerate(tables.spend) if np.ptp(money) > 0]
    grids = [curve_grid(tables.spend[number]) for number in moved]
    columns = baseline_regressors(tables.periods, tables.season_length, tables.controls)
    drawn = sample_posterior(grids, tables.outcome, columns, np.random.default_rng(seed))
    quality = _quality(tables, grids, columns, drawn.effect, seed)
    if quality.reason is not None:
        return _withheld(tables, quality.reason, quality)

    curves = {}
    for at, number in enumerate(moved):
        name = tables.names[number]
        if name not in excluded:
            curve = drawn.curve(at, grids[at], tables.present[number], float(tables.spend[number].max()))
            if doubt := why_no_effect(curve):
                excluded[name] = doubt
            else:
                curves[name] = curve
    return Response(_table(tables, curves, excluded), quality, curves=curves)


def _withheld(tables: ResponseData, reason: str, quality: FitQuality | None = None) -> Response:
    return Response(_table(tables, {}, dict.fromkeys(tables.names, reason)), quality, reason)


def _table(tables: ResponseData, curves: Mapping[str, ResponseCurve], reasons: Mapping[str, str]) -> pd.DataFrame:
    rows = []
    for name, spend in zip(tables.names, tables.present.sum(axis=1).tolist(), strict=True):
        row: dict[str, object] = {"channel": name, "spend": spend, "reason": reasons.get(name, "")}
        if name in curves:
            row |= _returns(curves[name])
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[1:-1], float))


def _returns(curve: ResponseCurve) -> dict[str, object]:
    average, average_low, average_high = credible_interval(curve.outcome() / curve.spend)
    row: dict[str, object] = {
        "contribution": average * curve.spend,
        "average_return": average,
        "average_low": average_low,
        "average_high": average_high,
        "decay": float(curve.decay[curve.size > 0].mean()),
    }
    if reason := why_no_marginal(curve):
        return row | {"reason": reason}
    marginal, low, high = credible_interval(curve.marginal())
    return row | {"marginal_return": marginal, "marginal_low": low, "marginal_high": high}


def _quality(
    tables: ResponseData, grids: Sequence[CurveGrid], columns: FloatArray, effect: FloatArray, seed: int
) -> FitQuality:
    left = residuals(orthonormal_basis(columns), tables.outcome - effect)
    r_squared = 1 - float(left @ left) / float(((tables.outcome - tables.outcome.mean()) ** 2).sum())
    ends = 2 if tables.periods >= LONG else 1
    misses, naive_misses = [], []
    for end in range(ends):
        stop = tables.periods - end * HELD_OUT
        start = stop - HELD_OUT
        actual = tables.outcome[start:stop]
        misses.append(np.abs(actual - _predict_held_out(tables, grids, start, stop, seed)))
        naive_misses.append(np.abs(actual - _seasonal_naive(tables, start)))
    return FitQuality(r_squared, float(np.mean(misses)), float(np.mean(naive_misses)), ends * HELD_OUT)


def _predict_held_out(tables: ResponseData, grids: Sequence[CurveGrid], start: int, stop: int, seed: int) -> FloatArray:
    """Prediction of a fit to the periods before `start` for those up to `stop`, their spend being known."""
    columns = baseline_regressors(start, tables.season_length, tables.controls[:stop], stop - start)
    seen = [replace(grid, values=grid.values[:, :start]) for grid in grids]
    random = np.random.default_rng(seed)
    # The middle of a forecast hardly depends on how the noise hangs together, so that the first look is saved.
    drawn = sample_posterior(seen, tables.outcome[:start], columns[:start], random, DRAWS_HELD_OUT, autocorrelation=0.0)
    weights = np.linalg.lstsq(columns[:start], tables.outcome[:start] - drawn.effect, rcond=1e-9)[0]
    later = sum(
        (sizes @ grid.values[points, start:stop]) / DRAWS_HELD_OUT
        for grid, points, sizes in zip(grids, drawn.points, drawn.sizes, strict=True)
    )
    return np.asarray(columns[start:] @ weights + later, dtype=float)


def _seasonal_naive(tables: ResponseData, start: int) -> FloatArray:
    """Periods one season before those held out; where none is known, the last value."""
    if tables.season_length == 1 or start < tables.season_length:
        return np.repeat(tables.outcome[start - 1], HELD_OUT)
    season = tables.outcome[start - tables.season_length : start]
    return np.resize(season, HELD_OUT)
