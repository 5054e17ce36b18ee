"""Exponential-smoothing models in innovations form: the fixed grid that a projection averages over.

A model keeps a level, a slope and, in the seasonal family, one state for each season. With the damped slope
``b⁻ = φ·b`` the next value is ``level + b⁻ + season + e``; then ``level += b⁻ + α·e``, ``slope = b⁻ + β·e``
and ``season += γ·e``. The states at the start are unknown: their prior is in units of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from kpi_analysis.stats.arrays import FloatArray

LEVEL_PRECISION = 1e-6
GENTLE_SLOPE = (0.3, 1.0)
# A straight line with hardly any noise has a slope that the gentle prior all but rules out, and would flatten.
STEEP_SLOPE = (30.0, 1e-4)
NO_SLOPE = (0.0, 0.0)
DRIFT = (1.0, 0.0)
TRENDS = (NO_SLOPE, DRIFT, (0.85, 0.0), (0.85, 0.1), (0.95, 0.0), (0.95, 0.1))


@dataclass(frozen=True)
class SmoothingFamily:
    """Exponential-smoothing models of one state size: the product of the lists is the grid.

    Parameters
    ----------
    season_length : int
        Seasonal states; 0 for the family without a season.
    alphas : tuple of float
        How much of an innovation stays in the level.
    trends : tuple of (phi, beta/alpha)
        Damping of the slope, and how much of an innovation stays in it.
    season_shares : tuple of float
        gamma/(1 - alpha): how much of what the level leaves goes to the season.
    season_scales : tuple of float
        Prior deviation of a seasonal state, in units of the noise.
    slope_scales : tuple of (scale, odds)
        Prior deviation of the slope in units of the noise, and how likely that prior is beside the first one.
    """

    season_length: int
    alphas: tuple[float, ...]
    trends: tuple[tuple[float, float], ...] = TRENDS
    season_shares: tuple[float, ...] = (0.0,)
    season_scales: tuple[float, ...] = (1.0,)
    slope_scales: tuple[tuple[float, float], ...] = (GENTLE_SLOPE,)

    @property
    def states(self) -> int:
        """Number of states of a model."""
        return 2 + self.season_length

    def dynamics(self) -> FloatArray:
        """Smoothing parameters (alpha, phi, beta, gamma) of each dynamics, one a row; the priors multiply these."""
        rows = [
            (alpha, phi, ratio * alpha, share * (1 - alpha))
            for alpha, (phi, ratio), share in product(self.alphas, self.trends, self.season_shares)
        ]
        return np.array(rows)

    def prior_precisions(self) -> FloatArray:
        """Prior precisions of the states at the start, one row for each prior."""
        rows = [
            [LEVEL_PRECISION, slope**-2] + [season**-2] * self.season_length
            for (slope, _), season in product(self.slope_scales, self.season_scales)
        ]
        return np.array(rows)

    def log_prior_odds(self) -> FloatArray:
        """Log odds of each prior beside the first one."""
        return np.log([odds for (_, odds), _ in product(self.slope_scales, self.season_scales)])

    def has_drift(self) -> NDArray[np.bool_]:
        """Whether each of the dynamics keeps a constant slope."""
        return np.array([trend == DRIFT for _, trend, _ in product(self.alphas, self.trends, self.season_shares)])


def nonseasonal_family() -> SmoothingFamily:
    """The 48 models without a season; they are always in."""
    return SmoothingFamily(0, alphas=(0.05, 0.2, 0.5, 0.99), slope_scales=(GENTLE_SLOPE, STEEP_SLOPE))


def seasonal_family(season_length: int) -> SmoothingFamily:
    """The seasonal models: 144, or 12 where the season is so long that its states dominate the cost."""
    if season_length > 24:
        trends = (NO_SLOPE, DRIFT, (0.95, 0.0))
        return SmoothingFamily(season_length, (0.2, 0.99), trends, season_scales=(0.3, 1.0))
    return SmoothingFamily(season_length, (0.05, 0.2, 0.5, 0.99), TRENDS, (0.0, 0.2), (0.3, 1.0, 3.0))


@dataclass(frozen=True)
class Responses:
    """Impulse responses of a family's dynamics, for times 0, 1, 2 …; a shorter history takes a prefix.

    Parameters
    ----------
    filtering : array (dynamics, length)
        How a value moves the innovations from its own time on: 1 first.
    growing : array (dynamics, length)
        How an innovation moves the values from its own time on: 1 first.
    start_in_innovations, start_in_values : array (dynamics, length, states)
        How the states at the start enter the innovations, and the values.
    """

    filtering: FloatArray
    growing: FloatArray
    start_in_innovations: FloatArray
    start_in_values: FloatArray


def responses(family: SmoothingFamily, length: int) -> Responses:
    """Impulse responses of a family for at least `length` steps."""
    return _responses(family, -(-length // 64) * 64)


@lru_cache(maxsize=24)
def _responses(family: SmoothingFamily, length: int) -> Responses:
    observation, transition, gain = state_space(family)
    filtering_step = transition - gain[:, :, None] * observation[:, None, :]
    in_innovations, innovation_response = _powers(observation, filtering_step, gain, length)
    in_values, value_response = _powers(observation, transition, gain, length)
    first = np.ones((len(gain), 1))
    return Responses(
        np.hstack([first, -innovation_response[:, :-1]]),
        np.hstack([first, value_response[:, :-1]]),
        in_innovations,
        in_values,
    )


def state_space(family: SmoothingFamily) -> tuple[FloatArray, FloatArray, FloatArray]:
    """State-space form of a family's dynamics: observation rows, transition matrices and gains."""
    alpha, phi, beta, gamma = family.dynamics().T
    count, states = len(alpha), family.states
    observation = np.zeros((count, states))
    observation[:, 0] = 1
    observation[:, 1] = phi
    transition = np.zeros((count, states, states))
    transition[:, 0, 0] = 1
    transition[:, 0, 1] = phi
    transition[:, 1, 1] = phi
    gain = np.zeros((count, states))
    gain[:, 0] = alpha
    gain[:, 1] = beta
    if family.season_length:
        observation[:, -1] = 1
        transition[:, 2, -1] = 1
        for season in range(3, states):
            transition[:, season, season - 1] = 1
        gain[:, 2] = gamma
    return observation, transition, gain


def _powers(observation: FloatArray, step: FloatArray, gain: FloatArray, length: int) -> tuple[FloatArray, FloatArray]:
    rows = np.empty((len(gain), length, gain.shape[1]))
    row = observation[:, None, :]
    for time in range(length):
        rows[:, time] = row[:, 0]
        row = row @ step
    return rows, np.einsum("dtp,dp->dt", rows, gain)
