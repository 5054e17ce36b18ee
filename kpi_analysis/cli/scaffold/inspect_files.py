"""What lies in a folder or a database: its tables with the look of their columns, and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kpi_analysis.cli.scaffold.column_profiles import ColumnProfile, column_profile
from kpi_analysis.core.errors import KpiError, UsageError
from kpi_analysis.metrics.sources.dialects import connect, first_line
from kpi_analysis.metrics.sources.readers.file_kinds import file_kind
from kpi_analysis.metrics.sources.readers.layouts import FileLayout, file_layouts

DATABASES = {".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}
IGNORED = ("~$", ".")  # how names begin of what an editor or a system has left there
MOST_FILES = 1000
SAMPLE_ROWS = 5000
SYSTEM_SCHEMAS = frozenset(("information_schema", "pg_catalog", "pg_toast", "sys", "performance_schema", "mysql"))


@dataclass(frozen=True)
class FoundTable:
    """Table that was found: of a file, one of its sheets, or of a database.

    Parameters
    ----------
    file : Path, optional
        Where it stands; None for a database by its URL.
    name : str
        For messages: the file's name below the folder, with its sheet; or the table.
    rows : int
        How many rows it has, about.
    columns : tuple of ColumnProfile
        In their order.
    sample : tuple of tuple
        Rows as texts.
    sheet : str, optional
        Of a workbook that has several tables.
    table : str, optional
        Of a database, with its schema.
    url : str, optional
        Of the database of a file.
    lines_above : tuple of str
        Lines of the file above its header line.
    """

    file: Path | None
    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    sample: tuple[tuple[str | None, ...], ...] = field(default=(), repr=False)
    sheet: str | None = None
    table: str | None = None
    url: str | None = None
    lines_above: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(column.name for column in self.columns)

    @property
    def first_column(self) -> tuple[str, ...]:
        """Values of its first column."""
        return tuple(row[0] for row in self.sample if row and row[0])


@dataclass(frozen=True)
class NotReadable:
    """What is there and cannot be read, and why."""

    name: str
    reason: str


Found = FoundTable | NotReadable


def inspect(origin: Path) -> list[Found]:
    """Return every table of a file or a folder, and what of it cannot be read.

    Parameters
    ----------
    origin : path
        Of one file, or of a folder, whose own folders are looked into as well.

    Returns
    -------
    list of FoundTable or NotReadable
        By their names.

    Raises
    ------
    UsageError
        There is no such file or folder, or nothing in it.
    """
    if not origin.exists():
        raise UsageError(f"{origin} is not there.", remedy="Name a folder, a file or the URL of a database.")
    files = [origin] if not origin.is_dir() else sorted(_files_in(origin))
    if not files:
        raise UsageError(f"There is no file in {origin}.", remedy="Name the folder that your exports lie in.")
    found: list[Found] = []
    for file in files[:MOST_FILES]:
        name = file.name if file == origin else file.relative_to(origin).as_posix()
        found += _inspect_file(file, name)
    if len(files) > MOST_FILES:
        found.append(NotReadable("…", f"only the first {MOST_FILES:,} of {len(files):,} files are looked at"))
    return found


def inspect_database(url: str) -> list[Found]:
    """Return every table of a database.

    Parameters
    ----------
    url : str
        As Ibis takes it. It is never printed.

    Returns
    -------
    list of FoundTable or NotReadable

    Raises
    ------
    UsageError
        The database does not answer.
    """
    try:
        connection = connect(url)
    except Exception as error:  # every driver has an error family of its own
        words = f"the database cannot be reached: {first_line(error)}."
        raise UsageError(words, remedy="Check the URL, the network and the password.") from None
    return list(_database_tables(connection, None, ""))


def _files_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if not any(part.startswith(IGNORED) or part == "__MACOSX" for part in parts) and not path.is_dir():
            yield path


def _inspect_file(file: Path, name: str) -> list[Found]:
    if not file.is_file():
        return [NotReadable(name, "it is no file but a device, a pipe or a link to nothing")]
    if file.suffix.lower() in DATABASES:
        kind = DATABASES[file.suffix.lower()]
        try:
            url = f"{kind}://{file.resolve()}"
            found = _database_tables(connect(f"{url}?read_only=true" if kind == "duckdb" else url), file, f"{name}: ")
            return [replace(one, url=url) if isinstance(one, FoundTable) else one for one in found]
        except Exception as error:  # a damaged database
            return [NotReadable(name, first_line(error))]
    if file_kind(file) is None:
        ending = file.suffix or "a name without an ending"
        return [NotReadable(name, f"{ending} is no kind of table that is read here")]
    try:
        layouts = file_layouts(file, SAMPLE_ROWS)
    except KpiError as error:
        return [NotReadable(name, error.message.replace(f"{file.name} ", "it ", 1).rstrip("."))]
    except Exception as error:  # a damaged file, whatever library finds it so: the others are looked at all the same
        return [NotReadable(name, first_line(error))]
    if layouts[0].kind == "zip" and len({layout.columns for layout in layouts}) == 1:
        return [_as_one(file, name, layouts)]
    return [_found_table(file, name, layout, len(layouts) > 1) for layout in layouts]


def _as_one(file: Path, name: str, layouts: Sequence[FileLayout]) -> FoundTable:
    """Files within a zip file that have the same headers: they are one table."""
    sample = tuple(row for layout in layouts for row in layout.sample)[:SAMPLE_ROWS]
    rows = sum(layout.rows for layout in layouts)
    return replace(_found_table(file, name, replace(layouts[0], sample=sample), False), rows=rows)


def _found_table(file: Path, name: str, layout: FileLayout, is_one_of_many: bool) -> FoundTable:
    sheet = layout.sheet if is_one_of_many else None
    above = tuple(" ".join(filter(None, row)).strip() for row in layout.heads)
    return FoundTable(
        file, f"{name} [{sheet}]" if sheet else name, layout.rows, profiles_of(layout.columns, layout.sample),
        layout.sample, sheet=sheet, lines_above=above,
    )  # fmt: skip


def profiles_of(headers: Sequence[str], sample: Sequence[Sequence[str | None]]) -> tuple[ColumnProfile, ...]:
    """Return the profiles of all columns of a table.

    Parameters
    ----------
    headers : sequence of str
    sample : sequence of sequence of str or None
        Its rows.

    Returns
    -------
    tuple of ColumnProfile

    Examples
    --------
    >>> [profile.kind for profile in profiles_of(["Day", "Cost"], [["2026-01-01", "12.50"]])]
    ['date', 'number']
    """
    return tuple(
        column_profile(header, [row[place] if place < len(row) else None for row in sample])
        for place, header in enumerate(headers)
    )


def _database_tables(connection: Any, file: Path | None, prefix: str) -> Iterator[Found]:
    for schema, name in _table_names(connection):
        table = f"{schema}.{name}" if schema else name
        try:
            rows = connection.table(name, database=schema)
            sample = rows.limit(SAMPLE_ROWS).to_pyarrow().to_pylist()
            count = int(rows.count().execute())
        except Exception as error:  # a view that fails, a right that is lacking
            yield NotReadable(f"{prefix}{table}", first_line(error))
            continue
        texts = tuple(tuple(None if value is None else str(value) for value in row.values()) for row in sample)
        yield FoundTable(file, f"{prefix}{table}", count, profiles_of(rows.columns, texts), texts, table=table)


def _table_names(connection: Any) -> list[tuple[str | None, str]]:
    """Schema and name of each table that is no system's own."""
    try:
        schemas = [schema for schema in connection.list_databases() if schema not in SYSTEM_SCHEMAS]
    except Exception:  # an engine without schemas
        schemas = []
    if len(schemas) < 2:
        return [(None, name) for name in sorted(connection.list_tables())]
    own = getattr(connection, "current_database", None)
    found = []
    for schema in schemas:
        for name in sorted(connection.list_tables(database=schema)):
            found.append((None if schema == own else schema, name))
    return found
