"""What every chart keeps: its size, words that neither leave it nor touch, identical bytes, honest words."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import matplotlib as mpl
import pytest

from kpi_analysis.core.errors import DataError
from kpi_analysis.design.blocks import Figure
from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts import (
    Bridge,
    Caption,
    Groups,
    Reference,
    Steps,
    TimeSeries,
    columns_over_time,
    funnel,
    line_over_time,
    ranking,
    sheet_svg,
    waterfall,
)
from kpi_analysis.report.charts.text import text_width

GB = Format("en_GB", "EUR")
SVG = "{http://www.w3.org/2000/svg}"
PT = 25.4 / 72
LONG = "Dorothea von Hohenzollern-Sigmaringen zu Habsburg-Lothringen und Söhne"
CJK, ARABIC = "漢字会社東京支店", "شركة الاختبار"
Maker = Callable[[str], Figure]


def caption(id: str) -> Caption:
    return Caption(id, "Something happened", "Measured, {unit}")


def months(n: int) -> list[str]:
    return [f"{2023 + i // 12}-{i % 12 + 1:02d}" for i in range(n)]


def series_of(values: Sequence[float | None], unit: str, given: dict[str, Any]) -> tuple[TimeSeries, dict[str, Any]]:
    """A series of months with what is given of its fields, and the other options."""
    data = {name: given.pop(name) for name in ("complete", "intervals", "year_ago", "reasons") if name in given}
    return TimeSeries(months(len(values)), values, unit, **data), given


def columns(values: Sequence[float | None], unit: str = "count", **more: Any) -> Maker:
    series, options = series_of(values, unit, more)
    return lambda id: columns_over_time(caption(id), series, format=GB, **options)


def line(values: Sequence[float | None], unit: str = "count", **more: Any) -> Maker:
    series, options = series_of(values, unit, more)
    return lambda id: line_over_time(caption(id), series, format=GB, **options)


def ranked(names: Sequence[str], values: Sequence[float | None], unit: str = "percent", **more: Any) -> Maker:
    data = {name: more.pop(name) for name in ("low", "high", "counts", "reasons") if name in more}
    groups, reference = Groups(names, values, unit, **data), Reference(more.pop("reference", None))
    return lambda id: ranking(caption(id), groups, format=GB, reference=reference, **more)


def funnelled(steps: Sequence[str], counts: Sequence[float | None], **more: Any) -> Maker:
    return lambda id: funnel(caption(id), Steps(steps, counts, **more), format=GB)


def fallen(start: float, steps: Sequence[tuple[str, float]], **more: Any) -> Maker:
    end = start + sum(value for _, value in steps)
    bridge = Bridge(("Before", start), steps, ("After", end), more.pop("unit", "currency"))
    return lambda id: waterfall(caption(id), bridge, format=GB, **more)


FORTY = [f"{LONG} {i}" if i % 5 == 0 else f"Seller {i}" for i in range(40)]
CASES: dict[str, Maker] = {
    "columns": columns([3.95e6, 4.16e6, 4.43e6, 4.82e6], "currency"),
    "columns, one": columns([5]),
    "columns, equal": columns([5, 5, 5, 5]),
    "columns, zeros": columns([0, 0, 0]),
    "columns, none": columns([None, None]),
    "columns, negative": columns([-1200, 300, -450, 900, -2000], "currency"),
    "columns, all negative": columns([-1200, -300], "currency"),
    "columns, many": columns([100 + 7 * i for i in range(40)], complete=[True] * 39 + [False]),
    "columns, huge": columns([1e300, 2e12, 3.0]),
    "columns, tiny": columns([1e-5, 2e-5, 3e-5], "currency"),
    "columns, projected": columns(
        [4.4e6, 4.6e6, 5.2e6],
        "currency",
        projected=1,
        needed=5.16e6,
        intervals=[None, None, (4.59e6, 5.81e6)],
    ),
    "columns, a year earlier": columns([5, None, 7], year_ago=[4, 5, None]),
    "line": line([200 + 3 * i for i in range(33)], ring=-13),
    "line, one": line([5], "days"),
    "line, equal": line([5, 5, 5], "days"),
    "line, none": line([None, None, None]),
    "line, gaps": line([0.2, None, 0.3, None, None, 0.25, 0.26], "percent"),
    "line, band": line([1, 2, 3], "ratio", intervals=[(0, 2), None, (2, 4)], complete=[True, True, False]),
    "line, negative": line([-5e6, 3e6, -1e6], "currency"),
    "line, huge": line([1e300, -1e300], "ratio"),
    "ranking": ranked(["A", LONG, CJK, ARABIC, "$x$"], [0.3, 0.2, None, 0.5, 0.1], reference=0.27),
    "ranking, one": ranked(["Only"], [0.3]),
    "ranking, equal": ranked(["A", "B"], [5, 5], "count", reference=5),
    "ranking, forty": ranked(
        FORTY,
        [i / 40 for i in range(40)],
        low=[i / 50 for i in range(40)],
        high=[i / 30 for i in range(40)],
        counts=[i * 1000 for i in range(40)],
        reference=0.5,
    ),
    "ranking, negative": ranked(["A", "B"], [-4e6, 1e6], "currency", reference=0.0),
    "ranking, none": ranked(["A", "B"], [None, None], reasons=["too few deals to say anything at all", None]),
    "ranking, huge": ranked(["A", "B"], [1e300, 1e-300], "ratio"),
    "funnel": funnelled(["Leads", "Qualified", "Won"], [7180, 2008, 412], before=[6900, 2100, 400]),
    "funnel, long": funnelled([LONG, CJK, ARABIC], [12_400_000, None, 3]),
    "funnel, nothing": funnelled(["Leads", "Won"], [0, 0]),
    "funnel, one": funnelled(["Leads"], [5]),
    "waterfall": fallen(260_700, [("New", 12_900), ("Expansion", 6_100), ("Churn", -5_900)]),
    "waterfall, many": fallen(1e6, [(f"{LONG} {i}", (-1) ** i * 1e5 * i) for i in range(14)]),
    "waterfall, nothing": fallen(0, [], unit="count"),
    "waterfall, below zero": fallen(100, [(CJK, -300), (ARABIC, 20)], unit="count", width="half"),
    "waterfall, full": fallen(10, [("Up", 5)], unit="count", width="full"),
}
each_case = pytest.mark.parametrize("make", CASES.values(), ids=CASES.keys())


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


@each_case
def test_no_word_leaves_the_sheet(make: Maker) -> None:
    for svg in drawings(make("a")):
        width, height = size_of(svg)
        for text, left, top, right, bottom in words(svg):
            assert left >= -0.3 and right <= width + 0.3, text
            assert top >= -0.05 and bottom <= height + 0.05, text


@each_case
def test_no_two_words_touch(make: Maker) -> None:
    for svg in drawings(make("a")):
        for one, other in combinations(words(svg), 2):
            apart = one[1] >= other[3] or other[1] >= one[3] or one[2] >= other[4] or other[2] >= one[4]
            assert apart, f"{one[0]!r} on {other[0]!r}"


@each_case
def test_nothing_is_set_smaller_than_seven_and_a_half_points(make: Maker) -> None:
    for svg in drawings(make("a")):
        assert all(float(size) >= 7.5 for size in re.findall(r"font-size: ([\d.]+)px", svg))


@each_case
def test_a_chart_is_drawn_at_its_final_size(make: Maker) -> None:
    figure = make("a")
    wanted = {"full": 174, "wide": 103, "half": 85}[figure.width]
    assert size_of(figure.svg)[0] == wanted
    if figure.width != "half":
        assert size_of(figure.svg_narrow)[0] == 85


@each_case
def test_a_chart_comes_with_words_and_with_its_numbers(make: Maker) -> None:
    figure = make("a")
    assert "{unit}" not in figure.measure
    assert figure.measure.split(";")[0] in figure.alt and figure.alt.endswith(".")
    assert figure.rows
    for row in figure.rows:
        assert sum(cell.span for cell in row.cells) == len(figure.columns)
    for text in (figure.alt, *(cell.text for row in figure.rows for cell in row.cells)):
        assert not re.search(r"\b(nan|None|inf)\b", text)


def test_the_same_numbers_give_the_same_bytes_and_other_ids_other_names_inside() -> None:
    make = CASES["columns, projected"]
    assert make("a").svg == make("a").svg
    hatches = [set(re.findall(r'id="([^"]+)"', make(id).svg)) for id in ("a", "b")]
    assert hatches[0] and not hatches[0] & hatches[1]
    narrow = set(re.findall(r'id="([^"]+)"', columns([1, 2], projected=1)("a").svg_narrow))
    assert narrow and not narrow & hatches[0]


def test_an_svg_can_stand_inside_a_page() -> None:
    svg = CASES["columns, projected"]("a").svg
    assert svg.startswith("<svg ")
    assert not re.search(r"<\?xml|<!DOCTYPE|<metadata|<style|<!--", svg)


def test_words_stay_text_whatever_their_script() -> None:
    shown = [text for text, *_ in words(CASES["ranking"]("a").svg)]
    assert {CJK, ARABIC, "$x$"} <= set(shown)


def test_a_theme_of_the_notebook_changes_nothing_and_is_left_as_it_was() -> None:
    plain = CASES["columns"]("a").svg
    with mpl.rc_context({"font.size": 30, "patch.linewidth": 9, "text.color": "red", "svg.fonttype": "path"}):
        assert CASES["columns"]("a").svg == plain
        assert mpl.rcParams["font.size"] == 30


def test_no_figure_stays_open() -> None:
    import matplotlib.pyplot as plt

    CASES["columns"]("a")
    assert plt.get_fignums() == []


def test_a_sheet_can_be_drawn_in_a_thread() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(sheet_svg(10, 5, "a", lambda sheet: sheet.text(0, 2, "x"))))
    thread.start()
    thread.join()
    assert found and ">x</text>" in found[0]


# --- what each chart says


def test_an_unfinished_period_is_hatched_and_said_to_be() -> None:
    figure = columns([5, 6, 3], complete=[True, True, False])("a")
    assert "hatched: not over yet" in figure.measure
    assert "<pattern" in figure.svg and ">so far 3</text>" in figure.svg
    assert figure.rows[-1].cells[-1].text == "not over yet"
    assert "<pattern" not in columns([5, 6, 3])("a").svg


def test_only_the_ways_from_and_to_unfinished_periods_are_dashed() -> None:
    """An unfinished first period is joined to its neighbour, and never to the last one across the chart."""
    months = [f"2026-0{month}" for month in range(5, 10)]
    series = TimeSeries(months, [5.0, 9.0, 4.0, 8.0, 6.0], "count", complete=[False, True, True, True, False])
    svg = line_over_time(Caption("leads", "They grow", "Leads, {unit}"), series, format=Format()).svg
    lines = [len(re.findall("[ML]", path)) for path in re.findall(r'd="([^"]*)"[^>]*stroke-dasharray', svg)]
    assert lines == [2, 2]
    whole = re.findall(r'd="([^"]*)"[^>]*stroke-linecap: round', svg)
    assert [len(re.findall("[ML]", path)) for path in whole] == [3]


def test_a_missing_period_is_a_gap_with_its_reason_and_no_column() -> None:
    figure = columns([5, None, 3], reasons=[None, "no orders", None])("a")
    assert figure.note == "Feb 2023: no orders."
    assert figure.rows[1].cells[1].text == "–" and figure.rows[1].cells[-1].text == "no orders"
    assert ">0</text>" not in figure.svg


def test_columns_start_at_zero() -> None:
    root = ET.fromstring(columns([50, 100])("a").svg)
    heights = []
    for path in root.iter(f"{SVG}path"):
        ys = [float(y) for y in re.findall(r"[ML] [\d.]+ ([\d.]+)", path.attrib["d"])]
        if "#17212b" in path.attrib["style"] and len(ys) == 4:
            heights.append(max(ys) - min(ys))
    assert len(heights) == 2
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.001)


def test_a_line_that_does_not_start_at_zero_says_so() -> None:
    assert "scale starts at 200" in line([203, 318])("a").measure
    assert "scale starts" not in line([203, 318], from_zero=True)("a").measure


def test_the_alt_text_names_ends_extremes_and_direction() -> None:
    assert columns([30, 45, 27])("a").alt == (
        "Columns, Measured, count: falling from 30 in Jan 2023 to 27 in Mar 2023; "
        "lowest 27 in Mar 2023, highest 45 in Feb 2023."
    )


def test_a_ranking_is_sorted_and_ends_with_the_unknown() -> None:
    figure = ranked(["A", "B", "C"], [0.1, None, 0.3], reasons=[None, "too few deals", None])("a")
    assert [row.cells[0].text for row in figure.rows] == ["C", "A", "B"]
    assert figure.rows[-1].cells[1].text == "too few deals"


def test_only_an_interval_beyond_the_average_is_marked() -> None:
    figure = ranked(
        ["Up", "Maybe", "Down"],
        [0.5, 0.3, 0.1],
        low=[0.4, 0.2, 0.05],
        high=[0.6, 0.4, 0.15],
        reference=0.27,
        better="higher",
    )("a")
    assert "clearly different from it: Up, Down." in figure.alt
    assert figure.svg.count("#0a7266") == 2 and figure.svg.count("#b3360c") == 2


def test_forty_names_fit_a_page() -> None:
    names = [f"Seller {i}" for i in range(40)]
    assert size_of(ranked(names, [i / 40 for i in range(40)])("a").svg)[1] < 255


def test_a_funnel_has_the_share_of_the_step_before_and_its_change() -> None:
    row = CASES["funnel"]("a").rows[1]
    assert [cell.text for cell in row.cells] == ["Qualified", "2,008", "28.0%", "−2.5 pp"]


def test_a_share_of_an_unknown_step_is_unknown() -> None:
    figure = funnelled(["Leads", "Qualified", "Won"], [10, None, 3], reasons=[None, "not tracked", None])("a")
    assert [row.cells[2].text for row in figure.rows] == ["", "–", "–"]
    assert "Qualified not tracked" in figure.alt


def test_a_waterfall_adds_up_or_is_refused() -> None:
    with pytest.raises(DataError, match="lead from 10 to 15, but the end is 16"):
        Bridge(("Before", 10), [("Up", 5)], ("After", 16), "count")


def test_a_cut_scale_is_said_to_be_cut() -> None:
    assert CASES["waterfall"]("a").measure.endswith("; scale is cut")
    assert "scale is cut" not in fallen(10, [("Up", 90)])("a").measure


def test_small_steps_of_a_long_waterfall_are_drawn_together_and_listed_one_by_one() -> None:
    figure = CASES["waterfall, many"]("a")
    assert ">8 others</text>" in figure.svg
    assert len(figure.rows) == 16


def test_a_waterfall_of_a_kpi_where_less_is_better_has_its_colours_turned() -> None:
    up = [fallen(10, [("Up", 5)], unit="days", better=better)("a").svg for better in ("higher", "lower")]
    assert "#1b8a7c" in up[0] and "#e5793f" not in up[0]
    assert "#e5793f" in up[1] and "#1b8a7c" not in up[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: TimeSeries(["2026"], [1, 2], "count"),
        lambda: TimeSeries([], [], "count"),
        lambda: Groups(["A"], [1], "count", counts=[1, 2]),
        lambda: Steps(["A", "B"], [1]),
        lambda: Steps(["A"], [-1]),
        lambda: Bridge(("A", 1), [("B", float("nan"))], ("C", 1), "count"),
    ],
)
def test_numbers_that_do_not_match_their_names_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="Found"):
        make()
