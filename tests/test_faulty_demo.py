"""A fault in every table: the check names each with its row; figures are withheld or marked where it reaches."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.companies import shipped_company
from support.faulty_demo import DATE_FAULTS, FAULTS, Fault, faulty_demo

from kpi_analysis import open_report
from kpi_analysis.core.errors import WITHHELD, DataFinding
from kpi_analysis.metrics.session import OpenCompany

PERIOD = "2026-Q3"
FIGURES = ["value", "numerator", "denominator", "rows", "previous", "year_ago"]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenCompany, dict[str, int]]:
    return faulty_demo(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="module")
def found(faulty: tuple[OpenCompany, dict[str, int]]) -> list[DataFinding]:
    return faulty[0].check()


@pytest.fixture(scope="module")
def computed(faulty: tuple[OpenCompany, dict[str, int]]) -> pd.DataFrame:
    return faulty[0].compute(period=PERIOD).set_index("kpi")


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return shipped_company().compute(period=PERIOD).set_index("kpi")


def withheld(frame: pd.DataFrame) -> set[str]:
    return set(frame.index[frame.reason.fillna("").str.startswith(WITHHELD)])


def marked(frame: pd.DataFrame) -> set[str]:
    return {kpi for kpi, faults in frame.warnings.items() if faults}


def test_the_clean_demo_has_no_finding_and_no_mark(clean: pd.DataFrame) -> None:
    assert shipped_company().check() == [] and not marked(clean) and not withheld(clean)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.table)
def test_each_fault_is_named_with_its_row(
    fault: Fault, found: list[DataFinding], faulty: tuple[OpenCompany, dict[str, int]]
) -> None:
    (finding,) = [one for one in found if one.table == fault.table]
    assert finding.level == fault.level and finding.rows == 1
    assert all(words in finding.message for words in fault.words), finding.message
    assert not fault.shows_row or f"in row {faulty[1][fault.table]}" in finding.message


def test_exactly_the_kpis_of_an_error_are_withheld_with_its_words(
    found: list[DataFinding], computed: pd.DataFrame
) -> None:
    kept_back = {kpi for one in found if one.level == "error" for kpi in one.kpis}
    assert withheld(computed) == kept_back
    assert computed.loc[list(kept_back), "value"].isna().all()
    assert "score: 1 value is above 10: '55'" in computed.reason["net_promoter_score"]
    assert {"sales_revenue", "average_order_value", "leads", "churn_rate", "website_visitors"}.isdisjoint(kept_back)


def test_exactly_the_kpis_of_a_warning_are_marked(found: list[DataFinding], computed: pd.DataFrame) -> None:
    touched = {kpi for one in found if one.level == "warning" for kpi in one.kpis}
    left = set(computed.index) - withheld(computed)
    assert marked(computed) & left == touched & left
    assert "engagement_rate" in touched and "sales_revenue" not in touched


def test_every_figure_that_no_fault_reaches_is_that_of_the_clean_demo(
    clean: pd.DataFrame, computed: pd.DataFrame
) -> None:
    sound = sorted(set(clean.index) - withheld(computed) - marked(computed))
    assert len(sound) > 20
    pd.testing.assert_frame_equal(computed.loc[sound, FIGURES], clean.loc[sound, FIGURES])


def test_a_text_in_the_cost_of_an_order_withholds_what_needs_the_cost_and_nothing_else(tmp_path: Path) -> None:
    without = ("ledger", "touchpoints")  # by which profit would not need the cost of orders
    frames = []
    for name, tables in (("faulty", ["orders"]), ("clean", [])):
        (tmp_path / name).mkdir()
        company, _ = faulty_demo(tmp_path / name, tables, without)
        frames.append(company.compute(period=PERIOD).set_index("kpi"))
    faulty, clean = frames
    assert withheld(faulty) == {
        "gross_profit_margin", "marketing_roi", "break_even_roas", "attributed_gross_profit",
    }  # fmt: skip
    others = sorted(set(faulty.index) - withheld(faulty))
    assert "sales_revenue" in others and not marked(faulty) & set(others)
    pd.testing.assert_frame_equal(faulty.loc[others, FIGURES], clean.loc[others, FIGURES])


def test_a_year_typed_wrong_is_named_in_every_table_and_moves_nothing(tmp_path: Path) -> None:
    company, rows = faulty_demo(tmp_path, faults=DATE_FAULTS)
    found = {one.table: one.message for one in company.check()}
    lacking = [table for table, row in rows.items() if f"'2062-07-01' in row {row}" not in found.get(table, "")]
    assert lacking == []
    assert company.sources.last_day() == shipped_company().sources.last_day()


def test_the_report_says_on_its_first_page_what_is_withheld_and_marks_what_is_touched(
    faulty: tuple[OpenCompany, dict[str, int]],
) -> None:
    report = open_report(faulty[0], PERIOD)
    title, card = report.title(), report.scorecard(["engagement_rate", "sales_revenue", "net_promoter_score"])
    assert " are withheld: " in title.deck
    labels = [row.cells[0].text for row in card.rows if row.kind == "plain"]
    assert [label.rstrip("†").strip() for label in labels if label.endswith("†")] == ["Engagement rate"]
    assert "more engagements than impressions" in card.note
    reasons = [cell.text for row in card.rows for cell in row.cells if cell.text.startswith(WITHHELD)]
    assert len(reasons) == 1 and "above 10" in reasons[0]
