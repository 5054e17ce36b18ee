"""Contributions add up to the change, whatever the formula, and agree with published and enumerated figures."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.formula import Name, Node, Number, Operation, parse_formula
from kpi_analysis.stats.drivers import decompose, operand_name, operands
from kpi_analysis.stats.drivers.decompose import Method, _shapley_weights
from kpi_analysis.stats.drivers.formula_terms import evaluate

VELOCITY = "opportunities * win_rate * deal_size / cycle"
THEN = {"opportunities": 40, "win_rate": 0.25, "deal_size": 20000, "cycle": 50}
NOW = {"opportunities": 50, "win_rate": 0.20, "deal_size": 22000, "cycle": 44}


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("lmdi", [1000.0, -1000.0, 427.12, 572.88]),
        ("shapley", [1006.29, -1014.62, 430.83, 577.50]),
    ],
)
def test_sales_velocity_by_both_methods(method: Method, wanted: list[float]) -> None:
    found = decompose(VELOCITY, THEN, NOW, method=method)
    assert found.to_list() == pytest.approx(wanted, abs=0.005)
    assert list(found.index) == list(THEN) and found.attrs["method"] == method
    assert found.sum() == pytest.approx(1000, rel=1e-12)


def test_the_logarithms_are_those_of_the_closed_form() -> None:
    mean = (5000 - 4000) / math.log(5000 / 4000)
    wanted = [mean * math.log(NOW[name] / THEN[name]) for name in THEN]
    wanted[3] *= -1
    assert decompose(VELOCITY, THEN, NOW).to_list() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "before", "after", "method"),
    [
        ("a + 2 * b - c / 4", {"a": -1, "b": 0, "c": 8}, {"a": 5, "b": 2, "c": -4}, "differences"),
        ("a / (a + b)", {"a": 30, "b": 70}, {"a": 20, "b": 30}, "lmdi"),
        ("now / prior(now) - 1", {"now": 100, "prior(now)": 80}, {"now": 90, "prior(now)": 100}, "lmdi"),
        ("(up - down) / answers * 100", {"up": 3, "down": 5, "answers": 10}, {"up": 6, "down": 4, "answers": 12},
         "shapley"),
        ("a * b", {"a": 0, "b": 5}, {"a": 4, "b": 7}, "shapley"),
        ("a / (b - c)", {"a": 2, "b": 3, "c": 1}, {"a": 4, "b": 5, "c": 3}, "lmdi"),
        ("0 - a / (b - c)", {"a": -2, "b": 3, "c": 1}, {"a": 4, "b": 5, "c": 3}, "shapley by levels"),
    ],
)  # fmt: skip
def test_the_numbers_decide_on_the_method(
    formula: str, before: dict[str, float], after: dict[str, float], method: str
) -> None:
    found = decompose(formula, before, after)
    assert found.attrs["method"] == method
    change = evaluate(parse_formula(formula), after) - evaluate(parse_formula(formula), before)
    assert found.sum() == pytest.approx(change, rel=1e-12)


def test_terms_of_a_sum_count_their_differences() -> None:
    found = decompose("a + 2 * b - c / 4", {"a": -1, "b": 0, "c": 8}, {"a": 5, "b": 2, "c": -4})
    assert found.to_dict() == {"a": 6, "b": 4, "c": 3}


def test_terms_of_a_factor_share_what_it_counts_in_proportion_to_their_differences() -> None:
    parts = decompose("(kept + new) * price", {"kept": 60, "new": 40, "price": 2}, {"kept": 50, "new": 70, "price": 3})
    whole = decompose("customers * price", {"customers": 100, "price": 2}, {"customers": 120, "price": 3})
    assert parts["price"] == pytest.approx(whole["price"])
    assert parts["kept"] == pytest.approx(-0.5 * whole["customers"])
    assert parts["new"] == pytest.approx(1.5 * whole["customers"])


def by_enumeration(tree: Node, before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Shapley values by their definition: the mean over all orders of changing one name after the other."""
    orders = list(permutations(before))
    total = dict.fromkeys(before, 0.0)
    for order in orders:
        mixed = dict(before)
        for name in order:
            then = evaluate(tree, mixed)
            mixed[name] = after[name]
            total[name] += (evaluate(tree, mixed) - then) / len(orders)
    return total


def test_shapley_values_are_the_mean_over_all_orders() -> None:
    tree = parse_formula("a * b / (c + d * d) - a * 3")
    before, after = {"a": -2.0, "b": 3.0, "c": 1.0, "d": 2.0}, {"a": 5.0, "b": 0.0, "c": 4.0, "d": 1.0}
    found = decompose(tree, before, after)
    assert found.attrs["method"] == "shapley"
    assert found.to_dict() == pytest.approx(by_enumeration(tree, before, after), rel=1e-12)


def test_a_product_by_levels_has_the_shapley_values_of_its_factors() -> None:
    tree = parse_formula("a * b / c * d")
    before, after = {"a": -2.0, "b": 3.0, "c": 1.0, "d": 2.0}, {"a": 5.0, "b": 0.5, "c": 4.0, "d": 1.0}
    moving = [(-1.0 if n == "c" else 1.0, Name(n), before[n], after[n]) for n in before]
    found = {part.name: weight * (after[part.name] - before[part.name]) for weight, part in _shapley_weights(moving)}  # type: ignore[union-attr]
    assert found == pytest.approx(by_enumeration(tree, before, after), rel=1e-12)


def test_more_than_twelve_names_are_taken_apart_level_by_level() -> None:
    names = [f"n{i}" for i in range(14)]
    before, after = dict.fromkeys(names, -2.0), {name: -2.0 + i for i, name in enumerate(names)}
    found = decompose(" * ".join(names[:7]) + " + " + " * ".join(names[7:]), before, after)
    assert found.attrs["method"] == "shapley by levels"
    assert found["n0"] == 0
    halves = [decompose(" * ".join(half), before, after, method="shapley") for half in (names[:7], names[7:])]
    assert found.to_list() == pytest.approx([*halves[0], *halves[1]], rel=1e-9), "each sum of products by itself"


# ---------------------------------------------------------------------- whatever the formula

NAMES = ("a", "b", "c", "d", "e")
SIZES = st.floats(0.1, 1000).map(lambda x: round(x, 3))
SIGNED = st.floats(-100, 100).map(lambda x: round(x, 2))
PARTS = st.one_of(st.sampled_from(NAMES).map(Name), st.integers(1, 9).map(lambda x: Number(float(x))))
TREES = st.recursive(
    PARTS, lambda inner: st.builds(Operation, st.sampled_from(("+", "-", "*", "/")), inner, inner), max_leaves=9
)


def numbers(sizes: Any) -> Any:
    return st.fixed_dictionaries({name: sizes for name in NAMES})


def value(tree: Node, at: dict[str, float]) -> float:
    try:
        found = float(evaluate(tree, at))
    except ZeroDivisionError:
        found = math.nan
    assume(math.isfinite(found) and (found == 0 or 1e-3 < abs(found) < 1e9))
    return found


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    TREES, numbers(st.one_of(SIZES, SIGNED)), numbers(st.one_of(SIZES, SIGNED)), st.sampled_from(("auto", "shapley"))
)
def test_contributions_add_up_to_the_change(
    tree: Node, before: dict[str, float], after: dict[str, float], method: Method
) -> None:
    change = value(tree, after) - value(tree, before)
    found = decompose(tree, before, after, method=method)
    size = max(found.abs().sum(), abs(value(tree, before)), abs(value(tree, after)))
    assert abs(found.sum() - change) <= 1e-9 * size
    assert list(found.index) == [operand_name(operand) for operand in operands(tree)]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TREES, numbers(SIZES), numbers(SIZES), st.sampled_from(NAMES))
def test_a_number_that_did_not_change_counts_nothing(
    tree: Node, before: dict[str, float], after: dict[str, float], same: str
) -> None:
    after = {**after, same: before[same]}
    value(tree, before), value(tree, after)
    assert decompose(tree, before, after).get(same, 0.0) == 0.0


def turned(node: Node) -> Node:
    """The same formula with the operands of sums and products in the other order."""
    if not isinstance(node, Operation):
        return node
    left, right = turned(node.left), turned(node.right)
    return Operation(node.operator, right, left) if node.operator in "+*" else Operation(node.operator, left, right)


def renamed(node: Node) -> Node:
    if isinstance(node, Name):
        return Name(f"z{'edcba'.index(node.name)}")
    return Operation(node.operator, renamed(node.left), renamed(node.right)) if isinstance(node, Operation) else node


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TREES, numbers(SIZES), numbers(SIZES))
def test_neither_the_order_nor_the_names_matter(tree: Node, before: dict[str, float], after: dict[str, float]) -> None:
    value(tree, before), value(tree, after)
    found = decompose(tree, before, after)
    size = max(found.abs().sum(), 1.0)
    other = decompose(turned(tree), before, after)
    assume(found.attrs == other.attrs)  # a difference of about zero may fall on either side of it
    assert np.abs(found - other[found.index]).max() <= 1e-7 * size if len(found) else True
    names = {name: f"z{'edcba'.index(name)}" for name in NAMES}
    again = decompose(renamed(tree), *({names[k]: x for k, x in side.items()} for side in (before, after)))
    assert again.to_list() == pytest.approx(found.to_list(), abs=1e-7 * size)


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("formula", "before", "after", "more", "words"),
    [
        ("revenue / orders", {"revenue": 1, "order": 2}, {"revenue": 1, "orders": 2}, {}, "Did you mean 'order'"),
        ("a / b", {"a": 1, "b": 0}, {"a": 1, "b": 2}, {}, "no value before"),
        ("a + b", {"a": 1, "b": 0}, {"a": 1, "b": math.nan}, {}, "'b' is nan after"),
        ("a * b", {"a": 1, "b": 0}, {"a": 1, "b": 2}, {"method": "lmdi"}, "positive"),
        ("a * b", {"a": 1, "b": 1}, {"a": 1, "b": 2}, {"method": "ldmi"}, "Did you mean 'lmdi'"),
    ],
)
def test_what_has_no_change_is_refused(
    formula: str, before: dict[str, float], after: dict[str, float], more: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        decompose(formula, before, after, **more)
