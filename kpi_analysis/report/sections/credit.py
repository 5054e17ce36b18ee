"""How sure credit is: by which rule, after which time, with which costs, and beside what was booked and claimed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import values
from kpi_analysis.design.blocks import Cell, Note, Table, Title
from kpi_analysis.metrics.compute.journeys import journeys
from kpi_analysis.metrics.compute.spend_cohorts import LAGS, no_credits, spend_cohorts
from kpi_analysis.report.sections.channels import CREDIT, RULE_NAMES, ChannelFigures, joined
from kpi_analysis.report.tables import Field
from kpi_analysis.stats.attribution import RULES, attribute, sensitivity
from kpi_analysis.stats.attribution.sensitivity import LAGS as TRIED_LAGS

Flags = NDArray[np.bool_]
COHORTS = 12
OPEN = Cell("open", tone="muted")
MEDIA, PEOPLE = "media", "media and sales"
HEADS = {"first": "First", "last": "Last", "linear": "Linear", "time_decay": "Decay", "u_shaped": "U-shaped",
         "w_shaped": "W-shaped", "shapley": "Shapley", "markov": "Markov"}  # fmt: skip


@dataclass(frozen=True)
class CreditSections(ChannelFigures):
    """Sections on credit; the parameters are those of `ChannelFigures`."""

    # ------------------------------------------------------------------ sections

    def credit_page(self) -> Title | None:
        """Begin the page on how sure credit is: whose return depends the most on how it is split."""
        if self._no_paths or self._ranges.empty:
            return None
        gap = self._ranges["high"] - self._ranges["low"]
        widest = self._ranges.assign(gap=gap).sort_values("gap", kind="stable").iloc[-1]
        low, high = (self.format.prose(float(widest[end]), "ratio") for end in ("low", "high"))
        return Title(f"What a channel returns depends on the rule of credit: {widest['channel']} {low} to {high}")

    def cohorts(self, *, last: int = COHORTS) -> Table | Note:
        """What the money of each month brought back within 30, 60 and 90 days; what is not over yet stands open."""
        reason = self._no_credits or self.whole["marketing_spend"]["reason"]
        if reason:
            return Note(f"Return by month of spend is not shown: {reason}.")
        calendar, context = self.context.company.config.calendar, self.context
        end = calendar.containing(min(context.as_of, context.period.end), "month")
        months = [calendar.shift(end, -step) for step in range(last - 1, -1, -1)]
        first = context.company.sources.extent("touchpoints").first
        months = [month for month in months if first is None or month.start >= first]
        rule = self.rule if self.rule.rule != "last" else self.rule.model_copy(update={"rule": "linear"})
        found = spend_cohorts(context.company.sources, months, context.as_of, rule=rule, where=context.where)
        parts = [f"within_{lag}" for lag in LAGS]
        done = found[[f"done_{lag}" for lag in LAGS]].to_numpy(bool)
        shown = found.assign(month=[period_label(month, calendar) for month in months])
        shown[parts] = shown[parts].where(done)
        shown["revenue"] = shown[parts].sum(axis=1, skipna=False)
        spent = shown["spend"].where(shown["spend"] > 0)
        shown["ratio"] = shown["revenue"] / spent
        shown["roi"] = shown["ratio"] - 1
        margin = context.company.config.gross_margin
        shown["margin_roi"] = shown["ratio"] * margin - 1 if margin is not None else float("nan")
        shown["first_share"] = shown[parts[0]] / shown["revenue"].where(shown["revenue"] > 0)
        over = shown.dropna(subset=["ratio"])
        title = "No month of spend is over yet"
        if len(over):
            back = self.format.prose(over["revenue"].sum() / over["spend"].sum(), "ratio")
            early = over[parts[0]].sum() / over["revenue"].sum() if over["revenue"].sum() > 0 else None
            title = f"A month’s money brings {back} back within {LAGS[-1]} days"
            if early is not None:
                title += f", {self.format.prose(round(early, 2), 'percent')} of it in the first {LAGS[0]}"
        fields = [Field("month", "Month of the touch"), Field("spend", "Spend", "currency", width="17mm")]
        spans = [f"{low}–{high} days" for low, high in zip((0, *(lag + 1 for lag in LAGS)), LAGS, strict=False)]
        fields += [Field(part, span, "currency", width="20mm") for part, span in zip(parts, spans, strict=True)]
        fields += [
            Field("first_share", f"By day {LAGS[0]}", "percent", width="17mm"),
            Field("ratio", "ROAS", "ratio", strong=True, width="15mm"), Field("roi", "ROI", "percent", width="15mm"),
        ]  # fmt: skip
        fields += [Field("margin_roi", "Margin ROI", "percent", width="19mm")] if margin is not None else []
        table = self.table(
            shown, fields, id="spend_cohorts", title=title,
            measure=f"Revenue credited to touches of a month by days after the touch, {RULE_NAMES[rule.rule]} rule",
            note=f"{CREDIT} Open: touches of that month may still earn."
            + (" By the last touch there would be no lag, so credit is shared here." if rule is not self.rule else ""),
        )  # fmt: skip
        return _opened(table, done)

    def rules(self) -> Table | Note:
        """Credited revenue of each channel by eight rules."""
        if self._no_paths:
            return Note(f"Rules of attribution are not compared: {self._no_paths}.")
        credit, left_out = self._by_rule
        total = {"channel": "All channels", **credit.sum().to_dict()}
        spent = self.by_channel_of("marketing_spend")
        ratio = credit.div(spent[spent > 0], axis=0).dropna(how="all")
        scale = self.format.scale(credit.to_numpy().ravel().tolist(), "currency")
        order = ratio.mean(axis=1).sort_values(ascending=False).index
        rows = credit.reindex([*order, *(name for name in credit.index if name not in order)])
        return self.table(
            rows.reset_index(names="channel"),
            [Field("channel", "Channel"),
             *(Field(rule, HEADS[rule], "currency", strong=rule == self.rule.rule, width="17mm", scale=scale)
               for rule in credit.columns.astype(str))],
            id="rules_of_attribution", title=_rules_title(ratio), total=total,
            measure=f"Credited revenue by rule, journeys that ended in {self.context.period_name}, "
            f"touches within {self.rule.lag_days} days",
            note=" ".join([CREDIT, "Sorted by return; the company’s own rule in bold.", *left_out]),
        )  # fmt: skip

    def sensitivity(self) -> Table | Note:
        """Between which ends the return of each channel lies over all rules, lags and scopes of costs."""
        if self._no_paths or self._ranges.empty:
            why = self._no_paths or self.no_channels
            return Note(f"How far returns depend on the rule is not shown: {why}.")
        frame, (costs, people) = self._ranges, self._costs
        even, rules = self.whole["break_even_roas"]["value"], len(self._by_rule[0].columns)
        count = rules * len(TRIED_LAGS)
        fields = [
            Field("channel", "Channel"), Field("low", "Lowest", "ratio", width="16mm"),
            Field("low_by", "by", width="33mm"), Field("high", "Highest", "ratio", width="16mm"),
            Field("high_by", "by", width="33mm"),
        ]  # fmt: skip
        fields += [Field("above", "Pays off in", "percent", width="18mm")] if even else []
        if frame["low_people"].notna().any():
            fields.append(Field("low_people", "With sales", "ratio", width="17mm"))
            fields.append(Field("high_people", "to", "ratio", width="13mm"))
        lags = joined([str(lag) for lag in TRIED_LAGS])
        ways = f"Pays off in: the share of the {count} ways above break-even." if even else ""
        return self.table(
            frame, fields, id="credit_sensitivity", title=_sensitivity_title(frame, even),
            measure=f"Revenue ÷ spend over {rules} rules × {len(TRIED_LAGS)} lags ({lags} days) × "
            f"{costs['scope'].nunique()} scopes of costs, {self.context.period_name}",
            note=" ".join(part for part in (CREDIT, ways, people) if part),
        )  # fmt: skip

    def reconciliation(self) -> Table | Note:
        """Attributed revenue against what was booked, and what the platforms claim against what is credited."""
        names = ("platform_conversions", "average_order_value", "sales_revenue")
        rows = self.context.rows(self.context.compute(names))
        booked, earned = rows["sales_revenue"]["value"], self.whole["attributed_revenue"]["value"]
        if booked is None or earned is None:
            why = rows["sales_revenue"]["reason"] or self.whole["attributed_revenue"]["reason"]
            return Note(f"Credited and booked revenue are not compared: {why}.")
        each, claimed = rows["average_order_value"]["value"], self._claimed
        credit = self._credited_conversions
        lines = []
        for channel in [one for one in self.by_channel.index if one in claimed.index]:
            line = {"channel": self.name(channel), "claimed": claimed[channel], "credited": credit.get(channel)}
            line |= {"claims": claimed[channel] * each if each else None,
                     "revenue": self.by_channel_of("attributed_revenue").get(channel)}  # fmt: skip
            lines.append(line)
        total = {
            "channel": "All channels", "claimed": claimed.sum() if len(claimed) else None,
            "credited": credit.sum() if len(credit) else None,
            "claims": claimed.sum() * each if each and len(claimed) else None, "revenue": earned,
        }  # fmt: skip
        share = self.format.prose(round(earned / booked, 2), "percent") if booked > 0 else None
        write = self.format.prose
        title = f"Credited revenue is {share} of what was booked" if share else "Nothing was booked"
        if earned > booked:
            title = "More revenue is credited than was booked"
        scale = self.format.scale([line["revenue"] for line in lines], "currency")
        quoted = (*values(self.context.compute(names)), *values(self.whole_frame))
        return self.table(
            lines or [{"channel": "Platforms", "reason": rows["platform_conversions"]["reason"]}],
            [Field("channel", "Channel"), Field("claimed", "Platforms claim", "count", width="27mm"),
             Field("credited", "Credited", "count", width="20mm"),
             Field("claims", "Claims × average order", "currency", width="37mm", scale=scale),
             Field("revenue", "Credited revenue", "currency", width="29mm", scale=scale)],
            id="reconciliation", title=title, total=total, quoted=quoted,
            measure=f"Conversions and revenue, {self.context.period_name}; booked: {write(booked, 'currency')}",
            note=f"{CREDIT} Platforms count by their own rules, and two may claim the same sale.",
        )  # fmt: skip

    def claims(self) -> Note | None:
        """A warning where more is claimed or credited than there was."""
        said = []
        booked = self.context.rows(self.context.compute(("sales_revenue",)))["sales_revenue"]["value"]
        earned = self.whole["attributed_revenue"]["value"]
        if booked is not None and earned is not None and earned > booked:
            write = self.format.prose
            said.append(f"{write(earned, 'currency')} are credited, {write(booked, 'currency')} were booked")
        claimed, credit = self._claimed, self._credited_conversions
        over = [name for name in claimed.index if claimed[name] > credit.get(name, 0.0)]
        if len(credit) and over:
            count, there = (
                self.format.number(one) for one in (claimed[over].sum(), credit.reindex(over).fillna(0).sum())
            )
            said.append(
                f"{joined([self.name(name) for name in over])} claim {count} conversions where {there} are credited"
            )
        return Note(f"Warning: {'; '.join(said)}. Do not add platform claims up.") if said else None

    # ------------------------------------------------------------------ inside

    @cached_property
    def _no_credits(self) -> str:
        return no_credits(self.context.company.sources, self.context.where)

    @cached_property
    def _no_paths(self) -> str:
        """Why rules cannot be compared: no touches, or no journey of the period converted."""
        if self._no_credits:
            return self._no_credits
        return "" if self._paths["conversions"].sum() > 0 else "no journey converted in the period"

    @cached_property
    def _paths(self) -> pd.DataFrame:
        lag = max(self.rule.lag_days, *TRIED_LAGS)
        return journeys(
            self.context.company.sources, period=self.context.period, lag_days=lag, where=self.context.where
        )

    @cached_property
    def _own_paths(self) -> pd.DataFrame:
        """The journeys with the company's own lag."""
        return journeys(self.context.company.sources, period=self.context.period, where=self.context.where)

    @cached_property
    def _by_rule(self) -> tuple[pd.DataFrame, list[str]]:
        """Credited revenue, one column a rule, and why rules are left out."""
        found, left_out = {}, []
        for rule in RULES:
            try:
                credit = attribute(self._own_paths, rule, half_life=self.rule.half_life_days)
            except UsageError as error:
                left_out.append(f"No {RULE_NAMES[rule]}: {error.message}")
                continue
            found[rule] = credit.set_index("channel")["value"]
        return pd.DataFrame(found), left_out

    @cached_property
    def _credited_conversions(self) -> pd.Series[float]:
        """Conversions of each channel by the company's own rule."""
        if self._no_paths:
            return pd.Series(dtype=float)
        credit = attribute(self._own_paths, self.rule.rule, half_life=self.rule.half_life_days)
        found: pd.Series[float] = credit.set_index("channel")["conversions"]
        return found

    @cached_property
    def _claimed(self) -> pd.Series[float]:
        """Conversions that the platforms report, by channel."""
        if self.by_channel.empty:
            return pd.Series(dtype=float)
        frame = self.context.compute(("platform_conversions",), by=("channel",)).dropna(subset=["channel", "value"])
        found: pd.Series[float] = frame.set_index("channel")["value"].astype(float)
        return found[found > 0]

    @cached_property
    def _ranges(self) -> pd.DataFrame:
        """The lowest and the highest return of each channel over all rules and lags, by scope of costs."""
        costs, even = self._costs[0], self.whole["break_even_roas"]["value"]
        if costs.empty:
            return pd.DataFrame()
        rules = [str(rule) for rule in self._by_rule[0]]
        tried = sensitivity(self._paths, costs, rules=rules, lags=TRIED_LAGS, half_life=self.rule.half_life_days)
        rows = []
        for channel, group in tried[tried["reason"] == ""].groupby("channel", sort=False):
            media = group[group["scope"] == MEDIA].sort_values("ratio", kind="stable")
            low, high = media.iloc[0], media.iloc[-1]
            row = {"channel": self.name(str(channel)), "low": low["ratio"], "low_by": _way(low),
                   "high": high["ratio"], "high_by": _way(high),
                   "above": (media["ratio"] >= even).mean() if even else None}  # fmt: skip
            wide = group.loc[group["scope"] == PEOPLE, "ratio"]
            row |= {"low_people": wide.min() if len(wide) else None, "high_people": wide.max() if len(wide) else None}
            rows.append(row)
        return pd.DataFrame(rows).sort_values("high", ascending=False, kind="stable")

    @cached_property
    def _costs(self) -> tuple[pd.DataFrame, str]:
        """Costs by scope and channel, and how sales costs were spread."""
        media = self.by_channel_of("marketing_spend")
        media = media[media > 0]
        scopes = [pd.DataFrame({"scope": MEDIA, "channel": media.index, "cost": media.to_numpy()})]
        both = self.context.rows(self.context.compute(("customer_acquisition_cost",)))["customer_acquisition_cost"][
            "numerator"
        ]
        people = (both or 0.0) - float(self.whole["marketing_spend"]["value"] or 0.0)
        frame = self.context.compute(("sales_qualified_leads",), by=("channel",)).dropna(subset=["channel"])
        worked = frame.set_index("channel")["value"].reindex(media.index).astype(float).fillna(0.0)
        if not people > 0 or not worked.sum() > 0:
            return scopes[0], ""
        full = media + people * worked / worked.sum()
        scopes.append(pd.DataFrame({"scope": PEOPLE, "channel": full.index, "cost": full.to_numpy()}))
        said = self.format.prose(people, "currency")
        return pd.concat(scopes), f"With sales: {said} of sales costs, shared by sales-qualified leads."


def _sensitivity_title(frame: pd.DataFrame, even: float | None) -> str:
    """Say how many channels pay off whatever is assumed, on media costs and with those of sales."""
    if not even:
        return "How far returns depend on rule, lag and costs"
    said = f"By every rule and lag {int((frame['low'] >= even).sum())} of {len(frame)} channels pay off on media costs"
    if frame["low_people"].notna().any():
        return f"{said}, {int((frame['low_people'] >= even).sum()) or 'none'} with sales costs"
    return said


def _rules_title(ratio: pd.DataFrame) -> str:
    """Say which channel returns the most and the least, and whether by every rule."""
    if len(ratio) < 2:
        return "What each rule credits to each channel"
    firsts, lasts = ratio.idxmax().astype(str), ratio.idxmin().astype(str)
    name = str(firsts.mode().iloc[0])
    count = int((firsts == name).sum())
    last = f", {lasts.iloc[0]} the least by every one" if lasts.nunique() == 1 else ""
    if count == len(firsts):
        return f"{name} returns the most by every rule{last}"
    return f"Which channel returns the most depends on the rule: {name} by {count} of {len(firsts)}{last}"


def _way(row: pd.Series[Any]) -> str:
    return f"{RULE_NAMES[row['rule']]}, {row['lag_days']:g} days"


def _opened(table: Table, done: Flags) -> Table:
    """Write "open" where a month has not had the days of a column yet."""
    rows = []
    for row, mine in zip(table.rows, done, strict=True):
        over = [True, True, *mine, *[bool(mine.all())] * (len(row.cells) - 2 - len(mine))]
        cells = tuple(cell if is_over else OPEN for cell, is_over in zip(row.cells, over, strict=True))
        rows.append(replace(row, cells=cells))
    return replace(table, rows=tuple(rows))
