"""Which periods have data for a measure, which of them are complete, and which may be the base of a comparison."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics.compute.selection import AFTER, BEFORE, PARTLY, Periods, Selection

CALENDAR = Calendar()
DEALS = "opportunity_id,created_on,closed_on,outcome,amount\n"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def selection(folder: Path, tables: dict[str, Any], as_of: str, **settings: Any) -> Selection:
    company = open_from(folder, tables, **settings)
    return Selection(company.sources, company.catalogue, (), None, day(as_of))


def daily(table: str, first: str, last: str, step: int = 1) -> str:
    """Orders, or spend, of one euro every so many days."""
    days = [f"{one.date()}" for one in pd.date_range(first, last, freq=f"{step}D")]
    if table == "orders":
        rows = "".join(f"{number},{one},a,1\n" for number, one in enumerate(days))
        return f"order_id,ordered_on,customer_id,amount\n{rows}"
    return "spent_on,amount\n" + "".join(f"{one},1\n" for one in days)


def ledger(account: str, *days: str) -> dict[str, str]:
    return {"ledger": "booked_on,account,amount\n" + "".join(f"{one},{account},1\n" for one in days)}


def whole(text: str) -> Period:
    return CALENDAR.parse(text)


def stretch(last: str, length: int) -> Period:
    """A period of so many days that ends on a day."""
    return Period("year", day(last) - dt.timedelta(days=length - 1), day(last), "stretch")


def test_a_period_lies_after_the_data_that_begins_after_the_day_that_counts(tmp_path: Path) -> None:
    chosen = selection(tmp_path, {"orders": daily("orders", "2026-01-01", "2026-06-01")}, "2026-06-01")
    assert chosen.gap("revenue", whole("2026-07")) == AFTER
    assert chosen.gap("revenue", whole("2026-06").cut(day("2026-06-01"))) == ""


def test_a_period_lies_before_the_data_that_ends_before_their_first_day(tmp_path: Path) -> None:
    chosen = selection(tmp_path, {"orders": daily("orders", "2026-01-31", "2026-06-01")}, "2026-06-01")
    assert chosen.gap("revenue", whole("2025-12")) == BEFORE
    assert chosen.gap("revenue", whole("2026-01")) == ""
    assert chosen.gap("revenue", stretch("2026-01-30", 5)) == BEFORE


def test_a_table_that_ends_before_a_period_has_no_value_in_it(tmp_path: Path) -> None:
    tables = {
        "orders": daily("orders", "2026-01-01", "2026-04-01"),
        "spend": daily("spend", "2026-01-01", "2026-06-30"),
    }
    chosen = selection(tmp_path, tables, "2026-06-30")
    assert chosen.gap("revenue", whole("2026-04")) == "", "the first of April is in it"
    assert chosen.gap("revenue", whole("2026-05")) == "table orders ends on 2026-04-01"
    assert chosen.gap("revenue_to_date", whole("2026-05")) == "", "what was sold so far does not end"
    assert chosen.gap("marketing_spend", whole("2026-05")) == ""


def test_where_the_company_file_says_how_far_the_data_reach_no_table_ends_before(tmp_path: Path) -> None:
    tables = {"orders": daily("orders", "2026-01-01", "2026-04-01")}
    chosen = selection(tmp_path, tables, "2026-06-30", data_ends="2026-06-30")
    assert chosen.gap("revenue", whole("2026-05")) == "" and chosen.covered("revenue", whole("2026-05"))


def test_a_table_that_had_no_row_by_the_day_that_counts_says_so(tmp_path: Path) -> None:
    tables = {
        "orders": daily("orders", "2026-05-01", "2026-05-31"),
        "spend": daily("spend", "2026-01-01", "2026-05-31"),
    }
    chosen = selection(tmp_path, tables, "2026-02-20")
    assert chosen.gap("revenue", whole("2026-01")) == "table orders has no rows with a date"


@pytest.mark.parametrize(("first", "is_base"), [("2026-04-10", True), ("2026-04-11", False)])
def test_a_base_lies_wholly_in_the_data_give_or_take_a_tenth(tmp_path: Path, first: str, is_base: bool) -> None:
    chosen = selection(tmp_path, {"orders": daily("orders", first, "2026-09-30")}, "2026-09-30")
    quarter = whole("2026-Q2")
    assert chosen.gap("revenue", quarter, as_base=True) == ("" if is_base else PARTLY)
    assert chosen.covered("revenue", quarter) == is_base
    assert chosen.gap("revenue", quarter) == "", "its value is what is known"
    assert chosen.gap("revenue_to_date", quarter, as_base=True) == "", "a stock begins with its first row"


@pytest.mark.parametrize(("won", "is_base"), [("2026-04-23", True), ("2026-04-24", False)])
def test_the_first_win_may_come_within_the_first_quarter_of_a_base(tmp_path: Path, won: str, is_base: bool) -> None:
    """The quarter has 91 days, a quarter of which is 22; the wins come daily, so that three gaps are less."""
    days = [f"{one.date()}" for one in pd.date_range(won, "2026-09-30")]
    rows = "".join(f"{number},2026-03-30,{one},won,5\n" for number, one in enumerate(days))
    chosen = selection(tmp_path, {"opportunities": DEALS + rows}, "2026-09-30")
    assert chosen.gap("won_deals", whole("2026-Q2"), as_base=True) == ("" if is_base else PARTLY)
    late = selection(tmp_path, {"opportunities": DEALS + rows.replace("2026-03-30", "2026-04-20")}, "2026-09-30")
    assert late.gap("won_deals", whole("2026-Q2"), as_base=True) == PARTLY, "there were no opportunities when it began"


def test_wins_lack_in_no_period_of_a_table_in_which_nothing_was_won_yet(tmp_path: Path) -> None:
    rows = "".join(f"{number},2026-0{number}-05,,open,5\n" for number in range(1, 7))
    chosen = selection(tmp_path, {"opportunities": DEALS + rows}, "2026-06-05")
    assert chosen.gap("won_deals", whole("2026-03")) == ""
    assert chosen.gap("won_deals", whole("2025-12")) == BEFORE


@pytest.mark.parametrize(("last", "is_complete"), [("2026-06-23", True), ("2026-06-22", False)])
def test_a_period_is_complete_where_its_table_goes_on_to_its_last_week(
    tmp_path: Path, last: str, is_complete: bool
) -> None:
    tables = {"orders": daily("orders", "2026-01-01", last), "spend": daily("spend", "2026-01-01", "2026-07-15")}
    company = open_from(tmp_path, tables)
    chosen = Selection(company.sources, company.catalogue, (), None, day("2026-07-15"))
    assert chosen.covered("revenue", whole("2026-06")) == is_complete
    frame = company.compute("sales_revenue", period="2026-07", last=3)
    assert frame.complete.tolist() == [True, is_complete, False]


def test_another_date_of_the_table_tells_as_well_that_it_goes_on(tmp_path: Path) -> None:
    rows = "".join(
        f"{number},{one.date()},,open,5\n" for number, one in enumerate(pd.date_range("2026-01-01", "2026-06-30"))
    )
    won = "w,2026-01-01,2026-02-05,won,5\n"
    chosen = selection(tmp_path, {"opportunities": DEALS + won + rows}, "2026-06-30")
    assert chosen.covered("created_opportunities", whole("2026-06"))
    assert chosen.covered("won_deals", whole("2026-06")), "that nothing was won since February is known"


def test_a_stock_is_no_base_until_nine_tenths_of_its_rows_have_had_the_time_to_end(tmp_path: Path) -> None:
    starts = pd.date_range("2026-01-01", "2026-06-30")
    rows = "".join(
        f"{n},{one.date()},{(one + pd.Timedelta(days=40)).date()},won,5\n" for n, one in enumerate(starts[:100])
    )
    chosen = selection(tmp_path, {"opportunities": DEALS + rows}, "2026-06-30")
    before, on = stretch("2026-02-09", 30), stretch("2026-02-10", 30)
    reason = chosen.gap("open_opportunities", before, as_base=True)
    assert says(reason, "opportunities begin with the data", "missing until 2026-02-10")
    assert chosen.gap("open_opportunities", before) == "" and not chosen.covered("open_opportunities", before)
    assert chosen.gap("open_opportunities", on, as_base=True) == "" and chosen.covered("open_opportunities", on)


def test_a_register_goes_on_to_the_day_that_counts(tmp_path: Path) -> None:
    staff = "employee_id,hired_on,left_on\n1,2024-01-15,\n2,2024-02-01,\n"
    tables = {"employees": staff, "orders": daily("orders", "2026-01-01", "2026-06-30")}
    chosen = selection(tmp_path, tables, "2026-06-30")
    assert chosen.gap("staff", whole("2026-06")) == "" and chosen.covered("staff", whole("2026-06"))


def test_accounts_a_year_ago_and_at_the_opening_must_lie_in_the_data(tmp_path: Path) -> None:
    rows = "customer_id,started_on,ended_on,mrr\n" + "".join(f"{n},2025-{n:02d}-01,,5\n" for n in range(1, 13))
    chosen = selection(tmp_path, {"subscriptions": rows}, "2026-03-31")
    assert chosen.gap("mrr_a_year_ago", whole("2025-12")) == "year ago is before the data begins"
    assert chosen.gap("mrr_a_year_ago", whole("2026-01")) == ""
    assert chosen.gap("mrr_a_year_ago", whole("2026-01").cut(day("2026-01-01"))) == "", "its first day is in them"
    assert chosen.gap("mrr_at_start", whole("2025-01")) == PARTLY
    assert chosen.gap("mrr_at_start", stretch("2025-01-31", 30)) == "", "the opening is the first day of the data"
    assert chosen.gap("mrr_at_start", stretch("2025-01-31", 31)) == PARTLY
    assert chosen.gap("mrr", whole("2025-01")) == ""
    assert chosen.gap("mrr_a_year_ago", whole("2026-03")) == "" and chosen.covered("mrr_a_year_ago", whole("2026-03"))


YEARS = ("2023-12-31", "2024-12-31", "2025-12-31")
HALVES = ("2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31")
QUARTERS = ("2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31")
MONTHS = ("2025-09-30", "2025-10-31", "2025-11-30", "2025-12-31")
WEEKS = ("2025-12-10", "2025-12-17", "2025-12-24", "2025-12-31")


@pytest.mark.parametrize(
    ("booked", "grain", "least"),
    [
        (YEARS, "year", 350),
        (HALVES, "half-year", 175),
        (QUARTERS, "quarter", 84),
        (MONTHS, "month", 28),
        (WEEKS, "week", 7),
    ],
)
def test_figures_have_no_value_in_a_period_shorter_than_the_stretch_for_which_they_are_booked(
    tmp_path: Path, booked: tuple[str, ...], grain: str, least: int
) -> None:
    chosen = selection(tmp_path, ledger("operating_expense", *booked), "2025-12-31")
    assert chosen.gap("operating_expense", stretch("2025-12-31", least)) == ""
    assert chosen.gap("operating_expense", stretch("2025-12-31", least - 1)) == f"the ledger is booked by the {grain}"


def test_a_period_that_is_cut_short_counts_by_its_whole_length(tmp_path: Path) -> None:
    chosen = selection(tmp_path, ledger("operating_expense", *MONTHS), "2025-12-31")
    assert chosen.gap("operating_expense", whole("2025-12").cut(day("2025-12-10"))) == ""


@pytest.mark.parametrize(
    ("booked", "grain", "most"), [(YEARS, "year", 35), (HALVES, "half-year", 17), (QUARTERS, "quarter", 8)]
)
def test_a_balance_is_known_for_a_tenth_of_its_stretch_after_it_was_booked(
    tmp_path: Path, booked: tuple[str, ...], grain: str, most: int
) -> None:
    chosen = selection(
        tmp_path,
        ledger(
            "current_assets",
            *booked,
        ),
        "2026-03-31",
        data_ends="2026-03-31",
    )
    known, stale = (stretch(f"{day('2025-12-31') + dt.timedelta(days=late)}", 7) for late in (most, most + 1))
    assert chosen.gap("current_assets", known) == ""
    assert chosen.gap("current_assets", stale) == f"the ledger is booked by the {grain}"
    assert chosen.gap("current_assets", stretch("2023-01-05", 7)) == f"the ledger is booked by the {grain}"


@pytest.mark.parametrize("booked", [MONTHS, WEEKS])
def test_a_balance_booked_by_the_month_or_the_week_is_known_between(tmp_path: Path, booked: tuple[str, ...]) -> None:
    chosen = selection(tmp_path, ledger("current_assets", *booked), "2026-01-25", data_ends="2026-03-31")
    assert chosen.gap("current_assets", stretch("2026-01-25", 1)) == ""


def test_the_account_of_a_measure_tells_its_grain(tmp_path: Path) -> None:
    rows = ledger("revenue", *MONTHS)["ledger"] + "".join(f"{one},operating_expense,1\n" for one in YEARS)
    chosen = selection(tmp_path, {"ledger": rows}, "2025-12-31")
    assert chosen.gap("revenue", whole("2025-12")) == "", "an account that may lack is an account"
    assert chosen.gap("operating_expense", whole("2025-12")) == "the ledger is booked by the year"


def test_a_day_is_past_where_the_data_go_on_after_it(tmp_path: Path) -> None:
    tables = {"orders": daily("orders", "2026-01-01", "2026-06-30")}
    past, last = (selection(tmp_path, tables, text) for text in ("2026-06-29", "2026-06-30"))
    assert past.is_past and not last.is_past
    assert past.takes_back("orders") and not last.takes_back("orders")


def test_dates_after_the_last_event_are_taken_back_also_those_that_a_table_takes_from_another(tmp_path: Path) -> None:
    leads = "lead_id,created_on,customer_id\n1,2026-01-02,a\n2,2026-03-31,b\n"
    plan = "opportunity_id,created_on,closed_on,outcome,lead_id\n1,2026-01-05,2026-02-10,won,1\n2,2026-01-06,{},won,2\n"
    calm = selection(tmp_path, {"leads": leads, "opportunities": plan.format("2026-03-10")}, "2026-03-31")
    assert not calm.takes_back("leads") and not calm.takes_back("opportunities")
    typo = selection(tmp_path, {"leads": leads, "opportunities": plan.format("2062-03-10")}, "2026-03-31")
    assert not typo.is_past and typo.takes_back("opportunities")
    assert typo.takes_back("leads"), "the day on which its lead was won comes from there"


def test_a_text_that_a_table_takes_from_another_brings_no_dates(tmp_path: Path) -> None:
    customers = "customer_id,acquired_on,acquired_channel\na,2062-01-01,email\n"
    chosen = selection(
        tmp_path, {"orders": daily("orders", "2026-01-01", "2026-01-31"), "customers": customers}, "2026-01-31"
    )
    assert not chosen.takes_back("orders") and chosen.takes_back("customers")


def test_a_stock_is_read_on_the_last_day_of_a_period_or_on_the_day_that_counts(tmp_path: Path) -> None:
    rows = "customer_id,started_on,ended_on,mrr\na,2025-01-01,,5\nb,2026-06-20,,5\n"
    tables = {"orders": daily("orders", "2026-01-01", "2026-06-20"), "subscriptions": rows}
    chosen = selection(tmp_path, tables, "2026-06-20")
    may, june = whole("2026-05"), whole("2026-06").cut(day("2026-06-20"))
    asked = Periods([may, june])
    assert [(one.start, one.end) for one in chosen.slots("mrr", asked)] == [
        (day("2026-05-31"),) * 2,
        (day("2026-06-20"),) * 2,
    ]
    assert chosen.slots("revenue", asked) == asked


def test_accounts_are_read_over_the_whole_period_up_to_the_day_that_counts(tmp_path: Path) -> None:
    rows = "customer_id,started_on,ended_on,mrr\na,2025-01-01,,5\nb,2026-06-20,,5\n"
    tables = {"orders": daily("orders", "2026-01-01", "2026-06-20"), "subscriptions": rows}
    chosen = selection(tmp_path, tables, "2026-06-20")
    begun, ahead = whole("2026-06").cut(day("2026-06-05")), whole("2026-07")
    assert [one.last_day for one in chosen.slots("accounts_at_end", Periods([begun, ahead]))] == [
        day("2026-06-20"), day("2026-07-31"),
    ]  # fmt: skip
    first = Period("day", day("2026-06-20"), day("2026-06-21"), "two days")
    assert [one.last_day for one in chosen.slots("accounts_at_end", Periods([first]))] == [day("2026-06-20")]


@pytest.mark.parametrize(("as_of", "is_mature"), [("2026-03-31", False), ("2026-04-01", True)])
def test_a_cohort_is_complete_and_compared_once_it_is_old_enough(tmp_path: Path, as_of: str, is_mature: bool) -> None:
    """Leads have 60 days to qualify: those of January are judged on the first of April."""
    days = [f"{one.date()}" for one in pd.date_range("2025-11-01", "2026-04-30")]
    leads = "lead_id,created_on,mql_on\n" + "".join(f"{number},{one},{one}\n" for number, one in enumerate(days))
    company = open_from(tmp_path, {"leads": leads})
    young = [metric for metric in company.catalogue.metrics.values() if metric.matures_in == 60]
    row = company.compute(young[0].name, period="2026-01", as_of=as_of).iloc[0]
    assert row.complete == is_mature
    assert pd.notna(row.previous) == is_mature
