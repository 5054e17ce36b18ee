"""Transformations of a series before it is modelled: none, logarithm, log odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kpi_analysis.stats.arrays import FloatArray

FAR = 700.0  # e to this power is still a number


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest possible value of a KPI."""

    low: float = -np.inf
    high: float = np.inf

    def clip(self, values: FloatArray) -> FloatArray:
        """Values within the limits."""
        return np.clip(values, self.low, self.high)

    def hold(self, values: FloatArray) -> bool:
        """Whether no value lies outside."""
        return bool((values >= self.low).all() and (values <= self.high).all())


@dataclass(frozen=True)
class Transformation:
    """Transformation of a series: forward, inverse, and the log Jacobian at given values."""

    name: str
    forward: Callable[[FloatArray], FloatArray]
    inverse: Callable[[FloatArray], FloatArray]
    log_jacobian: Callable[[FloatArray], float]


def _same(values: FloatArray) -> FloatArray:
    return values


def _exp(values: FloatArray) -> FloatArray:
    return np.exp(np.minimum(values, FAR))


IDENTITY = Transformation("values", _same, _same, lambda values: 0.0)
LOGARITHM = Transformation("logarithms", np.log, _exp, lambda values: float(np.log(values).sum()))


def log_odds(low: float, high: float) -> Transformation:
    """Log-odds transformation of a rate that stays strictly between two limits."""
    span = high - low

    def forward(values: FloatArray) -> FloatArray:
        return np.log((values - low) / (high - values))

    def inverse(values: FloatArray) -> FloatArray:
        return low + span / (1 + _exp(-values))

    def log_jacobian(values: FloatArray) -> float:
        return float(np.log((values - low) * (high - values) / span).sum())

    return Transformation("log odds", forward, inverse, log_jacobian)


def transformations_for(observed: FloatArray, limits: Bounds) -> tuple[Transformation, ...]:
    """Transformations that values bear, the curved one first.

    Parameters
    ----------
    observed : ndarray of float, shape (n,)
        The values that are there.
    limits : Bounds
        What the KPI cannot go below or above.

    Returns
    -------
    tuple of Transformation
        One or two.

    Examples
    --------
    >>> [scale.name for scale in transformations_for(np.array([3.0, 4.0]), Bounds())]
    ['logarithms', 'values']
    >>> [scale.name for scale in transformations_for(np.array([0.3, 0.4]), Bounds(0, 1))]
    ['log odds', 'values']
    >>> [scale.name for scale in transformations_for(np.array([-3.0, 4.0]), Bounds())]
    ['values']
    """
    low, high = limits.low, limits.high
    if np.isfinite(low) and np.isfinite(high) and observed.min() > low and observed.max() < high:
        return log_odds(low, high), IDENTITY
    if observed.min() > 0:
        return LOGARITHM, IDENTITY
    return (IDENTITY,)
