"""Zip files: the text files within are the files of one table."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import DataError, did_you_mean
from kpi_analysis.metrics.sources.readers.csv_files import read_text_sources, text_sources
from kpi_analysis.metrics.sources.readers.csv_layout import CsvLayout, read_row
from kpi_analysis.metrics.sources.readers.file_kinds import file_kind
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead

MOST_BYTES = 50 * 10**9
MOST_PACKED = 300  # how many times as large a text may be as it is packed
FREELY_PACKED = 10**9  # bytes up to which that is not asked
PIECE = 1 << 20


def read_zip_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of the text files within zip files, as they would be read beside each other in a folder.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    name : str
        Of the new table.
    files : list of Path
    spec : TableSpec
        What the company file says of the table; `read: {sheet: …}` names one of the files within.

    Returns
    -------
    Table, FileRead
        With the columns as they are named there, and what is to be known of the files.

    Raises
    ------
    DataError
        When a file is damaged, protected or much too large, or its texts have unlike headers.
    """
    with tempfile.TemporaryDirectory(prefix="kpi_analysis_") as folder:
        paths, origins = [], []
        for place, file in enumerate(files):
            members = _chosen(file, zip_members(file), spec.sheet_name)
            for member, path in unpacked(file, members, Path(folder) / str(place)).items():
                paths.append(path)
                origins.append((file, member))
        sources = text_sources(paths, spec)
        _refuse_unlike([(member, source.layout) for (_, member), source in zip(origins, sources, strict=True)], origins)
        table, read = read_text_sources(connection, name, sources, spec)
    parts = [
        replace(part, file=file, member=member, find_row=_RowInZip(file, member, source.layout))
        for part, (file, member), source in zip(read.parts, origins, sources, strict=True)
    ]
    return table, replace(read, parts=tuple(parts), doubtful=_renamed(read, parts))


def zip_members(file: Path) -> list[str]:
    """Names of the text files within a zip file, sorted; what systems put beside them is left out.

    Parameters
    ----------
    file : Path

    Returns
    -------
    list of str
        At least one.

    Raises
    ------
    DataError
        When the file is damaged, protected or has no text in it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
            found = [info for info in infos if file_kind(Path(info.filename)) == "csv"]
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        words = f"{file.name} is no zip file that can be read: {error}."
        raise DataError(words, remedy="Export it anew.", file=file) from None
    if not found:
        names = ", ".join(info.filename for info in infos[:5]) or "nothing"
        words = f"{file.name} has no CSV file in it; it has {names}."
        raise DataError(words, remedy="Unpack it, and name the file that is meant.", file=file)
    locked = next((info for info in found if info.flag_bits & 1), None)
    if locked is not None:
        words = f"{file.name} is protected by a password."
        raise DataError(words, remedy="Unpack it, and name the file within.", file=file)
    for info in found:
        is_odd = info.file_size > max(FREELY_PACKED, MOST_PACKED * info.compress_size)
        if is_odd or sum(one.file_size for one in found) > MOST_BYTES:
            words = f"{file.name}: {info.filename} would be {info.file_size:,} bytes out of {info.compress_size:,}."
            raise DataError(words, remedy="That is no table; look at the file.", file=file)
    return sorted(info.filename for info in found)


def unpacked(file: Path, members: Sequence[str], folder: Path) -> dict[str, Path]:
    """Unpack files of a zip file into a folder, in pieces, and no further than their size.

    Parameters
    ----------
    file : Path
    members : sequence of str
        Their names.
    folder : Path
        Where they go, under numbers.

    Returns
    -------
    dict of str to Path
        By the names.

    Raises
    ------
    DataError
        When one is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for place, member in enumerate(members):
                target = folder / f"{place}-{PurePosixPath(member).name}"
                with archive.open(member) as stream, target.open("wb") as copy:  # ends at the size that is said
                    shutil.copyfileobj(stream, copy, PIECE)
                found[member] = target
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        words = f"{file.name} is damaged or cannot be unpacked: {error}."
        raise DataError(words, remedy="Export it anew, or unpack it by hand.", file=file) from None
    return found


class _RowInZip:
    """Row of a file within a zip file by the position of a row of the table."""

    def __init__(self, file: Path, member: str, layout: CsvLayout) -> None:
        self.file, self.member, self.layout = file, member, layout

    def __call__(self, position: int) -> int:
        with tempfile.TemporaryDirectory(prefix="kpi_analysis_") as folder:
            (path,) = unpacked(self.file, [self.member], Path(folder)).values()
            return read_row(path, self.layout, position)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _chosen(file: Path, members: Sequence[str], wanted: str | None) -> Sequence[str]:
    if wanted is None:
        return members
    found = [member for member in members if wanted in (member, PurePosixPath(member).name)]
    if not found:
        hint = did_you_mean(wanted, members) or f"It has {', '.join(members[:5])}."
        raise DataError(f"{file.name} has no file '{wanted}' in it.", remedy=hint, file=file)
    return found


def _refuse_unlike(layouts: Sequence[tuple[str, CsvLayout]], origins: Sequence[tuple[Path, str]]) -> None:
    """Refuse files of which one has fewer than half of the columns of the first."""
    first, layout = layouts[0]
    names = {name.casefold() for name in layout.names}
    for (member, other), (file, _) in zip(layouts, origins, strict=True):
        own = {name.casefold() for name in other.names}
        if 2 * len(names & own) < max(len(names), len(own)):
            alone = ", ".join(list(other.names)[:4])
            raise DataError(
                f"{file.name} has files of unlike columns: {first} has {', '.join(layout.names[:4])}; {member} has"
                f" {alone}.",
                remedy=f"Say which one is meant: read: {{sheet: {first}}}",
                file=file,
            )


def _renamed(read: FileRead, parts: Sequence[FilePart]) -> tuple[tuple[Path, int, str], ...]:
    places = {old.place: new.place for old, new in zip(read.parts, parts, strict=True)}
    return tuple((places.get(place, place), row, text) for place, row, text in read.doubtful)
