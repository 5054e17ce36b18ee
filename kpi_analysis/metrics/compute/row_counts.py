"""Row counts: how many rows stand behind a figure, told by the formula of its KPI and by nothing beside it.

The rule, part by part of a formula:

* a measure has the rows that it aggregates; a stock those that are open; a setting, a number and ``days()`` have none,
* a quotient has the rows of its denominator, or of its numerator where the denominator has none,
* a product has those of the factor with the fewest, because no product is better known than its weakest factor,
* a sum or a difference has the rows of both sides; of one table, those that one query reads are counted once, and of
  those that are read by several dates (invoices by issue and by payment) the most count,
* ``prior(x)`` and ``year_ago(x)`` have the rows of x in that period, ``average(x)`` those of its closing balance,
  ``whole(x)`` those of all slices together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kpi_analysis.core.formula import Call, Name, Node, Number, Operation
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.metrics.compute.evaluate import SHIFTED, Evaluator
from kpi_analysis.metrics.compute.kinds import RowSet
from kpi_analysis.metrics.compute.selection import Periods

Counts = npt.NDArray[np.int64]
Way = tuple[str, ...]  # calls that lead from a period to the one that is counted, such as ("prior",)
Rows = frozenset[tuple[str, Way]]  # measures whose rows are counted together, each with its way


def row_counts(evaluator: Evaluator, kpi: str, periods: Periods) -> Counts:
    """Rows behind a KPI, of shape (periods, slices).

    Parameters
    ----------
    evaluator : Evaluator
        Of results in whose plan the row sets of the KPI were counted; see `row_sets`.
    kpi : str
        Id of the KPI.
    periods : Periods

    Returns
    -------
    ndarray of int
        0 where there are none.
    """
    shape = (len(periods), len(evaluator.results.groups))
    factors = [
        _count(evaluator, rows, periods) for rows in _factors(evaluator.catalogue, evaluator.catalogue.metric(kpi).tree)
    ]
    fewest: Counts = np.minimum.reduce(factors) if factors else np.zeros(shape, dtype=np.int64)
    return fewest


def row_sets(catalogue: Catalogue, kpi: str) -> list[list[str]]:
    """Measures of a KPI whose rows are counted together, for the plan of its queries.

    Parameters
    ----------
    catalogue : Catalogue
    kpi : str
        Id of the KPI.

    Returns
    -------
    list of list of str
        Names of measures; those of other queries are counted by them alone.

    Examples
    --------
    >>> from kpi_analysis.metrics.catalogue import shipped
    >>> row_sets(shipped(), "opportunity_to_win_ratio"), row_sets(shipped(), "sales_velocity")
    ([['lost_deals', 'won_deals']], [['won_deals_dated']])
    """
    return [sorted(members) for rows in _factors(catalogue, catalogue.metric(kpi).tree) for members in _alike(rows)]


def _factors(catalogue: Catalogue, node: Node) -> list[Rows]:
    """The rows of each factor of a part of a formula; none where it has no rows."""
    match node:
        case Number():
            return []
        case Name(name) if name in catalogue.measures:
            return [frozenset({(name, ())})] if catalogue.measures[name].aggregates else []
        case Name(name):
            return _factors(catalogue, catalogue.metric(name).tree)
        case Call(function, argument):
            if argument is None:
                return []
            inner = _factors(catalogue, argument)
            if function not in SHIFTED and function != "whole":
                return inner
            return [frozenset((name, (function, *way)) for name, way in rows) for rows in inner]
        case Operation("/", left, right):
            return _factors(catalogue, right) or _factors(catalogue, left)
        case Operation("*", left, right):
            return [*_factors(catalogue, left), *_factors(catalogue, right)]
        case Operation(_, left, right):
            both = [*_factors(catalogue, left), *_factors(catalogue, right)]
            return [frozenset().union(*both)] if both else []


def _alike(rows: Rows) -> Iterator[RowSet]:
    """The measures that are counted in the same periods."""
    for way in sorted({way for _, way in rows}):
        yield frozenset(name for name, one in rows if one == way)


def _count(evaluator: Evaluator, rows: Rows, periods: Periods) -> Counts:
    by_table: dict[str, Counts] = {}
    for way in sorted({way for _, way in rows}):
        names = [name for name, one in rows if one == way]
        for query, members in evaluator.selection.by_query(names).items():
            counts = _count_at(evaluator, members, way, periods)
            table = query[1]
            by_table[table] = np.maximum(by_table[table], counts) if table in by_table else counts
    nothing = np.zeros((len(periods), len(evaluator.results.groups)), dtype=np.int64)
    total: Counts = np.add.reduce([nothing, *by_table.values()])
    return total


def _count_at(evaluator: Evaluator, members: RowSet, way: Way, periods: Periods) -> Counts:
    """Rows of measures that one query reads, in the periods to which a way leads from each period."""
    if way and way[0] == "whole":
        parts = _count_at(evaluator, members, way[1:], periods)
        return np.broadcast_to(parts.sum(axis=1, keepdims=True), parts.shape)
    found = np.zeros((len(periods), len(evaluator.results.groups)), dtype=np.int64)
    if way:
        targets, present = evaluator.shift(way[0], periods)
        there = np.array([target is not None for target in targets], dtype=bool)
        found[there] = _count_at(evaluator, members, way[1:], present)
        return found
    results = evaluator.results
    for row, slot in enumerate(evaluator.selection.slots(next(iter(members)), periods)):
        counts = results.rows.get((members, slot), {})
        found[row] = [counts.get(group, 0) for group in results.groups]
    return found
