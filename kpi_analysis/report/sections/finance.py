"""The finance of a report: the result and what moved it, margins, and on whom and what revenue rests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period, period_label
from kpi_analysis.core.records import records, values
from kpi_analysis.design.blocks import Figure, Note, Table, Title
from kpi_analysis.design.formats import Format
from kpi_analysis.metrics.compute.query_builders import NONE
from kpi_analysis.metrics.compute.slices import known_columns
from kpi_analysis.report import messages
from kpi_analysis.report.charts.base import Caption, Width
from kpi_analysis.report.charts.multiples import small_multiples
from kpi_analysis.report.charts.waterfalls import waterfall
from kpi_analysis.report.sections import drivers
from kpi_analysis.report.sections.context import HISTORY, ReportContext, with_data
from kpi_analysis.report.tables import Field, value_table

HEADLINE = ("ebitda", "ebitda_margin", "gross_profit_margin", "operating_cash_flow")
MARGINS = ("gross_profit_margin", "ebitda_margin", "net_profit_margin")
CONCENTRATION = ("revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl")
GRAIN = "month"  # the ledger is monthly
SOURCES = ("product", "channel", "region")
MOST_SOURCES = 6
LARGEST = 10
FIRST = (1, 5, 10, 20, 50, 100)
CUSTOMER = "customer_id"


@dataclass(frozen=True)
class FinanceSections:
    """Sections on finance. One whose figures have no value shows nothing, or a note that says why.

    Parameters
    ----------
    asked : ReportContext
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
        return Title(title if self.context.period.complete else f"So far: {title}", deck, values=values(frame))

    def result(self, *, width: Width = "half") -> Figure | Note | None:
        """From revenue to EBITDA: what the goods cost, and what the business did."""
        frame = self.context.compute(("ebitda", "ebitda_margin", "gross_profit_margin"))
        rows = self.context.rows(frame)
        ebitda, margin, gross = (rows[kpi] for kpi in ("ebitda", "ebitda_margin", "gross_profit_margin"))
        missing = next((row["reason"] for row in (ebitda, margin, gross) if row["value"] is None), None)
        if missing:
            return Note(f"The way from revenue to EBITDA is not shown: {missing}.")
        revenue, profit = margin["denominator"], gross["numerator"]
        if gross["denominator"] != revenue:
            return Note("The way from revenue to EBITDA is not shown: cost of goods and EBITDA have two revenues.")
        share = self.format.prose(margin["value"], "percent")
        return waterfall(
            Caption("result",
                    f"{share} of revenue is left as EBITDA{'' if self.context.period.complete else ' so far'}",
                    f"Revenue to EBITDA, {{unit}}, {self.context.period_name}", values=values(frame)),
            ("Revenue", revenue),
            [("Cost of goods", profit - revenue), ("Operating expense", ebitda["value"] - profit)],
            ("EBITDA", ebitda["value"]), unit="currency", format=self.format, width=width,
        )  # fmt: skip

    def bridge(self, kpi: str = "ebitda", *, width: Width = "half") -> Figure | Note | None:
        """What moved EBITDA since a year ago, or since the period before where there is no year ago."""
        context, metric = self.context, self.context.metric(kpi)
        if records(context.compute((kpi,)))[0]["value"] is None:
            return None
        whole = context.company.config.calendar.parse(context.period.label)
        tried = [context.company.config.calendar.year_ago(whole), context.company.config.calendar.prior(whole)]
        for then in tried:
            if then is None:
                continue
            told = context.company.explain(
                kpi, period=context.period.label, against=then.label, where=context.where, as_of=context.as_of
            )
            if not told.attrs["reason"] and not told.empty:
                break
        else:
            return Note(f"What moved {metric.label} is not shown: there is no earlier period to compare it with.")
        if not told.attrs["change"]:
            return None
        now = context.period_name
        return waterfall(
            Caption(f"bridge_{kpi}", drivers.claim(told, metric, self.format, over=context.period.complete),
                    f"{metric.label}, {{unit}}; {self._name(then)} to {now}",
                    note="A step up is more revenue or less cost.", values=values(context.compute((kpi,)))),
            (self._name(then), told.attrs["before"]), drivers.steps(told), (now, told.attrs["after"]),
            unit=metric.unit, format=self.format, width=width,
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
            Caption("margins", title, f"Margins by {GRAIN}, {{unit}} of revenue",
                    values=values(shown[shown["kpi"].isin(kept)])),
            [self.context.metric(kpi).label for kpi in kept], periods, list(lines.values()),
            unit="percent", format=self.format, ring=-13,
            width=width,
        )  # fmt: skip

    def concentration_page(self) -> Title | None:
        """Begin the page on whom revenue rests: the share of the largest customer and of the ten largest."""
        table = self._customers(self.context.period)
        if table is None:
            return None
        frame = self.context.compute(CONCENTRATION)
        one, ten = (self._percent(float(table["share"].iloc[:count].sum())) for count in (1, LARGEST))
        place = self.context.period_name if self.context.period.complete else f"{self.context.period_name} so far"
        herfindahl = self.context.rows(frame)["revenue_herfindahl"]["value"]
        deck = f"Revenue of {self.format.number(len(table))} customers in {place}."
        if herfindahl:
            alike = self.format.number(round(1 / herfindahl))
            deck += f" Herfindahl index {self.format.number(herfindahl, 3)}: as if {alike} equal customers bought."
        title = f"The largest customer brings {one} of revenue, the ten largest {ten}"
        if len(table) <= LARGEST:
            title = f"The largest of {len(table)} customers brings {one} of revenue"
        return Title(title, deck, values=values(frame[frame["value"].notna()]))

    def pareto(self) -> Table | Note | None:
        """How much of revenue the first, the first five, ten and so on bring, now and a year ago."""
        table = self._customers(self.context.period)
        if table is None:
            return Note(f"The customers' share of revenue is not shown: {self._no_customers()}.")
        before = self._customers(self._ago) if self._ago is not None else None
        counts = [count for count in FIRST if count < len(table)]
        rows: list[dict[str, Any]] = [
            {"first": "The largest" if count == 1 else f"The {count} largest", "of": count / len(table),
             "revenue": table["revenue"].iloc[:count].sum(), "share": table["share"].iloc[:count].sum(),
             "before": before["share"].iloc[:count].sum() if before is not None else None}
            for count in counts
        ]  # fmt: skip
        if not rows:
            return None
        for row in rows:
            row["shift"] = row["share"] - row["before"] if row["before"] is not None else None
        half = int((table["share"].cumsum() < 0.5).sum()) + 1
        whole = {"first": "All", "of": 1.0, "revenue": table["revenue"].sum(), "share": 1.0}
        fields = [
            Field("first", "Customers, by revenue"), Field("of", "Of all customers", "percent", width="26mm"),
            Field("revenue", "Revenue", "currency"), Field("share", "Share of revenue", "percent", width="26mm"),
        ]  # fmt: skip
        if before is not None:
            assert self._ago is not None
            fields += [Field("before", self._name(self._ago), "percent"), Field("shift", "Shift", "percent")]
        customers = "customer brings" if half == 1 else "customers bring"
        return _in_points(value_table(
            pd.DataFrame(rows), fields, self.format, id="pareto", total=whole,
            title=f"{self.format.number(half)} {customers} half of the revenue",
            measure=f"Cumulative share of the revenue of known customers, {self.context.period_name}",
        ))  # fmt: skip

    def largest(self) -> Table | None:
        """The ten largest customers, and what they brought a year ago."""
        table = self._customers(self.context.period)
        if table is None or len(table) <= LARGEST:
            return None
        before = self._customers(self._ago) if self._ago is not None else None
        shown = table.head(LARGEST).assign(together=table["share"].cumsum())
        fields = [Field("customer", "Customer"), Field("revenue", "Revenue", "currency"),
                  Field("share", "Share", "percent"), Field("together", "Together", "percent")]  # fmt: skip
        title = f"{shown['customer'].iloc[0]} is the largest customer"
        if before is not None:
            assert self._ago is not None
            earlier = before.set_index("customer")["share"]
            shown = shown.assign(before=shown["customer"].map(earlier))
            shown = shown.assign(shift=shown["share"] - shown["before"].fillna(0.0))
            fields += [Field("before", self._name(self._ago), "percent"), Field("shift", "Shift", "percent")]
            gained = shown.sort_values("shift").iloc[-1]
            if gained["shift"] > 0:
                more = f"{self._points(gained['shift'])} points more of revenue"
                title = f"{gained['customer']} gained most weight: {more} than a year ago"
        return _in_points(value_table(
            shown, fields, self.format, id="largest_customers", title=title,
            measure=f"The {LARGEST} largest customers by revenue, {self.context.period_name}",
        ))  # fmt: skip

    def income_mix(self) -> Table | Note | None:
        """Where revenue comes from, by product, channel and region, and how that shifted since a year ago."""
        there = {name for columns in known_columns(self.context.company.sources).values() for name in columns}
        rows: list[dict[str, Any]] = []
        frames: list[dict[str, Any]] = []
        cut = []
        for by in (name for name in SOURCES if name in there):
            frame = self.context.compute(("income_sources",), by=(by,))
            frame = frame[frame["value"].notna() & ((frame["value"] != 0) | (frame["year_ago"].fillna(0) != 0))]
            if len(frame) < 2:
                continue
            if len(frame) > MOST_SOURCES:
                cut.append(f"{MOST_SOURCES} of {len(frame)} by {by}")
            frame = frame.sort_values("value", ascending=False).head(MOST_SOURCES)
            frames += values(frame, (by,))
            rows += [
                {"by": by.capitalize() if i == 0 else "", "source": _named(by, row[by]), "revenue": row["numerator"],
                 "share": row["value"], "before": row["year_ago"],
                 "shift": None if row["year_ago"] is None else row["value"] - row["year_ago"]}
                for i, row in enumerate(records(frame))
            ]  # fmt: skip
        if not rows:
            return Note("The mix of income is not shown: revenue has no product, channel or region.")
        moved = [row for row in rows if row["shift"] is not None]
        fields = [Field("by", "By", width="22mm"), Field("source", "Source"),
                  Field("share", "Share", "percent", strong=True)]  # fmt: skip
        top = rows[0]
        title = f"{top['source']} brings {self._percent(top['share'])} of revenue, the most of any {top['by'].lower()}"
        if moved and self._ago is not None:
            most = max(moved, key=lambda row: abs(row["shift"]))
            fields += [Field("before", self._name(self._ago), "percent"), Field("shift", "Shift", "percent")]
            verb = "gained" if most["shift"] > 0 else "lost"
            title = f"{most['source']} {verb} {self._points(abs(most['shift']))} points of revenue, the largest shift"
        if any(row["revenue"] is not None for row in rows):
            fields.insert(2, Field("revenue", "Revenue", "currency"))
        table = _in_points(value_table(
            pd.DataFrame(rows), fields, self.format, id="income_mix", title=title,
            note=f"The largest: {', '.join(cut)}." if cut else "",
            measure=f"Share of revenue by source, {self.context.period_name}",
        ))  # fmt: skip
        return replace(table, values=tuple(frames))

    # ------------------------------------------------------------------ inside

    @property
    def format(self) -> Format:
        """How this company writes its numbers."""
        return self.context.format

    @property
    def _ago(self) -> Period | None:
        return self.context.company.config.calendar.year_ago(self.context.period)

    def _customers(self, period: Period) -> pd.DataFrame | None:
        """Return the customers of a period by their revenue, the largest first, and their shares."""
        context = self.context
        if not any(CUSTOMER in columns for columns in known_columns(context.company.sources).values()):
            return None
        frame = context.company.compute(
            ("sales_revenue",), period=period.label, by=(CUSTOMER,), where=context.where,
            as_of=min(context.as_of, period.last_day),
        )  # fmt: skip
        return ranked(dict(zip(frame[CUSTOMER], frame["value"].where(frame["rows"] > 0), strict=True)))

    def _no_customers(self) -> str:
        row = records(self.context.compute(("sales_revenue",)))[0]
        return str(row["reason"] or "no customer is known")

    def _name(self, period: Period) -> str:
        return period_label(period, self.context.company.config.calendar)

    def _percent(self, share: float) -> str:
        return self.format.prose(round(share, 3), "percent")

    def _points(self, share: float) -> str:
        return self.format.number(share * 100, 1)


def ranked(revenue: Mapping[Any, float]) -> pd.DataFrame | None:
    """Return customers by revenue, the largest first, with their shares; None where there is no revenue.

    Rows without a customer are left out; so are customers without a value.

    Examples
    --------
    >>> ranked({"A": 30.0, "B": 70.0, "(none)": 5.0}).to_dict("records")
    [{'customer': 'B', 'revenue': 70.0, 'share': 0.7}, {'customer': 'A', 'revenue': 30.0, 'share': 0.3}]
    """
    known = pd.Series({name: value for name, value in revenue.items() if name != NONE}, dtype=float).dropna()
    total = float(known.sum())
    if known.empty or total <= 0:
        return None
    sums = known.sort_values(ascending=False, kind="stable")
    return pd.DataFrame({"customer": sums.index, "revenue": sums.to_numpy(), "share": (sums / total).to_numpy()})


def last_with_data(frame: pd.DataFrame) -> str:
    """Return the label of the last period of a tidy frame that has a value, else that of the last period."""
    told = frame[frame["value"].notna()]
    rows = (told if len(told) else frame).sort_values("period_start")
    return str(rows["period"].iloc[-1])


def _in_points(table: Table) -> Table:
    """A difference of shares is in percentage points."""
    columns = tuple(replace(column, unit="pp") if column.label == "Shift" else column for column in table.columns)
    return replace(table, columns=columns, values=())


def _named(by: str, value: Any) -> str:
    return f"no {by}" if value == NONE else str(value)


def _ends(line: Sequence[float | None]) -> tuple[float, float]:
    known = [value for value in line if value is not None]
    return min(known), max(known)
