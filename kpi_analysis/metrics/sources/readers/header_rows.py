"""Where a table begins: title lines, comments, the header in one line or two, a total row under it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.metrics.sources.readers.file_read import SkippedRows

Row = Sequence[str]  # the texts of a row; an empty row has none

MOST_TITLES = 30
AMOUNT = re.compile(
    r"[-+(]?\W{0,3}(\d{1,3}([.,' \u00a0\u202f]\d{3})+([.,]\d+)?|\d+[.,]\d+|\d{1,3}|\d{5}|\d{7,})\W{0,3}"
)
DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T]\d.*)?")
TOTAL = re.compile(
    r"(grand[ -]?total|sub-?totals?|totals?|totale?s?|total g[ée]n[ée]ral|sum|sums?|summen?|gesamt\w*|insgesamt"
    r"|zwischensumme|endsumme|somme|suma|totaal|totalt|razem)\b",
    re.IGNORECASE,
)
NO_VALUES = frozenset({"--", "-", "n/a", "na", "null", "none", "#n/a", "nan"})
ANSWER_WORDS = frozenset({
    "open-ended response", "response", "other (please specify)", "offene antwort", "antwort", "freitext",
    "sonstiges (bitte angeben)",
})  # fmt: skip


@dataclass(frozen=True)
class TableStart:
    """Where a table begins.

    Parameters
    ----------
    names : tuple of str
        Of the columns, as they stand in the header.
    header : int
        Place of the header among all rows, counted from 0.
    body : int
        Place of the first row under the header that may be a row of the table.
    skipped : tuple of SkippedRows
        What is above and between.
    """

    names: tuple[str, ...]
    header: int
    body: int
    skipped: tuple[SkippedRows, ...] = ()


def table_start(rows: Sequence[Row], skip: int | None = None) -> TableStart:
    """Where a table begins, seen from its first rows.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows of a file, empty ones included; one at least is not empty.
    skip : int, optional
        How many rows are above the header; found where it is not said.

    Returns
    -------
    TableStart

    Examples
    --------
    >>> rows = [["Campaign report"], ["January - March"], [], ["Day", "Cost"], ["2026-01-01", "12.50"]]
    >>> start = table_start(rows)
    >>> start.header, start.body, start.names, [str(one) for one in start.skipped]
    (3, 4, ('Day', 'Cost'), ["2 lines above the header ('Campaign report')"])
    """
    filled = [place for place, row in enumerate(rows) if has_text(row)]
    if skip is not None:
        header = next((place for place in filled if place >= skip), filled[-1])
        return _start(rows, header, [place for place in filled if place < header], look_below=False)
    width = usual_width(rows)
    places = iter(filled)
    header = next(places)
    while header < filled[0] + MOST_TITLES and _is_above(rows, filled, header, width):
        following = next(places, None)
        if following is None:
            break
        header = following
    if header != filled[0] and not (_looks_like_names(rows[header]) and _is_steady(rows, header)):
        header = filled[0]
    return _start(rows, header, [place for place in filled if place < header])


def usual_width(rows: Sequence[Row]) -> int:
    """How many values most of the rows have that have more than one; 1 where none has."""
    counts = Counter(len(row) for row in rows if len(row) > 1 and not _is_sentence(row))
    return max(counts, key=lambda width: (counts[width] > 1, counts[width], width)) if counts else 1


def has_text(row: Row) -> bool:
    """Whether anything stands in a row."""
    return any(cell.strip() for cell in row)


def is_alike(row: Row, width: int) -> bool:
    """Whether a row has as many values as a header names; one delimiter too many at its end is none."""
    return len(row) == width or (len(row) == width + 1 and not row[-1])


def texts_in(row: Row) -> int:
    """How many values a row has; the parts of a sentence with commas in it are one."""
    return sum(bool(cell.strip()) and not (place and cell.startswith(" ")) for place, cell in enumerate(row))


def _is_sentence(row: Row) -> bool:
    """Whether the commas of a row are those of a sentence."""
    return row[1].startswith(" ") and texts_in(row) == 1


def first_text(row: Row) -> str:
    """The first value of a row that is not empty."""
    return next((cell.strip() for cell in row if cell.strip()), "")


def is_total(row: Row) -> bool:
    """Whether a row says that it is a total, in its first value or its last."""
    texts = [cell.strip() for cell in row if cell.strip()]
    return bool(texts) and any(TOTAL.match(text) is not None for text in (texts[0], texts[-1]))


def _is_above(rows: Sequence[Row], filled: Sequence[int], place: int, width: int) -> bool:
    """Whether a row is above the header: a title, a comment, a line of settings."""
    row = rows[place]
    count = texts_in(row)
    if first_text(row).startswith("#") and (len(row) != width or row[0].startswith(("# ", "#-"))):
        return True
    if row[0].lower().startswith("sep=") and len("".join(row)) <= 5:
        return True
    below = [one for one in filled if one > place]
    if not below:
        return False
    has_label = count == 2 and first_text(row).endswith(":")
    before_blank = below[0] > place + 1
    is_little = count == 2 and (before_blank or 3 * count <= width)
    if len(row) < width and (count <= 1 or has_label or is_little or (count > 2 and 4 * count <= width)):
        return True
    fullest = max(texts_in(rows[one]) for one in below[:MOST_TITLES])
    if width > 2 and fullest > count + 1 and (count <= 1 or has_label or is_little):
        return True
    following = rows[below[0]]
    if len(below) < 2 or not _looks_like_names(following):
        return False
    if width == 2 and count <= 1 < texts_in(following):
        return before_blank or (not any(map(is_value, following)) and any(map(is_value, rows[below[1]])))
    if not _looks_like_names(row) and not is_alike(row, len(following)):
        return _is_steady(rows, below[0])
    return _is_group_line(row, following, rows[below[1]])


def _is_group_line(row: Row, following: Row, third: Row) -> bool:
    """Whether a row holds names of groups of columns, and the names of the columns stand in the next one."""
    if not 2 <= texts_in(row) < texts_in(following) or len(row) != len(following) or not is_alike(third, len(row)):
        return False
    has_gaps = any(not cell.strip() for cell in row)
    has_values = any(is_value(cell) for cell, name in zip(third, following, strict=False) if name.strip())
    return has_gaps and has_values and not any(is_value(cell) for cell in row)


def is_value(text: str) -> bool:
    """Whether a text is a number or a day and no name of a column; years and months such as 202609 may be names."""
    plain = text.strip()
    return AMOUNT.fullmatch(plain) is not None or DAY.fullmatch(plain) is not None


def _looks_like_names(row: Row) -> bool:
    """Whether a row may hold the names of columns: texts that are no amounts, most of them there."""
    texts = [cell.strip() for cell in row if cell.strip()]
    named = len(texts) * 2 >= len(row) and (len(set(texts)) > 1 or len(texts) < 3)
    return named and not any(AMOUNT.fullmatch(text) for text in texts)


def _is_steady(rows: Sequence[Row], header: int) -> bool:
    """Whether nearly all rows under a header are as wide as it, up to the last one that is."""
    width = len(rows[header])
    below = [is_alike(row, width) for row in rows[header + 1 :] if has_text(row)]
    while below and not below[-1]:
        below.pop()
    return sum(below) >= 0.8 * len(below)


def _start(rows: Sequence[Row], header: int, above: Sequence[int], *, look_below: bool = True) -> TableStart:
    names = [cell.strip() for cell in rows[header]]
    skipped = []
    group = above[-1] if above else None
    following = next((row for row in rows[header + 1 :] if has_text(row)), ())
    if group is not None and _is_group_line(rows[group], rows[header], following):
        names = _with_groups(names, rows[group])
        above = above[:-1]
        skipped.append(SkippedRows("second_header", 1, group + 1, first_text(rows[group])))
    if above:
        skipped.insert(0, SkippedRows("title", len(above), above[0] + 1, first_text(rows[above[0]])))
    body = header + 1
    place = next((one for one in range(body, len(rows)) if has_text(rows[one])), None) if look_below else None
    if place is not None and _is_second_header(rows, names, place):
        names = [name or cell.strip() for name, cell in _padded(names, rows[place])]
        skipped.append(SkippedRows("second_header", 1, place + 1, first_text(rows[place])))
        body = place + 1
        place = next((one for one in range(body, len(rows)) if has_text(rows[one])), None)
    while place is not None and not is_alike(rows[place], len(names)) and is_total(rows[place]):
        skipped.append(SkippedRows("total", 1, place + 1, _total_word(rows[place])))
        body = place + 1
        place = next((one for one in range(body, len(rows)) if has_text(rows[one])), None)
    return TableStart(tuple(names), header, body, tuple(skipped))


def _total_word(row: Row) -> str:
    return next(cell.strip() for cell in row if TOTAL.match(cell.strip()))


def _padded(names: Sequence[str], row: Row) -> list[tuple[str, str]]:
    cells = [*row, *[""] * (len(names) - len(row))]
    return list(zip(names, cells, strict=False))


def _with_groups(names: Sequence[str], groups: Row) -> list[str]:
    """Names of columns, with the name of their group before those that would stand there twice."""
    counts = Counter(names)
    found, group = [], ""
    for place, name in enumerate(names):
        group = (groups[place].strip() if place < len(groups) else "") or group
        found.append(f"{group} {name}".strip() if counts[name] > 1 or not name else name)
    return found


def _is_second_header(rows: Sequence[Row], names: Sequence[str], place: int) -> bool:
    """Whether the row under the header goes on with it: few texts, where the rows below have numbers or none.

    A survey tool writes there which kind of answer a column holds, other tools write units.
    """
    row = rows[place]
    filled = [one for one, cell in enumerate(row) if cell.strip()]
    below = [one for one in rows[place + 1 : place + 20] if has_text(one)]
    if not filled or row[0].strip() or len(row) > len(names) or not below:
        return False
    if (
        any(is_value(row[one]) or row[one].strip().lower() in NO_VALUES for one in filled)
        or is_total(row)
        or not any(has_text(one[:1]) for one in below)
    ):
        return False

    def explains(one: int) -> bool:
        under = [cells[one] for cells in below if one < len(cells) and cells[one].strip()]
        is_typed = bool(under) and all(is_value(cell) for cell in under)
        begins_group = one + 1 in filled and not names[one + 1]
        return not names[one] or begins_group or is_typed or row[one].strip().lower() in ANSWER_WORDS

    return all(explains(one) for one in filled)
