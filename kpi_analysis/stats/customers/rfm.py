"""RFM analysis: customers scored by recency, frequency and monetary value, in named segments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kpi_analysis.stats.customers.transactions import purchase_days
from kpi_analysis.stats.customers.validation import plural

FIFTHS = 5
FEWEST = 25

SEGMENTS: Mapping[str, tuple[range, range]] = {
    "Champions": (range(4, 6), range(4, 6)),
    "Loyal": (range(3, 4), range(4, 6)),
    "At risk": (range(1, 3), range(4, 6)),
    "Promising": (range(4, 6), range(2, 4)),
    "Cooling": (range(3, 4), range(2, 4)),
    "Fading": (range(1, 3), range(2, 4)),
    "New": (range(4, 6), range(1, 2)),
    "Lapsed": (range(1, 4), range(1, 2)),
}
"""Each segment by its scores of recency and frequency, 5 the best. Every pair of scores is in one of them."""


@dataclass(frozen=True)
class Rfm:
    """RFM scores of customers, and the segments that they make.

    Parameters
    ----------
    customers : DataFrame
        Indexed by customer: days (since the last purchase), purchases (days with one), value (net of returns),
        recency, frequency, monetary (scores, 1 to 5) and segment.
    segments : DataFrame
        segment, customers, share, value, value_share, days and purchases (medians). They add up to all customers.
    reason : str
        Why there are none; empty where there are.
    """

    customers: pd.DataFrame
    segments: pd.DataFrame
    reason: str = ""


def rfm(transactions: pd.DataFrame, *, customer: str, date: str, value: str, until: str | dt.date) -> Rfm:
    """RFM analysis: scores of recency, frequency and monetary value in fifths, and the segment of each customer.

    A score counts the fifths of all customers that lie strictly below: customers alike have the same score, whatever
    their order, and a fifth may be empty where many are alike.

    Parameters
    ----------
    transactions : DataFrame
        One row a purchase, order line or refund, as in `summarise`.
    customer : str
        The column that names the customer.
    date : str
        The column of the day.
    value : str
        The column of the money.
    until : str | date
        The last day that counts.

    Returns
    -------
    Rfm
        With a reason below 25 customers.

    Raises
    ------
    UsageError
        As `summarise`.
    DataError
        As `summarise`.

    Examples
    --------
    >>> sold = pd.DataFrame({"who": [f"c{n:02}" for n in range(25)], "day": "2026-01-01", "paid": 10.0})
    >>> found = rfm(sold, customer="who", date="day", value="paid", until="2026-01-31")
    >>> found.segments[["segment", "customers", "share"]].values.tolist()
    [['Lapsed', 25, 1.0]]
    """
    days = purchase_days(transactions, customer=customer, date=date, value=value, until=until)
    bought = days[days["bought"]].groupby("customer")["day"]
    people = pd.DataFrame({"days": (pd.Timestamp(until) - bought.max()).dt.days, "purchases": bought.size()})
    people["value"] = days.groupby("customer")["value"].sum()
    if len(people) < FEWEST:
        reason = f"only {plural(len(people), 'customer')} bought, at least {FEWEST} are needed for fifths"
        return Rfm(people.iloc[:0], pd.DataFrame(), reason)
    people["recency"] = _fifths(-people["days"])
    people["frequency"] = _fifths(people["purchases"])
    people["monetary"] = _fifths(people["value"])
    names = {(r, f): name for name, (rs, fs) in SEGMENTS.items() for r in rs for f in fs}
    people["segment"] = [names[pair] for pair in zip(people["recency"], people["frequency"], strict=True)]
    return Rfm(people, _summed(people))


def _fifths(numbers: pd.Series) -> pd.Series:
    below = numbers.rank(method="min") - 1
    return pd.Series(1 + np.floor(FIFTHS * below / len(numbers)), index=numbers.index).astype(int)


def _summed(people: pd.DataFrame) -> pd.DataFrame:
    grouped = people.groupby("segment")
    table = pd.DataFrame(
        {
            "customers": grouped.size(),
            "value": grouped["value"].sum(),
            "days": grouped["days"].median(),
            "purchases": grouped["purchases"].median(),
        }
    )
    table = table.reindex([name for name in SEGMENTS if name in table.index])
    table["share"] = table["customers"] / table["customers"].sum()
    whole = table["value"].sum()
    table["value_share"] = table["value"] / whole if whole > 0 else np.nan
    return table.reset_index(names="segment")
