"""The closed form against the plain recursion: every innovation, state and forecast by a loop over time."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_analysis.stats.projections.design_matrices import DesignMatrices, design_matrices
from kpi_analysis.stats.projections.model_averaging import fit_models, outlier_excess
from kpi_analysis.stats.projections.smoothing_models import (
    DRIFT,
    NO_SLOPE,
    SmoothingFamily,
    nonseasonal_family,
    responses,
    seasonal_family,
)

HORIZON = 5


def run(family: SmoothingFamily, dynamics: int, start: np.ndarray, innovations: np.ndarray) -> np.ndarray:
    """The values that a start and innovations make, state by state as the model says it."""
    alpha, phi, beta, gamma = family.dynamics()[dynamics]
    level, slope, season = start[0], start[1], list(start[2:])
    values = []
    for innovation in innovations:
        damped = phi * slope
        seasonal = season[-1] if season else 0.0
        values.append(level + damped + seasonal + innovation)
        level = level + damped + alpha * innovation
        slope = damped + beta * innovation
        if season:
            season = [seasonal + gamma * innovation, *season[:-1]]
    return np.array(values)


def joint_covariance(family: SmoothingFamily, dynamics: int, prior: int, length: int) -> np.ndarray:
    """Covariance of all values in units of the noise, from one unit start and one unit innovation at a time."""
    states = family.states
    from_start = [run(family, dynamics, unit, np.zeros(length)) for unit in np.eye(states)]
    from_innovation = [run(family, dynamics, np.zeros(states), unit) for unit in np.eye(length)]
    variances = 1 / family.prior_precisions()[prior]
    start = np.array(from_start).T
    noise = np.array(from_innovation).T
    return start * variances @ start.T + noise @ noise.T


def a_series(length: int) -> np.ndarray:
    random = np.random.default_rng(length)
    time = np.arange(length)
    return np.sin(2 * np.pi * time / 4) + 0.05 * time + 0.3 * random.standard_normal(length) - 0.6


def models(plan: DesignMatrices, season_length: int) -> list[tuple[SmoothingFamily, int, int]]:
    families = [nonseasonal_family(), seasonal_family(season_length)][: len(plan.families)]
    return [
        (family, dynamics, prior)
        for family in families
        for dynamics in range(len(family.dynamics()))
        for prior in range(len(family.prior_precisions()))
    ]


@pytest.mark.parametrize("gaps", [(), (3, 4, 11), (0, 22, 23)])
def test_every_model_equals_conditioning_the_recursion_on_the_values_that_are_there(gaps: tuple[int, ...]) -> None:
    length = 24
    plan = design_matrices(length, HORIZON, 4, gaps)
    values = a_series(length)
    values[list(gaps)] = 0.0
    fitted = fit_models(plan, values[None])
    there = np.setdiff1d(np.arange(length), gaps)
    future = np.arange(length, length + HORIZON)
    evidence = []
    every = models(plan, 4)
    assert len(every) == fitted.futures.shape[1] == 192
    for place in range(0, len(every), 5):
        family, dynamics, prior = every[place]
        covariance = joint_covariance(family, dynamics, prior, length + HORIZON)
        seen = covariance[np.ix_(there, there)]
        pull = np.linalg.solve(seen, covariance[np.ix_(there, future)])
        left = covariance[np.ix_(future, future)] - covariance[np.ix_(future, there)] @ pull
        squares = values[there] @ np.linalg.solve(seen, values[there])
        degrees = len(there) - 1

        np.testing.assert_allclose(fitted.futures[0, place], values[there] @ pull, atol=1e-5)
        np.testing.assert_allclose(plan.spreads[place] @ plan.spreads[place].T, left, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(fitted.noise[0, place] ** 2, squares / degrees, rtol=1e-5)
        likelihood = -0.5 * np.linalg.slogdet(seen)[1] - 0.5 * degrees * np.log(squares)
        evidence.append(fitted.log_likelihood[0, place] - family.log_prior_odds()[prior] - likelihood)
    np.testing.assert_allclose(evidence, evidence[0], atol=1e-4)


def test_mean_innovations_are_those_of_the_recursion() -> None:
    family, length = nonseasonal_family(), 12
    plan = design_matrices(length, 1, 1)
    values = a_series(length)
    fitted = fit_models(plan, values[None])
    expected = np.zeros(length)
    place = 0
    for dynamics in range(len(family.dynamics())):
        for prior in range(len(family.prior_precisions())):
            start = fitted.families[0].unknowns[dynamics, prior, 0]
            innovations = np.zeros(length)
            for time in range(length):
                innovations[time] = values[time] - run(family, dynamics, start, innovations)[time]
            expected += fitted.weights[0, place] * innovations
            place += 1
    np.testing.assert_allclose(fitted.innovations[0], expected, atol=1e-9)


def test_responses_of_a_shorter_history_are_a_prefix() -> None:
    short, long = responses(seasonal_family(4), 20), responses(seasonal_family(4), 200)
    np.testing.assert_allclose(short.filtering[:, :20], long.filtering[:, :20])
    np.testing.assert_allclose(short.start_in_innovations[:, :20], long.start_in_innovations[:, :20])


def test_three_steps_of_simple_smoothing_add_up_to_the_known_variances() -> None:
    grown = responses(SmoothingFamily(0, alphas=(1.0, 0.3), trends=(NO_SLOPE,)), 3).growing[:, :3]
    for response, variance in zip(grown, (14.0, 5.25), strict=True):
        paths = np.array([np.r_[np.zeros(time), response[: 3 - time]] for time in range(3)])
        assert (paths.sum(axis=1) ** 2).sum() == pytest.approx(variance)


def test_a_design_holds_the_known_variance_of_a_random_walk() -> None:
    family = design_matrices(40, 3, 1).families[0]
    walk = list(nonseasonal_family().dynamics()[:, :3].tolist()).index([0.99, 0.0, 0.0])
    assert (family.noise_in_future[walk].sum(axis=0) ** 2).sum() == pytest.approx(14.0, rel=0.02)


def test_half_of_the_weight_goes_to_the_models_with_drift() -> None:
    plan = design_matrices(30, 2, 1)
    fitted = fit_models(plan, a_series(30)[None])
    assert fitted.weights.sum() == pytest.approx(1.0)
    assert fitted.weights[0, plan.has_drift].sum() >= 0.5
    drifting = [trend == DRIFT for _, _, trend in _plain_grid()]
    np.testing.assert_array_equal(plan.has_drift, drifting)


def _plain_grid() -> list[tuple[float, int, tuple[float, float]]]:
    family = nonseasonal_family()
    return [(alpha, prior, trend) for alpha in family.alphas for trend in family.trends for prior in range(2)]


def test_columns_are_fitted_as_if_alone() -> None:
    plan = design_matrices(24, 3, 4)
    both = np.array([a_series(24), -2 * a_series(24)[::-1]])
    together = fit_models(plan, both)
    for column in range(2):
        alone = fit_models(plan, both[column : column + 1])
        np.testing.assert_allclose(together.centre[column], alone.centre[0])
        np.testing.assert_allclose(together.noise[column], alone.noise[0])


def test_the_seasonal_family_joins_from_a_season_and_a_half() -> None:
    assert not design_matrices(18, 2, 12).seasonal
    assert design_matrices(19, 2, 12).seasonal
    assert not design_matrices(20, 2, 12, gaps=(3, 4)).seasonal


def test_what_lies_beyond_the_limit_is_all_that_is_taken() -> None:
    plan = design_matrices(7, 1, 1, gaps=(2,))
    innovations = np.array([[1.0, -1.0, 50.0, 1.0, -1.0, 20.0, -1.0]])
    beyond = outlier_excess(plan, innovations)
    assert np.flatnonzero(beyond).tolist() == [5]
    assert beyond[0, 5] == pytest.approx(20 - 3.5 * 1.4826)
