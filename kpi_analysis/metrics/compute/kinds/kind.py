"""A measure kind: its slots, its query, and how rows become records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.request import Record, Request


def rows_as_records(request: Request, found: pa.Table) -> list[Record]:
    """Records of a query that gives one row a slot and slice."""
    records: list[Record] = found.to_pylist()
    return records


@dataclass(frozen=True)
class MeasureKind:
    """Measure kind: how measures of one shape are read.

    Parameters
    ----------
    slots : callable
        Takes a request, returns the table that its periods become.
    query : callable
        Takes a request and the slots, returns the query. It does not depend on the days, so that a compiled query
        can be used again for others.
    shared : callable
        Takes an aggregate, returns what it must share with others, besides kind, table and dates, to be read by one
        query.
    records : callable
        Takes a request and what the engine returns, gives records of ``kpi_slot``, dimensions, ``m_<measure>``,
        ``rows_<measures>`` and, where a measure has no value of its own accord, ``why_<measure>``.
    needs_all_periods : bool
        Whether the rows that are read depend on the last period of all, so that no result can be kept for others.
    """

    slots: Callable[[Request], pa.Table]
    query: Callable[[Request, ir.Table], ir.Table]
    shared: Callable[[Aggregate], tuple[str, ...]] = lambda aggregate: ()
    records: Callable[[Request, pa.Table], list[Record]] = rows_as_records
    needs_all_periods: bool = False
