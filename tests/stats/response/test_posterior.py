"""The sampler against sums over its whole grid, where those can be done."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from kpi_analysis.stats.response.posterior import LARGEST_EFFECT, PRIOR_OF_NO_EFFECT, _draw_one, curve_grid


def test_points_and_sizes_are_drawn_by_their_posterior() -> None:
    match, energy = np.array([1.0, 3.0, -2.0]), np.array([1.0, 2.0, 4.0])

    def density(size: float, point: int) -> float:
        likelihood = np.exp(match[point] * size - energy[point] * size**2 / 2)
        return float(likelihood * stats.halfnorm.pdf(size, scale=LARGEST_EFFECT) * (1 - PRIOR_OF_NO_EFFECT) / 3)

    mass = [integrate.quad(density, 0, 40, args=(point,))[0] for point in range(3)]
    mean = [integrate.quad(lambda size, at=point: size * density(size, at), 0, 40)[0] for point in range(3)]
    total = sum(mass) + PRIOR_OF_NO_EFFECT
    random = np.random.default_rng(0)
    drawn = [_draw_one(match, energy, random) for _ in range(20_000)]
    assert np.mean([size == 0 for _, size in drawn]) == pytest.approx(PRIOR_OF_NO_EFFECT / total, abs=0.015)
    for point in range(3):
        sizes = [size for at, size in drawn if at == point and size > 0]
        assert len(sizes) / 20_000 == pytest.approx(mass[point] / total, abs=0.015)
        assert np.mean(sizes) == pytest.approx(mean[point] / mass[point], abs=4 * stats.sem(sizes))


def test_every_curve_of_the_grid_is_scaled_to_one_at_the_most_money_at_work() -> None:
    tried = curve_grid(np.random.default_rng(0).gamma(2, 10, 60))
    assert tried.values.shape == (tried.decay.size, 60)
    assert tried.values.max(axis=1) == pytest.approx(1.0)
    assert tried.values.min() >= 0
