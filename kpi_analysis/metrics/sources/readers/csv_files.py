"""CSV files: every row under the header, or an error that names the row; nothing is guessed and nothing skipped."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.csv_layout import CsvLayout, csv_layout, csv_records, not_in_encoding
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, unique_names
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted

SHOWN_FAULTS = 5


def read_csv_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of CSV files, all text, parsed once into a table of DuckDB.

    The names of the columns are taken from the first row, and every other row must be as wide: DuckDB is told both, so
    that it neither takes rows for a preamble nor guesses where the header is.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    name : str
        Of the new table.
    files : list of Path
        Read one after the other; columns are joined by name.
    spec : TableSpec
        What the company file says of the table.

    Returns
    -------
    Table, FileRead
        With the columns as they are named there, and what is to be known of the files.

    Raises
    ------
    DataError
        When a row is wider or narrower than the header, or a file is not written in its encoding.
    """
    layouts = [csv_layout(file, spec.read) for file in files]
    named = [unique_names(layout.names) for layout in layouts]
    columns = list(dict.fromkeys(column for names, _ in named for column in names))
    parts = []
    for place, (file, layout, (names, _)) in enumerate(zip(files, layouts, named, strict=True)):
        rows = _load(connection, name, file, layout, names, columns if place == 0 else None)
        parts.append(FilePart(file, rows, tuple(names), first=2))
    return connection.table(name, database=("temp", "main")), FileRead(
        tuple(parts),
        {first: alike for _, repeated in named for first, alike in repeated.items()},
        layouts[0].delimiter,
        any(layout.has_decimal_commas for layout in layouts),
    )


def csv_row(file: Path, position: int, spec: TableSpec) -> int:
    """Row of a file, counted from 1, of a row of its table, counted from 0: empty rows are no rows of the table."""
    left = position + 2  # with the header
    try:
        for number, row in enumerate(csv_records(file, csv_layout(file, spec.read)), start=1):
            left -= bool(row)
            if not left:
                return number
    except (csv.Error, UnicodeError, OSError):
        pass
    return position + 2


def _load(
    connection: Any, name: str, file: Path, layout: CsvLayout, names: Sequence[str], columns: Sequence[str] | None
) -> int:
    """Rows of one file, put into the table, which is made for the first one with the columns of all files."""
    path = os.path.abspath(file)  # noqa: PTH100 - keeps links, drops ".."
    try:
        if not layout.is_utf8:
            raise duckdb.InvalidInputException("it is written anew")
        return _read(connection, name, path, layout, names, columns)
    except duckdb.Error as error:
        connection.raw_sql(f"DROP TABLE IF EXISTS temp.main.{identifier(name)}") if columns is not None else None
        fault = _fault(file, layout)
        if fault is not None:
            raise fault from None
        try:  # what Python reads without fault is written as DuckDB reads it
            with _written_plainly(file, layout) as copy:
                plain = CsvLayout("utf-8", ",", '"', layout.names, layout.has_decimal_commas)
                return _read(connection, name, copy, plain, names, columns)
        except duckdb.Error:
            raise error from None


def _read(
    connection: Any, name: str, path: str, layout: CsvLayout, names: Sequence[str], columns: Sequence[str] | None
) -> int:
    kinds = ", ".join(f"{quoted(one)}: 'VARCHAR'" for one in names)
    packed = ", compression = 'gzip'" if path.lower().endswith(".gz") else ""
    source = (
        f"read_csv([{quoted(path)}], auto_detect = false, header = true, columns = {{{kinds}}},"
        f" delim = {quoted(layout.delimiter)}, quote = '\"', escape = {quoted(layout.escape)}, skip = {layout.skip}"
        f"{packed})"
    )
    table = f"temp.main.{identifier(name)}"
    if columns is None:
        chosen = ", ".join(identifier(one) for one in names)
        return int(connection.raw_sql(f"INSERT INTO {table} ({chosen}) SELECT {chosen} FROM {source}").fetchone()[0])
    chosen = ", ".join(identifier(one) if one in names else f"NULL::VARCHAR AS {identifier(one)}" for one in columns)
    connection.raw_sql(f"CREATE TEMP TABLE {identifier(name)} AS SELECT {chosen} FROM {source}")
    return int(connection.raw_sql(f"SELECT count(*) FROM {table}").fetchone()[0])


def _fault(file: Path, layout: CsvLayout) -> DataError | None:
    """What is wrong with a file, by reading it row by row; None where nothing is."""
    names, found = layout.names, []
    number = 0
    try:
        for number, row in enumerate(csv_records(file, layout), start=1):
            if not row or len(row) == len(names) or (len(row) == len(names) + 1 and not row[-1]):
                continue
            found.append((number, row))
            if len(found) > SHOWN_FAULTS:
                break
    except UnicodeDecodeError:
        return not_in_encoding(file, layout.encoding)
    except csv.Error:
        return DataError(
            f"row {number + 1} of {file.name} cannot be read: a quote in it is not closed, or more text follows it.",
            remedy='Put the whole value into quotes, and write a quote in it twice: "a ""b"" c".',
            file=file,
            line=number + 1,
        )
    return _unlike(file, names, found) if found else None


def _unlike(file: Path, names: Sequence[str], found: Sequence[tuple[int, Sequence[str]]]) -> DataError:
    """Return the error of rows that are wider or narrower than the header."""
    number, row = found[0]
    shared = min(len(row), len(names))
    if shared > 1 and list(row[:shared]) == list(names[:shared]):
        message = (
            f"row {number} of {file.name} repeats the header with {len(row)} names, the first one has {len(names)}."
        )
        remedy = "Two files of different columns were joined; keep them apart and name both by a pattern."
    else:
        more = [str(one) for one, _ in found[1:SHOWN_FAULTS]] + ["others"] * (len(found) > SHOWN_FAULTS)
        others = f" The same is wrong with rows {', '.join(more)}." if more else ""
        values = "1 value" if len(row) == 1 else f"{len(row)} values"
        message = f"row {number} of {file.name} has {values}, the header {len(names)} names.{others}"
        remedy = "A value with the delimiter in it stands in quotes; the first row holds the names of the columns."
    return DataError(message, remedy=remedy, file=file, line=number)


@contextmanager
def _written_plainly(file: Path, layout: CsvLayout) -> Iterator[str]:
    """Context with the path of a copy in UTF-8, with commas and one kind of line ends, which is deleted after it."""
    handle, path = tempfile.mkstemp(prefix="kpi_analysis_", suffix=".csv")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as copy:
            writer = csv.writer(copy, lineterminator="\n")
            width = len(layout.names)
            writer.writerows(row[:width] for row in csv_records(file, layout) if row)
        yield path
    finally:
        os.unlink(path)  # noqa: PTH108
