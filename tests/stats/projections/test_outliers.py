"""Outliers and level shifts: found where they are, told apart, and left alone where there is only noise."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_analysis.stats.projections.design_matrices import design_matrices
from kpi_analysis.stats.projections.model_averaging import fit_models
from kpi_analysis.stats.projections.outliers import OutlierAdjustment, adjust_outliers, strongest_outlier

LENGTH = 36


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(LENGTH)


def clean(values: np.ndarray) -> OutlierAdjustment:
    plan = design_matrices(LENGTH, 4, 1)
    return adjust_outliers(plan, values[None], fit_models(plan, values[None]))


def test_a_single_outlier_is_found_with_its_size() -> None:
    values = noise()
    values[20] += 30
    plan = design_matrices(LENGTH, 4, 1)
    found = strongest_outlier(plan, fit_models(plan, values[None]), 0)
    assert found is not None
    assert (found.time, found.level_shift) == (20, False)
    assert found.size == pytest.approx(30, abs=3)


def test_a_level_shift_is_found_with_its_size() -> None:
    values = noise()
    values[24:] += 12
    plan = design_matrices(LENGTH, 4, 1)
    found = strongest_outlier(plan, fit_models(plan, values[None]), 0)
    assert found is not None
    assert (found.time, found.level_shift) == (24, True)
    assert found.size == pytest.approx(12, abs=1.5)


@pytest.mark.parametrize("level_shift", [False, True])
def test_the_evidence_is_that_of_the_series_without_the_disturbance(level_shift: bool) -> None:
    """A second route: an outlier of the found size taken off by hand leaves the least squares."""
    values = noise(3)
    stretch = slice(15, None) if level_shift else slice(15, 16)
    values[stretch] += 15
    plan = design_matrices(LENGTH, 4, 1)
    found = strongest_outlier(plan, fit_models(plan, values[None]), 0)
    assert found is not None and (found.time, found.level_shift) == (15, level_shift)

    def likelihood(size: float) -> float:
        moved = values.copy()
        moved[stretch] -= size
        return float(fit_models(plan, moved[None]).log_likelihood.max())

    sizes = found.size + np.linspace(-3, 3, 61)
    best = sizes[np.argmax([likelihood(size) for size in sizes])]
    assert best == pytest.approx(found.size, abs=0.5)


def test_noise_is_left_alone() -> None:
    results = [clean(noise(seed)) for seed in range(40)]
    assert sum(result.outliers + result.shifts for result in results) <= 1


def test_the_earlier_stretch_is_moved_to_the_level_after_the_shift() -> None:
    values = noise()
    values[24:] += 12
    result = clean(values)
    assert (result.outliers, result.shifts) == (0, 1)
    assert result.values[0, :24].mean() == pytest.approx(result.values[0, 24:].mean(), abs=1)
    np.testing.assert_allclose(result.values[0, 24:], values[24:], atol=2)


def test_what_happened_once_stays_in_the_noise_with_a_limited_size() -> None:
    plain, hit, hit_hard = noise(), noise(), noise()
    hit[20] += 30
    hit_hard[20] += 3000
    usual, wider, hard = (clean(values).fit.noise[0, 0] for values in (plain, hit, hit_hard))
    assert usual < wider < 2 * usual
    assert hard == pytest.approx(wider, rel=0.05)


def test_a_gap_is_never_an_outlier() -> None:
    values = noise()
    values[10] = 0.0
    plan = design_matrices(LENGTH, 4, 1, gaps=(10,))
    shifted = np.where(np.arange(LENGTH) == 10, 0.0, values + 50)
    result = adjust_outliers(plan, shifted[None], fit_models(plan, shifted[None]))
    assert (result.outliers, result.shifts) == (0, 0)
