"""Customer lifetime value, and the holdout test of its purchase model."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.customers.bg_nbd import BgNbd, bg_nbd
from kpi_analysis.stats.customers.gamma_gamma import GammaGamma
from kpi_analysis.stats.customers.transactions import DAYS, purchase_days, summarise
from kpi_analysis.stats.customers.validation import select_columns, with_days

LAST_BUCKET = 7


def lifetime_value(
    buying: BgNbd,
    spending: GammaGamma,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    monetary: ArrayLike,
    *,
    horizon: int,
    discount: float = 0.0,
    margin: float = 1.0,
) -> Any:
    """Customer lifetime value over a horizon: expected purchases times expected value, discounted.

    Parameters
    ----------
    buying : BgNbd
        Model of purchases, fitted on the same customers.
    spending : GammaGamma
        Model of purchase values, fitted on the same customers.
    frequency : array_like
        Repeat purchases, as `summarise` returns them.
    recency : array_like
        Periods from the first purchase to the last, as `summarise` returns it.
    age : array_like
        Periods since the first purchase, as `summarise` returns it.
    monetary : array_like
        Mean value of the repeat purchases, as `summarise` returns it.
    horizon : int
        Whole periods ahead, in the unit of `age`.
    discount : float
        A period's; 10 % a year are ``1.1 ** (1 / 52) - 1`` a week. A purchase counts at the end of its period.
    margin : float
        Gross margin as a fraction; 1 gives revenue.

    Returns
    -------
    float or ndarray
        In money, one value a customer; NaN where one of the models gives its reason.

    Raises
    ------
    UsageError
        When the horizon is below one period, the discount not above −1 or the margin not a fraction.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). RFM and CLV: using iso-value curves for customer base
    analysis. Journal of Marketing Research 42, 415-430.

    Examples
    --------
    >>> buying, spending = BgNbd(0.243, 4.414, 0.793, 2.426, 0.0), GammaGamma(6.25, 3.74, 15.44, 0.0)
    >>> value = lifetime_value(buying, spending, 2, 30.43, 38.86, 22.35, horizon=39, margin=0.5)
    >>> round(float(value), 2)
    15.12
    """
    if horizon < 1 or horizon != int(horizon):
        raise UsageError(f"A horizon is a whole number of periods from 1; found {horizon}.")
    if not discount > -1 or not 0 <= margin <= 1:
        raise UsageError(f"Found a discount of {discount} and a margin of {margin}. Wanted fractions such as 0.1.")
    steps = np.arange(0, int(horizon) + 1, dtype=float)
    ahead = [buying.expected_purchases(step, frequency, recency, age) for step in steps]
    weights = (1 + discount) ** -steps[1:]
    purchases = sum(weight * (now - before) for weight, now, before in zip(weights, ahead[1:], ahead, strict=False))
    return margin * purchases * spending.expected_value(frequency, monetary)


@dataclass(frozen=True)
class Holdout:
    """Holdout test of a purchase model: what was forecast for a stretch that was held back, and what came.

    Parameters
    ----------
    frame : DataFrame
        bucket (repeat purchases before: ``0`` … ``7+``), customers, predicted and actual purchases.
    predicted, actual : float
        Of all customers together; NaN where there is a reason.
    model : BgNbd, optional
        Fitted on what came before.
    reason : str
        Why nothing could be forecast; empty where it could.
    """

    frame: pd.DataFrame
    predicted: float
    actual: float
    model: BgNbd | None = None
    reason: str = ""

    @property
    def error(self) -> float | None:
        """Relative error of the forecast in total: −.1 is a tenth too few."""
        return (self.predicted - self.actual) / self.actual if self.actual and not self.reason else None


def holdout(
    transactions: pd.DataFrame,
    *,
    customer: str,
    date: str,
    value: str,
    calibrated_until: str | dt.date,
    until: str | dt.date,
    period: str = "week",
) -> Holdout:
    """Holdout test of BG/NBD: purchases forecast from the data up to a day, beside those that came after.

    Customers who bought for the first time after that day were not known then and do not count.

    Parameters
    ----------
    transactions : DataFrame
        As in `summarise`.
    customer : str
        The column that names the customer.
    date : str
        The column of the day.
    value : str
        The column of the money.
    calibrated_until : str | date
        The last day of the fit.
    until : str | date
        The last day of the forecast.
    period : {"day", "week", "month", "year"}
        The unit of time of the model.

    Returns
    -------
    Holdout
        With the reason and an empty frame where too few came back to fit.

    Raises
    ------
    UsageError
        When nothing is held back.

    Examples
    --------
    >>> days = pd.date_range("2026-01-01", periods=3).astype(str)
    >>> sold = pd.DataFrame({"who": ["Ann", "Bob", "Ann"], "day": days, "paid": [9.0, 8.0, 7.0]})
    >>> names = {"customer": "who", "date": "day", "value": "paid"}
    >>> holdout(sold, **names, calibrated_until="2026-01-02", until="2026-01-03").reason
    'only 0 customers came back, at least 20 are needed'
    """
    begin, end = pd.Timestamp(calibrated_until), pd.Timestamp(until)
    if end <= begin:
        raise UsageError(f"Nothing is held back: the fit ends on {begin.date()} and the data on {end.date()}.")
    names = {"customer": customer, "date": date, "value": value}
    known = summarise(transactions, **names, until=calibrated_until, period=period)
    model = bg_nbd(known["frequency"], known["recency"], known["age"])
    empty = pd.DataFrame(columns=["bucket", "customers", "predicted", "actual"])
    if model.reason:
        return Holdout(empty, float("nan"), float("nan"), model, model.reason)
    later = with_days(select_columns(transactions, customer, date, value), date)
    days = purchase_days(later[later[date] > begin], **names, until=until)
    actual = days[days["bought"]].groupby("customer").size().reindex(known.index, fill_value=0)
    ahead = (end - begin) / pd.Timedelta(days=DAYS[period])
    predicted = model.expected_purchases(ahead, known["frequency"], known["recency"], known["age"])
    rows = pd.DataFrame(
        {"bucket": known["frequency"].clip(upper=LAST_BUCKET).astype(int), "predicted": predicted, "actual": actual}
    )
    frame = rows.groupby("bucket").agg(
        customers=("actual", "size"), predicted=("predicted", "sum"), actual=("actual", "sum")
    )
    frame = frame.reset_index()
    frame["bucket"] = [f"{LAST_BUCKET}+" if bucket == LAST_BUCKET else str(bucket) for bucket in frame["bucket"]]
    return Holdout(frame, float(predicted.sum()), float(actual.sum()), model)
