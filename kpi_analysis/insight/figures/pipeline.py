"""Figures of the sales pipeline: what is open, how old it is, what slipped, and what it will bring."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.periods import Period
from kpi_analysis.core.records import records
from kpi_analysis.insight.figures import deals as read
from kpi_analysis.insight.figures.deals import READ
from kpi_analysis.insight.figures.marketing import step_conversion
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.stats import pipeline

STAGES = ("leads", "marketing_qualified_leads", "sales_qualified_leads", "opportunities_created")
COUNT = Quantity("deals", "Open deals", "count")


def pipeline_forecast(scope: Scope) -> pipeline.Forecast:
    """Return what the open deals will bring, deal by deal."""
    rows = scope.once(read.scope_deals)
    assert rows is not None
    return pipeline.forecast(rows, scope.day, read.until(scope), earlier=read.ends(scope))


def limit(scope: Scope) -> float:
    """Return within how many days nine in ten of the won deals were won."""
    return pipeline.sales_cycle(scope.once(read.known_deals), scope.day, pipeline.SLIPPAGE_QUANTILE)


def ages(scope: Scope) -> pd.Series[Any]:
    """Return the ages of the open deals in days."""
    rows = scope.once(read.known_deals)
    found: pd.Series[Any] = rows.loc[rows["closed"].isna(), "age"]
    return found


@figure_function("pipeline.open_deals", kpis=READ)
def open_deals(scope: Scope) -> pd.DataFrame:
    """Return how many deals are open, and which share of them is older than nine in ten won deals were."""
    if reason := read.absent(scope):
        return none_because(reason)
    row: dict[str, Any] = {"deals": len(scope.once(pipeline_forecast).frame)}
    open_ages, most = scope.once(ages), scope.once(limit)
    if len(open_ages) and pd.notna(most):
        old = open_ages > most
        row |= {
            "old": float(old.mean()),
            "old.numerator": int(old.sum()),
            "old.denominator": len(old),
            "limit": int(most),
        }
    return together(tidy(pd.DataFrame([row]), [
        COUNT, Quantity("old", "Open deals older than nine in ten won deals", "percent"),
        Quantity("limit", "Nine in ten won deals were won within", "days"),
    ]), reason="")  # fmt: skip


@figure_function("pipeline.forecast", kpis=READ)
def expected(scope: Scope) -> pd.DataFrame:
    """Return what the open deals should bring by the end of the next period, its 95 % range, and earlier forecasts.

    Earlier forecasts are held against what came: ``won`` has the range of then, by period; ``error`` is the mean
    absolute error, ``naive_error`` that of repeating the period before, ``held`` counts the ranges that held.
    """
    if reason := read.absent(scope):
        return none_because(reason)
    found, step = scope.once(pipeline_forecast), read.grain(scope)
    periods = [scope.calendar.containing(one.day + dt.timedelta(days=1), step).label for one in found.backtest]
    earlier = pd.DataFrame([
        {"period": label, "complete": True, "won": one.won, "won.ci_low": one.low, "won.ci_high": one.high}
        for label, one in zip(periods, found.backtest, strict=True)
    ])  # fmt: skip
    row: dict[str, Any] = {"without_amount": found.without_amount}
    if not found.reason:
        row |= {"expected": found.expected, "expected.ci_low": found.low, "expected.ci_high": found.high}
    if found.backtest:
        row |= {
            "error": found.error,
            "naive_error": found.naive_error,
            "held": found.covered,
            "tried": len(found.backtest),
        }
    return together(
        tidy(earlier, [Quantity("won", "Won of the deals open when the period began", "currency")]),
        tidy(pd.DataFrame([row]), [
            Quantity("expected", f"Expected of the open deals by {read.until(scope)}", "currency"),
            Quantity("error", "Mean absolute error of earlier forecasts", "currency"),
            Quantity("naive_error", "The same of repeating the period before", "currency"),
            Quantity("held", "Earlier ranges that held", "count"), Quantity("tried", "Earlier forecasts", "count"),
            Quantity("without_amount", "Open deals without an amount", "count"),
        ]),
        reason=found.reason,
    )  # fmt: skip


@figure_function("pipeline.won_deals", kpis=READ)
def won_deals(scope: Scope) -> pd.DataFrame:
    """Return how many deals were won in the period, and in the one a year ago."""
    if reason := read.absent(scope):
        return none_because(reason)
    ago = scope.calendar.year_ago(scope.period)
    row = {"won": _won_in(scope, scope.period), "won.year_ago": None if ago is None else _won_in(scope, ago)}
    return together(tidy(pd.DataFrame([row]), [Quantity("won", "Won deals", "count")]), reason="")


def _won_in(scope: Scope, period: Period) -> int:
    rows = scope.once(read.known_deals)
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.last_day)
    return int(rows.loc[rows["closed"].between(start, end), "won"].sum())


@figure_function("pipeline.stage_rates", kpis=(*STAGES, *READ))
def stage_rates(scope: Scope) -> pd.DataFrame:
    """Return the share of the step before for each step from a lead to a won deal, each counted by its own date."""
    rows = {row["kpi"]: row for row in records(scope.compute(STAGES))}
    steps = [(kpi, rows[kpi]["value"], rows[kpi]["year_ago"]) for kpi in STAGES if rows[kpi]["value"]]
    won = won_deals(scope)
    if won.attrs["reason"] or not steps:
        return none_because(won.attrs["reason"] or "nothing came in")
    last = records(won)[0]
    return together(step_conversion([*steps, ("won_deals", last["value"], last["year_ago"])]), reason="")


@figure_function("pipeline.ageing", kpis=READ)
def ageing(scope: Scope) -> pd.DataFrame:
    """Return the open deals by age, against the ages at which deals were won, and in all.

    The slices ``age`` are numbered from 1; their edges are figures too. The chance is Aalen and Johansen's, given that
    a deal is still open.
    """
    if reason := read.absent(scope):
        return none_because(reason)
    rows = scope.once(read.known_deals)
    found = pipeline.deal_ageing(rows, scope.day)
    if found.empty:
        return none_because("no deal is open, or none was won yet")
    table = found.assign(age=range(1, len(found) + 1))
    chances = pipeline.win_probabilities(rows, scope.day).ever(scope.once(ages).to_numpy())
    total = {"deals": found["deals"].sum(), "amount": found["amount"].sum(min_count=1), "chance": chances.mean()}
    measures = [COUNT, Quantity("amount", "Amount", "currency"), Quantity("chance", "Will be won", "percent")]
    edges = [Quantity("from_days", "From days", "days"), Quantity("to_days", "To days", "days")]
    return together(
        tidy(table, [*edges, *measures, Quantity("share", "Share of the open deals", "percent")], ["age"]),
        tidy(pd.DataFrame([total]), measures), reason="",
    )  # fmt: skip


@figure_function("pipeline.slippage", kpis=READ)
def deal_slippage(scope: Scope) -> pd.DataFrame:
    """Return, at each period's end, the share of the open deals that were older than nine in ten won deals were.

    It has no value until the data themselves are older than that: before, no deal can be.
    """
    if reason := read.absent(scope):
        return none_because(reason)
    days = [*read.ends(scope)[-read.LOOKED_BACK + 1 :], scope.day]
    rows = scope.once(read.scope_deals)
    assert rows is not None
    found = pipeline.slippage(rows, days, scope.once(limit))
    periods = [scope.calendar.containing(day, read.grain(scope)) for day in days]
    oldest = pd.Timestamp(rows["created"].min()) + pd.Timedelta(days=float(scope.once(limit)))
    is_told = np.array([pd.Timestamp(day) >= oldest for day in days])
    table = pd.DataFrame({
        "period": [period.label for period in periods], "share": found["share"].where(is_told),
        "share.numerator": found["slipped"], "share.denominator": found["deals"],
        "complete": [period.last_day == day for period, day in zip(periods, days, strict=True)],
    })  # fmt: skip
    return together(tidy(table, [Quantity("share", "Open deals that slipped", "percent")]), reason="")


@figure_function("pipeline.expected_by", kpis=READ)
def expected_by(scope: Scope, by: str = "owner", most: int = 12) -> pd.DataFrame:
    """Return what the open deals of each owner, product or region should bring, those with the most first; and in all.

    What is beyond `most` stands together. Share is of all that is expected.
    """
    if reason := read.absent(scope):
        return none_because(reason)
    found = scope.once(pipeline_forecast)
    if found.reason or by not in found.frame.columns:
        return none_because(found.reason or f"deals have no {by}")
    frame = found.frame.assign(all=found.frame["ever"] * found.frame["amount"])
    sums = {"amount": "amount", "wins": "chance", "expected": "expected", "ever": "all"}
    table = frame.groupby(by).agg(
        deals=("amount", "size"), old=("age", "median"), **{name: (of, _sum_of_known) for name, of in sums.items()}
    )
    table = table.sort_values("expected", ascending=False).reset_index()
    table["share"] = table["expected"] / frame["expected"].sum()
    rows = table.head(most).to_dict("records")
    if (others := len(table) - most) > 0:
        rest = table.iloc[most:]
        rows.append({by: f"{others} others", **{name: _sum_of_known(rest[name]) for name in ("deals", *sums)}})
    total = {"deals": len(frame), **{name: _sum_of_known(frame[of]) for name, of in sums.items()}}
    measures = [
        COUNT, Quantity("amount", "Amount", "currency"), Quantity("wins", "Wins expected", "count"),
        Quantity("expected", f"Expected by {read.until(scope)}", "currency"),
        Quantity("ever", "Expected at all", "currency"),
    ]  # fmt: skip
    more = [Quantity("old", "Median age", "days"), Quantity("share", "Share of what is expected", "percent")]
    return together(
        tidy(pd.DataFrame(rows), [*measures, *more], [by]), tidy(pd.DataFrame([total]), measures), reason=""
    )


def _sum_of_known(numbers: pd.Series) -> float:
    """The sum of what is known; NaN where nothing is, which is not nothing."""
    return float(numbers.sum(min_count=1))
