"""Table loading: from raw tables by way of mapped columns to canonical ones, with derived columns and one currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import ConfigError, DataError, KpiError, SourceUnreachable, did_you_mean
from kpi_analysis.core.schema import DERIVED, CanonicalColumn, CanonicalTable, DerivedColumn
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.column_formats import column_formats
from kpi_analysis.metrics.sources.connections import Connections, describe
from kpi_analysis.metrics.sources.conversion import PLAIN, cast_plain, convert, has_zone, in_utc, refusing
from kpi_analysis.metrics.sources.currencies import in_company_currency, rate_kinds, read_rates
from kpi_analysis.metrics.sources.derived_columns import source_columns
from kpi_analysis.metrics.sources.dialects import dialect_of
from kpi_analysis.metrics.sources.dialects.zones import from_wall_clock
from kpi_analysis.metrics.sources.expected_days import expected_columns, has_expected_days, with_expected_days
from kpi_analysis.metrics.sources.files import HIDDEN, READ, find_files, is_text, keep_read, view_read
from kpi_analysis.metrics.sources.mapping import MappedColumn, mapped_expression, missing_column, unfit_column
from kpi_analysis.metrics.sources.plain_columns import plain_columns
from kpi_analysis.metrics.sources.preparation import PreparedTable, prepare_table
from kpi_analysis.metrics.sources.touchpoint_credit import with_credits
from kpi_analysis.metrics.sources.value_formats import write_plainly
from kpi_analysis.metrics.sql.days import IN_UTC
from kpi_analysis.metrics.sql.types import Unfit, on_duckdb


@dataclass
class TableLoader:
    """Loader of the connected tables.

    Parameters
    ----------
    config : CompanyConfig
    connections : Connections
    validate : callable
        Called once with the name of a table before it is used; raises where its data are wrong.
    written : mapping of str to Table
        Canonical tables of a snapshot, with their derived columns, by name.
    canonical : mapping of str to sequence of str
        Which columns of them are canonical.
    """

    config: CompanyConfig
    connections: Connections
    validate: Callable[[str], None]
    written: Mapping[str, ir.Table] = field(default_factory=dict)
    canonical: Mapping[str, list[str]] = field(default_factory=dict)
    _prepared: dict[str, PreparedTable] = field(default_factory=dict)
    _raw: dict[str, ir.Table] = field(default_factory=dict)
    _mapped: dict[str, list[MappedColumn]] = field(default_factory=dict)
    _converted: dict[str, dict[str, ir.Value]] = field(default_factory=dict)
    _tidy: dict[str, frozenset[str]] = field(default_factory=dict)
    _plain: dict[str, frozenset[str]] = field(default_factory=dict)
    _tables: dict[str, ir.Table] = field(default_factory=dict)
    _unreadable: dict[str, KpiError | None] = field(default_factory=dict)

    @cached_property
    def rates(self) -> pa.Table | None:
        """Rates of the company file: day, currency, rate."""
        spec = self.config.rates
        if spec is None:
            return None
        raw, plain = self.connections.open("rates", spec), spec
        if spec.path is not None:
            raw, _ = write_plainly(raw, rate_kinds(spec.columns, raw.columns), spec.read)
            plain = spec.model_copy(update={"read": PLAIN})
        read = self.connections.reads.get("rates")
        place = None if read is None else read.place
        return read_rates(self.config, raw, plain, place)

    def raw(self, name: str) -> ir.Table:
        """Raw table, as it stands in the source, under its own column names; that of a snapshot is canonical."""
        if name not in self._raw:
            if name in self.written:
                table, columns = self.written[name], self.canonical[name]
                self._raw[name] = table if list(table.columns) == columns else table.select(columns)
            else:
                self._raw[name] = self.prepared(name).raw
        return self._raw[name]

    def prepared(self, name: str) -> PreparedTable:
        """Table as its sources hold it, with what the company file says of its rows done."""
        if name not in self._prepared:
            self._prepared[name] = prepare_table(self.config, self.connections, self.schemas[name], self.spec(name))
        return self._prepared[name]

    @property
    def schemas(self) -> Mapping[str, CanonicalTable]:
        """The canonical tables and those of the company's own, with the columns of its own."""
        return self.config.schemas

    def mapped_by(self, name: str) -> TableSpec:
        """How the columns of the raw table are mapped; those of several sources have canonical names already."""
        return self.spec(name) if name in self.written else self.prepared(name).spec

    def row_place(self, name: str, position: int) -> tuple[Path, int]:
        """File and row of it, counted from 1, of a row of a table by its place in all files, counted from 0."""
        source, position = self.prepared(name).place(position)
        assert source.read is not None
        return source.read.place(position)

    def _read(self, name: str, text: str) -> ReadSpec:
        """How the words of a column are still to be read: plainly, where they have been written so."""
        read = self.mapped_by(name).read
        if self.has_plain_words(name):
            return PLAIN
        return read.model_copy(update={"dates": read.dates_of(text)}) if isinstance(read.dates, dict) else read

    def has_plain_words(self, name: str) -> bool:
        """Whether numbers and dates in its words have been written plainly, as those of all files are."""
        return all(source.formats is not None for source in self.prepared(name).sources)

    def mapping(self, name: str) -> list[MappedColumn]:
        """Mapped columns: how each canonical column is made from the raw table."""
        if name not in self._mapped:
            self._mapped[name] = self._map(name)
        return self._mapped[name]

    def columns(self, name: str) -> tuple[str, ...]:
        """Canonical columns that a connected table has."""
        mapped = [column.column.name for column in self.mapping(name)]
        return tuple(mapped) if name in self.written else expected_columns(name, mapped)

    def unchecked(self, name: str) -> ir.Table:
        """Canonical table whose values were not looked at."""
        return self.raw(name).select(**self.values(name))

    def values(self, name: str) -> dict[str, ir.Value]:
        """Canonical columns as expressions over the raw table."""
        values = self._values(name)
        return values if name in self.written else with_expected_days(name, values)

    def table(self, name: str) -> ir.Table:
        """Canonical table, whose columns have canonical names and types.

        Text sources (CSV, Excel) are converted once and kept in memory; Parquet and databases are read in place.

        Parameters
        ----------
        name : str
            Of the canonical table.

        Returns
        -------
        Table
            Ibis expression.

        Raises
        ------
        ConfigError
            When the table, its file or a required column is missing, or an expression is wrong.
        DataError
            When the data contradict the schema: nothing may be computed from them.
        """
        if name in self.written:
            return self.raw(name)
        self.validate(name)
        return self.usable(name)

    def usable(self, name: str) -> ir.Table:
        """Canonical table, errors and all: a value that cannot be read is NULL in it.

        Only who knows which columns are wrong may use it, as the computation of KPIs does: it withholds those that need
        one of them.

        Parameters
        ----------
        name : str
            Of the canonical table.

        Returns
        -------
        Table
            Ibis expression.

        Raises
        ------
        ConfigError
            When the table cannot be read at all.
        """
        if name in self.written:
            return self.raw(name)
        if name not in self._tables:
            with suppress(DataError):  # what is wrong is known from the check
                self.validate(name)
            unchecked = self.unchecked(name)
            canonical = in_company_currency(self.config, name, unchecked, self.rates)
            if (
                name in self._converted
                and canonical is unchecked
                and not has_expected_days(name, self._converted[name])
            ):
                canonical = view_read(self.connections.local, name, canonical.columns)
            elif is_text(self.files(name)):
                with refusing(self.config, name):
                    canonical = self.connections.local.create_table(f"canonical_{name}", canonical, temp=True)
            else:
                engine = canonical.get_backend()
                canonical = dialect_of(engine).name_table(engine, f"kpi_canonical_{name}", canonical)
            self._tables[name] = canonical
        return self._tables[name]

    def derived(self, name: str) -> dict[str, DerivedColumn]:
        """Columns that a table can take by a key from another connected one, or from its own rows."""
        return {
            column.name: column
            for column in DERIVED
            if column.table == name
            and column.source in self.config.tables
            and self.is_readable(column.source)
            and source_columns(column) <= set(self.columns(column.source))
            and column.key in self.columns(name)
        }

    def with_derived(self, name: str, columns: Iterable[str]) -> ir.Table:
        """Canonical table with columns of another one; the key is made unique first, so no row doubles."""
        if name in self.written:
            return self.written[name]
        table = self.usable(name)
        wanted = [self.derived(name)[column] for column in sorted(columns)]
        credits = [column.name for column in wanted if column.source == name]
        if credits:
            table = with_credits(table, self.config.attribution, credits)
        for column in (column for column in wanted if column.source != name):
            other = self.usable(column.source)
            if column.where:
                other = other.filter(sql.condition(column.where, other))
            values = other.group_by(column.key).aggregate(**{column.name: other[column.value].min()})
            values = values.rename(kpi_key=column.key)
            if values.get_backend() is not table.get_backend():  # a file beside a database
                values = ibis.memtable(values.to_pyarrow())
            table = table.left_join(values, table[column.key] == values.kpi_key).drop("kpi_key")
        return table

    def is_readable(self, name: str) -> bool:
        """Whether a table can be read at all, whatever stands in it."""
        return self.unreadable(name) is None

    def unreadable(self, name: str) -> KpiError | None:
        """Error for which a table cannot be read at all: no such file, no required column, a wrong expression.

        Parameters
        ----------
        name : str
            Of the canonical table.

        Returns
        -------
        KpiError or None
            None where it can be read.

        Raises
        ------
        SourceUnreachable
            A database does not answer; the same may work a little later.
        """
        if name not in self._unreadable:
            try:
                self.mapping(name)
                self._unreadable[name] = None
            except SourceUnreachable:
                raise
            except KpiError as error:
                self._unreadable[name] = error
        return self._unreadable[name]

    def convert_once(self, name: str) -> None:
        """Convert the texts of a file once, so that neither the checks nor the table do it again."""
        if name in self._converted:
            return
        raw = self.raw(name)
        kinds = [kind for column, kind in raw.schema().items() if not column.startswith(HIDDEN)]
        if not is_text(self.files(name)) or not all(kind.is_string() for kind in kinds):
            return
        self._plain[name] = plain_columns(raw, self._taken_as_they_are(name), self._read(name, ""))
        self._mapped.pop(name, None)
        values = self._values(name)
        with suppress(duckdb.Error):  # a value that cannot be computed is told of by the query that needs it
            kept = keep_read(self.connections.local, name, raw, values)
            self._raw[name], self._converted[name] = kept, {column: kept[READ + column] for column in values}
            self._mapped[name] = self._map(name)

    def take_as_tidy(self, name: str, columns: Iterable[str]) -> None:
        """Take the words of these columns as they are from now on: a scan has found none with blanks around it."""
        self._tidy[name] = frozenset(columns)
        self._mapped.pop(name, None)

    def files(self, name: str) -> list[Path]:
        """Files behind a table, none where it comes from a database."""
        return [
            file
            for source, spec in self.spec(name).each(name)
            if spec.path is not None
            for file in find_files(self.config, source, spec.path)
        ]

    def spec(self, name: str) -> TableSpec:
        """Where a table is read from, by the company file.

        Parameters
        ----------
        name : str
            Of the canonical table.

        Returns
        -------
        TableSpec
            What the company file says of it.

        Raises
        ------
        ConfigError
            When the table is not connected.
        """
        if name not in self.config.tables:
            connected = tuple(self.config.tables)
            hint = did_you_mean(name, connected) or f"Connected: {', '.join(connected) or 'none'}."
            raise ConfigError(f"table {name} is not connected.", remedy=hint, file=self.config.path)
        return self.config.tables[name]

    def describe(self, name: str) -> str:
        """Where a table is read from, in words without secrets."""
        return ", ".join(describe(spec) for _, spec in self.spec(name).each(name))

    def _values(self, name: str) -> dict[str, ir.Value]:
        """The canonical columns, and those that hold a time as a moment in UTC."""
        if name in self._converted:
            return self._converted[name]
        mapped = self.mapping(name)
        moments = {
            f"{column.column.name}{IN_UTC}": self._in_utc(name, column)
            for column in mapped
            if column.column.kind == "timestamp" and (has_zone(column.raw) or on_duckdb(column.raw))
        }
        return {column.column.name: column.value for column in mapped} | moments

    def _in_utc(self, name: str, column: MappedColumn) -> ir.Value:
        if column.column.name in self._plain.get(name, ()):
            return from_wall_clock(self.config.timezone, column.value)
        return in_utc(column.raw, self.config.timezone)

    def _taken_as_they_are(self, name: str) -> dict[str, CanonicalColumn]:
        """The columns of the source that are mapped by their name, and what each is read as."""
        columns, spec = self.raw(name).columns, self.mapped_by(name)
        named = {spec.columns.get(column.name, column.name): column for column in self.schemas[name].columns.values()}
        return {theirs: column for theirs, column in named.items() if theirs in columns}

    def _map(self, name: str) -> list[MappedColumn]:
        tidy, spec, raw = self._tidy.get(name, frozenset()), self.mapped_by(name), self.raw(name)
        converted, plain = self._converted.get(name), self._plain.get(name, frozenset())
        mapped = []
        for column in self.schemas[name].columns.values():
            text = spec.columns.get(column.name)
            if name in self.written:  # which is canonical already
                if column.name in raw.columns:
                    value = raw[column.name]
                    mapped.append(MappedColumn(column, text or column.name, value, value))
                continue
            if text is None:
                if column.name not in raw.columns:
                    if column.required:
                        raise missing_column(self.config, name, column, raw)
                    continue
                value = raw[column.name]
                text = column.name
            else:
                value = mapped_expression(self.config, name, column, text, raw, self._read(name, text))
            is_tidy = column.name in tidy
            formats = column_formats(self.prepared(name), column.name) if column.kind != "text" else ()
            if converted is not None:
                mapped.append(MappedColumn(column, text, value, converted[column.name], formats=formats))
                continue
            if column.name in plain:
                mapped.append(MappedColumn(column, text, value, cast_plain(value, column), formats=formats))
                continue
            if is_tidy and column.kind == "text":
                mapped.append(MappedColumn(column, text, value, value))
                continue
            is_plain, read = text in raw.columns, self._read(name, text)
            try:
                canonical = convert(
                    value, column, self.config.timezone, read, is_plain=is_plain, is_within_years=is_tidy
                )
            except Unfit as error:
                raise unfit_column(self.config, name, column, text, error) from None
            mapped.append(MappedColumn(column, text, value, canonical, is_tidy, formats))
        return mapped
