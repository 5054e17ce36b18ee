"""The straight line: published figures, numpy, and a simulation of its limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.published_series import NILE
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.trends import least_squares


def test_the_nile_has_its_published_slope_and_errors() -> None:
    line = least_squares(NILE, lags=4)
    assert line.slope == pytest.approx(-2.7143, abs=5e-5)
    assert line.error == pytest.approx(0.5216, abs=5e-5)
    assert line.robust_error == pytest.approx(0.7027, abs=5e-5)


def test_a_gap_keeps_its_place_in_time() -> None:
    values = pd.Series(np.random.default_rng(1).normal(0, 1, 20).cumsum())
    values[[3, 11, 12]] = np.nan
    known = values.dropna()
    assert least_squares(values).slope == pytest.approx(np.polyfit(known.index, known, 1)[0])


def test_without_lags_the_error_is_that_of_unequal_spread() -> None:
    values = pd.Series(np.random.default_rng(2).normal(0, 1, 30))
    times = np.arange(30.0)
    matrix = np.column_stack([np.ones(30), times])
    bread = np.linalg.inv(matrix.T @ matrix)
    residuals = values - matrix @ (bread @ matrix.T @ values)
    meat = matrix.T @ (matrix * (residuals.to_numpy() ** 2)[:, None])
    wanted = np.sqrt((bread @ meat @ bread)[1, 1] * 30 / 28)
    assert least_squares(values, lags=0).robust_error == pytest.approx(wanted)


def test_autocorrelated_noise_widens_the_error() -> None:
    random, noise = np.random.default_rng(3), np.zeros(200)
    for i in range(1, 200):
        noise[i] = 0.7 * noise[i - 1] + random.normal()
    line = least_squares(pd.Series(noise), lags=12)
    assert line.error is not None and line.robust_error is not None
    assert line.robust_error > 1.3 * line.error


def test_too_few_points_have_a_reason_and_lags_are_no_less_than_none() -> None:
    assert says(least_squares(pd.Series([1.0, 2.0, 4.0])).reason, "3 points", "8 are needed")
    with pytest.raises(UsageError, match="lags"):
        least_squares(NILE, lags=-1)
