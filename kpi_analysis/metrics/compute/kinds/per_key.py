"""Per key: an aggregate for each key in each period, then an aggregate over the keys."""

from __future__ import annotations

from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request, rows_name
from kpi_analysis.metrics.compute.kinds.slots import days_in_periods, in_slots


def per_key_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of aggregates over keys: `each` key by key, then `agg` over those that `having` and `top` leave."""
    shared = request.shared
    rows = in_slots(request.matching(request.filtered), str(shared.date), slots)
    rows = rows.filter(rows[str(shared.per)].notnull())
    each = sql.aggregate(str(shared.each), rows, constants=request.constants)
    keys = [rows.kpi_slot, rows[str(shared.per)].name("kpi_key"), *request.dimensions(rows)]
    keyed = rows.group_by(keys).aggregate(each=each, kpi_rows=rows.count())
    if any(one.top is not None for one in request.aggregates.values()):
        slices = [keyed.kpi_slot, *(keyed[name] for name in request.by)]
        keyed = keyed.mutate(kpi_rank=ibis.row_number().over(group_by=slices, order_by=keyed.each.desc()))
    measures: dict[str, ir.Scalar] = {}
    for name, one in request.aggregates.items():
        having = [sql.condition(one.having, keyed)] if one.having else []
        top = [keyed.kpi_rank < one.top] if one.top is not None else []
        allowed = reduce(and_, [*having, *top]) if having or top else None
        measures[f"m_{name}"] = sql.aggregate(one.agg, keyed, where=allowed)
    measures |= {rows_name(members): keyed.kpi_rows.sum() for members in request.rowsets}
    return keyed.group_by(["kpi_slot", *request.by]).aggregate(**measures)


def per_key_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Key, what is aggregated for it, and the condition."""
    return str(aggregate.per), str(aggregate.each), aggregate.condition or ""


PER_KEY = MeasureKind(days_in_periods, per_key_query, per_key_shared)
