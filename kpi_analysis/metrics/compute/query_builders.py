"""The questions: one for each table and date, whatever the number of KPIs and periods.

Periods become slots of a day table that is joined to the rows, so that every calendar, every grain and every
cut-off stretch takes the same road. Stocks are grouped once by the slots in which rows begin and end.
Each `Question` says which slots it joins, what it asks, and what the answers mean: records of slot, dimensions,
``m_<measure>`` and ``rows_<measures>``. What it asks does not depend on the days, so that the text of a query can be
used again for others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.periods import Calendar, Period, day_table
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.resolution import ADDITIVE, function_of
from kpi_analysis.metrics.sources.dialects import in_bytes

NONE = "(none)"

RowSet = frozenset[str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What one query shall read.

    Parameters
    ----------
    rows : callable
        Returns the canonical table with the derived columns that are needed, as of the day that counts.
    ways : mapping of str to Aggregate
        The measures, all of one kind and on the same dates.
    periods : sequence of Period
        The slots, in the order of their last days.
    rowsets : sequence of sets of measures
        For each, the rows behind any of them are counted, each row once.
    by : sequence of str
    where : str, optional
    constants : mapping
        Settings that texts may name.
    calendar : Calendar
    as_of : date, optional
        The day as of which the rows are read; none where that takes nothing back.
    """

    rows: Callable[[], ir.Table]
    ways: Mapping[str, Aggregate]
    periods: Sequence[Period]
    rowsets: Sequence[RowSet]
    by: Sequence[str]
    where: str | None
    constants: Mapping[str, Any]
    calendar: Calendar
    as_of: dt.date | None = None

    @cached_property
    def table(self) -> ir.Table:
        """The rows to read, put together when they are wanted."""
        return self.rows()

    @property
    def key(self) -> str:
        """What the text of the query depends on: all but the days of the periods."""
        parts = (sorted(self.ways.items()), [sorted(members) for members in self.rowsets], list(self.by), self.where)
        return repr((*parts, dict(self.constants), self.as_of))

    @property
    def way(self) -> Aggregate:
        """One of the ways, for what they share."""
        return next(iter(self.ways.values()))

    @property
    def filtered(self) -> ir.Table:
        """The rows that the user's condition leaves."""
        return self.table.filter(sql.condition(self.where, self.table)) if self.where else self.table

    def dimensions(self, table: ir.Table) -> list[ir.Value]:
        """The slices as columns; a missing value is one slice of its own."""
        return [table[name].cast("string").fill_null(NONE).name(name) for name in self.by]

    def aggregate(self, table: ir.Table, keys: Sequence[ir.Value], *, conditions: bool = True) -> ir.Table:
        """Group by keys and dimensions, and aggregate every measure over the rows that its condition lets in."""
        allowed: dict[str, ir.BooleanValue | None] = {}
        measures: dict[str, ir.Scalar] = {}
        for name, way in self.ways.items():
            text = way.condition if conditions else None
            allowed[name] = sql.condition(text, table, constants=self.constants) if text else None
            measures[f"m_{name}"] = sql.aggregate(way.agg, table, where=allowed[name], constants=self.constants)
        for members in self.rowsets:
            some = [allowed[name] for name in sorted(members) if name in allowed]
            if some:
                everything = any(condition is None for condition in some)
                where = None if everything else reduce(or_, [c.fill_null(False) for c in some if c is not None])
                measures[rows_name(members)] = table.count(where=where)
        return table.group_by([*keys, *self.dimensions(table)]).aggregate(**measures)


@dataclass(frozen=True)
class Question:
    """How the measures of a kind are read.

    Parameters
    ----------
    slots : callable
        Returns the table that the periods become.
    ask : callable
        Takes the request and the slots, and returns the query.
    answers : callable
        Makes records of what the engine returns.
    """

    slots: Callable[[Request], pa.Table]
    ask: Callable[[Request, ir.Table], ir.Table]
    answers: Callable[[Request, list[Record]], list[Record]] = lambda request, found: found


def ask_flows(request: Request, slots: ir.Table) -> ir.Table:
    """Rows in the periods in which their date lies."""
    joined = _in_slots(request.filtered, str(request.way.date), slots)
    return request.aggregate(joined, [joined.kpi_slot])


def ask_first(request: Request, slots: ir.Table) -> ir.Table:
    """The first row of each key; a user's condition comes after it, so that it cannot make a later row first."""
    way, table = request.way, request.table
    date, key = str(way.date), str(way.first)
    rows = _allowed(request, table.filter(table[key].notnull(), table[date].notnull()))
    if not request.by and not request.where:
        first = rows.group_by(key).aggregate(**{date: rows[date].min()})
    else:
        ties = [column for column in TABLES[way.table].columns if column in rows.columns and column not in (date, key)]
        order = [rows[date], *(in_bytes(rows[column]) for column in ties)]
        numbered = rows.mutate(kpi_rank=ibis.row_number().over(group_by=rows[key], order_by=order))
        first = numbered.filter(numbered.kpi_rank == 0)
    joined = _in_slots(replace(request, rows=lambda: first).filtered, date, slots)
    return request.aggregate(joined, [joined.kpi_slot], conditions=False)


def ask_per(request: Request, slots: ir.Table) -> ir.Table:
    """An aggregate for each key in each period, then an aggregate over the keys."""
    way = request.way
    joined = _in_slots(_allowed(request, request.filtered), str(way.date), slots)
    joined = joined.filter(joined[str(way.per)].notnull())
    each = sql.aggregate(str(way.each), joined, constants=request.constants)
    keys = [joined.kpi_slot, joined[str(way.per)].name("kpi_key"), *request.dimensions(joined)]
    keyed = joined.group_by(keys).aggregate(each=each, kpi_rows=joined.count())
    if any(one.top is not None for one in request.ways.values()):
        slices = [keyed.kpi_slot, *(keyed[name] for name in request.by)]
        keyed = keyed.mutate(kpi_rank=ibis.row_number().over(group_by=slices, order_by=keyed.each.desc()))
    measures: dict[str, ir.Scalar] = {}
    for name, one in request.ways.items():
        having = [sql.condition(one.having, keyed)] if one.having else []
        top = [keyed.kpi_rank < one.top] if one.top is not None else []
        allowed = reduce(and_, [*having, *top]) if having or top else None
        measures[f"m_{name}"] = sql.aggregate(one.agg, keyed, where=allowed)
    measures |= {rows_name(members): keyed.kpi_rows.sum() for members in request.rowsets}
    return keyed.group_by(["kpi_slot", *request.by]).aggregate(**measures)


def ask_stocks(request: Request, slots: ir.Table) -> ir.Table:
    """Rows that have begun and not ended by the last day of each period."""
    dates = request.way.open
    assert dates is not None
    for name, way in request.ways.items():
        if function_of(way) not in ADDITIVE:
            raise ConfigError(f"measure {name}: a stock is a sum or a count, not '{way.agg}'.")
    rows = request.filtered
    end = rows[dates[1]].cast("date") if len(dates) == 2 else ibis.null("date")
    rows = rows.mutate(kpi_begin=rows[dates[0]].cast("date"), kpi_end=end)
    return _open_at_ends(request, rows, slots, conditions=True)


def ask_balances(request: Request, slots: ir.Table) -> ir.Table:
    """The rows of the latest date of each key: a balance holds until the next one, so it is a stock of its own."""
    way = request.way
    rows = _allowed(request, request.filtered)
    rows = rows.filter(rows[str(way.last)].notnull())
    rows = rows.mutate(kpi_begin=rows[str(way.date)].cast("date"), kpi_key=rows[str(way.last)])
    dimensions = request.dimensions(rows)
    values = {
        f"m_{name}": sql.aggregate(one.agg, rows, constants=request.constants) for name, one in request.ways.items()
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
    sums = {name: Aggregate(table=one.table, agg=f"sum(m_{name})", date=one.date) for name, one in request.ways.items()}
    return _open_at_ends(replace(request, ways=sums, where=None), held, slots, conditions=False)


def ask_pairs(request: Request, slots: ir.Table) -> ir.Table:
    """Each account at the opening and the closing of each period."""
    way = request.way
    assert way.pair is not None and way.open is not None and len(way.open) == 2
    rows, key = request.filtered, way.pair.key
    rows = rows.mutate(kpi_begin=rows[way.open[0]].cast("date"), kpi_end=rows[way.open[1]].cast("date"))
    rows = rows.filter(rows[key].notnull(), rows.kpi_begin.notnull())
    ever = request.table  # whether an account was there before does not depend on the user's condition
    first = ever.group_by(ever[key].name("kpi_key")).aggregate(kpi_first=ever[way.open[0]].cast("date").min())
    crossed = rows.inner_join(slots, rows.kpi_begin <= slots.kpi_closing)

    def is_open(day: str) -> ir.BooleanValue:
        return (crossed.kpi_begin <= crossed[day]) & (crossed.kpi_end.isnull() | (crossed.kpi_end > crossed[day]))

    value = sql.expression(way.pair.value, crossed, constants=request.constants).cast("float64")
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


def rows_name(members: RowSet) -> str:
    """Name of the column that counts the rows behind measures."""
    return "rows_" + "_and_".join(sorted(members))


def _allowed(request: Request, rows: ir.Table) -> ir.Table:
    text = request.way.condition
    return rows.filter(sql.condition(text, rows, constants=request.constants)) if text else rows


def _in_slots(rows: ir.Table, date: str, slots: ir.Table) -> ir.Table:
    """Join rows with the periods in which their date lies; periods may overlap."""
    rows = rows.mutate(kpi_on=rows[date].cast("date"))
    return rows.inner_join(slots, rows.kpi_on == slots.kpi_day)


def _open_at_ends(request: Request, rows: ir.Table, slots: ir.Table, *, conditions: bool) -> ir.Table:
    """Group rows once by the slot from which they are open, and the one from which they are not; none is never."""
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


def open_at_ends(request: Request, found: list[Record]) -> list[Record]:
    """Add up what is open on the last day of each period."""
    slots = np.arange(len(request.periods))[:, None]
    columns = [f"m_{name}" for name in request.ways] + [rows_name(members) for members in request.rowsets]
    slices: dict[tuple[Any, ...], list[Record]] = {}
    for record in found:
        slices.setdefault(tuple(record[name] for name in request.by), []).append(record)
    answers = []
    for group, records in slices.items():
        begins = np.array([record["kpi_from"] for record in records])
        ends = np.array([len(slots) if record["kpi_till"] is None else record["kpi_till"] for record in records])
        is_open = (begins <= slots) & (slots < ends)
        totals = {column: _totals(is_open, [record.get(column) for record in records]) for column in columns}
        answers += [
            {"kpi_slot": slot, **dict(zip(request.by, group, strict=True))}
            | {column: total[slot] for column, total in totals.items()}
            for slot in np.flatnonzero(is_open.any(axis=1)).tolist()
        ]
    return answers


def _totals(is_open: npt.NDArray[np.bool_], values: Sequence[Any]) -> list[float | None]:
    """Sum what is open in each slot; None where nothing that is open has a value."""
    told = np.array([value is not None for value in values])
    sums = is_open @ np.array([float(value or 0) for value in values])
    return [float(total) if some else None for total, some in zip(sums, is_open @ told, strict=True)]


def days_in_periods(request: Request) -> pa.Table:
    """Every day of every period, with its slot."""
    return _days_in(tuple(request.periods))


def days_until_ends(request: Request) -> pa.Table:
    """Every day from the end of the first period on, with the first slot that ends not before it."""
    return _days_until(tuple(period.last_day for period in request.periods))


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


def openings(request: Request) -> pa.Table:
    """For each period the day of its opening and of its closing."""
    assert request.way.pair is not None
    since, periods = request.way.pair.since, request.periods
    return pa.table(
        {
            "kpi_slot": pa.array(range(len(periods)), pa.int64()),
            "kpi_opening": pa.array([opening_day(period, request.calendar, since) for period in periods], pa.date32()),
            "kpi_closing": pa.array([period.last_day for period in periods], pa.date32()),
        }
    )


def opening_day(period: Period, calendar: Calendar, since: str) -> dt.date:
    """The day before a period begins, or the day a year before its last one."""
    if since == "prior":
        return period.start - dt.timedelta(days=1)
    ago = calendar.year_ago(period)
    return ago.last_day if ago is not None else period.last_day - dt.timedelta(days=364)


QUESTIONS = {
    "flow": Question(days_in_periods, ask_flows),
    "first": Question(days_in_periods, ask_first),
    "per": Question(days_in_periods, ask_per),
    "stock": Question(days_until_ends, ask_stocks, open_at_ends),
    "balance": Question(days_until_ends, ask_balances, open_at_ends),
    "pair": Question(openings, ask_pairs),
}
