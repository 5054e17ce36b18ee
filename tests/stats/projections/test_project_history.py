"""What a user gets from `project`: the rules of length, limits, gaps, honesty and determinism."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.reasons import says

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.projections import Projection, probability, project, project_many


def monthly(months: int = 36, seed: int = 0, level: float = 100.0) -> pd.Series:
    random = np.random.default_rng(seed)
    time = np.arange(months)
    season = 10 * np.sin(2 * np.pi * time / 12)
    return pd.Series(level + season + 0.5 * time + 2 * random.standard_normal(months))


# --- length


@pytest.mark.parametrize(("count", "words"), [(0, "0 points"), (1, "1 point"), (3, "3 points")])
def test_below_four_points_there_is_no_projection(count: int, words: str) -> None:
    projection = project(pd.Series(range(count), dtype=float), 3)
    assert projection.reason == f"not enough data: {words}, 4 are needed"
    assert projection.frame.empty and list(projection.frame) == ["step", "mean", "low", "high"]
    assert projection.paths.size == 0 and projection.low_evidence


@pytest.mark.parametrize("count", [4, 5])
def test_below_six_points_the_last_value_is_repeated(count: int) -> None:
    projection = project(pd.Series([10.0, 12, 9, 11, 14][:count]), 3)
    assert projection.frame["mean"].tolist() == [[10.0, 12, 9, 11, 14][count - 1]] * 3
    assert projection.method.startswith("the last value")
    widths = (projection.frame["high"] - projection.frame["low"]).to_numpy()
    assert (widths > 0).all() and widths[-1] > widths[0]


@pytest.mark.parametrize(("count", "low"), [(6, True), (9, True), (10, False)])
def test_below_ten_points_evidence_is_called_low(count: int, low: bool) -> None:
    projection = project(monthly(count), 3)
    assert projection.low_evidence is low
    assert ("low evidence" in projection.method) is low


def test_missing_values_do_not_count_as_points() -> None:
    history = pd.Series([1.0, None, 2, None, 3, None])
    assert says(project(history, 2).reason, "3 points", "4 are needed")


# --- shape and level


def test_frame_and_paths_have_one_row_and_column_a_step() -> None:
    projection = project(monthly(), 6, season_length=12)
    assert list(projection.frame) == ["step", "mean", "low", "high"]
    assert projection.frame["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert projection.paths.shape == (1000, 6)
    assert (projection.frame["low"] <= projection.frame["mean"]).all()
    assert (projection.frame["mean"] <= projection.frame["high"]).all()


def test_a_higher_level_makes_a_wider_interval() -> None:
    narrow, wide = (project(monthly(), 6, level=level).frame for level in (0.5, 0.95))
    assert ((wide["high"] - wide["low"]) > (narrow["high"] - narrow["low"])).all()
    inside = project(monthly(), 6, level=0.5)
    low, high = inside.frame["low"].to_numpy(), inside.frame["high"].to_numpy()
    assert ((inside.paths >= low) & (inside.paths <= high)).mean() == pytest.approx(0.5, abs=0.02)


def test_a_season_is_learned() -> None:
    history = monthly(60)
    expected = 100 + 10 * np.sin(2 * np.pi * np.arange(60, 72) / 12) + 0.5 * np.arange(60, 72)
    projection = project(history, 12, season_length=12)
    assert np.abs(projection.frame["mean"] - expected).mean() < 2
    assert "season of 12" in projection.method


def test_a_straight_line_goes_on() -> None:
    frame = project(pd.Series(np.arange(1.0, 41)), 4, season_length=12).frame
    np.testing.assert_allclose(frame["mean"], [41, 42, 43, 44], atol=0.1)


@pytest.mark.parametrize("value", [7.0, 0.0, -3.0])
def test_a_constant_series_repeats_itself(value: float) -> None:
    projection = project(pd.Series([value] * 24), 3, season_length=12)
    assert (projection.frame[["mean", "low", "high"]] == value).all(axis=None)
    assert (projection.paths == value).all()
    assert projection.backtest is not None and projection.backtest.ratio == 1.0


def test_all_negative_values_mirror_positive_ones_on_their_own_scale() -> None:
    frame = project(-monthly(), 6).frame
    assert (frame["high"] < -50).all()
    assert project(-monthly(), 6).method.endswith("on values")


def test_units_do_not_matter() -> None:
    small, large = project(monthly(), 6), project(monthly() * 1e9, 6)
    np.testing.assert_allclose(large.frame["mean"], small.frame["mean"] * 1e9, rtol=1e-6)


@pytest.mark.parametrize("season_length", [1, 4, 7, 12, 52, 365])
def test_every_season_works(season_length: int) -> None:
    random = np.random.default_rng(season_length)
    history = pd.Series(50 + random.standard_normal(230))
    projection = project(history, 5, season_length=season_length)
    assert projection.reason is None
    assert np.abs(projection.frame["mean"] - 50).max() < 2


def test_days_follow_their_week() -> None:
    random = np.random.default_rng(0)
    week = np.array([100, 110, 120, 110, 90, 20, 10.0])
    history = pd.Series(np.tile(week, 12) + 3 * random.standard_normal(84))
    frame = project(history, 7, season_length=7, non_negative=True).frame
    np.testing.assert_allclose(frame["mean"], week, atol=6)


# --- gaps, outliers, shifts, zeros


def test_a_gap_costs_little_and_is_never_a_zero() -> None:
    whole, gappy = monthly(), monthly()
    gappy.iloc[[7, 8, 20]] = np.nan
    with_gap, without = (project(one, 6, season_length=12).frame["mean"] for one in (gappy, whole))
    assert np.abs(with_gap - without).max() < 3


def test_a_gap_at_the_end_is_stepped_over() -> None:
    line = pd.Series(np.arange(1.0, 31))
    line.iloc[-2:] = np.nan
    np.testing.assert_allclose(project(line, 2).frame["mean"], [31, 32], atol=0.2)


def test_missing_values_before_the_first_one_change_nothing() -> None:
    history = monthly()
    late = pd.concat([pd.Series([np.nan, np.nan]), history], ignore_index=True)
    pd.testing.assert_frame_equal(project(late, 4).frame, project(history, 4).frame)


def test_a_long_silence_at_the_end_is_survived() -> None:
    history = pd.concat([monthly(24), pd.Series([np.nan] * 200)], ignore_index=True)
    frame = project(history, 3).frame
    assert len(frame) == 3 and np.isfinite(frame).all(axis=None)


def test_one_outlier_neither_bends_nor_blows_up_the_projection() -> None:
    plain, hit = monthly(), monthly()
    hit.iloc[20] *= 10
    before, after = (project(one, 6, season_length=12) for one in (plain, hit))
    assert np.abs(before.frame["mean"] - after.frame["mean"]).max() < 6
    width = (after.frame["high"] - after.frame["low"]).mean() / (before.frame["high"] - before.frame["low"]).mean()
    assert width < 2.5
    assert "1 outlier set aside" in after.method


def test_the_projection_follows_a_level_shift() -> None:
    random = np.random.default_rng(4)
    history = pd.Series(100 + 3 * random.standard_normal(36))
    history.iloc[28:] += 60
    projection = project(history, 6, season_length=12)
    assert np.abs(projection.frame["mean"] - 160).max() < 6
    assert (projection.frame["low"] > 110).all()
    assert "1 level shift followed" in projection.method


def test_a_kpi_that_ended_stays_at_zero() -> None:
    random = np.random.default_rng(4)
    history = pd.Series(np.r_[100 + 3 * random.standard_normal(20), np.zeros(16)])
    projection = project(history, 4, non_negative=True)
    assert (projection.frame["mean"] < 2).all()


def test_scattered_zeros_keep_their_mean_and_their_zeros() -> None:
    random = np.random.default_rng(1)
    history = pd.Series(random.binomial(1, 0.4, 48) * random.gamma(2, 50, 48))
    projection = project(history, 6, season_length=12, non_negative=True)
    assert "many are zero" in projection.method
    assert 0.4 < (projection.paths == 0).mean() < 0.8
    assert projection.paths.mean() == pytest.approx(projection.frame["mean"].mean(), rel=0.1)
    assert np.isin(projection.paths, history).all()


# --- limits


def test_a_floor_holds_for_middle_interval_and_paths() -> None:
    random = np.random.default_rng(0)
    history = pd.Series(np.linspace(60, 5, 30) + 2 * random.standard_normal(30))
    floored = project(history, 12, non_negative=True)
    assert floored.paths.min() >= 0 and floored.frame["low"].min() >= 0
    assert (floored.frame["mean"] >= 0).all()


def test_a_profit_may_fall_below_zero() -> None:
    random = np.random.default_rng(0)
    history = pd.Series(np.linspace(60, -5, 30) + 2 * random.standard_normal(30))
    assert project(history, 6).frame["mean"].iloc[-1] < 0


@pytest.mark.parametrize("top", [0.97, 1.0])
def test_a_rate_stays_within_its_bounds(top: float) -> None:
    random = np.random.default_rng(0)
    history = pd.Series(np.clip(0.9 + 0.08 * random.standard_normal(30), 0.5, top))
    projection = project(history, 12, bounds=(0, 1))
    assert projection.reason is None
    assert projection.paths.min() >= 0 and projection.paths.max() <= 1
    assert projection.frame["high"].max() <= 1


def test_a_history_that_contradicts_its_limits_is_said_and_withheld() -> None:
    history = monthly() - 101
    projection = project(history, 3, non_negative=True)
    assert projection.reason is not None and says(projection.reason, "below 0")
    above = project(monthly(), 3, bounds=(0, 1))
    assert above.reason is not None and says(above.reason, "above 1")


# --- honesty


def test_the_backtest_measures_what_the_method_would_have_said() -> None:
    history = monthly(48)
    projection = project(history, 6, season_length=12)
    backtest = projection.backtest
    assert backtest is not None
    assert (backtest.horizon, backtest.ends, backtest.values) == (6, 3, 18)
    errors, naive = [], []
    for start in (42, 39, 36):
        past, future = history[:start], history[start : start + 6].to_numpy()
        errors.append(np.abs(project(past, 6, season_length=12).frame["mean"] - future))
        naive.append(np.abs(past.iloc[-1] - future))
    assert backtest.error == pytest.approx(np.mean(errors), rel=1e-6)
    assert backtest.naive_error == pytest.approx(np.mean(naive))
    assert backtest.ratio < 1 and 0.7 < backtest.coverage <= 1


def test_a_short_history_is_tried_on_a_shorter_horizon() -> None:
    backtest = project(monthly(8), 6).backtest
    assert backtest is not None and (backtest.horizon, backtest.ends) == (2, 1)
    assert project(monthly(6), 6).backtest is None


def test_a_method_that_clearly_loses_to_the_last_value_is_withheld_and_says_by_how_much() -> None:
    stopped = pd.Series([*range(1, 21), *[20] * 12], dtype=float)
    projection = project(stopped, 4)
    assert projection.reason is not None and projection.reason.startswith("withheld: on 3 held-out ends")
    assert projection.frame.empty and projection.paths.size == 0
    assert projection.backtest is not None and projection.backtest.ratio > 2.5

    nearly = stopped + 0.05 * np.random.default_rng(0).standard_normal(32)
    reason = project(nearly, 4).reason
    assert reason is not None and says(reason, "% above", "repeating the last")


# --- determinism


def test_the_same_seed_gives_the_same_and_another_seed_other_paths() -> None:
    first, again, other = (project(monthly(), 6, season_length=12, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.paths, again.paths)
    pd.testing.assert_frame_equal(first.frame, again.frame)
    assert not np.array_equal(first.paths, other.paths)
    np.testing.assert_array_equal(first.frame["mean"], other.frame["mean"])


def test_the_global_random_state_and_the_history_are_left_alone() -> None:
    history = monthly()
    kept = history.copy()
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    project(history, 6, season_length=12)
    assert np.random.random() == expected
    pd.testing.assert_series_equal(history, kept)


def test_many_together_give_what_each_gives_alone() -> None:
    histories = [monthly(36, seed) for seed in range(4)] + [monthly(20), pd.Series([1.0, 2.0])]
    together = project_many(histories, 6, season_length=12, non_negative=True)
    assert len(together) == len(histories)
    for history, found in zip(histories, together, strict=True):
        alone = project(history, 6, season_length=12, non_negative=True)
        pd.testing.assert_frame_equal(found.frame, alone.frame)
        np.testing.assert_array_equal(found.paths, alone.paths)
        assert (found.reason, found.method, found.backtest) == (alone.reason, alone.method, alone.backtest)


# --- the door


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 0},
        {"horizon": 2.5},
        {"season_length": 0},
        {"level": 1.0},
        {"level": 95},
        {"bounds": (1, 0)},
        {"bounds": (-1, 0), "non_negative": True},
        {"seed": -1},
    ],
)
def test_senseless_settings_are_refused(wrong: dict[str, object]) -> None:
    settings = {"horizon": 3} | wrong
    with pytest.raises(UsageError, match="wanted"):
        project(monthly(), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[1.0, 2, 3, float("inf")], ["a", "b", "c", "d"]])
def test_what_is_no_number_is_refused(values: list[object]) -> None:
    with pytest.raises(DataError, match="history holds"):
        project(pd.Series(values), 3)


# --- the competition series


def m3(folder: Path, period: str, every: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    file = folder / "m3-monthly-quarterly" / "series.parquet"
    if not file.is_file():
        pytest.skip("the M3 series are not here; name their folder in KPI_SHARED_DATA")
    rows = pd.read_parquet(file)
    rows = rows[rows["period"] == period]
    others = pd.read_parquet(file.with_name("competitor_forecasts.parquet"))
    naive2 = others[others["method"] == "NAIVE2"].sort_values("t")
    found = []
    for name in rows["id"].unique()[::every]:
        one = rows[rows["id"] == name].sort_values("t")
        parts = [one.loc[one["part"] == part, "value"].to_numpy() for part in ("train", "test")]
        found.append((*parts, naive2.loc[naive2["id"] == name, "forecast"].to_numpy()))
    return found


@pytest.mark.parametrize(("period", "season", "every", "bar"), [("monthly", 12, 12, 0.85), ("quarterly", 4, 6, 0.92)])
def test_accuracy_and_coverage_hold_on_m3(shared_data: Path, period: str, season: int, every: int, bar: float) -> None:
    sums = {"ours": np.zeros(2), "naive2": np.zeros(2)}
    covered = []
    for past, future, naive2 in m3(shared_data, period, every):
        projection = project(pd.Series(past), len(future), season_length=season)
        if projection.reason is not None:
            continue
        frame = projection.frame
        scale = np.abs(past[season:] - past[:-season]).mean()
        for name, centre in (("ours", frame["mean"].to_numpy()), ("naive2", naive2)):
            error = np.abs(future - centre)
            sums[name] += [(2 * error / (np.abs(future) + np.abs(centre))).mean(), error.mean() / scale]
        covered.append(((future >= frame["low"]) & (future <= frame["high"])).mean())
    assert len(covered) > 50
    assert (sums["ours"] / sums["naive2"]).mean() < bar
    assert 0.92 < np.mean(covered) < 0.985


def test_a_total_is_judged_on_joint_paths() -> None:
    random = np.random.default_rng(0)
    history = pd.Series(100 + np.cumsum(random.standard_normal(60)))
    projection = project(history, 12)
    shuffled = projection.paths.copy()
    for step in range(12):
        shuffled[:, step] = random.permutation(shuffled[:, step])
    target = float(np.quantile(projection.paths.sum(axis=1), 0.95))
    joint = probability(projection, target, total=True)
    apart = probability(Projection(frame=projection.frame, paths=shuffled), target, total=True)
    assert joint == pytest.approx(0.05, abs=0.005)
    assert apart < 0.01
