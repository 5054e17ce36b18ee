"""One KPI in depth: every figure beside a second way to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.companies import shipped_company
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.design.blocks import Table
from kpi_analysis.report.notebook import Report, open_report
from kpi_analysis.report.sections.kpi_outlook import KpiOutlook

DEMO = Path(__file__).parents[3] / "params" / "company.yaml"


@pytest.fixture(scope="module")
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


def texts(table: Table | None) -> list[list[str]]:
    assert table is not None
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_year_is_what_was_sold_and_the_paths_to_come(report: Report) -> None:
    outlook = report.outlook_of("sales_revenue", uplift=0.1)
    sold = report.company.compute(["sales_revenue"], period="2026-Q3", last=3, as_of=report.as_of).value.sum()
    ahead = outlook.projection.frame["mean"].iloc[:3].sum()  # October to December
    plain, higher, needed = texts(outlook.what_if())
    assert plain[1] == f"{(sold + ahead) / 1e6:.1f}"
    assert higher[1] == f"{(sold + 1.1 * ahead) / 1e6:.1f}"
    assert needed[4] == "70.0"
    assert outlook.title().title.endswith(f"{(sold + ahead) / 1e6:.1f}m in 2026")


def test_the_chance_is_that_of_the_target_s_table(report: Report) -> None:
    for kpi in ("sales_revenue", "monthly_recurring_revenue"):
        target = next(one for one in report.outlook.judged if one.spec.kpi == kpi)
        assert target.chance is not None
        shown = texts(report.outlook_of(kpi).what_if())[0][4]
        assert float(shown) == pytest.approx(100 * min(max(target.chance, 0.01), 0.99), abs=0.06)


def test_a_kpi_without_a_target_has_no_chance(report: Report) -> None:
    table = report.outlook_of("website_visitors", months=3).what_if()
    assert table is not None
    assert [column.label for column in table.columns] == ["Scenario", "Projected", "95% from", "to"]
    assert len(table.rows) == 1


def test_a_level_is_read_at_the_last_month(report: Report) -> None:
    outlook = report.outlook_of("customer_satisfaction", months=6, uplift=5.0)
    plain, higher = texts(outlook.what_if())
    assert float(plain[1]) == pytest.approx(100 * outlook.projection.frame["mean"].iloc[-1], abs=0.06)
    assert higher[1:4] == ["100.0"] * 3  # a share stays a share


def test_every_section_of_every_kind_of_kpi_shows_something(report: Report) -> None:
    for kpi in ("sales_velocity", "open_pipeline", "mrr_churned", "net_promoter_score", "headcount"):
        outlook = report.outlook_of(kpi, months=6)
        assert outlook.title().title
        assert outlook.model().text
        assert outlook.trend().text
        assert outlook.projection.reason or outlook.fan() is not None
        assert np.isfinite(outlook.projection.frame["mean"]).all()


def test_a_kpi_that_is_not_connected_says_so(tmp_path: Path) -> None:
    company = DEMO.parent / "crm_sales" / "company.yaml"
    outlook = open_report(company).outlook_of("leads")
    assert says(outlook.title().title, "leads", "not connected")
    assert outlook.fan() is None
    assert outlook.what_if() is None
    assert "not connected" in outlook.trend().text


@pytest.mark.parametrize("months", [0, 61])
def test_too_far_ahead_is_refused(report: Report, months: int) -> None:
    with pytest.raises(UsageError, match="months"):
        report.outlook_of("leads", months=months)


def test_an_unknown_kpi_is_refused(report: Report) -> None:
    with pytest.raises(UsageError, match="salez_revenue"):
        KpiOutlook(report, "salez_revenue")
