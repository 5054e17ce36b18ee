"""Files behind a table: found by path or pattern, read as text where they are text."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.company import Company, TableSpec, expand_secrets
from kpi_analysis.errors import ConfigError, did_you_mean

READERS = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".tsv.gz": "csv", ".txt": "csv", ".parquet": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".jsonl.gz": "json", ".ndjson.gz": "json", ".xlsx": "excel",
}  # fmt: skip


def find_files(company: Company, name: str, path: str) -> list[Path]:
    """Return the files that the path or pattern of a table names.

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


def is_text(files: Sequence[Path]) -> bool:
    """Whether values come as text, so that they are converted once and kept."""
    return any(_reader(file) in ("csv", "excel", "json") for file in files)


def has_head(file: Path) -> bool:
    """Whether the first row of a file holds the names of its columns."""
    return _reader(file) in ("csv", "excel")


def read_files(connection: Any, company: Company, name: str, files: Sequence[Path], spec: TableSpec) -> ir.Table:
    """Read the files of one table with DuckDB; CSV and Excel as text, so that nothing is guessed.

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
    paths = [str(file) for file in files]
    if reader == "csv":
        text = connection.read_csv(paths, all_varchar=True, header=True, union_by_name=len(paths) > 1)
        # parsed once and kept: checks, conversion and sniffing would each read the file again
        return connection.create_table(f"raw_{name}", text, temp=True)
    if reader == "parquet":
        return connection.read_parquet(paths)
    if reader == "json":
        return connection.read_json(paths, format="newline_delimited")
    return connection.create_table(f"raw_{name}", _read_excel(files, spec.sheet), temp=True)


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
