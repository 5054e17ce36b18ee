"""Credit by rule: published tables, shares by hand, and what must hold for any journeys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.attribution import RULES, attribute


def published_paths(shared_data: Path) -> pd.DataFrame:
    """Ten thousand journeys of ChannelAttribution, every second path; its README says where they come from."""
    paths = pd.read_csv(shared_data / "attribution-paths" / "paths.csv", sep=";")
    return paths.set_axis(["path", "conversions", "value", "nulls"], axis=1)


def by_hand(path: str, rule: str, **settings: float) -> dict[str, float]:
    frame = pd.DataFrame({"path": [path], "conversions": [1]})
    credit = attribute(frame, rule, **settings)  # type: ignore[arg-type]
    return dict(zip(credit.channel, credit.conversions, strict=True))


@pytest.mark.parametrize("rule", ["first", "last", "linear"])
def test_published_heuristics(shared_data: Path, rule: str) -> None:
    wanted = pd.read_csv(shared_data / "attribution-paths" / "expected_heuristic.csv").set_index("channel_name")
    found = attribute(published_paths(shared_data), rule).set_index("channel")
    for amount, column in (("conversions", "conversions"), ("value", "value")):
        pairs = found[amount], wanted[f"{rule}_touch_{column}"].reindex(found.index)
        np.testing.assert_allclose(*pairs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        ("first", [1, 0, 0, 0, 0]),
        ("last", [0, 0, 0, 0, 1]),
        ("linear", [0.2] * 5),
        ("u_shaped", [0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4]),
        ("w_shaped", [0.3, 0.05, 0.3, 0.05, 0.3]),
        ("time_decay", [2**-4 / 1.9375, 2**-3 / 1.9375, 2**-2 / 1.9375, 2**-1 / 1.9375, 1 / 1.9375]),
    ],
)
def test_the_shares_of_five_touches(rule: str, shares: list[float]) -> None:
    found = by_hand("a > b > c > d > e", rule, half_life=1)
    assert list(found.values()) == pytest.approx(shares, abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "path", "shares"),
    [
        ("u_shaped", "a > b", [0.5, 0.5]),
        ("u_shaped", "a > b > c", [0.4, 0.2, 0.4]),
        ("w_shaped", "a > b", [0.5, 0.5]),
        ("w_shaped", "a > b > c", [1 / 3, 1 / 3, 1 / 3]),
        ("w_shaped", "a > b > c > d", [0.3, 0.3, 0.1, 0.3]),
        ("time_decay", "a > b", [2 ** (-1 / 7) / (1 + 2 ** (-1 / 7)), 1 / (1 + 2 ** (-1 / 7))]),
    ],
)
def test_short_journeys(rule: str, path: str, shares: list[float]) -> None:
    assert list(by_hand(path, rule).values()) == pytest.approx(shares, abs=1e-12)


def test_time_decay_goes_by_the_days_where_they_are_known() -> None:
    frame = pd.DataFrame({"path": ["a > b", "a > b"], "conversions": [3, 5], "days": ["7 > 0", "0 > 0"]})
    found = attribute(frame, "time_decay", half_life=7).set_index("channel").conversions
    assert found.to_dict() == pytest.approx({"a": 3 / 3 + 2.5, "b": 3 * 2 / 3 + 2.5})


def test_a_thousand_years_ago_are_no_longer_told_from_two_thousand() -> None:
    frame = pd.DataFrame({"path": ["a > b"], "conversions": [1], "days": ["800000 > 400000"]})
    assert attribute(frame, "time_decay").conversions.tolist() == [0.5, 0.5]


def test_blanks_and_the_same_path_in_several_rows_do_not_matter() -> None:
    loose = pd.DataFrame({"path": ["A>B", " A  >  B ", "A > B"], "conversions": [1, 1, 2], "value": [1, 2, 3]})
    assert attribute(loose, "last").values.tolist() == [["A", 0.0, 0.0], ["B", 4.0, 6.0]]


def test_a_channel_that_only_failed_has_no_credit() -> None:
    frame = pd.DataFrame({"path": ["A", "B"], "conversions": [1, 0], "nulls": [0, 9]})
    assert attribute(frame, "first").conversions.tolist() == [1.0, 0.0]


def test_without_value_there_is_none() -> None:
    assert attribute(pd.DataFrame({"path": ["A"], "conversions": [1]}), "shapley").value.isna().all()


def test_any_kind_of_column_is_read() -> None:
    wanted = attribute(pd.DataFrame({"path": ["A > B", "B"], "conversions": [1, 2]}), "linear")
    for kind in ("category", "object", "string", "string[pyarrow]"):
        frame = pd.DataFrame({"path": pd.Series(["A > B", "B"], dtype=kind), "conversions": pd.array([1, 2], "Int64")})
        pd.testing.assert_frame_equal(attribute(frame, "linear"), wanted)


# ------------------------------------------------------------------------------------------------- for any journeys

touch = st.sampled_from(["email", "paid", "organic", "social"])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "path": st.lists(touch, min_size=1, max_size=7).map(" > ".join),
            "conversions": st.integers(0, 50),
            "cents": st.integers(0, 10**6),
            "nulls": st.integers(0, 90),
        }
    ),
    min_size=1,
    max_size=25,
).filter(lambda made: any(row["conversions"] for row in made))


def framed(made: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(made)
    return frame.assign(value=frame.cents / 100 * (frame.conversions > 0)).drop(columns="cents")


@pytest.mark.parametrize("rule", RULES)
@given(made=rows, chance=st.randoms(use_true_random=False), order=st.integers(1, 3))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_credit_sums_to_the_total_whatever_the_order_of_rows(rule: str, made, chance, order: int) -> None:  # type: ignore[no-untyped-def]
    paths = framed(made)
    found = attribute(paths, rule, order=order)
    for name in ("conversions", "value"):
        assert found[name].sum() == pytest.approx(paths[name].sum(), rel=1e-12, abs=1e-9)
        assert (found[name] >= 0).all()
    shuffled = made.copy()
    chance.shuffle(shuffled)
    pd.testing.assert_frame_equal(attribute(framed(shuffled), rule, order=order), found, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 40))
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
def test_a_journey_of_one_channel_gives_it_all(rule: str, length: int, conversions: int, nulls: int) -> None:
    path = " > ".join(["email"] * length)
    frame = pd.DataFrame({"path": [path], "conversions": [conversions], "value": [7.5], "nulls": [nulls]})
    found = attribute(frame, rule)
    assert (found.conversions[0], found.value[0]) == pytest.approx((conversions, 7.5), rel=1e-12)


@pytest.mark.parametrize("rule", ["first", "last", "linear", "time_decay", "u_shaped", "w_shaped"])
@given(rows)
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
def test_every_row_by_itself_gives_the_same_as_all_together(rule: str, made) -> None:  # type: ignore[no-untyped-def]
    paths = framed(made)
    alone = [attribute(paths.iloc[[row]], rule) for row in np.flatnonzero(paths.conversions)]
    wanted = pd.concat(alone).groupby("channel")[["conversions", "value"]].sum()
    found = attribute(paths, rule).set_index("channel")
    np.testing.assert_allclose(found.loc[wanted.index], wanted, rtol=1e-9, atol=1e-9)


# ------------------------------------------------------------------------------------------------------------ errors

GOOD = pd.DataFrame({"path": ["A > B", "B"], "conversions": [1, 2], "nulls": [3, 4], "value": [5.0, 6.0]})


@pytest.mark.parametrize(
    ("paths", "rule", "words"),
    [
        (GOOD, "liner", "Did you mean 'linear'"),
        (GOOD, "banana", "There are: first, last"),
        (GOOD.rename(columns={"conversions": "conversion"}), "last", "Did you mean 'conversion'"),
        (GOOD.drop(columns="path"), "last", "no column 'path'"),
        (GOOD.iloc[:0], "last", "there are no paths"),
        (GOOD.assign(conversions=[-1, 2]), "last", "conversions is below zero in 1 path: 'A > B'"),
        (GOOD.assign(nulls=[1, -2]), "markov", "nulls is below zero in 1 path: 'B'"),
        (GOOD.assign(conversions=0), "last", "no path has a conversion"),
        (GOOD.assign(conversions=["one", "two"]), "last", "does not hold numbers"),
        (GOOD.assign(value=[1.0, np.nan]), "last", "value is not a number in 1 path: 'B'"),
        (GOOD.assign(path=["A > > B", "B"]), "last", "lacks a channel in 1 path: 'A > > B'"),
        (GOOD.assign(path=["A", None]), "last", "lacks a channel in 1 path: an empty path"),
        (GOOD.assign(path=["A", " "]), "last", "lacks a channel"),
        (GOOD.assign(value=[-1, 2]), "markov", "values of zero or more"),
        (GOOD.assign(days=["1", "0"]), "time_decay", "days does not fit the path in 1 path: 'A > B'"),
        (GOOD.assign(days=["1 > x", "0"]), "time_decay", "Write numbers"),
        (GOOD.assign(days=["1 > -2", "0"]), "time_decay", "days is below zero in 1 path: 'A > B'"),
        (GOOD.assign(days=["1 > 0", None]), "time_decay", "days is empty"),
    ],
)
def test_what_is_wrong_is_said(paths: pd.DataFrame, rule: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        attribute(paths, rule)
    assert words in str(caught.value)


@pytest.mark.parametrize("settings", [{"half_life": 0}, {"half_life": float("nan")}, {"order": 0}, {"order": 1.5}])
def test_settings_that_cannot_be(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(settings))} is"):
        attribute(GOOD, "markov", **settings)  # type: ignore[arg-type]


def test_a_refund_may_lower_the_value_of_a_journey() -> None:
    assert attribute(GOOD.assign(value=[-4.0, 6.0]), "linear").value.tolist() == [-2.0, 4.0]
