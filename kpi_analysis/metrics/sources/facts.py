"""Facts about tables: how far they reach, on which days they have rows, their words and fingerprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources.dialects import dialect_of
from kpi_analysis.metrics.sources.event_days import (
    ALONE_DAYS,
    ALONE_IN_REGISTER,
    Days,
    Extent,
    as_days,
    booked_by,
    day_measures,
    days_in_line,
    distinct_days,
    extent_of,
    read_days,
)
from kpi_analysis.metrics.sources.files import digest
from kpi_analysis.metrics.sources.lives import Lives, measure_lives
from kpi_analysis.metrics.sources.tables import TableLoader

MOST_ROWS_ALONE = 2  # rows of a day that stands alone: an order may have two lines


@dataclass(frozen=True)
class Fingerprint:
    """What was read: where from, how many rows, its newest day, and for files their bytes and hash."""

    table: str
    origin: str
    rows: int
    first: str | None
    newest: str | None
    bytes: int | None = None
    hash: str | None = None

    def record(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return asdict(self)


REACH_WORDS = {
    "as_of": "as asked",
    "data_ends": "as the company file says",
    "last_event": "the last event in the data",
}


@dataclass(frozen=True)
class Reach:
    """Reach of the data: the last day that counts, and what says so.

    Parameters
    ----------
    day : date, optional
        None where no connected table has a row with a date.
    decided_by : str
        ``data_ends`` of the company file, the ``last_event`` in the data, or the ``as_of`` that was asked for.
    table, column : str
        Where that event stands.
    """

    day: dt.date | None
    decided_by: Literal["as_of", "data_ends", "last_event"] = "last_event"
    table: str = ""
    column: str = ""


@dataclass(frozen=True)
class TableCheck:
    """Check of a table: what is wrong with it, and what its scan has measured in passing.

    Parameters
    ----------
    findings : tuple of DataFinding
    rows : int, optional
        How many there are, where they were counted.
    days : mapping of str to ndarray of datetime64, optional
        Days of its date columns, where they were collected.
    """

    findings: tuple[DataFinding, ...]
    rows: int | None = None
    days: Mapping[str, Days] | None = None


@dataclass(frozen=True)
class KnownFacts:
    """Facts that a snapshot tells of its tables; all empty where there is none.

    Parameters
    ----------
    findings : tuple of DataFinding, optional
        What a check of all tables has found.
    checks : mapping of str to TableCheck
    lives : mapping of (table, date) to Lives
    words : mapping of (table, column) to frozenset of str
        Of columns that have few.
    crowded : frozenset of (table, column)
        Columns that have too many.
    fingerprints : mapping of str to Fingerprint
    """

    findings: tuple[DataFinding, ...] | None = None
    checks: Mapping[str, TableCheck] = field(default_factory=dict)
    lives: Mapping[tuple[str, dt.date], Lives] = field(default_factory=dict)
    words: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    crowded: frozenset[tuple[str, str]] = frozenset()
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)


@dataclass
class TableFacts:
    """Facts about the tables of a company: told by a snapshot, or measured when they are asked for.

    Parameters
    ----------
    tables : TableLoader
    known : KnownFacts
    latest : date
        Today, or the day on which the company file says that the data end: what lies after it moves nothing.
    """

    tables: TableLoader
    known: KnownFacts = field(default_factory=KnownFacts)
    latest: dt.date = dt.date.max
    _checks: dict[str, TableCheck] = field(default_factory=dict)
    _further: dict[tuple[str, str], list[DataFinding]] = field(default_factory=dict)
    _days: dict[tuple[str, str], Days] = field(default_factory=dict)
    _in_line: dict[tuple[str, str], Days] = field(default_factory=dict)
    _words: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    _bookings: dict[str, dict[str, Days]] = field(default_factory=dict)
    _lives: dict[tuple[str, dt.date], Lives] = field(default_factory=dict)

    def check(self, name: str, examine: Callable[[], TableCheck]) -> TableCheck:
        """Check of a table, which is examined once; what the scan has measured is not measured again."""
        if name in self.known.checks:
            return self.known.checks[name]
        if name not in self._checks:
            self._checks[name] = examine()
        return self._checks[name]

    def further(self, name: str, about: str, examine: Callable[[], list[DataFinding]]) -> list[DataFinding]:
        """Further findings on a table, about a column or about whole rows, which take queries of their own."""
        if (name, about) not in self._further:
            self._further[name, about] = examine()
        return self._further[name, about]

    def has_further(self, name: str, about: str) -> bool:
        """Whether further findings about this were looked for."""
        return (name, about) in self._further

    @property
    def examined(self) -> tuple[str, ...]:
        """Names of the tables that were checked."""
        return (*self.known.checks, *self._checks)

    def days(self, name: str, column: str | None = None, *, checked: bool = True) -> Days:
        """Days on which a date column of a table has rows; of its main one if none is named.

        Parameters
        ----------
        name : str
            Of the canonical table.
        column : str, optional
        checked : bool
            Whether the table is checked for it; a question about one table need not wait for the checks of all others.

        Returns
        -------
        ndarray of datetime64, shape (n,)
            Sorted; empty where there is no such column.
        """
        key = (name, column or self.tables.schemas[name].date)
        if key not in self._days:
            if checked and self._scanned(name) is None:
                self.tables.usable(name)  # which is checked for it, so that its scan may have collected them
            scanned = self._scanned(name)
            self._days |= {(name, each): days for each, days in (scanned or self._collected(name)).items()}
            self._days.setdefault(key, as_days(()))
        return self._days[key]

    def _collected(self, name: str) -> Mapping[str, Days]:
        """Days of all date columns of a table that was not scanned for them."""
        table = self.tables.unchecked(name)
        dates = [
            c for c in self.tables.columns(name) if self.tables.schemas[name].columns[c].kind in ("date", "timestamp")
        ]
        if not dates:
            return {}
        if dialect_of(table.get_backend()).collects_days:
            return read_days(table.aggregate(**day_measures({c: table[c] for c in dates})).to_pyarrow())
        return {column: distinct_days(table, column) for column in dates}

    def days_in_line(self, name: str, column: str | None = None, *, checked: bool = True) -> Days:
        """Days of a date column that are neither after `latest` nor far from all others."""
        key = (name, column or self.tables.schemas[name].date)
        if key not in self._in_line:
            days = self.days(*key, checked=checked)
            self._in_line[key] = self.without_alone(*key, days, self.latest)
        return self._in_line[key]

    def without_alone(self, name: str, column: str, days: Days, latest: dt.date) -> Days:
        """Days of a date column up to a latest one, without those that stand alone; see `days_in_line`."""
        least_gap = ALONE_IN_REGISTER if self.tables.schemas[name].is_register else ALONE_DAYS
        return days_in_line(days, latest, lambda alone: self.is_few(name, column, alone), least_gap=least_gap)

    def is_few(self, name: str, column: str, days: Days) -> bool:
        """Whether hardly more rows than days have these days in a date column."""
        rows = self.tables.unchecked(name)
        count = rows.filter(rows[column].cast("date").isin(days.tolist())).count().to_pyarrow().as_py()
        return int(count) <= MOST_ROWS_ALONE * days.size

    def extent(self, name: str, column: str | None = None, until: dt.date | None = None) -> Extent:
        """Extent of a date column of a table, up to a day; of its main one if none is named, or a derived one."""
        wanted = column if column in self.tables.schemas[name].columns else None
        return extent_of(self.days_in_line(name, wanted), until)

    def first_day(self, name: str, column: str) -> dt.date | None:
        """First day on which a date column has rows, be it out of line: before it nothing need be read."""
        days = self.days(name, column)
        return days[0].item() if days.size else None

    def last_event(
        self, name: str, until: dt.date | None = None, *, checked: bool = True
    ) -> tuple[dt.date, str] | None:
        """Last day on which anything happened in a table, up to a day, and the column that says so."""
        found = []
        for column in self.tables.schemas[name].events:
            if column in self.tables.columns(name):
                last = extent_of(self.days_in_line(name, column, checked=checked), until).last
                found += [(last, column)] if last is not None else []
        return max(found, key=lambda one: one[0], default=None)

    def last_end(self, name: str) -> tuple[dt.date, str] | None:
        """Last day on which a row of a table has ended, and the column that says so."""
        life = self.tables.schemas[name].life
        if life is None or life[1] not in self.tables.columns(name):
            return None
        last = extent_of(self.days_in_line(name, life[1], checked=False)).last
        return None if last is None else (last, life[1])

    def has_later(self, name: str, day: dt.date) -> bool:
        """Whether any date of a table, be it out of line, lies after a day."""
        dates = (
            c for c in self.tables.columns(name) if self.tables.schemas[name].columns[c].kind in ("date", "timestamp")
        )
        return any(days.size and days[-1] > np.datetime64(day) for c in dates for days in [self.days(name, c)])

    def distinct(self, name: str, column: str) -> frozenset[str]:
        """Words that occur in a column, such as the accounts of the ledger."""
        key = (name, column)
        if key in self.known.words:
            return self.known.words[key]
        if key not in self._words:
            found = self.tables.usable(name).select(column).distinct().to_pyarrow().column(0).to_pylist()
            self._words[key] = frozenset(word for word in found if word is not None)
        return self._words[key]

    def booked_by(self, name: str, account: str | None, until: dt.date) -> str:
        """Grain at which figures of a table, or of an account in it, are booked; empty where it is by the day.

        Parameters
        ----------
        name : str
            Of the canonical table.
        account : str, optional
            Of the ledger.
        until : date
            Later bookings do not count.

        Returns
        -------
        str
            year, half-year, quarter, month, week, or nothing.
        """
        if not self.tables.schemas[name].is_booked:
            return ""
        days = self._booked(name, account)
        return booked_by(days[days <= np.datetime64(until)])

    def last_booking(self, name: str, account: str | None, until: dt.date) -> dt.date | None:
        """Last day up to another one on which a table, or an account in it, is booked."""
        return extent_of(self._booked(name, account), until).last

    def _booked(self, name: str, account: str | None) -> Days:
        """Days of booking of a table, or of an account in it."""
        if account is None:
            return self.days_in_line(name)
        if name not in self._bookings:
            rows = self.tables.usable(name)
            found = (
                rows.select(rows.account, day=rows[self.tables.schemas[name].date].cast("date")).distinct().to_pyarrow()
            )
            by_account: dict[str, list[dt.date]] = {}
            for word, day in zip(found["account"].to_pylist(), found["day"].to_pylist(), strict=True):
                if word is not None and day is not None:
                    by_account.setdefault(word, []).append(day)
            self._bookings[name] = {word: days_in_line(as_days(days), self.latest) for word, days in by_account.items()}
        return self._bookings[name].get(account, as_days(()))

    def lives(self, name: str, until: dt.date) -> Lives:
        """How long rows of a table live, as it is known on a day."""
        key = (name, until)
        if key in self.known.lives:
            return self.known.lives[key]
        if key not in self._lives:
            self._lives[key] = measure_lives(self.tables.usable(name), name, self.extent(name, until=until), until)
        return self._lives[key]

    def fingerprint(self, name: str) -> Fingerprint:
        """Fingerprint of what was read of a table."""
        if name in self.known.fingerprints:
            return self.known.fingerprints[name]
        table, extent, files = self.tables.usable(name), self.extent(name), self.tables.files(name)
        counted = self._checks[name].rows if name in self._checks else None
        return Fingerprint(
            name,
            self.tables.describe(name),
            int(table.count().to_pyarrow().as_py()) if counted is None else counted,
            extent.first.isoformat() if extent.first else None,
            extent.last.isoformat() if extent.last else None,
            sum(file.stat().st_size for file in files) if files else None,
            digest(files) if files else None,
        )

    def _scanned(self, name: str) -> Mapping[str, Days] | None:
        check = self.known.checks.get(name) or self._checks.get(name)
        return None if check is None else check.days
