"""Execution of a query plan: its queries run, and what they came to by measure, period and slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.periods import Period
from kpi_analysis.core.schema import DERIVED
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.aggregate_functions import ZERO_WITHOUT_ROWS, function_of
from kpi_analysis.metrics.compute.cached_execution import execute_cached
from kpi_analysis.metrics.compute.kinds import Record, Request, RowSet, rows_name
from kpi_analysis.metrics.compute.plan import PlannedQuery, QueryPlan
from kpi_analysis.metrics.compute.query_execution import MeasuresRefused
from kpi_analysis.metrics.compute.resolution import QueryKey, known_on_columns
from kpi_analysis.metrics.compute.selection import Group, Selection
from kpi_analysis.metrics.sources.contract_ends import contract_ends, with_contract_ends


@dataclass(frozen=True)
class QueryResults:
    """Results of a query plan.

    Parameters
    ----------
    groups : tuple of tuples of str
        Slices that occur in any of them, sorted; one without dimensions.
    numbers : mapping
        By measure and slot (the days that count of a period), the value of each slice; None where all rows are empty.
    reasons : mapping
        By measure, slot and slice, why a model gives no value.
    rows : mapping
        By measures that are counted together and slot, the rows behind them slice by slice.
    groups_by_query : mapping
        Slices that occur in each query and slot.
    refused : mapping of str to MeasuresRefused
        Measures that their engine cannot read, with the error.
    """

    groups: tuple[Group, ...]
    numbers: Mapping[tuple[str, Period], Mapping[Group, float | None]]
    reasons: Mapping[tuple[str, Period, Group], str]
    rows: Mapping[tuple[RowSet, Period], Mapping[Group, int]]
    groups_by_query: Mapping[tuple[QueryKey, Period], set[Group]]
    refused: Mapping[str, MeasuresRefused] = field(default_factory=dict)


@dataclass
class _Collected:
    """Results as they come in."""

    numbers: dict[tuple[str, Period], dict[Group, float | None]] = field(default_factory=dict)
    reasons: dict[tuple[str, Period, Group], str] = field(default_factory=dict)
    rows: dict[tuple[RowSet, Period], dict[Group, int]] = field(default_factory=dict)
    groups: dict[tuple[QueryKey, Period], set[Group]] = field(default_factory=dict)
    refused: dict[str, MeasuresRefused] = field(default_factory=dict)


def run_plan(plan: QueryPlan) -> QueryResults:
    """Results of a query plan, from the result cache of a snapshot where that is possible.

    Parameters
    ----------
    plan : QueryPlan
        As `plan_of` makes it.

    Returns
    -------
    QueryResults
        All that an evaluation needs.

    Raises
    ------
    KpiError
        What reading raises by itself, as it is.
    """
    selection, collected = plan.selection, _Collected()
    for query in plan.queries:
        periods = _in_the_data(selection, query)
        if periods:
            request = _request(selection, query, periods)
            for record in _records(request, query, selection, collected.refused):
                _collect(collected, selection, query, record, periods[record["kpi_slot"]])
        for name in query.measures:
            for period in query.periods:
                collected.numbers.setdefault((name, period), {})
    groups = sorted({group for found in collected.groups.values() for group in found}) or [()]
    if selection.by and groups == [()]:
        groups = []
    return QueryResults(
        tuple(groups), collected.numbers, collected.reasons, collected.rows, collected.groups, collected.refused
    )


def without_rows(aggregate: Aggregate | None) -> float:
    """Value of a measure where there are no rows: sums and counts are zero, all else is NaN."""
    return 0.0 if aggregate is not None and function_of(aggregate) in ZERO_WITHOUT_ROWS else float("nan")


def without_float_noise(number: float) -> float:
    """A sum to 13 digits: threads add floats in any order, and what lies beyond is the noise of that.

    Parameters
    ----------
    number : float
        Any.

    Returns
    -------
    float
        The same to 13 significant digits.

    Examples
    --------
    >>> without_float_noise(4.852192945090727) == without_float_noise(4.852192945090731)
    True
    """
    return float(f"{number:.13g}")


def _in_the_data(selection: Selection, query: PlannedQuery) -> Sequence[Period]:
    """The periods in which there can be rows; those before the first one need not be read."""
    aggregate = selection.resolve(query.measures[0]).aggregate
    column = str(aggregate.open[0] if aggregate.open else aggregate.date) if aggregate is not None else ""
    if aggregate is None or column not in selection.sources.columns(aggregate.table):
        return query.periods
    first = selection.sources.facts.first_day(aggregate.table, column)
    return query.periods if first is None else [period for period in query.periods if period.last_day >= first]


def _records(
    request: Request, query: PlannedQuery, selection: Selection, refused: dict[str, MeasuresRefused]
) -> list[Record]:
    """Records of a request; measures that the engine refuses are noted, and the others read without them."""
    try:
        return execute_cached(request, query.key, query.ahead, selection.sources)
    except MeasuresRefused as error:
        refused |= dict.fromkeys(error.reasons, error)
        left = {name: one for name, one in request.aggregates.items() if name not in error.reasons}
        if not left:
            return []
        rowsets = tuple(members for members in request.rowsets if members & left.keys())
        return execute_cached(
            replace(request, aggregates=left, rowsets=rowsets), query.key, query.ahead, selection.sources
        )


def _request(selection: Selection, query: PlannedQuery, periods: Sequence[Period]) -> Request:
    sources, as_of = selection.sources, selection.as_of
    resolved = {name: selection.resolve(name).aggregate for name in query.measures}
    aggregates = {name: aggregate for name, aggregate in resolved.items() if aggregate is not None}
    ends = contract_ends(sources, as_of) if any("ended_on" in (one.open or ()) for one in aggregates.values()) else None
    return Request(
        rows=lambda: with_contract_ends(_rows(selection, query.key[1], aggregates.values()), ends),
        aggregates=aggregates,
        periods=periods,
        rowsets=query.rowsets,
        by=selection.by,
        where=selection.where,
        constants=settings(sources.config),
        calendar=sources.config.calendar,
        as_of=as_of if selection.takes_back(query.key[1]) else None,
        ends=ends.key if ends is not None else (),
        memo=sources.memo,
    )


def _rows(selection: Selection, table: str, aggregates: Iterable[Aggregate]) -> ir.Table:
    """The canonical table with the derived columns that are needed, as of the day that counts."""
    sources = selection.sources
    needed = {column for one in aggregates for text in one.row_texts for column in sql.columns_of(text)}
    needed |= {column for one in aggregates for column in one.key_columns}
    needed |= {*selection.by, *(sql.columns_of(selection.where) if selection.where else ())}
    if selection.takes_back(table):
        later = needed & {name for name, column in sources.schemas[table].columns.items() if column.known_on}
        needed |= {date for name in later for date in known_on_columns(sources, table, name)}
    extra = needed & set(sources.derived(table))
    rows = sources.with_derived(table, extra) if extra else sources.tables.usable(table)
    return _as_of(selection, table, rows)


def _as_of(selection: Selection, name: str, rows: ir.Table) -> ir.Table:
    """Take back what happened after the day that counts: a lead qualified later is not qualified yet.

    A value that became known on a later day, or on none that the table tells, is not known; an opportunity that
    closed later is open.
    """
    if not selection.takes_back(name):
        return rows
    table, as_of, present = selection.sources.schemas[name], selection.as_of, set(rows.columns)
    values: dict[str, ir.Value] = {}
    for column in (table.columns[each] for each in table.columns if each in present):
        dates = [date for date in known_on_columns(selection.sources, name, column.name) if date in present]
        if column.known_on is None or not (dates or selection.is_past):
            continue
        value = rows[column.name]
        known = _first_known([rows[date].cast("date") for date in dates])
        if column.name == "outcome":
            values["outcome"] = ibis.ifelse((known > as_of).fill_null(False), "open", value)
        elif selection.is_past:
            values[column.name] = ibis.ifelse(known <= as_of, value, ibis.null(value.type()))
        else:  # what has no date is known now
            values[column.name] = ibis.ifelse((known > as_of).fill_null(False), ibis.null(value.type()), value)
    happened = [*table.events[1:], *table.life[1:]] if table.life else [*table.events[1:]]
    happened += [one.name for one in DERIVED if one.table == name and one.kind == "date" and one.source != name]
    for date in (date for date in dict.fromkeys(happened) if date in present):
        later = (rows[date].cast("date") > as_of).fill_null(False)
        values[date] = ibis.ifelse(later, ibis.null(rows[date].type()), rows[date])
    return rows.mutate(**values)


def _first_known(days: Sequence[ir.Value]) -> ir.Value:
    """The first of some days that has a value; SQLite's coalesce takes two or more."""
    return ibis.coalesce(*days) if len(days) > 1 else days[0] if days else ibis.null("date")


def _collect(collected: _Collected, selection: Selection, query: PlannedQuery, record: Record, period: Period) -> None:
    group = tuple(record[name] for name in selection.by)
    collected.groups.setdefault((query.key, period), set()).add(group)
    for members in query.rowsets:
        if (column := rows_name(members)) in record:
            collected.rows.setdefault((members, period), {})[group] = int(record[column] or 0)
    for name in query.measures:
        if name in collected.refused:
            continue
        value = record[f"m_{name}"]
        if why := record.get(f"why_{name}"):
            collected.reasons[name, period, group] = why
        number = None if value is None else without_float_noise(float(value))
        if number is None and not record.get(rows_name(frozenset({name}))):
            number = without_rows(selection.resolve(name).aggregate)
        collected.numbers.setdefault((name, period), {})[group] = number
