"""How a text file is written: encoding, signs, names of columns, where its table begins and ends."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics.sources.readers.file_read import SkippedRows
from kpi_analysis.metrics.sources.readers.footer_rows import table_end
from kpi_analysis.metrics.sources.readers.header_rows import TableStart, has_text, is_alike, table_start
from kpi_analysis.metrics.sources.readers.text_encoding import (
    SAMPLE_BYTES,
    UTF8,
    encoding_of,
    not_in_encoding,
    opened,
)

MOST_SAMPLE_BYTES = 16 * SAMPLE_BYTES * 16
SAMPLE_RECORDS = 200
FEWEST_LINES = 5
LAST_LINES = 60
DELIMITERS = (",", ";", "\t", "|")
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class CsvLayout:
    """How a text file is written.

    Parameters
    ----------
    encoding : str
        As Python calls it.
    delimiter : str
    escape : str
        What stands before a quote inside of quotes: another quote, or a backslash.
    names : tuple of str
        The header, as it stands there.
    has_decimal_commas : bool
        Whether a text like ``764,16`` is among the first rows.
    lines : int
        Lines of text above the first row under the header.
    records : int
        Rows above it, the header included; a value may have several lines.
    header : int
        Place of the header among them, counted from 0.
    is_simple : bool
        Whether DuckDB finds the first row by counting rows.
    heads : tuple of tuple of str
        Rows above the header.
    skipped : tuple of SkippedRows
        Rows that are no rows of the table; those at the foot counted from the last row of the table, which is 0.
    foot : int
        Signs of text after the last row of the table.
    foot_records : int
        Rows after the last row of the table, empty ones included.
    """

    encoding: str
    delimiter: str
    escape: str
    names: tuple[str, ...]
    has_decimal_commas: bool
    lines: int = 1
    records: int = 1
    header: int = 0
    is_simple: bool = True
    heads: tuple[tuple[str, ...], ...] = ()
    skipped: tuple[SkippedRows, ...] = ()
    at_foot: tuple[SkippedRows, ...] = ()
    foot: int = 0
    foot_records: int = 0

    @property
    def is_direct(self) -> bool:
        """Whether DuckDB reads the file as it is."""
        return self.encoding in UTF8 and self.is_simple and not self.foot

    def all_skipped(self, rows: int) -> tuple[SkippedRows, ...]:
        """Rows that are no rows of the table, where it has so many rows."""
        last = self.records + rows
        return (*self.skipped, *(replace(one, row=one.row + last) for one in self.at_foot))


@dataclass(frozen=True)
class _Sample:
    """The first rows by one way to part them into values, and how well it fits."""

    delimiter: str
    escape: str
    rows: list[list[str]]
    ends: list[int]  # the line that each row ends with
    start: TableStart
    score: tuple[float, int]


def csv_layout(file: Path, read: ReadSpec, like: CsvLayout | None = None) -> CsvLayout:
    """How a text file is written, by what the company file says of it, by its first rows and by its last ones.

    Parameters
    ----------
    file : Path
    read : ReadSpec
        What is not left to be found.
    like : CsvLayout, optional
        Of another file: where the first row is the same, so is the delimiter.

    Returns
    -------
    CsvLayout

    Raises
    ------
    DataError
        When the file is empty, is not written in its encoding, or its encoding cannot be told.
    """
    encoding, text, is_whole = _start_of(file, read)
    if not text.strip():
        raise DataError(
            f"{file.name} is empty; its first row must hold the names of the columns.",
            remedy="Export it anew.",
            file=file,
        )
    escapes = ('"', "\\") if '\\"' in text else ('"',)
    named = re.match(r'"?sep=(.)"?\r?\n', text, re.IGNORECASE)
    delimiters: tuple[str, ...] = (read.delimiter,) if read.delimiter else (named[1],) if named else DELIMITERS
    delimiters = tuple(one for one in delimiters if one in text) or delimiters[:1]
    if like is not None and _begins_like(text, like):
        delimiters, escapes = (like.delimiter,), (like.escape,)
    samples = [_sample(text, one, escape, read.skip, is_whole=is_whole) for one in delimiters for escape in escapes]
    best = max(samples, key=lambda sample: sample.score)
    start, rows = best.start, best.rows
    commas = any(
        "," in cell and DECIMAL_COMMA.fullmatch(cell.strip()) is not None for row in rows[start.body :] for cell in row
    )
    lines = best.ends[start.body - 1]
    above = LINES.findall(text)[: best.ends[start.header] - 1] if start.header else []
    layout = CsvLayout(
        encoding, best.delimiter, best.escape, start.names, commas, lines, start.body, start.header,
        is_simple=not any('"' in line for line in above) or _is_quoted_whole(above),
        heads=tuple(tuple(row) for row in rows[: start.header] if has_text(row)), skipped=start.skipped,
    )  # fmt: skip
    return _with_foot(file, layout, read.footer)


def csv_records(file: Path, layout: CsvLayout, *, strict: bool = True) -> Iterator[list[str]]:
    """Go through the rows under the header as Python reads them, up to the last one; an empty row is an empty list.

    Parameters
    ----------
    file : Path
    layout : CsvLayout
        How it is written.
    strict : bool
        Whether a quote that is not closed is an error.

    Yields
    ------
    list of str
        The values of a row.

    Raises
    ------
    csv.Error
        A quote is not closed, or something follows one.
    UnicodeDecodeError
        The file is not written in its encoding.
    """
    csv.field_size_limit(2**31 - 1)
    waiting: list[list[str]] = []
    with opened(file) as stream, io.TextIOWrapper(stream, encoding=layout.encoding, newline="") as text:
        for _ in islice(text, layout.lines):
            pass
        for row in _reader(text, layout.delimiter, layout.escape, strict=strict):
            waiting.append(row)
            if len(waiting) > layout.foot_records:
                yield waiting.pop(0)


def read_row(file: Path, layout: CsvLayout, position: int) -> int:
    """Row of a file, counted from 1, of a row of its table, counted from 0: empty rows are no rows of the table."""
    left = position + 1
    try:
        for number, row in enumerate(csv_records(file, layout), start=layout.records + 1):
            left -= bool(row)
            if not left:
                return number
    except (csv.Error, UnicodeError, OSError):
        pass
    return position + layout.records + 1


def _begins_like(text: str, like: CsvLayout) -> bool:
    """Whether the first line of a text is the header of another file."""
    return _line_values(text[: text.find("\n")], like) == list(like.names) and '\\"' not in text


def _start_of(file: Path, read: ReadSpec) -> tuple[str, str, bool]:
    """Encoding and first part of a text, with some lines of it, and whether that is all."""
    size, lines = SAMPLE_BYTES, (read.skip or 0) + FEWEST_LINES
    encoding = read.encoding
    while True:
        with opened(file) as stream:
            start = stream.read(size)
        encoding = encoding or encoding_of(file, start)
        is_whole = len(start) < size
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(start, final=is_whole).removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise not_in_encoding(file, encoding) from None
        if is_whole or size >= MOST_SAMPLE_BYTES or text.count("\n") + text.count("\r") >= lines:
            return encoding, text, is_whole
        size *= 16


def _with_foot(file: Path, layout: CsvLayout, footer: int | None) -> CsvLayout:
    """Add to a layout where the table ends, by the last lines of the file."""
    text, is_whole = _end_of(file, layout)
    lines = LINES.findall(text)
    lines = lines[layout.lines :] if is_whole else lines[1:]
    if footer is not None:
        filled = [place for place, line in enumerate(lines) if line.strip()]
        end = filled[-footer] if 0 < footer <= len(filled) else 0 if footer else len(lines)
        text = lines[end].strip() if end < len(lines) else ""
        skipped: tuple[SkippedRows, ...] = (SkippedRows("footer", footer, 1, text),) if end < len(lines) else ()
    else:
        before = max(0, len(lines) - LAST_LINES)
        rows = [_line_values(line, layout) for line in lines[before:]]
        end, found = table_end(rows, len(layout.names), before)
        end += before
        skipped = tuple(replace(one, row=one.row - end) for one in found)
    foot = lines[end:]
    if not any(line.strip() for line in foot):
        return layout
    return replace(layout, foot=sum(map(len, foot)), foot_records=len(foot), at_foot=skipped)


def _end_of(file: Path, layout: CsvLayout) -> tuple[str, bool]:
    """The last part of a text, and whether that is all."""
    with opened(file) as stream:
        if file.suffix.lower() == ".gz":
            end, total = b"", 0
            while piece := stream.read(1 << 20):
                end, total = (end + piece)[-SAMPLE_BYTES:], total + len(piece)
        else:
            total = stream.seek(0, io.SEEK_END)
            stream.seek(max(0, total - SAMPLE_BYTES // 2) // 4 * 4)
            end = stream.read()
    is_whole = len(end) == total
    encoding = layout.encoding
    if encoding == "utf-16" and not is_whole:
        with opened(file) as stream:
            encoding = "utf-16-le" if stream.read(2) == codecs.BOM_UTF16_LE else "utf-16-be"
        end = end[total % 2 :] if file.suffix.lower() == ".gz" else end
    try:
        return end.decode(encoding, errors="strict" if is_whole else "replace").removeprefix("\ufeff"), is_whole
    except UnicodeDecodeError:
        if layout.encoding == "utf-8":  # the whole of it is looked at when it is read
            return "", True
        raise not_in_encoding(file, layout.encoding) from None


def _line_values(line: str, layout: CsvLayout) -> list[str]:
    """The values of one line; where it may be a part of a value with several lines, as many as a row has."""
    plain = line.rstrip("\r\n")
    if plain.count('"') % 2:
        return ["…"] * len(layout.names)
    try:
        return next(iter(_reader(iter([plain]), layout.delimiter, layout.escape, strict=False)), [])
    except csv.Error:
        return ["…"] * len(layout.names)


def _is_quoted_whole(lines: Iterable[str]) -> bool:
    """Whether quotes in lines are only around the whole of them."""
    return all('"' not in line.strip()[1:-1] and line.count('"') in (0, 2) for line in lines)


def _reader(text: Iterator[str], delimiter: str, escape: str, *, strict: bool) -> Iterator[list[str]]:
    if len(delimiter) > 1:  # which Python does not read; such files have no quotes as a rule
        return (line.rstrip("\r\n").split(delimiter) if line.strip() else [] for line in text)
    doubled = escape == '"'
    return csv.reader(
        text, delimiter=delimiter, doublequote=doubled, escapechar=None if doubled else escape, strict=strict
    )


def _sample(text: str, delimiter: str, escape: str, skip: int | None, *, is_whole: bool) -> _Sample:
    """The first rows by one delimiter, without a last one that may be cut off."""
    rows: list[list[str]] = []
    ends: list[int] = []
    reader = _reader(io.StringIO(text, newline=""), delimiter, escape, strict=False)
    try:
        for row in reader:
            rows.append(row)
            ends.append(getattr(reader, "line_num", len(rows)))
            if len(rows) > SAMPLE_RECORDS + (skip or 0):
                break
        else:
            if not is_whole and sum(map(bool, rows)) > 1:
                rows.pop()
    except csv.Error:
        rows = rows or [[LINES.findall(text)[0]]]
        ends = ends or [1]
    start = table_start(rows if any(map(has_text, rows)) else [["?"]], skip)
    return _Sample(delimiter, escape, rows, ends, start, _score(rows, start))


def _score(rows: Sequence[Sequence[str]], start: TableStart) -> tuple[float, int]:
    """How well a delimiter fits: the share of rows as wide as the header, and its width; nothing where it is one."""
    width = len(start.names)
    if width < 2:
        return 0.0, width
    below = [row for row in rows[start.header :] if row]
    return sum(is_alike(row, width) for row in below) / len(below), width
