"""Charts that seaborn draws: distributions and response curves, in the look of the house."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations

import matplotlib
import numpy as np
import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts import Caption, ChannelCurve, Sample, distribution, response_curves
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.text import text_width

GB = Format("en_GB", "EUR")
SVG = "{http://www.w3.org/2000/svg}"
PT = 25.4 / 72
LONG = "Dorothea von Hohenzollern-Sigmaringen zu Habsburg-Lothringen und Söhne"
DEALS = np.random.default_rng(7).lognormal(9.2, 0.8, 400).round(-1).tolist()
Maker = Callable[[str], Figure]


def caption(id: str) -> Caption:
    return Caption(id, "Something happened", "Measured, {unit}")


def spread(values: list[float], unit: str = "currency", width: Width = "half") -> Maker:
    return lambda id: distribution(caption(id), Sample(values, unit, "won deals"), format=GB, width=width)


def curve(name: str, most: float, present: float, steep: float = 2.0) -> ChannelCurve:
    spend = np.linspace(0, most, 25)
    outcome = 4e5 * spend / (spend + most / steep)
    return ChannelCurve(
        name, spend.tolist(), outcome.tolist(), (0.7 * outcome).tolist(), (1.3 * outcome).tolist(), present
    )


def curves(*given: ChannelCurve, width: Width = "full") -> Maker:
    return lambda id: response_curves(caption(id), given, format=GB, width=width)


CASES: dict[str, Maker] = {
    "distribution": spread(DEALS),
    "distribution, full": spread(DEALS, width="full"),
    "distribution, one value": spread([1200.0]),
    "distribution, equal": spread([5.0] * 9, "count"),
    "distribution, a few": spread([120.0, 150, 180, 240, 900]),
    "distribution, far beyond": spread([*DEALS, 1e9]),
    "distribution, below zero": spread([-40.0, -10, 0, 30, 80], "days"),
    "response": curves(curve("Paid search", 9000, 5200), curve("TV", 40_000, 38_000, 5), curve("Email", 900, 100)),
    "response, one": curves(curve("All", 100, 50)),
    "response, nothing spent": curves(curve(LONG, 100, 0.0), curve("B", 1e6, 1e6)),
    "response, half": curves(*[curve(f"Channel {i}", 1000, 400, i + 1) for i in range(5)], width="half"),
}
each_case = pytest.mark.parametrize("make", CASES.values(), ids=CASES.keys())


def words(svg: str) -> list[tuple[str, float, float, float, float]]:
    """Every text of an SVG with its box in mm."""
    boxes = []
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        style = text.attrib["style"]
        size = float(re.search(r"font-size: ([\d.]+)px", style)[1])  # type: ignore[index]
        wide = text_width(text.text or "", size, bold="font-weight: 600" in style)
        x, y = float(text.attrib["x"]) * PT, float(text.attrib["y"]) * PT
        anchor = re.search(r"text-anchor: (\w+)", style)[1]  # type: ignore[index]
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        boxes.append((text.text or "", left, y - 0.66 * size * PT, left + wide, y))
    return boxes


@each_case
def test_all_words_stand_on_the_sheet_and_apart(make: Maker) -> None:
    figure = make("a")
    for svg in filter(None, (figure.svg, figure.svg_narrow)):
        width, height = (float(found) for found in re.findall(r'(?:width|height)="([\d.]+)mm"', svg)[:2])
        boxes = words(svg)
        assert boxes
        for text, left, top, right, bottom in boxes:
            assert left >= -0.1 and right <= width + 0.1 and top >= 0 and bottom <= height, text
        for one, other in combinations(boxes, 2):
            beside = one[3] <= other[1] + 0.01 or other[3] <= one[1] + 0.01
            assert beside or one[4] <= other[2] or other[4] <= one[2], (one[0], other[0])


@each_case
def test_seaborn_writes_no_words_of_its_own_and_keeps_to_the_house(make: Maker) -> None:
    svg = make("a").svg
    assert set(re.findall(r"font-family: ([^;\"]+)", svg)) == {"'Source Sans Pro', system-ui, sans-serif"}
    assert "clip-path" not in svg and "#0b5a94" in svg


@each_case
def test_the_same_numbers_give_the_same_bytes(make: Maker) -> None:
    assert make("a").svg == make("a").svg


def test_a_theme_of_the_notebook_changes_nothing_and_is_kept() -> None:
    before = CASES["response"]("a").svg
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 31, "lines.linewidth": 9}):
        assert CASES["response"]("a").svg == before
        assert matplotlib.rcParams["font.size"] == 31


def test_the_bins_of_a_distribution_hold_every_value() -> None:
    for name in ("distribution", "distribution, far beyond", "distribution, below zero"):
        rows = CASES[name]("a").rows
        held = sum(int(row.cells[2].text) for row in rows)
        assert held == {"distribution": 400, "distribution, far beyond": 401, "distribution, below zero": 5}[name]


def test_a_distribution_says_its_median_and_where_its_last_column_ends() -> None:
    figure = CASES["distribution, far beyond"]("a")
    assert figure.rows[-1].cells[1].text == "and more"
    assert figure.measure.endswith("the last column holds all that is larger")
    assert "median" in figure.alt and any(text.startswith("median ") for text, *_ in words(figure.svg))


def test_a_response_curve_tells_what_present_spend_brings() -> None:
    figure = response_curves(
        caption("a"), [ChannelCurve("TV", [0, 10, 20], [0, 40, 60], [0, 30, 40], [0, 50, 80], 15)], format=GB
    )
    present = next(row for row in figure.rows if row.cells[-1].text == "present")
    assert [cell.text for cell in present.cells] == ["TV", "€15.00", "50.00", "35.00", "65.00", "present"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sample([], "count", "deals"),
        lambda: Sample([float("nan")], "count", "deals"),
        lambda: ChannelCurve("TV", [0, 1], [0], [0, 0], [1, 1], 1),
        lambda: ChannelCurve("TV", [0], [0], [0], [1], 1),
        lambda: curves()("a"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"Found|Wanted"):
        make()
