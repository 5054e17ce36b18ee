"""Transactions to one row a customer: frequency, recency, age and monetary value."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import DataError, UsageError, did_you_mean
from kpi_analysis.stats.customers.validation import select_columns, with_days

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def summarise(
    transactions: pd.DataFrame,
    *,
    customer: str,
    date: str,
    value: str,
    until: str | dt.date,
    period: str = "week",
) -> pd.DataFrame:
    """Recency-frequency summary of transactions: what BG/NBD and Gamma-Gamma need of each customer.

    All of a customer's rows of one day are one purchase. A day on which as much or more came back than was bought
    is none. What comes back after the first day is taken off the value of the repeat purchases, down to 0.

    Parameters
    ----------
    transactions : DataFrame
        One row a purchase, order line or refund (a negative value).
    customer : str
        The column that names the customer. Rows without one are left out: nobody can come back who is not known.
    date : str
        The column of the day.
    value : str
        The column of the money.
    until : date
        The last day that counts; later rows are left out.
    period : {"day", "week", "month", "year"}
        The unit of time.

    Returns
    -------
    DataFrame
        Indexed by customer: frequency (repeat purchases), recency (periods from the first purchase to the last),
        age (periods from the first purchase to `until`), monetary (mean value of the repeat purchases, 0 if none).

    Raises
    ------
    UsageError
        When a column or the period is unknown.
    DataError
        When a row has no date, or a value that is no number.

    Examples
    --------
    >>> sold = pd.DataFrame(
    ...     {"who": ["Ann", "Ann", "Ann", "Bob"], "day": ["2026-01-01", "2026-01-15", "2026-01-15", "2026-01-08"],
    ...      "paid": [10.0, 20.0, 5.0, 8.0]})
    >>> summarise(sold, customer="who", date="day", value="paid", until="2026-01-29").loc["Ann"].tolist()
    [1.0, 2.0, 4.0, 25.0]
    """
    if period not in DAYS:
        hint = did_you_mean(period, DAYS) or f"Known: {', '.join(DAYS)}."
        raise UsageError(f"'{period}' is no unit of time here.", remedy=hint)
    days = purchase_days(transactions, customer=customer, date=date, value=value, until=until)
    bought = days[days["bought"]]
    by_customer = bought.groupby("customer", sort=True)["day"]
    first, last, count = by_customer.min(), by_customer.max(), by_customer.size()
    since = days.join(first.rename("first"), on="customer")
    later = since[since["day"] > since["first"]]
    net = later.groupby("customer")["value"].sum().reindex(first.index, fill_value=0.0)
    frequency = (count - 1).astype(float)
    return pd.DataFrame(
        {
            "frequency": frequency,
            "recency": (last - first).dt.days / DAYS[period],
            "age": (pd.Timestamp(until) - first).dt.days / DAYS[period],
            "monetary": np.where(frequency > 0, net.clip(lower=0.0) / frequency.clip(lower=1.0), 0.0),
        },
        index=first.index,
    )


def purchase_days(
    transactions: pd.DataFrame, *, customer: str, date: str, value: str, until: str | dt.date | None = None
) -> pd.DataFrame:
    """Purchase days: one row a customer and day, its net value, and whether something was bought.

    Parameters are those of `summarise`. Columns: customer, day, value, bought.
    """
    rows = with_days(select_columns(transactions, customer, date, value).dropna(subset=[customer]), date)
    rows = rows.rename(columns={customer: "customer", date: "day", value: "value"})
    if not pd.api.types.is_numeric_dtype(rows["value"]) or not np.isfinite(rows["value"].to_numpy(float)).all():
        raise DataError(f"The column '{value}' holds what is no number.", remedy="Convert it, or drop these rows.")
    if until is not None:
        rows = rows[rows["day"] <= pd.Timestamp(until)]
    grouped = rows.groupby(["customer", "day"], sort=True)["value"].agg(["sum", "min"]).reset_index()
    # a purchase may cost nothing, but one that was cancelled on its day is none
    bought = (grouped["sum"] > 0) | (grouped["min"] >= 0)
    return grouped.assign(value=grouped["sum"].astype(float), bought=bought)[["customer", "day", "value", "bought"]]
