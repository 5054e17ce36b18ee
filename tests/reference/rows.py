"""A company as lists of rows, and the selection of them that a KPI is computed from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reference import reach
from reference.periods import Period, day_of
from reference.reach import CREATED_ON
from reference.touchpoints import credited

Row = dict[str, Any]
Test = Callable[[Row], bool]


class NoValue(Exception):
    """There is no such number."""


class NotConnected(NoValue):
    """The company lacks a table, a column or a setting for it."""


@dataclass(frozen=True)
class CompanyTables:
    """A company: its tables as rows, which columns they have, and its settings."""

    tables: Mapping[str, list[Row]]
    columns: Mapping[str, tuple[str, ...]]
    gross_margin: float | None = None
    inbound_channels: tuple[str, ...] = ()
    revenue_from: str | None = None
    attribution: Mapping[str, Any] = field(default_factory=dict)
    _days: dict[tuple[str, str], list[dt.date]] = field(default_factory=dict)

    today: dt.date = dt.date.max
    data_ends: dt.date | None = None

    @property
    def latest(self) -> dt.date:
        """What lies after it moves nothing."""
        return min(self.today, self.data_ends or self.today)

    def days_of(self, table: str, date: str, as_of: dt.date = dt.date.max) -> list[dt.date]:
        """The days on which a date column has rows, up to a day and without those that stand alone."""
        key = (table, date)
        if key not in self._days:
            self._days[key] = reach.days_of(
                self.rows_of(table), date, self.latest, reach.TEN_YEARS if table in reach.REGISTERS else reach.YEAR
            )
        return [day for day in self._days[key] if day <= as_of]

    def rows_of(self, table: str) -> list[Row]:
        """The rows of a table; the day of closing of an open opportunity is a plan."""
        if table != "opportunities":
            return self.tables[table]
        return [
            row | ({"closed_on": None, "expected_on": row["closed_on"]} if row["outcome"] == "open" else {})
            for row in self.tables[table]
        ]

    @cached_property
    def last_day(self) -> dt.date:
        """The last day that counts."""
        if self.data_ends is not None:
            return self.latest
        rows = {table: self.rows_of(table) for table in self.tables}
        return reach.last_day(rows, self.columns, self.latest) or dt.date.min

    def last_of(self, table: str, as_of: dt.date) -> dt.date:
        """How far a table reaches: to its last happening, or as far as all where none is no wonder."""
        if table in reach.REGISTERS or self.data_ends is not None:
            return as_of
        dates = reach.happenings(table, self.columns[table])
        return max((day for date in dates for day in self.days_of(table, date, as_of)[-1:]), default=dt.date.min)

    def covers(self, table: str, date: str, period: Period, as_of: dt.date) -> bool:
        """Whether what a date tells of began early enough; what happens to rows later may do so a little later."""
        days, created = self.days_of(table, date, as_of), self.days_of(table, CREATED_ON[table], as_of)
        if reach.covers(days, period):
            return True
        return reach.covers(created, period) and (days[0] - period.start).days <= period.full_days / 4

    def known_on(self, as_of: dt.date, table: str) -> list[Row]:
        """The rows of a table without what happened to them after a day: a lead qualified later is not yet."""
        rows, past = self.rows_of(table), as_of < self.last_day
        won, ordered = self._first("opportunities", "lead_id"), self._first("orders", "customer_id")

        def later(value: Any) -> bool:
            return isinstance(value, dt.date) and day_of(value) > as_of

        def then(row: Row) -> Row:
            if table == "leads":
                row = row | {"won_on": won.get(row.get("lead_id")), "first_on": ordered.get(row.get("customer_id"))}
            kept = dict(row)
            for fact, dates in KNOWN_ON.get(table, {}).items():
                known = next((row[date] for date in dates if row.get(date) is not None), None)
                if fact == "outcome":
                    kept[fact] = "open" if later(known) else row[fact]
                elif fact in row and (later(known) or (past and known is None)):
                    kept[fact] = None
            unmade = (CREATED_ON[table], "due_on", "expected_on")
            return kept | {name: None for name, value in row.items() if name not in unmade and later(value)}

        return [then(row) for row in rows]

    def _first(self, table: str, key: str) -> dict[Any, dt.date]:
        """Of each key the first day on which an opportunity was won, or something was ordered."""
        found: dict[Any, dt.date] = {}
        if not {key, *WHEN[table]} <= {*self.columns.get(table, ())}:
            return found
        date, does_count = WHEN[table][0], COUNTS[table]
        for row in self.rows_of(table):
            if row[key] is not None and row[date] is not None and does_count(row):
                found[row[key]] = min(found.get(row[key], row[date]), row[date])
        return found


WHEN = {"opportunities": ("closed_on", "outcome"), "orders": ("ordered_on", "amount")}
COUNTS: dict[str, Test] = {
    "opportunities": lambda row: bool(row["outcome"] == "won"),
    "orders": lambda row: row["amount"] is not None and row["amount"] > 0,
}
KNOWN_ON = {
    "opportunities": {"outcome": ("closed_on",)},
    "leads": {"customer_id": ("converted_on", "won_on", "first_on")},
    "invoices": {"paid_amount": ("paid_on",)},
    "tickets": {name: ("resolved_on",) for name in ("handle_minutes", "first_contact_resolved", "csat")},
    "employees": {"left_voluntarily": ("left_on",), "performance_rating": (), "target_attainment": ()},
}


@dataclass(frozen=True)
class Selection:
    """A company in one period and one slice.

    `group` None is all slices together, `where` is the user's condition and `where_columns` what it reads; `base` says
    that the period is one that another is compared with. `seen` is filled with whether the data cover the period, one
    entry for each measure that is read.
    """

    company: CompanyTables
    period: Period
    as_of: dt.date
    by: tuple[str, ...] = ()
    group: tuple[str, ...] | None = None
    where: Test = lambda row: True
    where_columns: tuple[str, ...] = ()
    base: bool = False
    seen: list[bool] = field(default_factory=list, compare=False)

    def prior(self) -> Selection:
        """The same of the period before."""
        return replace(self, period=self.period.prior(), base=True, seen=[])

    def year_ago(self) -> Selection:
        """The same of the period a year before."""
        earlier = self.period.year_ago()
        if earlier is None:
            raise NoValue
        return replace(self, period=earlier, base=True, seen=[])

    def whole(self) -> Selection:
        """The same of all slices together."""
        return replace(self, group=None)

    @property
    def stock_day(self) -> dt.date:
        """A stock is read at the end of the period, or as far as the data count."""
        return min(self.period.end, self.as_of)

    def in_slice(self, row: Row) -> bool:
        """Whether a row belongs to the slice."""
        return self.group is None or self.group == tuple(row[name] or "(none)" for name in self.by)

    def all_rows(self, table: str, *needs: str) -> list[Row]:
        """All rows of a table, if it has the columns that are needed, with the columns that other tables add."""
        company = self.company
        if table not in company.tables:
            raise NotConnected
        rows, present = company.known_on(self.as_of, table), set(company.columns[table])
        if table == "opportunities" and "closed_on" in present:
            present.add("expected_on")
        if table == "leads" and "opportunities" in company.tables:
            until = self.as_of
            opportunities = [row for row in company.tables["opportunities"] if row["created_on"] is not None]
            created = {row["lead_id"] for row in opportunities if row["created_on"] <= until} - {None}
            rows, present = [r | {"opportunity": r["lead_id"] in created} for r in rows], present | {"opportunity"}
        if table == "touchpoints":
            rows = credited(rows, present, **company.attribution)
            present = present | ({"credited_value"} if "value" in present else set())
        if table == "orders" and "customers" in company.tables:
            channels = {r["customer_id"]: r["acquired_channel"] for r in company.tables["customers"]} | {None: None}
            rows = [r | {"acquired_channel": channels.get(r["customer_id"])} for r in rows]
            present = present | {"acquired_channel"}
        if {*needs, *self.by, *self.where_columns} - present:
            raise NotConnected
        if self.as_of < company.last_day:
            for fact, dates in KNOWN_ON.get(table, {}).items():
                told = [date for date in dates if date in present or self.tells(date)]
                if fact in needs and fact != "outcome" and not told:
                    raise NoValue
        return rows

    def tells(self, date: str) -> bool:
        """Whether another table tells the day on which a lead became a customer."""
        table, key = {"won_on": ("opportunities", "lead_id"), "first_on": ("orders", "customer_id")}.get(date, ("", ""))
        columns = {*self.company.columns.get(table, ())}
        return table in self.company.tables and {key, *WHEN[table]} <= columns

    def rows(self, table: str, *needs: str) -> list[Row]:
        """The rows that the user's condition leaves."""
        return [row for row in self.all_rows(table, *needs) if self.where(row)]

    def check_reach(
        self, table: str, date: str, *, flow: bool = False, ends: bool = True, account: str | None = None
    ) -> None:
        """Nothing is said of a time that the data do not reach; a stock alone goes on after its last row."""
        company, period, as_of = self.company, self.period, self.as_of
        if period.start > as_of:
            raise NoValue
        if table in reach.FIGURES and self.is_too_short(table, date, account, flow=flow):
            raise NoValue
        created = company.days_of(table, CREATED_ON[table], as_of)
        stock = not flow and table in reach.ENDS
        by_creation = stock or not company.days_of(table, date, as_of)
        used = CREATED_ON[table] if by_creation else date
        days = company.days_of(table, used, as_of)
        if not days or period.last < days[0]:
            raise NoValue
        covered = not flow or company.covers(table, used, period, as_of)
        if self.base and not covered:
            raise NoValue
        is_whole = not stock or period.last >= reach.whole_from(company.rows_of(table), table, created, as_of)
        if self.base and not is_whole and ends:
            raise NoValue
        last = company.last_of(table, as_of)
        if flow and ends and period.start > last:
            raise NoValue
        if ends:
            began = not flow or reach.covers(days, period)
            done = began and reach.reaches(days, max(last, days[-1]), period) if flow else is_whole
            self.seen.append(done)

    def is_too_short(self, table: str, date: str, account: str | None, *, flow: bool) -> bool:
        """Whether figures are booked for longer stretches than the period is."""
        rows = [row for row in self.company.tables[table] if account is None or row.get("account") == account]
        days = [day for day in reach.days_of(rows, date, self.company.latest) if day <= self.as_of]
        stretch = reach.booked_by(days)
        if not stretch or self.period.full_days >= stretch:
            return False
        if flow:
            return True
        before = [day for day in days if day <= self.period.last]
        known = bool(before) and (self.period.last - before[-1]).days <= stretch / 10
        return stretch > 28 and not known
