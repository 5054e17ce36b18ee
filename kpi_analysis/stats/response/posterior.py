"""Posterior of response curves by a Gibbs sampler over a grid of curves.

The baseline is linear and projected out (variable projection, Golub & Pereyra 1973). For each channel a grid of
decay, half and shape is tried, and "no effect" beside it. Given the other channels, every point of the grid has a
closed-form weight, with the size of the effect, which is never negative, integrated out; so a Gibbs sampler draws
grid point and size together (Ritter & Tanner 1992, J. American Statistical Association 87, 861-868).

A bootstrap of the best fit would be too sure of itself here: where the best size is zero, or the best half lies at
an edge of the grid, it repeats that edge instead of telling what else is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.response.baseline_regressors import orthonormal_basis, residuals
from kpi_analysis.stats.response.curves import ResponseCurve, adstock, hill

DECAYS = np.round(np.arange(0.0, 0.95, 0.1), 1)
HALVES = np.geomspace(0.04, 3.0, 14)  # times the most money at work
SHAPES = (0.75, 1.0, 1.5, 2.0, 3.0)
LARGEST_EFFECT = 3.0  # prior scale of the effect of the most money at work, in standard deviations of the outcome
PRIOR_OF_NO_EFFECT = 0.5
BURN_IN = 150
DRAWS = 850
PILOT_DRAWS = 100
FIRST_PERIODS = 8  # whose mean stands for the unknown spend before them
MAX_AUTOCORRELATION = 0.9


@dataclass(frozen=True)
class CurveGrid:
    """Grid of the curves that are tried for a channel: parameters (k) and what each makes of the spend (k, n)."""

    decay: FloatArray
    half: FloatArray
    shape: FloatArray
    peak: FloatArray
    values: FloatArray


def curve_grid(spend: FloatArray) -> CurveGrid:
    """Grid of curves to try for the spend of a channel (n), each scaled to 1 at the most money at work."""
    at_work = dict(zip(DECAYS.tolist(), adstock(spend, DECAYS, before=spend[:FIRST_PERIODS].mean()), strict=True))
    points = np.array(list(product(DECAYS.tolist(), HALVES.tolist(), SHAPES)))
    decay, half, shape = points.T
    money = np.array([at_work[value] for value in decay.tolist()])
    half = half * money.max(axis=1)
    values = hill(money, half[:, None], shape[:, None])
    peak = values.max(axis=1)
    return CurveGrid(decay, half, shape, peak, values / peak[:, None])


@dataclass(frozen=True)
class PosteriorDraws:
    """Posterior draws of grid point and size (channels, draws), and the mean effect of all channels (n)."""

    points: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    sizes: FloatArray
    effect: FloatArray

    def curve(self, channel: int, grid: CurveGrid, pattern: FloatArray, largest: float) -> ResponseCurve:
        """Draws of one channel as a curve in the units of money and outcome."""
        at = self.points[channel]
        size = self.sizes[channel] / grid.peak[at]
        return ResponseCurve(pattern, largest, grid.decay[at], grid.half[at], grid.shape[at], size)


def sample_posterior(
    grids: Sequence[CurveGrid],
    outcome: FloatArray,
    columns: FloatArray,
    random: np.random.Generator,
    draws: int = DRAWS,
    *,
    autocorrelation: float | None = None,
) -> PosteriorDraws:
    """Posterior draws of the curves of all channels.

    Parameters
    ----------
    grids : sequence of CurveGrid
        One a channel.
    outcome : ndarray of float, shape (n,)
        Of the same periods.
    columns : ndarray of float, shape (n, k)
        The baseline regressors.
    random : Generator
        Source of the draws.
    draws : int
        How many.
    autocorrelation : float, optional
        Lag-1 autocorrelation of the noise; a pilot run estimates it if it is not given.

    Returns
    -------
    PosteriorDraws
        In the units of the outcome.
    """
    scale = float(outcome.std())
    values = outcome / scale
    if autocorrelation is None:
        first = _gibbs(grids, values, columns, 0.0, random, PILOT_DRAWS)
        autocorrelation = _lag1_autocorrelation(values - first.effect, columns)
    found = _gibbs(grids, values, columns, autocorrelation, random, draws)
    return PosteriorDraws(found.points, found.sizes * scale, found.effect * scale)


def _lag1_autocorrelation(values: FloatArray, columns: FloatArray) -> float:
    """Lag-1 autocorrelation of the noise; the baseline takes about 1/n a column off it, which is put back."""
    basis = orthonormal_basis(columns)
    left = residuals(basis, values)
    count, rank = basis.shape
    raw = float(left[1:] @ left[:-1] / (left @ left))
    return float(np.clip((count * raw + rank) / (count - rank), 0.0, MAX_AUTOCORRELATION))


def _whitened(rows: FloatArray, autocorrelation: float) -> FloatArray:
    return rows[..., 1:] - autocorrelation * rows[..., :-1]


def _gibbs(
    grids: Sequence[CurveGrid],
    values: FloatArray,
    columns: FloatArray,
    autocorrelation: float,
    random: np.random.Generator,
    draws: int,
) -> PosteriorDraws:
    basis = orthonormal_basis(_whitened(columns.T, autocorrelation).T)
    tried = [residuals(basis, _whitened(grid.values, autocorrelation)) for grid in grids]
    energy = [(rows**2).sum(axis=1) for rows in tried]
    left = residuals(basis, _whitened(values, autocorrelation))
    degrees = left.size - basis.shape[1]
    least = 1e-9 * float(left @ left) / degrees  # an outcome that the model explains wholly still has a variance
    variance = max(float(left @ left) / degrees, least)

    channels = len(grids)
    at, size = np.zeros(channels, dtype=np.int64), np.zeros(channels)
    points, sizes = np.zeros((channels, draws), dtype=np.int64), np.zeros((channels, draws))
    total = np.zeros_like(values)
    for sweep in range(-BURN_IN, draws):
        for channel in range(channels):
            left = left + size[channel] * tried[channel][at[channel]]
            match = tried[channel] @ left / variance
            at[channel], size[channel] = _draw_one(match, energy[channel] / variance, random)
            left = left - size[channel] * tried[channel][at[channel]]
        variance = max(float(left @ left) / random.chisquare(degrees), least)
        if sweep >= 0:
            points[:, sweep], sizes[:, sweep] = at, size
            for channel in range(channels):
                total += size[channel] * grids[channel].values[at[channel]]
    return PosteriorDraws(points, sizes, total / draws)


def _draw_one(match: FloatArray, energy: FloatArray, random: np.random.Generator) -> tuple[int, float]:
    """Draw a grid point and a size from their joint posterior; size 0 is "no effect", at any point."""
    spread = 1 / np.sqrt(energy + LARGEST_EFFECT**-2)
    score = match * spread
    above_zero = log_ndtr(score)
    odds = np.log(2 * spread / LARGEST_EFFECT) + 0.5 * score**2 + above_zero
    top = max(float(odds.max()), 0.0)
    weights = np.cumsum(np.exp(odds - top)) * ((1 - PRIOR_OF_NO_EFFECT) / odds.size)
    none = PRIOR_OF_NO_EFFECT * float(np.exp(-top))
    tick = random.random() * (weights[-1] + none)
    if tick >= weights[-1]:
        return 0, 0.0
    point = int(np.searchsorted(weights, tick, side="right"))
    # A normal variable above zero, from its upper tail: exact however unlikely that is.
    tail = np.log(1 - random.random()) + above_zero[point]
    return point, float(spread[point] * max(0.0, score[point] - ndtri_exp(tail)))
