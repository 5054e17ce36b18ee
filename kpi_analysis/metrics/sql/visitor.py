"""The walk over a tree: each node is found in a table of rules, and what is not in it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir
from ibis.common.annotations import SignatureValidationError
from ibis.common.exceptions import IbisError
from sqlglot import exp

from kpi_analysis.core.errors import did_you_mean
from kpi_analysis.metrics.sql.scope import NameScope, quote
from kpi_analysis.metrics.sql.text import too_deep
from kpi_analysis.metrics.sql.types import Unfit, truth

# fmt: off
FUNCTIONS = (
    "abs", "cast", "ceil", "coalesce", "concat", "contains", "date", "date_diff", "date_part", "date_trunc",
    "day", "ends_with", "epoch", "extract", "floor", "greatest", "hour", "if", "least", "left", "length",
    "lower", "ltrim", "mod", "month", "nullif", "quarter", "replace", "right", "round", "rtrim", "split_part",
    "starts_with", "strptime", "substr", "to_date", "trim", "try_cast", "upper", "year",
)
# fmt: on
AGGREGATES = ("avg", "count", "max", "median", "min", "quantile_cont", "sum")

_AGGREGATE = "an aggregate may only stand on the outside of a measure, not in an expression for one row."
_CLOCK = "the clock is never read; the day of a report comes from --as-of."
_QUERY = "a query inside an expression is not allowed."
_WEEKDAY = "databases number weeks and weekdays differently, so they are not allowed."
REASONS: dict[type[exp.Expression], str] = {
    **dict.fromkeys((exp.Sum, exp.Count, exp.Avg, exp.Median), _AGGREGATE),
    **dict.fromkeys((exp.PercentileCont, exp.Min, exp.Max, exp.Filter), _AGGREGATE),
    **dict.fromkeys((exp.CurrentDate, exp.CurrentTimestamp), _CLOCK),
    **dict.fromkeys((exp.Subquery, exp.Select, exp.Exists), _QUERY),
    **dict.fromkeys((exp.Week, exp.WeekOfYear, exp.DayOfWeek, exp.DayOfWeekIso), _WEEKDAY),
    exp.Window: "window functions (over …) are not allowed.",
    exp.Star: "a star may only stand in count(*).",
    exp.Placeholder: "parameters are not allowed; use a setting of the company file.",
    exp.ReadCSV: "reading a file is not allowed; connect it as a table in the company file.",
    exp.IntDiv: "databases round whole divisions differently; write floor(a / b).",
    exp.Interval: "an interval may only be added to or taken from a day.",
    exp.Column: 'a column has no table in front; a name with a dot is quoted, as in "a.b".',
    exp.Distinct: "distinct may only stand in count(distinct …).",
    exp.Quantile: "quantile picks a row, and databases differ; write quantile_cont.",
}

Build = Callable[[exp.Expression, NameScope], ir.Value]


@dataclass(frozen=True)
class Rule:
    """How a node becomes an Ibis value, and which of its parts that reads: any other part is refused."""

    build: Build
    parts: frozenset[str]


RULES: dict[type[exp.Expression], Rule] = {}
NAMED: dict[tuple[str, int], Rule] = {}


def rule(parts: str, *nodes: type[exp.Expression]) -> Callable[[Build], Build]:
    """Enter a function in the table for the nodes it translates, with the parts that it reads."""

    def enter(build: Build) -> Build:
        RULES.update({node: Rule(build, frozenset(parts.split())) for node in nodes})
        return build

    return enter


def named(name: str, arguments: int) -> Callable[[Build], Build]:
    """Enter a function that sqlglot knows by nothing but its name, with its number of arguments."""

    def enter(build: Build) -> Build:
        NAMED[name, arguments] = Rule(build, frozenset({"this", "expressions"}))
        return build

    return enter


def translate_row(node: exp.Expression, scope: NameScope) -> ir.Value:
    """Return the tree as an Ibis value, or refuse the first piece that is not listed."""
    try:
        return visit(node, scope)
    except RecursionError:
        raise too_deep(scope.where, "the expression") from None


def translate_condition(node: exp.Expression, scope: NameScope) -> ir.BooleanValue:
    """Return the tree as a condition; text is read as true or false."""
    value = translate_row(node, scope)
    try:
        return truth(value)
    except Unfit as error:
        raise scope.refuse(node, f"{error}.", "A condition is true or false, as in amount > 0.") from None


def visit(node: exp.Expression | None, scope: NameScope) -> ir.Value:
    """Return one node, and all below it, as an Ibis value."""
    if not isinstance(node, exp.Expression):
        raise Unfit("a part of it is missing")
    known = _rule_of(node)
    if known is None:
        raise scope.refuse(node, *_why_not(node))
    check_parts(node, known.parts, scope)
    try:
        return known.build(node, scope)
    except Unfit as error:
        raise scope.refuse(node, f"{error}.") from None
    except (IbisError, SignatureValidationError, TypeError, ValueError, ArithmeticError):
        raise scope.refuse(node, "its values do not fit together.", "Cast them to one type.") from None


def check_parts(node: exp.Expression, parts: frozenset[str], scope: NameScope) -> None:
    """Refuse a node with a part that its rule would not read, such as ``sum(distinct x)`` or ``t.x``."""
    present = {name for name, part in node.args.items() if part or isinstance(part, exp.Expression)}
    if not present <= parts:
        why = "this form of it is not allowed."
        raise scope.refuse(node, REASONS[exp.Column] if isinstance(node, exp.Column) else why)


def whole(node: exp.Expression | None, *, least: int) -> int:
    """Return a whole number that is written out in the text, or say that it must be."""
    sign, digits = (-1, node.this) if isinstance(node, exp.Neg) else (1, node)
    if isinstance(digits, exp.Literal) and not digits.is_string and digits.name.isdigit():
        found = sign * int(digits.name)
        if least <= found <= 1_000_000:
            return found
    raise Unfit(f"'{quote(node) if node else ''}' must be a whole number from {least}, written out")


def text_of(node: exp.Expression | None) -> str:
    """Return a text that is written out in quotes, or say that it must be."""
    if isinstance(node, exp.Literal) and node.is_string:
        return node.name
    raise Unfit(f"'{quote(node) if node else ''}' must be a text in single quotes")


def _rule_of(node: exp.Expression) -> Rule | None:
    if isinstance(node, exp.Anonymous):
        return NAMED.get((str(node.this).lower(), len(node.expressions)))
    return RULES.get(type(node))


def _why_not(node: exp.Expression) -> tuple[str, str | None]:
    if type(node) in REASONS:
        return REASONS[type(node)], None
    allowed = f"Allowed are + - * / %, comparisons, and, or, not, case, and: {', '.join(FUNCTIONS)}."
    if not isinstance(node, exp.Func):
        return "this is not allowed here.", allowed
    name = (str(node.this) if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    if name in FUNCTIONS:
        return "the number of arguments is wrong.", None
    return f"the function {name} is not allowed.", f"{did_you_mean(name, FUNCTIONS)} {allowed}".strip()
