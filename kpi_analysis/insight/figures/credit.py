"""Figures of credit: by which rule, after which time, with which costs, and beside what was booked and claimed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.channels import channel_name, channels
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.compute.journeys import journeys
from kpi_analysis.metrics.compute.spend_cohorts import LAGS, no_credits, spend_cohorts
from kpi_analysis.stats.attribution import RULES, attribute, sensitivity
from kpi_analysis.stats.attribution.sensitivity import LAGS as TRIED_LAGS

COHORTS = 12
MEDIA, PEOPLE = "media", "media and sales"
READ = ("attributed_revenue", "marketing_spend")
PARTS = tuple(f"within_{lag}" for lag in LAGS)


def cannot_credit(scope: Scope) -> str:
    """Return why nothing can be credited by touches; empty where it can."""
    return no_credits(scope.session.sources, scope.where)


def no_paths(scope: Scope) -> str:
    """Return why rules cannot be compared: no touches, or no journey of the period converted."""
    if reason := cannot_credit(scope):
        return reason
    return "" if scope.once(paths)["conversions"].sum() > 0 else "no journey converted in the period"


def paths(scope: Scope) -> pd.DataFrame:
    """Return the journeys of the period with touches as old as any lag that is tried."""
    lag = max(scope.once(channels).rule.lag_days, *TRIED_LAGS)
    return journeys(scope.session.sources, period=scope.period, lag_days=lag, where=scope.where)


def own_paths(scope: Scope) -> pd.DataFrame:
    """Return the journeys with the company's own lag."""
    return journeys(scope.session.sources, period=scope.period, where=scope.where)


def by_rule(scope: Scope) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Return credited revenue, one column a rule; and the rules that are left out, with why."""
    found, left_out = {}, []
    for rule in RULES:
        try:
            credit = attribute(scope.once(own_paths), rule, half_life=scope.once(channels).rule.half_life_days)
        except UsageError as error:
            left_out.append((rule, error.message))
            continue
        found[rule] = credit.set_index("channel")["value"]
    return pd.DataFrame(found), left_out


def credited_conversions(scope: Scope) -> pd.Series[float]:
    """Return the conversions of each channel by the company's own rule."""
    if scope.once(no_paths):
        return pd.Series(dtype=float)
    rule = scope.once(channels).rule
    credit = attribute(scope.once(own_paths), rule.rule, half_life=rule.half_life_days)
    found: pd.Series[float] = credit.set_index("channel")["conversions"]
    return found


def claimed(scope: Scope) -> pd.Series[float]:
    """Return the conversions that the platforms report, by channel."""
    if scope.once(channels).by_channel.empty:
        return pd.Series(dtype=float)
    frame = scope.compute(("platform_conversions",), by=("channel",)).dropna(subset=["channel", "value"])
    found: pd.Series[float] = frame.set_index("channel")["value"].astype(float)
    return found[found > 0]


@figure_function("credit.spend_cohorts", kpis=READ)
def spend_cohort_returns(scope: Scope, last: int = COHORTS) -> pd.DataFrame:
    """Return what the money of each month brought back within 30, 60 and 90 days; what is not over yet has no value.

    ``over`` is the return of all months that are over, ``early`` the share of it that came within 30 days.
    """
    found = scope.once(channels)
    if reason := cannot_credit(scope) or found.totals["marketing_spend"]["reason"]:
        return none_because(reason)
    end = scope.calendar.containing(min(scope.as_of, scope.period.end), "month")
    months = [scope.calendar.shift(end, -step) for step in range(last - 1, -1, -1)]
    first = scope.session.sources.extent("touchpoints").first
    months = [month for month in months if first is None or month.start >= first]
    rule = found.rule if found.rule.rule != "last" else found.rule.model_copy(update={"rule": "linear"})
    table = spend_cohorts(scope.session.sources, months, scope.as_of, rule=rule, where=scope.where)
    done, parts = table[[f"done_{lag}" for lag in LAGS]].to_numpy(bool), list(PARTS)
    shown = table.assign(period=[month.label for month in months], complete=[bool(row.all()) for row in done])
    shown[parts] = shown[parts].where(done)
    shown["revenue"] = shown[parts].sum(axis=1, skipna=False)
    shown["ratio"] = shown["revenue"] / shown["spend"].where(shown["spend"] > 0)
    shown["roi"] = shown["ratio"] - 1
    margin = scope.session.config.gross_margin
    shown["margin_roi"] = shown["ratio"] * margin - 1 if margin is not None else float("nan")
    shown["first_share"] = shown[parts[0]] / shown["revenue"].where(shown["revenue"] > 0)
    over = shown.dropna(subset=["ratio"])
    total: dict[str, Any] = {}
    if len(over):
        total["over"] = over["revenue"].sum() / over["spend"].sum()
        total["early"] = over[parts[0]].sum() / over["revenue"].sum() if over["revenue"].sum() > 0 else None
    measures = [Quantity("spend", "Spend", "currency")]
    measures += [Quantity(f"within_{lag}", f"Credited within {lag} days", "currency") for lag in LAGS]
    measures += [
        Quantity("first_share", f"Share by day {LAGS[0]}", "percent"), Quantity("ratio", "ROAS", "ratio"),
        Quantity("roi", "ROI", "percent"), Quantity("margin_roi", "Margin ROI", "percent"),
    ]  # fmt: skip
    return together(
        tidy(shown, measures),
        tidy(pd.DataFrame([total]), [Quantity("over", "Return of the months that are over", "ratio"),
                                     Quantity("early", f"Share of it within {LAGS[0]} days", "percent")]),
        reason="", rule=rule.rule, done=done.tolist(), periods=[month.label for month in months],
    )  # fmt: skip


@figure_function("credit.rules", kpis=READ)
def rules(scope: Scope) -> pd.DataFrame:
    """Return the credited revenue of each channel by each rule, and of all channels, the highest return first.

    ``most`` counts the rules by which each channel returns the most. The attrs are ``left_out`` (rule and reason),
    ``highest`` and ``lowest``, the channels that return the most and the least by each rule.
    """
    if reason := scope.once(no_paths):
        return none_because(reason)
    credit, left_out = scope.once(by_rule)
    spent = scope.once(channels).of("marketing_spend")
    ratio = credit.div(spent[spent > 0], axis=0).dropna(how="all")
    order = ratio.mean(axis=1).sort_values(ascending=False).index
    rows = credit.reindex([*order, *(name for name in credit.index if name not in order)])
    ends = (ratio.idxmax(), ratio.idxmin()) if len(ratio) > 1 else ((), ())
    firsts, lasts = ([str(name) for name in end] for end in ends)
    measures = [Quantity(str(rule), f"Credited revenue by the rule {rule}", "currency") for rule in credit.columns]
    counts = pd.DataFrame([
        {"channel": name, "most": firsts.count(name)} for name in dict.fromkeys(firsts)
    ])  # fmt: skip
    return together(
        tidy(rows.reset_index(names="channel"), measures, ["channel"]),
        tidy(pd.DataFrame([credit.sum()]), measures),
        tidy(counts, [Quantity("most", "Rules by which it returns the most", "count")], ["channel"]),
        tidy(pd.DataFrame([{"rules": len(credit.columns)}]), [Quantity("rules", "Rules compared", "count")]),
        reason="", left_out=left_out, highest=firsts, lowest=lasts,
    )  # fmt: skip


def costs(scope: Scope) -> tuple[pd.DataFrame, float]:
    """Return costs by scope and channel, and the sales costs that were spread by sales-qualified leads, 0 for none."""
    found = scope.once(channels)
    media = found.of("marketing_spend")
    media = media[media > 0]
    scopes = [pd.DataFrame({"scope": MEDIA, "channel": media.index, "cost": media.to_numpy()})]
    both = records(scope.compute(("customer_acquisition_cost",)))[0]["numerator"]
    people = (both or 0.0) - float(found.totals["marketing_spend"]["value"] or 0.0)
    frame = scope.compute(("sales_qualified_leads",), by=("channel",)).dropna(subset=["channel"])
    worked = frame.set_index("channel")["value"].reindex(media.index).astype(float).fillna(0.0)
    if not people > 0 or not worked.sum() > 0:
        return scopes[0], 0.0
    full = media + people * worked / worked.sum()
    scopes.append(pd.DataFrame({"scope": PEOPLE, "channel": full.index, "cost": full.to_numpy()}))
    return pd.concat(scopes), people


@figure_function("credit.sensitivity", kpis=(*READ, "customer_acquisition_cost"))
def ranges(scope: Scope) -> pd.DataFrame:
    """Return between which ends the return of each channel lies over all rules, lags and scopes of costs.

    The attrs ``low_by`` and ``high_by`` name, by channel, the rule and the lag of either end.
    """
    if reason := scope.once(no_paths):
        return none_because(reason)
    spent, people = scope.once(costs)
    if spent.empty:
        return none_because(scope.once(channels).missing)
    even, rules_ = scope.once(channels).break_even, [str(rule) for rule in scope.once(by_rule)[0]]
    half_life = scope.once(channels).rule.half_life_days
    tried = sensitivity(scope.once(paths), spent, rules=rules_, lags=TRIED_LAGS, half_life=half_life)
    rows, low_by, high_by = [], {}, {}
    for channel, group in tried[tried["reason"] == ""].groupby("channel", sort=False):
        media = group[group["scope"] == MEDIA].sort_values("ratio", kind="stable")
        low, high, name = media.iloc[0], media.iloc[-1], channel_name(str(channel))
        low_by[name], high_by[name] = ((str(one["rule"]), float(one["lag_days"])) for one in (low, high))
        wide = group.loc[group["scope"] == PEOPLE, "ratio"]
        rows.append({
            "channel": name, "low": low["ratio"], "high": high["ratio"],
            "above": float((media["ratio"] >= even).mean()) if even else None,
            "low_people": wide.min() if len(wide) else None, "high_people": wide.max() if len(wide) else None,
        })  # fmt: skip
    if not rows:
        return none_because(scope.once(channels).missing)
    frame = pd.DataFrame(rows).sort_values("high", ascending=False, kind="stable")
    total: dict[str, Any] = {
        "channels": len(frame), "rules": len(rules_), "lags": len(TRIED_LAGS), "ways": len(rules_) * len(TRIED_LAGS),
        "scopes": spent["scope"].nunique(), "people": people or None,
    }  # fmt: skip
    if even:
        total["paying"] = int((frame["low"] >= even).sum())
        if frame["low_people"].notna().any():
            total["paying_people"] = int((frame["low_people"] >= even).sum())
    return together(
        tidy(frame, [
            Quantity("low", "Lowest return", "ratio"), Quantity("high", "Highest return", "ratio"),
            Quantity("above", "Share of the ways above break-even", "percent"),
            Quantity("low_people", "Lowest return with sales costs", "ratio"),
            Quantity("high_people", "Highest return with sales costs", "ratio"),
        ], ["channel"]),
        tidy(pd.DataFrame([total]), [
            Quantity("channels", "Channels compared", "count"), Quantity("rules", "Rules tried", "count"),
            Quantity("lags", "Lags tried", "count"), Quantity("ways", "Pairs of rule and lag", "count"),
            Quantity("scopes", "Scopes of costs", "count"), Quantity("people", "Sales costs", "currency"),
            Quantity("paying", "Channels that pay off by every rule and lag", "count"),
            Quantity("paying_people", "The same with sales costs", "count"),
        ]),
        reason="", low_by=low_by, high_by=high_by,
    )  # fmt: skip


@figure_function("credit.reconciliation", kpis=(*READ, "sales_revenue", "platform_conversions"))
def reconciliation(scope: Scope) -> pd.DataFrame:
    """Return attributed revenue against what was booked, and what the platforms claim against what is credited.

    ``claims`` are claimed conversions at the average order value; ``share`` is credited of booked revenue.
    """
    kpis = ("platform_conversions", "average_order_value", "sales_revenue")
    rows = {row["kpi"]: row for row in records(scope.compute(kpis))}
    found = scope.once(channels)
    booked, earned = rows["sales_revenue"]["value"], found.totals["attributed_revenue"]["value"]
    if booked is None or earned is None:
        return none_because(rows["sales_revenue"]["reason"] or found.totals["attributed_revenue"]["reason"])
    each, claims, credit = rows["average_order_value"]["value"], scope.once(claimed), scope.once(credited_conversions)
    revenue = found.of("attributed_revenue")
    lines = [
        {"channel": channel_name(channel), "claimed": claims[channel], "credited": credit.get(channel),
         "claims": claims[channel] * each if each else None, "revenue": revenue.get(channel)}
        for channel in found.by_channel.index if channel in claims.index
    ]  # fmt: skip
    total = {
        "claimed": claims.sum() if len(claims) else None, "credited": credit.sum() if len(credit) else None,
        "claims": claims.sum() * each if each and len(claims) else None, "revenue": earned,
        "share": earned / booked if booked > 0 else None,
    }  # fmt: skip
    measures = [
        Quantity("claimed", "Platforms claim", "count"), Quantity("credited", "Credited", "count"),
        Quantity("claims", "Claims × average order", "currency"), Quantity("revenue", "Credited revenue", "currency"),
    ]  # fmt: skip
    return together(
        tidy(pd.DataFrame(lines), measures, ["channel"]),
        tidy(pd.DataFrame([total]), [*measures, Quantity("share", "Credited of booked revenue", "percent")]), reason="",
    )  # fmt: skip


@figure_function("credit.overclaimed", kpis=(*READ, "platform_conversions"))
def overclaimed(scope: Scope) -> pd.DataFrame:
    """Return how many conversions the channels that claim more than is credited claim, and how many are credited.

    The attr ``channels`` names them.
    """
    claims, credit = scope.once(claimed), scope.once(credited_conversions)
    over = [name for name in claims.index if claims[name] > credit.get(name, 0.0)]
    if not len(credit) or not over:
        return none_because("no platform claims more than is credited")
    row = {"claimed": claims[over].sum(), "credited": credit.reindex(over).fillna(0).sum()}
    return together(tidy(pd.DataFrame([row]), [
        Quantity("claimed", "Claimed by channels that claim too much", "count"),
        Quantity("credited", "Credited to these channels", "count"),
    ]), reason="", channels=over)  # fmt: skip
