"""From the company file to canonical tables in Ibis, with a fingerprint of what was read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir

from kpi_analysis import sql
from kpi_analysis.company import Company, TableSpec, expand_secrets
from kpi_analysis.errors import ConfigError, DataError, did_you_mean
from kpi_analysis.periods import Period
from kpi_analysis.schema import DERIVED, TABLES, Column, Derived, Table

EARLY_SHARE = 0.1
READERS = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".parquet": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json", ".ndjson.gz": "json", ".xlsx": "excel",
}  # fmt: skip


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def timezone(zone: str, moment: dtypes.Timestamp(timezone="UTC")) -> dtypes.Timestamp():  # type: ignore[valid-type]
    """Wall-clock time of a moment in a zone; DuckDB and Postgres share the name."""


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column, the text it is mapped from, and its expression before and after conversion."""

    column: Column
    text: str
    raw: ir.Value
    value: ir.Value

    @property
    def is_converted(self) -> bool:
        """Whether text becomes a number or a date here, so that it can fail."""
        return bool(self.raw.type().is_string()) and self.column.kind != "text"


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

    def covers(self, period: Period) -> bool:
        """Whether the data were there when a period began.

        They were if the first row lies in its first tenth, or no further in than three times the usual distance
        between days with rows: by chance, a gap is longer than that one time in twenty.
        """
        if self.first is None or self.last is None:
            return False
        spacing = (self.last - self.first).days / max(1, self.days - 1)
        return (self.first - period.start).days <= max(EARLY_SHARE * period.full_days, 3 * spacing)


@dataclass
class Sources:
    """The connected tables of a company.

    Parameters
    ----------
    company : Company
        Tables given by `path` are read by DuckDB in memory; `table` and `sql` go to the company's `source`.
    """

    company: Company
    _raw: dict[str, ir.Table] = field(default_factory=dict)
    _tables: dict[str, ir.Table] = field(default_factory=dict)
    _extents: dict[str, Extent] = field(default_factory=dict)

    @cached_property
    def local(self) -> Any:
        """DuckDB in memory, for files."""
        connection = ibis.duckdb.connect()
        connection.raw_sql("SET TimeZone = 'UTC'")
        return connection

    @cached_property
    def remote(self) -> Any:
        """The company's own source; the in-memory DuckDB of the files where it names no other."""
        url = self.company.connection_url
        if url in ("duckdb://", "duckdb://:memory:"):
            return self.local
        try:
            return ibis.connect(url)
        except Exception as error:  # every driver has an error family of its own
            raise ConfigError(
                f"the source {self.company.source} cannot be reached: {_first_line(error)}.",
                remedy="Check the URL, the network and the password; try it with: kpi doctor",
                file=self.company.path,
                line=self.company.line("source"),
            ) from None

    @property
    def connected(self) -> tuple[str, ...]:
        """Names of the connected tables."""
        return tuple(self.company.tables)

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
            from kpi_analysis.checks import refuse_errors

            refuse_errors(self, name)
            canonical = self.unchecked(name)
            if self._is_text(name):
                canonical = self.local.create_table(f"canonical_{name}", canonical, temp=True)
            self._tables[name] = canonical
        return self._tables[name]

    def derived(self, name: str) -> dict[str, Derived]:
        """Columns that a table can take from another connected one by a key."""
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
        table = self.table(name)
        for column in (self.derived(name)[wanted] for wanted in sorted(columns)):
            other = self.table(column.source)
            values = other.group_by(column.key).aggregate(**{column.name: other[column.value].min()})
            values = values.rename(kpi_key=column.key)
            table = table.left_join(values, table[column.key] == values.kpi_key).drop("kpi_key")
        return table

    def unchecked(self, name: str) -> ir.Table:
        """Return the canonical table without looking at its values."""
        mapped = self.mapping(name)
        return self.raw(name).select(**{column.column.name: column.value for column in mapped})

    def columns(self, name: str) -> tuple[str, ...]:
        """Canonical columns that a connected table has."""
        return tuple(column.column.name for column in self.mapping(name))

    def mapping(self, name: str) -> list[MappedColumn]:
        """Return how each canonical column is made from the raw table."""
        spec, schema, raw = self._spec(name), TABLES[name], self.raw(name)
        mapped = []
        for column in schema.columns.values():
            text = spec.columns.get(column.name)
            if text is None:
                if column.name not in raw.columns:
                    if column.required:
                        raise self._missing(name, schema, column, raw)
                    continue
                value = raw[column.name]
                text = column.name
            else:
                value = self._expression(name, column, text, raw)
            mapped.append(MappedColumn(column, text, value, self._convert(value, column)))
        return mapped

    def raw(self, name: str) -> ir.Table:
        """Return the table as it stands in the source, under its own column names."""
        if name not in self._raw:
            self._raw[name] = self._open(name, self._spec(name))
        return self._raw[name]

    def extent(self, name: str, column: str | None = None) -> Extent:
        """How far a date column of a table reaches (its main one if none is named)."""
        key = f"{name}.{column or TABLES[name].date}"
        if key not in self._extents:
            table = self.table(name)
            names = [c.name for c in TABLES[name].columns.values() if c.kind in ("date", "timestamp")]
            bounds: dict[str, ir.Value] = {}
            for n in names:
                if n in table.columns:
                    day = table[n].cast("date")
                    bounds |= {f"{n}.first": day.min(), f"{n}.last": day.max(), f"{n}.days": day.nunique()}
            found = table.aggregate(**bounds).to_pyarrow().to_pylist()[0] if bounds else {}
            for n in names:
                first, last = _day(found.get(f"{n}.first")), _day(found.get(f"{n}.last"))
                self._extents[f"{name}.{n}"] = Extent(first, last, int(found.get(f"{n}.days") or 0))
        return self._extents[key]

    def last_day(self) -> dt.date | None:
        """Last day on which anything happened in any connected table: how far the data reach.

        Days that are planned and not events, such as the due date of an invoice, do not count.
        """
        days = []
        for name in self.connected:
            events = [TABLES[name].date, *(later for _, later in TABLES[name].order if later != "due_on")]
            days += [self.extent(name, column).last for column in events]
        return max((day for day in days if day is not None), default=None)

    def fingerprints(self) -> list[Fingerprint]:
        """Return what was read, table by table."""
        return [self._fingerprint(name) for name in self.connected]

    def describe(self, name: str) -> str:
        """Where a table is read from, in words without secrets."""
        spec = self._spec(name)
        if spec.path is not None:
            return spec.path
        return f"table {spec.table}" if spec.table is not None else "a query"

    # ------------------------------------------------------------------ reading

    def _spec(self, name: str) -> TableSpec:
        if name not in self.company.tables:
            hint = did_you_mean(name, self.connected) or f"Connected: {', '.join(self.connected) or 'none'}."
            raise ConfigError(f"table {name} is not connected.", remedy=hint, file=self.company.path)
        return self.company.tables[name]

    def _is_text(self, name: str) -> bool:
        return any(reader in ("csv", "excel", "json") for reader in map(_reader, self.files(name)))

    def files(self, name: str) -> list[Path]:
        """Files behind a table, none where it comes from a database."""
        spec = self._spec(name)
        if spec.path is None:
            return []
        pattern = Path(expand_secrets(spec.path, self.company.path))
        full = pattern if pattern.is_absolute() else self.company.folder / pattern
        if any(sign in full.name or sign in str(full.parent) for sign in "*?["):
            anchor = Path(full.anchor) if full.is_absolute() else Path()
            found = sorted(anchor.glob(str(full.relative_to(anchor) if full.is_absolute() else full)))
        else:
            found = [full] if full.is_file() else []
        if not found:
            siblings = [item.name for item in full.parent.glob("*")] if full.parent.is_dir() else []
            remedy = did_you_mean(full.name, siblings) or "Paths are relative to the company file."
            raise ConfigError(
                f"table {name}: there is no file '{spec.path}'.",
                remedy=remedy,
                file=self.company.path,
                line=self.company.line("tables", name, "path"),
            )
        return found

    def _open(self, name: str, spec: TableSpec) -> ir.Table:
        try:
            if spec.path is not None:
                return self._read_files(name, self.files(name), spec)
            if spec.table is not None:
                *database, table = spec.table.split(".")
                return self.remote.table(table, database=".".join(database) or None)
            return self.remote.sql(spec.sql)
        except ConfigError:
            raise
        except Exception as error:  # drivers and readers each have an error family of their own
            key = "path" if spec.path is not None else "table" if spec.table is not None else "sql"
            raise ConfigError(
                f"table {name} cannot be read from {self.describe(name)}: {_first_line(error)}.",
                remedy="Check the file, the name of the table or the query.",
                file=self.company.path,
                line=self.company.line("tables", name, key),
            ) from None

    def _read_files(self, name: str, files: list[Path], spec: TableSpec) -> ir.Table:
        readers = {_reader(file) for file in files}
        if None in readers or len(readers) != 1:
            raise ConfigError(
                f"table {name}: '{spec.path}' is of no known kind.",
                remedy=f"Use one of {', '.join(READERS)}; one kind a table.",
                file=self.company.path,
                line=self.company.line("tables", name, "path"),
            )
        reader = readers.pop()
        paths = [str(file) for file in files]
        if reader == "csv":
            return self.local.read_csv(paths, all_varchar=True, header=True, union_by_name=len(paths) > 1)
        if reader == "parquet":
            return self.local.read_parquet(paths)
        if reader == "json":
            return self.local.read_json(paths, format="newline_delimited")
        return self.local.create_table(f"raw_{name}", _read_excel(files, spec.sheet), temp=True)

    # ------------------------------------------------------------------ mapping

    def _expression(self, name: str, column: Column, text: str, raw: ir.Table) -> ir.Value:
        if text in raw.columns:
            return raw[text]
        try:
            return sql.expression(text, raw)
        except ConfigError as error:
            raise ConfigError(
                f"table {name}, column {column.name}: {error.message}",
                remedy=error.remedy,
                file=self.company.path,
                line=self.company.line("tables", name, "columns", column.name),
            ) from None

    def _missing(self, name: str, schema: Table, column: Column, raw: ir.Table) -> ConfigError:
        near = did_you_mean(column.name, raw.columns)
        return ConfigError(
            f"table {name} has no column '{column.name}', which it needs. Found: {', '.join(raw.columns)}.",
            remedy=f"{near} Map it: columns: {{{column.name}: …}}".strip(),
            file=self.company.path,
            line=self.company.line("tables", name),
        )

    def _convert(self, value: ir.Value, column: Column) -> ir.Value:
        kind = value.type()
        if column.kind == "text":
            words = value if kind.is_string() else value.cast("string")
            return words.strip().nullif("") if kind.is_string() else words
        if column.kind == "number":
            return value if kind.is_decimal() else sql.to_type(value, "float64")
        if column.kind == "boolean":
            return sql.to_type(value, "boolean")
        moment = self._local_time(value)
        return moment.cast("timestamp") if column.kind == "timestamp" else moment.cast("date")

    def _local_time(self, value: ir.Value) -> ir.Value:
        """Bring a moment to the company's wall clock; one without an offset is taken as local already."""
        kind, zone = value.type(), self.company.timezone
        if kind.is_date():
            return value
        if kind.is_string():
            offset = value.strip().re_search(r"\d[ T]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$")
            local = timezone(zone, sql.to_type(value, "timestamp('UTC')"))
            return ibis.cases((offset, local), else_=sql.to_type(value, "timestamp"))
        if kind.is_timestamp() and kind.timezone is not None:
            return timezone(zone, value.cast("timestamp('UTC')"))
        return value.cast("timestamp")

    def _fingerprint(self, name: str) -> Fingerprint:
        first, newest = self.extent(name).first, self.extent(name).last
        files = self.files(name)
        size = sum(file.stat().st_size for file in files) if files else None
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        rows = int(self.table(name).count().to_pyarrow().as_py())
        return Fingerprint(
            name,
            self.describe(name),
            rows,
            first.isoformat() if first else None,
            newest.isoformat() if newest else None,
            size,
            digest.hexdigest() if files else None,
        )


def _reader(file: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return READERS.get("".join(suffixes)) or READERS.get(suffixes[-1] if suffixes else "")


def _read_excel(files: Iterable[Path], sheet: str | None) -> Any:
    """Read sheets as text, as a CSV is, so that every kind of file is converted and checked by one road."""
    import pandas as pd
    import pyarrow as pa

    frames = [pd.read_excel(file, sheet_name=sheet or 0, dtype=object) for file in files]
    frame = pd.concat(frames, ignore_index=True)
    columns = {str(name): pa.array([_as_text(value) for value in frame[name]], pa.string()) for name in frame}
    return pa.table(columns)


def _as_text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _day(value: Any) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


__all__ = ["DataError", "Fingerprint", "MappedColumn", "Sources"]
