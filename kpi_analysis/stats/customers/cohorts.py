"""Cohort analysis: the retention triangle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.customers.validation import select_columns, with_days

FREQUENCIES = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
COLUMNS = ["cohort", "size", "age", "active", "rate", "mature"]


def cohorts(
    orders: pd.DataFrame,
    *,
    customer: str,
    date: str,
    value: str | None = None,
    grain: str | Sequence[dt.date] = "month",
    until: str | dt.date | None = None,
) -> pd.DataFrame:
    """Retention triangle: of the customers of a cohort, how many are active 1, 2, 3 … periods later.

    A period that is not over at `until` is left open: what it counts so far is no rate yet.

    Parameters
    ----------
    orders : DataFrame
        One row an order or order line. Leave out returns: who only brings back does not buy.
    customer : str
        The column that names the customer. Rows without one are left out.
    date : str
        The column of the day.
    value : str, optional
        A column with money; then the triangle also has revenue, and revenue_rate on the first period's.
    grain : str, or sequence of dates
        week, month, quarter or year of the civil calendar; or the first days of a company's own periods, the last
        of them the day after the last period.
    until : date, optional
        The last day of the data; by default that of the last order.

    Returns
    -------
    DataFrame
        A row for each cohort (its first day) and each age from 0 to the end of the data: size, active customers,
        rate (active ÷ size), and whether the cell is mature. A cell that is not mature has no rate; one whose
        period has not begun has no count either.

    Raises
    ------
    UsageError
        When a column or the grain is unknown, or a row lies outside the given periods.
    DataError
        When a row has no date.

    Examples
    --------
    >>> sold = pd.DataFrame({"who": ["Ann", "Bob", "Ann"], "day": ["2026-01-05", "2026-01-20", "2026-02-11"]})
    >>> triangle = cohorts(sold, customer="who", date="day", until="2026-02-28")
    >>> triangle[["size", "age", "active", "rate", "mature"]].values.tolist()
    [[2, 0, 2.0, 1.0, True], [2, 1, 1.0, 0.5, True]]
    """
    wanted = [customer, date] if value is None else [customer, date, value]
    rows = with_days(select_columns(orders, *wanted).dropna(subset=[customer]), date)
    end = pd.Timestamp(until) if until is not None else rows[date].max()
    rows = rows[rows[date] <= end]
    money = [] if value is None else ["revenue", "revenue_rate"]
    if rows.empty:
        return pd.DataFrame(columns=[*COLUMNS, *money])
    starts = _starts(rows[date], end, grain)
    place = np.searchsorted(starts, rows[date].to_numpy(), side="right") - 1
    if (place < 0).any() or (place >= len(starts) - 1).any():
        raise UsageError(
            f"Orders from {rows[date].min().date()} to {rows[date].max().date()} lie outside the periods given.",
            remedy="Give the first days of all periods, and the day after the last one.",
        )
    rows = rows.assign(place=place)
    rows["cohort"] = rows.groupby(customer)["place"].transform("min")
    active = rows.groupby(["cohort", "place"])[customer].nunique()
    first, last = int(place.min()), int((starts <= end.to_datetime64()).sum() - 1)
    there = sorted(set(rows["cohort"]))
    cells = pd.MultiIndex.from_tuples(
        [(cohort, period) for cohort in there for period in range(cohort, cohort + last - first + 1)]
    )
    cohort, period = (cells.get_level_values(level).to_numpy() for level in (0, 1))
    begun, over = period <= last, (period <= last) & (starts[np.minimum(period + 1, len(starts) - 1)] <= end + _DAY)
    count = active.reindex(cells, fill_value=0).to_numpy(float)
    size = active.reindex([(one, one) for one in cohort]).to_numpy()
    frame = pd.DataFrame({"cohort": pd.DatetimeIndex(starts)[cohort], "size": size, "age": period - cohort})
    frame["active"] = np.where(begun, count, np.nan)
    frame["rate"] = np.where(over, count / size, np.nan)
    frame["mature"] = over
    if value is not None:
        revenue = rows.groupby(["cohort", "place"])[value].sum()
        earned = revenue.reindex(cells, fill_value=0).to_numpy(float)
        base = revenue.reindex([(one, one) for one in cohort]).to_numpy(float)
        frame["revenue"] = np.where(begun, earned, np.nan)
        frame["revenue_rate"] = np.where(over & (base > 0), earned / np.where(base > 0, base, np.nan), np.nan)
    return frame


_DAY = np.timedelta64(1, "D")


def _starts(days: pd.Series, end: pd.Timestamp, grain: str | Sequence[dt.date]) -> np.ndarray:
    """First day of each period, and the day after the last one."""
    if not isinstance(grain, str):
        return np.asarray(pd.DatetimeIndex(pd.to_datetime(list(grain))).sort_values())
    if grain not in FREQUENCIES:
        hint = did_you_mean(grain, FREQUENCIES) or f"Known: {', '.join(FREQUENCIES)}."
        raise UsageError(f"'{grain}' is no grain for cohorts.", remedy=hint)
    whole = pd.period_range(days.min(), end, freq=FREQUENCIES[grain])
    return np.asarray(pd.PeriodIndex([*whole, whole[-1] + 1]).start_time)
