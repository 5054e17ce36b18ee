"""Whether a KPI rises, falls or holds steady, and how often that is a false alarm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from support.published_series import NILE
from support.reasons import says

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.trends import Trend, trend

MONTHS = np.arange(24)


def autocorrelated(rows: int, count: int, phi: float, seed: int) -> npt.NDArray[np.float64]:
    """First-order noise with innovations of size 1, one series a row."""
    noise = np.random.default_rng(seed).normal(size=(rows, count + 50))
    for at in range(1, count + 50):
        noise[:, at] += phi * noise[:, at - 1]
    return noise[:, 50:]


def share_named(rows: npt.NDArray[np.float64], direction: tuple[str, ...], season_length: int = 1) -> float:
    found = [trend(pd.Series(row), season_length=season_length).direction for row in rows]
    return float(np.mean([one in direction for one in found]))


def test_false_alarms_on_autocorrelated_noise_stay_below_ten_percent() -> None:
    assert share_named(autocorrelated(400, 24, 0.4, seed=11), ("rising", "falling")) < 0.10


def test_false_alarms_on_independent_noise_stay_near_the_nominal_five_percent() -> None:
    # 300 series: .075 is two standard errors above the nominal rate.
    assert share_named(autocorrelated(300, 24, 0.0, seed=12), ("rising", "falling")) < 0.075


def test_false_alarms_on_seasonal_autocorrelated_noise_stay_below_ten_percent() -> None:
    season = 5 * np.sin(np.arange(48) * np.pi / 6)
    rows = autocorrelated(200, 48, 0.4, seed=13) + season
    assert share_named(rows, ("rising", "falling"), season_length=12) < 0.10


def test_a_slope_of_a_seventh_of_the_noise_is_seen_most_of_the_time() -> None:
    rows = autocorrelated(300, 24, 0.4, seed=14) + 0.145 * MONTHS
    assert share_named(rows, ("rising",)) > 0.60
    assert share_named(-rows, ("falling",)) > 0.60


def test_the_nile_falls_with_a_p_value_that_knows_of_its_autocorrelation() -> None:
    found = trend(NILE)
    assert (found.direction, found.statistic) == ("falling", -1387)
    assert (found.slope, found.slope_low, found.slope_high) == pytest.approx((-2.6, -3.628, -1.429), abs=5e-4)
    assert found.p_value is not None and 3.658e-5 < found.p_value < 0.05
    assert says(found.method, "Mann-Kendall", "autocorrelation")
    assert found.reason is None


def test_ten_points_in_a_line_rise_with_the_exact_p_value() -> None:
    found = trend(pd.Series(range(1, 11)))
    assert (found.direction, found.statistic, found.slope) == ("rising", 45, 1.0)
    assert found.p_value == pytest.approx(2 / 3628800)
    assert found.method == "Mann-Kendall, exact"


@pytest.mark.parametrize(("values", "points"), [([], "0 points"), ([3], "1 point"), ([1, 2, None, 3, 4], "4 points")])
def test_below_five_points_there_is_no_direction_but_a_reason(values: list[float], points: str) -> None:
    reason = f"not enough data: {points}, 5 are needed"
    assert trend(pd.Series(values, dtype=float)) == Trend(None, None, None, None, None, None, "Mann-Kendall", reason)


def test_a_flat_series_is_steady() -> None:
    for count in (5, 12, 60):
        found = trend(pd.Series([0.1] * count))
        assert (found.direction, found.slope, found.p_value, found.statistic) == ("steady", 0.0, 1.0, 0)


def test_an_all_negative_series_mirrors_the_positive_one() -> None:
    rng = np.random.default_rng(3)
    values = pd.Series(100 + 2 * MONTHS + rng.normal(size=24))
    up, down = trend(values), trend(-values)
    assert (up.direction, down.direction) == ("rising", "falling")
    assert up.p_value == down.p_value
    assert up.slope is not None and down.slope == -up.slope


def test_one_outlier_does_not_turn_a_steady_series() -> None:
    values = pd.Series(autocorrelated(1, 24, 0.0, seed=5)[0])
    assert trend(values).direction == "steady"
    values.iloc[-1] = 1e6
    assert trend(values).direction == "steady"


def test_a_missing_month_is_a_gap_and_not_a_zero() -> None:
    whole = pd.Series(100.0 + 3 * MONTHS)
    gappy = whole.copy()
    gappy.iloc[[4, 20, 21, 22]] = np.nan
    zeros = gappy.fillna(0.0)
    assert trend(gappy).slope == trend(whole).slope == 3.0
    assert (trend(gappy).direction, trend(zeros).direction) == ("rising", "steady")
    assert trend(gappy.astype("Float64")) == trend(gappy)


def test_gaps_at_the_ends_change_nothing() -> None:
    values = pd.Series(autocorrelated(1, 30, 0.3, seed=8)[0])
    padded = pd.concat([pd.Series([np.nan] * 3), values, pd.Series([np.nan] * 2)])
    assert trend(padded) == trend(values)


def test_a_strong_season_hides_no_trend_from_three_full_cycles() -> None:
    months = np.arange(36)
    values = pd.Series(200 + 0.5 * months + 40 * np.sin(months * np.pi / 6))
    by_season = trend(values, season_length=12)
    assert by_season.direction == "rising"
    assert by_season.slope == pytest.approx(0.5)
    assert by_season.method == "seasonal Mann-Kendall"
    assert trend(values).direction == "steady"


def test_with_less_than_three_cycles_the_method_says_that_the_season_is_still_in() -> None:
    found = trend(pd.Series(range(35)), season_length=12)
    assert found.method.endswith("the season is not taken out, which needs 3 full cycles")
    assert trend(pd.Series(range(36)), season_length=12).method.startswith("seasonal")


def test_a_season_that_has_no_values_at_all_is_left_out() -> None:
    values = pd.Series(100.0 + np.arange(48))
    values.iloc[7::12] = np.nan
    found = trend(values, season_length=12)
    assert (found.direction, found.slope) == ("rising", 1.0)


def test_the_history_is_left_as_it_was_and_gives_the_same_twice() -> None:
    values = pd.Series(autocorrelated(1, 48, 0.4, seed=9)[0])
    before = values.copy(deep=True)
    for season_length in (1, 12):
        assert trend(values, season_length=season_length) == trend(values, season_length=season_length)
    pd.testing.assert_series_equal(values, before)


@pytest.mark.parametrize("season_length", [0, -12, 1.5, "12"])
def test_a_season_is_a_whole_number_of_periods(season_length: object) -> None:
    with pytest.raises(UsageError, match="whole number of periods"):
        trend(pd.Series(range(10)), season_length=season_length)  # type: ignore[arg-type]


@pytest.mark.parametrize("history", [pd.Series(["1", "2", "3"]), pd.Series(pd.date_range("2026", periods=3))])
def test_text_and_dates_are_no_numbers(history: pd.Series) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match="holds numbers"):
        trend(history)


def test_a_list_is_no_history() -> None:
    with pytest.raises(UsageError, match=r"pandas Series.*found list"):
        trend([1, 2, 3, 4, 5])  # type: ignore[arg-type]


def test_an_infinite_value_is_named_by_its_period() -> None:
    with pytest.raises(DataError, match="infinite in 2026-02"):
        trend(pd.Series([1.0, np.inf], index=["2026-01", "2026-02"]))
