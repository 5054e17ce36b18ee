"""Measures evaluated on the results of a plan: values, rows and slices, or the reasons why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

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


def groups_of(selection: Selection, results: QueryResults, needed: Mapping[str, Iterable[Periods]]) -> set[Group]:
    """Slices that occur in the tables of measures, in the periods in which these are needed.

    Parameters
    ----------
    selection : Selection
    results : QueryResults
        They may hold further periods, which other KPIs need: their slices do not count.
    needed : mapping of str to iterables of periods
        By measure.

    Returns
    -------
    set of tuple of str
    """
    found: set[Group] = set()
    for name, wanted in needed.items():
        resolved = selection.resolve(name)
        if resolved.aggregate is not None:
            slots = chain.from_iterable(selection.slots(name, periods) for periods in wanted)
            found.update(*(results.groups_by_query.get((resolved.query_key, slot), ()) for slot in slots))
    return found
