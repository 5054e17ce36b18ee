"""Slots: the tables of days that periods become, so that every calendar, grain and cut-off stretch is read alike."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from kpi_analysis.core.periods import Period, day_table
from kpi_analysis.metrics.compute.kinds.request import Request


def days_in_periods(request: Request) -> pa.Table:
    """Every day of every period, with its slot: columns kpi_day and kpi_slot."""
    return _days_in(tuple(request.periods))


def days_until_ends(request: Request) -> pa.Table:
    """Every day from the end of the first period on, with the first slot that ends not before it."""
    return _days_until(tuple(period.last_day for period in request.periods))


def in_slots(rows: ir.Table, date: str, slots: ir.Table) -> ir.Table:
    """Rows joined with the periods in which their date lies; periods may overlap."""
    rows = rows.mutate(kpi_on=rows[date].cast("date"))
    return rows.inner_join(slots, rows.kpi_on == slots.kpi_day)


@lru_cache(maxsize=256)  # a report asks many tables for the same periods
def _days_in(periods: tuple[Period, ...]) -> pa.Table:
    days = day_table(periods)
    return _slots(pa.array(days["day"].dt.date, pa.date32()), days["slot"])


@lru_cache(maxsize=256)
def _days_until(ends: tuple[dt.date, ...]) -> pa.Table:
    span = [ends[0] + dt.timedelta(days=n) for n in range((ends[-1] - ends[0]).days + 1)]
    slots = np.searchsorted(np.array(ends, dtype="datetime64[D]"), np.array(span, dtype="datetime64[D]"))
    return _slots(pa.array(span, pa.date32()), slots)


def _slots(days: pa.Array, slots: Any) -> pa.Table:
    return pa.table({"kpi_day": days, "kpi_slot": pa.array(slots, pa.int64())})
