"""Kaplan-Meier, the log-rank test, and the shifted beta geometric model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reasons import says

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.customers import ShiftedBetaGeometric, log_rank, sbg, survival

# Remission of leukaemia in weeks: Freireich et al. (1963), Blood 21, 699-716; True where it ended.
SIX_MP = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_ENDED = (
    [True] * 3 + [False, True, False, True, False, False, True, True] + [False] * 3 + [True] * 2 + [False] * 5
)
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_six_mp_gives_its_published_curve() -> None:
    found = survival(SIX_MP, SIX_MP_ENDED)
    assert [found.at(week) for week in (6, 10, 23)] == pytest.approx([0.8571, 0.7529, 0.4482], abs=5e-5)
    assert found.median == 23 and (found.customers, found.events) == (21, 9)
    assert found.frame.loc[found.frame["time"] == 10, ["at_risk", "events"]].values.tolist() == [[15, 1]]
    # the log-log band that R's survfit gives with conf.type "log-log"
    band = found.frame.set_index("time").loc[[6.0, 23.0], ["low", "high"]].to_numpy()
    assert band.ravel().tolist() == pytest.approx([0.620, 0.952, 0.188, 0.680], abs=5e-4)


def test_placebo_is_the_plain_share_because_nobody_is_left_unseen() -> None:
    found = survival(PLACEBO, [True] * 21)
    for time, share in zip(found.frame["time"], found.frame["survival"], strict=True):
        assert share == pytest.approx(sum(week > time for week in PLACEBO) / 21)
    assert found.median == 8
    assert found.frame[["low", "high"]].iloc[-1].isna().all(), "where nobody is left there is no band"


def test_the_log_rank_test_of_the_two() -> None:
    found = log_rank([*SIX_MP, *PLACEBO], [*SIX_MP_ENDED, *[True] * 21], ["6-MP"] * 21 + ["placebo"] * 21)
    assert found.statistic == pytest.approx(16.79, abs=0.005)
    assert found.p_value == pytest.approx(4.17e-5, rel=0.01)
    assert found.frame["expected"].tolist() == pytest.approx([19.25, 10.75], abs=0.005)
    assert found.frame["events"].sum() == pytest.approx(found.frame["expected"].sum())


def test_groups_alike_do_not_differ_and_three_can_be_compared() -> None:
    rng = np.random.default_rng(0)
    time = rng.exponential(10, 600)
    alike = log_rank(time, time < 15, np.arange(600) % 3)
    assert alike.p_value > 0.05
    assert log_rank(time * np.repeat([1, 1, 3], 200), [True] * 600, np.repeat(["a", "b", "c"], 200)).p_value < 1e-6
    assert says(log_rank([1, 2], [True, True], ["a", "a"]).reason, "only one group")
    assert log_rank([1, 2], [False, False], ["a", "b"]).reason == "nobody left"


def test_telco_customers_survive_as_published(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "telco-churn" / "WA_Fn-UseC_-Telco-Customer-Churn.csv")
    frame = frame[frame["tenure"] > 0]
    found = survival(frame["tenure"], frame["Churn"] == "Yes")
    published = {1: 0.945961, 6: 0.884826, 12: 0.843200, 24: 0.788736, 36: 0.748545, 48: 0.708840, 60: 0.664404,
                 72: 0.592790}  # fmt: skip
    for month, share in published.items():
        assert found.at(month) == pytest.approx(share, abs=5e-7)
    assert found.median is None and found.at(73) is None
    assert log_rank(frame["tenure"], frame["Churn"] == "Yes", frame["Contract"]).p_value < 1e-300 + 1e-12


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60))
def test_a_curve_never_rises_and_lies_in_its_band(rows: list[tuple[int, bool]]) -> None:
    found = survival([time for time, _ in rows], [ended for _, ended in rows])
    frame = found.frame
    assert frame["survival"].between(0, 1).all() and (frame["survival"].diff().dropna() <= 1e-12).all()
    assert frame["events"].sum() == found.events == sum(ended for _, ended in rows)
    known = frame.dropna()
    assert (known["low"] <= known["survival"] + 1e-12).all() and (known["survival"] <= known["high"] + 1e-12).all()
    assert known[["low", "high"]].stack().between(0, 1).all()


def test_survival_of_nobody_has_a_reason_and_what_cannot_be_is_refused() -> None:
    empty = survival([], [])
    assert says(empty.reason, "no customer") and empty.median is None and empty.at(1) is None
    with pytest.raises(DataError, match="duration of customer 2 is -1"):
        survival([1, -1], [True, True])
    with pytest.raises(DataError, match="neither yes nor no"):
        survival([1, 2], [1, 2])
    with pytest.raises(UsageError, match="ended"):
        survival([1, 2], [True])
    with pytest.raises(UsageError, match="level"):
        survival([1], [True], level=95)


# --- contracts


def test_the_published_fits_of_two_segments(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "sbg-retention" / "survival_years_0_7.csv")
    regular, high = sbg(frame["regular"].tolist()), sbg(frame["highend"].tolist())
    assert (regular.alpha, regular.beta) == pytest.approx((0.704, 1.182), abs=5e-4)
    assert regular.survival([8, 9, 10, 11, 12]) == pytest.approx([0.220, 0.204, 0.191, 0.180, 0.170], abs=5e-4)
    assert (high.alpha, high.beta) == pytest.approx((0.668, 3.806), abs=1e-3)
    assert high.survival(12) == pytest.approx(0.378, abs=1e-3)


def test_a_thousand_customers_are_fitted_like_their_percentages(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "sbg-retention" / "survival_years_0_7.csv")
    shares, counts = frame["regular"].to_numpy(), (frame["regular"] * 10).to_numpy()
    assert sbg(counts.tolist()).alpha == pytest.approx(sbg(shares.tolist()).alpha, rel=1e-4)
    cohorts = [(counts / 2).tolist(), (counts / 2).tolist()]
    assert sbg(cohorts).beta == pytest.approx(sbg(counts.tolist()).beta, rel=1e-4)


def test_cohorts_of_different_length_count_as_far_as_they_are_known() -> None:
    truth = ShiftedBetaGeometric(0.9, 2.5)
    cohorts = [(10_000 * truth.survival(np.arange(length))).tolist() for length in (3, 5, 9)]
    found = sbg(cohorts)
    assert (found.alpha, found.beta) == pytest.approx((0.9, 2.5), abs=0.01)


def test_retention_is_the_ratio_of_survival_and_a_lifetime_its_sum() -> None:
    model = ShiftedBetaGeometric(0.704, 1.182)
    years = np.arange(1, 13)
    assert model.retention(years) == pytest.approx(model.survival(years) / model.survival(years - 1))
    steps = np.arange(1, 4000)
    for after in (0, 7):
        summed = (model.survival(after + steps) / model.survival(after) * 1.1**-steps).sum()
        assert model.residual_lifetime(0.1, after=after) == pytest.approx(summed, rel=1e-6)
    assert model.residual_lifetime() == float("inf"), "with alpha below 1 some stay for ever"
    steady = ShiftedBetaGeometric(3.0, 4.0)
    assert steady.residual_lifetime() == pytest.approx(4.0 / 2.0, rel=1e-9)


def test_too_little_is_known_of_contracts() -> None:
    assert says(sbg([100, 80]).reason, "1 renewal", "at least 2")
    assert sbg([100, 100, 100]).reason == "nobody left" and sbg([100, 50, 0]).reason == "nobody stayed"
    with pytest.raises(DataError, match="grows from 50 to 60 in period 2"):
        sbg([100, 50, 60])
    with pytest.raises(DataError, match="finite"):
        sbg([100, float("nan"), 60])


@settings(deadline=None, max_examples=60)
@given(st.floats(0.05, 20), st.floats(0.05, 20))
def test_shares_of_contracts_are_shares_and_retention_rises(alpha: float, beta: float) -> None:
    model = ShiftedBetaGeometric(alpha, beta)
    share, kept = model.survival(np.arange(30)), model.retention(np.arange(1, 30))
    assert share[0] == pytest.approx(1) and (np.diff(share) <= 0).all() and (share >= 0).all()
    assert (np.diff(kept) >= 0).all() and (kept <= 1).all()
