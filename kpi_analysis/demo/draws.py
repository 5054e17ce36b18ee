"""Chance that gives the same numbers everywhere.

NumPy keeps the bits of PCG64 and its uniform numbers, but reserves the right to change how it makes normal or
Poisson ones of them. So only uniform numbers are asked for, and the rest is made here.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]

FEW = 40.0  # above that, a Poisson number is near enough to a rounded normal one


class Draws:
    """A stream of random numbers with a name, so that a change to one table leaves all others as they are.

    Parameters
    ----------
    seed : int
    name : str

    Examples
    --------
    >>> Draws(2026, "leads").uniform(2).round(3).tolist()
    [0.433, 0.298]
    """

    def __init__(self, seed: int, name: str) -> None:
        entropy = np.random.SeedSequence([seed, zlib.crc32(name.encode())])
        self._generator = np.random.Generator(np.random.PCG64(entropy))

    def uniform(self, size: int | tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Floats:
        """Draw numbers from `low` to `high`."""
        return low + (high - low) * self._generator.random(size)

    def happens(self, chance: Floats | float, size: int | tuple[int, ...]) -> Flags:
        """Draw whether something happens, each with its chance."""
        return self._generator.random(size) < chance

    def between(self, low: int, high: int, size: int) -> Ints:
        """Draw whole numbers from `low` to `high`, both included."""
        return low + np.floor(self.uniform(size) * (high - low + 1)).astype(np.int64)

    def normal(self, size: int | tuple[int, ...]) -> Floats:
        """Draw standard normal numbers (Box and Muller, 1958)."""
        radius = np.sqrt(-2.0 * np.log1p(-self._generator.random(size)))
        return radius * np.cos(2.0 * np.pi * self._generator.random(size))

    def spread(self, sigma: float, size: int | tuple[int, ...]) -> Floats:
        """Draw log-normal factors with mean 1."""
        factors: Floats = np.exp(sigma * self.normal(size) - sigma * sigma / 2.0)
        return factors

    def waits(self, mean: Floats | float, size: int) -> Ints:
        """Draw exponential waiting times, in whole days rounded down."""
        waited: Ints = np.floor(-np.log1p(-self.uniform(size)) * mean).astype(np.int64)
        return waited

    def counts(self, mean: Floats) -> Ints:
        """Draw Poisson numbers: by inversion where they are few."""
        shape = mean.shape
        chance, bell = self.uniform(shape), self.normal(shape)
        many = np.maximum(0.0, np.rint(mean + np.sqrt(mean) * bell))
        few = np.minimum(mean, FEW)
        count = np.zeros(shape)
        term = np.exp(-few)
        total = term.copy()
        for step in range(1, int(FEW + 8 * np.sqrt(FEW))):
            count += chance > total
            term = term * few / step
            total = total + term
        return np.where(mean > FEW, many, count).astype(np.int64)

    def choose(self, weights: Sequence[float] | Floats, size: int) -> Ints:
        """Draw positions in `weights`, each as often as it weighs."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found: Ints = np.searchsorted(edges, self.uniform(size) * edges[-1], side="right").astype(np.int64)
        return np.minimum(found, len(edges) - 1)
