"""Flow: rows count in the period in which their date lies."""

from __future__ import annotations

import ibis.expr.types as ir

from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request
from kpi_analysis.metrics.compute.kinds.slots import days_in_periods, in_slots


def flow_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of flows: rows in the periods in which their date lies, aggregated slot by slot."""
    rows = in_slots(request.filtered, str(request.shared.date), slots)
    return request.aggregate(rows, [rows.kpi_slot])


FLOW = MeasureKind(days_in_periods, flow_query)
