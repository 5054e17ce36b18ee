"""Excel files: the cells of a sheet as texts that say what the cells hold, words as words and days as days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError, did_you_mean
from kpi_analysis.metrics.sources.readers.csv_layout import DECIMAL_COMMA
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, unique_names

Marks = dict[str, list[tuple[int, str]]]


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


def read_excel_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of one sheet of each file, all text, as a CSV would give it.

    The first row that is not empty holds the names. A word stays a word, also ``NA`` and ``None``; an error such as
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
            file, len(sheet.numbers), tuple(sheet.columns), sheet.numbers[0] if sheet.numbers else 2, sheet.numbers
        )
        for file, sheet in zip(files, sheets, strict=True)
    ]
    words = (text for column in table.columns for text in column.slice(0, 100).to_pylist() if text)
    return connection.create_table(name, table, temp=True), FileRead(
        tuple(parts),
        {first: alike for sheet in sheets for first, alike in sheet.repeated.items()},
        has_decimal_commas=spec.read.decimal != "," and any(DECIMAL_COMMA.fullmatch(text.strip()) for text in words),
        typed=frozenset(column for column in columns if all(column in s.typed for s in sheets if column in s.columns)),
        other_sheets=sheets[0].others,
        sheet=sheets[0].name,
        formulas=_joined(sheet.formulas for sheet in sheets),
        errors=_joined(sheet.errors for sheet in sheets),
    )


def _read_sheet(file: Path, spec: TableSpec) -> _Sheet:
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        titles = [sheet.title for sheet in book.worksheets]
        chosen = _chosen(file, titles, spec.sheet_name)
        rows = _rows(book[chosen])
        if not rows:
            raise DataError(f"sheet {chosen} of {file.name} is empty.", remedy=_other_sheet(titles), file=file)
        others = () if spec.sheet_name is not None else _alike(book, titles, chosen, rows[0][1])
    finally:
        book.close()
    (_, head), body = rows[0], rows[1:]
    width = max(len(row) for _, row in rows)
    heads = [head[place].value if place < len(head) else None for place in range(width)]
    filled = [
        place
        for place in range(width)
        if heads[place] is not None or any(_value(row, place) is not None for _, row in body)
    ]
    names, repeated = unique_names(
        [None if heads[place] is None else _text(heads[place], ReadSpec()) for place in filled]
    )
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
    return _Sheet(chosen, columns, numbers, repeated, frozenset(typed), errors, formulas, others)


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


def _rows(sheet: Any) -> list[tuple[int, Sequence[Any]]]:
    """Rows that are not empty, with their numbers."""
    sheet.reset_dimensions()  # what programs write there is often wrong
    return [
        (number, row)
        for number, row in enumerate(sheet.iter_rows(), start=1)
        if any(cell.value is not None and cell.value != "" for cell in row)
    ]


def _alike(book: Any, titles: Sequence[str], chosen: str, head: Sequence[Any]) -> tuple[str, ...]:
    """Sheets with the names of this one in their first row."""
    wanted = {str(cell.value).strip() for cell in head if cell.value is not None}
    found = []
    for title in titles:
        if title == chosen:
            continue
        book[title].reset_dimensions()
        first = next((row for row in book[title].iter_rows() if any(cell.value is not None for cell in row)), ())
        if wanted <= {str(cell.value).strip() for cell in first}:
            found.append(title)
    return tuple(found)


def _uncalculated(
    file: Path, title: str, places: dict[str, int], columns: dict[str, list[str | None]], numbers: Sequence[int]
) -> Marks:
    """Formulas without a value, which are put where their values would stand; the file is opened again for them."""
    if not any(text is None for texts in columns.values() for text in texts):
        return {}
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=False)
    try:
        written = dict(_rows(book[title]))
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
