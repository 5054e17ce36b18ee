"""Shapley values: number 11 of the published figures, and the closed form against all coalitions."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.attribution import attribute, shapley_values


def test_two_channels_worth_ten_twenty_and_forty() -> None:
    assert shapley_values({"A": 10, "B": 20, ("A", "B"): 40}) == {"A": 15.0, "B": 25.0}


def test_journeys_with_the_same_coalitions() -> None:
    paths = pd.DataFrame({"path": ["A", "B", "A > B"], "conversions": [10, 20, 10]})
    assert attribute(paths, "shapley").conversions.tolist() == [15.0, 25.0]


def test_the_glove_game() -> None:
    """One left glove and two right ones: 2/3, 1/6, 1/6, as every textbook has it."""
    worth = {("left", "right 1"): 1, ("left", "right 2"): 1, ("left", "right 1", "right 2"): 1}
    assert shapley_values(worth) == pytest.approx({"left": 2 / 3, "right 1": 1 / 6, "right 2": 1 / 6})


paths = st.lists(
    st.tuples(st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=6), st.integers(1, 30)), min_size=1, max_size=15
)


@given(paths)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_the_closed_form_agrees_with_all_coalitions(made: list[tuple[list[str], int]]) -> None:
    channels = sorted({channel for path, _ in made for channel in path})
    coalitions = [set(some) for size in range(1, len(channels) + 1) for some in combinations(channels, size)]
    worth = {frozenset(some): sum(n for path, n in made if set(path) <= some) for some in coalitions}
    frame = pd.DataFrame({"path": [" > ".join(path) for path, _ in made], "conversions": [n for _, n in made]})
    found = attribute(frame, "shapley")
    assert dict(zip(found.channel, found.conversions, strict=True)) == pytest.approx(shapley_values(worth))


def test_many_channels_are_no_burden_for_journeys_but_for_coalitions() -> None:
    names = [f"c{number:03d}" for number in range(200)]
    found = attribute(pd.DataFrame({"path": [" > ".join(names)], "conversions": [100]}), "shapley")
    assert found.conversions.tolist() == pytest.approx([0.5] * 200)
    with pytest.raises(UsageError, match="at most 20"):
        shapley_values({tuple(names[:21]): 1.0})


def test_nobody_is_no_game() -> None:
    with pytest.raises(UsageError, match="no channels"):
        shapley_values({})
