"""The deals of the sales pipeline, one by one, as they are known on a day.

Deals are few against orders and leads, and their ages need each of them. What happened after the day that counts is
left out: a deal that closed later was open.
"""

from __future__ import annotations

import datetime as dt

import ibis
import pandas as pd

from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.metrics.sources import Sources

DIMENSIONS = ("owner", "product", "region", "channel")
MOST_DEALS = 2_000_000


def deals(sources: Sources, as_of: dt.date, where: str | None = None) -> pd.DataFrame:
    """Return the deals that exist on a day; those that are won or lost without a date of closing are left out.

    Parameters
    ----------
    sources : Sources
        With the table of opportunities.
    as_of : date
        The last day that counts.
    where : str, optional
        A condition in SQL on the columns of the opportunities.

    Returns
    -------
    DataFrame
        created, closed (no date while it is open), won, amount (none where it is not known), and of owner, product,
        region and channel those that the table has.

    Raises
    ------
    DataError
        When there are more deals than a report can hold in memory.
    """
    table = sources.table("opportunities")
    rows = table.filter(sql.condition(where, table)) if where else table
    there = [name for name in DIMENSIONS if name in rows.columns]
    rows = rows.select(
        created=rows.created_on.cast("date"),
        closed=rows.closed_on.cast("date") if "closed_on" in rows.columns else ibis.null("date"),
        won=rows.outcome == "won",
        is_open=rows.outcome == "open",
        amount=rows.amount.cast("float64") if "amount" in rows.columns else ibis.null("float64"),
        **{name: rows[name].cast("string").fill_null(NONE) for name in there},
    )
    rows = rows.filter(rows.created.notnull(), rows.created <= as_of, rows.is_open | rows.closed.notnull())
    frame = rows.drop("is_open").limit(MOST_DEALS + 1).to_pandas()
    if len(frame) > MOST_DEALS:
        raise DataError(f"There are more than {MOST_DEALS:,} opportunities.", remedy="Connect those of the last years.")
    frame["created"], frame["closed"] = pd.to_datetime(frame["created"]), pd.to_datetime(frame["closed"])
    frame["amount"] = frame["amount"].astype(float)
    later = frame["closed"] > pd.Timestamp(as_of)
    frame["won"] = frame["won"].fillna(False).astype(bool) & ~later
    frame.loc[later, "closed"] = pd.NaT
    columns = ["created", "closed", *there]
    found: pd.DataFrame = frame.sort_values(columns, kind="stable").reset_index(drop=True)
    return found
