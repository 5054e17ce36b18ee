"""The rules for values, logic, numbers and text in a row expression."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
from sqlglot import exp

from kpi_analysis.metrics.sql import days
from kpi_analysis.metrics.sql.scope import NameScope
from kpi_analysis.metrics.sql.types import (
    Unfit,
    alike,
    is_literal,
    kind,
    number,
    real,
    same_numbers,
    to_type,
    truth,
    words,
)
from kpi_analysis.metrics.sql.visitor import check_parts, rule, text_of, visit, whole

TYPES: dict[exp.DType, str] = {
    **dict.fromkeys((exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), "int64"),
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE), "float64"),
    **dict.fromkeys((exp.DType.TEXT, exp.DType.VARCHAR), "string"),
    **dict.fromkeys((exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ), "timestamp"),
    exp.DType.DATE: "date",
    exp.DType.BOOLEAN: "boolean",
}

Operation: TypeAlias = Callable[[ir.Value, ir.Value], ir.Value]
COMPARISONS: dict[type[exp.Expression], Operation] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}


def both(node: exp.Expression, scope: NameScope) -> tuple[ir.Value, ir.Value]:
    """Return the two sides of an operator."""
    return visit(node.this, scope), visit(node.expression, scope)


def several(node: exp.Expression, scope: NameScope) -> list[ir.Value]:
    """Return the arguments of a function that takes any number of them."""
    first = [node.this] if isinstance(node.this, exp.Expression) else []
    return [visit(part, scope) for part in [*first, *node.expressions]]


# Values


@rule("this is_string", exp.Literal)
def literal(node: exp.Expression, scope: NameScope) -> ir.Value:
    if node.args.get("is_string"):
        return ibis.literal(node.name)
    if node.name.isdigit():
        return ibis.literal(int(node.name), type="int64")
    return to_type(ibis.literal(node.name), "float64")


@rule("this", exp.Boolean)
def boolean(node: exp.Expression, scope: NameScope) -> ir.Value:
    return ibis.literal(bool(node.this))


@rule("", exp.Null)
def null(node: exp.Expression, scope: NameScope) -> ir.Value:
    return ibis.null()


@rule("this", exp.Column)
def column(node: exp.Expression, scope: NameScope) -> ir.Value:
    if not isinstance(node.this, exp.Identifier):
        return visit(node.this, scope)
    return scope.look_up(node.this)


@rule("this", exp.Paren)
def paren(node: exp.Expression, scope: NameScope) -> ir.Value:
    return visit(node.this, scope)


@rule("this to safe", exp.Cast, exp.TryCast)
def cast(node: exp.Expression, scope: NameScope) -> ir.Value:
    wanted = node.args["to"]
    if wanted.this == exp.DType.DECIMAL:
        digits = [whole(parameter.this, least=0) for parameter in wanted.expressions]
        return to_type(visit(node.this, scope), f"decimal({', '.join(map(str, [*digits, 0][:2]))})")
    if wanted.this not in TYPES:
        raise Unfit("the types are int, double, decimal, varchar, date, timestamp and boolean")
    return to_type(visit(node.this, scope), TYPES[wanted.this])


# Arithmetic


def calculate(operation: Operation, left: ir.Value, right: ir.Value) -> ir.Value:
    """Return two numbers added and the like, without cutting the result to the digits of one of them."""
    sides = same_numbers([number(left), number(right)])
    if operation in (operator.mul, operator.mod):
        sides = [real(side) if side.type().is_decimal() else side for side in sides]
    return operation(*sides)


@rule("this expression", exp.Add)
def add(node: exp.Expression, scope: NameScope) -> ir.Value:
    first, second = node.this, node.expression
    if isinstance(first, exp.Interval):
        first, second = second, first
    if isinstance(second, exp.Interval):
        return days.shift(visit(first, scope), second, 1)
    left, right = visit(first, scope), visit(second, scope)
    if days.is_day(right):
        left, right = right, left
    return days.add_days(left, right, 1) if days.is_day(left) else calculate(operator.add, left, right)


@rule("this expression", exp.Sub)
def subtract(node: exp.Expression, scope: NameScope) -> ir.Value:
    if isinstance(node.expression, exp.Interval):
        return days.shift(visit(node.this, scope), node.expression, -1)
    left, right = both(node, scope)
    if days.is_day(right) or (days.is_day(left) and kind(right) == "text"):
        return days.days_between(left, right)
    return days.add_days(left, right, -1) if days.is_day(left) else calculate(operator.sub, left, right)


@rule("this expression", exp.Mul)
def multiply(node: exp.Expression, scope: NameScope) -> ir.Value:
    return calculate(operator.mul, *both(node, scope))


@rule("this expression typed safe", exp.Div)
def divide(node: exp.Expression, scope: NameScope) -> ir.Value:
    left, right = both(node, scope)
    return real(left) / real(right).nullif(0.0)


@rule("this expression", exp.Mod)
def remainder(node: exp.Expression, scope: NameScope) -> ir.Value:
    left, right = both(node, scope)
    return calculate(operator.mod, left, number(right).nullif(0))


@rule("this", exp.Neg)
def negative(node: exp.Expression, scope: NameScope) -> ir.Value:
    return -number(visit(node.this, scope))


# Comparison and logic


def ordered(values: Sequence[ir.Value]) -> list[ir.Value]:
    """Return values of one kind that have an order which every database agrees on."""
    kinds = {kind(value) for value in values}
    if "boolean" in kinds:
        raise Unfit("true and false have no order; for a range write between")
    if kinds == {"text"} and sum(not is_literal(value) for value in values) > 1:
        raise Unfit("both sides are text, where '9' comes after '10'; cast them to double or to date")
    return alike(values)


@rule("this expression", *COMPARISONS)
def compare(node: exp.Expression, scope: NameScope) -> ir.Value:
    if isinstance(node.this, exp.Null) or isinstance(node.expression, exp.Null):
        raise Unfit("a comparison with null is never true; write is null or is not null")
    equality = isinstance(node, exp.EQ | exp.NEQ)
    left, right = (alike if equality else ordered)(both(node, scope))
    return COMPARISONS[type(node)](left, right)


@rule("this low high", exp.Between)
def between(node: exp.Expression, scope: NameScope) -> ir.Value:
    value, low, high = ordered([visit(node.args[part], scope) for part in ("this", "low", "high")])
    return (value >= low) & (value <= high)


@rule("this expressions", exp.In)
def is_in(node: exp.Expression, scope: NameScope) -> ir.Value:
    listed = scope.listed(node.expressions)
    if listed is not None:
        return words(visit(node.this, scope)).isin(listed)
    if not node.expressions or any(part.find(exp.Column, exp.Null) for part in node.expressions):
        raise Unfit("in takes a list of values that are written out, and no null")
    value, *items = alike(several(node, scope))
    return value.isin(items)


@rule("this expression", exp.Is)
def is_what(node: exp.Expression, scope: NameScope) -> ir.Value:
    value, what = visit(node.this, scope), node.expression
    if isinstance(what, exp.Null):
        return value.isnull()
    if isinstance(what, exp.Boolean):
        return (truth(value) if what.this else ~truth(value)).fill_null(False)
    raise Unfit("is stands before null, true or false")


@rule("this expression negate", exp.Like, exp.ILike)
def like(node: exp.Expression, scope: NameScope) -> ir.Value:
    # A regular expression, because LIKE ignores case on SQLite and knows an escape character on Postgres.
    signs = {"%": ".*", "_": ".", **{sign: f"\\{sign}" for sign in ".^$*+?()[]{}|\\"}}
    body = "".join(signs.get(character, character) for character in text_of(node.expression))
    flags = "(?is)" if isinstance(node, exp.ILike) else "(?s)"
    found = words(visit(node.this, scope)).re_search(f"{flags}^{body}$")
    return ~found if node.args.get("negate") else found


@rule("this expression", exp.And)
def conjunction(node: exp.Expression, scope: NameScope) -> ir.Value:
    left, right = both(node, scope)
    return truth(left) & truth(right)


@rule("this expression", exp.Or)
def disjunction(node: exp.Expression, scope: NameScope) -> ir.Value:
    left, right = both(node, scope)
    return truth(left) | truth(right)


@rule("this", exp.Not)
def negation(node: exp.Expression, scope: NameScope) -> ir.Value:
    return ~truth(visit(node.this, scope))


@rule("this ifs default", exp.Case)
def case(node: exp.Expression, scope: NameScope) -> ir.Value:
    branches: list[exp.Expression] = node.args["ifs"]
    for branch in branches:
        check_parts(branch, frozenset({"this", "true"}), scope)
    tests = [_test(node.this, branch.this, scope) for branch in branches]
    return _choose(tests, [*(branch.args["true"] for branch in branches), node.args.get("default")], scope)


@rule("this true false", exp.If)
def either(node: exp.Expression, scope: NameScope) -> ir.Value:
    return _choose([truth(visit(node.this, scope))], [node.args["true"], node.args.get("false")], scope)


def _test(subject: exp.Expression | None, test: exp.Expression, scope: NameScope) -> ir.Value:
    return truth(visit(test if subject is None else exp.EQ(this=subject, expression=test), scope))


def _choose(tests: list[ir.Value], parts: list[exp.Expression | None], scope: NameScope) -> ir.Value:
    *results, default = alike([visit(part, scope) if part is not None else ibis.null() for part in parts])
    return ibis.cases(*zip(tests, results, strict=True), else_=default)


# Gaps


@rule("this expressions", exp.Coalesce)
def coalesce(node: exp.Expression, scope: NameScope) -> ir.Value:
    return ibis.coalesce(*alike(several(node, scope.inside_coalesce())))


@rule("this expression", exp.Nullif)
def nullif(node: exp.Expression, scope: NameScope) -> ir.Value:
    left, right = alike(both(node, scope))
    return left.nullif(right)


@rule("this expressions ignore_nulls", exp.Greatest, exp.Least)
def extreme(node: exp.Expression, scope: NameScope) -> ir.Value:
    # SQLite gives NULL where any value is NULL: so each NULL is filled with another of the values first.
    values = ordered(several(node, scope))
    filled = [ibis.coalesce(*values[place:], *values[:place]) for place in range(len(values))]
    return (ibis.greatest if isinstance(node, exp.Greatest) else ibis.least)(*filled)


# Numbers and text


@rule("this", exp.Abs)
def absolute(node: exp.Expression, scope: NameScope) -> ir.Value:
    return number(visit(node.this, scope)).abs()


@rule("this", exp.Floor)
def floor(node: exp.Expression, scope: NameScope) -> ir.Value:
    return number(visit(node.this, scope)).floor()


@rule("this", exp.Ceil)
def ceil(node: exp.Expression, scope: NameScope) -> ir.Value:
    return number(visit(node.this, scope)).ceil()


@rule("this decimals", exp.Round)
def rounded(node: exp.Expression, scope: NameScope) -> ir.Value:
    digits = node.args.get("decimals")
    value = number(visit(node.this, scope))
    return value.round() if digits is None else value.round(whole(digits, least=0))


@rule("this", exp.Lower)
def lower(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).lower()


@rule("this", exp.Upper)
def upper(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).upper()


@rule("this", exp.Length)
def length(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).length()


@rule("this position", exp.Trim)
def trim(node: exp.Expression, scope: NameScope) -> ir.Value:
    value = words(visit(node.this, scope))
    sides = {"LEADING": value.lstrip, "TRAILING": value.rstrip}
    return sides.get(str(node.args.get("position")), value.strip)()


@rule("this expression replacement", exp.Replace)
def replace(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).replace(text_of(node.expression), text_of(node.args.get("replacement")))


@rule("this start length", exp.Substring)
def substring(node: exp.Expression, scope: NameScope) -> ir.Value:
    start, count = whole(node.args.get("start"), least=1), node.args.get("length")
    value = words(visit(node.this, scope))
    return value.substr(start - 1) if count is None else value.substr(start - 1, whole(count, least=0))


@rule("this expression", exp.Left)
def first_letters(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).left(whole(node.expression, least=0))


@rule("this expression", exp.Right)
def last_letters(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).right(whole(node.expression, least=0))


@rule("this delimiter part_index", exp.SplitPart)
def split_part(node: exp.Expression, scope: NameScope) -> ir.Value:
    value = words(visit(node.this, scope))
    piece = value.split(text_of(node.args["delimiter"]))[whole(node.args["part_index"], least=1) - 1]
    return ibis.cases((value.notnull(), ibis.coalesce(piece, "")))


@rule("this expression", exp.StartsWith)
def starts_with(node: exp.Expression, scope: NameScope) -> ir.Value:
    # Not Ibis's own, which ignores case on SQLite.
    part = text_of(node.expression)
    return words(visit(node.this, scope)).left(len(part)) == part


@rule("this expression", exp.EndsWith)
def ends_with(node: exp.Expression, scope: NameScope) -> ir.Value:
    part = text_of(node.expression)
    return words(visit(node.this, scope)).right(len(part)) == part


@rule("this expression", exp.Contains)
def contains(node: exp.Expression, scope: NameScope) -> ir.Value:
    return words(visit(node.this, scope)).contains(text_of(node.expression))


@rule("this expression safe", exp.DPipe)
def join(node: exp.Expression, scope: NameScope) -> ir.Value:
    first, second = both(node, scope)
    return words(first) + words(second)


@rule("expressions safe coalesce", exp.Concat)
def concat(node: exp.Expression, scope: NameScope) -> ir.Value:
    return functools.reduce(operator.add, (words(value).fill_null("") for value in several(node, scope)))
