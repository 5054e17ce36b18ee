"""JSON: every value as the text that it is written with, so that no type is guessed and nothing is lost."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.csv_layout import DECIMAL_COMMA
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sources.readers.text_encoding import SAMPLE_BYTES, encoding_of, not_in_encoding, opened
from kpi_analysis.metrics.sources.readers.total_rows import without_totals

MOST_BYTES = 500 * 10**6
SHAPE = 'Each line is one object: {"order_id": "A1", "amount": 100}; or the file is one list of such. Export it anew.'
NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE", "INTEGER", "FLOAT")


def read_json_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of files of JSON objects, one a line or in a list, all text.

    A key that only some lines have is a column; where it is missing or null, there is no value. What is nested stays
    JSON. Where the company file says that decimals have a comma, numbers of JSON are written with one, so that they and
    numbers in words are read by one rule.

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
        When a line is no JSON object.
    """
    with ExitStack() as stack:
        lines = [stack.enter_context(as_json_lines(file)) for file in files]
        try:
            table, read = _read(connection, name, files, lines, spec)
        except duckdb.Error:
            for file, copy in zip(files, lines, strict=True):
                if not _form(file)[1]:
                    _refuse_fault(file, copy)
            raise DataError(f"{files[0].name} has no objects with values.", remedy=SHAPE, file=files[0]) from None
    return table, without_totals(connection, name, read, spec)


@contextmanager
def as_json_lines(file: Path) -> Iterator[Path]:
    """Context with the path of a file with an object a line; a copy where it is an array or of another encoding.

    Parameters
    ----------
    file : Path
        JSON lines, an array of objects, or one object that holds such an array.

    Yields
    ------
    Path
        Of the file itself, or of a copy that is deleted afterwards.

    Raises
    ------
    DataError
        When there are no objects in it.
    """
    encoding, is_document = _form(file)
    if encoding == "utf-8" and not is_document:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="kpi_analysis_") as folder:
        copy = Path(folder) / "rows.jsonl"
        with copy.open("w", encoding="utf-8") as lines:
            if is_document:
                for row, _ in _elements(_document(file, encoding), file):
                    lines.write(" ".join(row.splitlines()) + "\n")
            else:
                lines.writelines(_text_lines(file, encoding))
        yield copy


def json_row(file: Path, position: int) -> int:
    """Row of a file, counted from 1, of a row of its table, counted from 0: empty lines are no rows of the table."""
    encoding, is_document = _form(file)
    if is_document:
        text = _document(file, encoding)
        places = (place for _, place in _elements(text, file))
        return text.count("\n", 0, next(islice(places, position, None), 0)) + 1
    left = position + 1
    for number, line in enumerate(_text_lines(file, encoding), start=1):
        left -= bool(line.strip())
        if not left:
            return number
    return position + 1


def _form(file: Path) -> tuple[str, bool]:
    """Encoding of a file, and whether it is one list or object over all of its lines and not an object a line."""
    with opened(file) as stream:
        start = stream.read(SAMPLE_BYTES)
    encoding = encoding_of(file, start)
    plain = start.decode(encoding, errors="ignore").removeprefix("\ufeff").lstrip()
    if ".json" not in {suffix.lower() for suffix in file.suffixes}:
        return encoding, False
    if plain[:1] != "{":
        return encoding, plain[:1] == "["
    lines = plain.splitlines()
    try:
        first = json.loads(lines[0])
    except ValueError:
        return encoding, True
    return encoding, len(lines) == 1 and len(start) < SAMPLE_BYTES and any(map(_is_rows, first.values()))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _text_lines(file: Path, encoding: str) -> Iterator[str]:
    with opened(file) as stream, io.TextIOWrapper(stream, encoding=encoding) as text:
        try:
            for line in text:
                yield line.removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise not_in_encoding(file, encoding) from None


def _document(file: Path, encoding: str) -> str:
    with opened(file) as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        words = f"{file.name} is one JSON document of more than {MOST_BYTES // 10**6:,} MB."
        raise DataError(words, remedy="Export it as JSON lines, with one object a line.", file=file)
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise not_in_encoding(file, encoding) from None


def _elements(text: str, file: Path) -> Iterator[tuple[str, int]]:
    """The objects of a list as they are written, with where each begins."""
    decoder = json.JSONDecoder()
    place = _begin(text, decoder, file)
    number = 0
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        if place >= len(text) or text[place] == "]":
            break
        number += 1
        line = text.count("\n", 0, place) + 1
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError as error:
            words = f"row {line} of {file.name} is no JSON: {error}."
            raise DataError(words, remedy="Export the file anew.", file=file, line=line) from None
        if not isinstance(value, dict):
            words = f"row {line} of {file.name} is no JSON object."
            raise DataError(words, remedy=SHAPE, file=file, line=line)
        yield text[place:end], place
        place = end
    if place >= len(text):
        words = f"{file.name} ends in the middle of its rows: there is no ] at the end."
        raise DataError(words, remedy="Export it anew.", file=file, line=text.count("\n") + 1)


def _begin(text: str, decoder: json.JSONDecoder, file: Path) -> int:
    """Where the first object of an array is: of the whole, or of the one array of objects in an object."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[":
        return start + 1
    try:
        whole, _ = decoder.raw_decode(text, start)
    except ValueError as error:
        line = text.count("\n", 0, getattr(error, "pos", 0)) + 1
        words = f"row {line} of {file.name} is no JSON: {error}."
        raise DataError(words, remedy="Export the file anew.", file=file, line=line) from None
    found = [key for key, value in whole.items() if _is_rows(value)] if isinstance(whole, dict) else []
    if len(found) != 1:
        what = f"several lists of objects: {', '.join(found)}" if found else "no list of objects"
        raise DataError(f"{file.name} has {what}.", remedy=SHAPE, file=file)
    at = re.search(re.escape(json.dumps(found[0], ensure_ascii=False)) + r"\s*:\s*\[", text)
    if at is None:
        raise DataError(f"{file.name} cannot be read row by row.", remedy=SHAPE, file=file)
    return at.end()


def _read(
    connection: Any, name: str, files: list[Path], lines: list[Path], spec: TableSpec
) -> tuple[ir.Table, FileRead]:
    kinds = [_kinds(connection, copy) for copy in lines]
    columns = list(dict.fromkeys(column for one in kinds for column in one))
    listed = ", ".join(f"{identifier(column)} VARCHAR" for column in columns)
    table = f"temp.main.{identifier(name)}"
    connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} ({listed})")
    parts = []
    for file, copy, own in zip(files, lines, kinds, strict=True):
        names = ", ".join(identifier(column) for column in own)
        values = ", ".join(_text(column, spec) for column in own)
        source = f"INSERT INTO {table} ({names}) SELECT {values} FROM {_source(copy, own, 'JSON')}"
        rows = int(connection.raw_sql(source).fetchone()[0])
        parts.append(FilePart(file, rows, tuple(own), find_row=partial(json_row, file)))
    typed = {column for column in columns if all(own.get(column, NUMBERS[0]) in NUMBERS for own in kinds)}
    loaded = connection.table(name, database=("temp", "main"))
    sample = loaded.limit(100).to_pyarrow().to_pylist()
    commas = any(DECIMAL_COMMA.fullmatch(text.strip()) for row in sample for text in row.values() if text)
    nested = {column for own in kinds for column, kind in own.items() if kind == "JSON" or kind.endswith(("[]", ")"))}
    return loaded, FileRead(tuple(parts), typed=frozenset(typed), has_decimal_commas=commas, nested=frozenset(nested))


def _refuse_fault(file: Path, lines: Path) -> None:
    """Name the first line that is no JSON object."""
    with opened(lines) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                found = json.loads(line) if line.strip() else {}
                why = "is no JSON object" if not isinstance(found, dict) else ""
            except UnicodeDecodeError:
                why = "is not UTF-8"
            except ValueError as error:
                why = f"is no JSON: {error}"
            if why:
                raise DataError(f"row {number} of {file.name} {why}.", remedy=SHAPE, file=file, line=number)
        if file.stat().st_size == 0:
            raise DataError(f"{file.name} is empty.", remedy="Export it anew.", file=file)


def _kinds(connection: Any, file: Path) -> dict[str, str]:
    """Columns of a file and the types that DuckDB sees in all of its lines."""
    described = connection.raw_sql(
        f"DESCRIBE SELECT * FROM read_json([{quoted(file)}], format = 'newline_delimited', sample_size = -1,"
        " records = true, maximum_depth = 2)"
    ).fetchall()
    return {row[0]: row[1] for row in described}


def _source(file: Path, columns: dict[str, str], kind: str) -> str:
    listed = ", ".join(f"{quoted(column)}: {quoted(kind)}" for column in columns)
    return f"read_json([{quoted(file)}], format = 'newline_delimited', columns = {{{listed}}})"


def _text(column: str, spec: TableSpec) -> str:
    """SQL of a value as text: words without quotes, the rest as it is written."""
    value = identifier(column)
    plain = f"json_extract_string({value}, '$')"
    if spec.read.decimal != ",":
        return plain
    is_number = f"json_type({value}) IN ('DOUBLE', 'BIGINT', 'UBIGINT')"
    return f"CASE WHEN {is_number} THEN replace({plain}, '.', ',') ELSE {plain} END"
