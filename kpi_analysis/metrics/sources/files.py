"""Files behind a table: found by path or pattern, read as text where they are text."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig, expand_secrets
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.metrics.sources.readers import READERS, Reader
from kpi_analysis.metrics.sources.readers.file_kinds import KINDS, file_kind

KIND_NAMES = {"csv": "CSV files", "excel": "Excel files"}
SETTINGS = {
    "encoding": ("csv", "zip"), "delimiter": ("csv", "zip"), "sheet": ("excel", "zip"), "range": ("excel",),
    "skip": ("csv", "excel", "zip"), "footer": ("csv", "excel", "zip"),
}  # fmt: skip

SMALL = 4_000_000  # bytes, all of which are looked at in a few milliseconds
HIDDEN = "kpi."  # begins the names of columns that do not stand in the source
POSITION = "kpi.row"  # the place of a row in all files of its table, from 0, where rows were dropped or united
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
    if any(sign in str(pattern) for sign in "*?[") and not full.is_file():
        anchor = Path(full.anchor) if full.is_absolute() else Path()
        found = sorted(anchor.glob(str(full.relative_to(anchor) if full.is_absolute() else full)))
    else:
        found = _in_folder(full) if full.is_dir() else [full] if full.exists() or full.is_symlink() else []
    if not found:
        siblings = [item.name for item in full.parent.glob("*")] if full.parent.is_dir() else []
        raise ConfigError(
            f"table {name}: there is no file '{path}'.",
            remedy=did_you_mean(full.name, siblings) or "Paths are relative to the company file.",
            file=company.path,
            line=company.line("tables", name, "path"),
        )
    for file in found:
        _refuse_no_file(company, name, file)
    return found


def _in_folder(folder: Path) -> list[Path]:
    """The files of a folder that are of a kind that can be read."""
    return sorted(file for file in folder.iterdir() if file_kind(file) is not None and not file.name.startswith("."))


def _refuse_no_file(company: CompanyConfig, name: str, file: Path) -> None:
    """Refuse what is no regular file before it is opened, for reading from a pipe has no end."""
    try:
        mode = file.stat().st_mode
    except OSError:
        what = "a link to nothing"
    else:
        if stat.S_ISREG(mode):
            return
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "no regular file"
    raise ConfigError(
        f"table {name}: {file} is {what}.",
        remedy='Name files only, such as "exports/*.csv".',
        file=company.path,
        line=company.line("tables", name, "path"),
    )


def are_small(company: CompanyConfig) -> bool:
    """Whether there is little in all files of a company together; those that are missing are told of when read."""
    size = 0
    for name, table in company.tables.items():
        for source, spec in table.each(name):
            with suppress(ConfigError):
                size += sum(file.stat().st_size for file in find_files(company, source, spec.path)) if spec.path else 0
    return size <= SMALL


def is_text(files: Sequence[Path]) -> bool:
    """Whether values come as text, so that they are converted once and kept."""
    return any(file_kind(file) in ("csv", "excel", "json", "zip") for file in files)


def reader_of(company: CompanyConfig, name: str, files: Sequence[Path], spec: TableSpec) -> Reader:
    """Reader of the files of one table.

    Parameters
    ----------
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
    callable
        Of the register of readers.

    Raises
    ------
    ConfigError
        When the kind of file is unknown, kinds are mixed, or a setting of `read` is not for this kind.
    """
    kinds = {file_kind(file) for file in files}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        raise ConfigError(
            f"table {name}: '{spec.path}' is of no known kind.",
            remedy=f"Use one of {', '.join(KINDS)}; one kind a table.",
            file=company.path,
            line=company.line("tables", name, "path"),
        )
    for setting, its_kinds in SETTINGS.items():
        if getattr(spec.read, setting) is not None and kind not in its_kinds:
            raise ConfigError(
                f"table {name}: read: {{{setting}: …}} is for {KIND_NAMES[its_kinds[0]]}, '{spec.path}' is none.",
                remedy=f"Take {setting} out.",
                file=company.path,
                line=company.line("tables", name, "read", setting),
            )
    return READERS[kind]


def keep_read(connection: Any, name: str, raw: ir.Table, values: Mapping[str, ir.Value]) -> ir.Table:
    """Keep texts with what they are read as beside them; a table of the texts alone is not needed any more."""
    kept = connection.create_table(f"read_{name}", raw.mutate({READ + n: v for n, v in values.items()}), temp=True)
    connection.raw_sql(f'DROP TABLE IF EXISTS temp.main."raw_{name}"')
    return kept


def keep_plain(connection: Any, name: str, plain: ir.Table) -> ir.Table:
    """Keep texts as they are written plainly, in place of the texts of the file."""
    connection.create_table(f"plain_{name}", plain, temp=True)
    connection.raw_sql(f'DROP TABLE temp.main."raw_{name}"')
    connection.raw_sql(f'ALTER TABLE temp.main."plain_{name}" RENAME TO "raw_{name}"')
    return connection.table(f"raw_{name}", database=("temp", "main"))


def view_read(connection: Any, name: str, columns: Sequence[str]) -> ir.Table:
    """Return only what the texts of `keep_read` are read as, under canonical names."""
    chosen = ", ".join(f'"{READ}{column}" AS "{column}"' for column in columns)
    connection.raw_sql(f'CREATE TEMP VIEW "canonical_{name}" AS SELECT {chosen} FROM temp.main."read_{name}"')
    return connection.table(f"canonical_{name}", database=("temp", "main"))


def digest(files: Sequence[Path]) -> str:
    """Return one hash of the content of files, in their order."""
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()
