"""Measures over canonical tables: one query for each table and date, whatever the number of KPIs and periods.

Periods become slots of a day table that is joined to the rows, so that every calendar, every grain and every
cut-off stretch takes the same road. Stocks are grouped once by the slots in which rows begin and end.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from kpi_analysis import sql
from kpi_analysis.catalogue import Aggregate, Catalogue
from kpi_analysis.company import settings
from kpi_analysis.errors import ConfigError
from kpi_analysis.formula import Values
from kpi_analysis.periods import Period, day_table
from kpi_analysis.schema import TABLES
from kpi_analysis.sources import Sources

BEFORE = "the period is before the data begins"
PARTLY = "the period is only partly in the data"
AFTER = "the period is after the data ends"
NONE = "(none)"
ADDITIVE = ("sum", "count")
ZERO_WITHOUT_ROWS = (*ADDITIVE, "distinct")

Group = tuple[str, ...]
Query = tuple[str, ...]
RowSet = frozenset[str]


@dataclass(frozen=True)
class Readable:
    """A measure as this company can read it, or the reason why it cannot."""

    name: str
    aggregate: Aggregate | None
    reason: str = ""

    @property
    def query(self) -> Query:
        """What measures must share to be read by one query."""
        if self.aggregate is None:
            return ()
        a = self.aggregate
        if a.first is not None:
            return ("first", a.table, str(a.date), a.first, a.where or "")
        return ("stock", a.table, *a.open) if a.open is not None else ("flow", a.table, str(a.date))


@dataclass
class MeasureReader:
    """Reads measures for periods and slices.

    Use it in two passes: `want` what is needed, `read` it all, then ask for `values`.

    Parameters
    ----------
    sources, catalogue
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date
        Last day that counts.
    """

    sources: Sources
    catalogue: Catalogue
    by: Sequence[str]
    where: str | None
    as_of: dt.date
    groups: list[Group] = field(default_factory=list)
    _readable: dict[str, Readable] = field(default_factory=dict)
    _wanted: dict[Query, set[tuple[str, Period]]] = field(default_factory=lambda: defaultdict(set))
    _numbers: dict[tuple[str, Period], dict[Group, float | None]] = field(default_factory=dict)
    _rows: dict[tuple[RowSet, Period], dict[Group, int]] = field(default_factory=dict)
    _rowsets: dict[Query, set[RowSet]] = field(default_factory=lambda: defaultdict(set))
    _groups_of: dict[Query, set[Group]] = field(default_factory=lambda: defaultdict(set))

    # ------------------------------------------------------------------ what is needed

    def readable(self, name: str) -> Readable:
        """Return how a measure can be read here: the first way that the company's tables allow."""
        if name not in self._readable:
            measure = self.catalogue.measures[name]
            ways = list(measure.aggregates)
            chosen = getattr(self.sources.company, measure.choice, None) if measure.choice else None
            if chosen is not None:
                ways = [way for way in ways if way.table == chosen] or ways
            reasons = [(way, self._obstacle(way)) for way in ways]
            free = next((way for way, reason in reasons if not reason), None)
            connected = [pair for pair in reasons if pair[0].table in self.sources.connected]
            reason = (connected or reasons)[0][1]
            self._readable[name] = Readable(name, free, "" if free is not None else reason)
        return self._readable[name]

    def _obstacle(self, way: Aggregate) -> str:
        """Why this company cannot read a measure this way, or nothing."""
        if way.table not in self.sources.connected:
            return f"table {way.table} is not connected"
        present = {*self.sources.columns(way.table), *self.sources.derived(way.table)}
        needed = (
            set(_needed(way.agg)) | set(_needed(way.where)) | {c for c in (way.date, way.first, *(way.open or ())) if c}
        )
        constants = settings(self.sources.company)
        named = {name for text in (way.agg, way.where) if text for name in sql.columns_of(text)}
        for name in sorted(named & set(constants)):
            if constants[name] is None:
                return f"{name} is not set in the company file"
        for column in sorted(needed - present - set(constants)):
            return f"table {way.table} has no column {column}"
        for column in (*self.by, *sorted(sql.columns_of(self.where) if self.where else ())):
            if column not in present:
                return f"table {way.table} has no column {column}"
        return ""

    def is_stock(self, name: str) -> bool:
        """Whether a measure is read at the end of a period."""
        return self.catalogue.is_stock(name)

    def want(self, name: str, period: Period) -> None:
        """Note that a measure will be asked for in a period."""
        readable = self.readable(name)
        if readable.aggregate is not None and period.start <= self.as_of:
            self._wanted[readable.query].add((name, self._slot(name, period)))

    def want_rows(self, names: Iterable[str]) -> None:
        """Note that the rows behind these measures will be asked for, each row counted once."""
        for query, members in self._by_query(names).items():
            self._rowsets[query].add(members)

    def read(self) -> None:
        """Run the queries: one for each table and date."""
        for query, wanted in self._wanted.items():
            names = sorted({name for name, _ in wanted})
            periods = sorted({period for _, period in wanted}, key=lambda p: (p.last_day, p.start, p.label))
            reader: Callable[..., None] = self._read_stocks if query[0] == "stock" else self._read_flows
            reader(query, names, periods)
        self.groups = sorted({group for groups in self._groups_of.values() for group in groups}) or [()]
        if self.by and self.groups == [()]:
            self.groups = []

    # ------------------------------------------------------------------ answers

    def values(self, name: str, period: Period, *, as_base: bool = False) -> Values:
        """Return a measure in a period, slice by slice, or why it has no value.

        `as_base` is for the base of a comparison, which must lie wholly in the data.
        """
        size = len(self.groups)
        readable = self.readable(name)
        reason = readable.reason or self.gap(name, period, as_base=as_base)
        if reason or readable.aggregate is None:
            return Values.missing(reason, size)
        slot = self._slot(name, period)
        found = self._numbers[name, slot]
        absent = 0.0 if _function(readable.aggregate) in ZERO_WITHOUT_ROWS else np.nan
        numbers, reasons = np.full(size, np.nan), np.full(size, "", dtype=object)
        empty = self.catalogue.measures[name].empty or f"no {self.catalogue.label(name)} in the period"
        for index, group in enumerate(self.groups):
            value = found.get(group, absent)
            if value is None:
                rows = self._rows.get((frozenset({name}), slot), {}).get(group, 0)
                reasons[index] = f"{_argument(readable.aggregate)} is empty in all {rows:,} rows"
            elif np.isnan(value):
                reasons[index] = empty
            else:
                numbers[index] = value
        return Values(numbers, reasons)

    def gap(self, name: str, period: Period, *, as_base: bool = False) -> str:
        """Why a period has no data for a measure, or nothing."""
        way = self.readable(name).aggregate
        if way is None:
            return ""
        if period.start > self.as_of:
            return AFTER
        extent = self.sources.extent(way.table, way.open[0] if way.open else way.date)
        first, last = extent.first, extent.last
        if first is None or last is None:
            return f"table {way.table} has no rows with a date"
        if period.last_day < first:
            return BEFORE
        if as_base and not extent.covers(period):
            return PARTLY
        if period.start > last and not way.is_stock:
            return f"table {way.table} ends on {last}"
        return ""

    def covered(self, name: str, period: Period) -> bool:
        """Whether the data of a measure begin before, or early in, a period."""
        way = self.readable(name).aggregate
        if way is None or way.is_stock:
            return True
        return self.sources.extent(way.table, way.date).covers(period)

    def rows(self, names: Iterable[str], period: Period) -> list[int]:
        """How many rows stand behind measures in a period, slice by slice; each row once."""
        total = [0] * len(self.groups)
        for members in self._by_query(names).values():
            slot = self._slot(next(iter(members)), period)
            counts = self._rows.get((members, slot), {})
            total = [sum(pair) for pair in zip(total, (counts.get(g, 0) for g in self.groups), strict=True)]
        return total

    def groups_of(self, names: Iterable[str]) -> set[Group]:
        """Slices that occur in the tables of measures."""
        return {group for query in self._by_query(names) for group in self._groups_of[query]}

    def _by_query(self, names: Iterable[str]) -> dict[Query, RowSet]:
        grouped: dict[Query, set[str]] = defaultdict(set)
        for name in names:
            readable = self.readable(name)
            if readable.aggregate is not None:
                grouped[readable.query].add(name)
        return {query: frozenset(members) for query, members in grouped.items()}

    def _slot(self, name: str, period: Period) -> Period:
        """The days that count: for a stock only the last one, which for a past period is its end."""
        if not self.is_stock(name):
            return period
        day = min(period.end, self.as_of)
        return Period("day", day, day, day.isoformat())

    # ------------------------------------------------------------------ queries

    def _prepared(self, table: str, names: Sequence[str]) -> ir.Table:
        ways = [way for name in names if (way := self.readable(name).aggregate) is not None]
        needed = {column for way in ways for text in (way.agg, way.where) for column in _needed(text)} | set(self.by)
        needed |= set(sql.columns_of(self.where)) if self.where else set()
        extra = needed & set(self.sources.derived(table))
        return self.sources.with_derived(table, extra) if extra else self.sources.table(table)

    def _filtered(self, table: ir.Table) -> ir.Table:
        return table.filter(sql.condition(self.where, table)) if self.where else table

    def _dimensions(self, table: ir.Table) -> dict[str, ir.Value]:
        return {name: table[name].cast("string").fill_null(NONE) for name in self.by}

    def _read_flows(self, query: Query, names: list[str], periods: list[Period]) -> None:
        kind, table_name, date = query[:3]
        table = self._prepared(table_name, names)
        if kind == "first":
            table = self._first_rows(table, query)
        rows = self._filtered(table)
        days = day_table(periods)
        slots = ibis.memtable(
            pa.table(
                {"kpi_day": pa.array(days["day"].dt.date, pa.date32()), "kpi_slot": pa.array(days["slot"], pa.int64())}
            )
        )
        rows = rows.mutate(kpi_on=rows[date].cast("date"))
        joined = rows.inner_join(slots, rows.kpi_on == slots.kpi_day)
        for record in self._aggregate(joined, [joined.kpi_slot], query, names):
            self._store(query, record, periods[record["kpi_slot"]], names)
        for name in names:
            for period in periods:
                self._numbers.setdefault((name, period), {})

    def _first_rows(self, table: ir.Table, query: Query) -> ir.Table:
        """The first row of each key; a user's filter comes after it, so that it cannot make a later row first."""
        _, name, date, key, where = query
        rows = table.filter(table[key].notnull(), table[date].notnull())
        if where:
            rows = rows.filter(sql.condition(where, rows, constants=settings(self.sources.company)))
        if not self.by and not self.where:
            return rows.group_by(key).aggregate(**{date: rows[date].min()})
        ties = [column for column in TABLES[name].columns if column in rows.columns and column not in (date, key)]
        order = [rows[date], *(rows[column] for column in ties)]
        numbered = rows.mutate(kpi_rank=ibis.row_number().over(group_by=rows[key], order_by=order))
        return numbered.filter(numbered.kpi_rank == 0)

    def _read_stocks(self, query: Query, names: list[str], periods: list[Period]) -> None:
        _, table_name, begin, end = query
        rows = self._filtered(self._prepared(table_name, names))
        days = [period.last_day for period in periods]
        never = len(days)
        index = ibis.memtable(_first_slot_on_or_after(days))
        rows = rows.mutate(kpi_begin=rows[begin].cast("date"), kpi_end=rows[end].cast("date"))
        began = rows.left_join(index, rows.kpi_begin == index.kpi_day).rename(kpi_from="kpi_slot").drop("kpi_day")
        both = began.left_join(index, began.kpi_end == index.kpi_day).rename(kpi_till="kpi_slot").drop("kpi_day")
        both = both.mutate(
            kpi_from=ibis.ifelse(both.kpi_begin <= days[0], 0, both.kpi_from),
            kpi_till=ibis.cases(
                (both.kpi_end.isnull(), never), (both.kpi_end <= days[0], 0), else_=both.kpi_till.fill_null(never)
            ),
        )
        both = both.filter(both.kpi_from.notnull(), both.kpi_from < both.kpi_till)
        records = self._aggregate(both, [both.kpi_from, both.kpi_till], query, names)
        for slot, period in enumerate(periods):
            open_now = [r for r in records if r["kpi_from"] <= slot < r["kpi_till"]]
            for total in _added_up(open_now, self.by, names, self._rowsets[query]):
                self._store(query, total, period, names)
            for name in names:
                self._numbers.setdefault((name, period), {})

    def _aggregate(self, table: ir.Table, keys: list[ir.Value], query: Query, names: list[str]) -> list[dict[str, Any]]:
        constants = settings(self.sources.company)
        conditions: dict[str, ir.BooleanValue | None] = {}
        measures: dict[str, ir.Scalar] = {}
        for name in names:
            way = self.readable(name).aggregate
            assert way is not None
            if query[0] == "stock" and _function(way) not in ADDITIVE:
                raise ConfigError(f"measure {name}: a stock is a sum or a count, not '{way.agg}'.")
            text = way.where if query[0] != "first" else None
            conditions[name] = sql.condition(text, table, constants=constants) if text else None
            measures[f"m_{name}"] = sql.aggregate(way.agg, table, where=conditions[name], constants=constants)
        for members in self._rowsets[query]:
            some = [conditions[name] for name in sorted(members) if name in conditions]
            if not some:
                continue
            everything = any(condition is None for condition in some)
            where = None if everything else reduce(or_, [c.fill_null(False) for c in some if c is not None])
            measures[_rows_name(members)] = table.count(where=where)
        dimensions = self._dimensions(table)
        grouped = table.group_by([*keys, *(value.name(name) for name, value in dimensions.items())])
        return list(grouped.aggregate(**measures).to_pyarrow().to_pylist())

    def _store(self, query: Query, record: dict[str, Any], period: Period, names: list[str]) -> None:
        group = tuple(record[name] for name in self.by)
        self._groups_of[query].add(group)
        for members in self._rowsets[query]:
            if (column := _rows_name(members)) in record:
                self._rows.setdefault((members, period), {})[group] = int(record[column])
        for name in names:
            value = record[f"m_{name}"]
            number: float | None = None if value is None else float(value)
            if number is None and not self._has_rows(query, record, name):
                number = 0.0 if _function(self.readable(name).aggregate) in ZERO_WITHOUT_ROWS else float("nan")
            self._numbers.setdefault((name, period), {})[group] = number

    def _has_rows(self, query: Query, record: dict[str, Any], name: str) -> bool:
        """Whether rows stood behind an empty aggregate: then its column is empty, else there was nothing."""
        alone = _rows_name(frozenset({name}))
        return bool(record.get(alone, 0))


def _needed(text: str | None) -> frozenset[str]:
    return sql.columns_of(text) - sql.optional_columns_of(text) if text else frozenset()


def is_additive(way: Aggregate) -> bool:
    """Whether the parts of a measure add up to the whole."""
    return _function(way) in ADDITIVE


def _function(way: Aggregate | None) -> str:
    """Name of the aggregate function; a distinct count adds up over nothing."""
    text = way.agg.lower() if way is not None else ""
    name = text.split("(", 1)[0].strip()
    return "distinct" if name == "count" and "distinct" in text else name


def _argument(way: Aggregate) -> str:
    return way.agg.split("(", 1)[1].rsplit(")", 1)[0].strip()


def _rows_name(members: RowSet) -> str:
    return "rows_" + "_and_".join(sorted(members))


def _first_slot_on_or_after(days: list[dt.date]) -> pa.Table:
    """For each day after the first slot's, the first slot whose day is not before it."""
    span = [days[0] + dt.timedelta(days=n) for n in range(1, (days[-1] - days[0]).days + 1)]
    slots = np.searchsorted(np.array(days, dtype="datetime64[D]"), np.array(span, dtype="datetime64[D]"))
    return pa.table({"kpi_day": pa.array(span, pa.date32()), "kpi_slot": pa.array(slots, pa.int64())})


def _added_up(
    records: list[dict[str, Any]], by: Sequence[str], names: list[str], rowsets: Iterable[RowSet]
) -> list[dict[str, Any]]:
    totals: dict[Group, dict[str, Any]] = {}
    columns = [f"m_{name}" for name in names] + [_rows_name(members) for members in rowsets]
    for record in records:
        group = tuple(record[name] for name in by)
        total = totals.setdefault(group, {name: record[name] for name in by} | dict.fromkeys(columns))
        for column in columns:
            if record.get(column) is not None:
                total[column] = (total[column] or 0) + record[column]
    return list(totals.values())
