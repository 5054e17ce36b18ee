"""Lasting changes of level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from support.published_series import NILE
from support.reasons import says

from kpi_analysis.stats.trends import ChangePoint, change_point


def noise(rows: int, count: int, phi: float, seed: int) -> npt.NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(rows, count + 50))
    for at in range(1, count + 50):
        values[:, at] += phi * values[:, at - 1]
    return values[:, 50:]


def test_the_nile_breaks_after_its_28th_year() -> None:
    found = change_point(NILE)
    assert found.after == NILE.index[27] == 1898
    assert found.mean_before == pytest.approx(1097.75)
    assert found.mean_after == pytest.approx(849.97, abs=5e-3)
    assert found.p_value is not None and found.p_value < 0.001
    assert found.reason is None


@pytest.mark.parametrize("count", [0, 1, 23])
def test_below_24_points_there_is_no_test_but_a_reason(count: int) -> None:
    values = pd.Series([0.0] * (count // 2) + [100.0] * (count - count // 2), dtype=float)
    points = "1 point" if count == 1 else f"{count} points"
    reason = f"not enough data: {points}, 24 are needed"
    assert change_point(values) == ChangePoint(None, None, None, None, reason)


def test_a_gap_counts_as_no_point() -> None:
    values = pd.Series(np.repeat([1.0, 9.0], 12) + np.tile([0.0, 0.5, 0.2], 8))
    assert change_point(values).after == 11
    values.iloc[3] = np.nan
    assert change_point(values).p_value is None


def test_a_gap_at_the_break_leaves_the_date_of_the_last_period_seen() -> None:
    values = pd.Series(np.repeat([1.0, 9.0], 15) + np.tile([0.0, 0.5, 0.2], 10))
    values.iloc[13:15] = np.nan
    assert change_point(values).after == 12


def test_false_alarms_on_autocorrelated_noise_stay_near_five_percent() -> None:
    for phi in (0.0, 0.4, 0.7):
        found = [change_point(pd.Series(row)) for row in noise(200, 48, phi, seed=21)]
        assert np.mean([one.p_value is not None and one.p_value < 0.05 for one in found]) < 0.08


def test_a_step_of_two_deviations_is_found_and_dated() -> None:
    rows = noise(100, 48, 0.0, seed=22)
    rows[:, 32:] += 2.0
    found = [change_point(pd.Series(row)).after for row in rows]
    assert np.mean([after is not None for after in found]) > 0.8
    assert np.mean([after is not None and abs(after - 31) <= 2 for after in found]) > 0.7


def test_a_gradual_rise_is_no_break() -> None:
    rows = noise(60, 48, 0.0, seed=23) + np.linspace(0.0, 4.0, 48)
    found = [change_point(pd.Series(row)) for row in rows]
    assert np.mean([one.p_value is not None and one.p_value < 0.05 for one in found]) > 0.9
    reasons = [one.reason for one in found]
    assert reasons.count("a steady trend fits better than one change of level") > 50
    assert change_point(pd.Series(np.arange(48.0))).after is None


def test_noise_and_one_outlier_are_no_break() -> None:
    values = pd.Series(noise(1, 36, 0.0, seed=24)[0])
    values.iloc[-1] = 1e6
    found = change_point(values)
    assert (found.after, found.mean_before, found.mean_after) == (None, None, None)
    assert says(found.reason, "no single change")


def test_a_flat_series_has_no_break() -> None:
    found = change_point(pd.Series([0.1] * 30))
    assert (found.after, found.p_value) == (None, 1.0)


def test_a_clean_step_is_as_sure_as_independent_data_allow() -> None:
    values = pd.Series(np.repeat([1.0, 2.0], 20))
    # The furthest running sum of ranks 10.5 and 30.5 is 200; nothing is left to correlate.
    deviation = np.sqrt(40 * np.var(np.repeat([10.5, 30.5], 20), ddof=1))
    found = change_point(values)
    assert found.p_value == pytest.approx(stats.kstwobign.sf(200 / deviation))
    assert (found.after, found.mean_before, found.mean_after) == (19, 1.0, 2.0)


def test_rounding_errors_of_a_clean_step_are_no_autocorrelation() -> None:
    values = pd.Series(np.repeat([1.1, 2.2], 20))
    assert change_point(values).p_value == change_point(values.round()).p_value


def test_the_history_is_left_as_it_was() -> None:
    values = NILE.astype(float)
    assert change_point(values) == change_point(values)
    pd.testing.assert_series_equal(values, NILE.astype(float))
