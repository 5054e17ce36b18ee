"""A company as lists of rows, and the selection of them that a KPI is computed from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reference.periods import Period, day_of
from reference.touchpoints import credited

Row = dict[str, Any]
Test = Callable[[Row], bool]

# The date on which a row comes to be; every other date is something that happens to it later.
CREATED_ON = {
    "spend": "spent_on", "leads": "created_on", "opportunities": "created_on", "orders": "ordered_on",
    "customers": "acquired_on", "subscriptions": "started_on", "touchpoints": "touched_at", "invoices": "issued_on",
    "ledger": "booked_on", "web_traffic": "visited_on", "social": "posted_on", "tickets": "opened_on",
    "surveys": "answered_on", "employees": "hired_on", "vacancies": "opened_on", "sales_activities": "active_on",
    "production": "produced_on",
}  # fmt: skip


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

    def days_of(self, table: str, date: str) -> set[dt.date]:
        """The days on which a date column of a table has rows."""
        return {day_of(row[date]) for row in self.tables[table] if row[date] is not None}

    @cached_property
    def last_day(self) -> dt.date:
        """The last day on which anything happened; a day that is planned, when an invoice is due, is not counted."""
        values = [row[name] for rows in self.tables.values() for row in rows for name in row if name != "due_on"]
        return max((day_of(value) for value in values if isinstance(value, dt.date)), default=dt.date.min)

    def covers(self, table: str, date: str, period: Period) -> bool:
        """Whether the rows of a table begin early enough in a period for it to be a base of comparison.

        The first row lies in the first tenth of the period, or no later than three times the mean distance between
        days with rows.
        """
        days = self.days_of(table, date)
        distance = (max(days) - min(days)).days / max(1, len(days) - 1)
        return (min(days) - period.start).days <= max(period.full_days / 10, 3 * distance)

    def known_on(self, as_of: dt.date, table: str) -> list[Row]:
        """The rows of a table without what happened to them after a day: a lead qualified later is not yet."""
        rows = self.tables[table]
        if as_of >= self.last_day:
            return rows

        def later(value: Any) -> bool:
            return isinstance(value, dt.date) and day_of(value) > as_of

        def then(row: Row) -> Row:
            reopened = "outcome" in row and later(row.get("closed_on"))
            kept = {name: None if name != CREATED_ON[table] and later(v) else v for name, v in row.items()}
            return kept | ({"outcome": "open"} if reopened else {})

        return [then(row) for row in rows]


@dataclass(frozen=True)
class Selection:
    """A company in one period and one slice.

    `group` None is all slices together, `where` is the user's condition and `where_columns` what it reads; `base` says
    that the period is one that another is compared with.
    """

    company: CompanyTables
    period: Period
    as_of: dt.date
    by: tuple[str, ...] = ()
    group: tuple[str, ...] | None = None
    where: Test = lambda row: True
    where_columns: tuple[str, ...] = ()
    base: bool = False

    def prior(self) -> Selection:
        """The same of the period before."""
        return replace(self, period=self.period.prior(), base=True)

    def year_ago(self) -> Selection:
        """The same of the period a year before."""
        earlier = self.period.year_ago()
        if earlier is None:
            raise NoValue
        return replace(self, period=earlier, base=True)

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
        if table == "leads" and "opportunities" in company.tables:
            until = self.as_of if self.as_of < company.last_day else dt.date.max
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
        return rows

    def rows(self, table: str, *needs: str) -> list[Row]:
        """The rows that the user's condition leaves."""
        return [row for row in self.all_rows(table, *needs) if self.where(row)]

    def check_reach(self, table: str, date: str, *, flow: bool = False, ends: bool = True) -> None:
        """Nothing is said of a time that the data do not reach; a stock alone goes on after its last row."""
        days = self.company.days_of(table, date)
        if not days or self.period.start > self.as_of or self.period.last < min(days):
            raise NoValue
        if flow and ends and self.period.start > max(days):
            raise NoValue
        if flow and self.base and not self.company.covers(table, date, self.period):
            raise NoValue
