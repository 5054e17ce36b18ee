"""Figures of customers by their orders: who comes back, how soon, in which segments, and what they will be worth."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period
from kpi_analysis.insight.figures.tidy import ITERATED, Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.compute.histories import orders_by_customer_day
from kpi_analysis.metrics.compute.kinds.lifetime import WEEKS_A_YEAR, weekly
from kpi_analysis.stats import customers

MONTH = 365.25 / 12  # days
MONTHLY_COHORTS = 13  # a year and the month that runs
SMALLEST_GROUP = 20
DAYS = (30, 90, 365)
PURCHASES = 5
READ = ("repeat_purchase_rate",)
ABSENT = "the table orders is not connected"
NOBODY = "nobody bought"
NAMES = {"customer": "customer", "date": "day", "value": "amount"}
Models = tuple[customers.BgNbd, customers.GammaGamma, pd.DataFrame]


def orders(scope: Scope) -> pd.DataFrame | None:
    """Return what customers bought day by day, where the orders are connected and have the columns of the slices."""
    return orders_by_customer_day(scope.session.sources, scope.day, scope.where) if scope.has("orders") else None


def sold(scope: Scope) -> pd.DataFrame:
    """Return the days on which a customer bought something, beside what came back; empty where there are no orders."""
    rows = scope.once(orders)
    return pd.DataFrame({"customer": [], "day": [], "sold": []}) if rows is None else rows[rows["sold"] > 0]


def cohort_periods(scope: Scope, first: dt.date) -> tuple[str, list[Period]]:
    """Return the periods from a day to the report's: months where there are few of them, else quarters."""
    for grain in ("month", "quarter"):
        periods = [scope.calendar.containing(scope.day, grain)]
        while periods[0].start > first:
            periods.insert(0, scope.calendar.prior(periods[0]))
        if len(periods) <= MONTHLY_COHORTS:
            break
    return grain, periods


@figure_function("customers.cohort_retention", kpis=READ)
def cohort_retention(scope: Scope) -> pd.DataFrame:
    """Return the retention triangle: of those who first bought in a period, the share that bought again after 1, 2 ….

    A cell that is not over has the share so far, and is not complete. The attrs are ``grain`` and ``first``, the label
    of the period in which the data begin.
    """
    rows = scope.once(sold)
    if rows.empty:
        return none_because(NOBODY)
    grain, periods = cohort_periods(scope, rows["day"].min().date())
    edges = [period.start for period in periods] + [periods[-1].end + dt.timedelta(days=1)]
    table = customers.cohorts(rows, customer="customer", date="day", grain=edges, until=scope.day)
    labels = {pd.Timestamp(period.start): period.label for period in periods}
    table = table.assign(cohort=table["cohort"].map(labels))
    size = table[table["age"] == 0]
    later = table[table["age"] > 0]
    cells = pd.DataFrame({
        "cohort": later["cohort"], "age": later["age"], "rate": later["active"] / later["size"],
        "rate.numerator": later["active"], "rate.denominator": later["size"], "complete": later["mature"],
    })  # fmt: skip
    return together(
        tidy(size, [Quantity("size", "Customers of the cohort", "count")], ["cohort"]),
        tidy(cells, [Quantity("rate", "Bought again", "percent")], ["cohort", "age"]),
        reason="", grain=grain, first=periods[0].label,
    )  # fmt: skip


@figure_function("customers.repeat_purchases", kpis=READ)
def repeat_purchases(scope: Scope) -> pd.DataFrame:
    """Return, after the first to the fifth purchase, which share bought again within days, and the median wait.

    The shares are Kaplan and Meier's: who bought lately counts as long as seen.
    """
    days = scope.once(sold)
    if len(days):
        days = days.sort_values(["customer", "day"])
    number = days.groupby("customer").cumcount() + 1
    following = days.groupby("customer")["day"].shift(-1)
    rows: list[dict[str, Any]] = []
    for place in range(1, PURCHASES + 1):
        mine = (number == place).to_numpy()
        if mine.sum() < SMALLEST_GROUP:
            break
        waited = (following[mine].fillna(pd.Timestamp(scope.day)) - days["day"][mine]).dt.days.to_numpy(float)
        found = customers.survival(waited, following[mine].notna().to_numpy())
        within = {f"in_{n}": None if (left := found.at(n)) is None else 1 - left for n in DAYS}
        rows.append({"purchase": place, "customers": int(mine.sum()), **within, "median": found.median})
    if not rows:
        return none_because(f"fewer than {SMALLEST_GROUP} customers bought")
    measures = [Quantity("customers", "Customers", "count")]
    measures += [Quantity(f"in_{n}", f"Bought again within {n} days", "percent") for n in DAYS]
    measures += [Quantity("median", "Median wait", "days")]
    return together(tidy(pd.DataFrame(rows), measures, ["purchase"]), reason="")


@figure_function("customers.segments", kpis=READ)
def segments(scope: Scope) -> pd.DataFrame:
    """Return the customers and their revenue by segment of recency and frequency."""
    if scope.once(orders) is None:
        return none_because(ABSENT)
    found = scope.once(scored)
    if found.reason:
        return none_because(found.reason)
    measures = [
        Quantity("customers", "Customers", "count"), Quantity("share", "Share of customers", "percent"),
        Quantity("value", "Revenue", "currency"), Quantity("value_share", "Share of revenue", "percent"),
        Quantity("days", "Days since the last purchase, median", "days"),
        Quantity("purchases", "Purchases, median", "count"),
    ]  # fmt: skip
    total = pd.DataFrame([{name: found.segments[name].sum() for name in ("customers", "value")}])
    return together(
        tidy(found.segments, measures, ["segment"]),
        tidy(total, [one for one in measures if one.name in total.columns]),
        reason="",
    )


@figure_function("customers.lifetime_value", kpis=READ, tolerance=ITERATED)
def customer_values(scope: Scope, months: int = 12, discount: float = 0.1) -> pd.DataFrame:
    """Return what today's customers will buy in the months to come and what that is worth, by segment and in all.

    Parameters
    ----------
    scope : Scope
    months : int
    discount : float
        A year's.
    """
    reason = ABSENT if scope.once(orders) is None else scope.once(no_worth)
    if reason:
        return none_because(reason)
    buying, spending, _ = scope.once(models)
    people = _worth(scope, months, discount)
    table = people.groupby("segment").agg(customers=("worth", "size"), purchases=("purchases", "sum"),
                                          each=("worth", "mean"), worth=("worth", "sum"))  # fmt: skip
    table = table.reindex([name for name in customers.SEGMENTS if name in table.index]).reset_index()
    table["share"] = table["worth"] / people["worth"].sum()
    total = {"customers": len(people), "purchases": people["purchases"].sum(),
             "each": people["worth"].mean(), "worth": people["worth"].sum()}  # fmt: skip
    measures = [
        Quantity("customers", "Customers", "count"), Quantity("purchases", "Expected purchases", "count"),
        Quantity("each", "Value each", "currency"), Quantity("worth", "Value", "currency"),
    ]  # fmt: skip
    cautions = " ".join(filter(None, [buying.caution, spending.caution]))
    return together(
        tidy(table, [*measures, Quantity("share", "Share of the value", "percent")], ["segment"]),
        tidy(pd.DataFrame([total]), measures),
        tidy(pd.DataFrame([{"correlation": spending.correlation}]),
             [Quantity("correlation", "Frequency of purchases and their value, correlation", "ratio")]),
        reason="", cautions=cautions,
    )  # fmt: skip


@figure_function("customers.forecast_check", kpis=READ, tolerance=ITERATED)
def forecast_check(scope: Scope, months: int = 6) -> pd.DataFrame:
    """Return purchases as the model would have forecast them for the last months, against what was bought.

    The attr ``begin`` is the last day on which the model was fitted, as an ISO date.
    """
    rows = scope.once(orders)
    if rows is None or rows.empty:
        return none_because(NOBODY)
    span = (scope.day - rows["day"].min().date()).days
    begin = scope.day - dt.timedelta(days=min(round(months * MONTH), span // 3))
    if begin >= scope.day:
        return none_because("the data are too short to hold a part back")
    found = customers.holdout(scope.once(net), **NAMES, calibrated_until=begin, until=scope.day)
    if found.reason or found.error is None:
        return none_because(found.reason or "nobody bought in the holdout")
    measures = [Quantity("customers", "Customers", "count"), Quantity("predicted", "Predicted purchases", "count"),
                Quantity("actual", "Actual purchases", "count")]  # fmt: skip
    total = {"customers": found.frame["customers"].sum(), "predicted": found.predicted, "actual": found.actual,
             "error": found.error}  # fmt: skip
    return together(
        tidy(found.frame, measures, ["bucket"]),
        tidy(pd.DataFrame([total]), [*measures, Quantity("error", "Error of the forecast", "percent")]),
        reason="", begin=begin.isoformat(),
    )  # fmt: skip


# ------------------------------------------------------------------ what several of them need


def net(scope: Scope) -> pd.DataFrame:
    """Return the orders without days on which all that was bought came back: their sum of 0 is no purchase."""
    rows = scope.once(orders)
    assert rows is not None
    return rows[(rows["amount"] != 0) | (rows["sold"] == 0)]


def scored(scope: Scope) -> customers.Rfm:
    """Return the customers with their segments."""
    return customers.rfm(scope.once(net), **NAMES, until=scope.day)


def models(scope: Scope) -> Models:
    """Return the model of purchases, that of spending, and what both know of each customer."""
    known = customers.summarise(scope.once(net), **NAMES, until=scope.day)
    buying = customers.bg_nbd(known["frequency"], known["recency"], known["age"])
    return buying, customers.gamma_gamma(known["frequency"], known["monetary"]), known


def no_worth(scope: Scope) -> str:
    """Return why nobody can say what customers will be worth; empty where it can be said."""
    buying, spending, _ = scope.once(models)
    return buying.reason or spending.reason or scope.once(scored).reason


def _worth(scope: Scope, months: int, discount: float) -> pd.DataFrame:
    """Return each customer's segment, expected purchases and worth."""
    buying, spending, known = scope.once(models)
    frequency, recency, age = (known[name].to_numpy() for name in ("frequency", "recency", "age"))
    weeks = round(months * WEEKS_A_YEAR / 12)
    worth = customers.lifetime_value(
        buying, spending, frequency, recency, age, known["monetary"], horizon=weeks,
        discount=weekly(discount), margin=scope.session.config.gross_margin or 1.0,
    )  # fmt: skip
    purchases = buying.expected_purchases(weeks, frequency, recency, age)
    people: pd.DataFrame = known.assign(purchases=purchases, worth=worth)
    return people.join(scope.once(scored).customers["segment"])
