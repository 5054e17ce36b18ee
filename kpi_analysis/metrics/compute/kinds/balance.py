"""Balance: of each key, the rows of the latest date up to the end of a period."""

from __future__ import annotations

from dataclasses import replace

import ibis.expr.types as ir

from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request
from kpi_analysis.metrics.compute.kinds.slots import days_until_ends
from kpi_analysis.metrics.compute.kinds.stock import grouped_by_begin_and_end, open_at_ends


def balance_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of balances: the rows of a date hold until the key's next date, so they are a stock of their own."""
    shared = request.shared
    rows = request.matching(request.filtered)
    rows = rows.filter(rows[str(shared.last)].notnull())
    rows = rows.mutate(kpi_begin=rows[str(shared.date)].cast("date"), kpi_key=rows[str(shared.last)])
    dimensions = request.dimensions(rows)
    values = {
        f"m_{name}": sql.aggregate(one.agg, rows, constants=request.constants)
        for name, one in request.aggregates.items()
    }
    held = rows.group_by(["kpi_key", "kpi_begin", *dimensions]).aggregate(**values, kpi_rows=rows.count())
    following = held.kpi_begin.lead().over(group_by=held.kpi_key, order_by=held.kpi_begin)
    if request.by:
        days = held.select("kpi_key", "kpi_begin").distinct()
        nexts = days.mutate(kpi_end=days.kpi_begin.lead().over(group_by=days.kpi_key, order_by=days.kpi_begin))
        held = held.left_join(nexts, ["kpi_key", "kpi_begin"])
        held = held.drop(*[column for column in held.columns if column.endswith("_right")])
    else:
        held = held.mutate(kpi_end=following)
    sums = {
        name: Aggregate(table=one.table, agg=f"sum(m_{name})", date=one.date)
        for name, one in request.aggregates.items()
    }
    return grouped_by_begin_and_end(replace(request, aggregates=sums), held, slots, conditions=False)


def balance_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Key and condition: both decide which rows are the latest."""
    return str(aggregate.last), aggregate.condition or ""


BALANCE = MeasureKind(days_until_ends, balance_query, balance_shared, open_at_ends)
