from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.formula import (
    Call,
    Name,
    Number,
    Operation,
    Values,
    combine,
    formula_text,
    names_in,
    parse_formula,
    walk,
)


def some(*numbers: float | None, reason: str = "missing") -> Values:
    return Values(
        np.array([math.nan if n is None else n for n in numbers]),
        np.array([reason if n is None else "" for n in numbers], dtype=object),
    )


def test_a_formula_becomes_a_tree() -> None:
    assert parse_formula("a / (b + 2) - prior(c)") == Operation(
        "-",
        Operation("/", Name("a"), Operation("+", Name("b"), Number(2.0))),
        Call("prior", Name("c")),
    )
    assert names_in(parse_formula("a / (b + 2) - prior(c) * days()")) == {"a", "b", "c"}
    assert len(list(walk(parse_formula("-a")))) == 3


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("a ** 2", "a ** 2"),
        ("a // b", "a // b"),
        ("a if b else c", "a if b else c"),
        ("__import__('os')", "__import__"),
        ("a.b", "a.b"),
        ("[a]", "[a]"),
        ("'a'", "'a'"),
        ("True", "True"),
        ("(lambda: a)()", "lambda"),
        ("prior(a, b)", "one thing"),
        ("days(a)", "nothing"),
        ("prior(x=a)", "prior"),
        ("prio(a)", "Did you mean 'prior'"),
        ("a +", "no formula"),
        ("", "no formula"),
        ("(" * 500 + "a" + ")" * 500, "no formula"),
        ("a" * 3000, "2,000"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, piece: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_formula(text)
    assert piece in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_formula(text)


def test_a_formula_in_words_keeps_its_brackets() -> None:
    assert formula_text(parse_formula("a / (b + c)"), str.upper) == "A ÷ (B + C)"
    assert formula_text(parse_formula("a - (b - c)"), str.upper) == "A − (B − C)"
    assert formula_text(parse_formula("a / (b * c) * 2"), str.upper) == "A ÷ (B × C) × 2"
    assert formula_text(parse_formula("-a + average(b)"), str.upper) == "−A + average B"


def test_a_zero_below_has_the_reason_and_not_a_number() -> None:
    values = combine("/", some(1, 2), some(0, 4), zero="no leads in the period")
    assert math.isnan(values.numbers[0]) and values.reasons[0] == "no leads in the period"
    assert values.numbers[1] == 0.5 and values.reasons[1] == ""


@pytest.mark.parametrize("base", [0.0, -50.0])
def test_growth_on_a_zero_or_negative_base_is_undefined(base: float) -> None:
    values = combine("/", some(50), some(base), zero="", growth=True)
    assert values.reasons[0] == "base is zero or negative"


def test_a_ratio_below_zero_is_defined() -> None:
    assert combine("/", some(1), some(-4), zero="").numbers[0] == -0.25


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_a_missing_part_carries_its_reason_on(operator: str) -> None:
    values = combine(operator, some(None, 1), some(2, None, reason="why"), zero="")  # type: ignore[arg-type]
    assert list(values.reasons) == ["missing", "why"]
    assert np.isnan(values.numbers).all()


def test_an_overflow_is_a_reason_and_not_infinity() -> None:
    values = combine("*", some(1e300), some(1e300), zero="")
    assert math.isnan(values.numbers[0]) and values.reasons[0]
