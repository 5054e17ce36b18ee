"""The finance of a report: its numbers by plain pandas on the ledger, the invoices and the orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.insight.figures.finance import MOST_SOURCES, largest_first
from kpi_analysis.report.notebook import Report, open_report

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "params" / "company.yaml"
START, END = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")
YEAR = pd.DateOffset(years=1)


@pytest.fixture(scope="module")
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / "demo" / "orders.csv.gz", parse_dates=["ordered_on"])


def booked(start: pd.Timestamp, end: pd.Timestamp) -> dict[str, float]:
    ledger = pd.read_csv(ROOT / "data" / "demo" / "ledger.csv", parse_dates=["booked_on"])
    sums: dict[str, float] = (
        ledger[ledger["booked_on"].between(start, end)].groupby("account")["amount"].sum().to_dict()
    )
    return sums


def texts(block: Any) -> list[list[str]]:
    assert isinstance(block, Table | Figure)
    return [[cell.text for cell in row.cells] for row in block.rows]


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", "").replace(",", ""))


def test_the_way_from_revenue_to_ebitda_is_the_ledger_s(report: Report) -> None:
    now = booked(START, END)
    ebitda = now["revenue"] - now["cogs"] - now["operating_expense"]
    assert report.rows(report.compute(("ebitda",)))["ebitda"]["value"] == pytest.approx(ebitda, abs=0.01)
    shown = [number(row[1]) for row in texts(report.finance.result())]
    assert shown == [round(x / 1e6, 2) for x in (now["revenue"], -now["cogs"], -now["operating_expense"], ebitda)]
    figure = report.finance.result()
    assert (
        isinstance(figure, Figure)
        and figure.title == f"{100 * ebitda / now['revenue']:.1f}% of revenue is left as EBITDA"
    )


def test_the_bridge_leads_from_last_year_s_ebitda_to_this_year_s(report: Report) -> None:
    now, then = booked(START, END), booked(START - YEAR, END - YEAR)
    figure = report.finance.bridge()
    shown = {row[0]: number(row[1]) for row in texts(figure)}
    sides = [books["revenue"] - books["cogs"] - books["operating_expense"] for books in (then, now)]
    assert [shown["Q3 2025"], shown["Q3 2026"]] == [round(side / 1e3) for side in sides]
    assert shown["Revenue"] == round((now["revenue"] - then["revenue"]) / 1e3)
    assert shown["Cost of goods sold"] == round(-(now["cogs"] - then["cogs"]) / 1e3)
    assert shown["Operating expense"] == round(-(now["operating_expense"] - then["operating_expense"]) / 1e3)


def test_the_title_says_what_was_earned(report: Report) -> None:
    assert says(report.finance.title().title, "EBITDA", "57.5%", "€822k", "17.4%")
    assert report.finance.title().deck == "Q3 2026, complete. Against Q3 2025."
    so_far = open_report(shipped_company(), "2026-Q3", as_of="2026-08-20").finance.title()
    assert so_far.title.startswith("So far: EBITDA ") and "51 of 92 days" in so_far.deck


def test_margins_are_ratios_of_the_months(report: Report) -> None:
    figure = report.finance.margins()
    assert isinstance(figure, Figure) and len(figure.rows) == 13
    for label, (gross, ebitda, net) in (
        (row.cells[0].text, [cell.text for cell in row.cells[1:]]) for row in figure.rows[-2:]
    ):
        month = pd.Timestamp(f"1 {label}")
        b = booked(month, month + pd.offsets.MonthEnd(0))
        left = b["revenue"] - b["cogs"] - b["operating_expense"]
        bottom = left - b["depreciation"] - b["amortisation"] - b["interest"] - b["tax"]
        wanted = [(b["revenue"] - b["cogs"]) / b["revenue"], left / b["revenue"], bottom / b["revenue"]]
        assert [number(gross), number(ebitda), number(net)] == [round(100 * x, 1) for x in wanted]


def test_the_pareto_table_by_plain_sorting(report: Report, orders: pd.DataFrame) -> None:
    def sorted_sums(start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
        there = orders[orders["ordered_on"].between(start, end)]
        return there.groupby("customer_id")["amount"].sum().sort_values(ascending=False)

    now, then = sorted_sums(START, END), sorted_sums(START - YEAR, END - YEAR)
    table = report.finance.pareto()
    *rows, whole = texts(table)
    counts = [1, 5, 10, 20, 50, 100]
    assert [number(row[3]) for row in rows] == [round(100 * now.iloc[:n].sum() / now.sum(), 1) for n in counts]
    assert [number(row[4]) for row in rows] == [round(100 * then.iloc[:n].sum() / then.sum(), 1) for n in counts]
    assert number(whole[2]) == round(now.sum() / 1e6, 2)
    half = int((now.cumsum() < now.sum() / 2).sum()) + 1
    assert isinstance(table, Table) and table.title == f"{half} customers bring half of the revenue"
    largest = texts(report.finance.largest())
    assert [row[0] for row in largest] == now.index[:10].tolist()
    assert largest[0][0] == "C0001", "the key account that is planted"
    page = report.finance.concentration_page()
    assert page is not None
    kpis = report.rows(report.compute(("revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl")))
    assert f"{100 * kpis['revenue_concentration']['value']:.1f}%" in page.title
    assert f"{100 * kpis['revenue_concentration_top_ten']['value']:.1f}%" in page.title
    assert ((now / now.sum()) ** 2).sum() == pytest.approx(kpis["revenue_herfindahl"]["value"])


def test_the_mix_of_income_and_its_shift(report: Report, orders: pd.DataFrame) -> None:
    table = report.finance.income_mix()
    assert isinstance(table, Table)
    shares = [
        orders[orders["ordered_on"].between(START - ago, END - ago)].groupby("product", dropna=False)["amount"].sum()
        for ago in (pd.DateOffset(days=0), YEAR)
    ]
    now, then = (100 * part / part.sum() for part in shares)
    shown = {row[1]: row for row in texts(table)}
    for product in now.nlargest(MOST_SOURCES).index:
        assert number(shown[product][3]) == round(now[product], 1)
        assert number(shown[product][5]) == round(now[product] - then[product], 1)
    assert [row[0] for row in texts(table) if row[0]] == ["Product", "Channel", "Region"]
    assert "no channel" in shown, "what has no value stays in the mix"
    most = (now - then).abs().idxmax()
    assert table.title.startswith(f"{most} gained") and table.columns[-1].unit == "pp"


def test_a_first_period_is_compared_with_nothing() -> None:
    sections = open_report(shipped_company(), "2024-Q1").finance
    assert sections.title().deck == "Q1 2024, complete."
    assert isinstance(sections.result(), Figure)
    assert isinstance(sections.bridge(), Note)
    assert all(len(row) == 4 for row in texts(sections.pareto())), "no year ago, no column for it"


def test_a_slice_that_the_ledger_does_not_have_is_said() -> None:
    sections = open_report(shipped_company(), "2026-Q3", slices={"region": "EMEA"}).finance
    assert says(sections.title().title, "not shown", "ledger", "no column region")
    note = sections.result()
    assert isinstance(note, Note) and "no column region" in note.text
    assert sections.bridge() is None and sections.margins() is None
    assert isinstance(sections.pareto(), Table), "orders have a region"


def test_without_customers_there_is_no_concentration(tmp_path: Path) -> None:
    ledger = "booked_on,account,amount\n2026-01-31,revenue,100\n2026-01-31,cogs,130\n2026-01-31,operating_expense,20\n"
    open_from(tmp_path, {"ledger": ledger})
    sections = open_report(tmp_path / "company.yaml", "2026-01").finance
    assert sections.concentration_page() is None and sections.largest() is None
    assert isinstance(sections.pareto(), Note) and isinstance(sections.income_mix(), Note)
    assert [number(row[1]) for row in texts(sections.result())] == [100, -130, -20, -50]
    assert says(sections.title().title, "EBITDA", "−€50.00", "−50%")


def test_customers_with_refunds_only_come_last() -> None:
    found = largest_first({"A": 60.0, "B": -10.0, "C": 50.0, "(none)": 900.0, "D": float("nan")})
    assert found is not None
    assert found["customer"].tolist() == ["A", "C", "B"] and found["share"].tolist() == [0.6, 0.5, -0.1]
    assert largest_first({"B": -10.0}) is None and largest_first({}) is None
