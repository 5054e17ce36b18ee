"""What tables tell of themselves: their last events and ends, the days that stand in line, the stretch of bookings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.facts import TableFacts

TODAY = dt.date(2026, 11, 30)
DEALS = """opportunity_id,created_on,closed_on,expected_on,outcome
1,2026-01-05,2026-02-20,,won
2,2026-03-02,2026-04-15,,lost
3,2026-04-06,,2026-10-31,open
"""


def facts(folder: Path, tables: dict[str, Any], **settings: Any) -> TableFacts:
    """Facts about the tables of a company on the last day of November 2026."""
    return Sources(open_from(folder, tables, **settings).sources.config, today=TODAY).facts


def orders(*days: str) -> str:
    rows = "".join(f"{number},{day},a,1\n" for number, day in enumerate(days))
    return f"order_id,ordered_on,customer_id,amount\n{rows}"


def daily(first: str, count: int) -> list[str]:
    return [f"{day.date()}" for day in pd.date_range(first, periods=count)]


def ledger(**days: list[str]) -> str:
    rows = "".join(f"{day},{account},1\n" for account, booked in days.items() for day in booked)
    return f"booked_on,account,amount\n{rows}"


def test_the_last_event_is_the_latest_of_all_dates_on_which_something_has_happened(tmp_path: Path) -> None:
    known = facts(tmp_path, {"opportunities": DEALS})
    assert known.last_event("opportunities") == (dt.date(2026, 4, 15), "closed_on")
    assert known.last_event("opportunities", dt.date(2026, 4, 15)) == (dt.date(2026, 4, 15), "closed_on")
    assert known.last_event("opportunities", dt.date(2026, 4, 14)) == (dt.date(2026, 4, 6), "created_on")
    assert known.last_event("opportunities", dt.date(2026, 1, 4)) is None


def test_the_last_end_is_told_by_the_date_on_which_rows_end(tmp_path: Path) -> None:
    staff = "employee_id,hired_on,left_on\n1,2024-01-15,2026-08-31\n2,2025-03-01,\n3,2025-04-01,2027-06-30\n"
    started = "customer_id,started_on,mrr\na,2026-01-01,5\n"
    known = facts(tmp_path, {"employees": staff, "orders": orders("2026-01-05"), "subscriptions": started})
    assert known.last_end("employees") == (dt.date(2026, 8, 31), "left_on"), "an end after today is a plan"
    assert known.last_end("orders") is None
    assert known.last_end("subscriptions") is None
    nobody = facts(tmp_path, {"employees": "employee_id,hired_on,left_on\n1,2024-01-15,\n"})
    assert nobody.last_end("employees") is None


def test_a_table_has_something_later_where_any_of_its_dates_lies_after_a_day(tmp_path: Path) -> None:
    known = facts(tmp_path, {"opportunities": DEALS, "orders": orders("2026-01-05", "2062-01-05")})
    assert known.has_later("opportunities", dt.date(2026, 10, 30)), "a plan is a date as well"
    assert not known.has_later("opportunities", dt.date(2026, 10, 31))
    assert known.has_later("orders", dt.date(2026, 11, 30)), "a date out of line is one as well"
    assert not known.has_later("orders", dt.date(2062, 1, 5))


def test_a_table_without_dates_has_nothing_later_and_no_days(tmp_path: Path) -> None:
    known = facts(tmp_path, {"customers": "customer_id\na\n", "leads": "lead_id,created_on\n1,\n"})
    assert not known.has_later("customers", dt.date(1900, 1, 1)) and not known.has_later("leads", dt.date(1900, 1, 1))
    assert known.last_event("leads") is None and known.first_day("leads", "created_on") is None


def test_today_stands_in_line_and_tomorrow_does_not(tmp_path: Path) -> None:
    known = facts(tmp_path, {"orders": orders("2026-11-29", "2026-11-30", "2026-12-01")})
    assert known.extent("orders").last == TODAY
    assert known.extent("orders", until=dt.date(2026, 11, 29)).last == dt.date(2026, 11, 29)
    assert known.last_event("orders") == (TODAY, "ordered_on")


def test_the_end_of_the_data_that_the_company_file_gives_is_the_last_day_in_line(tmp_path: Path) -> None:
    known = facts(tmp_path, {"orders": orders("2026-06-29", "2026-06-30", "2026-07-01")}, data_ends="2026-06-30")
    assert known.extent("orders").last == dt.date(2026, 6, 30)
    assert facts(tmp_path, {"orders": orders("2026-07-01")}, data_ends="2027-06-30").latest == TODAY


def test_an_extent_is_that_of_the_column_that_is_asked_for_and_else_of_the_main_one(tmp_path: Path) -> None:
    known = facts(tmp_path, {"opportunities": DEALS})
    created = dt.date(2026, 1, 5), dt.date(2026, 4, 6), 3
    closed = dt.date(2026, 2, 20), dt.date(2026, 4, 15), 2
    for column, wanted in ((None, created), ("created_on", created), ("closed_on", closed), ("won_on", created)):
        found = known.extent("opportunities", column)
        assert (found.first, found.last, found.days) == wanted, column


@pytest.mark.parametrize(("rows", "stands_alone"), [(1, True), (2, True), (3, False)])
def test_a_day_with_an_order_of_two_lines_may_stand_alone_and_one_with_three_does_not(
    tmp_path: Path, rows: int, stands_alone: bool
) -> None:
    known = facts(tmp_path, {"orders": orders(*["2020-05-05"] * rows, *daily("2026-01-01", 20))})
    assert (known.extent("orders").first == dt.date(2026, 1, 1)) == stands_alone
    assert known.first_day("orders", "ordered_on") == dt.date(2020, 5, 5), "its rows are read all the same"


@pytest.mark.parametrize(("before", "stands_alone"), [(3652, False), (3653, True)])
def test_in_a_register_a_day_stands_alone_after_ten_years(tmp_path: Path, before: int, stands_alone: bool) -> None:
    founder = dt.date(2026, 1, 1) - dt.timedelta(days=before)
    staff = "".join(f"{number},{day}\n" for number, day in enumerate([f"{founder}", *daily("2026-01-01", 20)]))
    known = facts(tmp_path, {"employees": f"employee_id,hired_on\n{staff}"})
    assert (known.extent("employees").first == dt.date(2026, 1, 1)) == stands_alone


def test_each_account_is_booked_at_a_grain_of_its_own(tmp_path: Path) -> None:
    months = [f"{day.date()}" for day in pd.date_range("2025-01-31", "2025-12-31", freq="ME")]
    known = facts(tmp_path, {"ledger": ledger(revenue=months, depreciation=["2023-12-31", "2024-12-31", "2025-12-31"])})
    assert known.booked_by("ledger", "revenue", TODAY) == "month"
    assert known.booked_by("ledger", "depreciation", TODAY) == "year"
    assert known.booked_by("ledger", "interest", TODAY) == "", "an account without a booking has no grain"
    assert known.last_booking("ledger", "depreciation", dt.date(2025, 12, 31)) == dt.date(2025, 12, 31)
    assert known.last_booking("ledger", "depreciation", dt.date(2025, 12, 30)) == dt.date(2024, 12, 31)
    assert known.last_booking("ledger", "interest", TODAY) is None


def test_what_is_booked_later_does_not_tell_the_grain(tmp_path: Path) -> None:
    days = ["2024-12-31", "2025-12-31", *daily("2026-02-01", 30)]
    known = facts(tmp_path, {"ledger": ledger(revenue=days)})
    assert known.booked_by("ledger", "revenue", dt.date(2025, 12, 31)) == "year"
    assert known.booked_by("ledger", "revenue", dt.date(2025, 12, 30)) == ""
    assert known.booked_by("ledger", "revenue", TODAY) == ""


def test_a_booking_that_lacks_its_account_or_its_day_or_lies_ahead_tells_no_grain(tmp_path: Path) -> None:
    rows = ledger(revenue=["2024-12-31", "2025-12-31", "", "2027-03-03"]) + "2025-06-01,,1\n"
    known = facts(tmp_path, {"ledger": rows})
    assert known.booked_by("ledger", "revenue", dt.date.max) == "year"
    assert known.last_booking("ledger", None, TODAY) == dt.date(2025, 12, 31)


def test_only_tables_of_figures_for_a_stretch_are_booked(tmp_path: Path) -> None:
    ends = ["2023-12-31", "2024-12-31", "2025-12-31"]
    spend = "spent_on,amount\n" + "".join(f"{day},1\n" for day in ends)
    known = facts(tmp_path, {"orders": orders(*ends), "spend": spend})
    assert known.booked_by("orders", None, TODAY) == ""
    assert known.booked_by("spend", None, TODAY) == "year"
