"""The sales pipeline of a report: its stages, its speed, how old it is, and what it will bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import result_values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import changes, deals, figure_values, only, pipeline, totals, wide
from kpi_analysis.insight.scope import Scope
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.funnels import Steps, funnel
from kpi_analysis.report.charts.series import TimeSeries
from kpi_analysis.report.charts.waterfalls import Bridge, waterfall
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections import drivers
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.win_rates import WinRateSections
from kpi_analysis.report.tables import Field, value_table

MOST_EXPECTED = 12
LIKE = 0.1  # chances so close to each other are told as alike
STEPS = (
    ("Leads", "leads"),
    ("Marketing-qualified", "marketing_qualified_leads"),
    ("Sales-qualified", "sales_qualified_leads"),
    ("Opportunities", "opportunities_created"),
)
PACE = ("the first half", "the next quarter", "up to nine in ten", "the last tenth")


@on_display
@dataclass(frozen=True)
class PipelineSections:
    """Sections on the sales pipeline. One without its data shows nothing, or a note that says why.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: what the open deals should bring, or how many are open and how many of them are old."""
        open_, shown = pipeline.open_deals(self.scope), pipeline.expected(self.scope)
        if open_.attrs["reason"]:
            return Title("The sales pipeline is not shown: " + open_.attrs["reason"])
        count = f"{self.format.number(totals(open_)['deals'])} open deals"
        old, quoted = self._old, figure_values(only(open_, "deals", "old"), only(shown, "expected"))
        aged = f"{self.format.prose(old, 'percent')} of them are older than nine in ten won deals were." if old else ""
        place = f"Open on {self.format.date(self.day)}."
        if reason := shown.attrs["reason"]:
            return Title(f"{count} wait to be closed", f"{place} No forecast: {reason}. {aged}".strip(), values=quoted)
        expected = self.format.prose(totals(shown)["expected"], "currency")
        return Title(
            f"{count} should bring {expected} by {self.format.date(self.until)}",
            f"{place} 95% range {self._reach}. {aged}".strip(),
            values=quoted,
        )

    def stages(self, *, width: Width = "full") -> Figure | None:
        """How many leads, qualified leads, opportunities and won deals the period had, each by its own date."""
        frame, ago = (
            self.context.compute(tuple(kpi for _, kpi in STEPS)),
            self.scope.calendar.year_ago(self.scope.period),
        )
        rows, won = self.context.rows(frame), pipeline.won_deals(self.scope)
        steps = [(label, rows[kpi]["value"], rows[kpi]["year_ago"]) for label, kpi in STEPS if rows[kpi]["value"]]
        if not self._are_there or not steps:
            return None
        last = wide(won, by=[]).iloc[0]
        before = None if ago is None or steps[-1][2] is None else last["won.year_ago"]
        steps.append(("Won deals", last["won"], before))
        place = "" if self.context.period.complete else " so far"
        title = f"{self._count(last['won'], 'Deals')} were won{place}; {self._count(steps[0][1], steps[0][0])} came in"
        compared = all(step[2] is not None for step in steps) and ago is not None
        return funnel(
            self.context.caption(
                "pipeline_stages", title, f"Count in {self.context.period_name}, each step by its own date",
                values=(*result_values(frame), *figure_values(won, pipeline.stage_rates(self.scope))),
            ),
            Steps(
                [step[0] for step in steps], [step[1] for step in steps],
                before=[step[2] for step in steps] if compared else (),
                before_label=f"on {self._name(ago)}" if ago is not None else "",
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def velocity(self, *, width: Width = "full") -> Figure | Note | None:
        """What its levers did to sales velocity since the period before."""
        if not self._are_there:
            return None
        found, metric = (
            changes.driver_contributions(self.scope, "sales_velocity"),
            self.context.metric("sales_velocity"),
        )
        if found.attrs["reason"]:
            return Note(f"What moved sales velocity is not shown: {found.attrs['reason']}.")
        told, calendar = found.attrs["told"], self.scope.calendar
        then, now = (period_label(calendar.parse(told.attrs[name]), calendar) for name in ("against", "period"))
        return waterfall(
            self.context.caption(
                "velocity_levers",
                drivers.claim(told, metric, self.format, over=self.context.period.complete),
                f"{metric.label}, {{unit}}; {then} to {now}",
                note=drivers.METHODS[told.attrs["method"]],
                values=(*result_values(self.context.compute(("sales_velocity",))), *figure_values(found)),
            ),
            Bridge(
                (then, told.attrs["before"]), drivers.contributions(found), (now, told.attrs["after"]), metric.unit,
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def open_page(self) -> Title | None:
        """Begin the page on the open deals: how many are older than nearly all that were won."""
        if not self._are_there or self._old is None:
            return None
        share = self.format.prose(self._old, "percent")
        return Title(
            f"{share} of the open deals have been open for more than {self._limit} days",
            values=figure_values(only(pipeline.open_deals(self.scope), "old", "limit")),
        )

    def ageing(self) -> Table | Note | None:
        """The open deals by age, against the ages at which deals were won."""
        if not self._are_there:
            return None
        found = pipeline.ageing(self.scope)
        if found.attrs["reason"]:
            return Note(f"The ages of open deals are not shown: {found.attrs['reason']}.")
        table = wide(found, by=["age"])
        rows = [
            {
                **row,
                "open_for": self._span(row["from_days"], row["to_days"]),
                "pace": PACE[i] if len(table) == 4 else "",
            }
            for i, row in enumerate(table.to_dict("records"))
        ]
        fields = [
            Field("open_for", "Open for", width="34mm"), Field("pace", "Of won deals, when they were won", width="1fr"),
            Field("deals", "Open deals", "count"), Field("share", "Share", "percent"),
            *([Field("amount", "Amount", "currency")] if table["amount"].notna().any() else []),
            Field("chance", "Will be won", "percent", width="24mm"),
        ]  # fmt: skip
        return self._table(
            rows, fields, id="pipeline_ageing", title=self._age_title(rows),
            measure=f"Deals open on {self.format.date(self.day)} by age; chance of being won at all",
            total={"open_for": "All open deals", **totals(found)}, quoted=figure_values(found),
            note="Ages within which half, three quarters and nine tenths of the deals won in two years were won. "
                 "Chance: Aalen-Johansen, given that the deal is still open.",
        )  # fmt: skip

    def slippage(self, *, width: Width = "half") -> Figure | None:
        """Which share of the deals that were open at each period's end had been open for too long."""
        if not self._are_there or self._old is None:
            return None
        found, grain = pipeline.deal_slippage(self.scope), deals.grain(self.scope)
        table = wide(found, by=[])
        shares = [None if pd.isna(share) else float(share) for share in table["share"]]
        was, now = (next((s for s in row if s is not None), None) for row in (shares, shares[::-1]))
        if was is None or now is None:
            return None
        verb = "rose" if now > was else "fell"
        moved = "stayed near" if abs(now - was) < 0.005 else f"{verb} from {self.format.prose(was, 'percent')} to"
        return columns_over_time(
            self.context.caption(
                "pipeline_slippage", f"The share that slips {moved} {self.format.prose(now, 'percent')}",
                f"Open deals older than {self._limit} days, {{unit}} of all open, at the end of each {grain}",
                note="Deals carry no planned date: one that is open longer than nine in ten won deals took "
                "counts as slipped.",
                values=figure_values(found, only(pipeline.open_deals(self.scope), "limit")),
            ),
            TimeSeries(
                table["period"].tolist(), shares, "percent", complete=[bool(done) for done in table["complete"]],
                reasons=["no deal was open, or the data were too young"] * len(table),
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def outcome(self, *, width: Width = "half") -> Figure | Note | None:
        """What open deals brought in earlier periods, beside what was forecast, and what is to come."""
        if not self._are_there:
            return None
        found, grain = pipeline.expected(self.scope), deals.grain(self.scope)
        if found.attrs["reason"]:
            return Note(f"What the open deals will bring is not forecast: {found.attrs['reason']}.{self._checked()}")
        earlier, ahead = wide(found, "won", by=[]), wide(found, "expected", by=[]).iloc[0]
        coming = self.scope.calendar.containing(self.day + dt.timedelta(days=1), grain).label
        ranges = [*zip(earlier["won.ci_low"], earlier["won.ci_high"], strict=True)] if len(earlier) else []
        return columns_over_time(
            self.context.caption(
                "pipeline_forecast", f"Open deals should bring {self._reach} by {self.format.date(self.until)}",
                f"Won of the deals open when the {grain} began, {{unit}}",
                note=f"Lines: the ranges forecast then.{self._checked()}", values=figure_values(found),
            ),
            TimeSeries(
                [*earlier.get("period", ()), coming], [*earlier.get("won", ()), ahead["expected"]], "currency",
                intervals=[*ranges, (ahead["expected.ci_low"], ahead["expected.ci_high"])],
            ),
            format=self.format, projected=1, width=width,
        )  # fmt: skip

    def expected(self, by: str = "owner") -> Table | None:
        """What the open deals of each owner, product or region should bring."""
        found = pipeline.expected_by(self.scope, by=by, most=MOST_EXPECTED)
        if found.attrs["reason"]:
            return None
        table = wide(found, by=[by])
        best = table.iloc[0]
        share = self.format.prose(round(best["share"], 2), "percent")
        fields = [
            Field(by, by.capitalize()), Field("deals", "Open deals", "count"),
            Field("old", "Median age", "days"), Field("amount", "Amount", "currency"),
            Field("wins", "Wins expected", "count", width="24mm"),
            Field("expected", f"By {self.format.date(self.until)}", "currency", width="28mm"),
            Field("ever", "At all", "currency"),
        ]  # fmt: skip
        forecast = pipeline.expected(self.scope)
        filled = totals(forecast)["without_amount"]
        note = f"{self.format.number(filled)} deals without an amount take the mean of won deals of their product."
        return self._table(
            table.to_dict("records"), fields, id=f"pipeline_expected_by_{by}",
            title=f"{best[by]} has {share} of what is to be expected",
            measure=f"Deals open on {self.format.date(self.day)} and what is expected of them",
            total={by: "All open deals", **totals(found)},
            note=note if filled else "Chance of each deal at its age × its amount. New deals are no part of it.",
            quoted=figure_values(found, only(forecast, "without_amount")),
        )  # fmt: skip

    # ------------------------------------------------------------------ win rates

    def cohorts(self) -> Table | None:
        """What became of the opportunities of each period; see `WinRateSections.cohorts`."""
        return self.rates.cohorts()

    def winners_page(self) -> Title | None:
        """Begin the page on win rates; see `WinRateSections.winners_page`."""
        return self.rates.winners_page()

    def win_rates(self, by: str, *, width: Width = "full") -> Figure | None:
        """The win rate of a year by owner, product or region; see `WinRateSections.win_rates`."""
        return self.rates.win_rates(by, width=width)

    def deal_sizes(self, *, width: Width = "half") -> Figure | None:
        """How large won deals are; see `WinRateSections.deal_sizes`."""
        return self.rates.deal_sizes(width=width)

    # ------------------------------------------------------------------ inside

    @cached_property
    def rates(self) -> WinRateSections:
        """Sections on win rates."""
        return WinRateSections(self.context)

    @property
    def scope(self) -> Scope:
        """What the figures are computed from."""
        return self.context.scope

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def day(self) -> dt.date:
        """The last day that counts: the data may go on after the period."""
        return self.scope.day

    @property
    def until(self) -> dt.date:
        """The last day of the forecast."""
        return deals.until(self.scope)

    @property
    def _are_there(self) -> bool:
        return not deals.absent(self.scope)

    @property
    def _limit(self) -> str:
        return self.format.number(totals(pipeline.open_deals(self.scope))["limit"])

    @property
    def _old(self) -> float | None:
        """The share of the open deals that are older than nine in ten won deals were."""
        old = totals(pipeline.open_deals(self.scope)).get("old")
        return None if old is None else round(old, 3)

    @property
    def _reach(self) -> str:
        row = wide(pipeline.expected(self.scope), "expected", by=[]).iloc[0]
        return " to ".join(self.format.prose(row[f"expected.{end}"], "currency") for end in ("ci_low", "ci_high"))

    def _age_title(self, rows: Sequence[Mapping[Any, Any]]) -> str:
        there = [row for row in rows if row["deals"]]
        first, last = (self.format.prose(round(row["chance"], 3), "percent") for row in (there[0], there[-1]))
        if len(there) == 1:
            return f"{first} of the open deals should be won"
        if abs(there[-1]["chance"] - there[0]["chance"]) <= LIKE * there[0]["chance"]:
            return f"Age hardly matters: {first} of the newest and {last} of the oldest open deals should be won"
        return f"{last} of the oldest open deals should be won, against {first} of the newest"

    def _checked(self) -> str:
        found = totals(pipeline.expected(self.scope))
        if not found.get("tried"):
            return ""
        write, grain, count = self.format.prose, deals.grain(self.scope), int(found["tried"])
        off, naive = (write(found[name], "currency") for name in ("error", "naive_error"))
        ends = f"{count} earlier {grain} end{'s' if count > 1 else ''}"
        words = f" On {ends} it was off by {off} on average, the {grain} before by {naive}"
        return f"{words}; {found['held']:.0f} of {count} ranges held."

    def _span(self, low: float, high: float | None) -> str:
        if high is None or pd.isna(high):
            return f"{self.format.number(low)} days and more"
        return f"{self.format.number(low)} to {self.format.number(high)} days"

    def _count(self, count: float, label: str) -> str:
        return f"{self.format.prose(count, 'count')} {label[0].lower()}{label[1:]}"

    def _name(self, period: Period) -> str:
        return period_label(period, self.scope.calendar)

    def _table(
        self,
        rows: Sequence[Mapping[Any, Any]],
        fields: list[Field],
        *,
        quoted: tuple[dict[str, Any], ...],
        **words: Any,
    ) -> Table:
        return replace(value_table(pd.DataFrame(rows), fields, self.format, **words), values=quoted)
