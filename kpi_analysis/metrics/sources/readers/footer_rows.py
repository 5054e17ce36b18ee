"""Where a table ends: lines at the foot that are no rows, such as a copyright, and rows without a value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kpi_analysis.metrics.sources.readers.file_read import SkippedRows
from kpi_analysis.metrics.sources.readers.header_rows import (
    Row,
    first_text,
    has_text,
    is_alike,
    is_total,
    is_value,
    texts_in,
)

MOST_LINES = 40
FOOT_WORDS = re.compile(
    r"[*#©]|\(c\)|copyright|confidential|generated|exported|created|report|source|notes?\b|filter|accrual|cash basis"
    r"|page \d"
    r"|erstellt|exportiert|quelle|stand\b|bericht|hinweis|vertraulich|seite \d|as of|end of",
    re.IGNORECASE,
)


def table_end(rows: Sequence[Row], width: int, first: int = 0) -> tuple[int, tuple[SkippedRows, ...]]:
    """Where a table ends, seen from its last rows.

    Parameters
    ----------
    rows : sequence of sequence of str
        The last rows, empty ones included.
    width : int
        How many names the header has.
    first : int
        Rows of the file before them.

    Returns
    -------
    int
        How many of the rows belong to the table; all of them where what stands at the foot may be a row cut off.
    tuple of SkippedRows
        What the others are.

    Examples
    --------
    >>> rows = [["A1", "5", "x"], ["A2", "7", "y"], [], ["Copyright (c) 2026"], ["Demo Inc."]]
    >>> end, skipped = table_end(rows, 3)
    >>> end, [str(one) for one in skipped]
    (2, ["2 lines at the foot ('Copyright (c) 2026')"])
    """
    end = len(rows)
    while end and not _may_be_row(rows, end - 1, width):
        end -= 1
    places = [place for place in range(end, len(rows)) if has_text(rows[place])]
    if len(places) > MOST_LINES or (places and not _is_foot(rows, places, end, width)):
        return len(rows), ()
    skipped: list[SkippedRows] = []
    totals = [place for place in places if is_total(rows[place])]
    others = [place for place in places if place not in totals]
    for kind, found in (("total", totals), ("footer", others)):
        if found:
            text = first_text(rows[found[0]])
            skipped.append(SkippedRows(kind, len(found), first + found[0] + 1, text))  # type: ignore[arg-type]
    return end, tuple(skipped)


def _may_be_row(rows: Sequence[Row], place: int, width: int) -> bool:
    """Whether a row may be one of the table: as wide as its header, and not only one sentence in it."""
    row = rows[place]
    if not is_alike(row, width) or not has_text(row):
        return False
    if texts_in(row) > 1 or width < 4 or is_total(row):
        return True
    follows_blank = place > 0 and not has_text(rows[place - 1])
    return not (follows_blank or FOOT_WORDS.match(first_text(row)))


def _is_foot(rows: Sequence[Row], places: Sequence[int], end: int, width: int) -> bool:
    """Whether lines that are no rows of the table are a footer, and not rows that were cut off or of another table."""
    if width < 2:
        return False
    for place in places:
        row = rows[place]
        if not is_total(row) and (texts_in(row) > 2 or len(row) > width or any(is_value(cell) for cell in row)):
            return False
    pairs = [row for row in (rows[place] for place in places) if texts_in(row) == 2 and not is_total(row)]
    if sum(not first_text(row).endswith(":") for row in pairs) > 1:  # which may be another table
        return False
    if is_total(rows[places[0]]) or FOOT_WORDS.match(first_text(rows[places[0]])):
        return True
    if end and places[0] > end:  # an empty line is between
        return True
    shapes = {_shape(first_text(row)) for row in rows[:end] if has_text(row)}
    return len(places) > 1 and all(_shape(first_text(rows[place])) not in shapes for place in places)


def _shape(text: str) -> str:
    return re.sub(r"\w+", "a", re.sub(r"\d+", "9", text))
