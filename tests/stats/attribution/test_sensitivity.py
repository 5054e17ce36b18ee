"""The table of rule, lag and scope of costs: each cell is `attribute` on journeys that were cut by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.attribution import RULES, attribute, sensitivity

PATHS = pd.DataFrame(
    {
        "path": ["paid > email > organic", "email > paid", "organic", "paid > organic"],
        "conversions": [4, 2, 3, 0],
        "value": [400.0, 100.0, 90.0, 0.0],
        "nulls": [6, 2, 9, 5],
        "days": ["40 > 8 > 0", "20 > 0", "0", "3 > 0"],
    }
)
WITHIN_10 = PATHS.assign(path=["email > organic", "paid", "organic", "paid > organic"]).drop(columns="days")
COSTS = pd.DataFrame(
    {
        "scope": ["media", "media", "all", "all", "all", "all"],
        "channel": ["paid", "events", "paid", "paid", "email", "events"],
        "cost": [100.0, 50.0, 100.0, 20.0, 40.0, 50.0],
    }
)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "time_decay"])
def test_each_cell_is_what_the_rule_gives_to_what_is_left(rule: str) -> None:
    table = sensitivity(PATHS, COSTS, rules=[rule], lags=[10, 90])
    for lag, left in ((10, WITHIN_10), (90, PATHS)):
        wanted = attribute(left, rule).set_index("channel")
        for scope in ("media", "all"):
            cell = table[(table.lag_days == lag) & (table.scope == scope)].set_index("channel")
            assert cell.value.reindex(wanted.index).tolist() == pytest.approx(wanted.value.tolist())
            assert cell.conversions.sum() == pytest.approx(9)


def test_returns_and_their_reasons() -> None:
    table = sensitivity(PATHS, COSTS, rules=["last"], lags=[90], gross_margin=0.5).set_index(["scope", "channel"])
    paid = table.loc[("all", "paid")]
    assert (paid.value, paid.cost) == (100, 120)
    assert (paid.ratio, paid.roi, paid.margin_roi) == pytest.approx((100 / 120, -20 / 120, -70 / 120))
    events = table.loc[("media", "events")]
    assert (events.value, events.cost, events.roi, events.reason) == (0, 50, -1, "")
    organic = table.loc[("all", "organic")]
    assert organic.reason == "no spend"
    assert organic[["ratio", "roi", "margin_roi"]].isna().all()


def test_five_hundred_for_a_hundred() -> None:
    """Revenue 500, cost 100, margin 40 %: ratio 5, ROI 400 %, margin ROI 100 %."""
    paths = pd.DataFrame({"path": ["A"], "conversions": [1], "value": [500], "days": ["0"]})
    costs = pd.DataFrame({"scope": ["media"], "channel": ["A"], "cost": [100]})
    row = sensitivity(paths, costs, rules=["last"], lags=[0], gross_margin=0.4).iloc[0]
    assert (row.ratio, row.roi, row.margin_roi) == pytest.approx((5, 4, 1))


def test_a_journey_whose_touches_are_all_too_old_has_no_credit_to_give() -> None:
    old = PATHS.assign(days=["40 > 8 > 5", "20 > 12", "0", "3 > 0"])
    totals = sensitivity(old, COSTS.iloc[:1], rules=["last"], lags=[0, 7, 90]).groupby("lag_days").value.sum()
    assert totals.to_dict() == {0: 90, 7: 490, 90: 590}


def test_where_nothing_is_left_there_is_nothing() -> None:
    late = PATHS.iloc[:2].assign(days=["40 > 8 > 5", "20 > 12"])
    table = sensitivity(late, COSTS, rules=["markov"], lags=[0])
    assert (table.value == 0).all()


def test_no_value_is_said() -> None:
    table = sensitivity(PATHS.drop(columns="value"), COSTS, rules=["linear"], lags=[90])
    assert says(table.set_index(["scope", "channel"]).reason.loc[("all", "paid")], "no value")
    assert table.ratio.isna().all()


@pytest.mark.parametrize(
    ("paths", "costs", "words"),
    [
        (PATHS.drop(columns="days"), COSTS, "no column 'days'"),
        (PATHS, COSTS.rename(columns={"cost": "costs"}), "Did you mean 'costs'"),
        (PATHS, COSTS.assign(cost=-1.0), "below zero"),
        (PATHS, COSTS.assign(channel=None), "without a scope, a channel"),
    ],
)
def test_what_is_wrong_is_said(paths: pd.DataFrame, costs: pd.DataFrame, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        sensitivity(paths, costs)
    assert words in str(caught.value)
