"""What the money of a month brought back, and how long that took: spend beside the revenue of its touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from kpi_analysis.core.config.company import AttributionSpec, settings
from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods import Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate
from kpi_analysis.metrics.compute.resolution import obstacle
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.touchpoint_credit import with_credits, with_journeys

LAGS = (30, 60, 90)  # days after a touch: 0 to 30, 31 to 60, 61 to 90
MARKETING = "coalesce(kind, 'marketing') = 'marketing'"
CREDITS = Aggregate(table="touchpoints", agg="sum(credited_value)", date="converted_on")


def no_credits(sources: Sources, where: str | None = None) -> str:
    """Reason why nothing can be credited by touchpoints: a table, a column or the slice is missing; or nothing.

    Parameters
    ----------
    sources : Sources
    where : str, optional
        The part of the company that is asked for, as SQL.

    Returns
    -------
    str
        Empty where credit is possible.
    """
    return obstacle(sources, CREDITS, (), where)


def spend_cohorts(
    sources: Sources,
    months: Sequence[Period],
    as_of: dt.date,
    *,
    rule: AttributionSpec,
    lags: Sequence[int] = LAGS,
    where: str | None = None,
) -> pd.DataFrame:
    """Return what marketing spent in each month, and the revenue credited to the touches of that month by their age.

    Parameters
    ----------
    sources : Sources
        With the tables spend and touchpoints, the latter with what conversions brought.
    months : sequence of Period
        In order of time, without overlap; any grain does.
    as_of : date
        The last day that counts: journeys that ended later are not known yet.
    rule : AttributionSpec
        How credit is split. By the last touch all revenue has an age of no days.
    lags : sequence of int
        Last days of each age, rising.
    where : str, optional
        SQL condition over the columns of both tables.

    Returns
    -------
    DataFrame
        One row a month: `month` (label), `spend` (NaN outside of the table's data), for each lag `within_30` …
        (revenue credited to touches of the month whose journey ended in these days after the touch), and `done_30` …
        (whether no touch of the month can still earn in them).

    Raises
    ------
    UsageError
        When the lags do not rise or the tables do not have what is needed; see `no_credits`.
    """
    if not lags or list(lags) != sorted(set(lags)) or lags[0] < 0:
        raise UsageError(
            f"The lags {list(lags)} do not rise from 0.", remedy="Give the last day of each: [30, 60, 90]."
        )
    reason = no_credits(sources, where)
    if reason:
        raise UsageError(f"Revenue cannot be laid beside the month of its touches: {reason}.")
    frame = pd.DataFrame({"month": [month.label for month in months]})
    spent = _spent(sources, months, as_of, where).reindex(range(len(months)), fill_value=0.0)
    extent = sources.extent("spend")  # where the table has not begun, or has ended, nothing was counted
    frame["spend"] = [
        amount if extent.first and extent.last and month.end >= extent.first and month.start <= extent.last else np.nan
        for month, amount in zip(months, spent, strict=True)
    ]
    credit = _credited(sources, months, as_of, rule, lags, where)
    for place, lag in enumerate(lags):
        known = credit[credit["place"] == place].set_index("slot")["value"]
        frame[f"within_{lag}"] = known.reindex(range(len(months)), fill_value=0.0)
        frame[f"done_{lag}"] = [month.end + dt.timedelta(days=lag) <= as_of for month in months]
    return frame


def _spent(sources: Sources, months: Sequence[Period], as_of: dt.date, where: str | None) -> pd.Series:
    rows = sources.table("spend")
    rows = _kept(rows, sources, where)
    if "kind" in rows.columns:
        rows = rows.filter(sql.condition(MARKETING, rows))
    day = rows.spent_on.cast("date")
    rows = rows.mutate(slot=_slot(day, months)).filter(day <= as_of)
    sums = rows.filter(rows.slot.notnull()).group_by("slot").aggregate(value=rows.amount.cast("float64").sum())
    frame: pd.DataFrame = sums.to_pandas()
    return frame.astype({"slot": int}).set_index("slot")["value"].fillna(0.0)


def _credited(
    sources: Sources, months: Sequence[Period], as_of: dt.date, rule: AttributionSpec, lags: Sequence[int],
    where: str | None,
) -> pd.DataFrame:  # fmt: skip
    """Return the credit of each month and age."""
    credits = ["credited_value"]
    rows = with_journeys(with_credits(sources.table("touchpoints"), rule, credits))
    rows = _kept(rows, sources, where).filter(rows.kpi_ended <= as_of, rows.credited_value.notnull())
    age = ibis.cases(*((rows.kpi_days <= lag, place) for place, lag in enumerate(lags)), else_=ibis.null("int8"))
    rows = rows.mutate(slot=_slot(rows.kpi_day, months), place=age)
    rows = rows.filter(rows.slot.notnull(), rows.place.notnull())
    sums = rows.group_by(["slot", "place"]).aggregate(value=rows.credited_value.cast("float64").sum())
    frame: pd.DataFrame = sums.to_pandas()
    return frame.astype({"slot": int, "place": int, "value": np.float64})


def _kept(rows: ir.Table, sources: Sources, where: str | None) -> ir.Table:
    return rows.filter(sql.condition(where, rows, constants=settings(sources.config))) if where else rows


def _slot(day: ir.Value, months: Sequence[Period]) -> ir.Value:
    """The place of a day among the months; none outside of them."""
    return ibis.cases(
        *((day.between(month.start, month.end), place) for place, month in enumerate(months)), else_=ibis.null("int16")
    )
