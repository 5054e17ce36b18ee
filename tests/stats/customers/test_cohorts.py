"""The retention triangle and the segments."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.customers import SEGMENTS, cohorts, rfm

ONLINE_RETAIL = Path(__file__).resolve().parents[3] / "data" / "online_retail"
NAMES = {"customer": "id", "date": "date"}


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    rows = pd.read_parquet(ONLINE_RETAIL / "online_retail.parquet")
    rows["value"] = rows["Quantity"] * rows["UnitPrice"]
    sold = ~rows["InvoiceNo"].astype(str).str.startswith("C") & (rows["Quantity"] > 0) & (rows["UnitPrice"] > 0)
    rows = rows[sold & rows["CustomerID"].notna()]
    return rows.rename(columns={"CustomerID": "id", "InvoiceDate": "date"})[["id", "date", "value"]]


def test_the_triangle_of_the_gift_shop_is_the_published_one(sales: pd.DataFrame) -> None:
    found = cohorts(sales, **NAMES)
    published = pd.read_csv(ONLINE_RETAIL / "expected_cohort_active_customers.csv", index_col="cohort")
    table = found.pivot(index="cohort", columns="age", values="active")
    assert table.index.strftime("%Y-%m").tolist() == published.index.tolist()
    np.testing.assert_array_equal(table.to_numpy(), published.to_numpy())
    assert (found.groupby("cohort")["size"].first().to_numpy() == published["0"].to_numpy()).all()


def test_the_unfinished_month_is_left_open(sales: pd.DataFrame) -> None:
    found = cohorts(sales, **NAMES, until="2011-12-09")
    month = found["cohort"].dt.to_period("M").astype("int64") + found["age"]
    december = pd.Period("2011-12").ordinal
    assert (found["mature"] == (month < december)).all()
    assert found.loc[~found["mature"], "rate"].isna().all() and found.loc[found["mature"], "rate"].notna().all()
    assert found.loc[month > december, "active"].isna().all() and found.loc[month == december, "active"].notna().all()
    whole = cohorts(sales, **NAMES, until="2011-12-31")
    assert whole.loc[month == december, "mature"].all()


def test_revenue_of_all_cells_is_all_revenue(sales: pd.DataFrame) -> None:
    found = cohorts(sales, **NAMES, value="value", grain="quarter")
    assert found["revenue"].sum() == pytest.approx(sales["value"].sum())
    mature = found[found["mature"]]
    assert mature.loc[mature["age"] == 0, "revenue_rate"].to_numpy() == pytest.approx(1.0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 300)), min_size=1, max_size=80))
def test_a_triangle_adds_up(rows: list[tuple[int, int]]) -> None:
    first = dt.date(2025, 1, 1)
    orders = pd.DataFrame([(who, first + dt.timedelta(days=day)) for who, day in rows], columns=["id", "date"])
    found = cohorts(orders, **NAMES)
    months = orders.assign(month=pd.to_datetime(orders["date"]).dt.to_period("M"))
    assert found["active"].sum() == len(months.drop_duplicates(["id", "month"]))
    assert found[found["age"] == 0]["size"].sum() == orders["id"].nunique()
    assert found["rate"].dropna().between(0, 1).all()
    assert (found.loc[found["age"] == 0, "active"] == found.loc[found["age"] == 0, "size"]).all()
    counts = found["cohort"].value_counts()
    assert counts.nunique() == 1, "every cohort has every age"


def test_a_company_s_own_periods_can_be_given() -> None:
    orders = pd.DataFrame({"id": ["A", "A", "B"], "date": ["2026-01-05", "2026-02-02", "2026-02-01"]})
    # four weeks from the last Monday of the year, not months
    edges = [dt.date(2025, 12, 29), dt.date(2026, 1, 26), dt.date(2026, 2, 23)]
    found = cohorts(orders, **NAMES, grain=edges, until="2026-02-22")
    assert found[["age", "active", "mature"]].values.tolist() == [
        [0, 1, True], [1, 1, True], [0, 1, True], [1, pytest.approx(np.nan, nan_ok=True), False]
    ]  # fmt: skip
    with pytest.raises(UsageError, match="outside the periods"):
        cohorts(orders, **NAMES, grain=edges[1:])


def test_no_order_gives_an_empty_triangle_and_wrong_input_is_refused() -> None:
    none = pd.DataFrame({"id": ["A"], "date": ["2026-03-01"]})
    assert cohorts(none, **NAMES, until="2026-02-01").empty
    with pytest.raises(UsageError, match="Did you mean 'month'"):
        cohorts(none, **NAMES, grain="months")
    with pytest.raises(DataError, match="without a date"):
        cohorts(none.assign(date=[None]), **NAMES)
    assert len(cohorts(none.assign(id=[None]), **NAMES)) == 0


# --- segments


def bought(seed: int = 0, people: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who = rng.integers(0, people, 900) ** 2 // people
    days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 270, 900), unit="D")
    return pd.DataFrame({"id": who, "date": days, "value": rng.gamma(2, 50, 900)})


def test_segments_add_up_to_all_customers_and_all_revenue() -> None:
    rows = bought()
    found = rfm(rows, **NAMES, value="value", until="2026-09-30")
    assert found.segments["customers"].sum() == rows["id"].nunique() == len(found.customers)
    assert found.segments["value"].sum() == pytest.approx(rows["value"].sum())
    assert found.segments[["share", "value_share"]].sum().tolist() == pytest.approx([1.0, 1.0])
    assert found.customers[["recency", "frequency", "monetary"]].isin(range(1, 6)).all().all()


def test_scores_do_not_depend_on_the_order_and_ties_share_one() -> None:
    rows = bought(1)
    one = rfm(rows, **NAMES, value="value", until="2026-09-30").customers
    other = rfm(rows.sample(frac=1, random_state=3), **NAMES, value="value", until="2026-09-30").customers
    pd.testing.assert_frame_equal(one.drop(columns="value"), other.drop(columns="value"))
    assert (one.groupby("purchases")["frequency"].nunique() == 1).all()
    assert (one.groupby("days")["recency"].nunique() == 1).all()
    ordered = one.sort_values("days")
    assert (ordered["recency"].diff().dropna() <= 0).all()


def test_a_fifth_of_customers_that_all_differ_has_each_score() -> None:
    rows = pd.DataFrame(
        {"id": range(25), "date": pd.date_range("2026-01-01", periods=25), "value": np.arange(25.0) + 1}
    )
    found = rfm(rows, **NAMES, value="value", until="2026-02-01").customers
    assert found["recency"].value_counts().tolist() == [5] * 5 and found["monetary"].tolist() == sorted(
        found["monetary"]
    )
    assert set(found["frequency"]) == {1}, "all bought once: nobody lies below"


def test_every_pair_of_scores_has_one_segment() -> None:
    pairs = [(r, f) for rs, fs in SEGMENTS.values() for r in rs for f in fs]
    assert sorted(pairs) == [(r, f) for r in range(1, 6) for f in range(1, 6)]


def test_too_few_customers_have_no_fifths() -> None:
    rows = bought().query("id < 4")
    found = rfm(rows, **NAMES, value="value", until="2026-09-30")
    assert found.reason == f"only {rows['id'].nunique()} customers bought, at least 25 are needed for fifths"
    assert found.customers.empty
