"""Columns that are empty in every row: the wrong column was mapped, or nobody fills it in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import ibis.expr.types as ir

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.row_examples import data_file
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.mapping import MappedColumn

ENOUGH_ROWS = 20  # of so many, somebody has left, paid or closed


def filled_measures(mapped: Sequence[MappedColumn]) -> dict[str, ir.Scalar]:
    """In how many rows each column has a value, to be measured in the one scan of a table."""
    return {f"filled_{column.column.name}": column.value.count() for column in mapped}


def empty_columns(
    sources: Sources, name: str, mapped: Sequence[MappedColumn], counts: Mapping[str, Any], unread: Collection[str]
) -> list[DataFinding]:
    """Findings on columns without a value in any row.

    A required column, or one that the company file maps, is an error: nothing can be computed from it, and zero would
    be the wrong answer. That no row has an optional day may be a fact, for nobody has left, and is a warning.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    mapped : sequence of MappedColumn
        Its columns.
    counts : mapping
        What `filled_measures` came to, and the rows of the table.
    unread : collection of str
        Columns in which values stand that cannot be read, which is told already.

    Returns
    -------
    list of DataFinding
        One a column.
    """
    rows = int(counts["rows"])
    named = {} if name in sources.tables.written else sources.tables.mapped_by(name).columns
    if name in sources.config.tables and sources.config.tables[name].preset is not None:
        named = sources.config.tables[name].columns  # that a tool leaves a column empty is no fault of the company file
    findings = []
    for column in mapped:
        schema = column.column
        if counts[f"filled_{schema.name}"] or schema.name in unread:
            continue
        mapped_by_name = schema.name in named
        level: Literal["error", "warning"] = "error"
        if not schema.required and schema.kind in ("date", "timestamp"):
            if not mapped_by_name or rows < ENOUGH_ROWS:
                continue
            level = "warning"
        elif not schema.required and not mapped_by_name:
            if schema.kind == "text":
                continue  # rows without a word are a slice of their own
            level = "warning"
        words = f"it is empty in all {rows:,} rows" if rows > 1 else "it is empty in the only row"
        findings.append(
            DataFinding(
                level, f"table {name}, column {schema.name}", f"{words}.",
                "Map another column to it, or leave it out." if not schema.required else "Map another column to it.",
                data_file(sources, name), table=name, columns=(schema.name,), rows=rows, share=1.0, summary=words,
            )
        )  # fmt: skip
    return findings
