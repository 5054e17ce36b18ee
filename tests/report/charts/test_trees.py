from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.trees import Branch, tree

CAPTION = Caption("goals", "All lead to revenue", "Status of each target")
BRANCHES = [
    Branch("cost_per_lead", "Cost per lead", "roi", "off", 0.04, "Keep leads affordable"),
    Branch("roi", "Marketing ROI", "revenue"),
    Branch("revenue", "Sales revenue", None, "on", 0.81, "Open the second plant"),
    Branch("customers", "New customers", "revenue", "risk", 0.5),
]


CHAIN = [Branch(str(i), f"Step {i} of a chain", str(i - 1) if i else None, "risk", 0.5, "Go on") for i in range(6)]


def made(id: str, branches: list[Branch], width: Width = "full") -> Figure:
    return tree(Caption(id, "All lead to revenue", "Status of each target"), branches, format=Format(), width=width)


CASES: dict[str, Callable[[str], Figure]] = {
    "tree": lambda id: made(id, BRANCHES),
    "tree, a root alone": lambda id: made(id, [Branch("a", "Revenue")]),
    "tree, a chain": lambda id: made(id, CHAIN),
    "tree, half": lambda id: made(id, CHAIN, "half"),
}


def words(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_each_kpi_stands_below_the_one_it_supports() -> None:
    figure = tree(CAPTION, BRANCHES, format=Format())
    order = [row.cells[0].text for row in figure.rows]
    assert order == ["Sales revenue", "Marketing ROI", "Cost per lead", "New customers"]
    assert [row.cells[1].text for row in figure.rows] == ["", "Sales revenue", "Marketing ROI", "Sales revenue"]
    assert "Keep leads affordable" in words(figure.svg)
    assert "no target" in words(figure.svg)


def test_a_small_screen_keeps_status_and_chance_and_leaves_objectives_to_the_table() -> None:
    figure = tree(CAPTION, BRANCHES, format=Format())
    assert "Off track, 4%" in words(figure.svg_narrow)
    assert "Keep leads affordable" not in words(figure.svg_narrow)
    assert figure.rows[2].cells[4].text == "Keep leads affordable"


def test_long_names_in_a_deep_tree_end_in_an_ellipsis() -> None:
    chain = [Branch(f"k{i}", "A very long name of a KPI " * 4, f"k{i - 1}" if i else None) for i in range(6)]
    figure = tree(CAPTION, chain, format=Format(), width="half")
    assert sum(word.endswith("…") for word in words(figure.svg)) == 6


@pytest.mark.parametrize(
    ("branches", "found"),
    [
        ([], "at least one"),
        ([Branch("a", "A"), Branch("a", "A")], "none twice"),
        ([Branch("a", "A", "b")], "supports 'b'"),
        ([Branch("a", "A", "b"), Branch("b", "B", "a")], "circle among a, b"),
    ],
)
def test_what_is_no_tree_is_refused(branches: list[Branch], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        tree(CAPTION, branches, format=Format())
