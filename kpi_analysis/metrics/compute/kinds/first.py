"""First: only the first row of each key counts, such as the first order of a customer."""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request
from kpi_analysis.metrics.compute.kinds.slots import days_in_periods, in_slots
from kpi_analysis.metrics.sources.dialects import in_byte_order


def first_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of first rows; a user's condition comes after the choice, so that it cannot make a later row first."""
    shared, table = request.shared, request.table
    date, key = str(shared.date), str(shared.first)
    rows = request.matching(table.filter(table[key].notnull(), table[date].notnull()))
    if not request.by and not request.where:
        first = rows.group_by(key).aggregate(**{date: rows[date].min()})
    else:
        columns = TABLES[shared.table].columns if shared.table in TABLES else table.columns
        ties = [column for column in columns if column in rows.columns and column not in (date, key)]
        order = [rows[date], *(in_byte_order(rows[column]) for column in ties)]
        numbered = rows.mutate(kpi_rank=ibis.row_number().over(group_by=rows[key], order_by=order))
        first = numbered.filter(numbered.kpi_rank == 0)
    joined = in_slots(replace(request, rows=lambda: first).filtered, date, slots)
    return request.aggregate(joined, [joined.kpi_slot], conditions=False)


def first_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Key and condition: both decide which row is the first."""
    return str(aggregate.first), aggregate.condition or ""


FIRST = MeasureKind(days_in_periods, first_query, first_shared)
