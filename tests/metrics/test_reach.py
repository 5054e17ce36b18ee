"""How far data reach, on small companies: cases that once printed an unfinished or unknown period as a fall."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.metrics.session import OpenCompany, open_company

CASES = Path(__file__).parents[1] / "data" / "cases"
DEALS = """opportunity_id,created_on,closed_on,outcome,amount
1,2026-01-05,2026-02-20,won,100
2,2026-01-12,2026-03-01,lost,50
3,2026-02-02,2026-03-20,won,200
4,2026-03-02,2026-04-15,won,300
5,2026-04-06,2027-01-31,open,900
6,2026-05-04,,open,70
"""


def case(name: str) -> OpenCompany:
    return open_company(CASES / name / "company.yaml")


def ask(company: OpenCompany, kpi: str, period: str, **more: object) -> pd.Series:
    return company.compute([kpi], period=period, **more).iloc[0]  # type: ignore[arg-type]


def warned(company: OpenCompany, *words: str) -> bool:
    return any(finding.level == "warning" and says(str(finding), *words) for finding in company.check())


@pytest.mark.parametrize(("name", "last", "value", "previous"), [
    ("future_close", dt.date(2026, 7, 25), 6000, 6000), ("half_quarter", dt.date(2026, 8, 14), 1000, 2000),
])  # fmt: skip
def test_the_close_of_an_open_deal_is_a_plan(name: str, last: dt.date, value: float, previous: float) -> None:
    company = case(name)
    row = ask(company, "sales_revenue", "2026-Q3")
    assert company.sources.last_day() == last
    assert (row.value, row.previous, row.complete) == (value, previous, False)
    assert warned(company, "open", "expected_on")


def test_a_deal_is_open_until_it_is_won_or_lost() -> None:
    frame = case("overdue_deals").compute(["pipeline_value", "open_pipeline"], period="2026-Q3")
    assert frame.value.tolist() == [21_000, 3]
    frame = case("o_overdue").compute(["pipeline_value", "open_pipeline"], period="2026-Q3", as_of="2026-09-30")
    assert frame.value.tolist() == [14_000, 3]


def test_a_placeholder_is_no_begin() -> None:
    row = ask(case("s_1900"), "sales_revenue", "2026-Q3")
    assert row.value == 400 and math.isnan(row.previous) and math.isnan(row.year_ago)
    assert warned(case("s_1900"), "far from all others", "'1900-01-01' in row 2")


def test_a_typing_mistake_ends_no_quarter() -> None:
    company = case("typo_year")
    row = ask(company, "sales_revenue", "2026-Q3")
    assert not row.complete and row.previous == 600
    assert warned(company, "'2062-07-01' in row 44")


def test_a_ledger_of_years_has_no_quarters() -> None:
    company = case("yearly_ledger")
    frame = company.compute(["sales_revenue", "inventory_turnover"], period="2023-Q4", last=4)
    assert frame.value.isna().all()
    assert says(ask(company, "sales_revenue", "2023-Q4").reason, "the ledger is booked by the year")
    assert ask(company, "inventory_turnover", "2023").value == pytest.approx(21.1, abs=0.05)
    assert ask(company, "sales_revenue", "2023").previous == 198_270


def test_balances_are_known_when_they_are_booked_and_not_between(tmp_path: Path) -> None:
    rows = [f"{day},{account},{value}" for day, value in (("2024-12-31", 50), ("2025-12-31", 70))
            for account in ("current_assets", "current_liabilities")]  # fmt: skip
    company = open_from(tmp_path, {"ledger": "booked_on,account,amount\n" + "\n".join(rows)}, data_ends="2026-01-31")
    assert ask(company, "current_ratio", "2025-Q4").value == 1
    assert says(ask(company, "current_ratio", "2025-Q3").reason, "booked by the year")


def test_an_account_of_years_beside_accounts_of_months(tmp_path: Path) -> None:
    months = [f"{month.date()},{account},100" for month in pd.date_range("2024-01-31", "2025-12-31", freq="ME")
              for account in ("revenue", "cogs", "operating_expense")]  # fmt: skip
    years = ["2024-12-31,depreciation,12", "2025-12-31,depreciation,24"]
    company = open_from(tmp_path, {"ledger": "booked_on,account,amount\n" + "\n".join([*months, *years])})
    assert ask(company, "sales_revenue", "2025-06").value == 100
    assert says(ask(company, "operating_income", "2025-06").reason, "booked by the year")
    assert ask(company, "operating_income", "2025").value == 1200 - 1200 - 1200 - 24


def test_the_company_file_says_how_far_the_data_reach(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS}, data_ends="2026-08-31")
    assert (company.sources.last_day(), company.sources.reach.decided_by) == (dt.date(2026, 8, 31), "data_ends")
    row = ask(company, "sales_revenue", "2026-07")
    assert (row.value, row.reason, row.complete) == (0, None, True)
    before = open_from(tmp_path, {"opportunities": DEALS}, data_ends="2026-03-31")
    assert before.sources.last_day() == dt.date(2026, 3, 31)
    assert warned(before, "after data_ends of the company file, 2026-03-31", "'2026-04-15' in row 5")


def test_what_has_not_happened_lately_is_a_zero_and_no_gap(tmp_path: Path) -> None:
    """Nobody has left, no invoice was paid, no position was filled and no lead qualified: all of that is known."""
    days = pd.date_range("2026-01-01", "2026-06-30", freq="3D").strftime("%Y-%m-%d")
    orders = "order_id,ordered_on,customer_id,amount\n" + "".join(f"{n},{day},a,10\n" for n, day in enumerate(days))
    company = open_from(tmp_path, {
        "orders": orders,
        "employees": "employee_id,hired_on,left_on\n1,2025-01-15,\n2,2025-02-01,2025-03-01\n3,2025-03-15,\n",
        "invoices": "invoice_id,issued_on,amount,paid_on\n1,2026-05-01,400,\n2,2026-06-20,100,\n",
        "vacancies": "vacancy_id,opened_on,filled_on\n1,2026-01-10,\n2,2026-03-01,\n",
        "leads": "lead_id,created_on,mql_on\n" + "".join(f"{n},{day},\n" for n, day in enumerate(days)),
    })  # fmt: skip
    frame = company.compute(period="2026-06").set_index("kpi")
    wanted = {"employee_turnover": 0, "accounts_receivable": 500, "vacancies": 2, "marketing_qualified_leads": 0}
    assert frame.value[list(wanted)].to_dict() == wanted
    assert frame.complete[["employee_turnover", "marketing_qualified_leads"]].all()
    assert ask(company, "accounts_receivable", "2026-05").value == 400


def test_a_stock_whose_rows_begin_with_the_data_is_no_base(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    february, march = (ask(company, "open_pipeline", month) for month in ("2026-02", "2026-03"))
    assert (february.value, math.isnan(february.previous), february.complete) == (2, True, True)
    assert (march.value, march.previous, march.complete) == (1, 2, True)
    assert not ask(company, "open_pipeline", "2026-01").complete


def test_a_stock_with_an_opening_balance_is_whole_at_once(tmp_path: Path) -> None:
    rows = [f"o{n},2026-01-01,,10" for n in range(30)]
    rows += [f"{n},2026-{1 + n % 3:02d}-{2 + n:02d},,10" for n in range(12)]
    rows += [f"x{n},2026-01-05,2026-0{3 + n}-01,10" for n in range(3)]
    company = open_from(tmp_path, {"subscriptions": "customer_id,started_on,ended_on,mrr\n" + "\n".join(rows)})
    row = ask(company, "monthly_recurring_revenue", "2026-02", as_of="2026-02-28")
    assert row.complete and row.previous > 0


@pytest.mark.parametrize(
    ("extra", "as_of", "wanted"),
    [
        ({}, None, 3), ({}, "2026-02-28", None),
        ({"opportunities": "opportunity_id,created_on,closed_on,outcome,lead_id\n1,2026-01-05,2026-02-10,won,1\n"
                           "2,2026-01-06,2026-03-10,won,2\n"}, "2026-02-28", 1),
        ({"orders": "order_id,ordered_on,customer_id,amount\n1,2026-02-20,b,5\n2,2026-02-01,c,-5\n3,2026-03-30,c,5\n"},
         "2026-02-28", 1),
    ],
)  # fmt: skip
def test_a_lead_is_converted_on_the_day_that_tells_so(
    tmp_path: Path, extra: dict[str, str], as_of: str | None, wanted: float | None
) -> None:
    leads = "lead_id,created_on,customer_id\n1,2026-01-02,a\n2,2026-01-03,b\n3,2026-01-04,c\n4,2026-03-31,\n"
    company = open_from(tmp_path, {"leads": leads, **extra})
    row = ask(company, "lead_to_sale_conversion", "2026-01", as_of=as_of)
    if wanted is None:
        assert says(row.reason, "customer_id has no date", "end of the data", "converted_on")
    else:
        assert row.numerator == wanted


def test_a_rating_without_a_date_is_known_only_at_the_end(tmp_path: Path) -> None:
    staff = "1,2024-01-15,,4\n2,2024-03-01,2024-06-01,3\n3,2025-03-15,,5\n"
    company = open_from(tmp_path, {"employees": f"employee_id,hired_on,left_on,performance_rating\n{staff}"})
    assert ask(company, "employee_performance", "2025-03").value == 4.5
    early = ask(company, "employee_performance", "2024-12", as_of="2024-12-31")
    assert says(early.reason, "performance_rating has no date")
    assert ask(company, "headcount", "2024-12", as_of="2024-12-31").value == 1


def test_the_first_day_of_the_data_is_in_them(tmp_path: Path) -> None:
    orders = "order_id,ordered_on,customer_id,amount\n1,2026-01-31,a,7\n2,2026-02-10,a,3\n"
    company = open_from(tmp_path, {"orders": orders})
    assert ask(company, "sales_revenue", "2026-01").value == 7
    assert says(ask(company, "sales_revenue", "2025-12").reason, "before the data begins")


def test_all_dates_after_the_end_of_the_data_are_counted_and_five_are_shown(tmp_path: Path) -> None:
    days = pd.date_range("2026-01-01", "2026-06-30").strftime("%Y-%m-%d")
    rows = "".join(f"{n}{twin},{day},a,1\n" for n, day in enumerate(days) for twin in "xy")
    orders = f"order_id,ordered_on,customer_id,amount\n{rows}"
    company = open_from(tmp_path, {"orders": orders}, data_ends="2026-01-31")
    (finding,) = [one for one in company.check() if "after data_ends" in one.message]
    assert finding.rows == 2 * (181 - 31) and says(finding.message, "300 dates lie after data_ends")
    assert finding.message.count("in row") == 5
