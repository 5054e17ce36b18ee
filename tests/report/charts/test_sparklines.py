"""Sparklines: gaps, dot, ring, words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.report.charts import sparkline, sparkline_alt

SVG = "{http://www.w3.org/2000/svg}"


def marks(svg: str, tag: str) -> list[ET.Element]:
    return ET.fromstring(svg).findall(f"{SVG}{tag}")


def test_a_gap_breaks_the_line() -> None:
    assert len(marks(sparkline([1, 2, None, 3, 4]), "polyline")) == 2


def test_the_dot_is_the_last_period_and_the_ring_the_one_named() -> None:
    circles = marks(sparkline([1, 2, 3, 4, 5], ring=-5), "circle")
    assert [float(c.attrib["cx"]) for c in circles] == [1.2, 20.8]
    assert circles[0].attrib["fill"] == "#FFFFFF"


def test_a_last_period_without_a_value_has_no_dot() -> None:
    assert marks(sparkline([1, 2, None]), "circle") == []


@pytest.mark.parametrize(
    "values",
    [[5], [5, 5, 5], [-3, -1], [1e308, -1e308, 1], [1e-300, 2e-300], [None, 1, None], [float("nan"), 1, 2]],
)
def test_every_point_lies_inside(values: list[float | None]) -> None:
    svg = sparkline(values, ring=0)
    root = ET.fromstring(svg)
    assert root.attrib["width"] == "22mm" and root.attrib["height"] == "5.2mm"
    for line in marks(svg, "polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 22 and 0 <= y <= 5.2
    for circle in marks(svg, "circle"):
        radius = float(circle.attrib["r"])
        assert radius <= float(circle.attrib["cx"]) <= 22 - radius
        assert radius <= float(circle.attrib["cy"]) <= 5.2 - radius


def test_a_higher_value_is_drawn_higher() -> None:
    first, last = marks(sparkline([1, 2]), "polyline")[0].attrib["points"].split()
    assert float(last.split(",")[1]) < float(first.split(",")[1])


def test_nothing_to_draw_is_nothing() -> None:
    assert sparkline([]) == sparkline([None]) == ""


def test_the_words_say_first_last_direction_and_gaps() -> None:
    words = sparkline_alt("Win rate", [0.29, None, 0.274], Format(), "percent")
    assert words == "Win rate, 3 periods, falling from 29% to 27.4%; 1 without a value"
    assert sparkline_alt("Leads", [None], Format(), "count") == "Leads, 1 periods, no value in any"
    flat = sparkline_alt("Spend", [5e6, 5e6], Format(), "currency")
    assert flat.replace(NBSP, " ") == "Spend, 2 periods, €5.00m at both ends"
