"""Cached execution: what one report has read from a snapshot, the next one only looks up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import chain
from typing import Any

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.compute.kinds import KINDS, Record, Request, rows_name
from kpi_analysis.metrics.compute.kinds.request import definition_of
from kpi_analysis.metrics.compute.plan import in_time
from kpi_analysis.metrics.compute.query_execution import execute
from kpi_analysis.metrics.compute.resolution import QueryKey
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.result_cache import CachedResult


def execute_cached(request: Request, query: QueryKey, ahead: Sequence[Period], sources: Sources) -> list[Record]:
    """Records of a request, from the result cache of a snapshot where that is possible.

    Parameters
    ----------
    request : Request
    query : tuple of str
        What its measures share.
    ahead : sequence of Period
        Further periods to read when something must be read anyway: a report soon asks for its months, its quarters
        and their histories.
    sources : Sources
        Without a snapshot the rows may change, and everything is read.

    Returns
    -------
    list of Record
        One for each period and slice that has rows.
    """
    backend, cache = sources.tables.usable(request.shared.table).get_backend(), sources.result_cache
    if cache is None or KINDS[request.shared.kind].needs_all_periods:
        return execute(request, backend, sources.query_cache)
    key = cache.key(
        {"query": query, "by": request.by, "where": request.where, "constants": request.constants}
        | {"as_of": request.as_of, "ends": request.ends}
    )
    result, columns = cache.get(key), _columns(request)
    lacking = {name for name, column in columns.items() if result.lacks(column, request.periods)}
    if lacking:
        narrow = _narrowed(request, lacking)
        periods = in_time({*request.periods, *ahead})
        found = execute(replace(narrow, periods=periods), backend, sources.query_cache)
        _add(result, _columns(narrow), periods, request.by, found)
        cache.keep(key)
    return _records(request, result, columns)


def _columns(request: Request) -> dict[str, str]:
    """The columns of the records, each with the name that says all that it depends on."""
    defined = {
        name: f"{name} {sha256(definition_of(aggregate).encode()).hexdigest()[:16]}"
        for name, aggregate in request.aggregates.items()
    }
    measures = {f"m_{name}": defined[name] for name in request.aggregates}
    rows = {
        rows_name(members): " + ".join(["rows", *(defined[name] for name in sorted(members & defined.keys()))])
        for members in request.rowsets
        if members & defined.keys()
    }
    return measures | rows


def _narrowed(request: Request, lacking: set[str]) -> Request:
    """The request without the measures that are known; rows are counted with all measures that they stand behind."""
    rowsets = [members for members in request.rowsets if rows_name(members) in lacking]
    needed = {name for name in request.aggregates if f"m_{name}" in lacking}
    needed |= {name for members in rowsets for name in members}
    aggregates = {name: aggregate for name, aggregate in request.aggregates.items() if name in needed}
    return replace(request, aggregates=aggregates, rowsets=rowsets)


def _add(
    result: CachedResult, columns: Mapping[str, str], periods: Sequence[Period], by: Sequence[str], found: list[Record]
) -> None:
    values: dict[str, dict[Period, dict[Any, float | None]]] = {
        name: {period: {} for period in periods} for name in columns
    }
    for record in found:
        period, group = periods[record["kpi_slot"]], tuple(record[name] for name in by)
        for name in columns:
            value = record[name]
            values[name][period][group] = None if value is None else float(value)
    for name, column in columns.items():
        result.add(column, values[name])


def _records(request: Request, result: CachedResult, columns: Mapping[str, str]) -> list[Record]:
    records = []
    for slot, period in enumerate(request.periods):
        found = {name: result.column(column)[period] for name, column in columns.items()}
        for group in dict.fromkeys(chain.from_iterable(found.values())):
            slices = dict(zip(request.by, group, strict=True))
            values = {name: values.get(group) for name, values in found.items()}
            records.append({"kpi_slot": slot, **slices, **values})
    return records
