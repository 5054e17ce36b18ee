"""JSON lines: every value as the text that it is written with, so that no type is guessed and nothing is lost."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.csv_layout import DECIMAL_COMMA
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sources.readers.text_encoding import opened

NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE", "INTEGER", "FLOAT")


def read_json_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of files with one JSON object a line, all text.

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
    try:
        return _read(connection, name, files, spec)
    except duckdb.Error:
        for file in files:
            _refuse_fault(file)
        raise


def json_row(file: Path, position: int) -> int:
    """Row of a file, counted from 1, of a row of its table, counted from 0: empty lines are no rows of the table."""
    left = position + 1
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            left -= bool(line.strip())
            if not left:
                return number
    return position + 1


def _read(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    kinds = [_kinds(connection, file) for file in files]
    columns = list(dict.fromkeys(column for one in kinds for column in one))
    listed = ", ".join(f"{identifier(column)} VARCHAR" for column in columns)
    table = f"temp.main.{identifier(name)}"
    connection.raw_sql(f"CREATE TEMP TABLE {identifier(name)} ({listed})")
    parts = []
    for file, own in zip(files, kinds, strict=True):
        names = ", ".join(identifier(column) for column in own)
        values = ", ".join(_text(column, spec) for column in own)
        source = f"INSERT INTO {table} ({names}) SELECT {values} FROM {_source(file, own, 'JSON')}"
        rows = int(connection.raw_sql(source).fetchone()[0])
        parts.append(FilePart(file, rows, tuple(own), find_row=partial(json_row, file)))
    typed = {column for column in columns if all(own.get(column, NUMBERS[0]) in NUMBERS for own in kinds)}
    loaded = connection.table(name, database=("temp", "main"))
    sample = loaded.limit(100).to_pyarrow().to_pylist()
    commas = any(DECIMAL_COMMA.fullmatch(text.strip()) for row in sample for text in row.values() if text)
    nested = {column for own in kinds for column, kind in own.items() if kind == "JSON" or kind.endswith(("[]", ")"))}
    return loaded, FileRead(tuple(parts), typed=frozenset(typed), has_decimal_commas=commas, nested=frozenset(nested))


def _refuse_fault(file: Path) -> None:
    """Name the first line that is no JSON object."""
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                found = json.loads(line) if line.strip() else {}
                why = "is no JSON object" if not isinstance(found, dict) else ""
            except UnicodeDecodeError:
                why = "is not UTF-8"
            except ValueError as error:
                why = f"is no JSON: {error}"
            if why:
                remedy = 'Each line is one object: {"order_id": "A1", "amount": 100}. Export the file anew.'
                raise DataError(f"row {number} of {file.name} {why}.", remedy=remedy, file=file, line=number)
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
