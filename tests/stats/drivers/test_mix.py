"""Rates and the mix of segments add up to the change; Simpson's paradox is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.reasons import says

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.drivers import segment_effects, simpson_paradox

Pairs = dict[str, tuple[float, float]]


def test_rate_and_mix_of_two_segments() -> None:
    found = segment_effects({"A": (40, 800), "B": (40, 200)}, {"A": (26, 500), "B": (105, 500)})
    assert found.rate_effect.sum() == pytest.approx(0.0048)
    assert found.mix_effect.sum() == pytest.approx(0.0462)
    assert found.total.sum() == pytest.approx(131 / 1000 - 80 / 1000)
    by_hand = [(0.8 + 0.5) / 2 * (0.052 - 0.05), (0.2 + 0.5) / 2 * (0.21 - 0.2)]
    assert found.rate_effect.to_list() == pytest.approx(by_hand)
    middle = (0.08 + 0.131) / 2
    assert found.mix_effect.to_list() == pytest.approx([(0.051 - middle) * -0.3, (0.205 - middle) * 0.3])


def test_coming_and_going_is_mix_and_cost_without_a_lead_is_rate() -> None:
    found = segment_effects(
        {"old": (50, 100), "gone": (30, 20), "dry": (0, 0)}, {"old": (50, 100), "new": (80, 60), "dry": (10, 0)}
    )
    found = found.set_index("segment")
    assert found.rate_effect[["old", "gone", "new"]].to_list() == pytest.approx([0, 0, 0], abs=1e-15)
    assert found.mix_effect["dry"] == 0
    assert found.total["dry"] == pytest.approx(10 / 160)
    assert found.total.sum() == pytest.approx(140 / 160 - 80 / 120)


def test_what_was_taken_back_whole_is_no_base() -> None:
    rest = 0.1 + 0.2 - 0.3
    found = segment_effects({"A": (10, 100), "B": (5, rest)}, {"A": (12, 90), "B": (20, 50)}).set_index("segment")
    assert found.total.sum() == pytest.approx(32 / 140 - 15 / 100)
    assert found.rate_effect.abs().max() < 1
    tiny = segment_effects({"A": (10, 100), "B": (5, -rest)}, {"A": (12, 90), "B": (20, 1e-7)})
    assert tiny.total.sum() == pytest.approx(32 / (90 + 1e-7) - 15 / 100, rel=1e-9)


def test_slices_of_a_sum_are_differences() -> None:
    found = segment_effects({"A": 5, "B": 2}, {"B": 4, "C": 1})
    assert dict(zip(found.segment, found.total, strict=True)) == {"A": -5, "B": 2, "C": 1}
    assert found.rate_effect.isna().all() and found.mix_effect.isna().all()


PAIRS = st.dictionaries(st.sampled_from("ABCDEF"), st.tuples(st.integers(-50, 500), st.integers(0, 500)), min_size=1)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(PAIRS, PAIRS)
def test_effects_add_up_to_the_change_of_the_ratio(before: Pairs, after: Pairs) -> None:
    then, now = (np.array(list(side.values()), dtype=float).sum(axis=0) for side in (before, after))
    assume(then[1] > 0 and now[1] > 0)
    found = segment_effects(before, after)
    size = max(found.total.abs().sum(), abs(then[0] / then[1]), abs(now[0] / now[1]))
    assert abs(found.total.sum() - (now[0] / now[1] - then[0] / then[1])) <= 1e-9 * size
    turned = segment_effects(*(dict(reversed(side.items())) for side in (before, after))).set_index("segment")
    assert np.allclose(turned.loc[found.segment, "total"], found.total, atol=1e-9 * size)


PUNCTURE = {"small": (234, 270), "large": (55, 80)}
OPEN_SURGERY = {"small": (81, 87), "large": (192, 263)}


def test_the_treatment_that_wins_in_both_groups_loses_in_total() -> None:
    found = simpson_paradox(PUNCTURE, OPEN_SURGERY)
    assert found is not None and found.every and found.up
    assert (found.before, found.after) == pytest.approx((289 / 350, 273 / 350))
    assert found.moved == ("small", "large")
    assert found.rate_effect > 0 > found.mix_effect
    assert says(found.sentence("Success", "size"), "Success rose", "size", "fell", "mix")
    back = simpson_paradox(OPEN_SURGERY, PUNCTURE)
    assert back is not None and not back.up and says(back.sentence("Success", "size"), "fell", "size", "rose")


def test_a_paradox_by_weight_is_told_as_such() -> None:
    found = simpson_paradox(PUNCTURE | {"odd": (5, 10)}, OPEN_SURGERY | {"odd": (4, 10)})
    assert found is not None and not found.every and found.moved == ("small", "large")
    assert "taken together" in found.sentence("Success", "size")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"A": (1, 2), "B": (1, 4)}, {"A": (2, 2), "B": (2, 4)}),
        ({"A": (1, 2), "B": (1, 4)}, {"A": (1, 2), "B": (1, 4)}),
        ({"A": (1, 2)}, {"A": (1, 2), "B": (0, 9)}),
    ],
)  # fmt: skip
def test_no_paradox_is_seen_where_there_is_none(before: Pairs, after: Pairs) -> None:
    assert simpson_paradox(before, after) is None


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"A": (1, 0)}, {"A": (1, 2)}, "zero in total, before"),
        ({"A": (1, 2)}, {"A": (1, -2), "B": (3, 4)}, "negative.*after"),
        ({"A": (1, 2)}, {"A": (float("nan"), 2)}, "no number after"),
        ({"A": (1, 2)}, {"A": 3}, "one number or"),
    ],
)
def test_segments_without_weights_are_refused(before: Pairs, after: Pairs, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        segment_effects(before, after)
