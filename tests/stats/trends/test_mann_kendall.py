"""Mann-Kendall and Theil-Sen against published figures, other software and naive counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from support.published_series import NILE

from kpi_analysis.stats.trends.autocorrelation import lag1_autocorrelation, lag1_autocorrelations, variance_inflation
from kpi_analysis.stats.trends.mann_kendall import mann_kendall, seasonal_mann_kendall
from kpi_analysis.stats.trends.theil_sen import seasonal_theil_sen, theil_sen

Values = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def trend_tests(shared_data: Path) -> Path:
    folder = shared_data / "trend-tests"
    if not folder.is_dir():
        pytest.skip("the folder trend-tests is not among the shared data")
    return folder


@pytest.fixture(scope="module")
def air_passengers(trend_tests: Path) -> Values:
    return pd.read_csv(trend_tests / "AirPassengers.csv").iloc[:, 1].to_numpy(np.float64)


@pytest.fixture(scope="module")
def births(trend_tests: Path) -> Values:
    return pd.read_csv(trend_tests / "daily-total-female-births.csv")["Births"].to_numpy(np.float64)


@pytest.fixture(scope="module")
def with_gaps(trend_tests: Path) -> Values:
    return pd.read_csv(trend_tests / "arbitrary_1d.csv")["value"].to_numpy(np.float64)


def test_one_to_ten_gives_the_textbook_figures() -> None:
    test = mann_kendall(np.arange(1.0, 11.0), exact=False)
    assert (test.s, test.variance) == (45, 125)
    assert test.z == pytest.approx(3.93548, abs=5e-6)
    assert test.p_value == pytest.approx(8.303e-5, abs=5e-9)


@pytest.mark.parametrize(("count", "p_value"), [(4, 0.08333), (5, 0.01667)])
def test_the_exact_p_value_of_a_short_climb_is_the_share_of_orders(count: int, p_value: float) -> None:
    for values in (np.arange(float(count)), -np.arange(float(count))):
        test = mann_kendall(values)
        assert test.exact
        assert test.p_value == pytest.approx(p_value, abs=5e-6)


def test_exactness_ends_at_ten_points_and_at_ties() -> None:
    rng = np.random.default_rng(4)
    assert mann_kendall(rng.normal(size=10)).exact
    assert not mann_kendall(rng.normal(size=11)).exact
    assert not mann_kendall(np.array([1.0, 2, 2, 3, 4])).exact


def test_the_nile_gives_the_published_figures() -> None:
    values = NILE.to_numpy(np.float64)
    test = mann_kendall(values)
    assert test.s == -1387
    assert test.z == pytest.approx(-4.1281, abs=5e-5)
    assert test.p_value == pytest.approx(3.658e-5, abs=5e-9)
    assert theil_sen(values) == pytest.approx((-2.6, -3.628, -1.429), abs=5e-4)


def test_air_passengers_by_season_give_the_published_figures(air_passengers: Values) -> None:
    test = seasonal_mann_kendall(air_passengers, 12)
    assert (test.s, test.variance) == (784, 2550)
    assert test.z == pytest.approx(15.5057, abs=5e-5)
    assert seasonal_theil_sen(air_passengers, 12).slope == pytest.approx(30.23611111111111 / 12)


def test_daily_births_with_many_ties_give_the_published_figures(births: Values) -> None:
    test = mann_kendall(births)
    assert (test.s, test.variance) == (12336, 5412244)
    assert test.z == pytest.approx(5.302131199455321)
    assert test.p_value == pytest.approx(1.144585319856617e-07)
    assert theil_sen(births).slope == pytest.approx(0.019230769230769232)


def test_gaps_are_left_out_as_other_software_does(with_gaps: Values) -> None:
    test = mann_kendall(with_gaps)
    assert test.s == -1959
    assert test.variance == pytest.approx(4889800.333333333)
    assert test.p_value == pytest.approx(0.37591058740506833)
    assert theil_sen(with_gaps).slope == pytest.approx(-0.006369426751592357)
    seasonal = seasonal_mann_kendall(with_gaps, 12)
    assert seasonal.s == -399
    assert seasonal.variance == pytest.approx(34702.333333333336)
    assert seasonal.p_value == pytest.approx(0.03263834596177739)
    assert seasonal_theil_sen(with_gaps, 12).slope == pytest.approx(-0.08695652173913043 / 12)


def test_m3_series_agree_with_pymannkendall(shared_data: Path, trend_tests: Path) -> None:
    file = shared_data / "m3-monthly-quarterly" / "series.parquet"
    if not file.is_file():
        pytest.skip("the M3 series are not among the shared data")
    expected = pd.read_csv(trend_tests / "expected_trend_m3_sample.csv").set_index("id")
    training = pd.read_parquet(file).query("part == 'train' and id in @expected.index").sort_values("t")
    found = {}
    for name, series in training.groupby("id"):
        values = series["value"].to_numpy(np.float64)
        season_length = {"monthly": 12, "quarterly": 4}.get(str(expected.at[name, "period"]), 1)
        plain, seasonal = mann_kendall(values, exact=False), seasonal_mann_kendall(values, season_length)
        found[name] = [plain.s, plain.variance, plain.z, theil_sen(values).slope, seasonal.z]
    columns = ["mk_s", "mk_var_s", "mk_z", "sen_slope", "seasonal_z"]
    ours = pd.DataFrame.from_dict(found, orient="index", columns=columns)
    assert len(ours) == len(expected) == 150
    theirs = expected[columns].loc[ours.index]
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, check_names=False, rtol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_exact_p_values_are_those_of_kendalls_tau(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=8)
    tau = stats.kendalltau(np.arange(8), values)
    test = mann_kendall(values)
    assert test.s == round(tau.statistic * 28)
    assert test.p_value == pytest.approx(tau.pvalue)


@pytest.mark.parametrize("seed", range(5))
def test_the_normal_p_value_is_kendalls_but_for_the_continuity_correction(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 12, size=30).astype(float)
    test = mann_kendall(values)
    uncorrected = 2 * stats.norm.sf(abs(test.s) / np.sqrt(test.variance))
    tau = stats.kendalltau(np.arange(30), values, method="asymptotic")
    assert uncorrected == pytest.approx(tau.pvalue)
    assert test.p_value == pytest.approx(2 * stats.norm.sf((abs(test.s) - 1) / np.sqrt(test.variance)))


def test_a_season_of_one_period_is_the_plain_test() -> None:
    values = np.random.default_rng(7).normal(size=40)
    assert seasonal_mann_kendall(values, 1) == mann_kendall(values)
    slope, low, high = seasonal_theil_sen(values, 1)
    assert (slope, low, high) == pytest.approx(tuple(theil_sen(values)))


def test_inflation_raises_the_variance_and_the_p_value() -> None:
    values = NILE.to_numpy(np.float64)
    plain, inflated = mann_kendall(values), mann_kendall(values, inflation=4.0)
    assert inflated.variance == 4 * plain.variance
    assert inflated.z == pytest.approx(plain.z / 2)
    assert inflated.p_value > plain.p_value


def test_a_gap_takes_its_time_in_the_slope() -> None:
    values = np.array([0.0, 1.0, np.nan, np.nan, 4.0, 5.0, 6.0])
    assert theil_sen(values) == (1.0, 1.0, 1.0)
    assert theil_sen(values[~np.isnan(values)]).slope > 1.0


def test_one_outlier_does_not_bend_the_slope() -> None:
    values = np.arange(20.0)
    values[18] = 1000.0
    assert theil_sen(values).slope == pytest.approx(1.0)


def test_the_inflation_is_hamed_and_raos_sum_for_a_first_order_process() -> None:
    n, r = 24, 0.4
    total = 0.0
    for k in range(1, n):
        total += (n - k) * (n - k - 1) * (n - k - 2) * 6 / np.pi * np.arcsin(r**k / 2)
    assert variance_inflation(r, n) == pytest.approx(1 + 2 * total / (n * (n - 1) * (n - 2)))
    assert variance_inflation(0.0, n) == 1.0


def test_the_lag_one_correlation_is_corrected_for_its_bias_and_kept_within_bounds() -> None:
    values = np.random.default_rng(2).normal(size=20)
    values[1:] += 0.5 * values[:-1]
    centred = values - values.mean()
    raw = float(centred[1:] @ centred[:-1] / (centred @ centred))
    assert 0 < (20 * raw + 2) / 16 < 0.9
    assert lag1_autocorrelation(values, values) == pytest.approx((20 * raw + 2) / 16)
    assert lag1_autocorrelation(np.arange(50.0), np.arange(50.0)) == 0.9
    assert lag1_autocorrelation(np.tile([1.0, -1.0], 10), values) == 0.0
    assert lag1_autocorrelation(np.zeros(10), values) == 0.0


def test_many_lag_one_correlations_are_those_of_pandas_pairs() -> None:
    """Each row by itself, from the pairs of months that both have a value."""
    rows = np.random.default_rng(4).normal(size=(30, 24)).cumsum(axis=1)
    rows[np.random.default_rng(5).random(rows.shape) < 0.1] = np.nan
    found = lag1_autocorrelations(rows, rows)
    assert len({0.0, 0.9} & set(found)) < len(set(found))
    for row, one in zip(rows, found, strict=True):
        off = pd.Series(row - np.nanmean(row))
        count = off.count()
        raw = (off * off.shift()).mean() / (off**2).mean() * (count - 1) / count
        assert one == pytest.approx(min(max((count * raw + 2) / (count - 4), 0.0), 0.9))
    assert lag1_autocorrelations(rows[:, :4], rows[:, :4]).tolist() == [0.0] * 30


def test_rounding_errors_have_no_autocorrelation() -> None:
    values = 0.1 + 0.7 * np.arange(30)
    errors = 1e-16 * np.arange(30)
    assert lag1_autocorrelation(errors, values) == 0.0
    assert lag1_autocorrelation(1e10 * errors, values) > 0.0


def test_no_pair_of_neighbours_spans_a_gap() -> None:
    alternating_over_gaps = np.tile([1.0, np.nan, -1.0, np.nan], 6)
    assert lag1_autocorrelation(alternating_over_gaps, alternating_over_gaps) == 0.0
