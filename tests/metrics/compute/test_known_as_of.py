"""As of a day, what became known later is not known, and what ended later has not ended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.core.periods import Calendar
from kpi_analysis.metrics.compute.execution import _as_of, _in_the_data
from kpi_analysis.metrics.compute.plan import PlannedQuery
from kpi_analysis.metrics.compute.selection import Selection

ORDERS = "order_id,ordered_on,customer_id,amount\n1,2026-01-05,x,1\n2,2026-06-30,x,1\n"
END = "2026-06-30"  # the last event of the orders
DEALS = """opportunity_id,created_on,closed_on,outcome,amount
1,2026-01-05,2026-03-31,won,100
2,2026-01-06,2026-04-01,lost,200
3,2026-01-07,,won,300
4,2026-01-08,2062-04-01,won,400
"""
INVOICES = """invoice_id,issued_on,amount,paid_on,paid_amount
1,2026-01-05,100,2026-03-31,10
2,2026-01-06,100,2026-04-01,20
3,2026-01-07,100,,30
4,2026-01-08,100,2062-04-01,40
"""


def selection(folder: Path, tables: dict[str, str], as_of: str) -> Selection:
    company = open_from(folder, {"orders": ORDERS} | tables)
    return Selection(company.sources, company.catalogue, (), None, dt.date.fromisoformat(as_of))


def seen(chosen: Selection, table: str, column: str, *derived: str) -> list[Any]:
    """A column of a table as it is seen on the day that counts, in the order of the table's key; days as texts."""
    rows = _as_of(chosen, table, chosen.sources.with_derived(table, derived)).to_pandas()
    values = rows.sort_values(rows.columns[0])[column].tolist()
    return [None if pd.isna(one) else str(one)[:10] if column.endswith("_on") else one for one in values]


def test_a_deal_that_closed_later_is_open_and_has_not_closed(tmp_path: Path) -> None:
    past = selection(tmp_path, {"opportunities": DEALS}, "2026-03-31")
    assert seen(past, "opportunities", "outcome") == ["won", "open", "won", "open"]
    assert seen(past, "opportunities", "closed_on") == ["2026-03-31", None, None, None]
    assert seen(past, "opportunities", "created_on")[0] == "2026-01-05"


def test_at_the_end_of_the_data_only_a_deal_that_closes_after_it_is_open(tmp_path: Path) -> None:
    last = selection(tmp_path, {"opportunities": DEALS}, END)
    assert seen(last, "opportunities", "outcome") == ["won", "lost", "won", "open"]
    assert seen(last, "opportunities", "closed_on") == ["2026-03-31", "2026-04-01", None, None]


def test_an_amount_is_known_on_the_day_on_which_it_was_paid(tmp_path: Path) -> None:
    past, last = (selection(tmp_path, {"invoices": INVOICES}, text) for text in ("2026-03-31", END))
    assert seen(past, "invoices", "paid_amount") == [10, None, None, None], "what has no date is known at the end"
    assert seen(past, "invoices", "paid_on") == ["2026-03-31", None, None, None]
    assert seen(last, "invoices", "paid_amount") == [10, 20, 30, None]
    assert seen(last, "invoices", "amount") == [100] * 4
    today = selection(tmp_path, {"invoices": INVOICES.replace("2026-04-01", END)}, END)
    assert seen(today, "invoices", "paid_amount") == [10, 20, 30, None], "what was paid on the day that counts is known"


def test_a_table_in_which_nothing_lies_ahead_is_as_it_is_at_the_end_of_the_data(tmp_path: Path) -> None:
    rows = INVOICES.replace("2062", "2025")
    assert seen(selection(tmp_path, {"invoices": rows}, END), "invoices", "paid_amount") == [10, 20, 30, 40]


def test_what_no_date_tells_of_is_known_at_the_end_of_the_data_only(tmp_path: Path) -> None:
    staff = "employee_id,hired_on,left_on,performance_rating\n1,2024-01-15,,4\n2,2024-02-15,2026-09-30,3\n"
    past, last = (selection(tmp_path, {"employees": staff}, text) for text in ("2026-03-31", END))
    assert seen(past, "employees", "performance_rating") == [None, None]
    assert seen(last, "employees", "performance_rating") == [4, 3]
    assert seen(last, "employees", "left_on") == [None, None], "an end that lies ahead has not come"
    assert seen(last, "employees", "hired_on") == ["2024-01-15", "2024-02-15"]


def test_a_contract_that_ends_on_the_day_that_counts_has_ended(tmp_path: Path) -> None:
    rows = "customer_id,started_on,ended_on,mrr\na,2026-01-01,2026-06-30,5\nb,2026-01-01,2026-07-01,5\n"
    assert seen(selection(tmp_path, {"subscriptions": rows}, END), "subscriptions", "ended_on") == [END, None]


def test_a_lead_is_a_customer_on_the_first_of_three_days_that_is_known(tmp_path: Path) -> None:
    """The day of conversion goes before that of its won opportunity, and that before its first order."""
    leads = (
        "lead_id,created_on,converted_on,customer_id\n"
        "1,2026-01-02,2026-04-05,a\n2,2026-01-02,,b\n3,2026-01-02,,c\n4,2026-01-02,2026-02-05,d\n5,2026-01-02,,e\n"
    )
    deals = (
        "opportunity_id,created_on,closed_on,outcome,lead_id\n"
        "1,2026-01-05,2026-02-10,won,1\n2,2026-01-05,2026-02-10,won,2\n3,2026-01-05,2026-02-10,lost,3\n"
    )
    orders = "order_id,ordered_on,customer_id,amount\n" + "".join(
        f"{customer},{day},{customer},1\n" for customer, day in
        (("a", "2026-02-01"), ("b", "2026-05-01"), ("c", "2026-03-31"), ("d", "2026-06-30"), ("e", "2026-04-01"))
    )  # fmt: skip
    past = selection(tmp_path, {"leads": leads, "opportunities": deals, "orders": orders}, "2026-03-31")
    days = ("won_on", "first_ordered_on")
    assert seen(past, "leads", "customer_id", *days) == [None, "b", "c", "d", None]
    assert seen(past, "leads", "first_ordered_on", *days) == ["2026-02-01", None, "2026-03-31", None, None]
    assert seen(past, "leads", "customer_id", "won_on") == [None, "b", None, "d", None]
    assert seen(past, "leads", "customer_id") == [None, None, None, "d", None]
    without = leads.replace(",converted_on", "").replace("2026-04-05,a", "a").replace("2026-02-05,d", "d")
    two = selection(
        tmp_path, {"leads": without.replace(",,", ","), "opportunities": deals, "orders": orders}, "2026-03-31"
    )
    assert seen(two, "leads", "customer_id", *days) == ["a", "b", "c", None, None], "of two days, the won deal first"


@pytest.mark.parametrize(("measure", "first_read"), [("revenue", "2026-01"), ("mrr", "2025-12")])
def test_periods_that_end_before_the_first_row_are_not_read(tmp_path: Path, measure: str, first_read: str) -> None:
    rows = "customer_id,started_on,ended_on,mrr\na,2025-12-31,,5\nb,2026-03-01,,5\n"
    orders = "order_id,ordered_on,customer_id,amount\n1,2026-01-31,x,1\n2,2026-06-30,x,1\n"
    chosen = selection(tmp_path, {"subscriptions": rows, "orders": orders}, END)
    months = tuple(Calendar().last(Calendar().parse("2026-03"), 6))
    query = PlannedQuery(chosen.resolve(measure).query_key, (measure,), months, ())
    assert next(one.label for one in _in_the_data(chosen, query)) == first_read
    whole = PlannedQuery(chosen.resolve(measure).query_key, (measure,), months[-1:], ())
    assert list(_in_the_data(chosen, whole)) == [months[-1]]


def test_a_day_out_of_line_is_read_as_well(tmp_path: Path) -> None:
    days = [f"{one.date()}" for one in pd.date_range("2026-01-01", END)]
    rows = "".join(f"{number},{one},x,1\n" for number, one in enumerate(["2020-01-15", *days]))
    chosen = selection(tmp_path, {"orders": f"order_id,ordered_on,customer_id,amount\n{rows}"}, END)
    query = PlannedQuery(chosen.resolve("revenue").query_key, ("revenue",), (Calendar().parse("2020-01"),), ())
    assert [one.label for one in _in_the_data(chosen, query)] == ["2020-01"]
