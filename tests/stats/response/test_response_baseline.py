"""The baseline bends once a season, waves with it, and is projected out exactly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kpi_analysis.stats.response.baseline import baseline, span, without


@pytest.mark.parametrize(
    ("length", "season_length", "columns"),
    [
        (156, 52, 2 + 2 + 6),
        (104, 52, 2 + 1 + 6),
        (60, 52, 2 + 0 + 2),  # a season seen once is one wave
        (60, 12, 2 + 1 + 6),
        (60, 4, 2 + 0 + 2),
        (60, 1, 2 + 0 + 0),
    ],
)
def test_columns_for_trend_bends_and_waves(length: int, season_length: int, columns: int) -> None:
    assert baseline(length, season_length, np.empty((length, 0))).shape == (length, columns)


def test_it_goes_on_beyond_the_end_as_it_was() -> None:
    longer = baseline(100, 52, np.zeros((113, 0)), ahead=13)
    assert_allclose(longer[:100], baseline(100, 52, np.zeros((100, 0))))
    assert_allclose(longer[52:113, -2:], longer[:61, -2:], atol=1e-12)  # waves repeat


def test_what_it_explains_is_gone_and_what_is_left_is_that_of_least_squares() -> None:
    random = np.random.default_rng(0)
    columns = np.column_stack([baseline(80, 12, np.empty((80, 0))), np.zeros(80)])  # an event that never happened
    values = random.normal(size=80)
    weights = np.linalg.lstsq(columns, values, rcond=None)[0]
    assert_allclose(without(span(columns), values), values - columns @ weights, atol=1e-10)
    assert_allclose(without(span(columns), columns.T), 0, atol=1e-10)
