"""Facts about tables: how far they reach, on which days they have rows, their words and fingerprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.core.periods import Period
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.sources.files import digest
from kpi_analysis.metrics.sources.tables import TableLoader

EARLY_SHARE = 0.1
LATE_DAYS = 7


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


@dataclass(frozen=True)
class Extent:
    """How far a date column reaches: its first and last day, and on how many days there are rows."""

    first: dt.date | None
    last: dt.date | None
    days: int

    @property
    def spacing(self) -> float:
        """The usual distance between days with rows."""
        if self.first is None or self.last is None:
            return 0.0
        return (self.last - self.first).days / max(1, self.days - 1)

    def covers(self, period: Period) -> bool:
        """Whether the data were there when a period began.

        They were if the first row lies in its first tenth, or no further in than three times the usual distance
        between days with rows: by chance, a gap is longer than that one time in twenty.
        """
        if self.first is None:
            return False
        return (self.first - period.start).days <= max(EARLY_SHARE * period.full_days, 3 * self.spacing)

    def reaches(self, period: Period) -> bool:
        """Whether the data go on to the last counted day of a period, give or take a week or the usual gaps."""
        if self.last is None:
            return False
        return (period.last_day - self.last).days <= max(LATE_DAYS, EARLY_SHARE * period.full_days, 3 * self.spacing)


def extent_measures(values: Mapping[str, ir.Value]) -> dict[str, ir.Scalar]:
    """Return what must be measured of the days among these columns to know how far they reach."""
    bounds: dict[str, ir.Scalar] = {}
    for name, value in values.items():
        if value.type().is_temporal():
            day = value.cast("date")
            bounds |= {f"{name}.first": day.min(), f"{name}.last": day.max(), f"{name}.days": day.nunique()}
    return bounds


@dataclass(frozen=True)
class TableCheck:
    """Check of a table: what is wrong with it, and what its scan has measured in passing.

    Parameters
    ----------
    findings : tuple of DataFinding
    rows : int, optional
        How many there are, where they were counted.
    extents : mapping of str to Extent, optional
        Of its date columns, where they were measured.
    """

    findings: tuple[DataFinding, ...]
    rows: int | None = None
    extents: Mapping[str, Extent] | None = None


@dataclass(frozen=True)
class KnownFacts:
    """Facts that a snapshot tells of its tables; all empty where there is none.

    Parameters
    ----------
    findings : tuple of DataFinding, optional
        What a check of all tables has found.
    checks : mapping of str to TableCheck
    days : mapping of str to frozenset of date
    words : mapping of (table, column) to frozenset of str
        Of columns that have few.
    crowded : frozenset of (table, column)
        Columns that have too many.
    fingerprints : mapping of str to Fingerprint
    """

    findings: tuple[DataFinding, ...] | None = None
    checks: Mapping[str, TableCheck] = field(default_factory=dict)
    days: Mapping[str, frozenset[dt.date]] = field(default_factory=dict)
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
    """

    tables: TableLoader
    known: KnownFacts = field(default_factory=KnownFacts)
    _checks: dict[str, TableCheck] = field(default_factory=dict)
    _further: dict[tuple[str, str], list[DataFinding]] = field(default_factory=dict)
    _extents: dict[str, Mapping[str, Extent]] = field(default_factory=dict)
    _newest: dict[str, dt.date | None] = field(default_factory=dict)
    _words: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    _days: dict[str, frozenset[dt.date]] = field(default_factory=dict)

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

    def extents(self, name: str) -> Mapping[str, Extent]:
        """Extent of each date column of a table."""
        if name not in self._extents:
            scanned = self._scanned(name)
            if scanned is None:
                table = self.tables.usable(name)  # which is checked for it, so that its scan may have measured them
                scanned = self._scanned(name)
            if scanned is None:
                bounds = extent_measures({n: table[n] for n in self.tables.columns(name)})
                scanned = read_extents(table.aggregate(**bounds).to_pyarrow().to_pylist()[0] if bounds else {})
            self._extents[name] = scanned
        return self._extents[name]

    def extent(self, name: str, column: str | None = None) -> Extent:
        """Extent of a date column of a table; of its main one if none is named, or a derived one."""
        found = self.extents(name)
        main = str(TABLES[name].date)
        return found[column] if column is not None and column in found else found.get(main, Extent(None, None, 0))

    def distinct(self, name: str, column: str) -> frozenset[str]:
        """Words that occur in a column, such as the accounts of the ledger."""
        key = (name, column)
        if key in self.known.words:
            return self.known.words[key]
        if key not in self._words:
            found = self.tables.usable(name).select(column).distinct().to_pyarrow().column(0).to_pylist()
            self._words[key] = frozenset(word for word in found if word is not None)
        return self._words[key]

    def days(self, name: str) -> frozenset[dt.date]:
        """Days on which a table has rows."""
        if name in self.known.days:
            return self.known.days[name]
        if name not in self._days:
            table = self.tables.usable(name)
            day = table[str(TABLES[name].date)].cast("date").name("day")
            found = table.select(day).distinct().to_pyarrow().column(0).to_pylist()
            self._days[name] = frozenset(one for value in found if (one := _day(value)) is not None)
        return self._days[name]

    def newest(self, name: str) -> dt.date | None:
        """Last day on which anything happened in a table.

        Days that are planned and not events, such as the due date of an invoice, do not count. The table is not
        checked for it, so that a question about one table does not wait for all the others.
        """
        if name not in self._newest:
            events = {TABLES[name].date, *(later for _, later in TABLES[name].order if later != "due_on")}
            present = sorted(events & set(self.tables.columns(name)))
            found: Iterable[Any]
            if present and name not in self._extents and self._scanned(name) is None:
                table = self.tables.unchecked(name)
                lasts = {column: table[column].cast("date").max() for column in present}
                found = table.aggregate(**lasts).to_pyarrow().to_pylist()[0].values()
            else:
                found = [self.extent(name, column).last for column in present]
            self._newest[name] = max((day for last in found if (day := _day(last)) is not None), default=None)
        return self._newest[name]

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

    def _scanned(self, name: str) -> Mapping[str, Extent] | None:
        check = self.known.checks.get(name) or self._checks.get(name)
        return None if check is None else check.extents


def read_extents(found: Mapping[str, Any]) -> dict[str, Extent]:
    """Extents by column, from the row that the measures of `extent_measures` came to."""
    columns = [name.removesuffix(".days") for name in found if name.endswith(".days")]
    return {
        name: Extent(_day(found[f"{name}.first"]), _day(found[f"{name}.last"]), int(found[f"{name}.days"]))
        for name in columns
    }


def _day(value: Any) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value
