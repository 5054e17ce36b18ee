"""Whole histories of customers, read once: their purchases day by day, and their contracts.

The engine adds up to customer and day before anything is fetched. What happened after the day that counts is left
out: later orders are not read, and a contract that ended later was still running.
"""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandas as pd

from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.contract_ends import contract_ends, end_of, with_contract_ends

ORDER_COLUMNS = ["customer", "day", "amount", "sold"]
CONTRACT_COLUMNS = ["customer", "started", "ended", "segment", "mrr"]
MOST_DAYS = 5_000_000


def orders_by_customer_day(sources: Sources, as_of: dt.date, where: str | None = None) -> pd.DataFrame:
    """Return what each customer bought and brought back on each day.

    Parameters
    ----------
    sources : Sources
        With the table of orders.
    as_of : date
        The last day that counts.
    where : str, optional
        A condition in SQL on the columns of the orders.

    Returns
    -------
    DataFrame
        customer, day, amount (net of returns) and sold (without them); rows without a customer are left out.

    Raises
    ------
    DataError
        When there are more rows than a report can hold in memory.
    """
    orders = _table(sources, "orders", where)
    rows = orders.mutate(customer=orders.customer_id.cast("string"), day=orders.ordered_on.cast("date"))
    rows = rows.filter(rows.customer.notnull(), rows.day.notnull(), rows.day <= as_of)
    amount = rows.amount.cast("float64")
    sums = rows.group_by(["customer", "day"]).aggregate(
        amount=amount.sum(), sold=ibis.ifelse(amount > 0, amount, 0.0).sum()
    )
    frame = sums.order_by(["customer", "day"]).limit(MOST_DAYS + 1).to_pandas()
    if len(frame) > MOST_DAYS:
        raise DataError(
            f"The orders have more than {MOST_DAYS:,} days with a purchase of a customer.",
            remedy="Connect a sample of the customers as the table of orders.",
        )
    frame["day"] = pd.to_datetime(frame["day"])
    known: pd.DataFrame = frame.fillna({"amount": 0.0, "sold": 0.0})
    return known.loc[:, ORDER_COLUMNS]


def _table(sources: Sources, name: str, where: str | None) -> ir.Table:
    rows = sources.table(name)
    return rows.filter(sql.condition(where, rows)) if where else rows


def contracts(sources: Sources, as_of: dt.date, where: str | None = None) -> pd.DataFrame:
    """Return the contracts of each customer; plans that follow each other without a gap are one contract.

    A contract begins when it is first paid for: a free trial before it, or a free plan after it, is none. It belongs to
    the slice of its last plan, so that a customer who moves to another slice has not ended one.

    Parameters
    ----------
    sources : Sources
        With the table of subscriptions.
    as_of : date
        The last day that counts.
    where : str, optional
        A condition in SQL on the columns of the subscriptions.

    Returns
    -------
    DataFrame
        customer, started, ended (the first day without it; no date while it runs), and of its last plan the segment
        and the mrr.
    """
    plans = with_contract_ends(sources.table("subscriptions"), contract_ends(sources, as_of))
    segment = plans.segment.cast("string").fill_null(NONE) if "segment" in plans.columns else ibis.literal(NONE)
    rows = plans.select(
        customer=plans.customer_id.cast("string"),
        started=plans.started_on.cast("date"),
        ended=end_of(plans, "ended_on") if "ended_on" in plans.columns else ibis.null("date"),
        segment=segment,
        mrr=plans.mrr.cast("float64"),
        inside=sql.condition(where, plans).fill_null(False) if where else ibis.literal(True),
    )
    frame = rows.filter(rows.customer.notnull(), rows.started.notnull(), rows.started <= as_of).to_pandas()
    frame["started"], frame["ended"] = pd.to_datetime(frame["started"]), pd.to_datetime(frame["ended"])
    frame.loc[frame["ended"] > pd.Timestamp(as_of), "ended"] = pd.NaT
    return joined(frame)


def joined(plans: pd.DataFrame) -> pd.DataFrame:
    """Contracts: plans that follow each other without a gap are one.

    Parameters
    ----------
    plans : DataFrame
        One row a plan: customer, started, ended (the first day without it), segment, mrr, and where a condition is
        asked for, whether it is `inside`.

    Returns
    -------
    DataFrame
        One row a contract.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-03-01", "2026-06-01"])
    >>> ends = pd.to_datetime(["2026-03-01", "2026-05-01", None])
    >>> plans = pd.DataFrame({"customer": "A", "started": days, "ended": ends, "segment": "x", "mrr": [1.0, 2.0, 3.0]})
    >>> joined(plans)[["started", "ended", "mrr"]].astype(str).fillna("").values.tolist()
    [['2026-01-01', '2026-05-01', '2.0'], ['2026-06-01', '', '3.0']]
    """
    forever = pd.Timestamp("2200-01-01")
    rows = plans.assign(till=plans["ended"].fillna(forever))
    rows["inside"] = rows["inside"].astype(bool) if "inside" in rows else True
    rows = rows[(rows["till"] > rows["started"]) & (rows["mrr"] > 0)].sort_values(
        ["customer", "started", "till"], kind="stable"
    )
    reached = rows.groupby("customer")["till"].cummax()
    before = reached.groupby(rows["customer"]).shift()
    rows["contract"] = (before.isna() | (rows["started"] > before)).cumsum()
    whole = rows.groupby("contract").agg(
        customer=("customer", "first"),
        started=("started", "min"),
        ended=("till", "max"),
        segment=("segment", "last"),
        mrr=("mrr", "last"),
        inside=("inside", "last"),
    )
    whole = whole[whole["inside"]]
    whole["ended"] = whole["ended"].mask(whole["ended"] == forever)
    return whole.reset_index(drop=True)[CONTRACT_COLUMNS]
