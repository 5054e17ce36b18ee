"""Fair rates: against scipy's beta-binomial, a published example, and worlds whose truth is known."""

from __future__ import annotations

from math import isinf

import numpy as np
import pytest
from scipy.stats import beta, betabinom
from support.reasons import says

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.intervals import proportion
from kpi_analysis.stats.pipeline import shrunken_rates

WON = [2, 60, 20, 45, 30]
CLOSED = [2, 100, 100, 100, 90]
NAMES = ["Ann", "Bo", "Cy", "Di", "Ed"]


def test_two_of_two_is_not_the_best() -> None:
    found = shrunken_rates(NAMES, WON, CLOSED)
    assert found.reason == ""
    assert found.frame["group"].iloc[0] == "Bo"
    ann = found.frame.set_index("group").loc["Ann"]
    assert ann["raw"] == 1.0 and found.mean < ann["rate"] < 0.6


def test_no_other_mean_and_weight_make_the_counts_likelier() -> None:
    found = shrunken_rates(NAMES, WON, CLOSED)

    def likelihood(mean: float, weight: float) -> float:
        return float(betabinom.logpmf(WON, CLOSED, mean * weight, (1 - mean) * weight).sum())

    best = likelihood(found.mean, found.weight)
    grid = [likelihood(m, w) for m in np.linspace(0.2, 0.8, 121) for w in np.geomspace(0.5, 500, 121)]
    assert max(grid) - 1e-6 <= best <= max(grid) + 0.01


def test_rate_and_interval_are_those_of_the_posterior() -> None:
    found = shrunken_rates(NAMES, WON, CLOSED, level=0.9)
    for row in found.frame.to_dict("records"):
        a = found.mean * found.weight + row["successes"]
        b = (1 - found.mean) * found.weight + row["trials"] - row["successes"]
        wanted = [beta.mean(a, b), *beta.ppf([0.05, 0.95], a, b)]
        assert [row["rate"], row["low"], row["high"]] == pytest.approx(wanted, abs=1e-9)


def test_where_groups_are_alike_all_have_the_common_rate() -> None:
    random = np.random.default_rng(2)
    trials = random.integers(20, 80, size=15)
    won = random.binomial(trials, 0.4)
    found = shrunken_rates(range(15), won, trials)
    assert says(found.reason, "no more than chance") and isinf(found.weight)
    assert found.frame["rate"].tolist() == [won.sum() / trials.sum()] * 15 == [found.mean] * 15
    own = [proportion(row["successes"], row["trials"]) for row in found.frame.to_dict("records")]
    assert list(zip(found.frame["low"], found.frame["high"], strict=True)) == own
    assert found.frame["low"].is_monotonic_decreasing


def test_groups_that_are_alike_are_told_apart_about_once_in_twenty() -> None:
    random = np.random.default_rng(3)
    trials = random.integers(20, 200, size=(50, 12))
    told = [not shrunken_rates(range(12), random.binomial(row, 0.3), row).reason for row in trials]
    assert np.mean(told) <= 0.12


def test_intervals_hold_the_truth_and_rates_are_nearer_to_it_than_raw_ones() -> None:
    random = np.random.default_rng(5)
    held, fair, raw = [], [], []
    for _ in range(20):
        truth = random.beta(12, 28, size=30)
        trials = random.integers(5, 120, size=30)
        frame = shrunken_rates(range(30), random.binomial(trials, truth), trials).frame
        true = truth[frame["group"].to_numpy(int)]
        held.append(((frame["low"] <= true) & (true <= frame["high"])).mean())
        fair.append(((frame["rate"] - true) ** 2).mean())
        raw.append(((frame["raw"] - true) ** 2).mean())
    assert 0.92 <= np.mean(held) <= 0.975
    assert np.mean(fair) < 0.6 * np.mean(raw)


def test_two_groups_keep_their_own_rates_in_the_order_of_what_is_sure() -> None:
    found = shrunken_rates(["few", "many", "none"], [2, 60, 0], [2, 80, 0])
    assert says(found.reason, "fewer than three")
    assert found.frame["group"].tolist() == ["many", "few"]
    many = found.frame.iloc[0]
    assert (many["rate"], many["low"], many["high"]) == (0.75, *proportion(60, 80))


def test_all_won_or_nothing_tried() -> None:
    assert shrunken_rates("abc", [3, 4, 5], [3, 4, 5]).frame["rate"].tolist() == [1.0] * 3
    empty = shrunken_rates([], [], [])
    assert empty.frame.empty and empty.reason


@pytest.mark.parametrize(
    ("won", "closed", "error"),
    [([3, 1], [2, 2], DataError), ([1.5, 1], [2, 2], DataError), ([-1, 1], [2, 2], DataError),
     ([np.nan, 1], [2, 2], DataError), ([1], [2, 2], UsageError)],
)  # fmt: skip
def test_what_are_no_counts_is_refused(won: list[float], closed: list[float], error: type[Exception]) -> None:
    with pytest.raises(error):
        shrunken_rates(["a", "b"], won, closed)
