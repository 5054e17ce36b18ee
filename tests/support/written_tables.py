"""Tables of texts, written in each format that the kit reads, as an analyst would export them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.session import OpenCompany, open_company

FILE_FORMATS = ("csv", "csv.gz", "tsv", "jsonl", "xlsx", "parquet")
DATABASES = ("duckdb", "postgres")
FORMATS = (*FILE_FORMATS, *DATABASES)
FIRST_ROW = {"jsonl": 1, "parquet": 1}  # where there is no row of names above

GOOD = {"text": "word{row}", "date": "2026-07-{day:02d}", "timestamp": "2026-07-{day:02d} 10:00:00", "number": "{row}",
        "boolean": "true"}  # fmt: skip
Table = dict[str, list[str | None]]


def good_table(name: str, rows: int) -> Table:
    """A table of texts in which every column of the schema is filled and nothing is wrong."""
    table = {}
    for column in TABLES[name].columns.values():
        words = column.values or (GOOD[column.kind],)
        words = {"currency": ("EUR",), "csat": ("{score}",), "score": ("{score}",)}.get(column.name, words)
        table[column.name] = [
            words[0].format(row=row, day=1 + row % 28, score=1 + row % 5) for row in range(1, rows + 1)
        ]
    return table  # type: ignore[return-value]


def write_table(folder: Path, name: str, table: Table, form: str) -> None:
    """Write a table into a file of the folder."""
    file = folder / f"{name}.{form}"
    rows: list[Sequence[Any]] = list(zip(*table.values(), strict=True))
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in [list(table), *rows]:
            book.active.append(row)
        book.save(file)
    elif form == "jsonl":
        file.write_text(
            "".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in rows), encoding="utf-8"
        )
    elif form == "parquet":
        pq.write_table(pa.table({column: pa.array(values, pa.string()) for column, values in table.items()}), file)
    else:
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t" if form == "tsv" else ",", lineterminator="\n")
        writer.writerows([list(table), *rows])
        content = text.getvalue().encode()
        file.write_bytes(gzip.compress(content) if form.endswith(".gz") else content)


def open_written(folder: Path, tables: dict[str, Table], form: str, postgres: str = "", **settings: Any) -> OpenCompany:
    """Write tables in one format, or into a database, and open their company."""
    specs: dict[str, Any] = {name: {"table": name} for name in tables}
    source = "duckdb://"
    if form == "duckdb":
        source = f"duckdb://{folder / 'kept.duckdb'}"
        with duckdb.connect(folder / "kept.duckdb") as connection:
            for name, table in tables.items():
                connection.execute(_definition(name, table))
                connection.executemany(_insertion(name, table, "?"), list(zip(*table.values(), strict=True)))
    elif form == "postgres":
        import psycopg

        source = postgres
        with psycopg.connect(postgres) as connection:
            for name, table in tables.items():
                connection.execute(f'drop table if exists "{name}"')
                connection.execute(_definition(name, table))
                connection.cursor().executemany(_insertion(name, table, "%s"), list(zip(*table.values(), strict=True)))
    else:
        for name, table in tables.items():
            write_table(folder, name, table, form)
        specs = {name: {"path": f"{name}.{form}"} for name in tables}
    file = folder / "company.yaml"
    content = {"company": "Test", "currency": "EUR", "timezone": "Europe/Berlin", "source": source, "tables": specs}
    file.write_text(yaml.safe_dump(content | settings, sort_keys=False), encoding="utf-8")
    return open_company(file)


def _definition(name: str, table: Table) -> str:
    return f'create table "{name}" ({", ".join(f"{chr(34)}{column}{chr(34)} text" for column in table)})'


def _insertion(name: str, table: Table, sign: str) -> str:
    return f'insert into "{name}" values ({", ".join(sign for _ in table)})'
