"""From the company file to canonical tables in Ibis: connections, table loading, and facts about tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import KpiError
from kpi_analysis.core.schema import DerivedColumn
from kpi_analysis.metrics.sources.connections import Connections
from kpi_analysis.metrics.sources.facts import Extent, Fingerprint, TableCheck, TableFacts
from kpi_analysis.metrics.sources.memo import Memo
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache
from kpi_analysis.metrics.sources.result_cache import ResultCache
from kpi_analysis.metrics.sources.snapshot import Snapshot
from kpi_analysis.metrics.sources.tables import TableLoader

__all__ = ["Connections", "Extent", "Fingerprint", "Sources", "TableCheck", "TableFacts", "TableLoader"]


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
    """

    config: CompanyConfig
    validate: Callable[[Sources, str], None] = lambda sources, name: None
    snapshot: Snapshot | None = None
    query_cache: CompiledQueryCache = field(default_factory=CompiledQueryCache)
    result_cache: ResultCache | None = field(default=None, init=False)
    memo: Memo = field(default_factory=Memo, init=False)
    connections: Connections = field(init=False)
    tables: TableLoader = field(init=False)
    facts: TableFacts = field(init=False)

    def __post_init__(self) -> None:
        snapshot = self.snapshot or Snapshot()
        self.connections = Connections(self.config, snapshot.connection)
        self.tables = TableLoader(
            self.config, self.connections, lambda name: self.validate(self, name), snapshot.tables, snapshot.columns
        )
        self.facts = TableFacts(self.tables, snapshot.facts)
        if self.snapshot is not None:
            self.query_cache = CompiledQueryCache(snapshot.folder, snapshot.scope)
            self.result_cache = ResultCache(self.query_cache)

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

    def extent(self, name: str, column: str | None = None) -> Extent:
        """Extent of a date column of a table; see `TableFacts.extent`."""
        return self.facts.extent(name, column)

    def distinct(self, name: str, column: str) -> frozenset[str]:
        """Words that occur in a column of a table."""
        return self.facts.distinct(name, column)

    def days(self, name: str) -> frozenset[dt.date]:
        """Days on which a table has rows."""
        return self.facts.days(name)

    def last_day(self) -> dt.date | None:
        """Last day on which anything happened in any connected table: how far the data reach."""
        return max((day for name in self.readable if (day := self.facts.newest(name)) is not None), default=None)

    def fingerprints(self) -> list[Fingerprint]:
        """Fingerprints of what was read, table by table."""
        return [self.facts.fingerprint(name) for name in self.readable]
