"""The register of charts: what stands in it is drawn on edge cases, in tests and in the gallery."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.report.charts import CHARTS, Chart

MODULES = sorted(Path(__file__).parent.glob("test_*.py"))


@pytest.fixture(scope="module")
def cases() -> dict[str, Callable[[str], Figure]]:
    """The edge cases of all charts, by the name of the chart and what is special."""
    sys.path[:0] = [str(Path(__file__).parent)]
    return {name: make for path in MODULES for name, make in _cases(path.stem).items()}


def _cases(module: str) -> dict[str, Callable[[str], Figure]]:
    return getattr(importlib.import_module(module), "CASES", {})


def test_every_chart_has_edge_cases_and_every_case_is_that_of_a_chart(
    cases: dict[str, Callable[[str], Figure]],
) -> None:
    assert {name.partition(",")[0] for name in cases} == set(CHARTS)


def test_every_kind_of_chart_stands_in_the_register() -> None:
    assert set(CHARTS.values()) == set(Chart.__subclasses__())


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_alt_text_and_the_table_of_what_it_draws(
    name: str, cases: dict[str, Callable[[str], Figure]]
) -> None:
    figure = cases[name]("a")
    assert figure.alt.endswith(".") and figure.title not in figure.alt
    assert figure.rows and all(sum(cell.span for cell in row.cells) == len(figure.columns) for row in figure.rows)
