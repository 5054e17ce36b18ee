"""Removal effects: number 11 of the published figures, a published table, and the chain walked in plain loops."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribute import published_paths

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.attribution import attribute
from kpi_analysis.stats.attribution.journeys import read_journeys
from kpi_analysis.stats.attribution.markov import removal_effects

SMALL = pd.DataFrame(
    {"path": ["A > B", "A", "B", "C", "A > C"], "conversions": [1, 0, 1, 0, 1], "nulls": [0, 1, 0, 1, 0]}
)


def effects_of(paths: pd.DataFrame, order: int = 1) -> dict[str, float]:
    journeys = read_journeys(paths, with_days=False)
    return dict(zip(journeys.channels, removal_effects(journeys, journeys.conversions, order), strict=True))


def test_three_channels() -> None:
    assert effects_of(SMALL) == pytest.approx({"A": 1 / 2, "B": 2 / 3, "C": 1 / 3}, abs=1e-12)
    assert attribute(SMALL, "markov").conversions.tolist() == pytest.approx([1, 4 / 3, 2 / 3], abs=1e-12)


def test_a_published_table(shared_data: Path) -> None:
    wanted = pd.read_csv(shared_data / "attribution-paths" / "expected_markov_exact.csv").set_index("channel_name")
    paths = published_paths(shared_data)
    found = attribute(paths, "markov").set_index("channel").reindex(wanted.index)
    np.testing.assert_allclose(found.conversions, wanted.conversions_exact, rtol=0, atol=1e-6)
    effects = pd.Series(effects_of(paths)).reindex(wanted.index)
    np.testing.assert_allclose(effects, wanted.removal_effect_exact, rtol=0, atol=1e-6)


def test_value_agrees_with_a_published_simulation(shared_data: Path) -> None:
    folder = shared_data / "attribution-paths"
    wanted = pd.read_csv(folder / "expected_markov_order1.csv").set_index("channel_name").total_conversion_value
    found = attribute(published_paths(shared_data), "markov").set_index("channel").value
    assert (found - wanted).abs().max() / wanted.sum() < 0.005


def walked(paths: pd.DataFrame, order: int, without: str | None = None) -> float:
    """What the chain comes to, by following the probability from state to state until nearly none is left."""
    moves: dict[tuple[str, ...], Counter[tuple[str, ...] | str]] = {}
    worth: Counter[tuple[str, ...]] = Counter()
    for row in paths.itertuples():
        touches = str(row.path).split(" > ")
        states = [()] + [tuple(touches[max(0, end - order) : end]) for end in range(1, len(touches) + 1)]
        for now, then in zip(states, [*states[1:], "end"], strict=True):
            moves.setdefault(now, Counter())[then] += row.conversions + row.nulls
        worth[states[-1]] += row.conversions
    here, total = {(): 1.0}, 0.0
    for _ in range(2000):
        ahead: Counter[tuple[str, ...]] = Counter()
        for state, share in here.items():
            seen = sum(moves[state].values())
            if seen:
                total += share * worth[state] / seen
                for then, count in moves[state].items():
                    if then != "end" and then[-1] != without:
                        ahead[then] += share * count / seen  # type: ignore[index]
        here = ahead
        if sum(here.values()) < 1e-14:
            break
    return total


rows = st.lists(
    st.tuples(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=6), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=10,
).filter(lambda made: sum(row[1] for row in made) > 0)


@given(rows, st.integers(1, 3))
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_the_solution_agrees_with_walking_the_chain(made: list[tuple[list[str], int, int]], order: int) -> None:
    paths = pd.DataFrame([(" > ".join(a), b, c) for a, b, c in made], columns=["path", "conversions", "nulls"])
    base = walked(paths, order)
    wanted = {channel: 1 - walked(paths, order, channel) / base for channel in effects_of(paths, order)}
    assert effects_of(paths, order) == pytest.approx(wanted, abs=1e-9)


def test_an_order_that_remembers_whole_journeys_loses_those_with_the_channel() -> None:
    """Then the removal effect is the plain share of conversions that touched the channel."""
    wanted = {"A": 2 / 3, "B": 2 / 3, "C": 1 / 3}
    assert effects_of(SMALL, order=2) == pytest.approx(wanted, abs=1e-12)


def test_too_many_states_are_refused() -> None:
    names = [f"c{number}" for number in range(80)]
    pairs = [f"{one} > {other}" for one in names for other in names]
    with pytest.raises(UsageError, match="6,480 states"):
        attribute(pd.DataFrame({"path": pairs, "conversions": 1}), "markov", order=2)
