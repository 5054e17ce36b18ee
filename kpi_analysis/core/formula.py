"""Formulas of KPIs: text to an expression tree, and the tree to values or to the reason why there is none.

A formula knows ``+ - * / ( )``, numbers, measures, other metrics, ``prior(x)`` (the period before),
``year_ago(x)``, ``average(x)`` (of a stock: opening and closing balance), ``whole(x)`` (all slices together)
``days()`` and ``months()``.
The same tree computes, documents and, later, explains a KPI.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kpi_analysis.core.errors import ConfigError, did_you_mean

FUNCTIONS = ("prior", "year_ago", "average", "whole", "days", "months")
WITHOUT_ARGUMENT = ("days", "months")
ALLOWED = "+ - * / ( ), numbers, names, prior(x), year_ago(x), average(x), whole(x), days(), months()"
Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Number:
    """Constant of a formula."""

    value: float


@dataclass(frozen=True)
class Name:
    """Name of a measure or of another metric."""

    name: str


@dataclass(frozen=True)
class Operation:
    """Binary operation: two parts and what is done with them."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """Function call: prior, year_ago, average or whole of a part; days() or months() of the period."""

    function: str
    argument: Node | None = None


Node = Number | Name | Operation | Call


def parse_formula(text: str) -> Node:
    """Expression tree of a formula's text.

    Parameters
    ----------
    text : str
        Such as ``won_deals / (won_deals + lost_deals)``.

    Returns
    -------
    Node
        The root of the tree.

    Raises
    ------
    ConfigError
        When the text is no formula; the message quotes the piece at fault.

    Examples
    --------
    >>> parse_formula("revenue / orders")
    Operation(operator='/', left=Name(name='revenue'), right=Name(name='orders'))
    >>> sorted(names_in(parse_formula("prior(revenue) * 2 + days()")))
    ['revenue']
    """
    if len(text) > 2000:
        raise ConfigError("the formula is longer than 2,000 characters.", remedy="Split it into metrics.")
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval")
        return _convert(tree.body, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError(f"'{text}' is no formula.", remedy=f"Use {ALLOWED}.") from None


_OPERATORS: dict[type[ast.operator], Operator] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def _convert(node: ast.expr, text: str) -> Node:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return Number(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return Operation("-", Number(0.0), _convert(node.operand, text))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return Operation(_OPERATORS[type(node.op)], _convert(node.left, text), _convert(node.right, text))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        name, arguments = node.func.id, node.args
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS) or f"Known: {', '.join(FUNCTIONS)}."
            raise ConfigError(f"unknown function '{name}' in '{text}'.", remedy=hint)
        if len(arguments) != (0 if name in WITHOUT_ARGUMENT else 1):
            wanted = "nothing" if name in WITHOUT_ARGUMENT else "one thing"
            raise ConfigError(f"{name}() takes {wanted} between its brackets, in '{text}'.")
        return Call(name, _convert(arguments[0], text) if arguments else None)
    piece = ast.unparse(node)
    raise ConfigError(
        f"'{piece}' is not allowed in the formula '{text}'.",
        remedy=f"Use {ALLOWED}.",
    )


def walk(node: Node) -> Iterator[Node]:
    """Pre-order walk through a tree: a parent before its parts."""
    yield node
    if isinstance(node, Operation):
        yield from walk(node.left)
        yield from walk(node.right)
    elif isinstance(node, Call) and node.argument is not None:
        yield from walk(node.argument)


def names_in(node: Node) -> frozenset[str]:
    """Names of the measures and metrics that a formula needs."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Name))


def formula_text(node: Node, label: Callable[[str], str], parent: int = 0) -> str:
    """Formula as people read it: ``won deals ÷ (won deals + lost deals)``."""
    if isinstance(node, Number):
        return f"{node.value:g}"
    if isinstance(node, Name):
        return label(node.name)
    if isinstance(node, Call):
        words = {
            "prior": "{} of the period before",
            "year_ago": "{} of a year ago",
            "average": "average {}",
            "whole": "{} of all slices together",
            "days": "days of the period",
            "months": "months of the period",
        }[node.function]
        return words.format(formula_text(node.argument, label, 3) if node.argument is not None else "")
    if node.operator == "-" and node.left == Number(0.0):
        return "−" + formula_text(node.right, label, 2)
    sign = {"+": "+", "-": "−", "*": "×", "/": "÷"}[node.operator]
    rank = 1 if node.operator in "+-" else 2
    right = rank + 1 if node.operator in "-/" else rank
    text = f"{formula_text(node.left, label, rank)} {sign} {formula_text(node.right, label, right)}"
    return f"({text})" if rank < parent else text


@dataclass(frozen=True)
class Values:
    """Values of slices, of one period or of many; where one is missing it is NaN and `reasons` says why.

    Parameters
    ----------
    numbers : array of float, shape (slices,) or (periods, slices)
    reasons : array of str, of the same shape
        Empty where there is a number.
    """

    numbers: npt.NDArray[np.float64]
    reasons: npt.NDArray[np.object_]

    @classmethod
    def missing(cls, reason: str, shape: int | tuple[int, ...]) -> Values:
        """Values that are missing everywhere, for one reason."""
        return cls(np.full(shape, np.nan), np.full(shape, reason, dtype=object))

    @classmethod
    def constant(cls, value: float, shape: int | tuple[int, ...]) -> Values:
        """Values that are the same number everywhere."""
        return cls(np.full(shape, float(value)), np.full(shape, "", dtype=object))


def combine(operator: Operator, left: Values, right: Values, *, zero: str, growth: bool = False) -> Values:
    """Result of an operator, slice by slice; a missing part carries its reason on.

    Parameters
    ----------
    operator : {"+", "-", "*", "/"}
        What is done with the two.
    left : Values
        Of some slices.
    right : Values
        Of the same slices.
    zero : str
        The reason where a division has no value because the right part is zero.
    growth : bool
        Whether the right part is the base of a growth rate, so that a negative one has no meaning either.

    Returns
    -------
    Values
        Of the same slices.
    """
    reasons = np.where(left.reasons != "", left.reasons, right.reasons)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if operator == "+":
            numbers = left.numbers + right.numbers
        elif operator == "-":
            numbers = left.numbers - right.numbers
        elif operator == "*":
            numbers = left.numbers * right.numbers
        else:
            undefined = (right.numbers <= 0) if growth else (right.numbers == 0)
            why = "base is zero or negative" if growth else zero
            numbers = np.where(undefined, np.nan, left.numbers / np.where(undefined, 1.0, right.numbers))
            reasons = np.where((reasons == "") & undefined, why, reasons)
    reasons = np.where(~np.isfinite(numbers) & (reasons == ""), "the value is too large", reasons)
    return Values(np.where(reasons == "", numbers, np.nan), reasons)
