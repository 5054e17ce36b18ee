"""Shapes of the texts of a column: each with its digits as 9, and how many values have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sql.date_words import ALL_BLANKS
from kpi_analysis.metrics.sql.text_values import DAY_SHAPE

MOST_SHAPES = 2000  # a column with more of them holds words
LEADING_ZERO = r"^([^0-9]*)0([.,])"  # 0.125 and 0,125, in which no thousands can be apart
ZERO = "\u2205"  # stands for that zero while digits become 9
LONG_RUN = "[0-9]{4,}"
THREE_PARTS = r"([0-9]+)(?:[^0-9]+([0-9]+))?(?:[^0-9]+([0-9]+))?"
YEAR = r"(?:^|[^0-9])((?:19|20)[0-9]{2})(?:[^0-9]|$)"
ISO = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)?( ?(Z|UTC|GMT|[+-][0-9:]+))?)?\s*$"

Extremes = tuple[int, int]


@dataclass(frozen=True)
class TextShape:
    """A shape of the texts of a column.

    Parameters
    ----------
    shape : str
        A text of it with every digit as 9, without blanks around.
    rows : int
        How many have it.
    example : str
        One of them.
    parts : tuple of pairs of int
        The smallest and the largest of the first, the second and the third number in it, as far as there are so many.
    unlike : int
        In how many of them the first and the second number differ.
    years : pair of int, optional
        The first and the last year of four digits in them.
    """

    shape: str
    rows: int = 1
    example: str = ""
    parts: tuple[Extremes, ...] = ()
    unlike: int = 0
    years: Extremes | None = None


def shape_of(text: str, *, of_numbers: bool = False) -> str:
    """Shape of one text.

    Parameters
    ----------
    text : str
        Any.
    of_numbers : bool
        Whether four or more digits are taken as four, and a leading zero stays one.

    Returns
    -------
    str
        As `text_shapes` gives it.

    Examples
    --------
    >>> shape_of(" 03/04/2026 "), shape_of("1.234.567,8901", of_numbers=True), shape_of("0.125", of_numbers=True)
    ('99/99/9999', '9.999.999,9999', '0.999')
    """
    text = re.sub(f"^{ALL_BLANKS}+|{ALL_BLANKS}+$", "", text)
    if of_numbers:
        text = re.sub(LONG_RUN, "9999", re.sub(LEADING_ZERO, rf"\g<1>{ZERO}\g<2>", text))
    return re.sub("[0-9]", "9", text).replace(ZERO, "0")


def shapes_of(texts: Sequence[str], *, of_numbers: bool = False) -> list[TextShape]:
    """Shapes of a few texts, as `text_shapes` finds them in a column; for advice on values that are at hand."""
    grouped: dict[str, list[str]] = {}
    for text in texts:
        if text.strip():
            grouped.setdefault(shape_of(text, of_numbers=of_numbers), []).append(text)
    return [_of_group(shape, group) for shape, group in grouped.items()]


def odd_columns(raw: ir.Table, kinds: Mapping[str, str]) -> set[str]:
    """Columns of texts of which some are neither blank nor in the one form that needs no look.

    Parameters
    ----------
    raw : Table
        Of DuckDB.
    kinds : mapping of str to str
        Its columns of texts, and whether each is wanted as number, date or timestamp.

    Returns
    -------
    set of str
        A number in that form is ``1234.5``, a day or a time is written by ISO 8601.
    """
    if not kinds:
        return set()
    tests = ", ".join(
        f"bool_and({_plain_test(identifier(one), is_number=kind == 'number')})" for one, kind in kinds.items()
    )
    connection = raw.get_backend()
    found = connection.raw_sql(f"SELECT {tests} FROM ({connection.compile(raw)})").fetchone()
    return {one for one, is_plain in zip(kinds, found, strict=True) if is_plain is False}


def _plain_test(text: str, *, is_number: bool) -> str:
    """SQL of what holds of each text of a plain column, the usual case first."""
    if is_number:
        return f"try_cast({text} AS DOUBLE) IS NOT NULL OR {text} = ''"
    return f"{text} LIKE '{DAY_SHAPE}' OR {text} = '' OR regexp_matches({text}, {quoted(ISO)})"


def text_shapes(raw: ir.Table, column: str, *, of_numbers: bool = False, rows: int | None = None) -> list[TextShape]:
    """Shapes of a column of texts, those of most rows first, by one query.

    Parameters
    ----------
    raw : Table
        Of DuckDB.
    column : str
        A column of texts.
    of_numbers : bool
        As for `shape_of`; years and parts are not looked at.
    rows : int, optional
        Only so many of the first rows are looked at.

    Returns
    -------
    list of TextShape
        At most `MOST_SHAPES`.
    """
    table = raw.select(text=raw[column].re_replace(f"^{ALL_BLANKS}+|{ALL_BLANKS}+$", ""))
    table = (table if rows is None else table.limit(rows)).filter(lambda t: t.text != "")
    text: Any = table.text
    shape = text
    if of_numbers:
        shape = shape.re_replace(LEADING_ZERO, rf"\1{ZERO}\2").re_replace(LONG_RUN, "9999")
    shape = shape.re_replace("[0-9]", "9").replace(ZERO, "0")
    measures: dict[str, Any] = {"rows": table.count(), "example": text.min()}
    if not of_numbers:
        first, *others = (text.re_extract(THREE_PARTS, place).try_cast("int64") for place in (1, 2, 3))
        for place, part in enumerate((first, *others)):
            measures |= {f"low{place}": part.min(), f"high{place}": part.max()}
        year = text.re_extract(YEAR, 1).try_cast("int64")
        measures |= {"unlike": (first != others[0]).sum(), "low_year": year.min(), "high_year": year.max()}
    found = table.group_by(shape=shape).aggregate(**measures)
    listed = found.order_by(ibis.desc("rows"), "shape").limit(MOST_SHAPES).to_pyarrow().to_pylist()
    return [_of_row(row) for row in listed]


def _of_row(row: dict[str, Any]) -> TextShape:
    parts = tuple((int(row[f"low{n}"]), int(row[f"high{n}"])) for n in range(3) if row.get(f"low{n}") is not None)
    years = None if row.get("low_year") is None else (int(row["low_year"]), int(row["high_year"]))
    return TextShape(row["shape"], int(row["rows"]), row["example"], parts, int(row.get("unlike") or 0), years)


def _of_group(shape: str, texts: Sequence[str]) -> TextShape:
    found = [match.groups() for text in texts if (match := re.search(THREE_PARTS, text))]
    columns = [[int(one) for one in own if one is not None] for own in zip(*found, strict=True)]
    parts = tuple((min(own), max(own)) for own in columns if own)
    years = [int(match.group(1)) for text in texts if (match := re.search(YEAR, text))]
    unlike = sum(1 for groups in found if groups[1] is not None and int(groups[0]) != int(groups[1]))
    return TextShape(shape, len(texts), texts[0], parts, unlike, (min(years), max(years)) if years else None)
