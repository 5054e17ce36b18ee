"""Cases of scores on another scale and of deals without a date, each with what is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.reasons import says

from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.session import OpenCompany, open_company

CASES = Path(__file__).parents[1] / "data" / "cases"


def case(name: str) -> OpenCompany:
    return open_company(CASES / name / "company.yaml")


def test_scores_of_0_to_100_are_refused_as_nps() -> None:
    with pytest.raises(DataError, match=r"5 values are above 10.*NPS is asked on 0 to 10"):
        case("nps_s100").compute(["net_promoter_score"], period="2026-Q3")
    (found,) = [one for one in case("nps_s100").check() if one.level == "error"]
    assert found.rows == 5 and found.kpis[0] == "net_promoter_score" and found.share == 1


def test_scores_of_1_to_5_look_like_another_scale_and_the_figure_says_so() -> None:
    company = case("nps_s5")
    (found,) = company.check()
    assert found.level == "warning" and says(found.message, "no nps score of 5 is above 5", "0 to 10")
    (marks,) = company.compute(["net_promoter_score"], period="2026-Q3").warnings
    assert len(marks) == 1 and "above 5" in marks[0]


def test_a_won_deal_without_a_date_is_told_with_its_money_and_marks_what_is_read_by_that_date() -> None:
    company = case("o_overdue")
    (found,) = [one for one in company.check() if "won" in one.message]
    assert found.level == "warning" and "(4,000 EUR in all): 'O5' in row 6" in found.message
    frame = company.compute(["sales_revenue", "opportunities_created"], period="2026-Q3", as_of="2026-09-30")
    revenue, created = frame.warnings
    assert any("won and has no closed_on" in mark for mark in revenue)
    assert not any("won and has no closed_on" in mark for mark in created)
