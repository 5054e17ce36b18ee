"""What stands around the sections of every report: the scorecard's columns, and what the figures before are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.design.blocks import Block, Table, is_derived
from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.design.theme import PAGE, SPACE, TYPE
from kpi_analysis.report.charts.text import text_width
from kpi_analysis.report.messages import change_words
from kpi_analysis.report.notebook import Report, open_report

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
DATA = Path(__file__).parents[3] / "data" / "demo"
SALES = ["sales_velocity", "opportunity_to_win_ratio", "sales_cycle_length", "sales_cycle_median", "pipeline_value"]


@pytest.fixture
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


def show(*blocks: Block | None) -> list[dict[str, Any]]:
    """Show blocks as a notebook does."""
    return [bundle for block in blocks if block is not None and (bundle := block._repr_mimebundle_())]


def labels(table: Table) -> list[str]:
    return [row.cells[0].text for row in table.rows]


# ---------------------------------------------------------------- definitions


def test_the_definitions_are_those_of_the_kpis_that_were_shown_and_of_no_other(report: Report) -> None:
    show(report.page("churn_rate"), report.over_time("order_count", width="half"))
    show(report.beside(report.over_time("headcount", width="half"), report.over_time("sales_revenue", width="half")))
    assert labels(report.definitions()) == ["Sales revenue", "Orders", "Churn rate", "Headcount"]


def test_what_stands_side_by_side_is_shown_too(report: Report) -> None:
    left, right = (report.over_time(kpi, width="half") for kpi in ("order_count", "sales_revenue"))
    assert left is not None and right is not None
    show(report.beside(left, right))
    assert report.display.shown_kpis == ("order_count", "sales_revenue")


def test_a_kpi_that_is_only_said_to_be_missing_needs_no_definition(tmp_path: Path) -> None:
    rows = "order_id,ordered_on,amount,customer_id\n1,2026-01-05,10,a\n2,2026-02-05,20,b\n3,2026-03-31,30,a\n"
    few = open_report(open_from(tmp_path, {"orders": rows}), "2026-Q1")
    show(few.not_shown(), few.over_time("sales_revenue"))
    assert labels(few.definitions()) == ["Sales revenue"]


def test_another_report_begins_with_nothing_shown(report: Report) -> None:
    show(report.over_time("order_count"))
    assert report.display.shown_kpis
    assert open_report(shipped_company(), "2026-Q2").display.shown_kpis == ()


def test_a_block_of_no_report_shows_itself_and_is_noted_nowhere(report: Report) -> None:
    chart = report.over_time("order_count")
    assert chart is not None
    show(replace(chart, display=None))
    assert report.display.shown_kpis == ()


def test_definitions_before_any_figure_are_those_of_the_scorecard(report: Report) -> None:
    assert len(labels(report.definitions())) == len(report.headline_kpis)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_ends_with_how_its_figures_are_made_and_with_what_moved_since(path: Path) -> None:
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert "\nearlier: str | None = None" in cells[0]
    ending = ["report.definitions()", "report.restatements(earlier)", "report.sources()", "report.findings_on_data()"]
    places = [cells.index(call) for call in ending]
    assert places == sorted(places)
    assert not any(".beside(" in cell or ".scorecard(" in cell for cell in cells[places[0] :])


# ---------------------------------------------------------------- the scorecard on paper


def mm(width: str) -> float:
    return float(width.removesuffix("mm"))


@pytest.mark.parametrize("kpis", [None, SALES], ids=["headline", "sales"])
def test_no_name_in_the_scorecard_takes_a_second_line(report: Report, kpis: list[str] | None) -> None:
    card = report.scorecard(kpis)
    room = PAGE.full - sum(mm(column.width) for column in card.columns[1:]) - SPACE.cell_x
    for cell in (row.cells[0] for row in card.rows if row.kind == "plain"):
        assert text_width(f"{cell.text} ", TYPE.table) + text_width(cell.unit, TYPE.measure) <= room, cell.text


@pytest.mark.parametrize("kpis", [None, SALES], ids=["headline", "sales"])
def test_the_room_that_names_take_is_not_that_of_numbers_and_heads(report: Report, kpis: list[str] | None) -> None:
    card = report.scorecard(kpis)
    for place, column in enumerate(card.columns[2:], 2):
        cells = [row.cells[place] for row in card.rows if row.kind == "plain" and len(row.cells) > place]
        slot = SPACE.suffix_slot if any(cell.suffix for cell in cells) else 0.0
        numbers = [text_width(cell.text + cell.pad, TYPE.table, bold=cell.strong) for cell in cells if not cell.status]
        needed = max([text_width(column.label, TYPE.table_head, bold=True), *numbers])
        if column.align == "right":
            assert needed + slot + 2 * SPACE.cell_x <= mm(column.width), column.label


def test_the_key_speaks_of_chances_only_where_there_are_some(report: Report) -> None:
    assert "Chance:" in report.scorecard().note
    assert "Chance:" not in report.scorecard(["production_yield", "headcount"]).note


# ---------------------------------------------------------------- titles


def test_a_kpi_moves_by_the_same_number_in_the_title_of_the_report_and_of_its_page(report: Report) -> None:
    page = report.page("sales_revenue")
    assert page is not None
    said = page.title.removesuffix(" in Q3 2026")
    assert report.title().title.startswith(said)
    assert page.deck == "Against Q3 2025."


def test_a_chart_says_what_its_title_compares(report: Report) -> None:
    chart = report.over_time("sales_revenue", width="half")
    assert chart is not None
    assert chart.measure.startswith("By month, €m, against September 2025")
    first, last = (float(row.cells[1].text) for row in (chart.rows[0], chart.rows[-1]))
    words = chart.title.split()
    assert float(words[3].rstrip("%")) == pytest.approx(100 * (last / first - 1), abs=0.6)  # from rounded figures


def test_what_doubled_is_told_by_both_values(report: Report) -> None:
    page = report.page("operating_cash_flow")
    assert page is not None
    assert page.title.startswith("Operating cash flow rose from €")


def test_a_long_ranking_of_rates_shows_both_its_ends(report: Report) -> None:
    whole = report.ranking("opportunity_to_win_ratio", by="owner")
    cut = report.ranking("opportunity_to_win_ratio", by="owner", most=4)
    assert whole is not None and cut is not None
    names = [row.cells[0].text for row in whole.rows]
    assert [row.cells[0].text for row in cut.rows] == [*names[:2], *names[-2:]]
    assert cut.title == whole.title
    assert f"The 2 highest and 2 lowest of {len(names)}." in cut.note


def test_segments_of_refunds_alone_have_no_share_of_the_revenue(tmp_path: Path) -> None:
    rows = [f"{n},{2024 + n % 3}-{n % 9 + 1:02d}-{n % 27 + 1:02d},{5 if n % 4 else -90},c{n % 37}" for n in range(400)]
    company = open_from(tmp_path, {"orders": "order_id,ordered_on,amount,customer_id\n" + "\n".join(rows)})
    table = open_report(company, "2026-Q3").customers.segments()
    assert isinstance(table, Table)
    assert table.title.endswith("% of the customers")


def test_the_outlook_s_history_stands_in_the_results(report: Report) -> None:
    chart = report.outlook_of("sales_revenue").fan()
    assert chart is not None
    months = report.company.compute(["sales_revenue"], period="2026-09", last=3, as_of=report.as_of)
    assert [value["value"] for value in chart.values if not is_derived(value)][-3:] == months.value.tolist()


def test_growth_is_written_as_shares_are_in_the_company_s_language() -> None:
    revenue = shipped_company().catalogue.metrics["sales_revenue"]
    assert change_words(revenue, 115.3, 100, Format("de_DE", "EUR")) == f"rose 15,3{NBSP}%"
    assert change_words(revenue, 115.3, 100, Format("en_GB", "EUR")) == "rose 15.3%"


# ---------------------------------------------------------------- how far a change may be chance


def test_a_page_on_a_rate_says_between_which_limits_its_change_lies(report: Report) -> None:
    """Second route: deals counted in the file, and the difference of two Wilson scores squared and added by hand."""
    deals = pd.read_csv(DATA / "opportunities.csv.gz", parse_dates=["closed_on"])
    rates = []
    for year in (2026, 2025):
        closed = deals[deals.closed_on.dt.to_period("Q").astype(str) == f"{year}Q3"]
        won, lost = int((closed.outcome == "won").sum()), int((closed.outcome == "lost").sum())
        rates.append((won / (won + lost), *proportion_confint(won, won + lost)))
    (now, low_now, high_now), (ago, low_ago, high_ago) = rates
    low = now - ago - ((now - low_now) ** 2 + (high_ago - ago) ** 2) ** 0.5
    high = now - ago + ((high_now - now) ** 2 + (ago - low_ago) ** 2) ** 0.5
    assert low < 0 < high
    title = report.page("opportunity_to_win_ratio")
    limits = f"−{abs(100 * low):.1f} and +{100 * high:.1f} points"
    assert title is not None
    assert title.deck == f"Against Q3 2025. The change lies between {limits} (95% interval), so that it may be chance."


def test_a_page_on_a_sum_or_on_an_unfinished_period_says_no_limits(report: Report) -> None:
    title = report.page("sales_revenue")
    assert title is not None and title.deck == "Against Q3 2025."
    unfinished = open_report(shipped_company(), "2026-Q3", as_of="2026-08-20").page("opportunity_to_win_ratio")
    assert unfinished is not None and "lies between" not in unfinished.deck


def proportion_confint(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval as the two roots of (p̂ − p)² = z²·p(1 − p) ÷ n."""
    z = 1.959963984540054
    a, b, c = 1 + z**2 / of, -(2 * count / of + z**2 / of), (count / of) ** 2
    root = (b**2 - 4 * a * c) ** 0.5
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
