"""Pair: each account at the opening and at the closing of a period."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request


def opening_day(period: Period, calendar: Calendar, since: str) -> dt.date:
    """Opening: the day before a period begins (`prior`), or the day a year before its last one (`year_ago`)."""
    if since == "prior":
        return period.start - dt.timedelta(days=1)
    ago = calendar.year_ago(period)
    return ago.last_day if ago is not None else period.last_day - dt.timedelta(days=364)


def openings_and_closings(request: Request) -> pa.Table:
    """For each period its slot, the day of its opening and that of its closing."""
    assert request.shared.pair is not None
    since, periods = request.shared.pair.since, request.periods
    return pa.table(
        {
            "kpi_slot": pa.array(range(len(periods)), pa.int64()),
            "kpi_opening": pa.array([opening_day(period, request.calendar, since) for period in periods], pa.date32()),
            "kpi_closing": pa.array([period.last_day for period in periods], pa.date32()),
        }
    )


def pair_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of pairs: what each account was worth at the opening and is at the closing, aggregated over accounts."""
    shared = request.shared
    assert shared.pair is not None and shared.open is not None and len(shared.open) == 2
    rows, key = request.filtered, shared.pair.key
    rows = rows.mutate(kpi_begin=rows[shared.open[0]].cast("date"), kpi_end=rows[shared.open[1]].cast("date"))
    rows = rows.filter(rows[key].notnull(), rows.kpi_begin.notnull())
    ever = request.table  # whether an account was there before does not depend on the user's condition
    first = ever.group_by(ever[key].name("kpi_key")).aggregate(kpi_first=ever[shared.open[0]].cast("date").min())
    crossed = rows.inner_join(slots, rows.kpi_begin <= slots.kpi_closing)

    def is_open(day: str) -> ir.BooleanValue:
        return (crossed.kpi_begin <= crossed[day]) & (crossed.kpi_end.isnull() | (crossed.kpi_end > crossed[day]))

    value = sql.expression(shared.pair.value, crossed, constants=request.constants).cast("float64")
    crossed = crossed.mutate(
        kpi_was=ibis.ifelse(is_open("kpi_opening"), value, 0.0), kpi_is=ibis.ifelse(is_open("kpi_closing"), value, 0.0)
    )
    keys = [crossed[key].name("kpi_key"), crossed.kpi_slot, crossed.kpi_opening, *request.dimensions(crossed)]
    accounts = crossed.group_by(keys).aggregate(
        opening=crossed.kpi_was.sum(), closing=crossed.kpi_is.sum(), kpi_rows=crossed.count()
    )
    accounts = accounts.inner_join(first, "kpi_key")
    accounts = accounts.mutate(before=accounts.kpi_first <= accounts.kpi_opening)
    return request.aggregate(accounts, [accounts.kpi_slot])


def pair_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Account, value, and what the closing is held against."""
    assert aggregate.pair is not None
    return aggregate.pair.key, aggregate.pair.value, aggregate.pair.since


PAIR = MeasureKind(openings_and_closings, pair_query, pair_shared)
