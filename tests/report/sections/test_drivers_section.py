"""The waterfall on what moved a KPI: its claim is true, and its steps are those of the explanation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import shipped_company
from support.reasons import says

from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.insight.figures.changes import contribution_steps
from kpi_analysis.insight.outlook import Outlook
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.drivers import DriverSections, claim

DEMO = Path(__file__).resolve().parents[3] / "params" / "company.yaml"
GB = Format("en_GB", "EUR")


@pytest.fixture(scope="module")
def demo() -> OpenCompany:
    return shipped_company()


@pytest.fixture(scope="module")
def sections(demo: OpenCompany) -> DriverSections:
    as_of = demo.sources.last_day()
    assert as_of is not None
    return DriverSections(ReportContext(demo, demo.config.calendar.parse("2026-Q3"), as_of))


@pytest.mark.parametrize(
    ("kpi", "by"),
    [
        ("sales_velocity", None),
        ("opportunity_to_win_ratio", "region"),
        ("net_income", None),
        ("revenue_growth", None),
        ("net_promoter_score", None),
        ("sales_revenue", "region"),
    ],
)
def test_the_figure_shows_the_explanation(
    demo: OpenCompany, sections: DriverSections, kpi: str, by: str | None
) -> None:
    figure = sections.waterfall(kpi, by)
    told = demo.explain(kpi, period="2026-Q3", by=by)
    assert figure is not None
    metric = demo.catalogue.metric(kpi)
    scale = GB.scale(
        [told.attrs["before"], told.attrs["after"], *(x for _, x in contribution_steps(told))], metric.unit
    )
    shown = [row.cells[1].text for row in figure.rows]
    wanted = [GB.value(told.attrs[side], metric.unit, scale) for side in ("before", "after")]
    assert [shown[0], shown[-1]] == wanted
    assert len(figure.rows) == len(contribution_steps(told)) + 2
    moved = told.attrs["change"]
    verb = r"rose|lengthened" if moved > 0 else r"fell|shortened"
    assert re.match(rf"{re.escape(metric.label)} ({verb})", figure.title), figure.title
    assert figure.measure.startswith(metric.label) and "Q2 2026 to Q3 2026" in figure.measure
    assert sum(value["value"] is not None for value in figure.values) >= 1


def test_a_kpi_of_one_number_is_shown_by_the_dimension_that_says_most(sections: DriverSections) -> None:
    figure = sections.waterfall("sales_revenue")
    assert figure is not None and figure.id == "drivers_sales_revenue_by_product"
    assert says(figure.title, "Sales revenue fell 13.9%", "Cargo e-bike"), "a large order was taken back"


def test_long_names_are_whole_and_lie_below_each_other_where_there_is_little_room(sections: DriverSections) -> None:
    figure = sections.waterfall("sales_velocity")
    assert figure is not None and "…" not in figure.svg + figure.svg_narrow
    for name in ("Opportunities created", "Sales cycle length", "Opportunity-to-win ratio"):
        assert f">{name}<" in figure.svg_narrow
    assert figure.svg_narrow.count(">+0.58<") == figure.svg.count(">+0.58<") == 1


def test_nothing_is_drawn_where_nothing_can_be_split(sections: DriverSections) -> None:
    assert sections.waterfall("sales_cycle_median") is None
    assert sections.waterfall("lead_to_sale_conversion") is None


def test_an_unfinished_period_is_said_to_be_one(demo: OpenCompany) -> None:
    period = demo.config.calendar.parse("2026-Q3")
    as_of = period.start.replace(month=8, day=20)
    figure = DriverSections(ReportContext(demo, period.cut(as_of), as_of)).waterfall("sales_velocity")
    assert figure is not None and figure.title.startswith("So far sales velocity ")
    assert says(figure.measure, "51 days")


def test_the_kpi_that_moved_most_is_one_of_those_with_a_target(demo: OpenCompany, sections: DriverSections) -> None:
    assessments = Outlook(demo, sections.context.as_of).assessments
    chosen = sections.most_moved(assessments)
    assert chosen in {one.spec.kpi for one in assessments}
    frame = demo.compute([chosen], period="2026-Q3", last=9)
    moves = (frame.value - frame.previous).abs()
    assert moves.iloc[-1] > moves.iloc[:-1].median()
    assert sections.most_moved(()) in {name for name, m in demo.catalogue.metrics.items() if m.headline == 1}


# ---------------------------------------------------------------------- words


def explained(*drivers: tuple[Any, ...], before: float, after: float, by: str = "", **more: Any) -> pd.DataFrame:
    columns = ["label", "unit", "before", "after", "contribution"] + (["rate_effect", "mix_effect"] if by else [])
    frame = pd.DataFrame(drivers, columns=columns).sort_values("contribution", key=lambda c: -c.abs())
    frame.attrs = {"before": before, "after": after, "change": after - before, "by": by, "simpson": ""} | more
    return frame


WON, LOST = ("Won deals", "count", 50, 40, -20), ("Deal size", "currency", 2, 2.1, 8)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (explained(WON, LOST, before=100, after=88), "fell 12.0%, mostly because won deals fell 20.0%"),
        (
            explained(WON, ("Deal size", "currency", 2, 2.6, 15), before=100, after=95),
            "fell 5.0%, as won deals fell 20.0% while deal size rose 30.0%",
        ),
        (
            explained(("A", "", 4, 5, 4), ("B", "percent", 0.2, 0.23, 3.5), ("C", "days", 9, 6, 2.5),
                      before=100, after=110),
            f"rose 10.0%, as a rose by 1 and b rose 3.0{NBSP}points",
        ),
        (explained(("EBIT", "currency", -5, 5, 10), before=10, after=20),
         "rose 100.0%, mostly because EBIT rose from −€5"),
        (explained(WON, ("X", "", 1, 2, 20), before=100, after=100), "did not change"),
        (
            explained(("EMEA", "", 1, 2, 8, 8, 0), ("AMER", "", 1, 2, 2, 2, 0), before=100, after=110, by="region"),
            "rose 10.0%, mostly in EMEA",
        ),
        (
            explained(("EMEA", "", 1, 2, 4, 4, 0), ("AMER", "", 1, 2, 3, 3, 0), ("APAC", "", 1, 2, 3, 3, 0),
                      before=100, after=110, by="region"),
            "rose 10.0%, most of all in EMEA and AMER",
        ),
        (
            explained(("EMEA", "", 1, 2, 8, 1, 7), ("AMER", "", 1, 2, 2, 1, 1),
                      before=100, after=110, by="sales_region"),
            "rose 10.0%, mostly because the mix by sales region shifted",
        ),
    ],
)  # fmt: skip
def test_the_claim_says_what_the_figures_say(demo: OpenCompany, frame: pd.DataFrame, words: str) -> None:
    said = claim(frame, demo.catalogue.metric("sales_revenue"), GB)
    assert said.startswith(f"Sales revenue {words}"), said


def test_a_paradox_is_the_claim(demo: OpenCompany) -> None:
    frame = explained(("A", "", 1, 2, 1, 1, 0), before=2, after=3, by="region", simpson="A rose, yet fell in total")
    assert says(claim(frame, demo.catalogue.metric("sales_revenue"), GB), "A rose", "fell")


def test_small_steps_are_drawn_together_and_nothing_is_lost() -> None:
    drivers = [(f"d{i}", "", 1.0, 2.0, size) for i, size in enumerate([50.0, -30, 9, 8, 7, 6, 5, 0.1, 0.0])]
    found = contribution_steps(explained(*drivers, before=0, after=55.1))
    assert [name for name, _ in found] == ["d0", "d1", "d2", "d3", "d4", "d5", "2 others"]
    assert sum(size for _, size in found) == pytest.approx(55.1)
    alone = contribution_steps(explained(*drivers[:7], before=0, after=55))
    assert [name for name, _ in alone][-1] == "d6", "one small step keeps its name"
