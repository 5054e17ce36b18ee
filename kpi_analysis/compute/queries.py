"""The queries: one for each table and date, whatever the number of KPIs and periods.

Periods become slots of a day table that is joined to the rows, so that every calendar, every grain and every
cut-off stretch takes the same road. Stocks are grouped once by the slots in which rows begin and end.
Each reader takes a `Request` and returns records: slot, dimensions, ``m_<measure>`` and ``rows_<measures>``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError

from kpi_analysis import sql
from kpi_analysis.catalogue import Aggregate
from kpi_analysis.compute.ways import ADDITIVE, function_of
from kpi_analysis.errors import ConfigError, KpiError
from kpi_analysis.periods import Calendar, Period, day_table
from kpi_analysis.schema import TABLES
from kpi_analysis.sources.engines import engine_name, first_line, in_bytes

NONE = "(none)"
UNSUPPORTED = (OperationNotDefinedError, UnsupportedBackendType, UnsupportedOperationError)

RowSet = frozenset[str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What one query shall read.

    Parameters
    ----------
    table : Table
        Canonical, with the derived columns that are needed.
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
    """

    table: ir.Table
    ways: Mapping[str, Aggregate]
    periods: Sequence[Period]
    rowsets: Sequence[RowSet]
    by: Sequence[str]
    where: str | None
    constants: Mapping[str, Any]
    calendar: Calendar

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

    def aggregate(self, table: ir.Table, keys: Sequence[ir.Value], *, conditions: bool = True) -> list[Record]:
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
        grouped = table.group_by([*keys, *self.dimensions(table)]).aggregate(**measures)
        return list(grouped.to_pyarrow().to_pylist())


def read(request: Request) -> list[Record]:
    """Run the query of a request.

    Raises
    ------
    ConfigError
        When the engine cannot do what a measure asks, or refuses the query.
    """
    try:
        return _read(request)
    except KpiError:
        raise
    except Exception as error:  # every driver has an error family of its own
        raise _refusal(request, error) from error


def _read(request: Request) -> list[Record]:
    readers: dict[str, Callable[[Request], list[Record]]] = {
        "flow": read_flows,
        "first": read_first,
        "per": read_per,
        "stock": read_stocks,
        "balance": read_balances,
        "pair": read_pairs,
    }
    return readers[request.way.kind](request)


def _refusal(request: Request, error: Exception) -> ConfigError:
    """Say which measures an engine refuses: one by one, because a single one spoils the query of all."""
    engine = engine_name(request.table.get_backend())
    refused = {}
    for name, way in request.ways.items():
        try:
            _read(replace(request, ways={name: way}, rowsets=[frozenset({name})]))
        except Exception as one:
            refused[name] = one
    names = sorted(refused or request.ways)
    causes = list(refused.values()) or [error]
    words = " and ".join(f"{name} ({request.ways[name].agg})" for name in names)
    said = f"{engine} refuses the query: {first_line(causes[0])}."
    if isinstance(causes[0], UNSUPPORTED):
        lacking = re.search(r"'(\w+)'", str(causes[0]))
        said = f"{engine} has no {lacking.group(1).lower()}." if lacking else f"{engine} lacks something it needs."
    return ConfigError(
        f"measure{'s' if len(names) > 1 else ''} {words} of table {request.way.table}: {said}",
        remedy="Ask for KPIs that do not need it, or bring the table to DuckDB or PostgreSQL.",
    )


def read_flows(request: Request) -> list[Record]:
    """Rows in the periods in which their date lies."""
    joined = _in_slots(request.filtered, str(request.way.date), request.periods)
    return request.aggregate(joined, [joined.kpi_slot])


def read_first(request: Request) -> list[Record]:
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
    joined = _in_slots(replace(request, table=first).filtered, date, request.periods)
    return request.aggregate(joined, [joined.kpi_slot], conditions=False)


def read_per(request: Request) -> list[Record]:
    """An aggregate for each key in each period, then an aggregate over the keys."""
    way = request.way
    joined = _in_slots(_allowed(request, request.filtered), str(way.date), request.periods)
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
    grouped = keyed.group_by(["kpi_slot", *request.by]).aggregate(**measures)
    return list(grouped.to_pyarrow().to_pylist())


def read_stocks(request: Request) -> list[Record]:
    """Rows that have begun and not ended by the last day of each period."""
    dates = request.way.open
    assert dates is not None
    for name, way in request.ways.items():
        if function_of(way) not in ADDITIVE:
            raise ConfigError(f"measure {name}: a stock is a sum or a count, not '{way.agg}'.")
    rows = request.filtered
    end = rows[dates[1]].cast("date") if len(dates) == 2 else ibis.null("date")
    return _open_at_ends(request, rows.mutate(kpi_begin=rows[dates[0]].cast("date"), kpi_end=end), conditions=True)


def read_balances(request: Request) -> list[Record]:
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
    return _open_at_ends(replace(request, ways=sums, where=None), held, conditions=False)


def read_pairs(request: Request) -> list[Record]:
    """Each account at the opening and the closing of each period."""
    way = request.way
    assert way.pair is not None and way.open is not None and len(way.open) == 2
    rows, key = request.filtered, way.pair.key
    rows = rows.mutate(kpi_begin=rows[way.open[0]].cast("date"), kpi_end=rows[way.open[1]].cast("date"))
    rows = rows.filter(rows[key].notnull(), rows.kpi_begin.notnull())
    slots = ibis.memtable(_openings(request.periods, request.calendar, way.pair.since))
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


def _in_slots(rows: ir.Table, date: str, periods: Sequence[Period]) -> ir.Table:
    """Join rows with the periods in which their date lies; periods may overlap."""
    days = day_table(periods)
    columns = {
        "kpi_day": pa.array(days["day"].dt.date, pa.date32()),
        "kpi_slot": pa.array(days["slot"], pa.int64()),
    }
    slots = ibis.memtable(pa.table(columns))
    rows = rows.mutate(kpi_on=rows[date].cast("date"))
    return rows.inner_join(slots, rows.kpi_on == slots.kpi_day)


def _open_at_ends(request: Request, rows: ir.Table, *, conditions: bool) -> list[Record]:
    """Add up what is open on the last day of each period; rows are grouped once by where they begin and end."""
    days = [period.last_day for period in request.periods]
    never = len(days)
    index = ibis.memtable(_first_slot_on_or_after(days))
    began = rows.left_join(index, rows.kpi_begin == index.kpi_day).rename(kpi_from="kpi_slot").drop("kpi_day")
    both = began.left_join(index, began.kpi_end == index.kpi_day).rename(kpi_till="kpi_slot").drop("kpi_day")
    both = both.mutate(
        kpi_from=ibis.ifelse(both.kpi_begin <= days[0], 0, both.kpi_from),
        kpi_till=ibis.cases(
            (both.kpi_end.isnull(), never), (both.kpi_end <= days[0], 0), else_=both.kpi_till.fill_null(never)
        ),
    )
    both = both.filter(both.kpi_from.notnull(), both.kpi_from < both.kpi_till)
    records = request.aggregate(both, [both.kpi_from, both.kpi_till], conditions=conditions)
    return [
        {"kpi_slot": slot, **total}
        for slot in range(len(days))
        for total in _added_up([r for r in records if r["kpi_from"] <= slot < r["kpi_till"]], request)
    ]


def _added_up(records: Sequence[Record], request: Request) -> list[Record]:
    totals: dict[tuple[Any, ...], Record] = {}
    columns = [f"m_{name}" for name in request.ways] + [rows_name(members) for members in request.rowsets]
    for record in records:
        group = tuple(record[name] for name in request.by)
        total = totals.setdefault(group, {name: record[name] for name in request.by} | dict.fromkeys(columns))
        for column in columns:
            if record.get(column) is not None:
                total[column] = (total[column] or 0) + record[column]
    return list(totals.values())


def _first_slot_on_or_after(days: list[dt.date]) -> pa.Table:
    """For each day after the first slot's, the first slot whose day is not before it."""
    span = [days[0] + dt.timedelta(days=n) for n in range(1, (days[-1] - days[0]).days + 1)]
    slots = np.searchsorted(np.array(days, dtype="datetime64[D]"), np.array(span, dtype="datetime64[D]"))
    return pa.table({"kpi_day": pa.array(span, pa.date32()), "kpi_slot": pa.array(slots, pa.int64())})


def _openings(periods: Sequence[Period], calendar: Calendar, since: str) -> pa.Table:
    """For each period the day of its opening and of its closing."""
    return pa.table(
        {
            "kpi_slot": pa.array(range(len(periods)), pa.int64()),
            "kpi_opening": pa.array([opening_day(period, calendar, since) for period in periods], pa.date32()),
            "kpi_closing": pa.array([period.last_day for period in periods], pa.date32()),
        }
    )


def opening_day(period: Period, calendar: Calendar, since: str) -> dt.date:
    """The day before a period begins, or the day a year before its last one."""
    if since == "prior":
        return period.start - dt.timedelta(days=1)
    ago = calendar.year_ago(period)
    return ago.last_day if ago is not None else period.last_day - dt.timedelta(days=364)
