"""How sure credit is: by which rule, after which time, with which costs, and beside what was booked and claimed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kpi_analysis.core.attribution_rules import ATTRIBUTION_RULES
from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Cell, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import credit, figure_values, only, totals, wide
from kpi_analysis.insight.figures.channels import channel_name
from kpi_analysis.insight.figures.credit import COHORTS, PARTS
from kpi_analysis.metrics.compute.spend_cohorts import LAGS
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.channels import CREDIT, channels_of, name_list, quoting_table
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.tables import Field
from kpi_analysis.stats.attribution import RULES
from kpi_analysis.stats.attribution.sensitivity import LAGS as TRIED_LAGS

Flags = NDArray[np.bool_]
OPEN = Cell("open", tone="muted")


@on_display
@dataclass(frozen=True)
class CreditSections:
    """Sections on credit.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def credit_page(self) -> Title | None:
        """Begin the page on how sure credit is: whose return depends the most on how it is split."""
        found = credit.ranges(self.context.scope)
        if found.attrs["reason"]:
            return None
        table = wide(found, "low", "high", by=["channel"])
        widest = table.assign(gap=table["high"] - table["low"]).sort_values("gap", kind="stable").iloc[-1]
        low, high = (self.format.prose(widest[end], "ratio") for end in ("low", "high"))
        return Title(
            f"What a channel returns depends on the rule of credit: {widest['channel']} {low} to {high}",
            values=figure_values(only(found, "low", "high", channel=widest["channel"])),
        )

    def cohorts(self, *, last: int = COHORTS) -> Table | Note:
        """What the money of each month brought back within 30, 60 and 90 days; what is not over yet stands open."""
        found = credit.spend_cohort_returns(self.context.scope, last=last)
        if found.attrs["reason"]:
            return Note(f"Return by month of spend is not shown: {found.attrs['reason']}.")
        calendar, rule = self.context.company.config.calendar, found.attrs["rule"]
        shown = wide(only(found, "spend", *PARTS, "first_share", "ratio", "roi", "margin_roi"), by=[])
        shown["month"] = [period_label(calendar.parse(label), calendar) for label in shown["period"]]
        total, title = totals(only(found, "over", "early")), "No month of spend is over yet"
        if total.get("over") is not None:
            title = f"A month’s money brings {self.format.prose(total['over'], 'ratio')} back within {LAGS[-1]} days"
            if total.get("early") is not None:
                early = self.format.prose(round(total["early"], 2), "percent")
                title += f", {early} of it in the first {LAGS[0]}"
        fields = [Field("month", "Month of the touch"), Field("spend", "Spend", "currency", width="17mm")]
        spans = [f"{low}–{high} days" for low, high in zip((0, *(lag + 1 for lag in LAGS)), LAGS, strict=False)]
        fields += [Field(part, span, "currency", width="20mm") for part, span in zip(PARTS, spans, strict=True)]
        fields += [
            Field("first_share", f"By day {LAGS[0]}", "percent", width="17mm"),
            Field("ratio", "ROAS", "ratio", strong=True, width="15mm"), Field("roi", "ROI", "percent", width="15mm"),
        ]  # fmt: skip
        margin = self.context.company.config.gross_margin
        fields += [Field("margin_roi", "Margin ROI", "percent", width="19mm")] if margin is not None else []
        shared = rule != channels_of(self.context).rule.rule
        table = quoting_table(
            self.context, shown, fields, id="spend_cohorts", title=title, quoted=figure_values(found),
            measure="Revenue credited to touches of a month by days after the touch, "
            f"{ATTRIBUTION_RULES[rule].words} rule",
            note=f"{CREDIT} Open: touches of that month may still earn."
            + (" By the last touch there would be no lag, so credit is shared here." if shared else ""),
        )  # fmt: skip
        return _opened(table, np.array(found.attrs["done"], dtype=bool).reshape(len(shown), len(LAGS)))

    def rules(self) -> Table | Note:
        """Credited revenue of each channel by eight rules."""
        found = credit.rules(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Rules of attribution are not compared: {found.attrs['reason']}.")
        names = [name for name in RULES if name in set(found["name"])]
        rows = wide(found, *names, by=["channel"])
        scale = self.format.scale(rows[names].to_numpy(float).ravel().tolist(), "currency")
        rule, period = channels_of(self.context).rule, self.context.period_name
        left_out = [f"No {ATTRIBUTION_RULES[name].words}: {why}" for name, why in found.attrs["left_out"]]
        return quoting_table(
            self.context, rows,
            [Field("channel", "Channel"),
             *(Field(one, ATTRIBUTION_RULES[one].head, "currency", strong=one == rule.rule, width="17mm", scale=scale)
               for one in names)],
            id="rules_of_attribution", title=_rules_title(found),
            total={"channel": "All channels", **totals(only(found, *names))}, quoted=figure_values(found),
            measure=f"Credited revenue by rule, journeys that ended in {period}, touches within {rule.lag_days} days",
            note=" ".join([CREDIT, "Sorted by return; the company’s own rule in bold.", *left_out]),
        )  # fmt: skip

    def sensitivity(self) -> Table | Note:
        """Between which ends the return of each channel lies over all rules, lags and scopes of costs."""
        found = credit.ranges(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"How far returns depend on the rule is not shown: {found.attrs['reason']}.")
        frame, total, even = wide(found, by=["channel"]), totals(found), channels_of(self.context).break_even
        for end in ("low_by", "high_by"):
            frame[end] = [_way(*found.attrs[end][name]) for name in frame["channel"]]
        fields = [
            Field("channel", "Channel"), Field("low", "Lowest", "ratio", width="16mm"),
            Field("low_by", "by", width="33mm"), Field("high", "Highest", "ratio", width="16mm"),
            Field("high_by", "by", width="33mm"),
        ]  # fmt: skip
        fields += [Field("above", "Pays off in", "percent", width="18mm")] if even else []
        if frame["low_people"].notna().any():
            fields.append(Field("low_people", "With sales", "ratio", width="17mm"))
            fields.append(Field("high_people", "to", "ratio", width="13mm"))
        lags = name_list([str(lag) for lag in TRIED_LAGS])
        ways = f"Pays off in: the share of the {total['ways']:.0f} ways above break-even." if even else ""
        people = ""
        if total["people"] is not None:
            spread = self.format.prose(total["people"], "currency")
            people = f"With sales: {spread} of sales costs, shared by sales-qualified leads."
        return quoting_table(
            self.context, frame, fields, id="credit_sensitivity", title=_sensitivity_title(total, even),
            measure=f"Revenue ÷ spend over {total['rules']:.0f} rules × {total['lags']:.0f} lags ({lags} days) × "
            f"{total['scopes']:.0f} scopes of costs, {self.context.period_name}",
            note=" ".join(part for part in (CREDIT, ways, people) if part), quoted=figure_values(found),
        )  # fmt: skip

    def reconciliation(self) -> Table | Note:
        """Attributed revenue against what was booked, and what the platforms claim against what is credited."""
        names = ("platform_conversions", "average_order_value", "sales_revenue")
        rows, found = self.context.rows(self.context.compute(names)), credit.reconciliation(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Credited and booked revenue are not compared: {found.attrs['reason']}.")
        booked, total = rows["sales_revenue"]["value"], totals(found)
        lines = wide(found, by=["channel"])
        title = "Nothing was booked"
        if total["share"] is not None:
            title = f"Credited revenue is {self.format.prose(round(total['share'], 2), 'percent')} of what was booked"
        if total["revenue"] > booked:
            title = "More revenue is credited than was booked"
        scale = self.format.scale(lines["revenue"].tolist() if len(lines) else [], "currency")
        quoted = (*result_values(self.context.compute(names)), *result_values(channels_of(self.context).whole_frame))
        nothing = [{"channel": "Platforms", "reason": rows["platform_conversions"]["reason"]}]
        return quoting_table(
            self.context, lines if len(lines) else nothing,
            [Field("channel", "Channel"), Field("claimed", "Platforms claim", "count", width="27mm"),
             Field("credited", "Credited", "count", width="20mm"),
             Field("claims", "Claims × average order", "currency", width="37mm", scale=scale),
             Field("revenue", "Credited revenue", "currency", width="29mm", scale=scale)],
            id="reconciliation", title=title, total={"channel": "All channels", **total},
            quoted=(*quoted, *figure_values(found)),
            measure=f"Conversions and revenue, {self.context.period_name}; "
            f"booked: {self.format.prose(booked, 'currency')}",
            note=f"{CREDIT} Platforms count by their own rules, and two may claim the same sale.",
        )  # fmt: skip

    def claims(self) -> Note | None:
        """A warning where more is claimed or credited than there was."""
        said: list[str] = []
        quoted: tuple[dict[str, Any], ...] = ()
        booked_rows = self.context.compute(("sales_revenue",))
        booked = records(booked_rows)[0]["value"]
        earned = channels_of(self.context).totals["attributed_revenue"]["value"]
        if booked is not None and earned is not None and earned > booked:
            write = self.format.prose
            said.append(f"{write(earned, 'currency')} are credited, {write(booked, 'currency')} were booked")
            quoted = (*result_values(booked_rows), *result_values(channels_of(self.context).whole_frame))
        found = credit.overclaimed(self.context.scope)
        if not found.attrs["reason"]:
            count, there = (self.format.number(totals(found)[name]) for name in ("claimed", "credited"))
            over = name_list([channel_name(name) for name in found.attrs["channels"]])
            said.append(f"{over} claim {count} conversions where {there} are credited")
        if not said:
            return None
        text = f"Warning: {'; '.join(said)}. Do not add platform claims up."
        return Note(text, values=(*quoted, *figure_values(found)))

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format


def _sensitivity_title(total: dict[str, Any], even: float | None) -> str:
    """Say how many channels pay off whatever is assumed, on media costs and with those of sales."""
    if not even:
        return "How far returns depend on rule, lag and costs"
    count = f"{total['paying']:.0f} of {total['channels']:.0f}"
    said = f"By every rule and lag {count} channels pay off on media costs"
    if total.get("paying_people") is not None:
        return f"{said}, {int(total['paying_people']) or 'none'} with sales costs"
    return said


def _rules_title(found: pd.DataFrame) -> str:
    """Say which channel returns the most and the least, and whether by every rule."""
    firsts, lasts = (pd.Series(found.attrs[end], dtype=object) for end in ("highest", "lowest"))
    if firsts.empty:
        return "What each rule credits to each channel"
    name, rules = str(firsts.mode().iloc[0]), int(totals(found)["rules"])
    count = int(wide(only(found, channel=name), "most", by=["channel"])["most"].iloc[0])
    last = f", {lasts.iloc[0]} the least by every one" if lasts.nunique() == 1 else ""
    if count == rules:
        return f"{name} returns the most by every rule{last}"
    return f"Which channel returns the most depends on the rule: {name} by {count} of {rules}{last}"


def _way(rule: str, lag: float) -> str:
    return f"{ATTRIBUTION_RULES[rule].words}, {lag:g} days"


def _opened(table: Table, done: Flags) -> Table:
    """Write "open" where a month has not had the days of a column yet."""
    rows = []
    for row, mine in zip(table.rows, done, strict=True):
        over = [True, True, *mine, *[bool(mine.all())] * (len(row.cells) - 2 - len(mine))]
        cells = tuple(cell if is_over else OPEN for cell, is_over in zip(row.cells, over, strict=True))
        rows.append(replace(row, cells=cells))
    return replace(table, rows=tuple(rows))
