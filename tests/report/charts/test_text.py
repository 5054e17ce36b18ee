"""Words on a chart: how wide they are, and how they are made to fit."""

from __future__ import annotations

import pytest

from kpi_analysis.report.charts.text import TextMeasure, printable, text_width

HOUSE = TextMeasure()
NAMES = [
    "Paid social",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "漢字会社 東京支店営業部第三課",
    "شركة الاختبار للتجارة",
    "a-b/c d",
    "",
    " ",
    "x" * 500,
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [3.0, 12.0, 40.0])
def test_wrapped_words_fit(name: str, width: float) -> None:
    lines = HOUSE.wrap(name, width, 8)
    assert 1 <= len(lines) <= 2
    assert all(text_width(line, 8) <= width for line in lines)


def test_words_that_fit_are_left_alone() -> None:
    assert HOUSE.wrap("Paid social", 40, 8) == ["Paid social"]
    assert HOUSE.shorten("Paid social", 40, 8) == "Paid social"


def test_a_single_word_is_cut_with_an_ellipsis_and_not_in_the_middle_without_one() -> None:
    assert HOUSE.wrap("Contraction", 9, 8) == ["Cont…"]


def test_a_name_without_spaces_breaks_where_its_script_allows_it() -> None:
    assert len(HOUSE.wrap("漢字会社東京", 12, 8)) == 2


def test_bold_is_wider_and_digits_are_all_as_wide() -> None:
    assert text_width("Sales", 8, bold=True) > text_width("Sales", 8)
    assert text_width("1111", 8) == text_width("8888", 8) == text_width("−−−−", 8)


def test_control_characters_do_not_reach_the_svg() -> None:
    assert printable("a\nb\x00c\x1b\td") == "a bc d"
