"""The customers page: its figures against the tables, and its reasons where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.insight.figures import contracts, customers
from kpi_analysis.insight.figures.contracts import alive_by_age
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.notebook import open_report
from kpi_analysis.report.sections.customers import CustomerSections

PARAMS = Path(__file__).resolve().parents[3] / "params"


def company(company: Path | OpenCompany, period: str, as_of: str | None = None) -> CustomerSections:
    return CustomerSections(open_report(company, period, as_of=as_of))


@pytest.fixture(scope="module")
def demo() -> CustomerSections:
    return company(shipped_company(), "2026-Q3")


@pytest.fixture(scope="module")
def shop() -> CustomerSections:
    return company(shipped_company("online_retail"), "2011-Q4")


def orders_of(sections: CustomerSections) -> pd.DataFrame:
    found = sections.context.scope.once(customers.orders)
    assert found is not None
    return found


def cells(block: object) -> list[list[str]]:
    assert isinstance(block, Table | Figure)
    return [[cell.text for cell in row.cells] for row in block.rows]


def test_the_triangle_of_the_shop_has_the_published_rates(shop: CustomerSections) -> None:
    published = pd.read_csv(
        PARAMS.parent / "data" / "online_retail" / "expected_cohort_active_customers.csv", index_col="cohort"
    )
    rows = cells(shop.retention())
    assert len(rows) == 12, "who came in the month that runs has no month after it"
    for row, (_, counts) in zip(rows, published.iterrows(), strict=False):
        assert row[1] == f"{counts.iloc[0]:.0f}"
        done = [word for word in row[2:] if word and "so far" not in word]
        expected = counts.dropna().iloc[1 : len(done) + 1] / counts.iloc[0] * 100
        assert [int(word) for word in done] == pytest.approx(expected.tolist(), abs=0.5)
        assert row[2 + len(done)].endswith("so far"), "December is not over"


def test_many_months_become_quarters(demo: CustomerSections) -> None:
    figure = demo.retention()
    assert isinstance(figure, Figure) and figure.rows[0].cells[0].text == "Q1 2024" and "quarters" in figure.measure
    assert says(figure.note, "before the data")


def test_segments_add_up_to_all_customers(demo: CustomerSections) -> None:
    *rows, total = cells(demo.segments())
    assert sum(int(row[1].replace(",", "")) for row in rows) == int(total[1].replace(",", ""))
    bought = orders_of(demo)
    assert int(total[1].replace(",", "")) == bought["customer"].nunique()


def test_the_forecast_is_held_against_what_came(demo: CustomerSections) -> None:
    *rows, total = cells(demo.forecast_check())
    bought = orders_of(demo)
    known = bought[bought["day"] <= "2026-03-31"]["customer"].unique()
    later = bought[(bought["amount"] > 0) & (bought["day"] > "2026-03-31") & bought["customer"].isin(known)]
    assert int(total[3].replace(",", "")) == len(later) == sum(int(row[3].replace(",", "")) for row in rows)


def test_what_customers_are_worth_is_said_once_and_adds_up(demo: CustomerSections) -> None:
    page, table = demo.value_page(), demo.lifetime_value()
    assert isinstance(page, Title) and isinstance(table, Table)
    *rows, total = cells(table)
    assert sum(float(row[4]) for row in rows) == pytest.approx(float(total[4]), abs=0.05)
    assert f"€{total[4]}m of gross profit over the next 12 months" in page.title
    assert says(table.note, "model", "not allow"), "frequent customers of the demo spend more"


def test_the_bridge_leads_from_one_mrr_to_the_other(demo: CustomerSections) -> None:
    figure = demo.recurring_revenue()
    assert isinstance(figure, Figure)
    found = {row["kpi"]: row["value"] for row in figure.values if row["period"] == "2026-Q3"}
    before = next(row["value"] for row in figure.values if row["period"] == "2026-Q2")
    moved = found["mrr_new"] + found["mrr_expansion"] + found["mrr_reactivation"]
    moved -= found["mrr_contraction"] + found["mrr_churned"]
    assert found["monthly_recurring_revenue"] - before == pytest.approx(moved, abs=1e-6)


def test_the_bridge_of_a_region_shows_what_moved_and_that_of_the_whole_does_not(tmp_path: Path) -> None:
    rows = """customer_id,started_on,ended_on,mrr,region
a,2025-12-01,,10,EMEA
b,2025-12-01,2026-02-10,40,EMEA
b,2026-02-10,,50,AMER
c,2026-02-03,,7,EMEA
d,2025-12-01,2026-03-31,9,AMER
d,2026-03-31,,9,EMEA
"""
    shop = open_from(tmp_path, {"subscriptions": rows})
    whole = CustomerSections(open_report(shop, "2026-Q1")).recurring_revenue()
    region = CustomerSections(open_report(shop, "2026-Q1", slices={"region": "EMEA"})).recurring_revenue()
    assert [" ".join(row[:2]) for row in cells(whole)] == [
        "Q4 2025 59.00", "New +7.00", "Expansion +10.00", "Q1 2026 76.00"
    ]  # fmt: skip
    assert [" ".join(row[:2]) for row in cells(region)] == [
        "Q4 2025 50.00", "New +7.00", "Moved in +9.00", "Moved out −40.00", "Q1 2026 26.00"
    ]  # fmt: skip
    assert isinstance(whole, Figure) and isinstance(region, Figure)
    assert region.title == "New and growing contracts covered what was lost", "what moves is neither"
    assert says(region.note, "stayed") and whole.note == ""


def test_contracts_that_ran_before_the_data_are_left_out_and_said(demo: CustomerSections) -> None:
    figure, table = demo.survival(), demo.contract_lifetimes()
    assert isinstance(figure, Figure) and says(figure.note, "already ran")
    rows = cells(table)
    seen = {row[0]: (row[1], row[3]) for row in rows if row[1] != "–"}
    assert all(abs(float(one) - float(model)) < 5 for one, model in seen.values()), "the model is near what was seen"
    assert [row[4] for row in rows] == [""] * len(seen) + ["projected"] * (len(rows) - len(seen))
    by_segment = demo.survival(by="segment")
    assert isinstance(by_segment, Figure) and says(by_segment.note, "Log-rank", "p 0")


def test_cohorts_of_contracts_count_who_ran_at_each_whole_month() -> None:
    contracts = pd.DataFrame(
        {"seen": [3.4, 3.9, 3.1, 1.2], "months": [3.4, 1.5, 3.05, 1.2], "lost": [False, True, True, False]}
    )
    assert alive_by_age(contracts) == [[1.0, 1.0], [3.0, 3.0, 2.0, 2.0]]


def test_what_is_not_connected_shows_nothing(shop: CustomerSections, tmp_path: Path) -> None:
    assert shop.survival() is shop.contract_lifetimes() is shop.recurring_revenue() is shop.churn() is None
    open_from(tmp_path, {"leads": "lead_id,created_on\n1,2026-01-01\n"})
    none = company(tmp_path / "company.yaml", "2026-Q1")
    assert none.page() is none.retention() is none.segments() is none.lifetime_value() is none.value_page() is None
    assert none.repeat_purchases() is none.forecast_check() is None


def test_too_few_customers_give_notes_with_reasons(tmp_path: Path) -> None:
    open_from(
        tmp_path,
        {
            "orders": "order_id,ordered_on,customer_id,amount\n1,2026-01-02,A,5\n2,2026-02-02,A,5\n3,2026-03-30,B,5\n",
            "subscriptions": "customer_id,started_on,ended_on,mrr\nA,2026-01-01,,5\nB,2026-02-01,2026-03-01,5\n",
        },
    )
    few = company(tmp_path / "company.yaml", "2026-Q1")
    for block in (few.repeat_purchases(), few.segments(), few.lifetime_value(), few.forecast_check(), few.survival(),
                  few.contract_lifetimes()):  # fmt: skip
        assert isinstance(block, Note) and "not shown: " in block.text.replace("checked", "shown").replace(
            "projected", "shown"
        )
    assert few.value_page() is None and isinstance(few.retention(), Figure)


def test_a_report_on_the_past_does_not_know_what_came_later() -> None:
    then = company(shipped_company(), "2025-Q2")
    bought, known = orders_of(then), then.context.scope.once(contracts.contracts_as_of)
    assert known is not None
    assert str(then.day) == "2025-06-30" and bought["day"].max() <= pd.Timestamp("2025-06-30")
    assert known["ended"].dropna().max() <= pd.Timestamp("2025-06-30")
    assert not np.isnan(known["mrr"]).any()
