"""The finance of a report: the result and what moved it, margins, and on whom and what revenue rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import records, result_values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.figures import changes, figure_values, finance, of_slices, only, totals, wide
from kpi_analysis.insight.figures.finance import LARGEST
from kpi_analysis.insight.figures.history import last_with_data, with_data
from kpi_analysis.metrics.compute.slices import NONE
from kpi_analysis.report import messages
from kpi_analysis.report.charts.base import Width
from kpi_analysis.report.charts.multiples import Panels, small_multiples
from kpi_analysis.report.charts.waterfalls import Bridge, waterfall
from kpi_analysis.report.display import on_display
from kpi_analysis.report.sections import drivers
from kpi_analysis.report.sections.context import HISTORY, ReportContext
from kpi_analysis.report.tables import Field, value_table

HEADLINE = ("ebitda", "ebitda_margin", "gross_profit_margin", "operating_cash_flow")
MARGINS = ("gross_profit_margin", "ebitda_margin", "net_profit_margin")
GRAIN = "month"  # the ledger is monthly


@on_display
@dataclass(frozen=True)
class FinanceSections:
    """Sections on finance. One whose figures have no value shows nothing, or a note that says why.

    Parameters
    ----------
    context : ReportContext
        The report's company, period and day.
    """

    context: ReportContext

    # ------------------------------------------------------------------ sections

    def title(self) -> Title:
        """The message: what was earned, and how that compares with a year ago."""
        frame = self.context.compute(HEADLINE)
        rows = self.context.rows(frame)
        if all(row["value"] is None for row in rows.values()):
            return Title(f"Finance is not shown: {rows[HEADLINE[0]]['reason']}")
        first = next(row for row in rows.values() if row["value"] is not None)
        base, before = self.context.base_of(first, self.context.period)
        deck = f"{self.context.period_name}, {messages.completeness(self.context.period)}."
        if first[base] is not None:
            deck += f" Against {before}."
        metric = self.context.metric(first["kpi"])
        title = f"{metric.label} {messages.clause(metric, first['value'], first[base], self.format)}"
        if first["kpi"] == "ebitda" and rows["ebitda_margin"]["value"] is not None:
            title += f", {self._percent(rows['ebitda_margin']['value'])} of revenue"
        return Title(title if self.context.period.complete else f"So far: {title}", deck, values=result_values(frame))

    def result(self, *, width: Width = "half") -> Figure | Note | None:
        """From revenue to EBITDA: what the goods cost, and what the business did."""
        found = finance.result(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"The way from revenue to EBITDA is not shown: {found.attrs['reason']}.")
        frame = self.context.compute(finance.RESULT)
        rows, parts = self.context.rows(frame), totals(found)
        share = self.format.prose(rows["ebitda_margin"]["value"], "percent")
        over = "" if self.context.period.complete else " so far"
        return waterfall(
            self.context.caption(
                "result", f"{share} of revenue is left as EBITDA{over}",
                f"Revenue to EBITDA, {{unit}}, {self.context.period_name}",
                values=(*result_values(frame), *figure_values(found)),
            ),
            Bridge(
                ("Revenue", parts["revenue"]),
                [("Cost of goods", parts["cogs"]), ("Operating expense", parts["operating_expense"])],
                ("EBITDA", rows["ebitda"]["value"]), "currency",
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def bridge(self, kpi: str = "ebitda", *, width: Width = "half") -> Figure | Note | None:
        """What moved EBITDA since a year ago, or since the period before where there is no year ago."""
        context, metric = self.context, self.context.metric(kpi)
        if records(context.compute((kpi,)))[0]["value"] is None:
            return None
        period = context.scope.calendar.parse(context.period.label)
        for then in (context.scope.calendar.year_ago(period), context.scope.calendar.prior(period)):
            if then is None:
                continue
            found = changes.driver_contributions(context.scope, kpi, against=then.label)
            if not found.attrs["reason"]:
                break
        else:
            return Note(f"What moved {metric.label} is not shown: there is no earlier period to compare it with.")
        told, now = found.attrs["told"], context.period_name
        if not told.attrs["change"]:
            return None
        return waterfall(
            self.context.caption(
                f"bridge_{kpi}", drivers.claim(told, metric, self.format, over=context.period.complete),
                f"{metric.label}, {{unit}}; {self._name(then)} to {now}",
                note="A step up is more revenue or less cost.",
                values=(*result_values(context.compute((kpi,))), *figure_values(found)),
            ),
            Bridge(
                (self._name(then), told.attrs["before"]), drivers.contributions(found), (now, told.attrs["after"]),
                metric.unit,
            ),
            format=self.format, width=width,
        )  # fmt: skip

    def margins(self, *, width: Width = "full") -> Figure | None:
        """Gross, EBITDA and net margin over time on one scale."""
        frame = self.context.compute(MARGINS, grain=GRAIN, last=HISTORY[GRAIN])
        shown = with_data(frame, last_with_data(frame))
        kept = [kpi for kpi in MARGINS if shown.loc[shown["kpi"] == kpi, "value"].notna().any()]
        if not kept:
            return None
        lines = {kpi: [row["value"] for row in records(shown[shown["kpi"] == kpi])] for kpi in kept}
        periods = shown.loc[shown["kpi"] == kept[0], "period"].tolist()
        first, (low, high) = kept[0], _ends(lines[kept[0]])
        title = f"{self.context.metric(first).label} stayed between {self._percent(low)} and {self._percent(high)}"
        return small_multiples(
            self.context.caption(
                "margins", title, f"Margins by {GRAIN}, {{unit}} of revenue",
                values=result_values(shown[shown["kpi"].isin(kept)]),
            ),
            Panels([self.context.metric(kpi).label for kpi in kept], periods, list(lines.values()), "percent"),
            format=self.format, ring=-13, width=width,
        )  # fmt: skip

    def concentration_page(self) -> Title | None:
        """Begin the page on whom revenue rests: the share of the largest customer and of the ten largest."""
        found, shares = finance.customer_shares(self.context.scope), finance.pareto(self.context.scope)
        if found.attrs["reason"]:
            return None
        frame, told = self.context.compute(finance.CONCENTRATION), totals(found)
        first = wide(shares, "share", by=["first"]).set_index("first")["share"]
        one, ten = (self._percent(first[str(count)]) for count in (1, LARGEST))
        place = self.context.period_name if self.context.period.complete else f"{self.context.period_name} so far"
        herfindahl = self.context.rows(frame)["revenue_herfindahl"]["value"]
        deck = f"Revenue of {self.format.number(told['customers'])} customers in {place}."
        if herfindahl:
            alike = self.format.number(round(told["equal"]))
            deck += f" Herfindahl index {self.format.number(herfindahl, 3)}: as if {alike} equal customers bought."
        title = f"The largest customer brings {one} of revenue, the ten largest {ten}"
        if told["customers"] <= LARGEST:
            title = f"The largest of {told['customers']:.0f} customers brings {one} of revenue"
        quoted = figure_values(found, only(shares, "share", first=1), only(shares, "share", first=LARGEST))
        return Title(title, deck, values=(*result_values(frame[frame["value"].notna()]), *quoted))

    def pareto(self) -> Table | Note | None:
        """How much of revenue the first, the first five, ten and so on bring, now and a year ago."""
        found = finance.pareto(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"The customers' share of revenue is not shown: {found.attrs['reason']}.")
        table = wide(found, by=["first"])
        shown = table[[name != "all" and int(name) < found.attrs["customers"] for name in table["first"]]]
        if shown.empty:
            return None
        counts = [int(name) for name in shown["first"]]
        names = ["The largest" if count == 1 else f"The {count} largest" for count in counts]
        rows = shown.assign(named=names, before=shown["share.year_ago"])
        fields = [
            Field("named", "Customers, by revenue"), Field("of", "Of all customers", "percent", width="26mm"),
            Field("revenue", "Revenue", "currency"), Field("share", "Share of revenue", "percent", width="26mm"),
        ]  # fmt: skip
        fields += self._shift_fields(found)
        counted = finance.customer_shares(self.context.scope)
        half = totals(counted)["half"]
        total = table.loc[table["first"] == "all", ["of", "revenue", "share"]].iloc[0]
        who = "customer brings" if half == 1 else "customers bring"
        quoted = figure_values(only(counted, "half"), of_slices(found, "first", ["all", *shown["first"]]))
        return self._in_points(
            rows, fields, id="pareto", total={"named": "All", **total}, quoted=quoted,
            title=f"{self.format.number(half)} {who} half of the revenue",
            measure=f"Cumulative share of the revenue of known customers, {self.context.period_name}",
        )  # fmt: skip

    def largest(self) -> Table | None:
        """The ten largest customers, and what they brought a year ago."""
        found = finance.largest_customers(self.context.scope)
        if found.attrs["reason"] or found.attrs["customers"] <= LARGEST:
            return None
        shown = wide(found, by=["customer"])
        shown["before"] = shown["share.year_ago"]
        fields = [Field("customer", "Customer"), Field("revenue", "Revenue", "currency"),
                  Field("share", "Share", "percent"), Field("together", "Together", "percent")]  # fmt: skip
        title = f"{shown['customer'].iloc[0]} is the largest customer"
        if found.attrs["compared"]:
            fields += self._shift_fields(found)
            gained = shown.sort_values("shift").iloc[-1]
            if gained["shift"] > 0:
                more = f"{self._points(gained['shift'])} points more of revenue"
                title = f"{gained['customer']} gained most weight: {more} than a year ago"
        return self._in_points(
            shown,
            fields,
            id="largest_customers",
            title=title,
            quoted=figure_values(found),
            measure=f"The {LARGEST} largest customers by revenue, {self.context.period_name}",
        )

    def income_mix(self) -> Table | Note | None:
        """Where revenue comes from, by product, channel and region, and how that shifted since a year ago."""
        found = finance.income_mix(self.context.scope)
        if found.attrs["reason"]:
            return Note(f"The mix of income is not shown: {found.attrs['reason']}.")
        counts = wide(found, "sources", "shown", by=["by"])
        rows: list[dict[str, Any]] = []
        quoted: list[dict[str, Any]] = []
        cut = []
        for by, sources, most in zip(counts["by"], counts["sources"], counts["shown"], strict=True):
            figures = wide(found, "revenue", "shift", by=[by])
            frame = self.context.compute(("income_sources",), by=(by,)).set_index(by, drop=False).loc[figures[by]]
            quoted += result_values(frame, (by,))
            if sources > most:
                cut.append(f"{most:.0f} of {sources:.0f} by {by}")
            rows += [
                {"by": by.capitalize() if i == 0 else "", "source": _named(by, row[by]), "revenue": one["revenue"],
                 "share": row["value"], "before": row["year_ago"], "shift": one["shift"]}
                for i, (row, one) in enumerate(zip(records(frame), records(figures), strict=True))
            ]  # fmt: skip
        moved = [row for row in rows if row["shift"] is not None]
        fields = [Field("by", "By", width="22mm"), Field("source", "Source"),
                  Field("share", "Share", "percent", strong=True)]  # fmt: skip
        top = rows[0]
        title = f"{top['source']} brings {self._percent(top['share'])} of revenue, the most of any {top['by'].lower()}"
        if moved and self._ago is not None:
            most_moved = max(moved, key=lambda row: abs(row["shift"]))
            fields += [Field("before", self._name(self._ago), "percent"), Field("shift", "Shift", "percent")]
            verb, size = "gained" if most_moved["shift"] > 0 else "lost", self._points(abs(most_moved["shift"]))
            title = f"{most_moved['source']} {verb} {size} points of revenue, the largest shift"
        if any(row["revenue"] is not None for row in rows):
            fields.insert(2, Field("revenue", "Revenue", "currency"))
        return self._in_points(
            pd.DataFrame(rows), fields, id="income_mix", title=title,
            note=f"The largest: {', '.join(cut)}." if cut else "",
            measure=f"Share of revenue by source, {self.context.period_name}",
            quoted=(*quoted, *figure_values(found)),
        )  # fmt: skip

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def _ago(self) -> Period | None:
        return self.context.company.config.calendar.year_ago(self.context.period)

    def _shift_fields(self, found: pd.DataFrame) -> list[Field]:
        if not found.attrs["compared"] or self._ago is None:
            return []
        return [Field("before", self._name(self._ago), "percent"), Field("shift", "Shift", "percent")]

    def _name(self, period: Period) -> str:
        return period_label(period, self.context.company.config.calendar)

    def _percent(self, share: float) -> str:
        return self.format.prose(round(share, 3), "percent")

    def _points(self, share: float) -> str:
        return self.format.number(share * 100, 1)

    def _in_points(
        self, rows: pd.DataFrame, fields: list[Field], *, quoted: tuple[dict[str, Any], ...], **words: Any
    ) -> Table:
        """Return a table in which a difference of shares is in percentage points."""
        table = value_table(rows, fields, self.format, **words)
        columns = tuple(replace(column, unit="pp") if column.label == "Shift" else column for column in table.columns)
        return replace(table, columns=columns, values=quoted)


def _named(by: str, value: Any) -> str:
    return f"no {by}" if value == NONE else str(value)


def _ends(line: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in line if value is not None]
    return min(known), max(known)
