"""Files behind a table: found by path or pattern, read as text where they are text."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig, TableSpec, expand_secrets
from kpi_analysis.core.errors import ConfigError, did_you_mean

READERS = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".parquet": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json", ".ndjson.gz": "json", ".xlsx": "excel",
}  # fmt: skip

SMALL = 4_000_000  # bytes, all of which are looked at in a few milliseconds
READ = "kpi.read."  # begins the name of a column that holds what a text is read as


def find_files(company: CompanyConfig, name: str, path: str) -> list[Path]:
    """Files that the path or pattern of a table names.

    Parameters
    ----------
    company : CompanyConfig
        Its configuration, for the folder and for messages.
    name : str
        Of the canonical table.
    path : str
        Path or pattern, relative to the company file.

    Returns
    -------
    list of Path
        Sorted, at least one.

    Raises
    ------
    ConfigError
        When there is none.
    """
    pattern = Path(expand_secrets(path, company.path))
    full = pattern if pattern.is_absolute() else company.folder / pattern
    if any(sign in str(pattern) for sign in "*?["):
        anchor = Path(full.anchor) if full.is_absolute() else Path()
        found = sorted(anchor.glob(str(full.relative_to(anchor) if full.is_absolute() else full)))
    else:
        found = [full] if full.is_file() else []
    if not found:
        siblings = [item.name for item in full.parent.glob("*")] if full.parent.is_dir() else []
        raise ConfigError(
            f"table {name}: there is no file '{path}'.",
            remedy=did_you_mean(full.name, siblings) or "Paths are relative to the company file.",
            file=company.path,
            line=company.line("tables", name, "path"),
        )
    return found


def are_small(company: CompanyConfig) -> bool:
    """Whether there is little in all files of a company together; those that are missing are told of when read."""
    size = 0
    for name, spec in company.tables.items():
        with suppress(ConfigError):
            size += sum(file.stat().st_size for file in find_files(company, name, spec.path)) if spec.path else 0
    return size <= SMALL


def is_text(files: Sequence[Path]) -> bool:
    """Whether values come as text, so that they are converted once and kept."""
    return any(_reader(file) in ("csv", "excel", "json") for file in files)


def has_head(file: Path) -> bool:
    """Whether the first row of a file holds the names of its columns."""
    return _reader(file) in ("csv", "excel")


def read_files(connection: Any, company: CompanyConfig, name: str, files: Sequence[Path], spec: TableSpec) -> ir.Table:
    """Raw table of the files of one table, read by DuckDB; CSV and Excel as text, so that nothing is guessed.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    company : CompanyConfig
        Its configuration, for messages.
    name : str
        Of the canonical table.
    files : sequence of Path
        As `find_files` returns them.
    spec : TableSpec
        What the company file says of the table.

    Returns
    -------
    Table
        With the columns as they are named there.

    Raises
    ------
    ConfigError
        When the kind of file is unknown, or kinds are mixed.
    """
    readers = {_reader(file) for file in files}
    if None in readers or len(readers) != 1:
        raise ConfigError(
            f"table {name}: '{spec.path}' is of no known kind.",
            remedy=f"Use one of {', '.join(READERS)}; one kind a table.",
            file=company.path,
            line=company.line("tables", name, "path"),
        )
    reader = readers.pop()
    if reader == "csv":
        return _read_csv(connection, f"raw_{name}", files)
    paths = [str(file) for file in files]
    if reader == "parquet":
        return connection.read_parquet(paths)
    if reader == "json":
        return connection.read_json(paths, format="newline_delimited")
    return connection.create_table(f"raw_{name}", _read_excel(files, spec.sheet), temp=True)


def keep_read(connection: Any, name: str, raw: ir.Table, values: Mapping[str, ir.Value]) -> ir.Table:
    """Keep texts with what they are read as beside them; a table of the texts alone is not needed any more."""
    kept = connection.create_table(f"read_{name}", raw.mutate({READ + n: v for n, v in values.items()}), temp=True)
    connection.raw_sql(f'DROP TABLE IF EXISTS temp.main."raw_{name}"')
    return kept


def view_read(connection: Any, name: str, columns: Sequence[str]) -> ir.Table:
    """Return only what the texts of `keep_read` are read as, under canonical names."""
    chosen = ", ".join(f'"{READ}{column}" AS "{column}"' for column in columns)
    connection.raw_sql(f'CREATE TEMP VIEW "canonical_{name}" AS SELECT {chosen} FROM temp.main."read_{name}"')
    return connection.table(f"canonical_{name}", database=("temp", "main"))


def quoted(text: object) -> str:
    """SQL literal of a text.

    Parameters
    ----------
    text : object
        Any.

    Returns
    -------
    str
        In single quotes.

    Examples
    --------
    >>> quoted("Q1's.csv")
    "'Q1''s.csv'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def digest(files: Sequence[Path]) -> str:
    """Return one hash of the content of files, in their order."""
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def _reader(file: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return READERS.get("".join(suffixes)) or READERS.get(suffixes[-1] if suffixes else "")


def _read_csv(connection: Any, name: str, files: Sequence[Path]) -> ir.Table:
    """Sniff and parse CSV files once into a table; Ibis's reader makes a view of them, which does so at every look."""
    listed = ", ".join(quoted(os.path.abspath(file)) for file in files)  # noqa: PTH100 - keeps links, drops ".."
    options = f"all_varchar = true, header = true, union_by_name = {len(files) > 1}"
    if all(_is_unquoted(file) for file in files):
        options += """, quote = '"', escape = '"'"""  # which changes nothing, but spares DuckDB to try every other one
    connection.raw_sql(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM read_csv([{listed}], {options})')
    return connection.table(name, database=("temp", "main"))


def _is_unquoted(file: Path) -> bool:
    """Whether a file is small and has no sign by which CSV quotes or escapes."""
    with suppress(OSError, EOFError, zlib.error), _opened(file) as stream:  # DuckDB says better what is wrong
        content = stream.read(SMALL + 1)
        return len(content) <= SMALL and not any(sign in content for sign in (b'"', b"'", b"\\"))
    return False


def _opened(file: Path) -> Any:
    return gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb")


def _read_excel(files: Sequence[Path], sheet: str | None) -> Any:
    """Read sheets as text, as a CSV is, so that every kind of file is converted and checked by one road."""
    import pandas as pd
    import pyarrow as pa

    frames = [pd.read_excel(file, sheet_name=sheet or 0, dtype=object) for file in files]
    frame = pd.concat(frames, ignore_index=True)
    columns = {str(name): pa.array([_as_text(value) for value in frame[name]], pa.string()) for name in frame}
    return pa.table(columns)


def _as_text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
