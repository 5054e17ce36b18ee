"""Text files: every row under the header, or an error that names the row; what is no row is counted and named."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.csv_layout import CsvLayout, csv_layout, csv_records, read_row
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, unique_names
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sources.readers.text_encoding import not_in_encoding, opened, other_encoding
from kpi_analysis.metrics.sources.readers.total_rows import without_totals

SHOWN_FAULTS = 5
PIECE = 1 << 20
FILES_AT_ONCE = 500


@dataclass(frozen=True)
class TextSource:
    """A text file that is to be read.

    Parameters
    ----------
    file : Path
    layout : CsvLayout
        How it is written.
    names : tuple of str
        What its columns are called.
    repeated : dict of str to list of str
        Names that stand several times in its header, and what their columns are called.
    size : int
        In bytes, before it was read.
    """

    file: Path
    layout: CsvLayout
    names: tuple[str, ...]
    repeated: dict[str, list[str]]
    size: int


def read_csv_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of text files, all text, parsed once into a table of DuckDB.

    Where the header and the last row are is found beforehand, and every row between must be as wide as the header:
    DuckDB is told both, so that it guesses nothing.

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
    return read_text_sources(connection, name, text_sources(files, spec), spec)


def read_text_sources(
    connection: Any, name: str, sources: Sequence[TextSource], spec: TableSpec
) -> tuple[ir.Table, FileRead]:
    """Raw table of text files whose layout is known; see `read_csv_files`."""
    columns = list(dict.fromkeys(column for source in sources for column in source.names))
    listed = ", ".join(f"{identifier(column)} VARCHAR" for column in columns)
    connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} ({listed})")
    parts: list[FilePart] = []
    try:
        for _, group in groupby(sources, key=_alike):
            parts += _load_group(connection, name, list(group), spec)
    except BaseException:
        connection.raw_sql(f"DROP TABLE IF EXISTS temp.main.{identifier(name)}")
        raise
    changed = tuple(one.file for one in sources if one.file.stat().st_size != one.size)
    read = FileRead(
        tuple(parts),
        {first: alike for source in sources for first, alike in source.repeated.items()},
        sources[0].layout.delimiter,
        any(source.layout.has_decimal_commas for source in sources),
        changed=changed,
    )
    return connection.table(name, database=("temp", "main")), without_totals(connection, name, read, spec)


def text_sources(files: Sequence[Path], spec: TableSpec) -> list[TextSource]:
    """Text files with their layouts and the names that their columns get."""
    sources: list[TextSource] = []
    for file in files:
        size = file.stat().st_size
        layout = csv_layout(file, spec.read, sources[-1].layout if sources else None)
        names, repeated = unique_names(layout.names)
        sources.append(TextSource(file, layout, tuple(names), repeated, size))
    return sources


def _alike(source: TextSource) -> object:
    """Files of the same key are read by one statement."""
    layout = source.layout
    is_packed = source.file.suffix.lower() == ".gz"
    if not layout.is_direct:
        return str(source.file)
    return source.names, layout.delimiter, layout.escape, layout.records, is_packed


def _load_group(connection: Any, name: str, sources: Sequence[TextSource], spec: TableSpec) -> list[FilePart]:
    """Rows of files that are written alike, put into the table."""
    parts: list[FilePart] = []
    for begin in range(0, len(sources), FILES_AT_ONCE):
        some = sources[begin : begin + FILES_AT_ONCE]
        if len(some) > 1:
            try:
                counts = _read_together(connection, name, some)
                parts += [_part(source, source.layout, rows) for source, rows in zip(some, counts, strict=True)]
                continue
            except duckdb.Error:  # which file it is, is found one by one
                pass
        parts += [_load(connection, name, source, spec) for source in some]
    return parts


def _part(source: TextSource, layout: CsvLayout, rows: int) -> FilePart:
    return FilePart(
        source.file, rows, source.names, layout.records + 1, find_row=partial(read_row, source.file, layout),
        encoding=layout.encoding, heads=layout.heads, skipped=layout.all_skipped(rows),
    )  # fmt: skip


def _load(connection: Any, name: str, source: TextSource, spec: TableSpec) -> FilePart:
    """Rows of one file, put into the table."""
    file, layout = source.file, source.layout
    try:
        if layout.is_direct:
            return _part(source, layout, _read(connection, name, _absolute(file), source.names, layout))
        with _cut_to_table(file, layout) as copy:
            plain = replace(layout, records=0)
            return _part(source, layout, _read(connection, name, copy, source.names, plain))
    except UnicodeDecodeError:
        raise not_in_encoding(file, layout.encoding) from None
    except duckdb.Error as error:
        if layout.encoding == "utf-8" and spec.read.encoding is None and not _is_decodable(file, layout.encoding):
            layout = csv_layout(file, spec.read.model_copy(update={"encoding": other_encoding(file)}))
            return _load(connection, name, replace(source, layout=layout), spec)
        fault = _fault(source)
        if fault is not None:
            raise fault from None
        try:  # what Python reads without fault is written as DuckDB reads it
            with _written_plainly(file, layout) as copy:
                plain = CsvLayout("utf-8", ",", '"', layout.names, layout.has_decimal_commas, records=0)
                return _part(source, layout, _read(connection, name, copy, source.names, plain))
        except duckdb.Error:
            raise error from None


def _absolute(file: Path) -> str:
    return os.path.abspath(file)  # noqa: PTH100 - keeps links, drops ".."


def _reading(paths: Sequence[str], names: Sequence[str], layout: CsvLayout, *, with_files: bool = False) -> str:
    """SQL of the rows of files."""
    kinds = ", ".join(f"{quoted(one)}: 'VARCHAR'" for one in names)
    packed = ", compression = 'gzip'" if paths[0].lower().endswith(".gz") else ""
    packed += ", filename = 'kpi.file'" if with_files else ""
    listed = ", ".join(quoted(path) for path in paths)
    return (
        f"read_csv([{listed}], auto_detect = false, header = false, columns = {{{kinds}}},"
        f" delim = {quoted(layout.delimiter)}, quote = '\"', escape = {quoted(layout.escape)},"
        f" skip = {layout.records}{packed})"
    )


def _read(connection: Any, name: str, path: str, names: Sequence[str], layout: CsvLayout) -> int:
    chosen = ", ".join(identifier(one) for one in names)
    table, source = f"temp.main.{identifier(name)}", _reading([path], names, layout)
    return int(connection.raw_sql(f"INSERT INTO {table} ({chosen}) SELECT {chosen} FROM {source}").fetchone()[0])


def _read_together(connection: Any, name: str, sources: Sequence[TextSource]) -> list[int]:
    """Read files by one statement, and return how many rows each has."""
    names, layout = sources[0].names, sources[0].layout
    paths = [_absolute(source.file) for source in sources]
    chosen = ", ".join(identifier(one) for one in names)
    table, source = f"temp.main.{identifier(name)}", _reading(paths, names, layout, with_files=True)
    connection.raw_sql(f'CREATE OR REPLACE TEMP TABLE "kpi.several" AS SELECT * FROM {source}')
    try:
        rows = connection.raw_sql('SELECT "kpi.file", count(*) FROM temp.main."kpi.several" GROUP BY 1').fetchall()
        connection.raw_sql(f'INSERT INTO {table} ({chosen}) SELECT {chosen} FROM temp.main."kpi.several"')
    finally:
        connection.raw_sql('DROP TABLE IF EXISTS temp.main."kpi.several"')
    counts = dict(rows)
    return [int(counts.get(path, 0)) for path in paths]


def _is_decodable(file: Path, encoding: str) -> bool:
    try:
        with opened(file) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            while text.read(PIECE):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _fault(source: TextSource) -> DataError | None:
    """What is wrong with a file, by reading it row by row; None where nothing is."""
    file, layout = source.file, source.layout
    names, found = layout.names, []
    number = layout.records
    try:
        for number, row in enumerate(csv_records(file, layout), start=layout.records + 1):
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
    if found and file.stat().st_size != source.size:
        words = f"{file.name} is being written to while it is read; row {found[0][0]} is not whole."
        return DataError(words, remedy="Wait until it is there as a whole, and start again.", file=file)
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
        remedy = (
            "A value with the delimiter in it stands in quotes. Lines above the header and at the foot can be left out:"
            " read: {skip: 2, footer: 1}"
        )
    return DataError(message, remedy=remedy, file=file, line=number)


@contextmanager
def _cut_to_table(file: Path, layout: CsvLayout) -> Iterator[str]:
    """Context with the path of a copy in UTF-8 of the rows of the table alone, made in pieces and deleted after it."""
    handle, path = tempfile.mkstemp(prefix="kpi_analysis_", suffix=".csv")
    try:
        with (
            os.fdopen(handle, "w", encoding="utf-8", newline="") as copy,
            opened(file) as stream,
            io.TextIOWrapper(stream, encoding=layout.encoding, newline="") as text,
        ):
            for _ in range(layout.lines):
                text.readline()
            held = ""
            while piece := text.read(PIECE):
                held += piece
                copy.write(held[: len(held) - layout.foot])
                held = held[len(held) - layout.foot :] if layout.foot else ""
        yield path
    finally:
        os.unlink(path)  # noqa: PTH108


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
