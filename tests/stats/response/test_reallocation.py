"""Budget moved from the worst to the best channel, against the true curves, and where nothing may be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.reasons import says
from support.simulated_response import SEARCH, WASTE, simulated

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.response import Response, fit_response, reallocate, response_curve
from kpi_analysis.stats.response.curves import ResponseCurve


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, Response]:
    spend, outcome = simulated({"waste": WASTE, "search": SEARCH}, seed=1, noise=4.0)
    return spend, fit_response(spend, outcome)


def test_the_change_is_that_of_the_true_curves(made: tuple[pd.DataFrame, Response]) -> None:
    spend, found = made
    row = reallocate(found, 5.0).iloc[0]
    assert (row.from_channel, row.to_channel, row.amount, row.reason) == ("waste", "search", 5.0, "")
    assert row.label.startswith("assumption")
    true = 0.0
    for name, channel, moved in (("waste", WASTE, -5.0), ("search", SEARCH, 5.0)):
        money = spend[name].to_numpy()
        true += (channel.season(money, 1 + moved / money[-52:].mean()) - channel.season(money)) / 52
    assert row.low < true < row.high
    assert row.change == pytest.approx(true, rel=0.15)


def test_a_little_money_changes_by_the_difference_of_the_marginal_returns(
    made: tuple[pd.DataFrame, Response],
) -> None:
    returns = made[1].channels.set_index("channel")["marginal_return"]
    change = reallocate(made[1], 0.01)["change"].iloc[0]
    assert change == pytest.approx(0.01 * (returns["search"] - returns["waste"]), rel=0.05)


def curve(size: float, spread: float) -> ResponseCurve:
    """Steady spend of 10, half of the greatest effect at 10, and at most 12 seen."""
    draws = np.linspace(size - spread, size + spread, 101)
    same = np.ones(101)
    return ResponseCurve(np.full(4, 10.0), 12.0, 0 * same, 10 * same, same, draws)


CURVES = {"a": curve(100, 10), "b": curve(200, 10)}
# Where money is at its half point, hill rises by 1 / (4 · 10) a unit.
APART = pd.DataFrame(
    {
        "channel": ["a", "b"],
        "marginal_return": [100 / 40, 200 / 40],
        "marginal_low": [90 / 40, 190 / 40],
        "marginal_high": [110 / 40, 210 / 40],
        "reason": "",
    }
)


def test_the_change_is_the_difference_of_two_points_on_each_curve() -> None:
    row = reallocate(Response(APART, curves=CURVES), 4.0).iloc[0]
    assert row.change == pytest.approx(200 * (14 / 24 - 1 / 2) - 100 * (1 / 2 - 6 / 16))
    assert row.low < row.change < row.high


def test_no_channel_goes_far_beyond_what_was_seen_or_gives_more_than_it_has() -> None:
    found = Response(APART, curves=CURVES)
    assert reallocate(found, 1.2 * 12 - 10 - 1e-9)["reason"].item() == ""
    beyond = reallocate(found, 5.0).iloc[0]
    assert says(beyond.reason, "b would go beyond 1.2", "12", "4.4 can be moved")
    assert np.isnan([beyond.change, beyond.low, beyond.high]).all()
    assert reallocate(found, 11.0)["reason"].item() == "a spends only 10 a period"


def test_channels_whose_limits_overlap_are_not_played_off() -> None:
    close = APART.assign(marginal_low=[1.0, 2.0], marginal_high=[4.0, 6.0])
    found = reallocate(Response(close, curves=CURVES), 1.0).iloc[0]
    assert says(found.reason, "a and b", "1 to 4", "2 to 6")
    assert np.isnan(found.change)


@pytest.mark.parametrize("amount", [0.0, -5.0, np.nan, np.inf])
def test_an_amount_is_above_zero(made: tuple[pd.DataFrame, Response], amount: float) -> None:
    with pytest.raises(UsageError, match="above zero"):
        reallocate(made[1], amount)


def test_the_curve_starts_at_nothing_rises_and_passes_through_the_present(
    made: tuple[pd.DataFrame, Response],
) -> None:
    found = response_curve(made[1], "search")
    assert found.iloc[0].tolist() == [0, 0, 0, 0]
    assert (found["outcome"].diff().dropna() > 0).all()
    assert (found["low"] <= found["outcome"]).all() and (found["outcome"] <= found["high"]).all()
    row = made[1].channels.set_index("channel").loc["search"]
    there = np.interp(row.spend / 52, found["spend"], found["outcome"])
    assert there == pytest.approx(row.contribution / 52, rel=0.02)


def test_a_channel_without_a_curve_is_named(made: tuple[pd.DataFrame, Response]) -> None:
    with pytest.raises(UsageError, match="Did you mean 'search'"):
        response_curve(made[1], "serch")
