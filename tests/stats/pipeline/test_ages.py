"""Ages and chances of deals: by hand, by plain counting, and by the Kaplan-Meier curve of another package."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.customers import survival
from kpi_analysis.stats.pipeline import deal_ageing, deals_as_of, sales_cycle, slippage, win_probabilities

DAY = dt.date(2026, 6, 30)
END = pd.Timestamp(DAY)


def made(count: int = 400, seed: int = 1, *, days: int = 300) -> pd.DataFrame:
    """Deals that are opened evenly over the days before the end and close after 1 to 120 days."""
    random = np.random.default_rng(seed)
    created = END - pd.to_timedelta(random.integers(0, days, count), unit="D")
    closed = created + pd.to_timedelta(random.integers(1, 121, count), unit="D")
    return pd.DataFrame(
        {
            "created": created,
            "closed": closed,
            "won": random.random(count) < 0.4,
            "amount": random.integers(1, 9, count),
        }
    )


def test_what_comes_later_is_not_known() -> None:
    deals = made()
    known = deals_as_of(deals, DAY)
    later = (deals["closed"] > END).to_numpy()
    assert later.any() and known.loc[later, "closed"].isna().all() and not known.loc[later, "won"].any()
    assert (known.loc[later, "age"] == (END - deals.loc[later, "created"]).dt.days).all()
    earlier = deals_as_of(deals, dt.date(2026, 1, 1))
    assert len(earlier) == (deals["created"] <= "2026-01-01").sum() < len(deals)


def test_where_all_are_closed_the_chance_is_the_share_that_was_won() -> None:
    deals = made()
    deals = deals[deals["closed"] <= END]
    found = win_probabilities(deals_as_of(deals, DAY), DAY)
    ages = (deals["closed"] - deals["created"]).dt.days
    for age, within in ((0, 30), (0, 200), (40, 20), (100, 365)):
        there = deals[ages > age]
        wanted = (there["won"] & (ages[there.index] <= age + within)).mean()
        assert found.within([age], within)[0] == pytest.approx(wanted)
    assert found.ever([500])[0] == 0.0, "nobody has seen so old a deal"


def test_the_share_still_open_is_kaplan_and_meier_s() -> None:
    known = deals_as_of(made(), DAY)
    found = win_probabilities(known, DAY)
    curve = survival(known["age"], known["closed"].notna())
    for age in (1, 20, 60, 119):
        assert found.open[age] == pytest.approx(curve.at(age))


def test_a_deal_from_before_the_two_years_counts_from_its_age_then() -> None:
    begin = END - pd.Timedelta(days=730)
    old = pd.DataFrame({"created": [begin - pd.Timedelta(days=99)], "closed": [begin + pd.Timedelta(days=11)]})
    young = pd.DataFrame({"created": [END - pd.Timedelta(days=200)], "closed": [END - pd.Timedelta(days=190)]})
    deals = pd.concat([old, young], ignore_index=True).assign(won=[True, True], amount=1.0)
    found = win_probabilities(deals_as_of(deals, DAY), DAY)
    assert found.at_risk[[0, 10, 50, 100, 110]].tolist() == [1.0, 1.0, 0.0, 1.0, 1.0]


def test_ages_are_sorted_into_those_at_which_deals_were_won() -> None:
    known = deals_as_of(made(), DAY)
    found = deal_ageing(known, DAY)
    ages = known.loc[known["closed"].isna(), "age"]
    won = known.loc[known["won"], "age"]
    edges = [int(won.quantile(share)) for share in (0.5, 0.75, 0.9)]
    counted = pd.cut(ages, [-1, *edges, 10_000]).value_counts(sort=False).tolist()
    assert found["deals"].tolist() == counted and sum(counted) == len(ages)
    assert found["to_days"].tolist()[:3] == edges
    assert found["amount"].sum() == known.loc[known["closed"].isna(), "amount"].sum()
    assert found["share"].sum() == pytest.approx(1)
    assert deal_ageing(known[known["closed"].notna()], DAY).empty
    assert deal_ageing(known[known["closed"].isna()], DAY).empty


def test_slipped_are_those_open_for_longer_than_the_limit() -> None:
    deals = made()
    limit = sales_cycle(deals_as_of(deals, DAY), DAY, 0.9)
    days = [dt.date(2025, 1, 1), dt.date(2026, 3, 31), DAY]
    found = slippage(deals, days, limit)
    for place, day in enumerate(days):
        stamp = pd.Timestamp(day)
        there = deals[(deals["created"] <= stamp) & (deals["closed"] > stamp)]
        slipped = ((stamp - there["created"]).dt.days > limit).sum()
        assert found.loc[place, ["deals", "slipped"]].tolist() == [len(there), slipped]
    assert np.isnan(found["share"].iloc[0]), "nothing was open: no share"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(UsageError, match="no column 'closed'"):
        deals_as_of(made().rename(columns={"closed": "close"}), DAY)
