"""The last day that counts: what the company file says, else the last event of any table that is no plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from support.companies import open_from

from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.facts import Reach

TODAY = dt.date(2026, 11, 30)
ORDERS = "order_id,ordered_on,customer_id,amount\n1,2026-01-05,a,1\n2,2026-05-20,a,1\n"
LEADS = "lead_id,created_on,mql_on\n1,2026-03-01,2026-06-10\n"
SPRING = [f"2026-{month:02d}-01" for month in range(1, 6)]


def reach(folder: Path, tables: dict[str, Any], today: dt.date = TODAY, **settings: Any) -> Reach:
    return Sources(open_from(folder, tables, **settings).sources.config, today=today).reach


def contracts(*days: str, ended: str = "") -> str:
    return "customer_id,started_on,ended_on,mrr\n" + "".join(f"{n},{day},{ended},5\n" for n, day in enumerate(days))


def test_the_last_event_of_all_tables_decides_and_is_named(tmp_path: Path) -> None:
    assert reach(tmp_path, {"orders": ORDERS, "leads": LEADS}) == Reach(
        dt.date(2026, 6, 10), "last_event", "leads", "mql_on"
    )
    assert reach(tmp_path, {"orders": ORDERS}).day == dt.date(2026, 5, 20)


def test_no_event_is_later_than_today(tmp_path: Path) -> None:
    assert reach(tmp_path, {"orders": ORDERS}, dt.date(2026, 5, 20)).day == dt.date(2026, 5, 20)
    assert reach(tmp_path, {"orders": ORDERS}, dt.date(2026, 5, 19)).day == dt.date(2026, 1, 5)


@pytest.mark.parametrize(("says", "day"), [("2026-03-31", "2026-03-31"), ("2026-08-31", "2026-08-31"),
                                           ("2026-11-30", "2026-11-30"), ("2027-03-31", "2026-11-30")])  # fmt: skip
def test_the_company_file_decides_up_to_today(tmp_path: Path, says: str, day: str) -> None:
    assert reach(tmp_path, {"orders": ORDERS}, data_ends=says) == Reach(dt.date.fromisoformat(day), "data_ends")


def test_a_company_without_days_has_no_last_day(tmp_path: Path) -> None:
    assert reach(tmp_path, {"customers": "customer_id\na\n"}) == Reach(None)
    assert reach(tmp_path, {"orders": "order_id,ordered_on,customer_id,amount\n"}) == Reach(None)


def test_a_contract_that_is_to_begin_or_end_after_all_events_is_a_plan(tmp_path: Path) -> None:
    begun = contracts(*SPRING, "2026-09-01", ended="2026-08-31")
    assert reach(tmp_path, {"orders": ORDERS, "subscriptions": begun}).day == dt.date(2026, 5, 20)


def test_contracts_that_go_on_as_before_after_all_events_have_begun(tmp_path: Path) -> None:
    later = [f"2026-{month:02d}-01" for month in (6, 7, 8)]
    found = reach(tmp_path, {"orders": ORDERS, "subscriptions": contracts(*SPRING, *later)})
    assert found == Reach(dt.date(2026, 8, 1), "last_event", "subscriptions", "started_on")


def test_where_there_are_only_registers_ends_in_the_past_have_happened(tmp_path: Path) -> None:
    found = reach(tmp_path, {"subscriptions": contracts(*SPRING, ended="2026-09-30")})
    assert found == Reach(dt.date(2026, 9, 30), "last_event", "subscriptions", "ended_on")
    assert reach(tmp_path, {"subscriptions": contracts(*SPRING, ended="2027-09-30")}).day == dt.date(2026, 5, 1)
    staff = "employee_id,hired_on,left_on\n1,2024-01-15,2026-10-15\n"
    both = {"subscriptions": contracts(*SPRING, ended="2026-09-30"), "employees": staff}
    assert reach(tmp_path, both) == Reach(dt.date(2026, 10, 15), "last_event", "employees", "left_on")


def test_a_register_without_days_beside_other_tables_says_nothing(tmp_path: Path) -> None:
    assert reach(tmp_path, {"orders": ORDERS, "subscriptions": contracts()}).day == dt.date(2026, 5, 20)
    empty = {"leads": "lead_id,created_on\n", "subscriptions": contracts(*SPRING)}
    assert reach(tmp_path, empty).day == dt.date(2026, 5, 1)


def test_today_is_told_by_the_clock_of_the_company(tmp_path: Path) -> None:
    zones = ("Pacific/Kiritimati", "Etc/GMT+12")  # 26 hours apart, which is never one day
    east, west = (Sources(open_from(tmp_path, {"orders": ORDERS}, timezone=zone).sources.config) for zone in zones)
    assert east.today > west.today
    assert west.facts.latest == west.today
