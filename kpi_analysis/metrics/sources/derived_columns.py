"""Columns that a table takes from another one: what they are made from."""

from __future__ import annotations

from kpi_analysis.core.schema import DerivedColumn
from kpi_analysis.metrics import sql


def source_columns(column: DerivedColumn) -> set[str]:
    """Columns of the other table that a derived column is made from, those of its condition among them.

    Parameters
    ----------
    column : DerivedColumn

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(source_columns(DerivedColumn("leads", "won_on", "date", "deals", "lead_id", "day", "outcome = 'won'")))
    ['day', 'lead_id', 'outcome']
    """
    return {column.key, column.value, *(sql.columns_of(column.where) if column.where else ())}
