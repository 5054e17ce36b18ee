"""Returns by channel: its size, its words, where its marks stand, and what it says."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import LIGHT
from kpi_analysis.report.charts.base import Caption
from kpi_analysis.report.charts.returns import Numbers, Total, returns
from kpi_analysis.report.charts.series import Groups
from kpi_analysis.report.charts.text import text_width

GB = Format("en_GB", "EUR")
SVG = "{http://www.w3.org/2000/svg}"
PT = 25.4 / 72
LONG = "Dorothea von Hohenzollern-Sigmaringen zu Habsburg-Lothringen und Söhne"
CJK, ARABIC = "漢字会社東京支店", "شركة الاختبار"


def drawn(names: Sequence[str], values: Sequence[float | None], id: str = "a", **more: Any) -> Figure:
    data = {name: more.pop(name) for name in ("low", "high", "year_ago", "reasons") if name in more}
    total, beside = more.pop("total", None), (more.pop("left", ()), more.pop("right", ()))
    return returns(
        Caption(id, "Something happened", "Measured, {unit}"),
        Groups(names, values, "ratio", **data),
        format=GB,
        total=Total(*total) if total else None,
        beside=beside,
        **more,
    )


def the_design(id: str = "a") -> Figure:
    """The channels of a made-up quarter, with every part that the chart has."""
    names = ["Display", "Email", "Paid search", "Referral", "Fax"]
    return drawn(
        names, [1.2, 11.8, 4.3, 9.4, None], id,
        low=[0.9, 10.0, 3.9, 7.3, None], high=[1.5, 13.5, 4.7, 11.7, None], year_ago=[1.3, 11.2, 5.1, 8.8, None],
        year_ago_label="Q3 2025", break_even=1.6, total=(5.2, 4.8, 5.6, 6.1),
        reasons=[None, None, None, None, "no spend"],
        left=[Numbers("Spend", "currency", [10_000, 14_200, 88_000, 21_000, 0], 133_200)],
        right=[Numbers("ROI", "percent", [0.2, 10.8, 3.3, 8.4, None], 4.2),
               Numbers("Margin ROI", "percent", [-0.26, 6.3, 1.66, 4.8, None], 2.2)],
    )  # fmt: skip


CASES: dict[str, Callable[[str], Figure]] = {
    "returns": the_design,
    "returns, one channel": lambda id: drawn(["Email"], [4.0], id),
    "returns, no interval": lambda id: drawn(["Email", "Display"], [4.0, 0.5], id, break_even=2.5),
    "returns, no values": lambda id: drawn(
        ["Email", "Fax"], [None, None], id, reasons=["no spend", None], total=(None,) * 4
    ),
    "returns, far above": lambda id: drawn(
        ["TV", "Email"], [300.0, 6.0], id, low=[200, 5], high=[500, 7], break_even=1.6
    ),
    "returns, below zero": lambda id: drawn(
        ["Refunds", "Email"], [-80.0, 2.0], id, low=[-90, 1], high=[-70, 3], break_even=1.2
    ),
    "returns, lines close together": lambda id: drawn(["A", "B"], [1.0, 2.0], id, break_even=4.9),
    "returns, break-even far": lambda id: drawn(["A", "B"], [1.0, 2.0], id, break_even=80.0),
    "returns, break-even at the strong line": lambda id: drawn(["A"], [5.0], id, break_even=5.0),
    "returns, long names": lambda id: drawn(
        [LONG, CJK, ARABIC], [7, 2, None], id, reasons=[None, None, LONG], total=(4, 3, 5, None)
    ),
    "returns, half": lambda id: drawn(["Email", "Paid social"], [12.3, 2.0], id, break_even=1.6, width="half"),
    "returns, huge": lambda id: drawn(["A", "B"], [1e12, 1e-12], id, break_even=1e-12),
}
each_case = pytest.mark.parametrize("name", CASES)


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


def drawings(figure: Figure) -> list[str]:
    return [svg for svg in (figure.svg, figure.svg_narrow) if svg]


@each_case
def test_words_stay_on_the_sheet_and_off_each_other(name: str) -> None:
    figure = CASES[name]("a")
    for svg, width in zip(drawings(figure), (85,) if figure.width == "half" else (174, 85), strict=True):
        root = ET.fromstring(svg)
        assert root.attrib["width"] == f"{width}mm"
        height = float(root.attrib["height"].removesuffix("mm"))
        boxes = words(svg)
        for text, left, top, right, bottom in boxes:
            assert left >= -0.3 and right <= width + 0.3 and top >= -0.05 and bottom <= height + 0.05, text
        for one, other in combinations(boxes, 2):
            apart = one[1] >= other[3] or other[1] >= one[3] or one[2] >= other[4] or other[2] >= one[4]
            assert apart, f"{one[0]!r} on {other[0]!r}"
        assert all(float(size) >= 7.5 for size in re.findall(r"font-size: ([\d.]+)px", svg))


@each_case
def test_words_and_numbers_come_with_it(name: str) -> None:
    figure = CASES[name]("a")
    assert "{unit}" not in figure.measure and figure.measure.split(";")[0] in figure.alt
    assert figure.alt.endswith(".")
    for row in figure.rows:
        assert sum(cell.span for cell in row.cells) == len(figure.columns)
    for text in (figure.alt, *(cell.text for row in figure.rows for cell in row.cells)):
        assert not re.search(r"\b(nan|None|inf)\b", text)


def test_the_highest_return_comes_first_what_has_none_after_it_and_the_total_last() -> None:
    rows = the_design().rows
    assert [row.cells[0].text for row in rows] == [
        "Email", "Referral", "Paid search", "Display", "Fax", "All channels",
    ]  # fmt: skip
    assert [cell.text for cell in rows[0].cells] == ["Email", "14.2", "11.8", "10.0 to 13.5", "11.2", "1,080", "630.0"]
    assert [cell.text for cell in rows[4].cells] == ["Fax", "0.0", "no spend", "–", "–"]
    assert rows[5].kind == "total" and rows[5].cells[2].text == "5.2"


def test_the_alt_text_says_who_is_below_break_even_and_who_is_strong() -> None:
    alt = the_design().alt
    assert "from Email 11.8 to Display 1.2; All channels 5.2" in alt
    assert "below break-even at 1.6: Display; at 5 or more: Email, Referral." in alt
    assert "no value for any" in CASES["returns, no values"]("a").alt
    assert "only Email 4.0; at 5 or more: none." in CASES["returns, one channel"]("a").alt


def dots(svg: str) -> dict[str, list[float]]:
    """The middle in mm of every filled dot, by its colour."""
    found: dict[str, list[float]] = {}
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        style, curve = path.attrib.get("style", ""), path.attrib["d"]
        colour = re.search(r"fill: (?:var\([^,]+, )?(#\w{6})", style)
        if colour and " C " in f" {curve}" and "stroke: #" not in style and "stroke-width: 0.9" not in style:
            xs = [float(x) for x in re.findall(r"(-?[\d.]+) -?[\d.]+", curve)]
            found.setdefault(colour[1].lower(), []).append((min(xs) + max(xs)) / 2 * PT)
    return found


def verticals(svg: str) -> list[float]:
    places = []
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        found = re.fullmatch(r"M ([\d.]+) [\d.]+\s*L ([\d.]+) [\d.]+\s*", path.attrib["d"])
        if found and found[1] == found[2]:
            places.append(float(found[1]) * PT)
    return sorted(places)


def test_marks_stand_on_one_straight_scale_and_colour_follows_the_lines() -> None:
    svg = the_design().svg
    even, strong, exceptional = verticals(svg)
    at = lambda value: strong + (value - 5) * (exceptional - strong) / 5  # noqa: E731
    assert even == pytest.approx(at(1.6), abs=0.02)
    found = dots(svg)
    assert sorted(found[LIGHT.accent.lower()]) == pytest.approx([at(9.4), at(11.8)], abs=0.02)
    assert found[LIGHT.ink.lower()] == pytest.approx([at(4.3)], abs=0.02)
    assert found[LIGHT.bad.lower()] == pytest.approx([at(1.2)], abs=0.02)


def test_the_head_names_the_lines() -> None:
    shown = [text for text, *_ in words(the_design().svg)]
    assert {"break-even", "1.6", "strong", "5", "exceptional", "10"} <= set(shown)
    assert "break-even" not in [text for text, *_ in words(CASES["returns, break-even far"]("a").svg)]


def test_what_lies_beyond_the_scale_is_an_arrow_at_the_edge_and_the_others_keep_their_room() -> None:
    svg = CASES["returns, far above"]("a").svg
    assert LIGHT.accent.lower() in dots(svg) and len(dots(svg)[LIGHT.accent.lower()]) == 1, "only Email is a dot"
    assert "300.0" in [text for text, *_ in words(svg)]
    strong, exceptional = verticals(svg)[1:]
    assert exceptional - strong > 25


def test_a_channel_without_spend_says_so_in_place_of_a_dot() -> None:
    figure = drawn(["Email", "Fax"], [6.0, None], reasons=[None, "no spend"])
    for svg in drawings(figure):
        assert "no spend" in [text for text, *_ in words(svg)]
        assert sum(map(len, dots(svg).values())) == 1


def test_keys_are_told_only_for_what_is_drawn() -> None:
    assert the_design().measure.replace("\xa0", " ") == "Measured, n : 1; band: 95% interval; ring: Q3 2025"
    assert CASES["returns, one channel"]("a").measure.replace("\xa0", " ") == "Measured, n : 1"


def test_lists_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 entries for 1 names"):
        drawn(["A"], [1.0], low=[1, 2])
    with pytest.raises(ValueError, match="0 names"):
        drawn([], [])


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert the_design().svg == the_design().svg
