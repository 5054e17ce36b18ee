"""Pair: each account at the opening and at the closing of a period."""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.kinds.account_moves import with_moves, without_moves
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Request
from kpi_analysis.metrics.sources.contract_ends import end_of


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
    """Query of pairs: what each account was worth at the opening and is at the closing, aggregated over accounts.

    Parameters
    ----------
    request : Request
        Pairs of one table and key, and the periods.
    slots : Table
        Opening and closing of each period.

    Returns
    -------
    Table
        One row for each period and slice.
    """
    shared = request.shared
    assert shared.pair is not None and shared.open is not None and len(shared.open) == 2
    begin, end = shared.open
    rows, condition, key = request.table, request.condition, shared.pair.key
    value = sql.expression(shared.pair.value, rows, constants=request.constants).cast("float64")
    rows = rows.mutate(
        kpi_begin=rows[begin].cast("date"),
        kpi_end=end_of(rows, end),
        kpi_value=value,
        kpi_inside=ibis.literal(True) if condition is None else condition.fill_null(False),
    )
    rows = rows.filter(rows[key].notnull(), rows.kpi_begin.notnull())
    crossed = rows.inner_join(slots, rows.kpi_begin <= slots.kpi_closing)

    def worth(day: str, where: ir.BooleanValue) -> ir.Value:
        is_open = (crossed.kpi_begin <= crossed[day]) & (crossed.kpi_end.isnull() | (crossed.kpi_end > crossed[day]))
        return ibis.ifelse(is_open & where, crossed.kpi_value, 0.0).sum()

    keys = [crossed[key].name("kpi_key"), crossed.kpi_slot, crossed.kpi_opening, *request.dimensions(crossed)]
    anywhere = ibis.literal(True)
    everywhere = {} if condition is None else {
        "kpi_rows": crossed.kpi_inside.sum(),
        "kpi_was": worth("kpi_opening", anywhere),
        "kpi_is": worth("kpi_closing", anywhere),
    }  # fmt: skip
    accounts = crossed.group_by(keys).aggregate(
        opening=worth("kpi_opening", crossed.kpi_inside), closing=worth("kpi_closing", crossed.kpi_inside), **everywhere
    )
    first = _first_paid(rows, key)
    accounts = accounts.left_join(first, "kpi_key").drop("kpi_key_right")
    accounts = accounts.mutate(before=(accounts.kpi_first <= accounts.kpi_opening).fill_null(False))
    moved = with_moves(accounts) if request.by or condition is not None else without_moves(accounts)
    return request.aggregate(moved if condition is None else moved.filter(moved.kpi_rows > 0), [moved.kpi_slot])


def _first_paid(rows: ir.Table, key: str) -> ir.Table:
    """The day on which each account first paid, whatever the user's condition: a trial is no customer."""
    paid = rows.filter(rows.kpi_value > 0, rows.kpi_end.isnull() | (rows.kpi_end > rows.kpi_begin))
    return paid.group_by(paid[key].name("kpi_key")).aggregate(kpi_first=paid.kpi_begin.min())


def pair_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Account, value, and what the closing is held against."""
    assert aggregate.pair is not None
    return aggregate.pair.key, aggregate.pair.value, aggregate.pair.since


PAIR = MeasureKind(openings_and_closings, pair_query, pair_shared)
