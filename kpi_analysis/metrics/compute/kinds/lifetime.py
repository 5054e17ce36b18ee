"""Lifetime: what a new customer will bring, by models of all purchases so far: days in the engine, the models here.

The method and its terms are those of the customers page of a report: purchases of a day are one, in weeks, BG/NBD for
how often customers come back and Gamma-Gamma for what they spend. The page adds up what today's customers will still
buy; a cost of acquisition is held against one who buys for the first time.
"""

from __future__ import annotations

import hashlib
import math
from math import nan

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from kpi_analysis.core.errors import DataError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Aggregate, Lifetime
from kpi_analysis.metrics.compute.aggregate_functions import argument_of
from kpi_analysis.metrics.compute.kinds.kind import MeasureKind
from kpi_analysis.metrics.compute.kinds.request import Record, Request, rows_name
from kpi_analysis.metrics.sources.dialects import in_byte_order
from kpi_analysis.metrics.sources.memo import Memo
from kpi_analysis.stats import customers

WEEKS_A_YEAR = 365.25 / 7
FEWEST_WEEKS = 26  # a year ahead from less than half a year is a guess
DIGITS = 6  # of a fit; engines add the purchases up in any order
MOST_CUSTOMERS = 20_000  # more would not make the estimate better than the model is
MOST_DAYS = 5_000_000


def weekly(discount: float) -> float:
    """Discount of a week that makes up a discount of a year.

    Parameters
    ----------
    discount : float
        A year's, as a fraction.

    Returns
    -------
    float
        A week's, as a fraction.

    Examples
    --------
    >>> round((1 + weekly(0.1)) ** WEEKS_A_YEAR - 1, 12)
    0.1
    """
    return float((1 + discount) ** (1 / WEEKS_A_YEAR) - 1)


def new_customer_value(
    buying: customers.BgNbd, spending: customers.GammaGamma, *, months: int = 12, discount: float = 0.1
) -> float:
    """Expected revenue of a new customer within months of the first purchase, that one included.

    Parameters
    ----------
    buying : customers.BgNbd
        BG/NBD model, in weeks.
    spending : customers.GammaGamma
        Gamma-Gamma model of the same customers.
    months : int
        From the first purchase on.
    discount : float
        A year's, as a fraction.

    Returns
    -------
    float
        Revenue, in money; NaN where the models have no value.

    Examples
    --------
    >>> buying = customers.BgNbd(0.24259, 4.41353, 0.79289, 2.42575, -9582.43)
    >>> round(new_customer_value(buying, customers.GammaGamma(6.249, 3.745, 15.448, 0.0)), 2)
    83.97
    """
    weeks = np.arange(round(months * WEEKS_A_YEAR / 12) + 1)
    with np.errstate(invalid="ignore", over="ignore"):  # customers who are all alike: no value, and a reason for it
        purchases = np.diff(buying.expected_repeat(weeks))
    repeats = purchases @ (1 + weekly(discount)) ** -weeks[1:].astype(float)
    return float(spending.mean * (1 + repeats))


def last_day(request: Request) -> pa.Table:
    """The last day that counts, in the column kpi_day."""
    return pa.table({"kpi_day": pa.array([request.periods[-1].last_day], pa.date32())})


def lifetime_query(request: Request, slots: ir.Table) -> ir.Table:
    """Query of purchases: what each customer bought and brought back on each day until the last one.

    Of very many customers, every nth is taken: those whose ids, read from behind, come first. Ids that were given one
    after the other are spread evenly so, and every engine takes the same.
    """
    shared = request.shared
    assert shared.lifetime is not None
    rows = request.matching(request.filtered)
    amount = sql.expression(argument_of(shared), rows, constants=request.constants).cast("float64").fill_null(0.0)
    rows = rows.mutate(
        kpi_customer=rows[shared.lifetime.key].cast("string"),
        kpi_on=rows[str(shared.date)].cast("date"),
        kpi_amount=amount,
    )
    rows = rows.filter(rows.kpi_customer.notnull(), rows.kpi_on <= slots.kpi_day.max().as_scalar())
    everyone = rows.group_by(kpi_taken=rows.kpi_customer).aggregate()
    some = everyone.order_by(in_byte_order(everyone.kpi_taken.reverse())).limit(MOST_CUSTOMERS)
    rows = rows.semi_join(some, rows.kpi_customer == some.kpi_taken)
    sold = ibis.ifelse(rows.kpi_amount > 0, rows.kpi_amount, 0.0).sum()
    days = rows.group_by(["kpi_customer", "kpi_on", *request.dimensions(rows)])
    return days.aggregate(kpi_amount=rows.kpi_amount.sum(), kpi_sold=sold, kpi_rows=rows.count()).limit(MOST_DAYS + 1)


def fitted_records(request: Request, found: pa.Table) -> list[Record]:
    """Records of fitted models: what they expect at the end of each period, slice by slice, or why they cannot."""
    if found.num_rows > MOST_DAYS:
        raise DataError(
            f"Table {request.shared.table} has more than {MOST_DAYS:,} days with a purchase of a customer.",
            remedy="Connect a sample of the customers.",
        )
    lifetime, (name,) = request.shared.lifetime, request.aggregates
    assert lifetime is not None
    days = found.to_pandas()
    days["kpi_on"] = pd.to_datetime(days["kpi_on"])
    days = days.sort_values(["kpi_customer", "kpi_on"], kind="stable")
    days["kpi_customer"] = pd.factorize(days["kpi_customer"])[0]
    days["kpi_amount"] = days["kpi_amount"].astype(float).round(DIGITS)
    days["kpi_sold"] = days["kpi_sold"].astype(float).round(DIGITS)
    parts = days.groupby(list(request.by), sort=True) if request.by else [((), days)]
    records = []
    for group, part in parts:
        slices = dict(zip(request.by, group, strict=True))
        for slot, period in enumerate(request.periods):
            seen = part[part["kpi_on"] <= pd.Timestamp(period.last_day)]
            if seen.empty:
                continue
            value, reason = _value(seen, pd.Timestamp(period.last_day), lifetime, request.memo)
            counts = {rows_name(members): int(seen["kpi_rows"].sum()) for members in request.rowsets}
            records.append({"kpi_slot": slot, **slices, f"m_{name}": value, f"why_{name}": reason, **counts})
    return records


def _value(seen: pd.DataFrame, day: pd.Timestamp, lifetime: Lifetime, memo: Memo) -> tuple[float, str]:
    """The revenue that a new customer brings, or why nobody can tell; what was fitted once is known."""
    weeks = ((day - seen["kpi_on"].min()).days + 1) / 7
    if weeks < FEWEST_WEEKS:
        return nan, f"the purchases cover {math.floor(weeks)} weeks, at least {FEWEST_WEEKS} are needed"
    digest = hashlib.sha256()
    for column in ("kpi_customer", "kpi_on", "kpi_amount", "kpi_sold"):
        digest.update(seen[column].to_numpy().tobytes())
    return memo.get(("lifetime", day, lifetime, digest.digest()), lambda: _by_models(seen, day, lifetime))


def _by_models(seen: pd.DataFrame, day: pd.Timestamp, lifetime: Lifetime) -> tuple[float, str]:
    # a day on which all that was bought came back is no purchase
    net = seen[(seen["kpi_amount"] != 0) | (seen["kpi_sold"] == 0)]
    known = customers.summarise(net, customer="kpi_customer", date="kpi_on", value="kpi_amount", until=day)
    buying = customers.bg_nbd(known["frequency"], known["recency"], known["age"])
    spending = customers.gamma_gamma(known["frequency"], known["monetary"])
    if reason := buying.reason or spending.reason:
        return nan, reason
    value = new_customer_value(buying, spending, months=lifetime.months, discount=lifetime.discount)
    if not math.isfinite(value):
        return nan, "the data do not tell r and alpha: there is no single best fit"
    return float(f"{value:.{DIGITS}g}"), ""


def lifetime_shared(aggregate: Aggregate) -> tuple[str, ...]:
    """Amount, model and condition: each measure is a model of its own."""
    assert aggregate.lifetime is not None
    return aggregate.agg, aggregate.lifetime.model_dump_json(), aggregate.condition or ""


LIFETIME = MeasureKind(last_day, lifetime_query, lifetime_shared, fitted_records, needs_all_periods=True)
