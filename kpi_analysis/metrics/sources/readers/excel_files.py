"""Excel files: the cells of a sheet as texts that say what the cells hold, words as words and days as days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.reading import CELLS, ReadSpec
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError, did_you_mean
from kpi_analysis.metrics.sources.readers.csv_layout import DECIMAL_COMMA
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, SkippedRows, unique_names
from kpi_analysis.metrics.sources.readers.footer_rows import table_end
from kpi_analysis.metrics.sources.readers.header_rows import MOST_TITLES, TableStart, table_start
from kpi_analysis.metrics.sources.readers.old_books import open_old_book
from kpi_analysis.metrics.sources.readers.total_rows import without_totals

Marks = dict[str, list[tuple[int, str]]]
Skipped = tuple[SkippedRows, ...]

OTHER_ENDINGS = (".xls", ".xlsb", ".ods")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # begins files of Excel before 2007 and those with a password
SAMPLE_ROWS = 200


@dataclass(frozen=True)
class _Sheet:
    """A sheet as it was read: its columns as texts, the rows they stand in, and what is to be told of its cells."""

    name: str
    columns: dict[str, list[str | None]]
    numbers: tuple[int, ...]
    repeated: dict[str, list[str]]
    typed: frozenset[str]
    errors: Marks
    formulas: Marks
    others: tuple[str, ...]
    skipped: Skipped
    heads: tuple[tuple[str, ...], ...]


def read_excel_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of one sheet of each file, all text, as a CSV would give it.

    The names stand in the first row that is no title. A word stays a word, also ``NA`` and ``None``; an error such as
    ``#N/A`` and a formula that was never calculated stay what they are, so that no number is made of them. Where the
    company file says how numbers and days are written in words, cells of numbers and days are written so as well.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    name : str
        Of the new table.
    files : list of Path
    spec : TableSpec
        What the company file says of the table.

    Returns
    -------
    Table, FileRead
        With the columns as they are named there, and what is to be known of the files.

    Raises
    ------
    DataError
        When there is no such sheet, or it is empty.
    """
    sheets = [_read_sheet(file, spec) for file in files]
    columns = list(dict.fromkeys(column for sheet in sheets for column in sheet.columns))
    table = pa.table(
        {
            column: pa.array(
                [text for sheet in sheets for text in sheet.columns.get(column, [None] * len(sheet.numbers))],
                pa.string(),
            )
            for column in columns
        }
    )
    parts = [
        FilePart(
            file,
            len(sheet.numbers),
            tuple(sheet.columns),
            sheet.numbers[0] if sheet.numbers else 2,
            sheet.numbers,
            heads=sheet.heads,
            skipped=sheet.skipped,
        )
        for file, sheet in zip(files, sheets, strict=True)
    ]
    words = (text for column in table.columns for text in column.slice(0, 100).to_pylist() if text)
    read = FileRead(
        tuple(parts),
        {first: alike for sheet in sheets for first, alike in sheet.repeated.items()},
        has_decimal_commas=spec.read.decimal != "," and any(DECIMAL_COMMA.fullmatch(text.strip()) for text in words),
        typed=frozenset(column for column in columns if all(column in s.typed for s in sheets if column in s.columns)),
        other_sheets=sheets[0].others,
        sheet=sheets[0].name,
        formulas=_joined(sheet.formulas for sheet in sheets),
        errors=_joined(sheet.errors for sheet in sheets),
    )
    loaded = connection.create_table(name, table, temp=True, overwrite=True)
    return loaded, without_totals(connection, name, read, spec)


def _read_sheet(file: Path, spec: TableSpec) -> _Sheet:
    book = open_book(file)
    try:
        titles = [sheet.title for sheet in book.worksheets]
        chosen = _chosen(file, titles, spec.sheet_name)
        rows = sheet_rows(book[chosen], spec.read.range)
        if not rows:
            raise DataError(f"sheet {chosen} of {file.name} is empty.", remedy=_other_sheet(titles), file=file)
        start, end, skipped = sheet_table(rows, spec.read)
        others = () if spec.sheet_name is not None else _alike(book, titles, chosen, start.names)
    finally:
        book.close()
    body = rows[start.body : end]
    width = max(len(row) for _, row in rows)
    heads = [*start.names, *[""] * (width - len(start.names))]
    filled = [place for place in range(width) if heads[place] or any(_value(row, place) is not None for _, row in body)]
    names, repeated = unique_names([heads[place] for place in filled])
    columns = {
        name: [_cell_text(row, place, spec.read) for _, row in body] for name, place in zip(names, filled, strict=True)
    }
    errors: Marks = {}
    typed = set()
    for name, place in zip(names, filled, strict=True):
        cells = [(number, row[place]) for number, row in body if place < len(row) and row[place].value is not None]
        errors |= {name: found} if (found := [(n, str(c.value)) for n, c in cells if c.data_type == "e"]) else {}
        if not any(isinstance(cell.value, str) for _, cell in cells):
            typed.add(name)
    numbers = tuple(number for number, _ in body)
    formulas = _uncalculated(file, chosen, dict(zip(names, filled, strict=True)), columns, numbers)
    above = tuple(tuple(plain_texts(row)) for _, row in rows[: start.header])
    return _Sheet(chosen, columns, numbers, repeated, frozenset(typed), errors, formulas, others, skipped, above)


def open_book(file: Path, *, with_formulas: bool = False) -> Any:
    """Open an Excel file for reading.

    Parameters
    ----------
    file : Path
    with_formulas : bool
        Whether cells hold their formulas in place of what these gave.

    Returns
    -------
    Workbook
        Of openpyxl, or what has its attributes.

    Raises
    ------
    DataError
        When it is protected by a password, damaged or no Excel file.
    """
    import openpyxl

    with file.open("rb") as stream:
        start = stream.read(8)
    if start == OLE or file.suffix.lower() in OTHER_ENDINGS:
        return open_old_book(file)
    try:
        return openpyxl.load_workbook(file, read_only=True, data_only=not with_formulas)
    except Exception as error:  # openpyxl raises whatever the broken part of a file gives
        why = "it is empty" if not start else "it is no Excel file" if start[:2] != b"PK" else first_words(error)
        words = f"{file.name} cannot be read: {why}."
        raise DataError(words, remedy="It is damaged or of another kind; export it anew as .xlsx.", file=file) from None


def sheet_table(rows: Sequence[tuple[int, Sequence[Any]]], read: ReadSpec) -> tuple[TableStart, int, Skipped]:
    """Where the table of a sheet begins and ends, and what of the sheet is no row of it.

    Parameters
    ----------
    rows : sequence of (int, cells)
        The rows that are not empty, with their numbers.
    read : ReadSpec
        What is not left to be found.

    Returns
    -------
    TableStart, int, tuple of SkippedRows
        Places among the rows.
    """
    numbers = [number for number, _ in rows]
    width = max(len(row) for _, row in rows)

    def texts(begin: int, end: int) -> list[list[str]]:
        """Rows as texts, with an empty one where the sheet has some."""
        found: list[list[str]] = []
        for place in range(begin, end):
            if place > begin and numbers[place] > numbers[place - 1] + 1:
                found.append([])
            cells = plain_texts(rows[place][1])
            found.append([*cells, *[""] * (width - len(cells))])
        return found

    skip = None if read.skip is None else sum(number <= read.skip for number in numbers)
    first = texts(0, min(len(rows), SAMPLE_ROWS)) if skip is None else [row for row in texts(0, skip + 2) if row]
    start = table_start(first, skip)
    places = [place for place, row in enumerate(first) if row]  # of rows among the texts
    above = {text: place for place, text in enumerate(places)}
    body = sum(place < start.body for place in places)
    skipped = [replace(one, row=numbers[above[one.row - 1]]) for one in start.skipped]
    start = replace(start, header=above[start.header], body=body)
    last = len(rows)
    if read.footer is not None:
        last = max(start.body, last - read.footer)
        found = [SkippedRows("footer", len(rows) - last, numbers[last], "")] if last < len(rows) else []
    else:
        begin = max(start.body, len(rows) - SAMPLE_ROWS)
        lines = texts(begin, len(rows))
        end, ends = table_end(lines, width)
        last = begin + sum(bool(line) for line in lines[:end])
        found = [replace(one, row=numbers[begin + sum(bool(x) for x in lines[: one.row - 1])]) for one in ends]
    return start, last, (*skipped, *found)


def plain_texts(row: Sequence[Any]) -> list[str]:
    """The cells of a row as texts, empty ones as empty texts."""
    return ["" if cell.value is None else _text(cell.value, ReadSpec()) for cell in row]


def first_words(error: Exception) -> str:
    """The first line of an error of a library, in lower case and without an end."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (line[:1].lower() + line[1:]).rstrip(".")


def _chosen(file: Path, titles: Sequence[str], wanted: str | None) -> str:
    if not titles:
        raise DataError(f"{file.name} has no sheet of cells.", remedy="Save the table as a sheet.", file=file)
    if wanted is not None and wanted not in titles:
        hint = did_you_mean(wanted, titles) or f"It has {', '.join(titles)}."
        raise DataError(f"{file.name} has no sheet '{wanted}'.", remedy=hint, file=file)
    return titles[0] if wanted is None else wanted


def _other_sheet(titles: Sequence[str]) -> str:
    named = f"read: {{sheet: {titles[-1]}}}"
    return (
        f"Name the one that is meant: {named}; the file has {', '.join(titles)}."
        if len(titles) > 1
        else "Export it anew."
    )


def sheet_rows(sheet: Any, cells: str | None = None) -> list[tuple[int, Sequence[Any]]]:
    """Rows that are not empty, with their numbers; those of a range of cells where one is given."""
    sheet.reset_dimensions()  # what programs write there is often wrong
    left, top, right, bottom = _bounds(cells)
    return [
        (number, row)
        for number, row in enumerate(
            sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right), start=top or 1
        )
        if any(cell.value is not None and cell.value != "" for cell in row)
    ]


def _bounds(cells: str | None) -> tuple[int | None, ...]:
    """First column, first row, last column and last row of a range, each where it is said."""
    from openpyxl.utils.cell import column_index_from_string

    if cells is None:
        return None, None, None, None
    found = re.fullmatch(CELLS, cells.replace("$", "").upper())
    assert found is not None
    left, top, right, bottom = found.groups()
    columns = [None if one is None else column_index_from_string(one) for one in (left, right)]
    rows = [None if one is None else int(one) for one in (top, bottom)]
    return columns[0], rows[0], columns[1], rows[1]


def _alike(book: Any, titles: Sequence[str], chosen: str, names: Sequence[str]) -> tuple[str, ...]:
    """Sheets with the names of this one in one of their first rows."""
    wanted = {name for name in names if name}
    found = []
    for title in titles:
        if title == chosen:
            continue
        book[title].reset_dimensions()
        first = book[title].iter_rows(max_row=MOST_TITLES)
        if any(wanted <= {text.strip() for text in plain_texts(row)} for row in first):
            found.append(title)
    return tuple(found)


def _uncalculated(
    file: Path, title: str, places: dict[str, int], columns: dict[str, list[str | None]], numbers: Sequence[int]
) -> Marks:
    """Formulas without a value, which are put where their values would stand; the file is opened again for them."""
    if not any(text is None for texts in columns.values() for text in texts):
        return {}
    book = open_book(file, with_formulas=True)
    try:
        written = dict(sheet_rows(book[title]))
    finally:
        book.close()
    found: Marks = {}
    for name, place in places.items():
        for position, number in enumerate(numbers):
            row = written.get(number, ())
            if columns[name][position] is None and place < len(row) and row[place].data_type == "f":
                formula = str(row[place].value)
                columns[name][position] = formula if formula.startswith("=") else f"={formula}"
                found.setdefault(name, []).append((number, str(columns[name][position])))
    return found


def _value(row: Sequence[Any], place: int) -> Any:
    return row[place].value if place < len(row) else None


def _cell_text(row: Sequence[Any], place: int, read: ReadSpec) -> str | None:
    value = _value(row, place)
    return None if value is None else _text(value, read)


def _text(value: Any, read: ReadSpec) -> str:
    """What a cell holds in words, by the same rules as texts in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            swapped = isinstance(read.dates, str) and read.dates.startswith("%Y-")  # in which 2026-09-14 is no day
            return value.strftime(str(read.dates)) if swapped else value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        plain = format(Decimal(repr(value)), "f")
        return plain.replace(".", ",") if read.decimal == "," else plain
    return str(value)


def _joined(marks: Iterable[Marks]) -> Marks:
    joined: Marks = {}
    for one in marks:
        for column, found in one.items():
            joined.setdefault(column, []).extend(found)
    return joined
