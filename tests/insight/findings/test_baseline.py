"""A forecast is that of least squares, its errors those of the textbook, and many at a time are as one by one."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from kpi_analysis.insight.findings.baseline import LEAST_CORRELATION, Expected, expect, expect_all

EVEN = np.tile([0.1, -0.1, 0.05, -0.05, -0.1, 0.1], 5)  # no slope, no season, no outlier, hardly any correlation


def test_a_level_and_its_errors_are_those_of_the_closed_form() -> None:
    """A mean of k months of a first-order process: its variance is the mean of all their correlations."""
    values = np.append(10 + EVEN, [10.2, 9.9, 10.4])
    found = expect(values, 3)
    assert found is not None
    before, k = values[:30], 30
    likeness = np.array([[LEAST_CORRELATION ** abs(i - j) for j in range(33)] for i in range(33)])
    seen, across, ahead = likeness[:k, :k], likeness[:k, k:], likeness[k:, k:]
    of_mean = seen.sum() / k**2
    variance = ((before - before.mean()) ** 2).sum() / (k - k * of_mean)
    covariance = variance * (ahead - across.mean(axis=0) - across.mean(axis=0)[:, None] + of_mean)
    centred = seen - seen.mean(axis=0)
    assert found.centre == pytest.approx([before.mean()] * 3)
    assert found.errors == pytest.approx(values[30:] - before.mean())
    assert found.one == pytest.approx(np.sqrt(np.diag(covariance)))
    assert found.mean == pytest.approx(np.sqrt(covariance.mean()))
    assert found.freedom == pytest.approx(np.trace(centred) ** 2 / np.trace(centred @ centred))
    assert (found.lowest, found.highest) == pytest.approx(tuple(np.sort(before - before.mean())[[1, -2]]))


@pytest.mark.parametrize(("slope", "height"), [(0.05, 0.0), (0.0, 1.0), (0.05, 1.0)])
def test_a_slope_and_a_season_are_fitted_by_least_squares(slope: float, height: float) -> None:
    at = np.arange(33)
    values = slope * at + height * np.cos(2 * np.pi * at / 12) + np.append(EVEN, [0.0, 0.0, 0.0])
    values[[4, 17]] = np.nan
    columns = [np.ones(33)]
    if slope:
        columns.append(at.astype(float))
    if height:
        columns += [wave(2 * np.pi * turn * at / 12) for turn in (1, 2, 3) for wave in (np.cos, np.sin)]
    matrix, known = np.column_stack(columns), np.flatnonzero(~np.isnan(values[:30]))
    found = expect(values, 3)
    assert found is not None
    assert found.centre == pytest.approx(matrix[30:] @ np.linalg.lstsq(matrix[known], values[known], rcond=None)[0])


def test_many_histories_are_forecast_as_one_by_one() -> None:
    rng = np.random.default_rng(7)
    asked = []
    for kind in range(60):
        size, months = (36, 33, 27, 14)[kind % 4], (3, 6)[kind % 2]
        values = rng.normal(size=size).cumsum() if kind % 3 else rng.normal(size=size)
        values[rng.integers(0, size, kind % 5)] = np.nan
        values[-1] += 10 * (kind % 7 == 0)
        asked.append((np.zeros(size) if kind % 11 == 10 else values, months))
    together = expect_all(asked)
    assert 10 < sum(one is not None for one in together) < 60
    for (values, months), one in zip(asked, together, strict=True):
        alone = expect(values, months)
        assert (alone is None) == (one is None)
        if alone is not None and one is not None:
            assert one.basis == alone.basis
            assert _flat(one) == pytest.approx(_flat(alone), rel=1e-9, abs=1e-12, nan_ok=True)


def _flat(expected: Expected) -> list[float]:
    return [float(number) for part in astuple(replace(expected, basis=0)) for number in np.atleast_1d(part)]  # type: ignore[arg-type]
