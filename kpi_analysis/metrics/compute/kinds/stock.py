"""Stock: rows that have begun and not ended at the end of a period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.compute.aggregate_functions import ADDITIVE, function_of
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Record, Request, rows_name
from kpi_analysis.metrics.compute.kinds.slots import days_until_ends
from kpi_analysis.metrics.sources.contract_ends import end_of


def stock_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of stocks: rows that have begun and not ended by the last day of each period.

    Parameters
    ----------
    request : Request
        Stocks of one table, and the periods.
    slots : Table
        The last day of each period.

    Returns
    -------
    Table
        One row for each period and slice.

    Raises
    ------
    ConfigError
        When a stock is neither a sum nor a count: nothing else can be added up from begins and ends.
    """
    dates = request.shared.open
    assert dates is not None
    for name, one in request.aggregates.items():
        if function_of(one) not in ADDITIVE:
            raise ConfigError(f"measure {name}: a stock is a sum or a count, not '{one.agg}'.")
    rows = request.filtered
    end = end_of(rows, dates[1]) if len(dates) == 2 else ibis.null("date")
    rows = rows.mutate(kpi_begin=rows[dates[0]].cast("date"), kpi_end=end)
    return grouped_by_begin_and_end(request, rows, slots, conditions=True)


def grouped_by_begin_and_end(request: Request, rows: ir.Table, slots: ir.Table, *, conditions: bool) -> ir.Table:
    """Rows grouped once by the slot from which they are open, and the one from which they are not; none is never."""
    rows = rows.filter(rows.kpi_begin.notnull())
    first = slots.kpi_day.min().as_scalar()
    rows = rows.mutate(
        kpi_begin=ibis.ifelse(rows.kpi_begin < first, first, rows.kpi_begin),
        kpi_end=ibis.ifelse(rows.kpi_end < first, first, rows.kpi_end),
    )
    began = rows.inner_join(slots, rows.kpi_begin == slots.kpi_day).rename(kpi_from="kpi_slot").drop("kpi_day")
    both = began.left_join(slots, began.kpi_end == slots.kpi_day).rename(kpi_till="kpi_slot").drop("kpi_day")
    both = both.filter(both.kpi_till.isnull() | (both.kpi_from < both.kpi_till))
    return request.aggregate(both, [both.kpi_from, both.kpi_till], conditions=conditions)


def open_at_ends(request: Request, found: pa.Table) -> list[Record]:
    """Records of stocks: what is open on the last day of each period, added up from begins and ends."""
    slots = np.arange(len(request.periods))[:, None]
    columns = [f"m_{name}" for name in request.aggregates] + [rows_name(members) for members in request.rowsets]
    slices: dict[tuple[Any, ...], list[Record]] = {}
    for record in found.to_pylist():
        slices.setdefault(tuple(record[name] for name in request.by), []).append(record)
    open_records = []
    for group, records in slices.items():
        begins = np.array([record["kpi_from"] for record in records])
        ends = np.array([len(slots) if record["kpi_till"] is None else record["kpi_till"] for record in records])
        is_open = (begins <= slots) & (slots < ends)
        totals = {column: _totals(is_open, [record.get(column) for record in records]) for column in columns}
        open_records += [
            {"kpi_slot": slot, **dict(zip(request.by, group, strict=True))}
            | {column: total[slot] for column, total in totals.items()}
            for slot in np.flatnonzero(is_open.any(axis=1)).tolist()
        ]
    return open_records


def _totals(is_open: npt.NDArray[np.bool_], values: Sequence[Any]) -> list[float | None]:
    """Sums of what is open in each slot; None where nothing that is open has a value."""
    known = np.array([value is not None for value in values])
    sums = is_open @ np.array([float(value or 0) for value in values])
    return [float(total) if some else None for total, some in zip(sums, is_open @ known, strict=True)]


STOCK = MeasureKind(days_until_ends, stock_query, records=open_at_ends)
