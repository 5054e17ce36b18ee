"""Questions to a snapshot, asked once: what a report has read, the next one only looks up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from typing import Any

import ibis

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.execution import read
from kpi_analysis.metrics.compute.query_builders import Record, Request, rows_name
from kpi_analysis.metrics.compute.resolution import Query
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.result_cache import Answered

MODELLED = "lifetime"  # which rows it reads depends on the last period of all


def recall(
    request: Request, query: Query, more: Sequence[Period], backend: ibis.BaseBackend, sources: Sources
) -> list[Record]:
    """Return the records of a request, from what a snapshot has answered before where that is possible.

    Parameters
    ----------
    request : Request
    query : tuple of str
        What its measures share.
    more : sequence of Period
        Further periods to read when something must be read anyway: a report soon asks for its months, its quarters
        and their histories.
    backend : Ibis backend
        Where its table lies.
    sources : Sources
        Without a snapshot the rows may change, and everything is read.
    """
    answers = sources.answers
    if answers is None or request.way.kind == MODELLED:
        return read(request, backend, sources.texts)
    question = repr((query, list(request.by), request.where, dict(request.constants), request.as_of))
    answered, columns = answers.to(question), _columns(request)
    lacking = {name for name, column in columns.items() if answered.lacks(column, request.periods)}
    if lacking:
        narrow = _narrowed(request, lacking)
        periods = in_time({*request.periods, *more})
        found = read(replace(narrow, periods=periods), backend, sources.texts)
        _keep(answered, _columns(narrow), periods, request.by, found)
        answers.keep(question)
    return _records(request, answered, columns)


def in_time(periods: Iterable[Period]) -> list[Period]:
    """Return periods in the order of their last days, as requests want them."""
    return sorted(periods, key=lambda period: (period.last_day, period.start, period.label))


def _columns(request: Request) -> dict[str, str]:
    """The columns of the records, each with the name that says all that it depends on."""
    told = {name: f"{name} {_digest(way)}" for name, way in request.ways.items()}
    measures = {f"m_{name}": told[name] for name in request.ways}
    rows = {
        rows_name(members): " + ".join(["rows", *(told[name] for name in sorted(members & told.keys()))])
        for members in request.rowsets
        if members & told.keys()
    }
    return measures | rows


@lru_cache(maxsize=4096)
def _digest(way: Aggregate) -> str:
    return sha256(repr(way).encode()).hexdigest()[:16]


def _narrowed(request: Request, lacking: set[str]) -> Request:
    """The request without the measures that are known; rows are counted with all measures that they stand behind."""
    rowsets = [members for members in request.rowsets if rows_name(members) in lacking]
    needed = {name for name in request.ways if f"m_{name}" in lacking}
    needed |= {name for members in rowsets for name in members}
    return replace(request, ways={name: way for name, way in request.ways.items() if name in needed}, rowsets=rowsets)


def _keep(
    answered: Answered, columns: Mapping[str, str], periods: Sequence[Period], by: Sequence[str], found: list[Record]
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
        answered.add(column, values[name])


def _records(request: Request, answered: Answered, columns: Mapping[str, str]) -> list[Record]:
    records = []
    for slot, period in enumerate(request.periods):
        found = {name: answered.column(column)[period] for name, column in columns.items()}
        for group in dict.fromkeys(chain.from_iterable(found.values())):
            slices = dict(zip(request.by, group, strict=True))
            values = {name: values.get(group) for name, values in found.items()}
            records.append({"kpi_slot": slot, **slices, **values})
    return records
