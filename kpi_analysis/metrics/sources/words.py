"""Words of a source as they are kept: no blanks around them, one blank within, none that cannot be seen."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics.sql.types import on_duckdb

BLANKS = (
    "\u00a0\u2007\u202f\u3000"  # no-break, figure, narrow no-break and ideographic space: blanks that do not look it
)
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"  # zero width, joiners, byte order mark and soft hyphen


@ibis.udf.scalar.builtin(name="strlen", signature=(("string",), "int64"))
def _byte_length(text):  # type: ignore[no-untyped-def]
    """Length in bytes, as DuckDB counts it."""


def tidy_words(value: ir.StringValue, column: CanonicalColumn | None = None) -> ir.StringValue:
    """Words without blanks around them, with one blank within; those of a column with few are read in any case.

    Parameters
    ----------
    value : StringValue
        As it stands in the source.
    column : CanonicalColumn, optional
        The canonical column: where it knows its words, which are small letters, ``Won`` is ``won``.

    Returns
    -------
    StringValue
        Empty where nothing is left.
    """
    # most words are plain, and to look at their length costs DuckDB less than to replace what is not there
    rebuilt = _rebuilt(value)
    tidy = ibis.cases((has_odd_blanks(value), rebuilt), else_=value.strip()) if on_duckdb(value) else rebuilt
    return tidy.lower() if column is not None and column.values else tidy


def has_odd_blanks(value: ir.StringValue) -> ir.BooleanValue:
    """Where words hold blanks that do not look it, ones that cannot be seen, or two in a row; on DuckDB."""
    odd = value.re_search(f"[{BLANKS}{UNSEEN}]|  ")
    return ibis.cases((_byte_length(value) != value.length(), odd), else_=value.contains("  "))


def _rebuilt(value: ir.StringValue) -> ir.StringValue:
    """Words with plain blanks; by patterns, because a chain of replacements is too deep for the parser of SQLite."""
    plain = value.re_replace(f"[{BLANKS}]", " ").re_replace(f"[{UNSEEN}]", "")
    return plain.re_replace(" {2,}", " ").strip()
