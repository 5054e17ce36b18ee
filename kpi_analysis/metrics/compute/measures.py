"""Measures over canonical tables: what is needed, read once, and the answers or the reasons why there are none."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.formula import Values
from kpi_analysis.core.periods import Period
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate, Catalogue
from kpi_analysis.metrics.compute.cached_execution import in_time, recall
from kpi_analysis.metrics.compute.query_builders import Record, Request, RowSet, opening_day, rows_name
from kpi_analysis.metrics.compute.resolution import (
    ZERO_WITHOUT_ROWS,
    Query,
    Readable,
    argument_of,
    find_way,
    function_of,
)
from kpi_analysis.metrics.sources import Sources

BEFORE = "the period is before the data begins"
PARTLY = "the period is only partly in the data"
AFTER = "the period is after the data ends"

HISTORIES = {"month": 60, "quarter": 20}

Group = tuple[str, ...]
Periods = tuple[Period, ...]


class Hashed(tuple[Period, ...]):
    """Periods by which much is looked up: they are hashed once, and not each of them each time."""

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash


def settled(number: float) -> float:
    """Return a sum to 13 digits: threads add floats in any order, and what lies beyond is the noise of that.

    Examples
    --------
    >>> settled(4.852192945090727) == settled(4.852192945090731)
    True
    """
    return float(f"{number:.13g}")


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
    _wanted: dict[Query, set[str]] = field(default_factory=lambda: defaultdict(set))
    _periods: dict[Query, set[Period]] = field(default_factory=lambda: defaultdict(set))
    _soon: dict[Query, Periods] = field(default_factory=dict)
    _slots: dict[tuple[bool, Periods], Periods] = field(default_factory=dict)
    _numbers: dict[tuple[str, Period], dict[Group, float | None]] = field(default_factory=dict)
    _why: dict[tuple[str, Period, Group], str] = field(default_factory=dict)
    _rows: dict[tuple[RowSet, Period], dict[Group, int]] = field(default_factory=dict)
    _rowsets: dict[Query, set[RowSet]] = field(default_factory=lambda: defaultdict(set))
    _groups_of: dict[Query, set[Group]] = field(default_factory=lambda: defaultdict(set))

    # ------------------------------------------------------------------ what is needed

    def readable(self, name: str) -> Readable:
        """Return how a measure can be read here: the first way that the company's tables allow."""
        if name not in self._readable:
            measure, key = self.catalogue.measures[name], (name, tuple(self.by), self.where)
            told = self.sources.readable.get(key)
            if told is None or told[0] is not measure:
                told = self.sources.readable[key] = measure, find_way(self.sources, name, measure, self.by, self.where)
            self._readable[name] = told[1]
        return self._readable[name]

    def is_stock(self, name: str) -> bool:
        """Whether a measure is read at the end of a period."""
        return self.catalogue.is_stock(name)

    def want(self, name: str, periods: Periods) -> None:
        """Note that a measure will be asked for in these periods."""
        readable = self.readable(name)
        begun = tuple(period for period in periods if period.start <= self.as_of)
        if readable.aggregate is not None and begun:
            self._wanted[readable.query].add(name)
            self._periods[readable.query].update(self._days_of(name, begun))
            if self.sources.answers is not None and readable.query not in self._soon:
                self._soon[readable.query] = self._days_of(name, self._histories)

    def want_rows(self, names: Iterable[str]) -> None:
        """Note that the rows behind these measures will be asked for, each row counted once."""
        for query, members in self._by_query(names).items():
            self._rowsets[query].add(members)

    def read(self) -> None:
        """Run the queries: one for each table and date."""
        for query, wanted in self._wanted.items():
            names = sorted(wanted)
            periods = in_time(self._periods[query])
            backend = self.sources.table(query[1]).get_backend()
            told = self._in_the_data(names[0], periods)
            request = self._request(query, names, told)
            found = recall(request, query, self._soon.get(query, ()), backend, self.sources) if told else ()
            for record in found:
                self._store(query, record, told[record["kpi_slot"]], names)
            for name in names:
                for period in periods:
                    self._numbers.setdefault((name, period), {})
        self.groups = sorted({group for groups in self._groups_of.values() for group in groups}) or [()]
        if self.by and self.groups == [()]:
            self.groups = []

    def _in_the_data(self, name: str, periods: Sequence[Period]) -> Sequence[Period]:
        """The periods in which there can be rows; those before the first one need not be asked for."""
        way = self.readable(name).aggregate
        column = str(way.open[0] if way.open else way.date) if way is not None else ""
        if way is None or column not in self.sources.columns(way.table):
            return periods
        first = self.sources.extent(way.table, column).first
        return periods if first is None else [period for period in periods if period.last_day >= first]

    def _request(self, query: Query, names: Sequence[str], periods: Sequence[Period]) -> Request:
        ways = {name: way for name in names if (way := self.readable(name).aggregate) is not None}
        last = self.sources.last_day()
        return Request(
            rows=lambda: self._rows_of(query[1], ways.values()),
            ways=ways,
            periods=periods,
            rowsets=sorted(self._rowsets[query], key=sorted),
            by=self.by,
            where=self.where,
            constants=settings(self.sources.config),
            calendar=self.sources.config.calendar,
            as_of=self.as_of if last is not None and self.as_of < last else None,
        )

    def _rows_of(self, table: str, ways: Iterable[Aggregate]) -> ir.Table:
        needed = {column for way in ways for text in way.row_texts for column in sql.columns_of(text)}
        needed |= {column for way in ways for column in way.key_columns}
        needed |= {*self.by, *(sql.columns_of(self.where) if self.where else ())}
        extra = needed & set(self.sources.derived(table))
        rows = self.sources.with_derived(table, extra) if extra else self.sources.table(table)
        return self._as_of(table, rows)

    def _as_of(self, name: str, rows: ir.Table) -> ir.Table:
        """Take back what happened after the day asked for: a lead qualified later is not qualified yet."""
        last = self.sources.last_day()
        if last is None or self.as_of >= last:
            return rows
        kinds = ("date", "timestamp")
        dates = [
            c.name
            for c in TABLES[name].columns.values()
            if c.kind in kinds and c.name in rows.columns and c.name != TABLES[name].date
        ]
        dates += [column for column in rows.columns if column == "opportunity_on"]
        if {"outcome", "closed_on"} <= set(rows.columns):
            later = rows.closed_on.cast("date") > self.as_of
            rows = rows.mutate(outcome=ibis.ifelse(later.fill_null(False), "open", rows.outcome))
        return rows.mutate(
            **{day: ibis.ifelse(rows[day].cast("date") > self.as_of, ibis.null(), rows[day]) for day in dates}
        )

    def _store(self, query: Query, record: Record, period: Period, names: Sequence[str]) -> None:
        group = tuple(record[name] for name in self.by)
        self._groups_of[query].add(group)
        for members in self._rowsets[query]:
            if (column := rows_name(members)) in record:
                self._rows.setdefault((members, period), {})[group] = int(record[column] or 0)
        for name in names:
            value = record[f"m_{name}"]
            if why := record.get(f"why_{name}"):
                self._why[name, period, group] = why
            number = None if value is None else settled(float(value))
            if number is None and not record.get(rows_name(frozenset({name}))):
                number = self._absent(name)
            self._numbers.setdefault((name, period), {})[group] = number

    def _absent(self, name: str) -> float:
        """What a measure is where there are no rows: sums and counts are zero, all else is nothing."""
        way = self.readable(name).aggregate
        return 0.0 if way is not None and function_of(way) in ZERO_WITHOUT_ROWS else float("nan")

    # ------------------------------------------------------------------ answers

    def values(self, name: str, periods: Periods, *, as_base: bool = False) -> Values:
        """Return a measure period by period and slice by slice, or why it has no value.

        `as_base` is for the base of a comparison, which must lie wholly in the data.
        """
        shape = (len(periods), len(self.groups))
        readable = self.readable(name)
        if readable.constant is not None:
            return Values.constant(readable.constant, shape)
        if readable.reason or readable.aggregate is None:
            return Values.missing(readable.reason, shape)
        absent = self._absent(name)
        empty = self.catalogue.measures[name].empty or f"no {self.catalogue.label(name)} in the period"
        values = Values.missing("", shape)
        for row, (period, slot) in enumerate(zip(periods, self._days_of(name, periods), strict=True)):
            reason = self.gap(name, period, as_base=as_base)
            if reason:
                values.reasons[row] = reason
                continue
            found = self._numbers[name, slot]
            for column, group in enumerate(self.groups):
                value = found.get(group, absent)
                if value is None:
                    rows = self._rows.get((frozenset({name}), slot), {}).get(group, 0)
                    values.reasons[row, column] = f"{argument_of(readable.aggregate)} is empty in all {rows:,} rows"
                elif value != value:
                    values.reasons[row, column] = self._why.get((name, slot, group), empty)
                else:
                    values.numbers[row, column] = value
        return values

    def gap(self, name: str, period: Period, *, as_base: bool = False) -> str:
        """Why a period has no data for a measure, or nothing."""
        way = self.readable(name).aggregate
        if way is None:
            return ""
        if period.start > self.as_of:
            return AFTER
        extent = self.sources.extent(way.table, way.open[0] if way.open else way.date)
        if way.looks_back:
            assert way.pair is not None
            opening = opening_day(period, self.sources.config.calendar, way.pair.since)
            if extent.first is not None and opening < extent.first:
                return "year ago is before the data begins" if way.pair.since == "year_ago" else PARTLY
        first, last = extent.first, extent.last
        if first is None or last is None:
            return f"table {way.table} has no rows with a date"
        if period.last_day < first:
            return BEFORE
        if as_base and not way.is_stock and not extent.covers(period):
            return PARTLY
        if period.start > last and not way.is_stock and way.pair is None:
            return f"table {way.table} ends on {last}"
        return ""

    def covered(self, name: str, period: Period) -> bool:
        """Whether the data of a measure begin before, or early in, a period, and go on to its end."""
        way = self.readable(name).aggregate
        if way is None or way.is_stock or way.pair is not None:
            return True
        extent = self.sources.extent(way.table, way.date)
        return extent.covers(period) and extent.reaches(period)

    def rows(self, names: Iterable[str], periods: Periods) -> npt.NDArray[np.int64]:
        """How many rows stand behind measures, period by period and slice by slice; each row once."""
        total = np.zeros((len(periods), len(self.groups)), dtype=np.int64)
        for members in self._by_query(names).values():
            for row, slot in enumerate(self._days_of(next(iter(members)), periods)):
                counts = self._rows.get((members, slot), {})
                total[row] += [counts.get(group, 0) for group in self.groups]
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

    def _days_of(self, name: str, periods: Periods) -> Periods:
        """The days that count: for a stock only the last one, which for a past period is its end."""
        way = self.readable(name).aggregate
        is_pair = way is not None and way.pair is not None and not way.looks_back
        if not is_pair and not self.is_stock(name):
            return periods
        key = (is_pair, periods)
        if key not in self._slots:
            self._slots[key] = Hashed(self._whole(one) if is_pair else self._last_day(one) for one in periods)
        return self._slots[key]

    @cached_property
    def _histories(self) -> Periods:
        """The months and quarters that reports of these data ask for sooner or later."""
        calendar = self.sources.config.calendar
        today = min(self.as_of, self.sources.last_day() or self.as_of)
        latest = [calendar.containing(today, grain) for grain in HISTORIES]
        whole = [period for last in latest for period in calendar.last(last, HISTORIES[last.grain])]
        return Hashed(period.cut(self.as_of) for period in whole)

    def _whole(self, period: Period) -> Period:
        whole = replace(period, through=None)
        return whole.cut(self.as_of) if whole.start <= self.as_of else whole

    def _last_day(self, period: Period) -> Period:
        day = min(period.end, self.as_of)
        return Period("day", day, day, day.isoformat())
