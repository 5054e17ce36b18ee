"""Plain columns: texts that are written as they are kept, so that they are cast and not looked at value by value.

One query over all texts of a table tells which columns are plain. To build and run the strict reading of `conversion`
for each of them costs several times as much, and most columns of most files are plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import whitespace

import ibis.expr.types as ir

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sources.words import BLANKS, UNSEEN

NUMBER = "-?[0-9]{1,60}([.][0-9]{1,60})?"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = DAY + "[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?"
FIRST_DAY = "0001-01-01"


def plain_columns(raw: ir.Table, read_as: Mapping[str, CanonicalColumn], read: ReadSpec) -> frozenset[str]:
    """Columns of texts whose every value is written as it is kept.

    Parameters
    ----------
    raw : Table
        A table of texts on DuckDB.
    read_as : mapping of str to CanonicalColumn
        Its columns that are taken as they are, and what each is read as.
    read : ReadSpec
        How the company file says that numbers and days are written: what is written in another way is not plain.

    Returns
    -------
    frozenset of str
        The canonical names. A number of these is ``-1234.5``, a day ``2026-09-14``, a time
        ``2026-09-14 13:30:00``, and words have no blanks around them and no odd ones within.

    Examples
    --------
    >>> import ibis
    >>> from kpi_analysis.core.schema import TABLES
    >>> connection = ibis.duckdb.connect()
    >>> raw = connection.create_table("raw", {"cost": ["12.5", None], "day": ["2026-09-14", "14.09.2026"]})
    >>> spend = TABLES["spend"].columns
    >>> sorted(plain_columns(raw, {"cost": spend["amount"], "day": spend["spent_on"]}, ReadSpec()))
    ['amount']
    """
    tests = {one: test for one, column in read_as.items() if (test := _test(identifier(one), column, read))}
    if not tests:
        return frozenset()
    chosen = ", ".join(f"coalesce(bool_and({test}), true)" for test in tests.values())
    connection = raw.get_backend()
    found = connection.raw_sql(f"SELECT {chosen} FROM ({connection.compile(raw)})").fetchone()
    return frozenset(read_as[one].name for one, is_plain in zip(tests, found, strict=True) if is_plain)


def _test(text: str, column: CanonicalColumn, read: ReadSpec) -> str | None:
    """What holds of every text of a plain column; none where the kind of column has no plain form."""
    if column.kind == "number":
        return None if read.has_own_numbers else f"regexp_full_match({text}, {quoted(NUMBER)})"
    if column.kind in ("date", "timestamp"):
        pattern = DAY if column.kind == "date" else TIME
        plain = f"regexp_full_match({text}, {quoted(pattern)}) AND {text} >= {quoted(FIRST_DAY)}"
        return None if read.dates is not None else plain
    if column.kind == "boolean":
        return None
    odd = f"strlen({text}) <> length({text}) AND regexp_matches({text}, {quoted(f'[{BLANKS}{UNSEEN}]')})"
    trimmed = f"{text} <> '' AND trim({text}, {quoted(whitespace)}) = {text}"
    in_small_letters = f" AND lower({text}) = {text}" if column.values else ""
    return f"{trimmed} AND NOT contains({text}, '  ') AND NOT ({odd}){in_small_letters}"
