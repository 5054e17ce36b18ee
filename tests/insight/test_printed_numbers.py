"""Every number that a shipped notebook prints has a row in results.json."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from support.companies import shipped_company
from support.printed_numbers import Payload, executed, printed

from kpi_analysis.design.blocks import is_derived

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHIPPED = (
    "customers", "finance", "marketing_roi", "operations_people", "quarterly_report", "revenue_outlook",
    "sales_pipeline",
)  # fmt: skip
REAL = (("crm_sales", "2017-Q4", "sales_pipeline"), ("online_retail", "2011-Q4", "customers"))


@cache
def shown(company: str, period: str, notebook: str) -> tuple[Payload, ...]:
    """Return the blocks of a notebook; nothing changes them."""
    return tuple(executed(NOTEBOOKS / f"{notebook}.ipynb", company=shipped_company(company), period=period))


def test_all_shipped_notebooks_are_looked_at() -> None:
    # `report` draws pages; what only explores prints nothing
    pages = {path.stem for path in NOTEBOOKS.glob("*.ipynb") if "open_report" in path.read_text(encoding="utf-8")}
    assert pages == set(SHIPPED)


@pytest.mark.parametrize("notebook", SHIPPED)
def test_every_printed_number_of_the_demo_company_has_a_row(notebook: str) -> None:
    without = [str(number) for number in printed(shown("", "2026-Q3", notebook)) if not number.is_accounted]
    assert not without, "\n".join(without)


@pytest.mark.parametrize(("company", "period", "notebook"), REAL)
def test_every_printed_number_of_real_companies_has_a_row(company: str, period: str, notebook: str) -> None:
    without = [str(number) for number in printed(shown(company, period, notebook)) if not number.is_accounted]
    assert not without, "\n".join(without)


def test_a_number_whose_row_is_gone_is_found() -> None:
    """Without the derived figures most of the numbers of a page on the pipeline have no row."""
    blocks = shown("", "2026-Q3", "sales_pipeline")
    stripped = [
        {**block, "values": [row for row in block.get("values", ()) if not is_derived(row)]} for block in blocks
    ]
    without = [number for number in printed(stripped) if not number.is_accounted]
    assert len(without) > 250
    assert any(number.block == "pipeline_expected_by_owner" and number.place.startswith("Dana") for number in without)


def test_a_number_that_differs_from_its_row_is_found() -> None:
    """One per cent is enough wherever three digits are printed."""
    blocks = shown("", "2026-Q3", "finance")
    changed = [
        {**block, "values": [{**row, "value": row["value"] and row["value"] * 1.01} for row in block.get("values", ())]}
        for block in blocks
    ]
    assert sum(not number.is_accounted for number in printed(changed)) > 60


def test_each_figure_has_one_value_wherever_it_is_quoted() -> None:
    for notebook in SHIPPED:
        known: dict[str, object] = {}
        for block in shown("", "2026-Q3", notebook):
            for row in block.get("values", ()):
                assert known.setdefault(row["id"], row["value"]) == row["value"], row["id"]
