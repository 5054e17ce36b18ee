"""Aggregate functions of measures: their names, their arguments, and whether what they give adds up."""

from __future__ import annotations

from kpi_analysis.core.formula import Call, Name, Node, Number, Operation
from kpi_analysis.metrics.catalogue import Aggregate, Catalogue

ADDITIVE = ("sum", "count")
ZERO_WITHOUT_ROWS = (*ADDITIVE, "distinct")


def function_of(aggregate: Aggregate) -> str:
    """Name of the aggregate function; ``distinct`` for a distinct count, ``lifetime`` for what a model expects.

    Parameters
    ----------
    aggregate : Aggregate
        Such as ``sum(amount)``.

    Returns
    -------
    str
        Such as ``sum``.

    Examples
    --------
    >>> function_of(Aggregate(table="orders", agg="count(distinct customer_id)", date="ordered_on"))
    'distinct'
    """
    if aggregate.kind == "lifetime":
        return aggregate.kind
    name = aggregate.agg.lower().split("(", 1)[0].strip()
    return "distinct" if name == "count" and "distinct" in aggregate.agg.lower() else name


def argument_of(aggregate: Aggregate) -> str:
    """Argument of the aggregate function, as SQL.

    Parameters
    ----------
    aggregate : Aggregate
        Such as ``sum(amount)``.

    Returns
    -------
    str
        Such as ``amount``.

    Examples
    --------
    >>> argument_of(Aggregate(table="orders", agg="sum(amount - cost)", date="ordered_on"))
    'amount - cost'
    """
    return aggregate.agg.split("(", 1)[1].rsplit(")", 1)[0].strip()


def is_additive(aggregate: Aggregate) -> bool:
    """Additivity: whether the parts of a measure add up to the whole."""
    return function_of(aggregate) in ADDITIVE and aggregate.kind not in ("per_key", "pair")


def grows_with_time(catalogue: Catalogue, node: Node) -> bool:
    """Whether a value is twice as large in a period of twice the days: sums and counts are, ratios and stocks are not.

    Parameters
    ----------
    catalogue : Catalogue
        Where the names of the formula stand.
    node : Node
        The formula, or a part of it.

    Returns
    -------
    bool
        True where a sum over time has a meaning.

    Examples
    --------
    >>> from kpi_analysis.metrics.catalogue import shipped
    >>> [grows_with_time(shipped(), Name(kpi)) for kpi in ("sales_revenue", "average_order_value", "active_accounts")]
    [True, False, False]
    """
    return _powers_of_time(catalogue, node) == {1}


def _powers_of_time(catalogue: Catalogue, node: Node) -> set[int]:
    """The powers with which the terms of a formula grow; of a measure that neither adds up nor holds, two at once."""
    match node:
        case Number():
            return {0}
        case Name(name) if name in catalogue.measures:
            aggregate = next(iter(catalogue.measures[name].aggregates), None)
            if aggregate is None or aggregate.is_stock:
                return {0}
            return {1} if is_additive(aggregate) else {0, 1}
        case Name(name):
            return _powers_of_time(catalogue, catalogue.metric(name).tree)
        case Call(function, argument):
            return {1} if argument is None else {0} if function == "average" else _powers_of_time(catalogue, argument)
        case Operation(operator, left, right):
            one, other = _powers_of_time(catalogue, left), _powers_of_time(catalogue, right)
            if operator in "+-":
                return one | other
            sign = 1 if operator == "*" else -1
            return {a + sign * b for a in one for b in other}
