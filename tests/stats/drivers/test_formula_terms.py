"""A formula as sums of products."""

from __future__ import annotations

import pytest

from kpi_analysis.core.formula import parse_formula
from kpi_analysis.stats.drivers.formula_terms import (
    as_ratio,
    evaluate,
    factors,
    is_sum,
    operand_name,
    operands,
    substitute,
    terms,
)


def test_leaves_are_names_and_calls_each_once() -> None:
    tree = parse_formula("(prior(open) + created) * won / (won + lost) * 365 / days() - average(a - b)")
    wanted = ["prior(open)", "created", "won", "lost", "days()", "average((a - b))"]
    assert [operand_name(operand) for operand in operands(tree)] == wanted


def test_brackets_do_not_hide_terms_and_factors() -> None:
    assert [(sign, operand_name(part)) for sign, part in terms(parse_formula("a - (b - (c + d)) - 2"))] == [
        (1, "a"), (-1, "b"), (1, "c"), (1, "d"), (-1, "2"),
    ]  # fmt: skip
    assert [(power, operand_name(part)) for power, part in factors(parse_formula("a / (b / (c * d)) * (e + f)"))] == [
        (1, "a"), (-1, "b"), (1, "c"), (1, "d"), (1, "(e + f)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "upper", "lower"),
    [
        ("a / b", 3 * 1.0, 5.0),
        ("a / average(b) * 365 / days()", 3 * 365.0, 7 * 90.0),
        ("a / prior(a) - 1", 3.0, 2.0),
        ("1 - (a - b) / c", -(3.0 - 5.0), 11.0),
    ],
)
def test_the_parts_of_a_ratio_stand_apart(formula: str, upper: float, lower: float) -> None:
    numbers = {"a": 3.0, "b": 5.0, "average(b)": 7.0, "days()": 90.0, "prior(a)": 2.0, "c": 11.0}
    assert [evaluate(part, numbers) for part in as_ratio(parse_formula(formula))] == [upper, lower]


def test_a_product_and_a_sum_of_ratios_are_no_ratio() -> None:
    assert (
        as_ratio(parse_formula("a * b"))
        == as_ratio(parse_formula("a / b + c / d"))
        == as_ratio(parse_formula("a"))
        == ()
    )


def test_a_leaf_of_a_thousand_slices_is_a_flat_tree() -> None:
    names = [f"n{i}" for i in range(5000)]
    tree = substitute(parse_formula("a / b"), {"a": names})
    assert evaluate(tree, dict.fromkeys(names, 1.0) | {"b": 4.0}) == 1250
    assert len(terms(tree.left)) == 5000  # type: ignore[union-attr]
    assert is_sum(tree.left) and not is_sum(tree)  # type: ignore[union-attr]
