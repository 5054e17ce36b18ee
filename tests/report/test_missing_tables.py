"""A report without the tables of its notebook says so; a company with other KPIs than most gets its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from support.companies import open_from
from support.printed_numbers import executed

from kpi_analysis.design.blocks import Note
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.report.notebook import open_report

ROOT = Path(__file__).parents[2]
KINDS = ("table", "figure", "findings")


def demo_with(folder: Path, *tables: str) -> OpenCompany:
    """The demo company with some of its tables only."""
    file = yaml.safe_load((ROOT / "params/company.yaml").read_text(encoding="utf-8"))
    kept = {name: dict(file["tables"][name]) for name in tables}
    for spec in kept.values():
        spec["path"] = str((ROOT / "params" / spec["path"]).resolve())
    (folder / "company.yaml").write_text(yaml.safe_dump(file | {"tables": kept}), encoding="utf-8")
    return open_company(folder / "company.yaml")


def shown(company: OpenCompany, notebook: str) -> list[dict[str, Any]]:
    return [dict(block) for block in executed(ROOT / f"notebooks/{notebook}.ipynb", company=company, period="2026-Q3")]


@pytest.mark.parametrize(
    ("table", "notebook", "words"),
    [
        (
            "employees",
            "customers",
            "Customers are not shown: neither table orders nor table subscriptions is connected",
        ),
        ("surveys", "customers", "Customers are not shown: neither table orders nor table subscriptions is connected"),
        ("employees", "finance", "Finance is not shown: table ledger is not connected"),
        ("employees", "sales_pipeline", "The sales pipeline is not shown: the table opportunities is not connected"),
        ("customers", "operations_people", "Operations are not shown: table production is not connected"),
        ("customers", "revenue_outlook", "Sales revenue: no projection, because table orders is not connected"),
    ],
)
def test_a_notebook_without_its_tables_says_so_first(tmp_path: Path, table: str, notebook: str, words: str) -> None:
    first, *rest = shown(demo_with(tmp_path, table), notebook)
    assert first["title"] == words
    titles = [block["title"] for block in rest if block["kind"] == "title"]
    assert len(titles) <= 2 and "How the figures are made" in titles


@pytest.mark.parametrize("table", ["spend", "tickets", "vacancies", "invoices", "production", "social", "touchpoints"])
def test_a_company_without_the_usual_headlines_has_a_scorecard_of_what_it_has(tmp_path: Path, table: str) -> None:
    report = open_report(demo_with(tmp_path, table), "2026-Q3")
    assert report.headline_kpis and report.scorecard().values
    assert not report.title().title.startswith("No KPI")


def test_a_company_without_any_kpi_says_so(tmp_path: Path) -> None:
    report = open_report(demo_with(tmp_path, "customers"), "2026-Q3")
    note = report.scorecard()
    assert isinstance(note, Note) and "Connected: customers" in note.text
    assert report.definitions() is None and report.not_shown() is not None


def test_journeys_alone_are_compared_by_rule(tmp_path: Path) -> None:
    blocks = shown(demo_with(tmp_path, "touchpoints"), "marketing_roi")
    assert any(block.get("title") == "What each rule credits to each channel" for block in blocks)


def test_a_company_with_only_kpis_of_its_own_gets_its_report(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", "2026-09-30")
    counts = np.random.default_rng(1).poisson(3, len(days))
    web = pd.DataFrame({"visited_on": days, "visitors": None, "signups": counts})
    (tmp_path / "kpis.yaml").write_text(
        "measures:\n  all_signups: {table: web_traffic, agg: sum(signups), date: visited_on}\n"
        "metrics:\n  - {name: signups_total, label: Sign-ups, question: How many signed up?, formula: all_signups,\n"
        "     unit: count, better: higher, level: strategic, category: marketing}\n",
        encoding="utf-8",
    )
    company = open_from(tmp_path, {"web_traffic": web})
    first, *rest = shown(company, "quarterly_report")
    wanted = int(counts[days >= "2026-07-01"].sum())
    assert first["title"].startswith("Sign-ups ") and first["title"].endswith(f"to {wanted}")
    cards = [block for block in rest if block.get("id") == "scorecard"]
    assert {value["kpi"]: value["value"] for value in cards[0]["values"]}["signups_total"] == wanted


def test_open_positions_of_nobody_who_counted_them_are_not_zero(tmp_path: Path) -> None:
    table = open_report(demo_with(tmp_path, "employees"), "2026-Q3").operations.departments()
    assert table is not None and not isinstance(table, Note)
    assert "Open positions" not in [column.label for column in table.columns]


def test_open_positions_that_were_counted_are_zero_where_there_is_none(tmp_path: Path) -> None:
    table = open_report(demo_with(tmp_path, "employees", "vacancies"), "2026-Q3").operations.departments()
    assert table is not None and not isinstance(table, Note)
    place = [column.label for column in table.columns].index("Open positions")
    counted = [row.cells[place].text for row in table.rows]
    assert "0" in counted[:-1] and sum(map(int, counted[:-1])) == int(counted[-1]) == 5
