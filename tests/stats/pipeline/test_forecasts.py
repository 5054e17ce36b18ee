"""What the open deals will bring: closed forms, worlds whose future is known, and reasons to say nothing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.pipeline import deals_as_of, forecast

DAY = dt.date(2026, 6, 30)
UNTIL = dt.date(2026, 9, 30)
ENDS = [dt.date(2025, 6, 30), dt.date(2025, 9, 30), dt.date(2025, 12, 31), dt.date(2026, 3, 31)]
WIN, LOSE = 0.006, 0.014  # a day


def world(count: int, seed: int) -> pd.DataFrame:
    """Deals of two years that are won and lost with the same chance on every day."""
    random = np.random.default_rng(seed)
    created = pd.Timestamp(DAY) - pd.to_timedelta(random.integers(0, 730, count), unit="D")
    closed = created + pd.to_timedelta(random.geometric(WIN + LOSE, count), unit="D")
    won = random.random(count) < WIN / (WIN + LOSE)
    return pd.DataFrame({"created": created, "closed": closed, "won": won, "amount": random.gamma(4, 250, count)})


def won_later(deals: pd.DataFrame) -> float:
    start, end = pd.Timestamp(DAY), pd.Timestamp(UNTIL)
    rows = deals[(deals["closed"] > start) & (deals["closed"] <= end) & deals["won"]]
    return float(rows["amount"].sum())


def test_with_even_chances_age_does_not_matter_and_the_chance_is_known() -> None:
    deals = world(20_000, 1)
    found = forecast(deals, DAY, UNTIL)
    days = (UNTIL - DAY).days
    wanted = WIN / (WIN + LOSE) * (1 - (1 - WIN - LOSE) ** days)
    young = found.frame[found.frame["age"] < 100]
    assert young["chance"].mean() == pytest.approx(wanted, rel=0.03)
    assert found.expected == pytest.approx((found.frame["chance"] * found.frame["amount"]).sum())
    assert found.deals == pytest.approx(found.frame["chance"].sum())
    assert found.expected == pytest.approx(won_later(deals), rel=0.08)


def test_the_range_holds_what_comes_about_nineteen_times_in_twenty() -> None:
    held = []
    for seed in range(20):
        deals = world(300, 100 + seed)
        found = forecast(deals, DAY, UNTIL)
        held.append(found.low <= won_later(deals) <= found.high)
    assert 0.85 <= np.mean(held) <= 1.0


def test_a_forecast_tried_on_an_earlier_day_knows_nothing_of_what_came_after() -> None:
    deals = world(600, 2)
    tried = forecast(deals, DAY, UNTIL, earlier=ENDS).backtest
    assert [one.day for one in tried] == [dt.date(2025, 9, 30), dt.date(2025, 12, 31), dt.date(2026, 3, 31)]
    one = tried[-1]
    alone = forecast(deals_as_of(deals, ENDS[-1])[["created", "closed", "won", "amount"]], ENDS[-1], DAY)
    assert (one.expected, one.low, one.high) == (alone.expected, alone.low, alone.high)
    start, end = pd.Timestamp(ENDS[-1]), pd.Timestamp(DAY)
    rows = deals[
        (deals["created"] <= start) & deals["closed"].between(start + pd.Timedelta(days=1), end) & deals["won"]
    ]
    assert one.won == pytest.approx(rows["amount"].sum())
    assert one.won == pytest.approx(tried[-1].won) and tried[-1].repeated == pytest.approx(tried[-2].won)


def test_it_says_why_it_says_nothing() -> None:
    deals = world(600, 3)
    assert forecast(deals, DAY, UNTIL, earlier=ENDS).reason == ""
    assert "only 0 earlier forecasts" in forecast(deals, DAY, UNTIL).reason
    closed = deals[deals["closed"] <= pd.Timestamp(DAY)]
    assert says(forecast(closed, DAY, UNTIL, earlier=ENDS).reason, "no deal")
    assert says(forecast(deals.head(60), DAY, UNTIL, earlier=ENDS).reason, "won so far", "30 are needed")


def test_it_is_withheld_where_the_same_as_last_time_was_nearer() -> None:
    deals = world(600, 4)
    # from the first try on nobody wins any more: what was learned before is wrong, and nothing repeats nothing
    deals["won"] &= deals["closed"] <= pd.Timestamp(ENDS[0])
    found = forecast(deals, DAY, UNTIL, earlier=ENDS)
    assert found.error > found.naive_error == 0.0
    assert says(found.reason, "further off")


def test_a_deal_without_an_amount_takes_the_mean_of_its_product() -> None:
    deals = world(300, 5).assign(product=["A", "B"] * 150)
    deals["amount"] = np.where(deals["product"] == "A", 100.0, 700.0)
    waiting = deals["closed"] > pd.Timestamp(DAY)
    deals.loc[waiting, "amount"] = np.nan
    found = forecast(deals, DAY, UNTIL)
    assert found.without_amount == waiting.sum() == len(found.frame)
    assert found.frame.groupby("product")["amount"].unique().str[0].to_dict() == {"A": 100.0, "B": 700.0}


def test_the_same_seed_gives_the_same_range() -> None:
    deals = world(200, 6)
    one, two, other = (forecast(deals, DAY, UNTIL, seed=seed) for seed in (0, 0, 1))
    assert (one.low, one.high) == (two.low, two.high) != (other.low, other.high)


def test_days_follow_one_another() -> None:
    with pytest.raises(UsageError, match="follow one another"):
        forecast(world(50, 7), DAY, DAY)
