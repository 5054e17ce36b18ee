"""Triangles, survival curves and small multiples: their size, their words, and what they say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts.base import Caption
from kpi_analysis.report.charts.multiples import Panels, small_multiples
from kpi_analysis.report.charts.survivals import Curve, survival_curves
from kpi_analysis.report.charts.text import text_width
from kpi_analysis.report.charts.triangles import Cohorts, retention_triangle

GB = Format("en_GB", "EUR")
SVG = "{http://www.w3.org/2000/svg}"
PT = 25.4 / 72
LONG = "Dorothea von Hohenzollern-Sigmaringen zu Habsburg-Lothringen und Söhne"
CJK, ARABIC = "漢字会社東京支店", "شركة الاختبار"
Maker = Callable[[str], Figure]


def caption(id: str) -> Caption:
    return Caption(id, "Something happened", "Measured, {unit}")


def quarters(n: int) -> list[str]:
    return [f"{2024 + i // 4}-Q{i % 4 + 1}" for i in range(n)]


def triangle(cohorts: int, ages: int | None = None, names: Sequence[str] = (), **more: Any) -> Maker:
    """A triangle whose last diagonal is not over."""
    ages = ages or cohorts
    rates = [[0.9 - 0.04 * j + 0.01 * i if j <= ages - 1 - i else None for j in range(ages)] for i in range(cohorts)]
    mature = [[j < ages - 1 - i for j in range(ages)] for i in range(cohorts)]
    mature = more.pop("mature", mature)
    rows = list(names) or [f"Q{i % 4 + 1} {2024 + i // 4}" for i in range(cohorts)]
    sizes = [318 + 11 * i for i in range(cohorts)]
    return lambda id: retention_triangle(caption(id), Cohorts(rows, sizes, rates, mature), format=GB, **more)


def curve(name: str = "All", steps: int = 24, fall: float = 0.03, customers: int = 400) -> Curve:
    shares = [(1 - fall) ** (i + 1) for i in range(steps)]
    low, high = [max(0.0, s - 0.004 * (i + 1)) for i, s in enumerate(shares)], [min(1.0, s + 0.01) for s in shares]
    return Curve(name, [float(i + 1) for i in range(steps)], shares, low, high, customers)


def curves(*given: Curve, **more: Any) -> Maker:
    return lambda id: survival_curves(caption(id), given, format=GB, **more)


def multiples(
    names: Sequence[str], values: Sequence[Sequence[float | None]], unit: str = "count", **more: Any
) -> Maker:
    panels = Panels(names, quarters(len(values[0])), values, unit, more.pop("notes", ()))
    return lambda id: small_multiples(caption(id), panels, format=GB, **more)


RISING = [1.9e6, 2.0e6, 2.05e6, 2.0e6, 2.1e6, 2.15e6, 2.25e6]
CASES: dict[str, Maker] = {
    "triangle": triangle(8),
    "triangle, twelve": triangle(12),
    "triangle, thirty": triangle(30),
    "triangle, one cohort": triangle(1, 6),
    "triangle, one cell": triangle(1, 1, mature=[[True]]),
    "triangle, one open cell": triangle(1),
    "triangle, long names": triangle(4, names=[LONG, CJK, ARABIC, LONG]),
    "triangle, all equal": lambda id: retention_triangle(
        caption(id), Cohorts(["A", "B"], [1, 1_234_567], [[1.0, 1.0], [1.0, None]], [[True] * 2] * 2), format=GB
    ),
    "triangle, half": triangle(6, width="half"),
    "survival": curves(curve()),
    "survival, two": curves(curve("Dealer"), curve("Fleet", 20, 0.06)),
    "survival, four": curves(*(curve(f"Group {i}", 24 - i, 0.02 + 0.01 * i) for i in range(4))),
    "survival, four alike": curves(*(curve(f"Group {i}") for i in range(4))),
    "survival, all gone": curves(Curve("All", [1.0, 2.0], [0.5, 0.0], [0.1, None], [0.8, None], 2)),
    "survival, nobody gone": curves(Curve("All", [7.0], [1.0], [1.0], [1.0], 5)),
    "survival, at once": curves(Curve("All", [0.0], [0.5], [0.1], [0.9], 5)),
    "survival, long names": curves(curve(LONG), curve(CJK, 9), curve(ARABIC, 15)),
    "survival, half": curves(curve(), width="half"),
    "multiples": multiples(["EMEA", "AMER", "APAC"], [RISING, RISING[::-1], RISING], "currency", ring=-5),
    "multiples, changes": multiples(["EMEA", "AMER"], [RISING, RISING], "currency", notes=["+9.8%", "−2.2%"]),
    "multiples, one": multiples(["All"], [[3.0, 4.0, 5.0]]),
    "multiples, one point": multiples(["All"], [[3.0]]),
    "multiples, seven": multiples([f"Region {i}" for i in range(7)], [[1.0 * i, 2, 3, 4] for i in range(7)]),
    "multiples, long names": multiples([LONG, CJK, ARABIC], [[1, 2], [3, 4], [5, 6]], notes=[LONG, "", "+3"]),
    "multiples, gaps": multiples(["A", "B"], [[1, None, 3, None], [None] * 4]),
    "multiples, negative": multiples(["A", "B"], [[-5e6, 3e6], [1e6, -2e6]], "currency"),
    "multiples, own start": multiples(["A", "B"], [[0.71, 0.72], [0.74, 0.75]], "percent", from_zero=False),
    "multiples, half": multiples(["A", "B", "C"], [[1, 2, 3]] * 3, width="half"),
}
each_case = pytest.mark.parametrize("make", CASES.values(), ids=CASES.keys())


@cache
def drawn(make: Maker) -> Figure:
    return make("a")


@cache
def words(svg: str) -> list[tuple[str, float, float, float, float]]:
    """Every text of an SVG with its box in mm: left, top, right, bottom."""
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


def size_of(svg: str) -> tuple[float, float]:
    root = ET.fromstring(svg)
    return float(root.attrib["width"].removesuffix("mm")), float(root.attrib["height"].removesuffix("mm"))


def drawings(figure: Figure) -> list[str]:
    return [svg for svg in (figure.svg, figure.svg_narrow) if svg]


def table(figure: Figure) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in figure.rows]


@each_case
def test_no_word_leaves_the_sheet_and_no_two_touch(make: Maker) -> None:
    for svg in drawings(drawn(make)):
        width, height = size_of(svg)
        placed = words(svg)
        for text, left, top, right, bottom in placed:
            assert left >= -0.3 and right <= width + 0.3, text
            assert top >= -0.05 and bottom <= height + 0.05, text
        for one, other in combinations(placed, 2):
            apart = one[1] >= other[3] or other[1] >= one[3] or one[2] >= other[4] or other[2] >= one[4]
            assert apart, f"{one[0]!r} on {other[0]!r}"


@each_case
def test_nothing_is_set_smaller_than_seven_and_a_half_points(make: Maker) -> None:
    for svg in drawings(drawn(make)):
        assert all(float(size) >= 7.5 for size in re.findall(r"font-size: ([\d.]+)px", svg))


@each_case
def test_a_chart_is_drawn_at_its_final_size_with_a_narrow_one_beside_a_full_one(make: Maker) -> None:
    figure = drawn(make)
    assert size_of(figure.svg)[0] == {"full": 174, "half": 85}[figure.width]
    assert bool(figure.svg_narrow) == (figure.width == "full")
    assert all(size_of(svg)[0] == 85 for svg in drawings(figure)[1:])


@each_case
def test_a_chart_comes_with_words_and_with_its_numbers(make: Maker) -> None:
    figure = drawn(make)
    assert "{unit}" not in figure.measure
    assert figure.measure in figure.alt and figure.alt.endswith(".")
    for row in figure.rows:
        assert sum(cell.span for cell in row.cells) == len(figure.columns)
    for text in (figure.alt, *(cell.text for row in figure.rows for cell in row.cells)):
        assert not re.search(r"\b(nan|None|inf)\b", text)


@each_case
def test_the_same_numbers_give_the_same_bytes(make: Maker) -> None:
    assert drawings(drawn(make)) == drawings(make("a"))


# --- what a triangle says


def test_a_triangle_leaves_open_what_is_not_over() -> None:
    figure = triangle(3)("a")
    assert table(figure) == [
        ["Q1 2024", "318", "90", "86", "82 so far"],
        ["Q2 2024", "329", "91", "87 so far", ""],
        ["Q3 2024", "340", "92 so far", "", ""],
    ]
    assert [column.label for column in figure.columns] == ["First order", "Customers", "1", "2", "3"]
    assert "dashed: the last of the months is not over" in figure.measure
    assert "Q1 2024 (318) 86% after 2 months; Q2 2024 (329) 91% after 1 months" in figure.alt
    assert "Q3 2024 (340) no final rate yet." in figure.alt


def test_only_open_cells_are_italic_and_dashed() -> None:
    svg = triangle(8)("a").svg
    italic = re.findall(r"<text[^>]*italic[^>]*>", svg)
    assert len(italic) == svg.count("stroke-dasharray") == 8
    assert "italic" not in CASES["triangle, all equal"]("a").svg
    assert "dashed" not in CASES["triangle, all equal"]("a").measure


def test_a_triangle_has_the_height_of_the_design_and_every_cell_its_number() -> None:
    for count in (8, 12):
        figure = triangle(count)("a")
        assert size_of(figure.svg)[1] == pytest.approx(64, abs=0.1)
        assert len(words(figure.svg)) == 2 + count + 2 * count + count * (count + 1) // 2


def test_more_is_darker() -> None:
    fills = re.findall(r"fill: (#f1f6fa|#cfe1ef|#a3c8e3|#74abd6)", triangle(1, 9)("a").svg)
    assert fills == sorted(fills, key=["#74abd6", "#a3c8e3", "#cfe1ef", "#f1f6fa"].index) and len(set(fills)) == 4


# --- what survival curves say


def test_a_survival_curve_in_words_and_as_a_table() -> None:
    figure = curves(Curve("All", [2.0, 4.0], [0.9, 0.6], [0.8, 0.4], [0.95, 0.75], 40))("a")
    assert figure.alt == (
        "Survival curve, Measured, %; band: 95% range: All (40) falls to 60% after 4 months, 95% range 40 to 75."
    )
    assert table(figure) == [
        ["0", "100", "–"],
        ["1", "100", "–"],
        ["2", "90", "80 to 95"],
        ["3", "90", "80 to 95"],
        ["4", "60", "40 to 75"],
    ]


def test_a_curve_goes_down_in_steps() -> None:
    svg = curves(Curve("All", [2.0, 4.0], [0.75, 0.5], [None] * 2, [None] * 2, 4), width="half")("a").svg
    path = re.search(r'<path d="([^"]*)"[^>]*stroke: #0b5a94; stroke-width: 1.5', svg)
    assert path
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path[1])]
    assert len(points) == 5
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))


def test_up_to_two_curves_have_a_band() -> None:
    assert "#d6e6f2" in drawn(CASES["survival, two"]).svg and "band" in drawn(CASES["survival, two"]).measure
    assert "#d6e6f2" not in drawn(CASES["survival, four"]).svg and "band" not in drawn(CASES["survival, four"]).measure


# --- what small multiples say


def test_all_panels_have_one_scale_and_their_size() -> None:
    figure = multiples(["A", "B"], [[0, 100], [0, 50]])("a")
    assert size_of(figure.svg) == (174, 44)
    paths = re.findall(r'<path d="([^"]*)"[^>]*stroke: #0b5a94; stroke-width: 1.5', figure.svg)
    falls = []
    for path in paths:
        heights = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path)]
        falls.append(heights[0] - heights[-1])
    assert falls[0] == pytest.approx(2 * falls[1], abs=0.01)
    assert "one scale" in figure.measure
    assert table(figure) == [["Q1 2024", "0", "0"], ["Q2 2024", "100", "50"]]


def test_a_scale_that_does_not_start_at_zero_says_so() -> None:
    assert "scale starts at 70" in drawn(CASES["multiples, own start"]).measure
    assert "ring: a year earlier" in drawn(CASES["multiples"]).measure


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: triangle(2, names=["A"])("a"), "2 entries for 1"),
        (lambda: triangle(2, mature=[[True], [True]])("a"), "whether it is mature"),
        (lambda: curves()("a"), "0 curves"),
        (lambda: curves(*[curve()] * 5)("a"), "5 curves"),
        (lambda: Curve("All", [], [], [], [], 0), "at least one"),
        (lambda: multiples(["A", "B"], [[1.0]]), "1 entries for 2"),
        (lambda: multiples(["A", "B"], [[1.0], [1.0, 2.0]]), "2 entries for 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(make: Callable[[], object], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        make()
