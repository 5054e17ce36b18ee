"""The rules for one aggregate on the outside of a measure; its filter goes inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
from sqlglot import exp

from kpi_analysis.core.errors import did_you_mean
from kpi_analysis.metrics.sql.scope import NameScope
from kpi_analysis.metrics.sql.types import Unfit, number, real
from kpi_analysis.metrics.sql.visitor import AGGREGATES, check_parts, translate_row

Read: TypeAlias = Callable[[ir.Value], ir.Value]
Filter: TypeAlias = ir.BooleanValue | None
Aggregate: TypeAlias = Callable[[exp.Expression, NameScope, Filter], ir.Scalar]


def translate_aggregate(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    """Return the tree as an aggregate of the rows that `where` takes."""
    while type(node) is exp.Paren:
        node = node.this
    known = RULES.get(type(node)) or (_MEAN if _is_mean(node) else None)
    if known is None:
        raise scope.refuse(node, *_why_not(node))
    build, parts = known
    check_parts(node, parts, scope)
    try:
        return build(node, scope, where)
    except Unfit as error:
        raise scope.refuse(node, f"{error}.") from None


def rows_of(node: exp.Expression, scope: NameScope, read: Read = lambda value: value) -> ir.Column:
    """Return what stands inside the aggregate; a value without a column is repeated on every row."""
    value = read(translate_row(node, scope))
    if isinstance(value, ir.Column):
        return value
    return ibis.cases((scope.table[scope.table.columns[0]].isnull(), value), else_=value)


def count(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    what = node.this
    if what is None or isinstance(what, exp.Star):
        return scope.table.count(where=where)
    if not isinstance(what, exp.Distinct):
        return rows_of(what, scope).count(where=where)
    check_parts(what, frozenset({"expressions"}), scope)
    if len(what.expressions) != 1:
        raise Unfit("count(distinct …) takes one column; join several with ||")
    return rows_of(what.expressions[0], scope).nunique(where=where)


def total(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    return rows_of(node.this, scope, number).sum(where=where)


def mean(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    return rows_of(node.expressions[0] if _is_mean(node) else node.this, scope, real).mean(where=where)


def median(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    return rows_of(node.this, scope, real).median(where=where)


def quantile(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    share = node.expression
    if not isinstance(share, exp.Literal) or share.is_string or not 0 <= float(share.name) <= 1:
        raise Unfit("the second argument is a share from 0 to 1, written out, as in quantile_cont(x, 0.9)")
    return rows_of(node.this, scope, real).quantile(float(share.name), where=where)


def least(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    return rows_of(node.this, scope).min(where=where)


def greatest(node: exp.Expression, scope: NameScope, where: Filter) -> ir.Scalar:
    return rows_of(node.this, scope).max(where=where)


_THIS = frozenset({"this"})
_MEAN: tuple[Aggregate, frozenset[str]] = (mean, frozenset({"this", "expressions"}))
RULES: dict[type[exp.Expression], tuple[Aggregate, frozenset[str]]] = {
    exp.Count: (count, frozenset({"this", "big_int"})),
    exp.Sum: (total, _THIS),
    exp.Avg: (mean, _THIS),
    exp.Median: (median, _THIS),
    exp.PercentileCont: (quantile, frozenset({"this", "expression"})),
    exp.Min: (least, _THIS),
    exp.Max: (greatest, _THIS),
}


def _is_mean(node: exp.Expression) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == "mean" and len(node.expressions) == 1


def _why_not(node: exp.Expression) -> tuple[str, str]:
    allowed = f"Allowed are {', '.join(AGGREGATES)}, one of them on the outside."
    if isinstance(node, exp.Filter):
        return "a filter inside the text is not allowed.", "Write the condition as `where:` of the measure."
    if isinstance(node, exp.Window):
        return "window functions (over …) are not allowed.", allowed
    if isinstance(node, exp.Anonymous):
        return "this is not an aggregate.", f"{did_you_mean(str(node.this), AGGREGATES)} {allowed}".strip()
    if node.find(*RULES):
        return (
            "the aggregate must stand on the outside.",
            f"{allowed} Sums and ratios of measures are written in a KPI's formula.",
        )
    return "this is not an aggregate.", allowed
