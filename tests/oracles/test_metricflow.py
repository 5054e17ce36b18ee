"""MetricFlow's recorded results (`metricflow-cases`), asked of measures and formulas of our own.

Bookings are orders (`listing` is the product, `guest` the customer), views are web traffic, visits are leads, balances
are the ledger. A trailing window is a row that ends: it is open from its day to its day plus the window, so a sum over
a window is a stock, and a distinct count over one is a count of accounts.

Answered, 20 of 26
    conversion_metric, …_with_categorical_filter, …_with_window_and_time_constraint, …_different_time_dimension_grains:
    the ratio of buys to visits; which visit a buy belongs to is decided in the company file ·
    simple_cumulative_metric, cumulative_metric_with_non_adjustable_filter, non_additive_cumulative_metric ·
    offset_window_with_grain_matching_offset · offset_to_grain_with_grain_smaller_than_offset, …_matching_offset,
    …_multiple_grains, …_single_granularity, non_default_grain_where_constraint_with_cumulative_offset_to_grain:
    asked a second time for the first day of the month · simple_fill_nulls_with_0_month,
    fill_nulls_with_0_multi_metric_query: zero inside the data, and a reason before they begin, where MetricFlow says
    zero · join_to_time_spine_with_filter_not_in_group_by, …_using_agg_time ·
    join_to_timespine_metric_with_date_part: the month is a mapped column · derived_metric_alias: the filter by a
    metric is in the company file · semi_additive_measure_with_where_filter
Outside, 6 of 26
    offset_window_with_grain_smaller_than_offset, offset_window_with_multiple_grains (a month back from a day: `prior`
    goes back by the period's grain) · aliases_without_metrics (rows, no metric) · scd_group_by_without_metric_time,
    saved_query_with_order_by_and_limit (their definitions are not in the folder) ·
    metric_with_metric_in_where_filter (`active_listings` filters by a metric; bookings of its listings are compared)
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.published_companies import months, open_at, values
from support.reasons import says

from kpi_analysis.metrics.session import OpenCompany

ATTRIBUTED_BUYS = """
    select visit.ds as ordered_on, visit.referrer_id as channel, visit.session_id as order_id,
           buy.user_id as customer_id, 1 as amount
    from read_csv('{tables}/fct_buys.csv') as buy
    asof join (select * from read_csv('{tables}/fct_visits.csv') where {where}) as visit
        on buy.user_id = visit.user_id and buy.ds >= visit.ds
    where date_diff('day', visit.ds, buy.ds) <= {days}
"""


@pytest.fixture(scope="module")
def tables(shared_data: Path) -> Path:
    return shared_data / "metricflow-cases/tables"


@pytest.fixture(scope="module")
def bookings(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> OpenCompany:
    columns = {
        "order_id": "ds || guest_id || listing_id",
        "ordered_on": "ds",
        "customer_id": "guest_id",
        "amount": "booking_value",
        "product": "nullif(listing_id, 'null')",
        "segment": "month(ds)",
    }
    views = {"visited_on": "ds", "visitors": "1"}
    return open_at(
        tmp_path_factory.mktemp("bookings"),
        {
            "orders": {"path": str(tables / "fct_bookings.csv"), "columns": columns},
            "web_traffic": {"path": str(tables / "fct_views.csv"), "columns": views},
        },
        measures={
            "booked": {"table": "orders", "agg": "count(*)", "date": "ordered_on"},
            "booked_so_far": {"table": "orders", "agg": "count(*)", "open": ["ordered_on"]},
        },
        formulas={
            "bookings": "booked",
            "bookings_1_month_ago": "prior(booked)",
            "bookings_mom": "(booked - prior(booked)) / prior(booked)",
            "bookings_all_time": "booked_so_far",
        },
    )


def windowed(folder: Path, path: Path, key: str, day: str, value: str, window: str) -> OpenCompany:
    """Rows that are open for as long as a trailing window sees them: `ended_on` is the last day on which it does."""
    rows = f"""
        select {key} as customer_id, {day} as started_on, {day} + interval {window} - interval 1 day as ended_on,
               {value} as mrr
        from read_csv('{path}')
    """
    return open_at(folder, {"subscriptions": {"sql": rows, "ends": "inclusive"}})


def visits(folder: Path, tables: Path, *, where: str = "true", days: int = 10_000) -> OpenCompany:
    """Visits as leads, and the buys that follow them as orders on the day of the visit."""
    leads = {
        "lead_id": "session_id",
        "created_on": "ds",
        "customer_id": "user_id",
        "channel": "referrer_id",
    }
    return open_at(
        folder,
        {
            "leads": {"path": str(tables / "fct_visits.csv"), "columns": leads},
            "orders": {"sql": ATTRIBUTED_BUYS.format(tables=tables, where=where, days=days)},
        },
        measures={"buys": {"table": "orders", "agg": "count(*)", "date": "ordered_on"}},
        formulas={"visit_buy_conversion_rate": "buys / leads_created"},
    )


def recorded(shared_data: Path, case: str, *keys: str) -> pd.DataFrame:
    """Return a recorded result with its days as text, by its keys."""
    frame = pd.read_csv(shared_data / f"metricflow-cases/expected/test_{case}.csv")
    for column in frame.columns:
        if column.startswith("metric_time__") and column != "metric_time__extract_month":
            frame[column] = frame[column].str[:10]
    return frame.set_index(list(keys)) if keys else frame


# ------------------------------------------------------------------ conversion


def test_conversion_metric(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    expected = recorded(shared_data, "conversion_metric", "metric_time__day").visit_buy_conversion_rate
    frame = visits(tmp_path, tables).compute(["visit_buy_conversion_rate"], period="2020-01-12", last=12)
    found, known = values(frame, "period"), expected.dropna()
    assert found[known.index].to_dict() == pytest.approx(known.to_dict(), abs=5e-7)
    assert found[expected.index.difference(known.index)].fillna(0).sum() == 0, "visits that nobody followed by a buy"
    quiet = frame[~frame.period.isin(expected.index) & (frame.period < "2020-01-10")]
    assert quiet.value.isna().all() and set(quiet.reason) == {"no leads in the period"}


@pytest.mark.parametrize(
    ("case", "rate", "days"),
    [
        ("conversion_metric_with_categorical_filter", "visit_buy_conversion_rate", 10_000),
        ("conversion_metric_with_window_and_time_constraint", "visit_buy_conversion_rate_7days", 7),
    ],
)
def test_conversion_metric_with_filter(
    case: str, rate: str, days: int, tmp_path: Path, tables: Path, shared_data: Path
) -> None:
    expected = recorded(shared_data, case, "metric_time__day")[rate]
    company = visits(tmp_path, tables, where="referrer_id = 'fb_ad_1'", days=days)
    frame = company.compute(["visit_buy_conversion_rate"], period="2020-01-12", last=12, where="channel = 'fb_ad_1'")
    assert values(frame, "period")[expected.index].to_dict() == expected.to_dict()


def test_conversion_metric_over_all_days(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    expected = recorded(shared_data, "conversion_metric_with_different_time_dimension_grains").iloc[0, 0]
    found = visits(tmp_path, tables, days=31).compute(["visit_buy_conversion_rate"], period="2020-01")
    assert found.value[0] == expected


# ------------------------------------------------------------------ cumulative


def test_simple_cumulative_metric(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    company = windowed(tmp_path, tables / "fct_revenue.csv", "user_id", "created_at", "revenue", "2 month")
    frame = company.compute(["monthly_recurring_revenue"], period="2020-04-30", last=90)
    expected = recorded(shared_data, "simple_cumulative_metric", "metric_time__day").trailing_2_months_revenue
    assert values(frame, "period")[expected.index].to_dict() == expected.to_dict()
    chosen = recorded(shared_data, "cumulative_metric_with_non_adjustable_filter", "metric_time__day").iloc[:, 0]
    assert values(frame, "period")[chosen.index].to_dict() == chosen.to_dict()


def test_non_additive_cumulative_metric(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    company = windowed(tmp_path, tables / "fct_bookings.csv", "guest_id", "ds", "1", "2 day")
    expected = recorded(shared_data, "non_additive_cumulative_metric", "metric_time__day").every_two_days_bookers
    found = values(company.compute(["active_accounts"], period="2020-01-03", last=3), "period")
    assert found.to_dict() == expected.to_dict()


# ------------------------------------------------------------------ offset


def test_offset_window_with_grain_matching_offset(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "offset_window_with_grain_matching_offset")
    expected = expected.set_index(months(expected.metric_time__month)).iloc[:, 1:]
    frame = bookings.compute(list(expected.columns), period="2020-12", last=13)
    found = values(frame, "kpi", "period")
    for kpi in expected.columns:
        known = expected[kpi].dropna()
        assert found[kpi][known.index].to_dict() == pytest.approx(known.to_dict(), rel=5e-6), kpi
    assert found["bookings"]["2020-05"] == 0, "months without bookings are zero here, and nothing there"
    first = frame[(frame.kpi == "bookings_mom") & (frame.period == "2019-12")].iloc[0]
    assert pd.isna(first.value) and says(first.reason, "period before", "before the data")


@pytest.mark.parametrize(
    "case", ["offset_to_grain_with_grain_smaller_than_offset", "offset_to_grain_with_multiple_grains"]
)
def test_offset_to_grain_by_day(case: str, bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, case, "metric_time__day").loc[:"2020-12-31"]
    frame = bookings.compute(["bookings_all_time"], period="2020-12-31", last=397)
    so_far = values(frame, "period")
    start = so_far[[f"{day[:7]}-01" for day in expected.index]].set_axis(expected.index)
    assert so_far[expected.index].to_dict() == expected.bookings_all_time.to_dict()
    assert start.to_dict() == expected.bookings_all_time_at_start_of_month.to_dict()
    since = so_far[expected.index] - start
    assert since.to_dict() == expected.bookings_since_start_of_month.to_dict()


def test_offset_to_grain_of_a_flow(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "offset_to_grain_with_single_granularity", "metric_time__day").iloc[:, 0]
    found = values(bookings.compute(["bookings"], period="2020-12-31", last=397), "period")
    assert found[[f"{day[:7]}-01" for day in expected.index]].tolist() == expected.tolist()


@pytest.mark.parametrize(
    "case",
    [
        "offset_to_grain_with_grain_matching_offset",
        "non_default_grain_where_constraint_with_cumulative_offset_to_grain",
    ],
)
def test_offset_to_grain_by_month(case: str, bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, case, "metric_time__month")
    so_far = values(bookings.compute(["bookings_all_time"], period="2020-12-31", last=397), "period")
    assert so_far[expected.index].to_dict() == expected.bookings_all_time.to_dict(), "theirs is of the first day"
    assert (expected.bookings_since_start_of_month == 0).all()


# ------------------------------------------------------------------ gaps, filters, parts of a day


def test_fill_nulls_with_0_month(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "simple_fill_nulls_with_0_month")
    expected = expected.set_index(months(expected.metric_time__month)).bookings_fill_nulls_with_0
    frame = bookings.compute(["bookings"], period="2020-12", last=24)
    inside = expected.loc["2019-12":]
    assert values(frame, "period")[inside.index].to_dict() == inside.to_dict()
    before = frame[frame.period < "2019-12"]
    assert before.value.isna().all() and set(before.reason) == {"the period is before the data begins"}


def test_fill_nulls_with_0_multi_metric_query(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "fill_nulls_with_0_multi_metric_query", "metric_time__week")
    frame = bookings.compute(["bookings", "website_visitors"], period="2020-W01", last=6)
    found = values(frame.assign(week=frame.period_start.dt.strftime("%Y-%m-%d")), "kpi", "week")
    assert found["bookings"].to_dict() == expected.bookings_fill_nulls_with_0.to_dict()
    assert found["website_visitors"].isna().tolist() == expected.views.isna().tolist()
    assert found["website_visitors"].dropna().to_dict() == expected.views.dropna().to_dict()


@pytest.mark.parametrize("suffix", ["", "_using_agg_time"])
def test_join_to_time_spine_with_filter_not_in_group_by(suffix: str, bookings: OpenCompany, shared_data: Path) -> None:
    case = f"join_to_time_spine_with_filter_not_in_group_by{suffix}"
    expected = recorded(shared_data, case).bookings_join_to_time_spine_with_tiered_filters
    tiers = "ordered_on >= date '2020-01-02' and ordered_on <= date '2020-01-02'"
    assert bookings.compute(["bookings"], period="2020-01", where=tiers).value.tolist() == expected.tolist()


def test_join_to_timespine_metric_with_date_part(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "join_to_timespine_metric_with_date_part", "metric_time__extract_month").iloc[:, 0]
    frame = bookings.compute(["bookings"], period="2020", last=2, by=["segment"])
    found = frame.assign(month=frame.segment.astype(int)).groupby("month").value.sum()
    assert found.to_dict() == expected.dropna().to_dict()


def test_derived_metric_with_a_filter_by_a_metric(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    rows = f"""
        select ds as ordered_on, 'b' as order_id, guest_id as customer_id, booking_value as amount
        from read_csv('{tables}/fct_bookings.csv') qualify count(*) over (partition by listing_id) > 2
    """
    company = open_at(tmp_path, {"orders": {"sql": rows}}, formulas={"booking_fees": "order_revenue * 0.05"})
    expected = recorded(shared_data, "derived_metric_alias", "metric_time__day").booking_fees_alias
    found = values(company.compute(["booking_fees"], period="2020-12-31", last=397), "period")
    assert found[expected.index].to_dict() == pytest.approx(expected.fillna(0).to_dict(), rel=5e-6)


def test_bookings_of_each_listing(bookings: OpenCompany, shared_data: Path) -> None:
    expected = recorded(shared_data, "metric_with_metric_in_where_filter", "listing").bookings
    found = values(bookings.compute(["bookings_all_time"], period="2020-12-31", by=["product"]), "product")
    assert found[found > 1].to_dict() == expected.to_dict()


# ------------------------------------------------------------------ semi-additive


def test_semi_additive_measure_with_where_filter(tmp_path: Path, tables: Path, shared_data: Path) -> None:
    columns = {
        "booked_on": "ds",
        "account": "case account_type when 'savings' then user_id end",
        "amount": "account_balance",
    }
    company = open_at(
        tmp_path,
        {"ledger": {"path": str(tables / "fct_accounts.csv"), "columns": columns}},
        measures={"balance": {"table": "ledger", "agg": "sum(amount)", "last": "account", "date": "booked_on"}},
        formulas={"current_account_balance": "balance"},
    )
    expected = recorded(shared_data, "semi_additive_measure_with_where_filter", "user").iloc[:, 0]
    where = "account is not null"
    found = values(
        company.compute(["current_account_balance"], period="2020-01", by=["account"], where=where), "account"
    )
    assert found.to_dict() == expected.to_dict()
    whole = company.compute(["current_account_balance"], period="2020-01", where=where)
    assert whole.value[0] == expected.sum()
