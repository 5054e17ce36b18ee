"""Figures of finance: from revenue to EBITDA, on whom revenue rests, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kpi_analysis.core.periods import Period
from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics.compute.slices import NONE

RESULT = ("ebitda", "ebitda_margin", "gross_profit_margin")
CONCENTRATION = ("revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl")
FIRST = (1, 5, 10, 20, 50, 100)
LARGEST = 10
CUSTOMER = "customer_id"
SOURCES = ("product", "channel", "region")
MOST_SOURCES = 6
SHARE = Quantity("share", "Share of revenue", "percent")


@figure_function("finance.result", kpis=RESULT)
def result(scope: Scope) -> pd.DataFrame:
    """Return the steps from revenue to EBITDA: revenue, cost of goods and operating expense, both as they count."""
    rows = {row["kpi"]: row for row in records(scope.compute(RESULT))}
    ebitda, margin, gross = (rows[kpi] for kpi in RESULT)
    missing = next((row["reason"] for row in (ebitda, margin, gross) if row["value"] is None), None)
    if missing:
        return none_because(missing)
    revenue, profit = margin["denominator"], gross["numerator"]
    if gross["denominator"] != revenue:
        return none_because("cost of goods and EBITDA have two revenues")
    row = {"revenue": revenue, "cogs": profit - revenue, "operating_expense": ebitda["value"] - profit}
    return together(tidy(pd.DataFrame([row]), [
        Quantity("revenue", "Revenue", "currency"), Quantity("cogs", "Cost of goods", "currency"),
        Quantity("operating_expense", "Operating expense", "currency"),
    ]), reason="")  # fmt: skip


@figure_function("finance.customers", kpis=("sales_revenue",))
def customer_shares(scope: Scope) -> pd.DataFrame:
    """Return how many customers revenue rests on, how many bring half of it, and as many as how many equal ones.

    The latter is one over the Herfindahl index.
    """
    table = of_customers(scope, scope.period)
    if table is None:
        return none_because(no_customers(scope))
    herfindahl = records(scope.compute(("revenue_herfindahl",)))[0]["value"]
    row = {
        "customers": len(table), "half": int((table["share"].cumsum() < 0.5).sum()) + 1,
        "equal": 1 / herfindahl if herfindahl else None,
    }  # fmt: skip
    return together(tidy(pd.DataFrame([row]), [
        Quantity("customers", "Customers with revenue", "count"),
        Quantity("half", "Customers who bring half of the revenue", "count"),
        Quantity("equal", "Equal customers that would be as concentrated", "count"),
    ]), reason="")  # fmt: skip


@figure_function("finance.pareto", kpis=("sales_revenue",))
def pareto(scope: Scope) -> pd.DataFrame:
    """Return which share of revenue the largest customer, the five largest and so on bring, and a year ago.

    The slice ``first`` says how many; the last one is all. The attr ``compared`` says whether a year ago is known.
    """
    table, before = of_customers(scope, scope.period), a_year_ago(scope)
    if table is None:
        return none_because(no_customers(scope))
    total = table["revenue"].sum()
    rows: list[dict[str, Any]] = [
        {"first": count, "of": count / len(table), "share": table["share"].iloc[:count].sum(),
         "share.numerator": table["revenue"].iloc[:count].sum(), "share.denominator": total,
         "share.year_ago": before["share"].iloc[:count].sum() if before is not None else None}
        for count in dict.fromkeys((*(count for count in FIRST if count < len(table)), 1, LARGEST))
    ]  # fmt: skip
    for row in rows:
        row["revenue"] = row["share.numerator"]
        row["shift"] = None if row["share.year_ago"] is None else row["share"] - row["share.year_ago"]
    rows.append({"first": "all", "of": 1.0, "revenue": total, "share": 1.0})
    return together(tidy(pd.DataFrame(rows).astype(object).where(pd.DataFrame(rows).notna(), None), [
        SHARE, Quantity("of", "Share of all customers", "percent"), Quantity("revenue", "Revenue", "currency"),
        Quantity("shift", "Shift of the share in a year", "percent"),
    ], ["first"]), reason="", compared=before is not None, customers=len(table))  # fmt: skip


@figure_function("finance.largest_customers", kpis=("sales_revenue",))
def largest_customers(scope: Scope) -> pd.DataFrame:
    """Return the ten largest customers, their share of revenue, that of all down to them, and a year ago."""
    table, before = of_customers(scope, scope.period), a_year_ago(scope)
    if table is None:
        return none_because(no_customers(scope))
    shown = table.assign(together=table["share"].cumsum(), total=table["revenue"].sum()).head(LARGEST)
    shown = shown.rename(columns={"total": "share.denominator"}).assign(**{"share.numerator": shown["revenue"]})
    if before is not None:
        earlier = before.set_index("customer")["share"]
        shown = shown.assign(**{"share.year_ago": shown["customer"].map(earlier)})
        shown["shift"] = shown["share"] - shown["share.year_ago"].fillna(0.0)
    return together(tidy(shown, [
        SHARE, Quantity("revenue", "Revenue", "currency"), Quantity("together", "Share of all down to here", "percent"),
        Quantity("shift", "Shift of the share in a year", "percent"),
    ], ["customer"]), reason="", compared=before is not None, customers=len(table))  # fmt: skip


@figure_function("finance.income_mix", kpis=("income_sources",))
def income_mix(scope: Scope) -> pd.DataFrame:
    """Return by product, channel and region the largest sources of income, their shares, and the shift in a year.

    Each row is a figure of its own slice; ``sources`` counts how many there are by each dimension.
    """
    parts = []
    for by in (name for name in SOURCES if scope.has_dimension(name)):
        frame = scope.compute(("income_sources",), by=(by,))
        frame = frame[frame["value"].notna() & ((frame["value"] != 0) | (frame["year_ago"].fillna(0) != 0))]
        if len(frame) < 2:
            continue
        largest = frame.sort_values("value", ascending=False).head(MOST_SOURCES)
        rows = [
            {by: row[by], "revenue": row["numerator"],
             "shift": None if row["year_ago"] is None else row["value"] - row["year_ago"]}
            for row in records(largest)
        ]  # fmt: skip
        parts.append(tidy(pd.DataFrame(rows), [Quantity("revenue", "Revenue", "currency"),
                                               Quantity("shift", "Shift in a year", "percent")], [by]))  # fmt: skip
        counts = pd.DataFrame([{"by": by, "sources": len(frame), "shown": len(largest)}])
        parts.append(tidy(counts, [Quantity("sources", f"Sources by {by}", "count"),
                                   Quantity("shown", f"Sources by {by} that are shown", "count")], ["by"]))  # fmt: skip
    if not parts:
        return none_because("revenue has no product, channel or region")
    return together(*parts, reason="")


# ------------------------------------------------------------------ what several of them need


def of_customers(scope: Scope, period: Period) -> pd.DataFrame | None:
    """Return the customers of a period by their revenue, the largest first, and their shares; None without any."""
    if not scope.has_dimension(CUSTOMER):
        return None

    def read() -> pd.DataFrame:
        return scope.session.values(
            ("sales_revenue",), period=period.label, by=(CUSTOMER,), where=scope.where,
            as_of=min(scope.as_of, period.last_day),
        )  # fmt: skip

    frame = scope.kept(("revenue of customers", period.label), read)
    return largest_first(dict(zip(frame[CUSTOMER], frame["value"].where(frame["rows"] > 0), strict=True)))


def a_year_ago(scope: Scope) -> pd.DataFrame | None:
    """Return the customers of a year ago; None where the calendar or the data know none."""
    ago = scope.calendar.year_ago(scope.period)
    return None if ago is None else of_customers(scope, ago)


def no_customers(scope: Scope) -> str:
    """Return why no customer is known."""
    row = records(scope.compute(("sales_revenue",)))[0]
    return str(row["reason"] or "no customer is known")


def largest_first(revenue: Mapping[Any, float]) -> pd.DataFrame | None:
    """Return customers by revenue, the largest first, with their shares; None where there is no revenue.

    Rows without a customer are left out; so are customers without a value.

    Examples
    --------
    >>> largest_first({"A": 30.0, "B": 70.0, "(none)": 5.0}).to_dict("records")
    [{'customer': 'B', 'revenue': 70.0, 'share': 0.7}, {'customer': 'A', 'revenue': 30.0, 'share': 0.3}]
    """
    known = pd.Series({name: value for name, value in revenue.items() if name != NONE}, dtype=float).dropna()
    total = float(known.sum())
    if known.empty or total <= 0:
        return None
    sums = known.sort_values(ascending=False, kind="stable")
    return pd.DataFrame({"customer": sums.index, "revenue": sums.to_numpy(), "share": (sums / total).to_numpy()})
