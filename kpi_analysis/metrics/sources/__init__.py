"""From the company file to canonical tables in Ibis: connections, table loading, and facts about tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import KpiError
from kpi_analysis.core.schema import CanonicalTable, DerivedColumn
from kpi_analysis.metrics.sources.connections import Connections
from kpi_analysis.metrics.sources.event_days import Extent, started_until
from kpi_analysis.metrics.sources.facts import Fingerprint, Reach, TableCheck, TableFacts
from kpi_analysis.metrics.sources.memo import Memo
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache
from kpi_analysis.metrics.sources.result_cache import ResultCache
from kpi_analysis.metrics.sources.snapshot import Snapshot
from kpi_analysis.metrics.sources.tables import TableLoader

__all__ = ["Connections", "Extent", "Fingerprint", "Reach", "Sources", "TableCheck", "TableFacts", "TableLoader"]


@dataclass
class Sources:
    """Sources of a company: its connections, the loader of its tables, facts about them, and what is cached of them.

    Parameters
    ----------
    config : CompanyConfig
        Tables given by `path` are read by DuckDB in memory; `table` and `sql` go to the company's `source`.
    validate : callable
        Called once with the sources and the name of a table before it is used; raises where its data are wrong.
    snapshot : Snapshot, optional
        Tables and facts are read from it where it has them.
    query_cache : CompiledQueryCache, optional
        The queries compiled before; by default that of the snapshot, or one in memory.
    today : date, optional
        In the company's time zone by default; what lies after it has not happened.
    """

    config: CompanyConfig
    validate: Callable[[Sources, str], None] = lambda sources, name: None
    snapshot: Snapshot | None = None
    query_cache: CompiledQueryCache = field(default_factory=CompiledQueryCache)
    today: dt.date = None  # type: ignore[assignment]  # set below, where the time zone is known
    result_cache: ResultCache | None = field(default=None, init=False)
    memo: Memo = field(default_factory=Memo, init=False)
    connections: Connections = field(init=False)
    tables: TableLoader = field(init=False)
    facts: TableFacts = field(init=False)

    def __post_init__(self) -> None:
        if self.today is None:
            self.today = dt.datetime.now(ZoneInfo(self.config.timezone)).date()
        snapshot = self.snapshot or Snapshot()
        self.connections = Connections(self.config, snapshot.connection)
        self.tables = TableLoader(
            self.config, self.connections, lambda name: self.validate(self, name), snapshot.tables, snapshot.columns
        )
        latest = min(self.today, self.config.data_ends or self.today)
        self.facts = TableFacts(self.tables, snapshot.facts, latest)
        if self.snapshot is not None:
            self.query_cache = CompiledQueryCache(snapshot.folder, snapshot.scope)
            self.result_cache = ResultCache(self.query_cache)

    @property
    def schemas(self) -> Mapping[str, CanonicalTable]:
        """The canonical tables and those of the company's own, with the columns of its own."""
        return self.config.schemas

    @property
    def connected(self) -> tuple[str, ...]:
        """Names of the connected tables."""
        return tuple(self.config.tables)

    @property
    def readable(self) -> tuple[str, ...]:
        """Names of the connected tables that can be read, whatever stands in them."""
        return tuple(name for name in self.connected if self.unreadable(name) is None)

    def unreadable(self, name: str) -> KpiError | None:
        """Error for which a table cannot be read at all; see `TableLoader.unreadable`."""
        return self.tables.unreadable(name)

    @property
    def local(self) -> Any:
        """DuckDB in memory, for files."""
        return self.connections.local

    @property
    def remote(self) -> Any:
        """The company's own source."""
        return self.connections.remote

    @property
    def crowded(self) -> frozenset[tuple[str, str]]:
        """Columns of tables that a snapshot found to hold too many words to slice by."""
        return self.facts.known.crowded

    def table(self, name: str) -> ir.Table:
        """Canonical table; see `TableLoader.table`."""
        return self.tables.table(name)

    def columns(self, name: str) -> tuple[str, ...]:
        """Canonical columns that a connected table has."""
        return self.tables.columns(name)

    def derived(self, name: str) -> dict[str, DerivedColumn]:
        """Columns that a table can take by a key from another connected one, or from its own rows."""
        return self.tables.derived(name)

    def with_derived(self, name: str, columns: Iterable[str]) -> ir.Table:
        """Canonical table with derived columns; see `TableLoader.with_derived`."""
        return self.tables.with_derived(name, columns)

    def extent(self, name: str, column: str | None = None, until: dt.date | None = None) -> Extent:
        """Extent of a date column of a table; see `TableFacts.extent`."""
        return self.facts.extent(name, column, until)

    def distinct(self, name: str, column: str) -> frozenset[str]:
        """Words that occur in a column of a table."""
        return self.facts.distinct(name, column)

    def days(self, name: str) -> frozenset[dt.date]:
        """Days on which a table has rows."""
        return frozenset(self.facts.days(name).tolist())

    def convert_all(self) -> None:
        """Convert the texts of all files once, where all tables will be checked; the reach and the checks use them."""
        if self.snapshot is None and "reach" not in self.__dict__:
            for name in self.connected:
                with suppress(KpiError):  # which the check tells of
                    self.tables.convert_once(name)

    @cached_property
    def reach(self) -> Reach:
        """How far the data reach: to the `data_ends` of the company file, else to the last event in any table.

        Starts that are agreed but lie ahead are plans: those of a register (contracts, employments) count only as far
        as they go on at their usual pace after the last event of all other tables. Where a company has nothing but
        registers, ends that lie in the past have happened too.
        """
        if self.config.data_ends is not None:
            return Reach(min(self.config.data_ends, self.today), "data_ends")
        found = [(name, self.facts.last_event(name, checked=False)) for name in self.readable]
        happened = [(*last, name) for name, last in found if last is not None and not self._may_be_planned(name)]
        last_day = max((day for day, _, _ in happened), default=None)
        for name in (name for name, last in found if last is not None and self._may_be_planned(name)):
            day = started_until(self.facts.days_in_line(name, checked=False), last_day)
            happened += [] if day is None else [(day, self.schemas[name].date, name)]
            ends = None if last_day is not None else self.facts.last_end(name)
            happened += [] if ends is None else [(*ends, name)]
        if not happened:
            return Reach(None)
        day, column, table = max(happened)
        return Reach(day, "last_event", table, column)

    def last_day(self) -> dt.date | None:
        """Last day that counts: how far the data reach."""
        return self.reach.day

    def _may_be_planned(self, name: str) -> bool:
        table = self.schemas[name]
        return table.columns[table.date].planned

    def fingerprints(self) -> list[Fingerprint]:
        """Fingerprints of what was read, table by table."""
        return [self.facts.fingerprint(name) for name in self.readable]
