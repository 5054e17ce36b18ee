"""Measures evaluated on the results of a plan: values, rows and slices, or the reasons why there are none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from kpi_analysis.core.formula import Values
from kpi_analysis.metrics.compute.aggregate_functions import argument_of
from kpi_analysis.metrics.compute.execution import QueryResults, without_rows
from kpi_analysis.metrics.compute.selection import Group, Periods, Selection


def measure_values(
    selection: Selection, results: QueryResults, name: str, periods: Periods, *, as_base: bool = False
) -> Values:
    """Values of a measure, period by period and slice by slice, or why it has none.

    Parameters
    ----------
    selection : Selection
    results : QueryResults
        Of a plan in which the measure was needed in these periods.
    name : str
    periods : Periods
    as_base : bool
        Whether they are the base of a comparison, which must lie wholly in the data.

    Returns
    -------
    Values
        Of shape (periods, slices).
    """
    shape = (len(periods), len(results.groups))
    resolved = selection.resolve(name)
    if resolved.constant is not None:
        return Values.constant(resolved.constant, shape)
    if resolved.reason or resolved.aggregate is None:
        return Values.missing(resolved.reason, shape)
    if name in results.refused:
        return Values.missing(results.refused[name].reasons[name], shape)
    catalogue, absent = selection.catalogue, without_rows(resolved.aggregate)
    empty = catalogue.measures[name].empty or f"no {catalogue.label(name)} in the period"
    values = Values.missing("", shape)
    for row, (period, slot) in enumerate(zip(periods, selection.slots(name, periods), strict=True)):
        if reason := selection.gap(name, period, as_base=as_base):
            values.reasons[row] = reason
            continue
        found = results.numbers[name, slot]
        for column, group in enumerate(results.groups):
            value = found.get(group, absent)
            if value is None:
                rows = results.rows.get((frozenset({name}), slot), {}).get(group, 0)
                values.reasons[row, column] = f"{argument_of(resolved.aggregate)} is empty in all {rows:,} rows"
            elif value != value:
                values.reasons[row, column] = results.reasons.get((name, slot, group), empty)
            else:
                values.numbers[row, column] = value
    return values


def row_counts(
    selection: Selection, results: QueryResults, names: Iterable[str], periods: Periods
) -> npt.NDArray[np.int64]:
    """Rows behind measures, of shape (periods, slices); each row counts once."""
    total = np.zeros((len(periods), len(results.groups)), dtype=np.int64)
    for members in selection.by_query(names).values():
        for row, slot in enumerate(selection.slots(next(iter(members)), periods)):
            counts = results.rows.get((members, slot), {})
            total[row] += [counts.get(group, 0) for group in results.groups]
    return total


def groups_of(selection: Selection, results: QueryResults, names: Iterable[str]) -> set[Group]:
    """Slices that occur in the tables of measures."""
    queries = selection.by_query(names)
    return {group for query in queries for group in results.groups_by_query.get(query, ())}
