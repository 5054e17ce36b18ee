from __future__ import annotations

from pathlib import Path

import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis import open_report
from kpi_analysis.core.errors import WITHHELD, DataFinding
from kpi_analysis.insight.data_quality import data_sentence, worst_finding

ORDERS = "order_id,ordered_on,customer_id,amount,cost\n"
SOUND = ORDERS + "1,2026-07-01,a,100,50\n2,2026-08-01,b,100,50\n3,2026-09-30,c,100,50\n"


def sentence(folder: Path, text: str, headline: tuple[str, ...] = ("sales_revenue", "gross_profit_margin")) -> str:
    company = open_from(folder, {"orders": text}, gross_margin=0.5)
    return data_sentence(company, company.check(), headline)


def test_sound_data_need_no_sentence(tmp_path: Path) -> None:
    assert sentence(tmp_path, SOUND) == ""


def test_rows_without_an_amount_make_revenue_too_low(tmp_path: Path) -> None:
    text = ORDERS + "1,2026-07-01,a,100,50\n2,2026-08-01,b,,50\n3,2026-09-30,c,,50\n"
    assert says(sentence(tmp_path, text), "2 of 3 rows of orders have no amount: sales revenue is too low, and")


def test_rows_that_stand_twice_make_revenue_too_high(tmp_path: Path) -> None:
    text = SOUND + "3,2026-09-30,c,100,50\n"
    assert says(sentence(tmp_path, text), "1 row of orders is the same as another", "sales revenue is too high")


def test_of_a_ratio_no_direction_is_told(tmp_path: Path) -> None:
    text = ORDERS + "1,2026-07-01,a,100,50\n2,2026-08-01,b,,50\n"
    assert says(sentence(tmp_path, text, ("average_order_value",)), "average order value may be wrong")


def test_what_is_withheld_is_told_with_the_error(tmp_path: Path) -> None:
    told = sentence(tmp_path, SOUND.replace("100,50\n2", "100,cheap\n2"))
    assert says(told, "Gross profit margin and", "are withheld: table orders, column cost", "'cheap' in row 2")


@pytest.mark.parametrize(
    ("shares", "worst"), [((0.2, 0.5), "b"), ((0.5, 0.2), "a"), ((0.0005, 0.0001), None), ((0.0005, 0.002), "b")]
)
def test_what_touches_more_of_the_data_comes_first_and_a_trifle_is_no_sentence(
    shares: tuple[float, float], worst: str | None
) -> None:
    findings = [
        DataFinding("warning", subject, "…", table="orders", share=share, kpis=("sales_revenue",))
        for subject, share in zip("ab", shares, strict=True)
    ]
    found = worst_finding(findings, ["sales_revenue"])
    assert (found.subject if found else None) == worst


def test_a_finding_on_the_headline_comes_before_a_larger_one_elsewhere() -> None:
    small = DataFinding("warning", "small", "…", table="orders", share=0.1, kpis=("sales_revenue",))
    large = DataFinding("warning", "large", "…", table="tickets", share=0.9, kpis=("tickets_per_agent",))
    found = worst_finding([large, small], ["sales_revenue"])
    assert found is not None and found.subject == "small"


def test_a_report_is_made_where_everything_is_withheld_and_says_why(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": SOUND.replace("c,100", "c,hundred")})
    report = open_report(company, "2026-Q3")
    assert says(report.title().deck, "are withheld: table orders, column amount", "'hundred' in row 4")
    frame = report.compute(("sales_revenue",))
    assert frame.value.isna().all() and frame.reason[0].startswith(WITHHELD)


def test_a_section_that_reads_a_broken_table_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    deals = "opportunity_id,created_on,closed_on,outcome,amount,owner\n"
    deals += (
        "1,2026-07-01,2026-07-09,won,x,Ann\n2,2026-07-02,2026-08-01,lost,5,Bob\n3,2026-07-05,2026-09-30,won,7,Ann\n"
    )
    report = open_report(open_from(tmp_path, {"opportunities": deals, "orders": SOUND}), "2026-Q3")
    assert report.rows(report.compute(("sales_revenue",)))["sales_revenue"]["value"] == 300
    assert report.rows(report.compute(("opportunity_to_win_ratio",)))["opportunity_to_win_ratio"]["value"] == 2 / 3
    block = report.pipeline.deal_sizes()
    assert block is None or says(block.text, "Not shown", "column amount")
