from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import ConfigError, DataError, UsageError
from kpi_analysis.metrics.compute import FIELDS_AFTER, FIELDS_BEFORE
from kpi_analysis.stats import intervals

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
    assert value(frame, kpi="cost_per_lead").rows == 4


def test_no_denominator_is_a_reason_and_never_a_number(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS, "spend": SPEND})
    row = company.compute(["cost_per_lead"], period="2026-03").iloc[0]
    assert math.isnan(row.value) and says(row.reason, "no leads")


def test_a_table_that_is_not_connected_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"leads": LEADS})
    row = company.compute(["cost_per_lead"], period="2026-Q1").iloc[0]
    assert math.isnan(row.value) and says(row.reason, "spend", "not connected")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"spend": SPEND})
    assert says(company.compute(["cost_per_click"], period="2026-Q1").reason[0], "spend", "no column", "clicks")


def test_open_deals_are_in_neither_part_of_the_win_ratio(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    row = company.compute(["opportunity_to_win_ratio"], period="2026-Q1").iloc[0]
    assert (row.numerator, row.denominator) == (2, 3)
    assert (row.ci_low, row.ci_high) == intervals.proportion(2, 3)


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
    row = company.compute(["sales_velocity"], period="2026-04").iloc[0]
    # worked: 2 open at the end of March, none created; won 1 of 1; worth 500; in 1 day
    assert row.value == pytest.approx(2 * 1 * 500 / 1)


def test_velocity_waits_until_the_pipeline_is_whole(tmp_path: Path) -> None:
    """Nine tenths of the deals close within 31 days: before 1 February older ones may be missing."""
    company = open_from(tmp_path, {"opportunities": DEALS})
    row = company.compute(["sales_velocity"], period="2026-02").iloc[0]
    assert math.isnan(row.value) and says(row.reason, "opportunities begin with the data", "2026-02-01")


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
    assert math.isnan(row.value) and says(row.reason, "spend", "ends", "2026-01-31")


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
    assert says(company.compute(["revenue_growth"], period="2026-02").reason[0], "base", "zero or negative")


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
    assert says(row.reason, "gross_margin", "not set")


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


SUBSCRIPTIONS = """customer_id,started_on,ended_on,mrr,plan
a,2025-01-01,,100,basic
b,2025-01-01,2026-02-10,50,basic
c,2025-01-01,2026-01-15,70,basic
c,2026-01-15,,90,pro
d,2026-02-01,,40,basic
e,2025-01-01,2025-12-01,30,basic
e,2026-03-05,,20,basic
f,2026-01-10,2026-03-01,10,basic
"""


def test_recurring_revenue_moves_add_up_to_the_cent(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"subscriptions": SUBSCRIPTIONS})
    moves = ["mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churned", "mrr_reactivation"]
    frame = company.compute(["monthly_recurring_revenue", *moves], period="2026-03", last=3, as_of="2026-03-31")
    values = frame.pivot(index="period", columns="kpi", values="value")
    change = (
        values.mrr_new + values.mrr_expansion - values.mrr_contraction - values.mrr_churned + values.mrr_reactivation
    )
    assert (values.monthly_recurring_revenue - [220, 250, 240] == change).all()
    assert values.loc["2026-01", moves].tolist() == [10, 20, 0, 0, 0]
    assert values.loc["2026-02", moves].tolist() == [40, 0, 0, 50, 0]
    assert values.loc["2026-03", moves].tolist() == [0, 0, 0, 10, 20]


def test_retention_and_churn_are_shares_of_those_at_the_start(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"subscriptions": SUBSCRIPTIONS})
    frame = company.compute(["customer_retention_rate", "churn_rate"], period="2026-Q1", as_of="2026-03-31")
    assert frame.value.tolist() == [pytest.approx(2 / 3), pytest.approx(1 / 3)], "a and c stay, b goes; d, e, f are new"


def test_revenue_retention_follows_the_accounts_of_a_year_ago(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"subscriptions": SUBSCRIPTIONS})
    frame = company.compute(["net_revenue_retention", "gross_revenue_retention"], period="2026-03", as_of="2026-03-31")
    assert frame.value.tolist() == [pytest.approx(210 / 250), pytest.approx((100 + 70 + 20) / 250)]
    early = company.compute(["net_revenue_retention"], period="2025-06").iloc[0]
    assert says(early.reason, "year ago", "before the data")


def test_revenue_per_account_counts_an_account_with_two_plans_once(tmp_path: Path) -> None:
    rows = "customer_id,started_on,ended_on,mrr\na,2026-01-01,,10\na,2026-01-01,,20\nb,2026-01-01,,30\n"
    company = open_from(tmp_path, {"subscriptions": rows})
    row = company.compute(["average_revenue_per_account"], period="2026-01", as_of="2026-01-31").iloc[0]
    assert (row.value, row.denominator) == (30, 2)


LEDGER = """booked_on,account,amount
2026-01-31,revenue,100
2026-02-28,revenue,110
2026-03-31,revenue,120
2026-01-31,cogs,60
2026-02-28,cogs,60
2026-03-31,cogs,60
2025-12-31,inventory,30
2026-01-31,inventory,40
2026-02-28,inventory,50
2026-03-31,inventory,70
2026-01-31,operating_expense,20
2026-03-31,depreciation,5
"""


def test_a_balance_is_the_latest_one_and_never_a_sum(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"ledger": LEDGER})
    row = company.compute(["inventory_turnover"], period="2026-Q1").iloc[0]
    assert row.value == pytest.approx(180 / ((30 + 70) / 2) * 365 / 90)


def test_income_is_made_of_accounts(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"ledger": LEDGER})
    frame = company.compute(["ebitda", "operating_income", "gross_profit_margin", "ebitda_margin"], period="2026-Q1")
    assert frame.value.tolist() == [130, 125, pytest.approx(150 / 330), pytest.approx(130 / 330)]


def test_an_account_that_the_ledger_lacks_is_named(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"ledger": LEDGER})
    frame = company.compute(["working_capital", "operating_cash_flow"], period="2026-Q1")
    assert frame.reason.tolist() == [
        'the ledger has no account "current_assets"',
        'the ledger has no account "operating_cash_flow"',
    ]


def test_followers_are_the_latest_of_each_network(tmp_path: Path) -> None:
    rows = (
        "posted_on,network,followers\n"
        "2026-01-05,x,10\n"
        "2026-01-20,x,12\n"
        "2026-01-10,y,100\n"
        "2026-02-15,x,15\n"
        "2026-02-28,y,\n"
    )
    company = open_from(tmp_path, {"social": rows})
    frame = company.compute(["social_followers"], period="2026-02", last=2)
    assert frame.value.tolist() == [112, 15]


def test_receivables_are_what_was_invoiced_and_not_yet_paid(tmp_path: Path) -> None:
    rows = (
        "invoice_id,issued_on,amount,paid_on,paid_amount\n"
        "1,2026-01-05,100,2026-02-05,100\n"
        "2,2026-01-20,50,2026-01-31,30\n"
        "3,2026-02-01,70,,\n"
    )
    orders = "order_id,ordered_on,customer_id,amount\n1,2026-01-05,a,155\n2,2026-02-28,a,10\n"
    company = open_from(tmp_path, {"invoices": rows, "orders": orders})
    frame = company.compute(["accounts_receivable", "days_sales_outstanding", "collection_ratio"], period="2026-01")
    assert frame.value.tolist() == [120, pytest.approx(120 / 155 * 31), pytest.approx(30 / 150)]


def test_concentration_is_by_customer(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    kpis = ["revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl", "repeat_purchase_rate"]
    frame = company.compute(kpis, period="2026-01")
    assert frame.value.tolist() == [200 / 350, 1, pytest.approx((150**2 + 200**2) / 350**2), 0]


def test_income_sources_are_shares_that_add_up_to_one(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    frame = company.compute(["income_sources"], period="2026-01", by=["channel"])
    assert dict(zip(frame.channel, frame.value, strict=True)) == {
        "email": pytest.approx(200 / 350),
        "paid": pytest.approx(150 / 350),
    }


def test_turnover_is_over_the_average_headcount(tmp_path: Path) -> None:
    rows = "employee_id,hired_on,left_on,left_voluntarily\n" + "".join(f"{i},2020-01-01,,\n" for i in range(8))
    rows += "8,2020-01-01,2026-02-01,true\n9,2020-01-01,2026-03-01,false\n"
    company = open_from(tmp_path, {"employees": rows})
    kpis = ["employee_turnover", "voluntary_turnover", "headcount", "employee_turnover_annualised"]
    frame = company.compute(kpis, period="2026-Q1", as_of="2026-03-31")
    assert frame.value.tolist() == [pytest.approx(2 / 9), pytest.approx(1 / 9), 8, pytest.approx(2 / 9 * 365 / 90)]


def test_resolution_time_is_the_median_of_hours(tmp_path: Path) -> None:
    rows = (
        "ticket_id,opened_on,resolved_on,csat\n"
        "1,2026-01-01 08:00,2026-01-01 10:00,5\n"
        "2,2026-01-01 08:00,2026-01-02 08:00,3\n"
        "3,2026-01-01 09:00,2026-01-01 14:30,4\n"
        "4,2026-01-31 09:00,,\n"
    )
    company = open_from(tmp_path, {"tickets": rows})
    frame = company.compute(["resolution_time", "customer_satisfaction"], period="2026-01")
    assert frame.value.tolist() == [5.5, pytest.approx(2 / 3)]


def test_a_promoter_score_is_in_points_with_its_interval(tmp_path: Path) -> None:
    scores = [10] * 60 + [7] * 18 + [3] * 22
    rows = pd.DataFrame({"answered_on": "2026-01-15", "score": scores})
    row = open_from(tmp_path, {"surveys": rows}).compute(["net_promoter_score"], period="2026-01").iloc[0]
    assert row.value == pytest.approx(38) and row.ci_low < 38 < row.ci_high and row.rows == 100


def test_lifetime_value_and_its_ratio_to_cost(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"subscriptions": SUBSCRIPTIONS}, gross_margin=0.8)
    frame = company.compute(["customer_lifetime_value", "ltv_to_cac"], period="2026-Q1", as_of="2026-03-31")
    assert frame.value[0] == pytest.approx(0.8 * (250 / 4) * 3 / (1 / 3))
    assert says(frame.reason[1], "spend", "not connected")
    none_lost = company.compute(["customer_lifetime_value"], period="2025-06").iloc[0]
    assert says(none_lost.reason, "no customers were lost")


def test_a_year_of_53_weeks_is_compared_by_the_week(tmp_path: Path) -> None:
    calendar = {"type": "4-4-5", "year_starts": dt.date(2023, 1, 29)}  # fiscal 2023 has 53 weeks, 2022 has 52
    orders = (
        "order_id,ordered_on,customer_id,amount\n"
        "1,2022-01-30,a,0\n"
        "2,2022-02-01,a,1000\n"
        "3,2023-02-01,a,1060\n"
        "4,2024-02-03,a,0\n"
    )
    company = open_from(tmp_path, {"orders": orders}, calendar=calendar)
    frame = company.compute(["revenue_growth", "sales_revenue"], period="2023")
    assert frame.value[0] == pytest.approx(1060 / 53 / (1000 / 52) - 1), "+4.0 % a week, not 6 %"
    assert frame.value[1] == 1060


def test_a_history_can_be_read_without_its_comparisons(tmp_path: Path) -> None:
    rows = pd.DataFrame({"order_id": range(4), "ordered_on": pd.date_range("2026-01-15", periods=4, freq="MS")})
    company = open_from(tmp_path, {"orders": rows.assign(customer_id="a", amount=[1.0, 2.0, 4.0, 8.0])})
    whole = company.compute(["sales_revenue"], period="2026-04", last=3)
    plain = company.compute(["sales_revenue"], period="2026-04", last=3, compared=False)
    assert whole.previous.notna().any()
    assert plain.previous.isna().all()
    pd.testing.assert_frame_equal(whole.drop(columns=["previous"]), plain.drop(columns=["previous"]))
