"""How a CSV file is written: its encoding, its signs and the names of its columns, seen from its first rows."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import DataError

SAMPLE_BYTES = 65_536
SAMPLE_RECORDS = 200
DELIMITERS = (",", ";", "\t", "|")
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")


@dataclass(frozen=True)
class CsvLayout:
    """How a CSV file is written.

    Parameters
    ----------
    encoding : str
        As Python calls it.
    delimiter : str
    escape : str
        What stands before a quote inside of quotes: another quote, or a backslash.
    names : tuple of str
        The first row, as it stands there.
    has_decimal_commas : bool
        Whether a text like ``764,16`` is among the first rows.
    skip : int
        Empty lines above the first row.
    """

    encoding: str
    delimiter: str
    escape: str
    names: tuple[str, ...]
    has_decimal_commas: bool
    skip: int = 0

    @property
    def is_utf8(self) -> bool:
        """Whether DuckDB reads the file as it is."""
        return self.encoding in ("utf-8", "utf-8-sig", "ascii")


def csv_layout(file: Path, read: ReadSpec) -> CsvLayout:
    """How a CSV file is written, by what the company file says of it and by its first rows.

    Parameters
    ----------
    file : Path
    read : ReadSpec
        What is not left to be found.

    Returns
    -------
    CsvLayout

    Raises
    ------
    DataError
        When the file is empty, or is not written in its encoding.
    """
    with opened(file) as stream:
        start = stream.read(SAMPLE_BYTES)
    encoding = read.encoding or next(
        (name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8"
    )
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start, final=len(start) < SAMPLE_BYTES)
    except UnicodeDecodeError:
        raise not_in_encoding(file, encoding) from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DataError(
            f"{file.name} is empty; its first row must hold the names of the columns.",
            remedy="Export it anew.",
            file=file,
        )
    escapes = ('"', "\\") if '\\"' in text else ('"',)
    delimiters = DELIMITERS if read.delimiter is None else (read.delimiter,)
    best: tuple[tuple[float, int], str, str, list[list[str]]] | None = None
    for delimiter in delimiters:
        for escape in escapes:
            rows = _records(text, delimiter, escape, is_whole=len(start) < SAMPLE_BYTES)
            score = _score(rows)
            if best is None or score > best[0]:
                best = score, delimiter, escape, rows
    assert best is not None
    _, delimiter, escape, rows = best
    commas = any(DECIMAL_COMMA.fullmatch(cell.strip()) for row in rows[1:] for cell in row)
    skip = next(place for place, line in enumerate(text.splitlines()) if line)
    return CsvLayout(encoding, delimiter, escape, tuple(rows[0]), commas, skip)


def opened(file: Path) -> IO[bytes]:
    """Open a file, and what is inside where it is compressed."""
    return cast("IO[bytes]", gzip.open(file)) if file.suffix.lower() == ".gz" else file.open("rb")


def csv_records(file: Path, layout: CsvLayout) -> Iterator[list[str]]:
    """Go through the rows of a file as Python reads it; an empty row is an empty list.

    Parameters
    ----------
    file : Path
    layout : CsvLayout
        How it is written.

    Yields
    ------
    list of str
        The values of a row, the header first.

    Raises
    ------
    csv.Error
        A quote is not closed, or something follows one.
    UnicodeDecodeError
        The file is not written in its encoding.
    """
    csv.field_size_limit(2**31 - 1)
    with opened(file) as stream, io.TextIOWrapper(stream, encoding=layout.encoding, newline="") as text:
        yield from _reader(text, layout.delimiter, layout.escape, strict=True)


def not_in_encoding(file: Path, encoding: str) -> DataError:
    """Return the error of a file that is not written in its encoding, with the first row and byte that show it."""
    rows, found = 1, b""
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened(file) as stream:
        for line in stream:
            try:
                decoder.decode(line)
            except UnicodeDecodeError as error:
                found = error.object[error.start : error.start + 1]
                break
            rows += line.endswith(b"\n")
    name = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(encoding, encoding)
    byte = f", byte {found.hex().upper()}" if found else ""
    remedy = (
        "Save it as 'CSV UTF-8', or say how it is written: read: {encoding: cp1252}, as Excel saves it by default."
        if name == "UTF-8"
        else "Say how it is written: read: {encoding: …} of the table, with utf-8, cp1252, latin-1 or utf-16."
    )
    return DataError(f"{file.name} is not {name} (row {rows}{byte}).", remedy=remedy, file=file, line=rows)


def _reader(text: Iterator[str], delimiter: str, escape: str, *, strict: bool) -> Iterator[list[str]]:
    if len(delimiter) > 1:  # which Python does not read; such files have no quotes as a rule
        return (line.rstrip("\r\n").split(delimiter) if line.strip() else [] for line in text)
    doubled = escape == '"'
    return csv.reader(
        text, delimiter=delimiter, doublequote=doubled, escapechar=None if doubled else escape, strict=strict
    )


def _records(text: str, delimiter: str, escape: str, *, is_whole: bool) -> list[list[str]]:
    """The first records that are not empty, without a last one that may be cut off."""
    found: list[list[str]] = []
    try:
        for row in _reader(io.StringIO(text, newline=""), delimiter, escape, strict=False):
            if len(found) > SAMPLE_RECORDS:
                break
            if row:
                found.append(row)
        else:
            if not is_whole and len(found) > 1:
                found.pop()
    except csv.Error:
        return [[text.splitlines()[0]]]
    return found or [[""]]


def _score(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How well a delimiter fits: the share of rows as wide as the header, and its width; nothing where it is one."""
    width = len(rows[0])
    if width < 2:
        return 0.0, width
    alike = sum(1 for row in rows if len(row) == width or (len(row) == width + 1 and not row[-1]))
    return alike / len(rows), width
