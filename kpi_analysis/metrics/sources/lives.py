"""Lives of rows: how long they stay open, and from which day on a table holds all that are.

Where the rows of a table begin with the data, those that were open before are not in it: the first quarter of a
pipeline seems to grow from nothing. It is whole once the data are older than nine tenths of such rows live to be.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.event_days import Extent

SHARE = 0.9  # of the rows that have ended
OPENING_TIMES = 10  # so many times the rows of a usual day on the first one are an opening balance


@dataclass(frozen=True)
class Lives:
    """Lives of the rows of a table.

    Parameters
    ----------
    whole_from : date, optional
        From which day on the table holds all rows that are open; None where it has none.
    days : int, optional
        How old nine tenths of the rows were when they ended; None where none has ended.
    """

    whole_from: dt.date | None
    days: int | None = None


def measure_lives(table: ir.Table, name: str, extent: Extent, until: dt.date) -> Lives:
    """Lives of the rows of a table, as they are known on a day.

    Parameters
    ----------
    table : Table
        Canonical.
    name : str
        Of the canonical table, whose `life` says which dates begin and end a row.
    extent : Extent
        Of its main date, up to that day.
    until : date
        Rows that end later have not ended.

    Returns
    -------
    Lives
        An opening balance, where the first day has far more rows than a usual one, is whole from that day on.
    """
    first, life = extent.first, TABLES[name].life
    if first is None or life is None or TABLES[name].has_opening or not set(life) <= set(table.columns):
        return Lives(first)
    begin, end = (table[column].cast("date") for column in life)
    rows = table.select(begin=begin, end=end).filter(lambda t: (t.begin >= first) & (t.begin <= until))
    has_ended = (rows.end >= rows.begin) & (rows.end <= until)
    rows = rows.mutate(age=ibis.ifelse(has_ended, sql.expression("date_diff('day', begin, end)", rows), ibis.null()))
    by_age = rows.group_by("age").aggregate(rows=rows.count(), opening=(rows.begin == first).sum()).to_pyarrow()
    found = by_age.to_pylist()
    opening, total = sum(row["opening"] for row in found), sum(row["rows"] for row in found)
    ended = sorted((int(row["age"]), int(row["rows"])) for row in found if row["age"] is not None)
    if not ended:
        return Lives(first)
    ages, counts = np.array(ended).T
    age = int(ages[np.searchsorted(np.cumsum(counts) / counts.sum(), SHARE)])
    usual = (total - opening) / max(1, extent.days - 1)
    return Lives(first if opening > OPENING_TIMES * max(usual, 1.0) else first + dt.timedelta(days=age), age)
