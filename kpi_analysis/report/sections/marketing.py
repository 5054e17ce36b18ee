"""Marketing in a report: what each channel and campaign costs, what is credited to it, and what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import result_values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import figure_values, marketing, only, totals, wide
from kpi_analysis.insight.figures.channels import Channels, channel_name, has_spend_by
from kpi_analysis.insight.figures.credit import COHORTS
from kpi_analysis.insight.figures.response import MOVED
from kpi_analysis.report import messages
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.funnels import Steps, funnel
from kpi_analysis.report.charts.returns import STRONG, Numbers, Total, returns
from kpi_analysis.report.charts.series import Groups
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.channels import CREDIT, channels_of, name_list, quoting_table, rule_words
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.credit import CreditSections
from kpi_analysis.report.sections.response import ResponseSections
from kpi_analysis.report.tables import Field

COSTS = (
    "marketing_spend", "impressions", "clicks", "leads", "marketing_qualified_leads", "sales_qualified_leads",
    "new_customers", "cost_per_lead", "customer_acquisition_cost", "marketing_payback_months", "ltv_to_cac",
)  # fmt: skip
CAMPAIGN = (
    "marketing_spend", "impressions", "clicks", "click_through_rate", "cost_per_click", "leads", "cost_per_lead",
    "platform_conversions", "cost_per_conversion", "attributed_revenue", "marketing_revenue_ratio", "marketing_roi",
)  # fmt: skip
STEPS = (
    ("Leads", "leads"), ("Marketing-qualified", "marketing_qualified_leads"),
    ("Sales-qualified", "sales_qualified_leads"), ("Opportunities", "opportunities_created"),
    ("New customers", "new_customers"),
)  # fmt: skip
HEADS = {
    "marketing_spend": "Spend", "impressions": "Impr., k", "clicks": "Clicks", "leads": "Leads",
    "marketing_qualified_leads": "MQLs", "sales_qualified_leads": "SQLs", "new_customers": "Cust.",
    "cost_per_lead": "CPL", "customer_acquisition_cost": "CAC", "marketing_payback_months": "Payback",
    "ltv_to_cac": "LTV : CAC", "click_through_rate": "CTR", "cost_per_click": "CPC",
    "platform_conversions": "Conv.", "cost_per_conversion": "Cost/conv.", "attributed_revenue": "Revenue",
    "marketing_revenue_ratio": "ROAS", "marketing_roi": "Margin ROI",
}  # fmt: skip
MOST_CAMPAIGNS = 12
MOST_NAMES = 2  # in a title
THOUSAND = 1000  # impressions come in millions, and clicks beside them do not


@on_display
@dataclass(frozen=True)
class MarketingSections:
    """Sections on marketing. One whose figures have no value shows a note that says why.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: what marketing returns, and who does not pay for itself or returns the most."""
        rows, write = self.figures.totals, self.format.prose
        found = rows["marketing_revenue_ratio"]
        if found["value"] is None:
            spent = rows["marketing_spend"]
            if spent["value"] is None:
                return Title(f"Marketing is not shown: {spent['reason']}")
            return Title(
                f"Marketing cost {write(spent['value'], 'currency')} in {self.context.period_name}",
                f"What it returned is not shown: {found['reason']}.",
            )
        said = f"Marketing returns {write(found['value'], 'ratio')}"
        losing, ranked = marketing.losing(self.context.scope), self.figures.ranked
        idle = [channel_name(str(one)) for one in ranked.index if ranked[one] == 0]
        if losing:
            said += f"; {self._some(losing)} {'does not pay for itself' if len(losing) == 1 else 'do not pay back'}"
        elif idle:
            said += f"; nothing is credited to {self._some(idle)}"
        elif len(self.figures.ranked) > 1:
            said += f", {channel_name(str(self.figures.ranked.index[0]))} the most"
        even = rows["break_even_roas"]["value"]
        deck = f"{self.context.period_name}, {messages.completeness(self.context.period)}. {rule_words(self.context)}."
        for label, kpi in (("ROI", "marketing_revenue_roi"), ("Margin ROI", "marketing_roi")):
            if rows[kpi]["value"] is not None:
                deck += f" {label} {write(rows[kpi]['value'], 'percent')}."
        if even is not None and even > 0:
            deck += f" Break-even at {write(even, 'ratio')}."
        return Title(said, deck, values=(*result_values(self.figures.whole_frame), *figure_values(self._counts)))

    def page(self) -> Title | None:
        """The message as the head of a page of another report; nothing where there is no return to speak of."""
        return None if self.figures.totals["marketing_revenue_ratio"]["value"] is None else self.title()

    def returns(self, *, width: Width = "full") -> Figure | Note:
        """Spend, credited revenue and gross profit, ROAS with its interval, ROI and margin ROI, channel by channel."""
        frame, rows = self.figures.by_channel, self.figures.totals
        if rows["marketing_revenue_ratio"]["value"] is None or frame.empty:
            why = rows["marketing_revenue_ratio"]["reason"] or self.figures.missing
            return Note(f"Returns by channel are not shown: {why}.")
        even, ratio = rows["break_even_roas"]["value"], "marketing_revenue_ratio"
        ago = self.context.company.config.calendar.year_ago(self.context.period)
        note = f"{CREDIT} ROI: (revenue − spend) ÷ spend; margin ROI: on gross profit. “5 : 1” is ROAS."
        if rows[ratio]["ci_low"] is not None:
            note += " The band is what so many journeys of such sizes may vary by chance; spend is known."
        whole = rows[ratio]
        return returns(
            self.context.caption(
                "returns_by_channel", self._returns_title(even), f"{self._measured}, {{unit}}",
                note=note, values=(*self.figures.quoted, *figure_values(self._counts)),
            ),
            Groups(
                [channel_name(one) for one in frame.index], self.figures.column(ratio), "ratio",
                low=self.figures.column(ratio, "ci_low"), high=self.figures.column(ratio, "ci_high"),
                year_ago=self.figures.column(ratio, "year_ago"),
                reasons=[frame[ratio, "reason"][one] for one in frame.index],
            ),
            format=self.format,
            year_ago_label=period_label(ago, self.context.company.config.calendar) if ago else "a year earlier",
            break_even=even, total=Total(whole["value"], whole["ci_low"], whole["ci_high"], whole["year_ago"]),
            width=width,
            beside=(
                [self._numbers("Spend", "marketing_spend"), self._numbers("Revenue", "attributed_revenue"),
                  self._numbers("Gross profit", "attributed_gross_profit")],
                [self._numbers("ROI", "marketing_revenue_roi"), self._numbers("Margin ROI", "marketing_roi")],
            ),
        )  # fmt: skip

    def channels(self) -> Table | Note:
        """What each channel costs, what it brings step by step, and what a lead and a customer cost."""
        frame = self._sliced("channel", COSTS)
        if frame.empty:
            return Note(f"Costs by channel are not shown: {self.figures.missing}.")
        whole = self.context.rows(self.context.compute(COSTS))
        notes = [CREDIT, *_abbreviations([kpi for kpi in COSTS if frame[kpi].notna().any()])]
        if whole["marketing_spend"]["value"] != whole["customer_acquisition_cost"]["numerator"]:
            notes.append("Sales costs belong to no channel: only the CAC of all channels has them.")
        dearest = marketing.dearest_lead(self.context.scope)
        title = "What each channel costs"
        if not dearest.attrs["reason"]:
            row = wide(dearest, by=["channel"]).iloc[0]
            times = self.format.number(row["times"], 1)
            title = f"A lead of {channel_name(row['channel'])} costs {times} times the average"
        total = {"channel": "All channels", **{kpi: whole[kpi]["value"] for kpi in COSTS}}
        if total["impressions"] is not None:
            total["impressions"] /= THOUSAND
        return self._wide(
            frame, COSTS, "channel", id="marketing_channels", title=title, notes=notes, total=total,
            measure=f"Spend and steps, each by its own date, {self.context.period_name}",
            quoted=(*result_values(self.context.compute(COSTS, by=("channel",)), ("channel",)),
                    *result_values(self.context.compute(COSTS)), *figure_values(dearest)),
        )  # fmt: skip

    def campaigns(self, *, most: int = MOST_CAMPAIGNS) -> Table | Note:
        """The campaigns that cost the most: what they were shown, clicked, and brought."""
        frame = self._sliced("campaign", CAMPAIGN)
        if frame.empty:
            connected = "spend" in self.context.company.sources.connected
            why = "table spend has no column campaign" if connected else "table spend is not connected"
            return Note(f"Campaigns are not shown: {'no spend' if self._has('campaign') else why}.")
        shown = frame.head(most)
        notes = [CREDIT]
        if len(frame) > most:
            notes.append(f"The {most} of {len(frame)} campaigns that cost the most.")
        shares = marketing.campaigns(self.context.scope)
        share = wide(shares, "share", by=["campaign"])["share"].iloc[0]
        return self._wide(
            shown, CAMPAIGN, "campaign", id="marketing_campaigns", notes=notes, measure=self.context.period_name,
            title=f"{channel_name(str(shown.index[0]))} takes {self._share(share)} of the money of all campaigns",
            quoted=(*result_values(self.context.compute(CAMPAIGN, by=("campaign",)), ("campaign",)),
                    *figure_values(shares)),
        )  # fmt: skip

    def funnel(self, *, width: Width = "full") -> Figure | Note:
        """Visitors, leads, qualified leads, opportunities and customers of the period, with the rate of each step."""
        kpis = ("website_visitors", "visitor_to_lead_conversion", *(kpi for _, kpi in STEPS))
        frame = self.context.compute(kpis)
        rows = self.context.rows(frame)
        steps = [(label, rows[kpi]) for label, kpi in STEPS if rows[kpi]["value"] is not None]
        if len(steps) < 2:
            return Note(f"The funnel is not shown: {next(rows[kpi]['reason'] for _, kpi in STEPS)}.")
        count, share = self.format.number, self.format.percent
        visits, rate = rows["website_visitors"], rows["visitor_to_lead_conversion"]
        note = "Each step by its own date: a customer of the period may have been a lead before it."
        first, last = steps[0][1], steps[-1][1]
        title = (
            f"{count(first['value'])} {steps[0][0].lower()} stand over {count(last['value'])} {steps[-1][0].lower()}"
        )
        if visits["value"] is not None and rate["value"] is not None:
            title = f"{count(visits['value'])} visitors: {share(rate['value'])} became leads"
            if rate["year_ago"] is not None:
                title += f", against {share(rate['year_ago'])} a year ago"
        elif visits["reason"]:
            note += f" Visitors: {visits['reason']}."
        ago = self.context.company.config.calendar.year_ago(self.context.period)
        compared = ago is not None and all(row["year_ago"] is not None for _, row in steps)
        return funnel(
            self.context.caption(
                "marketing_funnel", title, f"Count in {self.context.period_name}", note=note,
                values=(*result_values(frame), *figure_values(marketing.step_rates(self.context.scope))),
            ),
            Steps(
                [label for label, _ in steps], [row["value"] for _, row in steps],
                before=[row["year_ago"] for _, row in steps] if compared else (),
                before_label=f"on {period_label(ago, self.context.company.config.calendar)}" if ago else "",
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def spend_page(self) -> Title | None:
        """Begin the page on where the money goes: who takes more of it than the channel brings back."""
        found = marketing.spend_shares(self.context.scope)
        if found.attrs["reason"]:
            return None
        worst = wide(found, by=["channel"]).iloc[-1]
        money, quoted = self._share(worst["spend"]), figure_values(only(found, channel=worst["channel"]))
        if pd.isna(worst["revenue"]):
            return Title(f"{worst['channel']} takes {money} of the money", values=quoted)
        back = self._share(worst["revenue"])
        return Title(f"{worst['channel']} takes {money} of the money and brings {back} of the revenue", values=quoted)

    def spend_and_return(self) -> Table | Note:
        """Which share of the spend each channel takes, and which share of revenue it is credited with."""
        found = marketing.spend_shares(self.context.scope)
        shares = wide(found, by=["channel"])
        if shares.empty or shares["revenue"].isna().all():
            why = self.figures.totals["attributed_revenue"]["reason"] or self.figures.missing
            return Note(f"Spend against return is not shown: {why}.")
        best = shares.iloc[0]
        money, back = (self._share(best[name]) for name in ("spend", "revenue"))
        return quoting_table(
            self.context, shares,
            [Field("channel", "Channel"), Field("spend", "Of spend", "percent", width="17mm"),
             Field("revenue", "Of revenue", "percent", width="19mm"), Field("gap", "Gap", "points", width="16mm")],
            id="spend_and_return", title=f"{best['channel']} brings {back} for {money} of the money",
            measure=f"Shares of all channels, {self.context.period_name}", note=CREDIT,
            quoted=(*self.figures.quoted, *figure_values(found)),
        )  # fmt: skip

    # ------------------------------------------------------------------ credit and response

    def credit_page(self) -> Title | None:
        """Begin the page on how sure credit is; see `CreditSections.credit_page`."""
        return self.credit.credit_page()

    def cohorts(self, *, last: int = COHORTS) -> Table | Note:
        """What the money of each month brought back; see `CreditSections.cohorts`."""
        return self.credit.cohorts(last=last)

    def rules(self) -> Table | Note:
        """Credited revenue of each channel by rule; see `CreditSections.rules`."""
        return self.credit.rules()

    def sensitivity(self) -> Table | Note:
        """How far returns depend on rules, lags and costs; see `CreditSections.sensitivity`."""
        return self.credit.sensitivity()

    def reconciliation(self) -> Table | Note:
        """Credited against booked and claimed; see `CreditSections.reconciliation`."""
        return self.credit.reconciliation()

    def claims(self) -> Note | None:
        """A warning where too much is claimed; see `CreditSections.claims`."""
        return self.credit.claims()

    def marginal(self) -> Table | Note:
        """Marginal beside average returns; see `ResponseSections.marginal`."""
        return self.response.marginal()

    def response_curves(self, *, width: Width = "full") -> Figure | Note:
        """What more or less spend would bring by channel; see `ResponseSections.curves`."""
        return self.response.curves(width=width)

    def what_if(self, *, moved: float = MOVED) -> Table | Note:
        """What would follow if budget moved; see `ResponseSections.what_if`."""
        return self.response.what_if(moved=moved)

    # ------------------------------------------------------------------ inside

    @cached_property
    def credit(self) -> CreditSections:
        """Sections on credit."""
        return CreditSections(self.context)

    @cached_property
    def response(self) -> ResponseSections:
        """Sections on marginal returns."""
        return ResponseSections(self.context)

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def figures(self) -> Channels:
        """What marketing costs and returns, channel by channel."""
        return channels_of(self.context)

    @property
    def _counts(self) -> pd.DataFrame:
        return marketing.pays_off(self.context.scope)

    def _share(self, share: float) -> str:
        return self.format.prose(round(share, 2), "percent")

    def _some(self, names: Sequence[str]) -> str:
        """Channels by name, or how many they are."""
        return name_list(names) if len(names) <= MOST_NAMES else f"{len(names)} of {len(self.figures.ranked)} channels"

    def _returns_title(self, even: float | None) -> str:
        counts = totals(self._counts)
        said = f"{counts['strong']:.0f} of {counts['channels']:.0f} channels return {STRONG:g} : 1 or more"
        below = [
            channel_name(one)
            for one in self.figures.ranked.index
            if even is not None and self.figures.ranked[one] < even
        ]
        if below:
            said += f", {self._some(below)} {'lies' if len(below) == 1 else 'lie'} below break-even"
        return said

    @property
    def _measured(self) -> str:
        rule = rule_words(self.context)
        return f"Attributed revenue ÷ spend, {self.context.period_name}, {rule[0].lower()}{rule[1:]}"

    def _numbers(self, label: str, kpi: str) -> Numbers:
        return Numbers(
            label, self.context.metric(kpi).unit, self.figures.column(kpi), self.figures.totals[kpi]["value"]
        )

    def _has(self, column: str) -> bool:
        return has_spend_by(self.context.scope, column)

    def _sliced(self, by: str, kpis: Sequence[str]) -> pd.DataFrame:
        """KPIs as columns, the values of a dimension as rows, the dearest first; without those that cost nothing."""
        if not self._has(by):
            return pd.DataFrame()
        frame = self.context.compute(tuple(kpis), by=(by,)).dropna(subset=[by])
        wide = frame.pivot(index=by, columns="kpi", values="value").reindex(columns=list(kpis)).astype(float)
        wide = wide[wide["marketing_spend"] > 0]
        return wide.sort_values("marketing_spend", ascending=False)

    def _wide(
        self, frame: pd.DataFrame, kpis: Sequence[str], by: str, *,
        notes: list[str], quoted: tuple[dict[str, Any], ...], **words: Any,
    ) -> Table:  # fmt: skip
        """A table of many narrow columns; one without any value is left out, and the note says why."""
        there = [kpi for kpi in kpis if frame[kpi].notna().any()]
        missing = self.context.compute(tuple(kpis), by=(by,))
        missing = missing[~missing["kpi"].isin(there) & missing["reason"].notna()].drop_duplicates("kpi")
        reasons: dict[str, list[str]] = {}
        for kpi, reason in zip(missing["kpi"], missing["reason"], strict=True):
            reasons.setdefault(str(reason), []).append(HEADS[kpi])
        notes += [f"No {name_list(heads)}: {reason}." for reason, heads in reasons.items()]
        fields = [Field(by, by.capitalize())]
        fields += [Field(kpi, HEADS[kpi], self.context.metric(kpi).unit, width=_width(kpi)) for kpi in there]
        rows = frame.assign(impressions=frame["impressions"] / THOUSAND).reset_index()
        rows[by] = [channel_name(str(one), by) for one in rows[by]]
        return quoting_table(self.context, rows, fields, note=" ".join(notes), quoted=quoted, **words)


def _abbreviations(kpis: Sequence[str]) -> list[str]:
    """Say what the short heads of a table mean."""
    words = {"impressions": "impressions in thousands", "new_customers": "new customers",
             "cost_per_lead": "cost of a lead", "customer_acquisition_cost": "cost of a new customer"}  # fmt: skip
    said = [f"{HEADS[kpi]}: {words[kpi]}" for kpi in kpis if kpi in words]
    return [f"{'; '.join(said)}."] if said else []


def _width(kpi: str) -> str:
    wide = {"impressions": "16mm", "cost_per_conversion": "19mm", "marketing_roi": "18mm", "new_customers": "11mm",
            "marketing_payback_months": "15mm", "ltv_to_cac": "15mm", 
            "attributed_revenue": "15mm", "leads": "12mm", "marketing_qualified_leads": "12mm",
            "sales_qualified_leads": "12mm"}  # fmt: skip
    return wide.get(kpi, "13mm")
