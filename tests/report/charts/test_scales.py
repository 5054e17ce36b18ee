"""Scales, ticks, and labels that keep apart."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kpi_analysis.design.formats import Format
from kpi_analysis.report.charts.scales import Linear, nice_ticks, period_parts, period_ticks, space_apart, tick_words
from kpi_analysis.report.charts.text import TextMeasure, text_width

GB = Format("en_GB", "EUR")


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 1), (203, 318), (-5, 3), (1e-9, 2e-9), (0, 9.99e12), (-1e300, 1e300), (5, 5), (0, 0), (-2, -2)],
)
def test_ticks_enclose_the_values_evenly(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert ticks[0] <= low and ticks[-1] >= high
    steps = [b / 2 - a / 2 for a, b in pairwise(ticks)]
    assert max(steps) == pytest.approx(min(steps), rel=1e-6)


def test_counts_have_whole_ticks() -> None:
    assert nice_ticks(0, 2, whole=True) == [0, 1, 2]
    assert all(t == int(t) for t in nice_ticks(3, 7, whole=True))


@pytest.mark.parametrize("ticks", [[0.0, 2.5, 5.0], [0.0, 0.05, 0.1], [0.0, 1e6, 2e6]])
def test_no_two_ticks_have_the_same_words(ticks: list[float]) -> None:
    for unit in ("count", "days", "percent", "currency"):
        words = tick_words(ticks, unit, GB.scale(ticks, unit), GB)
        assert len(set(words)) == len(words)


def test_a_scale_of_huge_values_stays_inside() -> None:
    y = Linear(-1.5e308, 1.5e308, 50, 0)
    assert y(0) == pytest.approx(25)


@pytest.mark.parametrize("pitch", [1.5, 3.0, 5.0, 8.0, 20.0])
@pytest.mark.parametrize(
    "periods",
    [
        [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(33)],
        [f"{2023 + (i + 3) // 4}-Q{(i + 3) % 4 + 1}" for i in range(14)],
        [f"{2024 + i // 52}-W{i % 52 + 1:02d}" for i in range(70)],
        [str(2000 + i) for i in range(26)],
    ],
    ids=["months", "quarters", "weeks", "years"],
)
def test_tick_labels_never_touch(periods: list[str], pitch: float) -> None:
    ticks = period_ticks(periods, pitch, GB, TextMeasure())
    assert ticks[-1].index == len(periods) - 1
    for words in ("label", "year"):
        row = [(t.index * pitch, getattr(t, words)) for t in ticks if getattr(t, words)]
        for (x0, one), (x1, other) in pairwise(row):
            assert x1 - x0 >= (text_width(one, 7.5) + text_width(other, 7.5)) / 2


def test_the_year_stands_once_under_its_first_tick() -> None:
    ticks = period_ticks(["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"], 20, GB, TextMeasure())
    assert [(t.label, t.year) for t in ticks] == [("Q3", "2025"), ("Q4", ""), ("Q1", "2026"), ("Q2", "")]


def test_months_are_named_in_the_language_of_the_company() -> None:
    assert period_parts("2026-03", Format("de_DE")) == ("März", "2026")
    assert period_parts("somewhen", GB) == ("somewhen", "")


@pytest.mark.parametrize("places", [[5, 5, 5], [0, 1, 40, 40.5, 41], [-10, 90], [20], [], [3, 2, 1]])
def test_spread_labels_keep_apart_inside_the_sheet(places: list[float]) -> None:
    moved = space_apart(places, 3.3, 2, 50)
    order = sorted(range(len(places)), key=lambda i: places[i])
    assert all(2 - 1e-9 <= p <= 50 + 1e-9 for p in moved)
    assert all(moved[b] - moved[a] >= 3.3 - 1e-9 for a, b in pairwise(order))


def test_labels_with_room_stay_where_they_are() -> None:
    assert space_apart([10, 20, 30], 3.3, 0, 50) == [10, 20, 30]
