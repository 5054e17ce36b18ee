"""Measure kinds: one module each, with its slots, its query and its records; a new kind is a module and a line here.

One query is run for each table, date and kind, whatever the number of KPIs and periods. Periods become slots of a
table of days that is joined to the rows; stocks are grouped once by the slots in which rows begin and end.
"""

from __future__ import annotations

from kpi_analysis.metrics.compute.kinds.balance import BALANCE
from kpi_analysis.metrics.compute.kinds.first import FIRST
from kpi_analysis.metrics.compute.kinds.flow import FLOW
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.lifetime import LIFETIME
from kpi_analysis.metrics.compute.kinds.pair import PAIR
from kpi_analysis.metrics.compute.kinds.per_key import PER_KEY
from kpi_analysis.metrics.compute.kinds.request import Record, Request, RowSet, rows_name
from kpi_analysis.metrics.compute.kinds.stock import STOCK

__all__ = ["KINDS", "MeasureKind", "Record", "Request", "RowSet", "rows_name"]

KINDS: dict[str, MeasureKind] = {
    "flow": FLOW,
    "first": FIRST,
    "per_key": PER_KEY,
    "stock": STOCK,
    "balance": BALANCE,
    "pair": PAIR,
    "lifetime": LIFETIME,
}
