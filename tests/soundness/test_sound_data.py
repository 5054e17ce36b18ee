"""Traps of data: rows twice, joins that double, slices that vanish, dates as text, refunds, currencies, late rows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.session import OpenCompany, open_company


def row(company: OpenCompany, kpi: str, period: str, **options: Any) -> Any:
    """The one row of a KPI in a period."""
    frame = company.compute([kpi], period=period, **options)
    assert len(frame) == 1, frame
    return frame.iloc[0]


# ---------------------------------------------------------------------- duplicated rows


@pytest.mark.parametrize(
    ("table", "rows", "key", "kpi"),
    [
        ("leads", "lead_id,created_on\n7,2026-01-05\n8,2026-01-06\n7,2026-01-05\n", "lead_id", "leads"),
        (
            "opportunities",
            "opportunity_id,created_on,outcome\n7,2026-01-05,open\n8,2026-01-06,open\n7,2026-01-05,open\n",
            "opportunity_id",
            "opportunities_created",
        ),
        ("invoices", "invoice_id,issued_on,amount\n7,2026-01-05,1\n7,2026-01-06,1\n", "invoice_id", "collection_ratio"),
        ("tickets", "ticket_id,opened_on\n7,2026-01-05\n7,2026-01-05\n", "ticket_id", "tickets_per_agent"),
    ],
)
def test_a_key_that_stands_twice_gives_no_number(tmp_path: Path, table: str, rows: str, key: str, kpi: str) -> None:
    """Duplicated rows: row 7 was exported twice; counting it twice would be silent.

    | key | date       |
    |-----|------------|
    | 7   | 2026-01-05 |
    | 8   | 2026-01-06 |
    | 7   | 2026-01-05 |
    """
    company = open_from(tmp_path, {table: rows})
    with pytest.raises(DataError, match=f"column {key}: it must be unique.*'7' 2 times"):
        company.compute([kpi], period="2026-01")


def test_lines_of_an_order_are_one_order(tmp_path: Path) -> None:
    """Duplicated rows: an order of two lines is no duplicate; 2 orders, 3 lines.

    | order | product | amount |
    |-------|---------|--------|
    | 1     | bike    | 100    |
    | 1     | helmet  | 20     |
    | 2     | bike    | 100    |
    """
    rows = "order_id,ordered_on,customer_id,product,amount\n"
    rows += "1,2026-01-01,a,bike,100\n1,2026-01-01,a,helmet,20\n2,2026-01-31,b,bike,100\n"
    company = open_from(tmp_path, {"orders": rows})
    frame = company.compute(["order_count", "sales_revenue", "average_order_value"], period="2026-01")
    assert frame.value.tolist() == [2, 220, 110]
    assert company.check() == []


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (
            "orders",
            "order_id,ordered_on,customer_id,product,amount\n1,2026-01-01,a,bike,100\n2,2026-01-31,b,bike,50\n"
            "1,2026-01-01,a,bike,100\n",
        ),
    ],
)
def test_rows_that_are_the_same_in_every_column_are_a_warning(tmp_path: Path, table: str, rows: str) -> None:
    """Duplicated rows, where no key forbids them: two exports overlap; only a warning can tell.

    | order | ordered_on | amount |
    |-------|------------|--------|
    | 1     | 2026-01-01 | 100    |
    | 2     | 2026-01-31 | 50     |
    | 1     | 2026-01-01 | 100    |
    """
    found = [finding for finding in open_from(tmp_path, {table: rows}).check() if table in finding.subject]
    assert [finding.level for finding in found] == ["warning"]
    assert "1 row" in found[0].message


# ---------------------------------------------------------------------- fan-out joins


def test_a_lead_with_three_opportunities_is_one_lead(tmp_path: Path) -> None:
    """Fan-out joins: joined row by row, two leads would be four.

    | lead | accepted   | opportunities |
    |------|------------|---------------|
    | 1    | 2026-01-10 | 3             |
    | 2    | 2026-01-11 | 0             |
    """
    leads = "lead_id,created_on,sql_on\n1,2026-01-01,2026-01-10\n2,2026-01-02,2026-01-11\n"
    deals = "opportunity_id,created_on,outcome,lead_id\n" + "".join(f"{n},2026-01-2{n},open,1\n" for n in range(3))
    company = open_from(tmp_path, {"leads": leads, "opportunities": deals})
    rate = row(company, "sql_to_opportunity_rate", "2026-01")
    assert (rate.value, rate.numerator, rate.denominator, rate.rows) == (0.5, 1, 2, 2)


def test_revenue_by_the_customers_channel_is_revenue_once(tmp_path: Path) -> None:
    """Fan-out joins: three lines of one customer; the share is 300 of 400 and the slices add up.

    | customer | acquired by | lines | revenue |
    |----------|-------------|-------|---------|
    | a        | email       | 3     | 300     |
    | b        | ads         | 1     | 100     |
    """
    orders = "order_id,ordered_on,customer_id,amount\n" + "".join(f"{n},2026-01-0{n},a,100\n" for n in (1, 2, 3))
    customers = "customer_id,acquired_channel\na,email\nb,ads\n"
    company = open_from(
        tmp_path, {"orders": orders + "4,2026-01-31,b,100\n", "customers": customers}, inbound_channels=["email"]
    )
    share = row(company, "inbound_revenue_share", "2026-01")
    assert (share.value, share.numerator, share.denominator) == (0.75, 300, 400)
    sliced = company.compute(["sales_revenue"], period="2026-01", by=["acquired_channel"])
    assert dict(zip(sliced.acquired_channel, sliced.value, strict=True)) == {"email": 300, "ads": 100}


def test_a_customer_that_stands_twice_is_refused_and_never_joined(tmp_path: Path) -> None:
    """Fan-out joins: the join would double 100 to 200, or pick one of two channels at random.

    | customer | acquired by |
    |----------|-------------|
    | a        | email       |
    | a        | ads         |
    """
    orders = "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,100\n"
    customers = "customer_id,acquired_channel\na,email\na,ads\n"
    company = open_from(tmp_path, {"orders": orders, "customers": customers}, inbound_channels=["email"])
    with pytest.raises(DataError, match="customer_id: it must be unique"):
        company.compute(["inbound_revenue"], period="2026-01")


def test_spend_and_leads_of_a_channel_meet_after_they_are_added_up(tmp_path: Path) -> None:
    """Fan-out joins: 2 rows of spend and 3 leads of a channel are 30 for 3 leads, not 90 for 6.

    | channel | spend   | leads |
    |---------|---------|-------|
    | ads     | 10 + 20 | 3     |
    """
    spend = "spent_on,amount,channel\n2026-01-01,10,ads\n2026-01-31,20,ads\n"
    leads = "lead_id,created_on,channel\n" + "".join(f"{n},2026-01-1{n},ads\n" for n in range(3))
    company = open_from(tmp_path, {"spend": spend, "leads": leads})
    cost = row(company, "cost_per_lead", "2026-01", by=["channel"])
    assert (cost.value, cost.numerator, cost.denominator, cost.rows) == (10, 30, 3, 3)


# ---------------------------------------------------------------------- null dimension values


ORIGINS = """lead_id,created_on,channel,region
1,2026-01-01,ads,EMEA
2,2026-01-02,,EMEA
3,2026-01-03,ads,
4,2026-01-04,"  ",
5,2026-01-31,email,AMER
"""


@pytest.mark.parametrize("by", [["channel"], ["region"], ["channel", "region"], ["region", "channel"]])
def test_slices_add_up_to_the_whole_with_the_rows_that_name_no_slice(tmp_path: Path, by: list[str]) -> None:
    """Null dimension values dropped: five leads, two without a channel (one is blank), two without a region.

    | lead    | 1    | 2    | 3   | 4     | 5     |
    |---------|------|------|-----|-------|-------|
    | channel | ads  | –    | ads | blank | email |
    | region  | EMEA | EMEA | –   | –     | AMER  |
    """
    company = open_from(tmp_path, {"leads": ORIGINS})
    frame = company.compute(["leads"], period="2026-01", by=by)
    whole = row(company, "leads", "2026-01")
    assert (frame.value.sum(), frame["rows"].sum()) == (5, 5) == (whole.value, whole["rows"])
    assert frame[frame[by[0]] == "(none)"].value.sum() == 2


def test_a_slice_of_only_one_table_of_a_ratio_stays(tmp_path: Path) -> None:
    """Null dimension values dropped: spend without leads and leads without spend both stay, and say so.

    | channel | tv | –  | word |
    |---------|----|----|------|
    | spend   | 90 | 10 |      |
    | leads   |    | 5  | 4    |
    """
    spend = "spent_on,amount,channel\n2026-01-01,90,tv\n2026-01-31,10,\n"
    leads = "lead_id,created_on,channel\n" + "".join(f"{n},2026-01-01,{'word' if n < 4 else ''}\n" for n in range(9))
    company = open_from(tmp_path, {"spend": spend, "leads": leads})
    frame = company.compute(["cost_per_lead"], period="2026-01", by=["channel"]).set_index("channel")
    assert frame.value["(none)"] == 2
    assert math.isnan(frame.value["tv"]) and says(frame.reason["tv"], "no leads")
    assert frame.value["word"] == 0
    assert (frame.numerator.sum(), frame.denominator.sum()) == (100, 9)


def test_a_stock_keeps_the_rows_that_name_no_slice(tmp_path: Path) -> None:
    """Null dimension values dropped, of a stock: 100 = 60 + 40.

    | customer | plan | mrr |
    |----------|------|-----|
    | a        | pro  | 60  |
    | b        | –    | 40  |
    """
    rows = "customer_id,started_on,ended_on,mrr,plan\na,2026-01-01,,60,pro\nb,2026-01-01,,40,\n"
    company = open_from(tmp_path, {"subscriptions": rows})
    for kpi in ("monthly_recurring_revenue", "active_accounts"):
        sliced = company.compute([kpi], period="2026-01", by=["plan"], as_of="2026-01-31")
        assert set(sliced.plan) == {"pro", "(none)"}
        assert sliced.value.sum() == row(company, kpi, "2026-01", as_of="2026-01-31").value


# ---------------------------------------------------------------------- dates as strings


def test_dates_written_as_text_count_as_days_and_not_by_the_alphabet(tmp_path: Path) -> None:
    """Dates as strings: text in a Parquet file, with and without a time of the day.

    | created_on          | month   |
    |---------------------|---------|
    | 2026-01-31          | January |
    | 2026-01-31 23:59:59 | January |
    | 2026-02-01 00:00:00 | February|
    | 2026-10-01          | October |
    """
    days = ["2026-01-31", "2026-01-31 23:59:59", "2026-02-01 00:00:00", "2026-10-01"]
    pd.DataFrame({"lead_id": range(4), "created_on": days}).to_parquet(tmp_path / "leads.parquet")
    text = "company: Test\ncurrency: EUR\ntables:\n  leads: {path: leads.parquet}\n"
    (tmp_path / "company.yaml").write_text(text, encoding="utf-8")
    company = open_company(tmp_path / "company.yaml")
    months = company.compute(["leads"], period="2026-10", last=10)
    assert months.value.tolist()[:2] == [2, 1] and months.value.tolist()[-1] == 1


@pytest.mark.parametrize("text", ["31.01.2026", "01/31/2026", "Jan 31 2026", "20260131"])
def test_a_date_in_another_order_is_read_where_it_has_one_reading(tmp_path: Path, text: str) -> None:
    """Dates as strings: no month is the 31st.

    | created_on | 2026-01-05 | 31.01.2026 |
    |------------|------------|------------|
    """
    company = open_from(tmp_path, {"leads": f"lead_id,created_on\n1,2026-01-05\n2,{text}\n"})
    assert company.compute(["leads"], period="2026-01").value[0] == 2
    (found,) = company.check()
    assert found.level == "warning" and says(found.message, "several ways")


@pytest.mark.parametrize(
    ("text", "readings"), [("01/02/2026", ("%d/%m/%Y", "%m/%d/%Y")), ("46053", ("excel",)), ("01.02.26", ("%d.%m.%y",))]
)
def test_a_date_in_another_order_is_asked_for_and_never_guessed(
    tmp_path: Path, text: str, readings: tuple[str, ...]
) -> None:
    """Dates as strings: 01/02/2026 is January in one country and February in another.

    | created_on | 2026-01-05 | 01/02/2026 |
    |------------|------------|------------|
    """
    company = open_from(tmp_path, {"leads": f"lead_id,created_on\n1,2026-01-05\n2,{text}\n"})
    with pytest.raises(DataError, match=f"'{text}' in row 3") as error:
        company.compute(["leads"], period="2026-01")
    assert says(str(error.value), *readings)


def test_a_date_in_another_order_is_read_as_the_company_file_says(tmp_path: Path) -> None:
    """Dates as strings, with the format given.

    | created_on | 31.01.2026 | 01.02.2026 |
    |------------|------------|------------|
    """
    leads = "lead_id,created_on\n1,31.01.2026\n2,01.02.2026\n3,28.02.2026\n"
    company = open_from(
        tmp_path, {"leads": leads}, columns={"leads": {"created_on": "strptime(created_on, '%d.%m.%Y')"}}
    )
    assert company.compute(["leads"], period="2026-02", last=2).value.tolist() == [1, 2]


def test_numbers_written_as_text_are_never_half_read(tmp_path: Path) -> None:
    """Dates as strings, and numbers: 1.234,50 is not 1.234.

    | amount | 10 | 1.234,50 |
    |--------|----|----------|
    """
    company = open_from(tmp_path, {"spend": 'spent_on,amount\n2026-01-01,10\n2026-01-02,"1.234,50"\n'})
    assert company.compute(["marketing_spend"], period="2026-01").value[0] == 1244.5


# ---------------------------------------------------------------------- refunds


REFUNDS = """order_id,ordered_on,customer_id,amount,channel
1,2026-01-05,a,100,ads
2,2026-01-10,b,200,ads
R2,2026-02-10,b,-200,ads
R9,2026-02-15,z,-50,ads
3,2026-02-28,c,80,ads
"""


def test_a_refund_lowers_the_month_in_which_it_is_paid_and_is_no_order(tmp_path: Path) -> None:
    """Refunds: b sends everything back in February; z bought before the data begin.

    | month   | orders | refunds | revenue |
    |---------|--------|---------|---------|
    | 2026-01 | 2      | 0       | 300     |
    | 2026-02 | 1      | −250    | −170    |
    | 2026-Q1 | 3      | −250    | 130     |
    """
    company = open_from(tmp_path, {"orders": REFUNDS})
    for kpi, months, quarter in [("sales_revenue", [300, -170], 130), ("order_count", [2, 1], 3)]:
        assert company.compute([kpi], period="2026-02", last=2).value.tolist() == months
        assert row(company, kpi, "2026-Q1").value == quarter


def test_a_refund_makes_no_new_customer_and_no_buyer(tmp_path: Path) -> None:
    """Refunds: z only sends back and is new nowhere; b ordered once and is no repeat buyer.

    | customer | a | b          | c | z      |
    |----------|---|------------|---|--------|
    | rows     | 1 | 1 + refund | 1 | refund |
    """
    company = open_from(tmp_path, {"orders": REFUNDS})
    assert company.compute(["new_customers"], period="2026-02", last=2).value.tolist() == [2, 1]
    repeat = row(company, "repeat_purchase_rate", "2026-Q1")
    assert (repeat.numerator, repeat.denominator) == (0, 3)


def test_a_refund_takes_its_profit_back(tmp_path: Path) -> None:
    """Refunds in the return on marketing: 100 of 200 comes back; (100 · 50 % − 10) ÷ 10 = 400 %.

    | order  | 1   | 2   | R2   | spend |
    |--------|-----|-----|------|-------|
    | amount | 100 | 100 | −100 | 10    |
    """
    orders = "order_id,ordered_on,customer_id,amount,channel\n1,2026-01-01,a,100,ads\n2,2026-01-02,b,100,ads\n"
    tables = {"orders": orders + "R2,2026-01-31,b,-100,ads\n", "spend": "spent_on,amount,channel\n2026-01-31,10,ads\n"}
    company = open_from(tmp_path, tables, gross_margin=0.5)
    assert row(company, "marketing_roi", "2026-01").value == 4


# ---------------------------------------------------------------------- currency mixed in a column


PRICES = "order_id,ordered_on,customer_id,amount,currency\n1,2026-01-01,a,100,EUR\n2,2026-01-31,b,100,{other}\n"


def test_amounts_in_two_currencies_are_never_added(tmp_path: Path) -> None:
    """Currency mixed in a column: 100 EUR + 100 USD is not 200 of anything.

    | order  | 1       | 2       |
    |--------|---------|---------|
    | amount | 100 EUR | 100 USD |
    """
    company = open_from(tmp_path, {"orders": PRICES.format(other="USD")})
    with pytest.raises(DataError, match=r"amounts in USD.*company's currency is EUR"):
        company.compute(["sales_revenue"], period="2026-01")


@pytest.mark.parametrize(
    ("table", "rows", "kpi"),
    [
        ("spend", "spent_on,amount,currency\n2026-01-01,1,EUR\n2026-01-31,1,USD\n", "customer_acquisition_cost"),
        ("subscriptions", "customer_id,started_on,ended_on,mrr,currency\na,2026-01-01,,1,EUR\nb,2026-01-01,,1,USD\n",
         "monthly_recurring_revenue"),
        ("opportunities", "opportunity_id,created_on,closed_on,outcome,amount,currency\n1,2026-01-01,,open,1,EUR\n"
         "2,2026-01-02,,open,1,USD\n", "pipeline_value"),
        ("invoices", "invoice_id,issued_on,amount,currency\n1,2026-01-01,1,EUR\n2,2026-01-02,1,USD\n",
         "accounts_receivable"),
    ],
)  # fmt: skip
def test_no_table_with_amounts_may_mix_currencies(tmp_path: Path, table: str, rows: str, kpi: str) -> None:
    """Currency mixed in a column, in every table that holds money.

    | row    | 1     | 2     |
    |--------|-------|-------|
    | amount | 1 EUR | 1 USD |
    """
    with pytest.raises(DataError, match="USD"):
        open_from(tmp_path, {table: rows}).compute([kpi], period="2026-01")


def test_amounts_in_two_currencies_are_added_by_the_rate_of_their_day(tmp_path: Path) -> None:
    """Currency mixed in a column, with rates: 100 EUR + 100 USD at .90 = 190; the rate of February comes too late.

    | order  | 2026-01-01 | 2026-01-31 | rate of USD | from 2026-01-15 | from 2026-02-01 |
    |--------|------------|------------|-------------|-----------------|-----------------|
    | amount | 100 EUR    | 100 USD    |             | .90             | .50             |
    """
    (tmp_path / "rates.csv").write_text(
        "date,currency,rate\n2026-01-15,USD,0.9\n2026-02-01,USD,0.5\n", encoding="utf-8"
    )
    company = open_from(tmp_path, {"orders": PRICES.format(other="USD")}, rates={"path": "rates.csv"})
    assert row(company, "sales_revenue", "2026-01").value == 190
    assert row(company, "sales_revenue", "2026-01", where="currency = 'USD'").value == 90


def test_an_amount_before_the_first_rate_gives_no_number(tmp_path: Path) -> None:
    """Currency mixed in a column: a rate that is not yet there is not guessed from a later one.

    | order  | 2026-01-31 | rate of USD | from 2026-02-01 |
    |--------|------------|-------------|-----------------|
    | amount | 100 USD    |             | .50             |
    """
    (tmp_path / "rates.csv").write_text("date,currency,rate\n2026-02-01,USD,0.5\n", encoding="utf-8")
    company = open_from(tmp_path, {"orders": PRICES.format(other="USD")}, rates={"path": "rates.csv"})
    with pytest.raises(DataError, match="USD"):
        company.compute(["sales_revenue"], period="2026-01")


def test_amounts_in_the_company_s_one_currency_are_added(tmp_path: Path) -> None:
    """Currency mixed in a column: it is not.

    | order  | 1       | 2       |
    |--------|---------|---------|
    | amount | 100 EUR | 100 EUR |
    """
    company = open_from(tmp_path, {"orders": PRICES.format(other="EUR")})
    assert row(company, "sales_revenue", "2026-01").value == 200


# ---------------------------------------------------------------------- late data


def test_a_table_that_has_not_arrived_gives_no_zero(tmp_path: Path) -> None:
    """Late data: leads reach June, spend only January.

    | month | 2026-01 | …             | 2026-06       |
    |-------|---------|---------------|---------------|
    | leads | 1       |               | 1             |
    | spend | 20      | not there yet | not there yet |
    """
    spend = "spent_on,amount\n2026-01-01,10\n2026-01-31,10\n"
    company = open_from(tmp_path, {"spend": spend, "leads": "lead_id,created_on\n1,2026-01-01\n2,2026-06-30\n"})
    for kpi in ("cost_per_lead", "customer_acquisition_cost"):
        june = row(company, kpi, "2026-06")
        assert math.isnan(june.value) and not june.complete
    assert says(row(company, "cost_per_lead", "2026-06").reason, "spend", "ends", "2026-01-31")


def test_a_table_that_ends_inside_the_period_leaves_it_unfinished(tmp_path: Path) -> None:
    """Late data: March has all its leads and a third of its spend; 10 ÷ 31 days is no cheaper lead.

    | month | leads a day | spend a day | days of spend |
    |-------|-------------|-------------|---------------|
    | 02    | 1           | 10          | 28 of 28      |
    | 03    | 1           | 10          | 10 of 31      |
    """
    days = pd.date_range("2026-01-01", "2026-03-31")
    leads = pd.DataFrame({"lead_id": range(len(days)), "created_on": days})
    spend = pd.DataFrame({"spent_on": days[days <= "2026-03-10"], "amount": 10})
    frame = open_from(tmp_path, {"leads": leads, "spend": spend}).compute(["cost_per_lead"], period="2026-03", last=2)
    assert frame.value[0] == 10
    assert frame.complete.tolist() == [True, False]


def test_a_row_that_arrives_late_counts_in_the_period_of_its_date(tmp_path: Path) -> None:
    """Late data: an order of January is written down after one of February, at the end of the file.

    | line | ordered_on | amount |
    |------|------------|--------|
    | 1    | 2026-01-01 | 10     |
    | 2    | 2026-02-28 | 10     |
    | 3    | 2026-01-31 | 5      |
    """
    rows = "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,10\n2,2026-02-28,b,10\n3,2026-01-31,c,5\n"
    company = open_from(tmp_path, {"orders": rows})
    assert company.compute(["sales_revenue"], period="2026-02", last=2).value.tolist() == [15, 10]
    assert company.compute(["new_customers"], period="2026-02", last=2).value.tolist() == [2, 1]


def test_what_happens_after_the_day_asked_for_changes_no_figure_of_that_day(tmp_path: Path) -> None:
    """Late data: the invoice is paid in February; on 31 January it was owed, whenever one asks.

    | invoice | issued     | paid       | amount |
    |---------|------------|------------|--------|
    | 1       | 2026-01-05 | 2026-02-10 | 100    |
    | 2       | 2026-01-10 | 2026-01-20 | 40     |
    """
    rows = "invoice_id,issued_on,paid_on,amount\n1,2026-01-05,2026-02-10,100\n2,2026-01-10,2026-01-20,40\n"
    company = open_from(tmp_path, {"invoices": rows})
    for as_of in ("2026-01-31", "2026-02-28"):
        assert row(company, "accounts_receivable", "2026-01", as_of=as_of).value == 100
        assert row(company, "collection_ratio", "2026-01", as_of=as_of).value == pytest.approx(40 / 140)
