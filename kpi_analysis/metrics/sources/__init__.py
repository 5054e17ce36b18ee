"""From the company file to canonical tables in Ibis, with a fingerprint of what was read."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import or_
from pathlib import Path
from string import whitespace
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.company import CompanyConfig, TableSpec
from kpi_analysis.core.errors import ConfigError, DataFinding, SourceUnreachable, did_you_mean
from kpi_analysis.core.schema import DERIVED, TABLES, DerivedColumn
from kpi_analysis.metrics.sources.conversion import as_moment, convert, refusing
from kpi_analysis.metrics.sources.currencies import in_company_currency, read_rates
from kpi_analysis.metrics.sources.dialects import connect, first_line
from kpi_analysis.metrics.sources.files import (
    READ,
    are_small,
    digest,
    find_files,
    is_text,
    keep_read,
    read_files,
    view_read,
)
from kpi_analysis.metrics.sources.mapping import mapped_expression, missing_column
from kpi_analysis.metrics.sources.parts import (
    Extent,
    Fingerprint,
    MappedColumn,
    extent_measures,
    has_zone,
)
from kpi_analysis.metrics.sources.query_cache import Texts
from kpi_analysis.metrics.sources.result_cache import Answers
from kpi_analysis.metrics.sources.snapshot import fill
from kpi_analysis.metrics.sources.touchpoint_credit import with_credits
from kpi_analysis.metrics.sql.days import MOMENT
from kpi_analysis.metrics.sql.types import on_duckdb


@dataclass
class Sources:
    """The connected tables of a company.

    Parameters
    ----------
    config : CompanyConfig
        Tables given by `path` are read by DuckDB in memory; `table` and `sql` go to the company's `source`.
    door : callable
        Called once with the sources and the name of a table before it is used; raises where its data are wrong.
    findings : dict
        What a check has found, table by table, so that no table is checked twice.
    texts, answers : Texts, and Answers of a snapshot
        The queries asked before, and what came of them.
    """

    config: CompanyConfig
    door: Callable[[Sources, str], None] = lambda sources, name: None
    findings: dict[str, list[DataFinding]] = field(default_factory=dict)
    checked: list[DataFinding] | None = None
    texts: Texts = field(default_factory=Texts)
    answers: Answers | None = None
    _raw: dict[str, ir.Table] = field(default_factory=dict)
    _mapped: dict[str, list[MappedColumn]] = field(default_factory=dict)
    _read: dict[str, dict[str, ir.Value]] = field(default_factory=dict)
    _tidy: dict[str, frozenset[str]] = field(default_factory=dict)
    _tables: dict[str, ir.Table] = field(default_factory=dict)
    _enriched: dict[str, ir.Table] = field(default_factory=dict)
    _extents: dict[str, dict[str, Extent]] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)
    _newest: dict[str, dt.date | None] = field(default_factory=dict)
    _words: dict[str, frozenset[str]] = field(default_factory=dict)
    readable: dict[tuple[Any, ...], tuple[Any, Any]] = field(default_factory=dict)  # what compute has found of measures
    crowded: set[tuple[str, str]] = field(default_factory=set)  # columns that a snapshot found to hold too many words
    _days: dict[str, frozenset[dt.date]] = field(default_factory=dict)
    _prints: dict[str, Fingerprint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fill(self)

    @cached_property
    def local(self) -> Any:
        """DuckDB in memory, for files; what does not fit goes to the system's place for temporary files."""
        spill = Path(tempfile.gettempdir()) / f"kpi_analysis_{os.getpid()}"
        connection = ibis.duckdb.connect(temp_directory=str(spill))
        connection.raw_sql("SET TimeZone = 'UTC'")
        if are_small(self.config):  # then a second thread costs more than it does
            connection.raw_sql("SET threads = 1")
        return connection

    @cached_property
    def remote(self) -> Any:
        """The company's own source; the in-memory DuckDB of the files where it names no other."""
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

    @cached_property
    def rates(self) -> pa.Table | None:
        """The rates of the company file: day, currency, rate."""
        spec = self.config.rates
        return None if spec is None else read_rates(self.config, self._open("rates", spec), spec)

    @property
    def connected(self) -> tuple[str, ...]:
        """Names of the connected tables."""
        return tuple(self.config.tables)

    def table(self, name: str) -> ir.Table:
        """Return a canonical table whose columns have canonical names and types.

        Text sources (CSV, Excel) are converted once and kept in memory; Parquet and databases are read in place.

        Raises
        ------
        ConfigError
            When the table, its file or a required column is missing, or an expression is wrong.
        DataError
            When the data contradict the schema: nothing may be computed from them.
        """
        if name not in self._tables:
            self.door(self, name)
            unchecked = self.unchecked(name)
            canonical = in_company_currency(self.config, name, unchecked, self.rates)
            if name in self._read and canonical is unchecked:
                canonical = view_read(self.local, name, canonical.columns)
            elif is_text(self.files(name)):
                with refusing(self.config, name):
                    canonical = self.local.create_table(f"canonical_{name}", canonical, temp=True)
            self._tables[name] = canonical
        return self._tables[name]

    def derived(self, name: str) -> dict[str, DerivedColumn]:
        """Columns that a table can take by a key from another connected one, or from its own rows."""
        return {
            column.name: column
            for column in DERIVED
            if column.table == name
            and column.source in self.connected
            and {column.key, column.value} <= set(self.columns(column.source))
            and column.key in self.columns(name)
        }

    def with_derived(self, name: str, columns: Iterable[str]) -> ir.Table:
        """Return a canonical table with columns of another one; the key is made unique first, so no row doubles."""
        if name in self._enriched:
            return self._enriched[name]
        table = self.table(name)
        wanted = [self.derived(name)[column] for column in sorted(columns)]
        credits = [column.name for column in wanted if column.source == name]
        if credits:
            table = with_credits(table, self.config.attribution, credits)
        for column in (column for column in wanted if column.source != name):
            other = self.table(column.source)
            values = other.group_by(column.key).aggregate(**{column.name: other[column.value].min()})
            values = values.rename(kpi_key=column.key)
            if values.get_backend() is not table.get_backend():  # a file beside a database
                values = ibis.memtable(values.to_pyarrow())
            table = table.left_join(values, table[column.key] == values.kpi_key).drop("kpi_key")
        return table

    def unchecked(self, name: str) -> ir.Table:
        """Return the canonical table without looking at its values."""
        return self.raw(name).select(**self._values(name))

    def read_once(self, name: str) -> None:
        """Convert the texts of a file once, so that neither the checks nor the table do it again."""
        raw = self.raw(name)
        if not is_text(self.files(name)) or not all(kind.is_string() for kind in raw.schema().types):
            return
        values = self._values(name)
        with suppress(duckdb.Error):  # a value that cannot be computed is told of by the query that needs it
            kept = keep_read(self.local, name, raw, values)
            self._raw[name], self._read[name] = kept, {column: kept[READ + column] for column in values}
            self._mapped[name] = [replace(one, value=kept[READ + one.column.name]) for one in self._map(name)]

    def columns(self, name: str) -> tuple[str, ...]:
        """Canonical columns that a connected table has."""
        return tuple(column.column.name for column in self.mapping(name))

    def mapping(self, name: str) -> list[MappedColumn]:
        """Return how each canonical column is made from the raw table."""
        if name not in self._mapped:
            self._mapped[name] = self._map(name)
        return self._mapped[name]

    def _values(self, name: str) -> dict[str, ir.Value]:
        """The canonical columns, and those that hold a time as a moment."""
        if name in self._read:
            return self._read[name]
        mapped = self.mapping(name)
        moments = {
            f"{column.column.name}{MOMENT}": as_moment(column.raw, self.config.timezone)
            for column in mapped
            if column.column.kind == "timestamp" and (has_zone(column.raw) or on_duckdb(column.raw))
        }
        return {column.column.name: column.value for column in mapped} | moments

    def untidy(self, name: str) -> dict[str, ir.BooleanValue]:
        """Return where words have blanks around them or are empty, column by column.

        To trim every word in every query costs DuckDB more than to add up the numbers beside them, so that words
        are taken as they are where none is untidy. Text files are left out, for they are converted once.
        """
        words = {
            c.column.name: c.raw for c in self.mapping(name) if c.column.kind == "text" and c.raw.type().is_string()
        }
        if not words or is_text(self.files(name)) or not on_duckdb(next(iter(words.values()))):
            return {}
        return {key: reduce(or_, [word < "!", *(word.endswith(s) for s in whitespace)]) for key, word in words.items()}

    def take_as_tidy(self, name: str, columns: Iterable[str]) -> None:
        """Take the words of these columns as they are from now on."""
        self._tidy[name] = frozenset(columns)
        self._mapped.pop(name, None)

    def _map(self, name: str) -> list[MappedColumn]:
        tidy = self._tidy.get(name, frozenset())
        spec, schema, raw = self._spec(name), TABLES[name], self.raw(name)
        mapped = []
        for column in schema.columns.values():
            text = spec.columns.get(column.name)
            if text is None:
                if column.name not in raw.columns:
                    if column.required:
                        raise missing_column(self.config, name, column, raw)
                    continue
                value = raw[column.name]
                text = column.name
            else:
                value = mapped_expression(self.config, name, column, text, raw)
            canonical = value if column.name in tidy else convert(value, column, self.config.timezone)
            mapped.append(MappedColumn(column, text, value, canonical))
        return mapped

    def raw(self, name: str) -> ir.Table:
        """Return the table as it stands in the source, under its own column names."""
        if name not in self._raw:
            self._raw[name] = self._open(name, self._spec(name))
        return self._raw[name]

    def extent(self, name: str, column: str | None = None) -> Extent:
        """How far a date column of a table reaches (its main one if none is named, or a derived one)."""
        if name not in self._extents:
            table = self.table(name)  # the check at the door notes the extents in passing
            if name not in self._extents:
                bounds = extent_measures({n: table[n] for n in self.columns(name)})
                found = table.aggregate(**bounds).to_pyarrow().to_pylist()[0] if bounds else {}
                self.note_extents(name, found)
        found = self._extents[name]
        return found[column] if column in found else found.get(str(TABLES[name].date), Extent(None, None, 0))

    def note_extents(self, name: str, found: Mapping[str, Any]) -> None:
        """Keep what `extent_measures` came to, and the number of rows where it was counted beside."""
        if "rows" in found:
            self._rows[name] = int(found["rows"])
        self._extents[name] = {
            n: Extent(_day(found[f"{n}.first"]), _day(found[f"{n}.last"]), int(found[f"{n}.days"]))
            for n in self.columns(name)
            if f"{n}.days" in found
        }

    def distinct(self, name: str, column: str) -> frozenset[str]:
        """Words that occur in a column, such as the accounts of the ledger."""
        key = f"{name}.{column}"
        if key not in self._words:
            found = self.table(name).select(column).distinct().to_pyarrow().column(0).to_pylist()
            self._words[key] = frozenset(word for word in found if word is not None)
        return self._words[key]

    def days(self, name: str) -> frozenset[dt.date]:
        """Days on which a table has rows."""
        if name not in self._days:
            day = self.table(name)[str(TABLES[name].date)].cast("date").name("day")
            found = self.table(name).select(day).distinct().to_pyarrow().column(0).to_pylist()
            self._days[name] = frozenset(one for value in found if (one := _day(value)) is not None)
        return self._days[name]

    def newest(self, name: str) -> dt.date | None:
        """Last day on which anything happened in a table.

        Days that are planned and not events, such as the due date of an invoice, do not count. The table is not
        checked for it, so that a question about one table does not wait for all the others.
        """
        if name not in self._newest:
            events = {TABLES[name].date, *(later for _, later in TABLES[name].order if later != "due_on")}
            present = sorted(events & set(self.columns(name)))
            found: Iterable[Any] = (self.extent(name, column).last for column in present)
            if name not in self._extents and present:
                table = self.unchecked(name)
                lasts = {column: table[column].cast("date").max() for column in present}
                found = table.aggregate(**lasts).to_pyarrow().to_pylist()[0].values()
            self._newest[name] = max((day for last in found if (day := _day(last)) is not None), default=None)
        return self._newest[name]

    def last_day(self) -> dt.date | None:
        """Last day on which anything happened in any connected table: how far the data reach."""
        return max((day for name in self.connected if (day := self.newest(name)) is not None), default=None)

    def fingerprints(self) -> list[Fingerprint]:
        """Return what was read, table by table."""
        return [self._prints.get(name) or self.fingerprint(name) for name in self.connected]

    def describe(self, name: str) -> str:
        """Where a table is read from, in words without secrets."""
        spec = self._spec(name)
        if spec.path is not None:
            return spec.path
        return f"table {spec.table}" if spec.table is not None else "a query"

    # ------------------------------------------------------------------ reading

    def _spec(self, name: str) -> TableSpec:
        if name not in self.config.tables:
            hint = did_you_mean(name, self.connected) or f"Connected: {', '.join(self.connected) or 'none'}."
            raise ConfigError(f"table {name} is not connected.", remedy=hint, file=self.config.path)
        return self.config.tables[name]

    def files(self, name: str) -> list[Path]:
        """Files behind a table, none where it comes from a database."""
        spec = self._spec(name)
        return [] if spec.path is None else find_files(self.config, name, spec.path)

    def _open(self, name: str, spec: TableSpec) -> ir.Table:
        try:
            if spec.path is not None:
                return read_files(self.local, self.config, name, find_files(self.config, name, spec.path), spec)
            if spec.table is not None:
                *database, table = spec.table.split(".")
                return self.remote.table(table, database=".".join(database) or None)
            return self.remote.sql(f"select * from ({str(spec.sql).rstrip().rstrip(';')}) as kpi_query")
        except ConfigError:
            raise
        except Exception as error:  # drivers and readers each have an error family of their own
            key = "path" if spec.path is not None else "table" if spec.table is not None else "sql"
            raise ConfigError(
                f"table {name} cannot be read from {self.describe(name)}: {first_line(error)}.",
                remedy="Check the file, the name of the table or the query.",
                file=self.config.path,
                line=self.config.line("tables", name, key),
            ) from None

    def fingerprint(self, name: str) -> Fingerprint:
        """Return what was read of a table."""
        table = self.table(name)
        first, newest = self.extent(name).first, self.extent(name).last
        files = self.files(name)
        size = sum(file.stat().st_size for file in files) if files else None
        rows = self._rows[name] if name in self._rows else int(table.count().to_pyarrow().as_py())
        return Fingerprint(
            name,
            self.describe(name),
            rows,
            first.isoformat() if first else None,
            newest.isoformat() if newest else None,
            size,
            digest(files) if files else None,
        )


def _day(value: Any) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value


__all__ = ["Extent", "Fingerprint", "MappedColumn", "Sources", "extent_measures"]
