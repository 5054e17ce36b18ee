"""Figures of marketing: shares of spend and revenue, campaigns, steps to a customer, how many channels pay off."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.channels import channel_name, channels, has_spend_by
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope

STRONG = 5.0  # a return that the field calls strong
STEPS = (
    "leads", "marketing_qualified_leads", "sales_qualified_leads", "opportunities_created", "new_customers",
)  # fmt: skip
RETURN = ("marketing_spend", "attributed_revenue")


@figure_function("marketing.pays_off", kpis=("marketing_revenue_ratio",))
def pays_off(scope: Scope) -> pd.DataFrame:
    """Return how many channels have a return, how many of them a strong one, and how many lie below break-even."""
    found = scope.once(channels)
    even, ranked = found.break_even, found.ranked
    row: dict[str, Any] = {"channels": len(ranked), "strong": int((ranked >= STRONG).sum())}
    row["below"] = None if even is None else int((ranked < even).sum())
    row["losing"] = len(losing(scope))
    row["idle"] = int((ranked == 0).sum())
    return together(tidy(pd.DataFrame([row]), [
        Quantity("channels", "Channels with a return", "count"),
        Quantity("strong", "Channels of 5 : 1 or more", "count"),
        Quantity("below", "Channels below break-even", "count"),
        Quantity("losing", "Channels clearly below break-even", "count"),
        Quantity("idle", "Channels to which nothing is credited", "count"),
    ]), reason="")  # fmt: skip


def losing(scope: Scope) -> list[str]:
    """Return the channels that return less than break-even, and not by chance, the highest return first."""
    found = scope.once(channels)
    if found.break_even is None or not found.break_even > 0 or found.ranked.empty:
        return []
    # without one sale there is no interval, and no proof
    high = pd.to_numeric(found.by_channel["marketing_revenue_ratio", "ci_high"])
    return [channel_name(str(one)) for one in found.ranked.index if high[one] < found.break_even]


@figure_function("marketing.spend_shares", kpis=RETURN)
def spend_shares(scope: Scope) -> pd.DataFrame:
    """Return each channel's share of spend and of credited revenue, and the gap, the most for its money first."""
    found = scope.once(channels)
    spent, earned = found.of("marketing_spend"), found.of("attributed_revenue")
    if not spent.sum() > 0:
        return none_because(found.missing)
    shares = pd.DataFrame({"spend": spent / spent.sum(), "revenue": float("nan"), "spend.numerator": spent})
    shares["spend.denominator"] = spent.sum()
    if earned.sum() > 0:
        shares["revenue"] = (earned / earned.sum()).reindex(spent.index)
        shares["revenue.numerator"], shares["revenue.denominator"] = earned.reindex(spent.index), earned.sum()
    shares["gap"] = (shares["revenue"].fillna(0.0) - shares["spend"]) * 100
    frame = shares.sort_values("gap", ascending=False, kind="stable").reset_index(names="channel")
    frame["channel"] = [channel_name(str(one)) for one in frame["channel"]]
    return together(tidy(frame, [
        Quantity("spend", "Share of spend", "percent"), Quantity("revenue", "Share of credited revenue", "percent"),
        Quantity("gap", "Share of revenue less share of spend", "points"),
    ], ["channel"]), reason="")  # fmt: skip


@figure_function("marketing.dearest_lead", kpis=("cost_per_lead",))
def dearest_lead(scope: Scope) -> pd.DataFrame:
    """Return how many times the average a lead costs in the dearest channel."""
    average = records(scope.compute(("cost_per_lead",)))[0]["value"]
    if not has_spend_by(scope, "channel") or not average:
        return none_because("cost per lead is not known by channel")
    frame = scope.compute(("marketing_spend", "cost_per_lead"), by=("channel",)).dropna(subset=["channel"])
    wide = frame.pivot(index="channel", columns="kpi", values="value").astype(float)
    costs = wide.loc[wide["marketing_spend"] > 0, "cost_per_lead"].dropna().sort_values()
    if len(costs) < 2:
        return none_because("fewer than two channels have a cost per lead")
    row = {"channel": str(costs.index[-1]), "times": costs.iloc[-1] / average}
    times = Quantity("times", "Cost of a lead against the average", "ratio")
    return together(tidy(pd.DataFrame([row]), [times], ["channel"]), reason="")


@figure_function("marketing.campaigns", kpis=("marketing_spend",))
def campaigns(scope: Scope) -> pd.DataFrame:
    """Return each campaign's share of the money of all campaigns, the dearest first, and how many there are."""
    if not has_spend_by(scope, "campaign"):
        return none_because("no spend has a campaign")
    frame = scope.compute(("marketing_spend",), by=("campaign",)).dropna(subset=["campaign"])
    frame = frame[frame["value"] > 0].sort_values("value", ascending=False)
    if frame.empty:
        return none_because("no spend")
    shares = pd.DataFrame({"campaign": frame["campaign"], "share": frame["value"] / frame["value"].sum()})
    count = pd.DataFrame([{"campaigns": len(frame)}])
    return together(
        tidy(shares, [Quantity("share", "Share of the money of all campaigns", "percent")], ["campaign"]),
        tidy(count, [Quantity("campaigns", "Campaigns that cost something", "count")]),
        reason="",
    )


@figure_function("marketing.step_rates", kpis=STEPS)
def step_rates(scope: Scope) -> pd.DataFrame:
    """Return the share of the step before for each step from a lead to a new customer, each counted by its own date."""
    rows = {row["kpi"]: row for row in records(scope.compute(STEPS))}
    there = [kpi for kpi in STEPS if rows[kpi]["value"] is not None]
    return together(step_conversion([(kpi, rows[kpi]["value"], rows[kpi]["year_ago"]) for kpi in there]), reason="")


def step_conversion(steps: list[tuple[str, float, float | None]]) -> pd.DataFrame:
    """Return steps, each with its count now and a year ago, as shares of the step before."""
    found = []
    for (_, count, before), (name, now, then) in pairwise(steps):
        row = {"step": name, "rate": now / count if count else None, "rate.numerator": now, "rate.denominator": count}
        row["rate.year_ago"] = then / before if then is not None and before else None
        found.append(row)
    return tidy(pd.DataFrame(found), [Quantity("rate", "Of the step before", "percent")], ["step"])
