"""What tables a file holds, before anything is said of it: sheets, files within a zip file, their headers and rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.csv_layout import csv_layout, csv_records
from kpi_analysis.metrics.sources.readers.excel_files import open_book, plain_texts, sheet_rows, sheet_table
from kpi_analysis.metrics.sources.readers.file_kinds import file_kind
from kpi_analysis.metrics.sources.readers.file_read import SkippedRows, unique_names
from kpi_analysis.metrics.sources.readers.json_files import as_json_lines
from kpi_analysis.metrics.sources.readers.sql_words import quoted
from kpi_analysis.metrics.sources.readers.text_encoding import UTF8, not_in_encoding, other_encoding
from kpi_analysis.metrics.sources.readers.zip_files import unpacked, zip_members

SAMPLE = 200


@dataclass(frozen=True)
class FileLayout:
    """A table that a file holds.

    Parameters
    ----------
    file : Path
    kind : str
        csv, excel, json, parquet or zip.
    sheet : str, optional
        Of an Excel file, or the file within a zip file: what `read: {sheet: …}` names.
    title : str
        The first line above the header.
    names : tuple of str
        The header, as it stands there.
    columns : tuple of str
        What the columns are called in the raw table: a name that stands twice gets a number.
    rows : int
        How many rows are under the header.
    sample : tuple of tuple of str
        The first rows as texts, empty where there is no value; columns as in `columns`.
    header_row : int
        Row of the header in the file, counted from 1.
    heads : tuple of tuple of str
        The rows above it.
    skipped : tuple of SkippedRows
        Rows that are no rows of the table, without total rows, which are only found when it is read.
    encoding, delimiter : str, optional
        Of a text.
    is_typed : bool
        Whether values have types and are no texts.
    """

    file: Path
    kind: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int
    sample: tuple[tuple[str, ...], ...]
    sheet: str | None = None
    title: str = ""
    header_row: int = 1
    heads: tuple[tuple[str, ...], ...] = ()
    skipped: tuple[SkippedRows, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    is_typed: bool = False

    @property
    def title_lines(self) -> int:
        """How many rows are above the header: what `read: {skip: …}` says."""
        return self.header_row - 1


def file_layouts(path: Path, sample: int = SAMPLE) -> list[FileLayout]:
    """Return the tables that a file holds, with their headers and first rows.

    Parameters
    ----------
    path : Path
        Of any kind that can be read.
    sample : int
        How many of the first rows.

    Returns
    -------
    list of FileLayout
        Each sheet of an Excel file and each file of texts within a zip file that has a header; at least one.

    Raises
    ------
    DataError
        When the file cannot be read, with the reason.
    """
    kind = file_kind(path)
    if kind is None or not path.is_file():
        raise DataError(f"{path.name} is of no known kind.", remedy="Save it as CSV or .xlsx.", file=path)
    try:
        if kind == "csv":
            return [_text_layout(path, sample)]
        if kind == "excel":
            return _sheet_layouts(path, sample)
        if kind == "zip":
            return _zip_layouts(path, sample)
        return [_typed_layout(path, kind, sample)]
    except (OSError, EOFError, duckdb.Error) as error:
        words = f"{path.name} cannot be read: {str(error).splitlines()[0]}."
        raise DataError(words, remedy="Export it anew.", file=path) from None


def _text_layout(path: Path, size: int, file: Path | None = None, member: str | None = None) -> FileLayout:
    layout = csv_layout(path, ReadSpec())
    if layout.encoding in UTF8:
        try:
            return _counted(path, layout, size, file, member)
        except UnicodeDecodeError:
            layout = csv_layout(path, ReadSpec(encoding=other_encoding(path)))
    try:
        return _counted(path, layout, size, file, member)
    except UnicodeDecodeError:
        raise not_in_encoding(path, layout.encoding) from None


def _counted(path: Path, layout: Any, size: int, file: Path | None, member: str | None) -> FileLayout:
    columns, _ = unique_names(layout.names)
    records = csv_records(path, layout, strict=False)
    width = len(columns)
    sample = [_padded(row, width) for row in islice((row for row in records if row), size)]
    rows = len(sample) + sum(1 for row in records if row)
    header = layout.header + 1
    return FileLayout(
        file or path, "zip" if file else "csv", layout.names, tuple(columns), rows, tuple(sample), member,
        _title(layout.heads), header, layout.heads, layout.all_skipped(rows), layout.encoding, layout.delimiter,
    )  # fmt: skip


def _zip_layouts(path: Path, size: int) -> list[FileLayout]:
    with tempfile.TemporaryDirectory(prefix="kpi_analysis_") as folder:
        members = unpacked(path, zip_members(path), Path(folder))
        return [_text_layout(file, size, path, member) for member, file in members.items()]


def _sheet_layouts(path: Path, size: int) -> list[FileLayout]:
    book = open_book(path)
    try:
        found = [layout for sheet in book.worksheets if (layout := _sheet_layout(path, sheet, size)) is not None]
    finally:
        book.close()
    if not found:
        raise DataError(f"{path.name} has no cells with values.", remedy="Export it anew.", file=path)
    return found


def _sheet_layout(path: Path, sheet: Any, size: int) -> FileLayout | None:
    rows = sheet_rows(sheet)
    if not rows:
        return None
    start, end, skipped = sheet_table(rows, ReadSpec())
    width = max(len(row) for _, row in rows)
    names = (*start.names, *[""] * (width - len(start.names)))
    columns, _ = unique_names(names)
    sample = tuple(_padded(plain_texts(row), width) for _, row in rows[start.body : min(end, start.body + size)])
    heads = tuple(tuple(plain_texts(row)) for _, row in rows[: start.header])
    return FileLayout(
        path, "excel", names, tuple(columns), end - start.body, sample, sheet.title, _title(heads),
        rows[start.header][0], heads, skipped, is_typed=True,
    )  # fmt: skip


def _typed_layout(path: Path, kind: str, size: int) -> FileLayout:
    connection = duckdb.connect()
    try:
        if kind == "parquet":
            return _queried(connection, path, kind, size, f"read_parquet({quoted(path)})")
        with as_json_lines(path) as lines:
            source = f"read_json({quoted(lines)}, format = 'newline_delimited', sample_size = -1, records = true)"
            return _queried(connection, path, kind, size, source)
    finally:
        connection.close()


def _queried(connection: Any, path: Path, kind: str, size: int, source: str) -> FileLayout:
    result = connection.execute(f"SELECT * FROM {source} LIMIT {size}")
    names = tuple(one[0] for one in result.description)
    sample = tuple(tuple(_plain(value) for value in row) for row in result.fetchall())
    (rows,) = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return FileLayout(path, kind, names, names, int(rows), sample, is_typed=True)


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _padded(row: Sequence[str], width: int) -> tuple[str, ...]:
    return (*row[:width], *[""] * (width - len(row)))


def _title(heads: Sequence[Sequence[str]]) -> str:
    texts = (cell.strip() for row in heads for cell in row)
    return next((plain for text in texts if (plain := text.strip("#-= "))), "")
