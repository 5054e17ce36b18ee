"""Adstock and Hill against closed forms, and a curve's slope against small differences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kpi_analysis.stats.response import adstock, hill
from kpi_analysis.stats.response.curves import ResponseCurve


def test_a_unit_of_money_decays_geometrically_and_loses_nothing() -> None:
    impulse = np.r_[1.0, np.zeros(199)]
    assert_allclose(adstock(impulse, 0.7), 0.3 * 0.7 ** np.arange(200))
    assert adstock(impulse, 0.7).sum() == pytest.approx(1.0, abs=1e-12)


def test_money_that_starts_follows_the_sum_of_the_geometric_series() -> None:
    assert_allclose(adstock(np.full(30, 5.0), 0.8), 5 * (1 - 0.8 ** np.arange(1, 31)))


def test_steady_money_is_its_own_adstock_whatever_the_decay() -> None:
    assert_allclose(adstock(np.full(10, 5.0), [0.0, 0.5, 0.9], before=5.0), np.full((3, 10), 5.0))


@pytest.mark.parametrize("shape", [0.75, 1.0, 3.0])
def test_half_of_the_effect_is_reached_at_half(shape: float) -> None:
    assert hill(7.0, 7.0, shape) == pytest.approx(0.5)
    assert hill(0.0, 7.0, shape) == 0
    assert hill(7e9, 7.0, shape) == pytest.approx(1.0, abs=1e-6)


def test_the_slope_of_hill_at_its_half_point_is_shape_over_four_halves() -> None:
    steady = ResponseCurve(np.full(4, 8.0), 8.0, np.array([0.5]), np.array([8.0]), np.array([2.0]), np.array([100.0]))
    assert steady.marginal()[0] == pytest.approx(100 * 2 / (4 * 8))
    assert steady.outcome()[0] == pytest.approx(4 * 50)


def test_marginal_is_what_a_little_more_of_the_pattern_brings() -> None:
    random = np.random.default_rng(0)
    curve = ResponseCurve(
        random.gamma(1, 5, 52), 40.0, np.array([0, 0.6]), np.array([3, 9]), np.array([1, 2]), np.ones(2)
    )
    rise = (curve.outcome(1 + 1e-6) - curve.outcome(1 - 1e-6)) / (2e-6 * curve.spend)
    assert_allclose(curve.marginal(), rise, rtol=1e-6)


def test_the_pattern_repeats_itself_so_that_where_it_starts_does_not_matter() -> None:
    pattern = np.random.default_rng(1).gamma(1, 5, 52)
    parts = (np.array([0.9]), np.array([3.0]), np.array([1.0]), np.array([10.0]))
    here, there = ResponseCurve(pattern, 40.0, *parts), ResponseCurve(np.roll(pattern, 20), 40.0, *parts)
    assert here.outcome()[0] == pytest.approx(there.outcome()[0], rel=1e-3)
