"""Files that a query of the company file names: their paths are relative to it, as all others are."""

from __future__ import annotations

from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

READING = ("read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json", "read_json_auto", "read_ndjson",
           "read_ndjson_auto", "read_ndjson_objects", "read_json_objects", "read_xlsx", "read_text", "read_blob",
           "glob", "sniff_csv", "delta_scan", "iceberg_scan", "st_read")  # fmt: skip  # functions of DuckDB
ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".zst", ".parquet", ".json", ".jsonl", ".ndjson", ".xlsx", ".duckdb", ".db")


def with_full_paths(query: str, folder: Path) -> str:
    r"""Query whose relative paths of files are those beside the company file.

    Parameters
    ----------
    query : str
        In the SQL of DuckDB.
    folder : Path
        Of the company file.

    Returns
    -------
    str
        As it is where it names no file, or cannot be parsed.

    Examples
    --------
    >>> with_full_paths("select * from read_csv('../data/x.csv', header = true)", Path("/data/params"))
    "SELECT * FROM READ_CSV('/data/params/../data/x.csv', header = TRUE)"
    >>> with_full_paths("select a from 'x.parquet' where b = 'x.csv'", Path("/data"))
    'SELECT a FROM "/data/x.parquet" WHERE b = \'x.csv\''
    >>> with_full_paths("select * from orders", Path("/data"))
    'select * from orders'
    """
    if "'" not in query and '"' not in query:
        return query
    try:
        tree = sqlglot.parse_one(query, read="duckdb")
    except (SqlglotError, ValueError, RecursionError):
        return query
    changed = False
    for call in tree.find_all(exp.Func):
        if _name(call) in READING:
            parts = [*call.expressions] if isinstance(call, exp.Anonymous) else [call.this, *call.expressions]
            first = next((part for part in parts if isinstance(part, exp.Expression)), None)
            for text in [] if first is None else list(first.find_all(exp.Literal)):
                changed |= _fill(text, folder)
    for table in tree.find_all(exp.Table):
        word = table.this
        if isinstance(word, exp.Identifier) and word.quoted and _is_file(word.this):
            full = _full(word.this, folder)
            if full != word.this:
                word.set("this", full)
                changed = True
    if not changed:
        return query
    return tree.sql(dialect="duckdb")


def _name(call: exp.Func) -> str:
    return (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()


def _fill(text: exp.Literal, folder: Path) -> bool:
    if not text.is_string:
        return False
    full = _full(text.this, folder)
    changed = bool(full != text.this)
    text.set("this", full)
    return changed


def _is_file(word: str) -> bool:
    return word.lower().endswith(ENDINGS) or any(sign in word for sign in "*?")


def _full(path: str, folder: Path) -> str:
    if "://" in path or Path(path).is_absolute() or not path:
        return path
    return str(folder.absolute() / path)
