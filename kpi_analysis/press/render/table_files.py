"""The tables of a report as CSV files, one a table or chart, as they travel inside the PDF."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kpi_analysis.design.blocks.cell_values import plain_number
from kpi_analysis.press.render.document import Document

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table_files(document: Document) -> dict[str, bytes]:
    """Return each table of a report, and the figures of each chart, as a CSV file by the block's id.

    Numbers stand as programs read them (``-1234.5``), and their units in a column of their own. Small charts are
    told in words. Text that a spreadsheet would run as a formula begins with an apostrophe.

    Parameters
    ----------
    document : Document
        What `read_document` gives.

    Returns
    -------
    dict of str to bytes
        UTF-8 with a byte order mark, by which spreadsheets know it; lines end as RFC 4180 wants.

    Examples
    --------
    >>> from kpi_analysis.design.blocks import Cell, Column, Row, Table
    >>> table = Table("leads", "", "", (Column("Channel"), Column("Leads")), (Row((Cell("=cmd"), Cell("1,240"))),))
    >>> document = Document({}, (table.payload(),), "en-GB", "", ())
    >>> table_files(document)["leads.csv"].decode("utf-8-sig").splitlines()
    ['Channel,Leads', "'=cmd,1240"]
    """
    files: dict[str, bytes] = {}
    for block in _tabled(document.blocks):
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", block.get("id") or block.get("anchor") or "table").strip("-") or "table"
        name, copy = f"{stem}.csv", 1
        while name in files:
            copy += 1
            name = f"{stem}-{copy}.csv"
        files[name] = _written(_lines(block, document.language))
    return files


def _tabled(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if block["kind"] in ("table", "figure") and block.get("rows"):
            yield block
        yield from _tabled(block.get("blocks", ()))


def _lines(block: Mapping[str, Any], language: str) -> Iterator[list[str]]:
    columns, rows = block["columns"], block["rows"]
    heads = [" ".join(filter(None, (column["label"], column["unit"]))) for column in columns]
    grouped = any(row["kind"] == "group" for row in rows)
    placed = [_placed(row, len(columns)) for row in rows]
    with_unit = [
        any(_unit(cells[at]) for row, cells in zip(rows, placed, strict=True) if row["kind"] != "group")
        for at in range(len(columns))
    ]
    head = ["Group"] if grouped else []
    for name, own in zip(heads, with_unit, strict=True):
        head += [_safe(name), _safe(f"{name}: unit")] if own else [_safe(name)]
    yield head
    group = ""
    for row, cells in zip(rows, placed, strict=True):
        if row["kind"] == "group":
            group = cells[0]["text"] if cells[0] else ""
            continue
        line = [_safe(group)] if grouped else []
        for cell, own in zip(cells, with_unit, strict=True):
            line += [_words(cell, language), _safe(_unit(cell))] if own else [_words(cell, language)]
        yield line


def _placed(row: Mapping[str, Any], count: int) -> list[Mapping[str, Any] | None]:
    cells: list[Mapping[str, Any] | None] = []
    for cell in row["cells"]:
        cells += [cell, *[None] * (cell["span"] - 1)]
    return (cells + [None] * count)[:count]


def _unit(cell: Mapping[str, Any] | None) -> str:
    return " ".join(filter(None, (cell["suffix"].strip(), cell["unit"]))) if cell else ""


def _words(cell: Mapping[str, Any] | None, language: str) -> str:
    if cell is None:
        return ""
    if cell["svg"]:
        return _safe(cell["alt"])
    number = plain_number(cell["text"], language)
    return _safe(cell["text"]) if number is None else number


def _safe(words: str) -> str:
    return f"'{words}" if words.lstrip(" \u00a0").startswith(_FORMULA) or words.startswith(_FORMULA) else words


def _written(lines: Iterator[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8-sig")
