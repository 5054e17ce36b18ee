"""Total rows of a table: told by a word or by what they lack, and left out where they are the sum of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead, SkippedRows
from kpi_analysis.metrics.sources.readers.header_rows import TOTAL, is_value
from kpi_analysis.metrics.sources.readers.sql_words import identifier

ENDS = 4  # rows looked at, at the begin and at the end of a file
MOST_CHECKED = 40  # columns of numbers that are added up
MOST_FILES = 400  # beyond which each file's begin and end are not looked at
TELLING = 1000  # from which on, or with decimals, a sum is hardly met by chance
NEAR = 1e-4  # how far a total may be off, for its parts are rounded
NOTHING = frozenset({"", "--", "-", "–", "—"})
CLEAR = re.compile(r"(grand[ -]?total|gesamtsumme|endsumme|summe|\S[^:]*:\s*\S)", re.IGNORECASE)


@dataclass(frozen=True)
class _Candidate:
    """A row that may be a total."""

    id: int
    cells: Mapping[str, str]
    word: str
    lacking: int  # how many values it lacks that the rows around it have
    is_clear: bool


def without_totals(connection: Any, name: str, read: FileRead, spec: TableSpec) -> FileRead:
    """Leave out the total rows of a raw table of texts, and say which they were.

    Only the first and the last rows of each file are looked at; a row is a total where one of its numbers is the sum of
    the others in its column. What is only called so is kept.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    name : str
        Of the table, which holds the rows of the files one after the other.
    read : FileRead
        What is known of the files.
    spec : TableSpec
        Where months stand in columns, totals are left to the check of the accounts.

    Returns
    -------
    FileRead
        With the rows that are left out.
    """
    if spec.unpivot is not None or len(read.parts) > MOST_FILES or _is_by_period(read.parts[0].columns):
        return read
    parts, doubtful, begin, removed = [], [], 0, []
    empty = _empty_rows(connection, name, dict.fromkeys(one for part in read.parts for one in part.columns))
    for part in read.parts:
        totals, unsure = _totals(connection, name, part, begin) if part.rows > 1 else ([], [])
        without = [id for id in empty if begin <= id < begin + part.rows]
        removed += [*(one.id for one in totals), *without]
        left_out = tuple(sorted([*(one.id - begin for one in totals), *(id - begin for id in without)]))
        found = [SkippedRows("total", 1, part.row(one.id - begin), one.word) for one in totals]
        blank = [SkippedRows("empty", 1, part.row(id - begin)) for id in without[:1]] * len(without)
        skipped = (*part.skipped, *_joined(found), *_joined(blank))
        doubtful += [(part.place, part.row(one.id - begin), one.word) for one in unsure]
        begin += part.rows
        parts.append(replace(part, rows=part.rows - len(left_out), left_out=left_out, skipped=skipped))
    if removed:
        ids = ", ".join(map(str, removed))
        connection.raw_sql(f"DELETE FROM temp.main.{identifier(name)} WHERE rowid IN ({ids})")
    return replace(read, parts=tuple(parts), doubtful=tuple(doubtful))


def _empty_rows(connection: Any, name: str, columns: Iterable[str]) -> list[int]:
    """Rows that have no value at all, such as lines of delimiters alone."""
    table = f"temp.main.{identifier(name)}"
    nothing = " AND ".join(f"{identifier(column)} IS NULL" for column in columns)
    return [row[0] for row in connection.raw_sql(f"SELECT rowid FROM {table} WHERE {nothing} ORDER BY 1").fetchall()]


def _is_by_period(columns: Sequence[str]) -> bool:
    """Whether months or years stand in columns, as in a profit and loss statement."""
    periods = [column for column in columns if re.search(r"\b(19|20)\d\d\b", column)]
    return len(periods) >= 3 and 2 * len(periods) >= len(columns)


def _joined(found: Sequence[SkippedRows]) -> list[SkippedRows]:
    return [replace(found[0], rows=len(found))] if found else []


def _totals(connection: Any, name: str, part: FilePart, begin: int) -> tuple[list[_Candidate], list[_Candidate]]:
    """Rows of one file that are totals, and those that are only called so and lack what all others have."""
    last = begin + part.rows
    ids = sorted({*range(begin, min(begin + ENDS, last)), *range(max(begin, last - ENDS), last)})
    listed = ", ".join(map(str, ids))
    chosen = ", ".join(identifier(column) for column in part.columns)
    found = connection.raw_sql(
        f"SELECT rowid, {chosen} FROM temp.main.{identifier(name)} WHERE rowid IN ({listed}) ORDER BY rowid"
    ).fetchall()
    rows = {row[0]: {c: (v or "").strip() for c, v in zip(part.columns, row[1:], strict=True)} for row in found}
    candidates = _candidates(rows, begin, last)
    if not candidates:
        return [], []
    if len(candidates) == len(rows):
        return [], []
    words = [one for one in candidates if one.word and not one.word.startswith("(")]
    if words:  # there may be totals of groups as well
        known = {one.id for one in candidates}
        more = [one for one in _called_totals(connection, name, part, begin) if one.id not in known]
        candidates = sorted([*candidates, *more], key=lambda one: one.id)
    totals = _that_add_up(connection, name, part, begin, candidates)
    unsure = [one for one in candidates if one not in totals and one.lacking and one.word and one.id in rows]
    return totals, [one for one in unsure if not one.word.startswith("(")]


def _candidates(rows: Mapping[int, Mapping[str, str]], begin: int, last: int) -> list[_Candidate]:
    """The rows at the ends that may be totals."""
    called = {id for id, cells in rows.items() if _word(cells)}
    others = [cells for id, cells in rows.items() if id not in called]
    found = []
    for id, cells in rows.items():
        around = [one for other, one in rows.items() if other != id and other not in called]
        full = [column for column in cells if around and all(one[column] not in NOTHING for one in around)]
        lacking = sum(cells[column] in NOTHING for column in full)
        word = _word(cells)
        if word:
            is_alone = TOTAL.fullmatch(word) is not None and id in (begin, last - 1) and len(others) > 1
            first = next(iter(cells))
            is_other = all(any(sign.isdigit() for sign in one[first]) for one in others) and bool(others)
            is_other = is_other and cells[first] == word and not any(sign.isdigit() for sign in word)
            is_clear = bool(lacking) or CLEAR.match(word) is not None or is_other or is_alone
            found.append(_Candidate(id, cells, word, lacking, is_clear))
        elif id in (begin, last - 1) and lacking and next(iter(cells.values())) in NOTHING | {""}:
            text = next((text for text in cells.values() if text), "")
            found.append(_Candidate(id, cells, f"({text})", lacking, is_clear=False))
    return found


def _word(cells: Mapping[str, str]) -> str:
    """The word that calls a row a total: its first value, or its last."""
    texts = [text for text in cells.values() if text]
    named = [text for text in texts[:1] + texts[-1:] if TOTAL.match(text)]
    return named[0] if named else ""


def _called_totals(connection: Any, name: str, part: FilePart, begin: int) -> list[_Candidate]:
    """Rows anywhere in a file whose first column calls them a total."""
    chosen = ", ".join(identifier(column) for column in part.columns)
    first = identifier(part.columns[0])
    rows = connection.raw_sql(
        f"SELECT rowid, {chosen} FROM temp.main.{identifier(name)} WHERE rowid >= {begin}"
        f" AND rowid < {begin + part.rows} AND regexp_matches(lower(trim({first})),"
        r" '^(sub-?total|total|summe|zwischensumme|gesamt|grand total)\b') ORDER BY rowid LIMIT 1000"
    ).fetchall()
    found = []
    for row in rows:
        cells = {c: (v or "").strip() for c, v in zip(part.columns, row[1:], strict=True)}
        lacking = sum(not text for text in cells.values())
        found.append(_Candidate(row[0], cells, cells[part.columns[0]], lacking, is_clear=lacking > 0))
    return found


def _that_add_up(
    connection: Any, name: str, part: FilePart, begin: int, candidates: Sequence[_Candidate]
) -> list[_Candidate]:
    """The candidates of which a number is the sum of the others in its column, and with them totals of groups."""
    columns = [c for c in part.columns if any(_readings(one.cells[c]) for one in candidates)][:MOST_CHECKED]
    if not columns:
        return []
    apart = ", ".join(str(one.id) for one in candidates)
    where = f"rowid >= {begin} AND rowid < {begin + part.rows} AND rowid NOT IN ({apart})"
    whole = _sums(connection, name, columns, where)
    sound = [one for one in candidates if _matches(one, columns, whole)]
    if not sound:
        return []
    before = begin
    for one in candidates:
        if one not in sound and one.is_clear:
            block = f"rowid >= {before} AND rowid < {one.id} AND rowid NOT IN ({apart})"
            sums = _sums(connection, name, columns, block)
            if _matches(one, columns, sums) or _stands_with(one, sound, candidates):
                sound.append(one)
        before = one.id
    return sorted(sound, key=lambda one: one.id)


def _stands_with(one: _Candidate, sound: Sequence[_Candidate], candidates: Sequence[_Candidate]) -> bool:
    """Whether a row stands in one block with a total that begins with the same word: totals of parts of an account."""
    block = {other.id for other in candidates}
    start = one.word.split(":")[0].split()[0].casefold()

    def joined(other: _Candidate) -> bool:
        between = range(min(one.id, other.id), max(one.id, other.id) + 1)
        return other.word.casefold().startswith(start) and all(id in block for id in between)

    return ":" in one.word and any(joined(other) for other in sound)


def _matches(one: _Candidate, columns: Sequence[str], sums: Mapping[str, tuple[float | None, float | None]]) -> bool:
    """Whether the numbers of a row are sums: one that says so by a word needs one of them, any other a telling one.

    Averages and counts of people in the row are no sums, so that not all of its numbers need to be.
    """
    score = known = 0
    for column in columns:
        readings = _readings(one.cells[column])
        known += bool(readings)
        for reading, total in zip(readings, sums[column], strict=False):
            if reading and total and abs(reading - total) <= max(0.011, NEAR * abs(total)):
                score += 2 if abs(total) >= TELLING or total % 1 else 1
                break
    if one.word.startswith("("):
        return score >= 2 or (known == 1 and score == 1)
    return score > 0 and one.is_clear


def _readings(text: str) -> tuple[float | None, ...]:
    """A text as a number with a decimal point and with a decimal comma; nothing where it is none."""
    plain = re.sub(r"[^0-9.,()\-\u2212]", "", text)
    if not is_value(text) and not re.fullmatch(r"\W*(?:[A-Z]{3}\W*)?[\d.,' \u00a0\u202f]+\W*(?:[A-Z]{3})?\W*", text):
        return ()
    if not re.search(r"\d", plain) or re.fullmatch(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", plain):
        return ()
    sign = -1.0 if plain[:1] in "(-\u2212" or plain.endswith("-") else 1.0
    digits = plain.strip("()-\u2212")
    return tuple(_number(one, sign) for one in (digits.replace(",", ""), digits.replace(".", "").replace(",", ".")))


def _number(text: str, sign: float) -> float | None:
    try:
        return sign * float(text)
    except ValueError:
        return None


def _sums(
    connection: Any, name: str, columns: Sequence[str], where: str
) -> dict[str, tuple[float | None, float | None]]:
    """Sums of columns by both readings, without the rows that are apart."""
    parts = []
    for column in columns:
        plain = f"regexp_replace({identifier(column)}, '[^0-9.,()\\-\u2212]', '', 'g')"
        digits = f"regexp_replace({plain}, '[()\\-\u2212]', '', 'g')"
        sign = f"CASE WHEN regexp_matches({plain}, '^[(\\-\u2212]|-$') THEN -1 ELSE 1 END"
        for text in (f"replace({digits}, ',', '')", f"replace(replace({digits}, '.', ''), ',', '.')"):
            parts.append(f"sum({sign} * try_cast({text} AS DOUBLE))")
    row = connection.raw_sql(f"SELECT {', '.join(parts)} FROM temp.main.{identifier(name)} WHERE {where}").fetchone()
    return {column: (row[2 * place], row[2 * place + 1]) for place, column in enumerate(columns)}
