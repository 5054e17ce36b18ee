from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from opening import open_from

from kpi_analysis.compute import FIELDS_AFTER, FIELDS_BEFORE
from kpi_analysis.errors import ConfigError, DataError, UsageError

LEADS = """lead_id,created_on,channel,customer_id,mql_on,sql_on
1,2026-01-05,paid,a,2026-01-06,
2,2026-01-20,paid,,,
3,2026-02-02,email,b,2026-02-03,2026-04-01
4,2026-02-28,,,,
5,2026-04-01,paid,,,
"""
SPEND = """spent_on,amount,channel,kind
2026-01-01,100,paid,marketing
2026-01-31,50,email,marketing
2026-02-01,30,paid,sales
2026-04-15,200,paid,marketing
"""
DEALS = """opportunity_id,created_on,closed_on,outcome,amount,owner
1,2026-01-01,2026-01-31,won,100,Ann
2,2026-01-10,2026-02-10,lost,0,Ann
3,2026-01-15,2026-02-15,won,300,Bob
4,2026-02-01,,open,50,Bob
5,2026-03-31,2026-04-01,won,500,Ann
"""
ORDERS = """order_id,ordered_on,customer_id,amount,cost,channel
1,2026-01-01,a,100,40,paid
1,2026-01-01,a,50,,paid
2,2026-01-31,b,200,100,email
R2,2026-02-10,b,-200,-100,email
3,2026-02-20,a,80,,
"""


def value(frame: pd.DataFrame, **wanted: Any) -> Any:
    for name, content in wanted.items():
        frame = frame[frame[name] == content]
    assert len(frame) == 1, frame
    return frame.iloc[0]


def test_the_frame_has_the_promised_fields(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    frame = company.compute(["leads"], period="2026-Q1", by=["channel"])
    assert list(frame.columns) == [*FIELDS_BEFORE, "channel", *FIELDS_AFTER]
    assert frame.id.tolist() == [
        "leads@2026-Q1[channel=(none)]",
        "leads@2026-Q1[channel=email]",
        "leads@2026-Q1[channel=paid]",
    ]


def test_rows_are_counted_in_the_period_of_their_date(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    frame = company.compute(["leads"], period="2026-04", last=4)
    assert frame.period.tolist() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert frame.value.tolist() == [2, 2, 0, 1]
    assert company.compute(["leads"], period="2026-Q1").value.tolist() == [4]


def test_a_ratio_is_the_ratio_of_sums_at_every_grain(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS, "spend": SPEND})
    months = company.compute(["cost_per_lead"], period="2026-02", last=2)
    quarter = company.compute(["cost_per_lead"], period="2026-Q1").iloc[0]
    assert months.value.tolist() == [75, 0]
    assert quarter.value == 150 / 4 != months.value.mean() + 1
    assert (quarter.numerator, quarter.denominator) == (150, 4)


def test_rows_behind_a_figure_are_each_counted_once(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS, "leads": LEADS, "spend": SPEND})
    frame = company.compute(period="2026-Q1")
    assert value(frame, kpi="opportunity_to_win_ratio").rows == 3
    assert value(frame, kpi="average_deal_size").rows == 2
    assert value(frame, kpi="cost_per_lead").rows == 4 + 2


def test_no_denominator_is_a_reason_and_never_a_number(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS, "spend": SPEND})
    row = company.compute(["cost_per_lead"], period="2026-03").iloc[0]
    assert math.isnan(row.value) and row.reason == "no leads in the period"


def test_a_table_that_is_not_connected_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    row = company.compute(["cost_per_lead"], period="2026-Q1").iloc[0]
    assert math.isnan(row.value) and row.reason == "table spend is not connected"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"spend": SPEND})
    assert company.compute(["cost_per_click"], period="2026-Q1").reason[0] == "table spend has no column clicks"


def test_open_deals_are_in_neither_part_of_the_win_ratio(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    row = company.compute(["opportunity_to_win_ratio"], period="2026-Q1").iloc[0]
    assert (row.numerator, row.denominator) == (2, 3)
    assert row.ci_low == pytest.approx(0.2077, abs=1e-4) and row.ci_high == pytest.approx(0.9385, abs=1e-4)


def test_a_stock_is_read_at_the_end_of_the_period(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    months = company.compute(["open_pipeline", "pipeline_value"], period="2026-04", last=4, as_of="2026-04-30")
    assert months[months.kpi == "open_pipeline"].value.tolist() == [2, 1, 2, 1]
    assert months[months.kpi == "pipeline_value"].value.tolist() == [300, 50, 550, 50]
    quarter = company.compute(["open_pipeline"], period="2026-Q1").iloc[0]
    assert quarter.value == 2, "not the sum over its months"


def test_a_stock_can_be_sliced_and_its_parts_add_up(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    frame = company.compute(["open_pipeline"], period="2026-Q1", by=["owner"])
    assert dict(zip(frame.owner, frame.value, strict=True)) == {"Ann": 1, "Bob": 1}


def test_an_opportunity_closed_after_as_of_is_still_open(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    row = company.compute(["open_pipeline"], period="2026-01", as_of="2026-01-20").iloc[0]
    assert row.value == 3 and not row.complete


def test_velocity_is_made_of_its_four_levers(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    row = company.compute(["sales_velocity"], period="2026-02").iloc[0]
    # worked: 2 open at the end of January + 1 created; won 1 of 2; worth 300; in 31 days
    assert row.value == pytest.approx(3 * 0.5 * 300 / 31)


def test_an_unfinished_period_is_marked_and_compared_with_the_same_stretch(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-01", "2026-02-20")
    company = open_from(tmp_path, {"leads": pd.DataFrame({"lead_id": range(len(days)), "created_on": days})})
    row = company.compute(["leads"], period="2026-02").iloc[0]
    assert not row.complete
    assert (row.value, row.previous) == (20, 20), "not 20 against the 31 of the whole of January"
    rate = company.compute(["lead_generation_rate"], period="2026-02").iloc[0]
    assert rate.value == 1, "by the days that have passed"


def test_data_that_begin_within_a_period_make_it_incomplete_and_no_base(tmp_path: Path) -> None:
    days = pd.date_range("2026-02-10", "2026-06-30")
    company = open_from(tmp_path, {"leads": pd.DataFrame({"lead_id": range(len(days)), "created_on": days})})
    frame = company.compute(["leads"], period="2026-Q2", last=2)
    assert frame.complete.tolist() == [False, True]
    assert math.isnan(frame.previous[1])


def test_a_first_row_a_few_days_late_still_covers_the_period(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-02", "2026-03-31")
    company = open_from(tmp_path, {"leads": pd.DataFrame({"lead_id": range(len(days)), "created_on": days})})
    assert company.compute(["leads"], period="2026-Q1").complete[0]


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("2025-Q3", "the period is before the data begins"),
        ("2027-Q1", "the period is after the data ends"),
    ],
)
def test_a_period_without_data_says_so(tmp_path: Path, period: str, reason: str) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    row = company.compute(["leads"], period=period).iloc[0]
    assert math.isnan(row.value) and row.reason == reason and not row.complete


def test_a_table_that_ends_early_gives_no_zero(tmp_path: Path) -> None:
    spend = "spent_on,amount\n2026-01-01,10\n2026-01-31,10\n"
    leads = "lead_id,created_on\n1,2026-01-01\n2,2026-06-30\n"
    company = open_from(tmp_path, {"spend": spend, "leads": leads})
    row = company.compute(["cost_per_lead"], period="2026-06").iloc[0]
    assert math.isnan(row.value) and row.reason == "table spend ends on 2026-01-31"


def test_growth_says_which_period_is_missing(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    frame = company.compute(["revenue_growth", "revenue_growth_on_year"], period="2026-01")
    assert frame.reason.tolist() == [
        "the period before is before the data begins",
        "year ago is before the data begins",
    ]


def test_growth_on_a_negative_base_is_undefined(tmp_path: Path) -> None:
    orders = "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,-50\n2,2026-02-01,a,50\n3,2026-02-28,a,1\n"
    company = open_from(tmp_path, {"orders": orders})
    assert company.compute(["revenue_growth"], period="2026-02").reason[0] == "base is zero or negative"


def test_refunds_lower_revenue_and_are_no_orders(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    frame = company.compute(["sales_revenue", "order_count", "average_order_value"], period="2026-Q1")
    assert frame.value.tolist() == [230, 3, pytest.approx(230 / 3)]


def test_a_new_customer_is_new_once(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    months = company.compute(["new_customers"], period="2026-02", last=2)
    assert months.value.tolist() == [2, 0]
    sliced = company.compute(["new_customers"], period="2026-01", by=["channel"])
    assert dict(zip(sliced.channel, sliced.value, strict=True)) == {"email": 1, "paid": 1}


def test_a_filter_cannot_make_a_later_order_the_first(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    frame = company.compute(["new_customers"], period="2026-02", where="amount = 80")
    assert frame.value.tolist() == [0], "customer a first bought in January"


def test_marketing_roi_takes_the_margin_where_a_row_has_no_cost(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS, "spend": SPEND}, gross_margin=0.5)
    frame = company.compute(["marketing_roi", "marketing_revenue_ratio"], period="2026-01")
    gross_profit = (100 - 40) + 50 * 0.5 + (200 - 100)
    assert frame.value.tolist() == [pytest.approx((gross_profit - 150) / 150), pytest.approx(350 / 150)]


def test_marketing_roi_without_cost_and_margin_says_what_is_missing(tmp_path: Path) -> None:
    orders = "order_id,ordered_on,customer_id,amount,channel\n1,2026-01-01,a,100,paid\n"
    company = open_from(tmp_path, {"orders": orders, "spend": SPEND})
    row = company.compute(["marketing_roi"], period="2026-01").iloc[0]
    assert row.reason == "gross_margin is not set in the company file"


def test_revenue_comes_from_where_the_company_file_says(tmp_path: Path) -> None:
    tables = {"orders": ORDERS, "opportunities": DEALS}
    assert open_from(tmp_path, tables).compute(["sales_revenue"], period="2026-01").value[0] == 350
    chosen = open_from(tmp_path, tables, revenue_from="opportunities")
    assert chosen.compute(["sales_revenue"], period="2026-01").value[0] == 100


def test_leads_that_became_opportunities_are_counted_without_doubling_rows(tmp_path: Path) -> None:
    deals = "opportunity_id,created_on,outcome,lead_id\n1,2026-04-02,open,3\n2,2026-04-03,open,3\n"
    company = open_from(tmp_path, {"leads": LEADS, "opportunities": deals})
    row = company.compute(["sql_to_opportunity_rate"], period="2026-Q1").iloc[0]
    assert (row.numerator, row.denominator, row.rows) == (1, 1, 1)


def test_inbound_revenue_follows_the_channel_that_won_the_customer(tmp_path: Path) -> None:
    customers = "customer_id,acquired_channel\na,email\nb,paid\n"
    company = open_from(tmp_path, {"orders": ORDERS, "customers": customers}, inbound_channels=["email"])
    frame = company.compute(["inbound_revenue", "inbound_revenue_share"], period="2026-Q1")
    assert frame.value.tolist() == [230, 1]
    assert frame.numerator[1] == 230
    without = open_from(tmp_path, {"orders": ORDERS}, inbound_channels=["email"])
    assert without.compute(["inbound_revenue"], period="2026-01").value[0] == 200


def test_a_dimension_that_one_table_lacks_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS, "spend": "spent_on,amount\n2026-01-01,5\n"})
    frame = company.compute(["cost_per_lead"], period="2026-Q1", by=["channel"])
    assert set(frame.reason) == {"table spend has no column channel"}


def test_slices_without_rows_in_the_period_stay(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    frame = company.compute(["leads"], period="2026-02", by=["channel"])
    assert value(frame, channel="paid").value == 0
    assert value(frame, channel="paid").previous == 2


def test_a_condition_counts_everywhere(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS, "spend": SPEND})
    row = company.compute(["cost_per_lead"], period="2026-Q1", where="channel = 'paid'").iloc[0]
    assert (row.numerator, row.denominator) == (100, 2)


def test_a_fiscal_year_that_starts_in_april(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS}, calendar={"type": "gregorian", "year_starts": 4})
    frame = company.compute(["leads"], period="2026-Q4")
    assert (frame.period_start[0], frame.value[0]) == (pd.Timestamp("2026-01-01"), 4)


def test_days_count_in_the_company_s_own_time_zone(tmp_path: Path) -> None:
    leads = "lead_id,created_on\n1,2026-01-31T23:30:00Z\n2,2026-01-31T22:30:00Z\n3,2026-02-01 00:10:00\n4,2026-03-01\n"
    company = open_from(tmp_path, {"leads": leads}, timezone="Europe/Berlin")
    assert company.compute(["leads"], period="2026-02", last=2).value.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kpis": ["led"]}, "Did you mean 'leads'"),
        ({"period": "2026-Q7"}, "2026-Q7"),
        ({"grain": "quarterly"}, "Did you mean 'quarter'"),
        ({"by": ["chanel"]}, "Did you mean 'channel'"),
        ({"where": "chanel = 'x'"}, "Did you mean 'channel'"),
        ({"where": "channel ="}, "channel"),
        ({"last": 0}, "at least 1"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    with pytest.raises((UsageError, ConfigError), match=words):
        company.compute(**({"kpis": ["leads"], "period": "2026-Q1"} | arguments))


def test_data_that_contradict_the_schema_give_no_number(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"spend": "spent_on,amount\n2026-01-01,10\n31-02-2021,ten\n"})
    with pytest.raises(DataError, match="'31-02-2021' in row 3"):
        company.compute(["cost_per_lead"], period="2026-Q1")


def test_as_of_leaves_out_what_came_later(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    row = company.compute(["leads"], period="2026-02", as_of=dt.date(2026, 2, 10)).iloc[0]
    assert row.value == 1 and not row.complete


def test_compute_does_not_change_its_sources(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    first = company.compute(["leads"], period="2026-Q1", by=["channel"])
    pd.testing.assert_frame_equal(first, company.compute(["leads"], period="2026-Q1", by=["channel"]))
