"""Connections of a company: DuckDB for its files, and the source that its tables lie in."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import ConfigError, KpiError, SourceUnreachable
from kpi_analysis.metrics.sources.dialects import connect, first_line
from kpi_analysis.metrics.sources.files import are_small, find_files, reader_of
from kpi_analysis.metrics.sources.query_paths import with_full_paths
from kpi_analysis.metrics.sources.readers.file_read import FileRead


@dataclass
class Connections:
    """Connections of a company, each opened when it is needed.

    Parameters
    ----------
    config : CompanyConfig
        Tables given by `path` are read by DuckDB in memory; `table` and `sql` go to the company's `source`.
    snapshot : Ibis backend, optional
        The connection to a snapshot, which stands in place of DuckDB in memory.
    reads : dict of str to FileRead
        What is to be known of the files of each table that was read.
    """

    config: CompanyConfig
    snapshot: Any = None
    reads: dict[str, FileRead] = field(default_factory=dict, init=False)

    @cached_property
    def local(self) -> Any:
        """DuckDB in memory, for files; what does not fit goes to the system's place for temporary files."""
        if self.snapshot is not None:
            return self.snapshot
        spill = Path(tempfile.gettempdir()) / f"kpi_analysis_{os.getpid()}"
        connection = ibis.duckdb.connect(temp_directory=str(spill))
        connection.raw_sql("SET TimeZone = 'UTC'")
        if are_small(self.config):  # then a second thread costs more than it does
            connection.raw_sql("SET threads = 1")
        return connection

    @cached_property
    def remote(self) -> Any:
        """The company's own source; the in-memory DuckDB of the files where it names no other.

        Returns
        -------
        ibis.BaseBackend
            Connected at the first use.

        Raises
        ------
        SourceUnreachable
            When the source does not answer.
        """
        url = self.config.connection_url
        if url in ("duckdb://", "duckdb://:memory:"):
            return self.local
        try:
            return connect(url)
        except Exception as error:  # every driver has an error family of its own
            raise SourceUnreachable(
                f"the source {self.config.source} cannot be reached: {first_line(error)}.",
                remedy="Check the URL, the network and the password; try it with: kpi doctor",
                file=self.config.path,
                line=self.config.line("source"),
            ) from None

    def open(self, name: str, spec: TableSpec) -> ir.Table:
        """Raw table as it stands in its file or in the source.

        Parameters
        ----------
        name : str
            Of the canonical table, or ``rates``.
        spec : TableSpec
            Its path, table or query in the company file.

        Returns
        -------
        Table
            With the columns as they are named there.

        Raises
        ------
        KpiError
            When it cannot be read.
        ConfigError
            When there is no such file, table or query.
        """
        try:
            if spec.path is not None:
                files = find_files(self.config, name, spec.path)
                read = reader_of(self.config, name, files, spec)
                raw, self.reads[name] = read(self.local, f"raw_{name}", files, spec)
                return raw
            if spec.table is not None:
                *database, table = spec.table.split(".")
                return self.remote.table(table, database=".".join(database) or None)
            query = str(spec.sql).rstrip().rstrip(";")
            if self.remote.name == "duckdb":
                query = with_full_paths(query, self.config.folder)
            return self.remote.sql(f"select * from ({query}) as kpi_query")
        except KpiError:
            raise
        except Exception as error:  # drivers and readers each have an error family of their own
            key = "path" if spec.path is not None else "table" if spec.table is not None else "sql"
            raise ConfigError(
                f"table {name} cannot be read from {describe(spec)}: {first_line(error)}.",
                remedy="Check the file, the name of the table or the query.",
                file=self.config.path,
                line=self.config.line("tables", name, key),
            ) from None


def describe(spec: TableSpec) -> str:
    """Where a table is read from, in words without secrets."""
    if spec.path is not None:
        return spec.path
    return f"table {spec.table}" if spec.table is not None else "a query"
