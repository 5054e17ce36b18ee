from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Beside
from kpi_analysis.report.notebook import Report, open_report

DEMO = Path(__file__).parents[2] / "params" / "company.yaml"


def deals() -> pd.DataFrame:
    created = pd.date_range("2025-01-01", "2026-06-30", freq="D")
    closed = created + pd.Timedelta(days=20)
    rows = pd.DataFrame({"opportunity_id": range(len(created)), "created_on": created, "closed_on": closed})
    rows["outcome"] = ["won" if i % 3 else "lost" for i in range(len(rows))]
    rows["owner"] = ["Ann", "Bob", "Eva", "Max"] * (len(rows) // 4) + ["Ann"] * (len(rows) % 4)
    rows["amount"] = 1000.0
    unfinished = rows.closed_on > "2026-06-30"
    rows.loc[unfinished, "outcome"] = "open"
    rows.loc[unfinished, "closed_on"] = pd.NaT
    return rows


@pytest.fixture
def report(tmp_path: Path) -> Report:
    open_from(tmp_path, {"opportunities": deals()})
    return open_report(tmp_path / "company.yaml", "2026-Q2")


def test_the_title_is_made_of_the_figures(report: Report) -> None:
    title = report.title()
    row = records(report.company.compute(["sales_revenue"], period="2026-Q2"))[0]
    assert report.format.prose(row["value"], "currency") in title.title
    assert "complete" in title.deck and "Against Q2 2025" in title.deck, "last year is known"
    assert title.facts["period"] == "2026-Q2" and title.facts["sources"][0]["table"] == "opportunities"


def test_an_unfinished_quarter_is_said_in_title_and_deck(tmp_path: Path) -> None:
    open_from(tmp_path, {"opportunities": deals()})
    title = open_report(tmp_path / "company.yaml", "2026-Q2", as_of="2026-05-10").title()
    assert title.title.startswith("So far ")
    assert "incomplete, 40 of 91 days" in title.deck and "same 40 days" in title.deck


def test_every_figure_of_every_section_is_a_value_of_the_report(report: Report) -> None:
    blocks = [report.title(), report.scorecard(), report.by_month("sales_revenue"), report.definitions()]
    seen: dict[str, float | None] = {}
    for block in blocks:
        assert block is not None and block.values
        for value in block.values:
            assert seen.setdefault(value["id"], value["value"]) == value["value"]


def test_the_scorecard_has_what_the_tables_allow(report: Report) -> None:
    shown = {value["kpi"] for value in report.scorecard().values}
    assert {"sales_revenue", "opportunity_to_win_ratio", "sales_velocity"} <= shown
    assert "cost_per_lead" not in shown and "website_visitors" not in shown


def test_the_ranking_shows_intervals_and_the_company_s_own_value(report: Report) -> None:
    figure = report.ranking("opportunity_to_win_ratio", by="owner")
    assert figure is not None
    owners = [value for value in figure.values if value["kpi"] == "opportunity_to_win_ratio" and value["dimensions"]]
    assert len(owners) == 4
    assert all(value["ci_low"] < value["value"] < value["ci_high"] for value in owners)
    assert owners[0]["dimensions"]["owner"] in figure.title


def test_a_section_without_data_shows_nothing_and_is_listed_with_its_reason(report: Report) -> None:
    assert report.page("average_order_value") is None
    assert report.by_month("leads") is None
    assert report.ranking("opportunity_to_win_ratio", by="region") is None
    assert report.beside(None, None) is None
    table = report.not_shown()
    assert table is not None
    text = [[cell.text for cell in row.cells] for row in table.rows]
    assert any(says(cells[0], "leads", "not connected") and "Leads" in cells[1] for cells in text)


def test_one_half_left_alone_stands_alone(report: Report) -> None:
    half = report.over_time("open_pipeline", width="half")
    assert report.beside(half, None) is half
    assert isinstance(report.beside(half, half), Beside)


def test_the_unfinished_month_is_marked_in_the_chart(tmp_path: Path) -> None:
    open_from(tmp_path, {"opportunities": deals()})
    figure = open_report(tmp_path / "company.yaml", "2026-Q2", as_of="2026-06-10").by_month("sales_revenue")
    assert figure is not None
    assert "so far" in figure.title and "1 to 10 June 2026" in figure.title
    assert figure.values[-1]["complete"] is False


def test_partial_history_is_not_drawn_as_a_fall(report: Report) -> None:
    rows = [r for r in report.scorecard().rows if r.cells[0].text == "Sales revenue"]
    assert "1 without a value" in rows[0].cells[1].alt, "the deals of the first quarter begin late in January"


def test_a_period_without_data_is_refused_with_one_that_has(tmp_path: Path) -> None:
    open_from(tmp_path, {"opportunities": deals()})
    with pytest.raises(UsageError, match="Try --period 2026-Q2"):
        open_report(tmp_path / "company.yaml", "2030-Q1")


def test_values_keep_their_dimensions_apart(report: Report) -> None:
    frame = report.company.compute(["sales_revenue"], period="2026-Q2", by=["owner"])
    first = result_values(frame, ("owner",))[0]
    assert first["dimensions"] == {"owner": "Ann"} and "owner" not in first
    assert first["year_ago"] is not None and first["target"] is None


def test_targets_and_their_projections_go_into_the_results(tmp_path: Path) -> None:
    open_from(tmp_path, {"opportunities": deals()})
    (tmp_path / "targets.yaml").write_text(
        "targets:\n  - {kpi: sales_revenue, objective: Grow, owner: Ann, baseline: 2025, target: +10%, by: 2026-12-31, "
        "review: monthly, actions: [Sell]}\n"
    )
    report = open_report(tmp_path / "company.yaml", "2026-Q2")
    facts = json.loads(json.dumps(report.title().facts, allow_nan=False))
    (target,), (projection,) = facts["targets"], facts["projections"]
    assert target["target"] == pytest.approx(1.1 * target["baseline"]) and 0 <= target["chance"] <= 1
    assert target["smart"] == {"S": "", "M": "", "A": target["smart"]["A"], "R": "", "T": ""}
    assert projection["after"] == "2026-06" and len(projection["steps"]) == 6
    row = next(value for value in report.scorecard().values if value["kpi"] == "sales_revenue")
    assert (row["target"], row["status"]) == (target["target"], target["status"])


def test_a_report_on_one_region_counts_that_region_alone() -> None:
    whole = open_report(shipped_company(), "2026-Q3")
    part = open_report(shipped_company(), "2026-Q3", slices={"region": "EMEA", "product": None})
    frame = whole.compute(("sales_revenue",), by=("region",)).set_index("region")
    assert part.compute(("sales_revenue",)).value.iloc[0] == frame.value["EMEA"]
    assert part.name.endswith("EMEA")
    assert not part.outlook.judged  # the targets of the demo company are for all of it


def test_a_region_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no row has the region 'EMAE'") as error:
        open_report(shipped_company(), "2026-Q3", slices={"region": "EMAE"})
    assert "EMEA" in str(error.value.remedy)
