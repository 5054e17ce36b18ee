"""Two reports of two companies in one process: each shows what it shows alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.design.blocks import MIME, Block
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.notebook import Report, open_report

FACES = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
PLAIN = {"company": "Plain Goods"}
BRANDED = {
    "company": "Violet Works",
    "locale": "de_DE",
    "brand": {"accent": "#7A1FA2", "font": {"family": "DejaVu Sans", "folder": "fonts"}, "paper": "Letter"},
}
CELLS: tuple[Callable[[Report], Block | None], ...] = (
    lambda report: report.title(),
    lambda report: report.scorecard(["sales_revenue", "order_count", "average_order_value"]),
    lambda report: report.page("sales_revenue"),
    lambda report: report.beside(report.over_time("order_count", width="half"), report.by_month("sales_revenue")),
    lambda report: report.ranking("sales_revenue", by="region"),
    lambda report: report.customers.retention(),
    lambda report: report.definitions(),
    lambda report: report.not_shown(),
    lambda report: report.sources(),
)


def orders(seed: int) -> pd.DataFrame:
    drawn, count = np.random.default_rng(seed), 900
    return pd.DataFrame({
        "order_id": range(count),
        "ordered_on": pd.Timestamp("2025-01-01") + pd.to_timedelta(drawn.integers(0, 630, count), "D"),
        "amount": drawn.gamma(2.0, 900.0, count).round(2),
        "customer_id": drawn.integers(0, 140, count),
        "region": drawn.choice(["EMEA", "AMER", "APAC"], count),
    })  # fmt: skip


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenCompany, OpenCompany]:
    opened = []
    for seed, settings in enumerate((PLAIN, BRANDED)):
        folder = tmp_path_factory.mktemp("company")
        (folder / "fonts").mkdir()
        for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"):
            shutil.copy(FACES / f"{name}.ttf", folder / "fonts")
        opened.append(open_from(folder, {"orders": orders(seed)}, **settings))
    return opened[0], opened[1]


def shown(report: Report) -> Iterator[Mapping[str, Any]]:
    """Show the cells of a notebook one after the other, each when it is asked for."""
    for cell in CELLS:
        block = cell(report)
        yield block._repr_mimebundle_() if block is not None else {}


def begin(company: OpenCompany) -> Iterator[Mapping[str, Any]]:
    return shown(open_report(company, "2026-Q2"))


def test_two_reports_whose_cells_run_by_turns_show_what_each_shows_alone(
    companies: tuple[OpenCompany, OpenCompany],
) -> None:
    alone = [list(begin(company)) for company in companies]
    by_turns = list(zip(*(begin(company) for company in companies), strict=True))
    assert [one for one, _ in by_turns] == alone[0]
    assert [other for _, other in by_turns] == alone[1]
    assert all(alone[0]), "each cell shows something, so that it can differ"


def test_two_reports_of_one_company_keep_their_definitions_apart(
    companies: tuple[OpenCompany, OpenCompany],
) -> None:
    one, other = (open_report(companies[0], "2026-Q2") for _ in range(2))
    for report, kpi in ((one, "order_count"), (other, "sales_revenue")):
        chart = report.over_time(kpi)
        assert chart is not None and chart._repr_mimebundle_()
    assert [row.cells[0].text for row in one.definitions().rows] == ["Orders"]
    assert [row.cells[0].text for row in other.definitions().rows] == ["Sales revenue"]


def test_a_report_draws_and_shows_in_its_own_typeface_and_colours(companies: tuple[OpenCompany, OpenCompany]) -> None:
    plain, branded = (list(begin(company))[3] for company in companies)
    for bundle, has_brand in ((plain, False), (branded, True)):
        assert ("--accent: #7A1FA2;" in bundle["text/html"]) is has_brand
        assert ("DejaVu Sans" in bundle[MIME]["blocks"][0]["svg"]) is has_brand


def test_every_section_returns_its_blocks_on_the_display_of_its_report(
    companies: tuple[OpenCompany, OpenCompany],
) -> None:
    report = open_report(companies[0], "2026-Q2")
    for cell in CELLS:
        block = cell(report)
        assert block is not None and block.display is report.display
