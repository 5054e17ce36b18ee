"""The customers page of a report: who comes back, how long contracts last, and what customers will be worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import period_label
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import customers, figure_values, of_slices, only, totals, wide
from kpi_analysis.insight.figures.customers import DAYS
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.triangles import Cohorts, retention_triangle
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections.context import ReportContext
from kpi_analysis.report.sections.contracts import ContractSections
from kpi_analysis.report.tables import Field, value_table
from kpi_analysis.stats.intervals import newcombe

MOST_COHORTS = 12
ORDINALS = ("first", "second", "third", "fourth", "fifth")


@on_display
@dataclass(frozen=True)
class CustomerSections:
    """Sections on customers, by their orders and by their contracts.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    def page(self) -> Title | None:
        """Begin the page: how many customers bought again, and how many contracts were lost."""
        frame = self.context.compute(("repeat_purchase_rate", "churn_rate"))
        rows = {row["kpi"]: row["value"] for row in records(frame) if row["value"] is not None}
        words = {
            "repeat_purchase_rate": "{} of those who bought did so more than once",
            "churn_rate": "{} of the customers under contract were lost",
        }
        said = [words[kpi].format(self.format.prose(value, "percent")) for kpi, value in rows.items()]
        if not said:
            return None
        place = self.context.period_name if self.context.period.complete else f"{self.context.period_name} so far"
        return Title(f"{', and '.join(said)} in {place}", values=result_values(frame[frame.kpi.isin(rows)]))

    def title(self) -> Title:
        """The message of a report on customers: that of the page, or why there is none."""
        if (page := self.page()) is not None:
            return page
        rows = self.context.rows(self.context.compute(("repeat_purchase_rate", "churn_rate")))
        if not {"orders", "subscriptions"} & set(self.context.company.sources.connected):
            return Title("Customers are not shown: neither table orders nor table subscriptions is connected")
        reason = rows["repeat_purchase_rate" if self._have_orders else "churn_rate"]["reason"]
        return Title(f"What customers did in {self.context.period_name} is not known: {reason}")

    def retention(self, *, most: int = MOST_COHORTS) -> Figure | Note | None:
        """Of those who first bought in a month or quarter, how many bought again in each one after; `most` cohorts."""
        if not self._have_orders:
            return None
        found = customers.cohort_retention(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Retention is not shown: {found.attrs['reason']}.")
        sizes, cells = wide(found, "size", by=["cohort"]), wide(found, "rate", by=["cohort", "age"])
        grain, first = found.attrs["grain"], found.attrs["first"]
        shown = sizes["cohort"].tolist()[-most - 1 :]
        # a cell that is not over shows what it has so far, and the cohort that is still coming has no later period
        groups = [(name, cells[cells["cohort"] == name]) for name in shown] if len(cells) else []
        told = [(name, group) for name, group in groups if group["rate"].notna().any()]
        if not told:
            return Note(f"Retention is not shown: the data cover only one {grain}.")
        oldest = max(group.loc[group["rate"].notna(), "age"].astype(int).max() for _, group in told)
        told = [(name, group[group["age"].astype(int) <= oldest]) for name, group in told]
        title, compared = self._retention_title(cells, grain)
        size = dict(zip(sizes["cohort"], sizes["size"], strict=True))
        note = f"Customers of {self._short(first)} may have bought before the data begin."
        named = {*compared, *(name for name, _ in told)}
        quoted = figure_values(of_slices(found, "cohort", named))
        return retention_triangle(
            self.context.caption(
                "retention", title,
                f"Customers who bought again, {{unit}} of each cohort, by {grain}s since their first order",
                note=note if told[0][0] == first else "", values=quoted,
            ),
            Cohorts(
                [self._short(name) for name, _ in told], [int(size[name]) for name, _ in told],
                [[None if pd.isna(rate) else float(rate) for rate in group["rate"]] for _, group in told],
                [[bool(done) for done in group["complete"]] for _, group in told], age_name=f"{grain}s",
            ),
            format=self.format,
        )  # fmt: skip

    def repeat_purchases(self) -> Table | Note | None:
        """After the first, second, third purchase: how many bought again, and how soon."""
        if not self._have_orders:
            return None
        found = customers.repeat_purchases(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Repeat purchases are not shown: {found.attrs['reason']}.")
        table = wide(found, by=["purchase"])
        shares = [share for share in table["in_90"].tolist() if pd.notna(share)]
        title = "How soon customers buy again"
        if len(shares) > 1:
            told = [self.format.prose(round(share, 2), "percent") for share in (shares[0], shares[-1])]
            nth = ORDINALS[len(shares) - 1]
            title = f"{told[0]} buy again within 90 days of the first purchase, {told[1]} of the {nth}"
        fields = [Field("purchase", "After purchase"), Field("customers", "Customers", "count")]
        fields += [Field(f"in_{n}", f"Within {n} days", "percent", width="27mm") for n in DAYS]
        fields.append(Field("median", "Median wait", "days", width="24mm"))
        return self._table(
            table, fields, id="repeat_purchases", title=title, quoted=figure_values(found),
            measure=f"Customers who bought again, all data to {self.format.date(self.day)}",
            note="Kaplan-Meier: who bought lately counts only as long as seen. Purchases of one day are one purchase.",
        )  # fmt: skip

    def segments(self) -> Table | Note | None:
        """The customers in segments by how lately and how often they bought."""
        if not self._have_orders:
            return None
        found = customers.segments(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"Segments are not shown: {found.attrs['reason']}.")
        table = wide(found, by=["segment"])
        best = table.sort_values("value", ascending=False).iloc[0]
        names = {"share": "customers", "value_share": "revenue"}  # shares of refunds alone are none
        shares = [f"{self.format.prose(round(best[name], 2), 'percent')} of the {what}"
                  for name, what in names.items() if pd.notna(best[name])]  # fmt: skip
        fields = [
            Field("segment", "Segment"), Field("customers", "Customers", "count"), Field("share", "Share", "percent"),
            Field("value", "Revenue", "currency"), Field("value_share", "Share", "percent"),
            Field("days", "Last purchase", "days", width="24mm"),
            Field("purchases", "Purchases", "count"),
        ]  # fmt: skip
        note = (
            "Fifths by last purchase (R) and number of purchases (F), 5 the best. Champions R 4–5, F 4–5; Loyal R 3, "
            "F 4–5; At risk R 1–2, F 4–5; Promising R 4–5, F 2–3; Cooling R 3, F 2–3; Fading R 1–2, F 2–3; "
            "New R 4–5, F 1; Lapsed R 1–3, F 1. Last purchase: days ago, the median, as is the number of purchases."
        )
        return self._table(
            table, fields, id="rfm_segments", note=note, title=f"{best['segment']} are {' and '.join(shares)}",
            measure=f"Customers by segment, all data to {self.format.date(self.day)}; revenue net of returns",
            total={"segment": "All customers", **totals(found)}, quoted=figure_values(found),
        )  # fmt: skip

    def value_page(self, *, months: int = 12, discount: float = 0.1) -> Title | None:
        """Begin a page: what today's customers will be worth; nothing where it cannot be told."""
        if not self._have_orders:
            return None
        found = customers.customer_values(self.context.scope, months=months, discount=discount)
        if found.attrs["reason"]:
            return None
        total = self.format.prose(totals(found)["worth"], "currency")
        return Title(
            f"Today’s customers are worth {total} of {self._earned} over the next {months} months",
            values=figure_values(only(found, "worth")),
        )

    def lifetime_value(self, *, months: int = 12, discount: float = 0.1) -> Table | Note | None:
        """What the customers of each segment will buy in the months to come, and what that is worth."""
        if not self._have_orders:
            return None
        found = customers.customer_values(self.context.scope, months=months, discount=discount)
        if found.attrs["reason"]:
            return Note(f"Customer lifetime value is not shown: {found.attrs['reason']}.")
        table = wide(found, by=["segment"])
        best = table.sort_values("worth", ascending=False).iloc[0]
        share = self.format.prose(round(best["share"], 2), "percent")
        fields = [
            Field("segment", "Segment"), Field("customers", "Customers", "count"),
            Field("purchases", "Purchases", "count"), Field("each", "Value each", "currency"),
            Field("worth", "Value", "currency"),
        ]  # fmt: skip
        note = f"BG/NBD and Gamma-Gamma, discounted at {self.format.prose(discount, 'percent')} a year."
        return self._table(
            table, fields, id="customer_lifetime_value", total={"segment": "All customers", **totals(found)},
            title=f"{best['segment']} bring {share} of what is to come",
            measure=f"Expected purchases and {self._earned} in {months} months from {self.format.date(self.day)}",
            note=" ".join(filter(None, [note, found.attrs["cautions"]])), quoted=figure_values(found),
        )  # fmt: skip

    def forecast_check(self, *, months: int = 6) -> Table | Note | None:
        """What the model would have forecast for the last months, against what was bought."""
        if not self._have_orders:
            return None
        found = customers.forecast_check(self.context.scope, months=months)
        if found.attrs["reason"] == customers.NOBODY:
            return None
        if found.attrs["reason"]:
            return Note(f"The forecast of purchases is not checked: {found.attrs['reason']}.")
        total = totals(found)
        share = self.format.prose(abs(round(total["error"], 3)), "percent")
        side = "high" if total["error"] > 0 else "low"
        missed = f"was {share} too {side}" if abs(total["error"]) >= 0.0005 else "was right"
        fields = [Field("bucket", "Repeat purchases before"), Field("customers", "Customers", "count"),
                  Field("predicted", "Predicted", "count"), Field("actual", "Actual", "count")]  # fmt: skip
        begin = dt.date.fromisoformat(found.attrs["begin"]) + dt.timedelta(days=1)
        return self._table(
            wide(found, by=["bucket"]), fields, id="forecast_check", title=f"The forecast of purchases {missed}",
            measure=f"Purchases from {self.format.date(begin)} to {self.format.date(self.day)}",
            total={"bucket": "All customers known then", **total}, quoted=figure_values(found),
            note="BG/NBD fitted on what came before. New customers of these months are not in it, and no season is.",
        )  # fmt: skip

    # ------------------------------------------------------------------ contracts

    def survival(self, *, by: str | None = None, width: Width = "full") -> Figure | Note | None:
        """How long new contracts run; see `ContractSections.survival`."""
        return self.contracts.survival(by=by, width=width)

    def churn(self, *, by: str = "segment", width: Width = "full") -> Figure | None:
        """The churn rate for each value of a dimension; see `ContractSections.churn`."""
        return self.contracts.churn(by=by, width=width)

    def contract_lifetimes(self) -> Table | Note | None:
        """Which share of new contracts ran and will run; see `ContractSections.contract_lifetimes`."""
        return self.contracts.contract_lifetimes()

    def recurring_revenue(self, *, width: Width = "full") -> Figure | None:
        """What moved recurring revenue; see `ContractSections.recurring_revenue`."""
        return self.contracts.recurring_revenue(width=width)

    # ------------------------------------------------------------------ inside

    @cached_property
    def contracts(self) -> ContractSections:
        """Sections on contracts."""
        return ContractSections(self.context)

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def day(self) -> dt.date:
        """The last day that counts: the data may go on after the period."""
        return self.context.scope.day

    @property
    def _have_orders(self) -> bool:
        return self.context.scope.once(customers.orders) is not None

    @property
    def _earned(self) -> str:
        return "gross profit" if self.context.company.config.gross_margin else "revenue"

    def _short(self, label: str) -> str:
        calendar = self.context.company.config.calendar
        period = calendar.parse(label)
        month = period.grain == "month" and calendar.type == "gregorian"
        return self.format.month(period.start) if month else period_label(period, calendar)

    def _retention_title(self, cells: pd.DataFrame, grain: str) -> tuple[str, list[str]]:
        """Compare the newest final cohort with the one of a year before, or with the second one; and name both."""
        done = cells[(cells["age"] == "1") & cells["complete"].astype(bool)] if len(cells) else cells
        if done.empty:
            return f"It is too early to say who buys again after one {grain}", []
        new = done.iloc[-1]
        back = 4 if grain == "quarter" else 12
        old = done.iloc[-1 - back] if len(done) > back else done.iloc[min(1, len(done) - 1)]
        said = [self.format.prose(round(one["rate"], 2), "percent") for one in (new, old)]
        words = f"After one {grain} {said[0]} of the {self._short(new['cohort'])} cohort bought again"
        if old["cohort"] == new["cohort"]:
            return words, [new["cohort"]]
        counts = [one[f"rate.{side}"] for one in (new, old) for side in ("numerator", "denominator")]
        low, high = newcombe(*counts)
        clear = "against" if low > 0 or high < 0 else "not clearly different from"
        return f"{words}, {clear} {said[1]} of {self._short(old['cohort'])}", [new["cohort"], old["cohort"]]

    def _table(
        self, rows: pd.DataFrame, fields: Sequence[Field], *, quoted: tuple[dict[str, Any], ...], **words: Any
    ) -> Table:
        return replace(value_table(rows, fields, self.format, **words), values=quoted)
