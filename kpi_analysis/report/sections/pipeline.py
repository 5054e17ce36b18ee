"""The sales pipeline of a report: its stages, its speed, how old it is, and what it will bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.funnels import funnel
from kpi_analysis.report.charts.waterfalls import waterfall
from kpi_analysis.report.sections import drivers
from kpi_analysis.report.sections.win_rates import WinRateSections
from kpi_analysis.report.tables import Field
from kpi_analysis.stats import pipeline

LOOKED_BACK = 9  # periods at whose ends the forecast is tried; the first one only serves to repeat from
MOST_EXPECTED = 12
LIKE = 0.1  # chances so close to each other are told as alike
STEPS = (
    ("Leads", "leads"),
    ("Marketing-qualified", "marketing_qualified_leads"),
    ("Sales-qualified", "sales_qualified_leads"),
    ("Opportunities", "opportunities_created"),
)


@dataclass(frozen=True)
class PipelineSections(WinRateSections):
    """Sections on the sales pipeline. One without its data shows nothing, or a note that says why.

    The parameter is that of `WinRateSections`.
    """

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: what the open deals should bring, or how many are open and how many of them are old."""
        if self.deals is None:
            return Title("The sales pipeline is not shown: " + self._absent)
        shown, old = self.forecast, self._old
        count = f"{self.format.number(len(shown.frame))} open deals"
        aged = f"{self.format.prose(old, 'percent')} of them are older than nine in ten won deals were." if old else ""
        place = f"Open on {self.format.date(self.day)}."
        if shown.reason:
            return Title(f"{count} wait to be closed", f"{place} No forecast: {shown.reason}. {aged}".strip())
        expected = self.format.prose(shown.expected, "currency")
        reach = " to ".join(self.format.prose(end, "currency") for end in (shown.low, shown.high))
        return Title(
            f"{count} should bring {expected} by {self.format.date(self.until)}",
            f"{place} 95% range {reach}. {aged}".strip(),
        )

    def stages(self, *, width: Width = "full") -> Figure | None:
        """How many leads, qualified leads, opportunities and won deals the period had, each by its own date."""
        frame = self.context.compute(tuple(kpi for _, kpi in STEPS))
        ago = self.context.company.config.calendar.year_ago(self.context.period)
        rows = self.context.rows(frame)
        steps = [(label, rows[kpi]["value"], rows[kpi]["year_ago"]) for label, kpi in STEPS if rows[kpi]["value"]]
        if self.deals is None or not steps:
            return None
        before = self._won_in(ago) if ago is not None and steps[-1][2] is not None else None
        steps.append(("Won deals", self._won_in(self.context.period), before))
        first, last = steps[0], steps[-1]
        place = "" if self.context.period.complete else " so far"
        title = f"{self._count(last[1], 'Deals')} were won{place}; {self._count(first[1], first[0])} came in"
        compared = all(step[2] is not None for step in steps) and ago is not None
        return funnel(
            Caption("pipeline_stages", title, f"Count in {self.context.period_name}, each step by its own date",
                    values=values(frame)),
            [step[0] for step in steps], [step[1] for step in steps], format=self.format,
            counts_before=[step[2] for step in steps] if compared else None,
            before_label=f"on {self._name(ago)}" if ago is not None else "", width=width,
        )  # fmt: skip

    def velocity(self, *, width: Width = "full") -> Figure | Note | None:
        """What its levers did to sales velocity since the period before."""
        if self.deals is None:
            return None
        context, metric = self.context, self.context.metric("sales_velocity")
        told = context.company.explain(
            "sales_velocity", period=context.period.label, where=context.where, as_of=context.as_of
        )
        if told.attrs["reason"] or told.empty:
            return Note(f"What moved sales velocity is not shown: {told.attrs['reason'] or 'nothing moved'}.")
        calendar = context.company.config.calendar
        then, now = (period_label(calendar.parse(told.attrs[name]), calendar) for name in ("against", "period"))
        return waterfall(
            Caption("velocity_levers",
                    drivers.claim(told, metric, self.format, over=context.period.complete),
                    f"{metric.label}, {{unit}}; {then} to {now}",
                    note=drivers.METHODS[told.attrs["method"]],
                    values=values(context.compute(("sales_velocity",)))),
            (then, told.attrs["before"]), drivers.steps(told), (now, told.attrs["after"]),
            unit=metric.unit, format=self.format, width=width,
        )  # fmt: skip

    def open_page(self) -> Title | None:
        """Begin the page on the open deals: how many are older than nearly all that were won."""
        if self.deals is None or self._old is None:
            return None
        share = self.format.prose(self._old, "percent")
        limit = self.format.number(int(self._limit))
        return Title(f"{share} of the open deals have been open for more than {limit} days")

    def ageing(self) -> Table | Note | None:
        """The open deals by age, against the ages at which deals were won."""
        if self.deals is None:
            return None
        found = pipeline.ageing(self.known, self.day)
        if found.empty:
            return Note("The ages of open deals are not shown: no deal is open, or none was won yet.")
        pace = ("the first half", "the next quarter", "up to nine in ten", "the last tenth")
        rows = [
            {**row, "age": self._span(row["from_days"], row["to_days"]), "pace": pace[i] if len(found) == 4 else ""}
            for i, row in enumerate(found.to_dict("records"))
        ]
        fields = [
            Field("age", "Open for", width="34mm"), Field("pace", "Of won deals, when they were won", width="1fr"),
            Field("deals", "Open deals", "count"), Field("share", "Share", "percent"),
            *([Field("amount", "Amount", "currency")] if found["amount"].notna().any() else []),
            Field("chance", "Will be won", "percent", width="24mm"),
        ]  # fmt: skip
        chances = pipeline.win_chances(self.known, self.day).ever(self._ages.to_numpy())
        return self._table(
            rows, fields, id="pipeline_ageing", title=self._age_title(rows),
            measure=f"Deals open on {self.format.date(self.day)} by age; chance of being won at all",
            total={"age": "All open deals", "deals": found["deals"].sum(), "amount": found["amount"].sum(min_count=1),
                   "chance": chances.mean()},
            note="Ages within which half, three quarters and nine tenths of the deals won in two years were won. "
                 "Chance: Aalen-Johansen, given that the deal is still open.",
        )  # fmt: skip

    def slippage(self, *, width: Width = "half") -> Figure | None:
        """Which share of the deals that were open at each period's end had been open for too long."""
        if self.deals is None or self._old is None:
            return None
        ends = [*self._ends[-LOOKED_BACK + 1 :], self.day]
        found = pipeline.slippage(self.deals, ends, self._limit)
        shares = [None if pd.isna(share) else float(share) for share in found["share"]]
        was, now = (next((s for s in row if s is not None), None) for row in (shares, shares[::-1]))
        if was is None or now is None:
            return None
        verb = "rose" if now > was else "fell"
        moved = "stayed near" if abs(now - was) < 0.005 else f"{verb} from {self.format.prose(was, 'percent')} to"
        labels = [self.context.company.config.calendar.containing(day, self._grain) for day in ends]
        limit = self.format.number(int(self._limit))
        return columns_over_time(
            Caption("pipeline_slippage", f"The share that slips {moved} {self.format.prose(now, 'percent')}",
                    f"Open deals older than {limit} days, {{unit}} of all open, at the end of each {self._grain}",
                    note="Deals carry no planned date: one that is open longer than nine in ten won deals took "
                         "counts as slipped."),
            [period.label for period in labels], shares, unit="percent", format=self.format,
            complete=[period.last_day == day for period, day in zip(labels, ends, strict=True)],
            reasons=["no deal was open"] * len(ends), width=width,
        )  # fmt: skip

    def outcome(self, *, width: Width = "half") -> Figure | Note | None:
        """What open deals brought in earlier periods, beside what was forecast, and what is to come."""
        if self.deals is None:
            return None
        found = self.forecast
        if found.reason:
            return Note(f"What the open deals will bring is not forecast: {found.reason}.{self._checked()}")
        calendar = self.context.company.config.calendar
        ends = [one.day for one in found.backtest]
        periods = [calendar.containing(day + dt.timedelta(days=1), self._grain) for day in [*ends, self.day]]
        reach = " to ".join(self.format.prose(end, "currency") for end in (found.low, found.high))
        return columns_over_time(
            Caption("pipeline_forecast", f"Open deals should bring {reach} by {self.format.date(self.until)}",
                    f"Won of the deals open when the {self._grain} began, {{unit}}",
                    note=f"Lines: the ranges forecast then.{self._checked()}"),
            [period.label for period in periods], [*(one.won for one in found.backtest), found.expected],
            unit="currency", format=self.format, projected=1,
            intervals=[*((one.low, one.high) for one in found.backtest), (found.low, found.high)], width=width,
        )  # fmt: skip

    def expected(self, by: str = "owner") -> Table | None:
        """What the open deals of each owner, product or region should bring."""
        if self.deals is None or self.forecast.reason or by not in self.forecast.frame.columns:
            return None
        frame = self.forecast.frame.assign(all=self.forecast.frame["ever"] * self.forecast.frame["amount"])
        sums = {"amount": "amount", "wins": "chance", "expected": "expected", "ever": "all"}
        table = frame.groupby(by).agg(
            deals=("amount", "size"), old=("age", "median"), **{name: (of, "sum") for name, of in sums.items()}
        )
        table = table.sort_values("expected", ascending=False).reset_index()
        best = table.iloc[0]
        share = self.format.prose(round(best["expected"] / frame["expected"].sum(), 2), "percent")
        fields = [
            Field(by, by.capitalize()), Field("deals", "Open deals", "count"),
            Field("old", "Median age", "days"), Field("amount", "Amount", "currency"),
            Field("wins", "Wins expected", "count", width="24mm"),
            Field("expected", f"By {self.format.date(self.until)}", "currency", width="28mm"),
            Field("ever", "At all", "currency"),
        ]  # fmt: skip
        rows: list[dict[Any, Any]] = table.head(MOST_EXPECTED).to_dict("records")
        if (others := len(table) - MOST_EXPECTED) > 0:
            rest = table.iloc[MOST_EXPECTED:]
            added = {name: rest[name].sum() for name in ("deals", *sums)}
            rows.append({by: f"{others} others", **added})
        filled = self.forecast.without_amount
        note = f"{self.format.number(filled)} deals without an amount take the mean of won deals of their product."
        return self._table(
            rows, fields, id=f"pipeline_expected_by_{by}",
            title=f"{best[by]} has {share} of what is to be expected",
            measure=f"Deals open on {self.format.date(self.day)} and what is expected of them",
            total={by: "All open deals", "deals": len(frame), "amount": frame["amount"].sum(),
                   "wins": frame["chance"].sum(), "expected": frame["expected"].sum(), "ever": frame["all"].sum()},
            note=note if filled else "Chance of each deal at its age × its amount. New deals are no part of it.",
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @cached_property
    def forecast(self) -> pipeline.Forecast:
        """What the open deals will bring by the end of the next period, or of one that still runs."""
        assert self.deals is not None
        return pipeline.forecast(self.deals, self.day, self.until, earlier=self._ends)

    @cached_property
    def until(self) -> dt.date:
        """The last day of the forecast."""
        calendar = self.context.company.config.calendar
        return calendar.containing(self.day + dt.timedelta(days=1), self._grain).last_day

    @cached_property
    def _ends(self) -> list[dt.date]:
        """The ends of the periods before the day, as far back as there were deals."""
        assert self.deals is not None
        if self.deals.empty:
            return []
        found: list[dt.date] = []
        first = self.deals["created"].min().date()
        period = self.context.company.config.calendar.containing(self.day, self._grain)
        while len(found) < LOOKED_BACK and period.start > first:
            period = self.context.company.config.calendar.prior(period)
            found.insert(0, period.last_day)
        return found

    @cached_property
    def _limit(self) -> float:
        return pipeline.cycle(self.known, self.day, pipeline.SLIPPED)

    @cached_property
    def _old(self) -> float | None:
        """The share of the open deals that are older than nine in ten won deals were."""
        if self._ages.empty or pd.isna(self._limit):
            return None
        return round(float((self._ages > self._limit).mean()), 3)

    @property
    def _ages(self) -> pd.Series[Any]:
        """The ages of the open deals in days."""
        ages: pd.Series[Any] = self.known.loc[self.known["closed"].isna(), "age"]
        return ages

    def _won_in(self, period: Period) -> int:
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.last_day)
        return int(self.known.loc[self.known["closed"].between(start, end), "won"].sum())

    def _age_title(self, rows: Sequence[Mapping[Any, Any]]) -> str:
        there = [row for row in rows if row["deals"]]
        first, last = (self.format.prose(round(row["chance"], 3), "percent") for row in (there[0], there[-1]))
        if len(there) == 1:
            return f"{first} of the open deals should be won"
        if abs(there[-1]["chance"] - there[0]["chance"]) <= LIKE * there[0]["chance"]:
            return f"Age hardly matters: {first} of the newest and {last} of the oldest open deals should be won"
        return f"{last} of the oldest open deals should be won, against {first} of the newest"

    def _checked(self) -> str:
        found = self.forecast
        if not found.backtest:
            return ""
        write = self.format.prose
        count, off, naive = len(found.backtest), write(found.error, "currency"), write(found.naive_error, "currency")
        ends = f"{count} earlier {self._grain} end{'s' if count > 1 else ''}"
        words = f" On {ends} it was off by {off} on average, the {self._grain} before by {naive}"
        return f"{words}; {found.held} of {count} ranges held."

    def _span(self, low: float, high: float | None) -> str:
        if high is None or pd.isna(high):
            return f"{self.format.number(low)} days and more"
        return f"{self.format.number(low)} to {self.format.number(high)} days"

    def _count(self, count: float, label: str) -> str:
        return f"{self.format.prose(count, 'count')} {label[0].lower()}{label[1:]}"
