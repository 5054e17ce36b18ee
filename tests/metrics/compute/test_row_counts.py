"""How many rows stand behind a figure: those of its denominator, whatever is asked beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.metrics.session import OpenCompany

LEADS = "lead_id,created_on,channel\n" + "".join(f"{n},2026-0{1 + n % 3}-10,{'ab'[n % 2]}\n" for n in range(9))
SPEND = "spent_on,amount,channel,clicks\n2026-01-05,10,a,4\n2026-01-06,20,b,5\n2026-02-05,5,a,1\n2026-03-05,5,a,2\n"
DEALS = """opportunity_id,created_on,closed_on,outcome,amount
1,2025-11-01,2026-01-10,won,100
2,2025-11-01,2026-02-10,lost,100
3,2025-12-01,2026-01-20,won,300
4,2026-01-05,,open,300
5,2026-01-06,,open,300
"""
STAFF = """employee_id,hired_on,left_on,performance_rating,target_attainment
1,2020-01-01,,3,1.2
2,2020-01-01,2026-01-15,4,
3,2020-01-01,,,0.8
4,2026-01-02,,,
"""
SAMPLE = ("pipeline_value", "income_sources", "inbound_revenue", "sales_revenue", "revenue_per_new_customer",
          "sales_velocity", "churn_rate")  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    tables = {"leads": LEADS, "spend": SPEND, "opportunities": DEALS, "employees": STAFF}
    return open_from(tmp_path_factory.mktemp("rows"), tables)


@pytest.mark.parametrize(
    ("kpi", "rows"),
    [
        ("leads", 3),  # a sum has one side
        ("cost_per_lead", 3),  # leads, not leads and days of spend
        ("lead_generation_rate", 3),  # days are no rows
        ("opportunity_to_win_ratio", 2),  # won and lost, each row once
        ("average_deal_size", 2),
        ("sales_velocity", 2),  # the deals of its cycle length
        ("open_pipeline", 3),  # a stock: what is open at the end of January
        ("headcount", 3),
        ("employees_on_target", 2),  # those who have a target
        ("employee_turnover", 3),  # the closing balance of the average
        ("revenue_growth", 0),  # the period before, in which nothing was won
    ],
)
def test_rows_are_those_of_the_denominator(company: OpenCompany, kpi: str, rows: int) -> None:
    assert company.compute([kpi], period="2026-01").rows.tolist() == [rows]


def test_rows_of_a_growth_are_those_of_its_base(company: OpenCompany) -> None:
    january, february = company.compute(["sales_revenue"], period="2026-02", last=2).rows
    assert company.compute(["revenue_growth"], period="2026-02").rows.tolist() == [january] == [2] and february == 0


def test_a_setting_has_no_rows(tmp_path: Path) -> None:
    own = "{name: margin, label: Margin, question: What is left?, formula: margin_setting * 1, unit: percent}"
    own = own.replace("}", ", better: higher, level: strategic, category: finance}")
    (tmp_path / "kpis.yaml").write_text(f"metrics:\n  - {own}\n", encoding="utf-8")
    found = open_from(tmp_path, {"leads": LEADS}, gross_margin=0.5).compute(["margin"], period="2026-01").iloc[0]
    assert (found.value, found.rows) == (0.5, 0)


def test_a_product_has_the_rows_of_its_factor_with_the_fewest(tmp_path: Path) -> None:
    own = "{name: pushed, label: Pushed, question: What?, formula: leads_created * clicks * 2, unit: count}"
    own = own.replace("}", ", better: higher, level: strategic, category: marketing}")
    (tmp_path / "kpis.yaml").write_text(f"metrics:\n  - {own}\n", encoding="utf-8")
    company = open_from(tmp_path, {"leads": LEADS, "spend": SPEND})
    assert company.compute(["pushed"], period="2026-01").rows.tolist() == [2]
    assert company.compute(["pushed"], period="2026-02").rows.tolist() == [1]


def test_rows_of_a_table_that_is_read_by_two_dates_are_not_counted_twice(tmp_path: Path) -> None:
    invoices = "invoice_id,issued_on,paid_on,amount\n1,2025-12-02,2025-12-20,5\n2,2026-01-03,2026-02-20,7\n"
    found = open_from(tmp_path, {"invoices": invoices}).compute("accounts_receivable", period="2026-01").iloc[0]
    assert (found.value, found.rows) == (7, 2)


def test_shares_of_the_whole_stand_on_all_slices(tmp_path: Path) -> None:
    orders = (
        "order_id,ordered_on,customer_id,amount,product\n1,2026-01-01,a,5,x\n2,2026-01-01,a,5,y\n3,2026-01-02,b,5,y\n"
    )
    frame = open_from(tmp_path, {"orders": orders}).compute(
        ["income_sources", "sales_revenue"], period="2026-01", by=["product"]
    )
    assert frame.rows.tolist() == [3, 3, 1, 2]


@pytest.mark.parametrize("by", [(), ("product",), ("channel", "region")])
def test_no_field_of_a_kpi_depends_on_what_is_asked_beside_it(by: tuple[str, ...]) -> None:
    """A sample of the demo; every KPI of a small company is asked alone in `soundness`."""
    company = shipped_company()
    together = company.compute(period="2026-Q3", by=by)
    for kpi in SAMPLE:
        alone = company.compute([kpi], period="2026-Q3", by=by)
        beside = together[together.kpi == kpi].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, beside, check_dtype=False, check_exact=True)
