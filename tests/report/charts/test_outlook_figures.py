"""The fan and the chances: what every chart keeps, and what these two say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.design.status_words import STATUS_WORDS
from kpi_analysis.report.charts import Caption, ProjectionBands, TargetChances, TargetPoint, TimeSeries, chances, fan
from kpi_analysis.report.charts.text import text_width

GB = Format("en_GB", "EUR")
SVG = "{http://www.w3.org/2000/svg}"
PT = 25.4 / 72
LONG = "Dorothea von Hohenzollern-Sigmaringen zu Habsburg-Lothringen und Söhne"
CJK, ARABIC = "漢字会社東京支店", "شركة الاختبار"
Maker = Callable[[str], Figure]
HISTORY = [205.0 + 2 * i + (i % 3) for i in range(33)]
DEADLINE = "Deadline 31 Dec 2026"


def caption(id: str) -> Caption:
    return Caption(id, "Something happened", "Measured, {unit}")


def months(n: int, after: int = 0) -> list[str]:
    return [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(after, after + n)]


def spreading(mean: Sequence[float], step: float) -> list[tuple[float, list[float], list[float]]]:
    return [
        (
            level,
            [m - z * step * (i + 1) for i, m in enumerate(mean)],
            [m + z * step * (i + 1) for i, m in enumerate(mean)],
        )
        for level, z in ((0.95, 2.0), (0.8, 1.3), (0.5, 0.7))
    ]


def fanned(
    values: Sequence[float | None], mean: Sequence[float] = (), step: float = 1.0, unit: str = "count", **more: Any
) -> Maker:
    count = len(values)
    future = more.pop("future_periods", months(6, count))
    ahead = ProjectionBands(future, mean, more.pop("bands", spreading(mean, step) if mean else []))
    data = {name: more.pop(name) for name in ("complete", "reasons") if name in more}
    series, target = TimeSeries(months(count), values, unit, **data), more.pop("target", None)
    period = more.pop("target_period", None if target is None else future[2])
    goal = TargetPoint(target, period, more.pop("deadline_label", ""), more.pop("baseline", None))
    return lambda id: fan(caption(id), series, ahead, format=GB, goal=goal, **more)


def chanced(names: Sequence[str], values: Sequence[float | None], statuses: Sequence[Any], **more: Any) -> Maker:
    targets = TargetChances(names, values, statuses, more.pop("reasons", ()))
    return lambda id: chances(caption(id), targets, format=GB, **more)


MEAN = [272 + 4.0 * i for i in range(6)]
TARGET: dict[str, Any] = {"target": 288.0, "deadline_label": DEADLINE, "baseline": (23, 251.0)}
MANY = [f"{LONG} {i}" if i % 5 == 0 else f"Target {i}" for i in range(25)]
CASES: dict[str, Maker] = {
    "fan": fanned(HISTORY, MEAN, 3, **TARGET),
    "fan, money": fanned([1000 * v for v in HISTORY], [1000 * m for m in MEAN], 3000, "currency"),
    "fan, no baseline": fanned(HISTORY, MEAN, 3, target=288.0, deadline_label=DEADLINE),
    "fan, no target": fanned(HISTORY, MEAN, 3),
    "fan, withheld": fanned(HISTORY, future_periods=[]),
    "fan, withheld with a target": fanned(HISTORY, **TARGET),
    "fan, one point": fanned([5.0], [6.0], target=7.0, baseline=(0, 5.0), target_period="2024-02"),
    "fan, one point alone": fanned([5.0], future_periods=[]),
    "fan, nothing known": fanned([None, None]),
    "fan, a single step after nothing": fanned([None, None], [5.0]),
    "fan, gaps": fanned([5, None, 7, None, None, 9], [10, 11], reasons=[None, "no export", None, None, None, None]),
    "fan, last one missing": fanned([5, 6, None], [7, 8], **{"target": 9.0}),
    "fan, equal": fanned([5, 5, 5], [5, 5], 0, target=5.0, baseline=(0, 5.0), deadline_label=DEADLINE),
    "fan, negative": fanned([-5e6, 3e6, -1e6], [-2e6, -3e6], 1e6, "currency", target=1e6, baseline=(0, -5e6)),
    "fan, all negative": fanned([-5.0, -6.0, -7.0], [-8.0, -9.0], 1, "points", target=-4.0),
    "fan, huge": fanned([1e300, -1e300, 1e300], [1e300, 1.1e300], 1e299, "ratio", target=9e299),
    "fan, hundreds of billions": fanned([1e17, 2e17], [3e17], 1e16, "ratio", target=3e17, deadline_label=DEADLINE),
    "fan, tiny": fanned([1e-6, 2e-6, 3e-6], [4e-6], 1e-6, "currency", target=5e-6),
    "fan, unfinished": fanned([*HISTORY, 90.0], MEAN, 3, complete=[True] * 33 + [False], target=288.0),
    "fan, unfinished and projected": fanned(
        [*HISTORY, 90.0], MEAN, 3, complete=[True] * 33 + [False], future_periods=months(6, 33), **{"target": 288.0}
    ),
    "fan, only unfinished": fanned([4.0], [6.0, 7.0], complete=[False], target=8.0),
    "fan, long words": fanned(HISTORY, MEAN, 3, target=288.0, deadline_label=LONG[:50], baseline=(0, 205.0)),
    "fan, target at once": fanned(HISTORY, MEAN, 3, target=500.0, target_period="2026-10", deadline_label=DEADLINE),
    "fan, target of the past": fanned(HISTORY, MEAN, 3, target=250.0, target_period="2025-12", baseline=(3, 211.0)),
    "fan, falling": fanned(HISTORY[::-1], [200.0, 195, 190], 2, "days", target=150.0, baseline=(20, 225.0)),
    "fan, one band": fanned(HISTORY, [272.0], bands=[(0.9, [260.0], [280.0])]),
    "fan, half": fanned(HISTORY, MEAN, 3, width="half", **TARGET),
    "chances": chanced(["A", "B", "C"], [0.97, 0.55, 0.04], ["on", "risk", "off"]),
    "chances, ends": chanced(["A", "B"], [1.0, 0.0], ["on", "off"]),
    "chances, one": chanced([LONG], [0.3], ["risk"]),
    "chances, unknown": chanced(
        ["A", CJK, ARABIC],
        [None] * 3,
        ["none", "hit", "missed"],
        reasons=[f"only 5 months are known, {LONG}", None, None],
    ),
    "chances, many": chanced(MANY, [i / 24 for i in range(25)], ["off"] * 8 + ["risk"] * 9 + ["on"] * 8),
    "chances, full": chanced(["A", LONG], [0.5, None], ["risk", "none"], width="full"),
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


def shown(figure: Figure) -> set[str]:
    return {text for text, *_ in words(figure.svg)}


def size_of(svg: str) -> tuple[float, float]:
    root = ET.fromstring(svg)
    return float(root.attrib["width"].removesuffix("mm")), float(root.attrib["height"].removesuffix("mm"))


def drawings(figure: Figure) -> list[str]:
    return [svg for svg in (figure.svg, figure.svg_narrow) if svg]


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


# --- what a fan says


def test_a_fan_in_words_says_from_to_projected_and_the_target() -> None:
    figure = fanned([240, 250, 260], [270, 280], 5, target=290.0, target_period="2024-05")("a")
    assert figure.alt == (
        "Fan chart, Measured, count; scale starts at 240: rising from 240 in Jan 2024 to 260 in Mar 2024; "
        "lowest 240 in Jan 2024, highest 260 in Mar 2024; "
        "projected to 280 in May 2024, 95% range between 260 and 300; target 290 by May 2024."
    )


def test_the_table_of_a_fan_has_history_projection_and_target() -> None:
    figure = fanned([240, None], [270], 5, target=290.0, target_period="2024-03", reasons=[None, "no export"])("a")
    assert [column.label for column in figure.columns] == ["Period", "Value", "95% low", "95% high", "State"]
    assert [[cell.text for cell in row.cells] for row in figure.rows] == [
        ["Jan 2024", "240", "–", "–", "complete"],
        ["Feb 2024", "–", "–", "–", "no export"],
        ["Mar 2024", "270", "260", "280", "projection"],
        ["Mar 2024", "290", "–", "–", "target"],
    ]
    assert figure.note == "Feb 2024: no export."


def test_the_ranges_are_named_at_the_edge_from_the_widest_to_the_projection() -> None:
    figure = drawn(CASES["fan"])
    edge = sorted((top, text) for text, _, top, _, _ in words(figure.svg) if re.search("range|Projection", text))
    assert [text for _, text in edge] == ["95% range, 256 to 328", "80% range", "50% range", "Projection 292"]


def test_a_withheld_projection_leaves_the_history_and_says_so() -> None:
    figure = drawn(CASES["fan, withheld"])
    assert "no projection." in figure.alt and len(figure.columns) == 3
    assert not any("range" in text or "Projection" in text for text in shown(figure))
    assert "#0b5a94" not in figure.svg


def test_a_withheld_projection_keeps_its_target_and_the_pace_to_it() -> None:
    assert {"Target 288", DEADLINE, "pace needed", "Baseline"} <= shown(drawn(CASES["fan, withheld with a target"]))


def test_without_a_target_nothing_is_said_of_one() -> None:
    figure = drawn(CASES["fan, no target"])
    assert "arget" not in figure.alt and not {"pace needed", DEADLINE} & shown(figure)


def test_an_unfinished_period_is_drawn_apart_and_is_not_the_last_actual() -> None:
    figure = drawn(CASES["fan, unfinished"])
    assert {"so far 90", "Sep 2026: 271"} <= shown(figure)
    assert "open dot: not over yet" in figure.measure and "Oct 2026 so far 90" in figure.alt
    assert "to 271 in Sep 2026" in figure.alt
    assert [row.cells[-1].text for row in figure.rows][33] == "not over yet"


def test_an_unfinished_period_that_is_also_projected_stands_once_on_the_axis() -> None:
    figure = drawn(CASES["fan, unfinished and projected"])
    rows = [[cell.text for cell in row.cells] for row in figure.rows if row.cells[0].text == "Oct 2026"]
    assert [row[-1] for row in rows] == ["not over yet", "projection"]
    assert "projected to 292 in Mar 2027" in figure.alt


def test_a_gap_breaks_the_history() -> None:
    def longest(figure: Figure) -> int:
        ink = re.findall(r'<path d="([^"]*)"[^>]*stroke: #17212b; stroke-width: 1.5', figure.svg)
        return max(path.count("L") + 1 for path in ink)

    assert longest(fanned([1, 2, 3, 4, 5], future_periods=[])("a")) == 5
    assert longest(fanned([1, 2, None, 4, 5], future_periods=[])("a")) == 2


def test_a_scale_that_does_not_start_at_zero_says_so() -> None:
    assert "scale starts at 200" in drawn(CASES["fan"]).measure
    assert "scale starts" not in fanned([0, 5, 10], [11])("a").measure


def test_each_value_has_its_height_on_one_scale() -> None:
    figure = fanned([0, 50, 100], [150], 10, target=75.0, target_period="2024-04", width="half")("a")
    path = re.search(r'<path d="([^"]*)"[^>]*stroke: #17212b; stroke-width: 1.5', figure.svg)
    assert path
    heights = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path[1])]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.01)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"target": 5.0, "target_period": "2030-01"}, "2030-01"),
        ({"baseline": (9, 1.0)}, "index 9"),
        ({"mean": [1.0] * 7}, "7 projected"),
        ({"mean": [1.0], "bands": [(0.95, [0.0], [2.0, 3.0])]}, "bands"),
        ({"mean": [float("nan")], "bands": []}, "no number"),
        ({"complete": [True]}, "1 entries for 2"),
    ],
)
def test_what_does_not_fit_together_is_refused(more: dict[str, Any], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        fanned([1.0, 2.0], **more)("a")


# --- what the chances say


def test_chances_are_sorted_and_end_with_the_unknown() -> None:
    figure = chanced(["A", "B", "C"], [0.1, None, 0.9], ["off", "none", "on"], reasons=[None, "too short", None])("a")
    assert [[cell.text for cell in row.cells] for row in figure.rows] == [
        ["C", "90%", "On track"],
        ["A", "10%", "Off track"],
        ["B", "–", "Not known: too short"],
    ]
    assert [row.cells[2].status for row in figure.rows] == ["on", "off", "none"]
    assert "C 90%, On track; A 10%, Off track; B, too short." in figure.alt


def test_each_status_has_a_shape_of_its_own() -> None:
    def shape(status: Any) -> str:
        svg = chanced(["A"], [0.5], [status])("a").svg
        return re.sub(r"fill: #\w+|stroke: #\w+|fill: none", "", svg)

    # missed and off track share the cross, and differ in their word
    assert len({shape(status) for status in STATUS_WORDS}) == len(STATUS_WORDS) - 1


def test_chance_is_never_nothing_or_certain() -> None:
    assert {"99%", "1%"} <= shown(drawn(CASES["chances, ends"]))


def test_a_dot_stands_where_its_chance_is_between_the_lines_at_30_and_70() -> None:
    def ends(svg: str) -> list[float]:
        """How far right each horizontal line of a chance goes."""
        paths = re.findall(r'<path d="M ([\d.]+) ([\d.]+)\s+L ([\d.]+) ([\d.]+)\s*"[^>]*stroke-width: 1.6', svg)
        return [float(x1) for _, y0, x1, y1 in paths if y0 == y1]

    nothing, low, high, all_ = reversed(ends(chanced(list("abcd"), [0, 0.3, 0.7, 1], ["on"] * 4)("a").svg))
    assert (low - nothing, high - nothing) == pytest.approx((0.3 * (all_ - nothing), 0.7 * (all_ - nothing)), abs=0.01)


def test_twenty_five_targets_fit_a_page() -> None:
    assert size_of(drawn(CASES["chances, many"]).svg)[1] < 170


def test_words_of_a_status_are_the_same_in_charts_and_tables() -> None:
    figure = chanced(list(STATUS_WORDS), [0.5] * 6, list(STATUS_WORDS))("a")
    said = {row.cells[0].text: row.cells[2].text for row in figure.rows}
    # what has no status here has a target all the same
    assert said == STATUS_WORDS | {"none": "Not known"}


@pytest.mark.parametrize(
    ("values", "statuses", "found"),
    [([1.5], ["on"], "1.5"), ([0.5], ["green"], "green"), ([0.5, 0.6], ["on"], "2 entries for 1")],
)
def test_chances_that_cannot_be_are_refused(values: list[float], statuses: list[str], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        chanced(["A"], values, statuses)("a")
