"""Figures of the slices of a KPI: the biggest part of a sum, and how many slices there are."""

from __future__ import annotations

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.tidy import Quantity, figure_function, none_because, tidy, together
from kpi_analysis.insight.scope import Scope

BY_CHANCE = 0.05  # of 95 % intervals miss what they are about


@figure_function("slices.shares")
def shares(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return the share that each slice of a KPI that adds up has of the whole, the largest first."""
    total = records(scope.compute((kpi,)))[0]["value"]
    frame = slices_by_value(scope, kpi, by)
    if frame.empty or not total:
        return none_because("it has no slices")
    rows = pd.DataFrame({
        by: frame[by], "share": frame["value"] / total, "share.numerator": frame["value"], "share.denominator": total,
    })  # fmt: skip
    return together(tidy(rows, [Quantity("share", "Share of the whole", "percent")], [by]), reason="")


@figure_function("slices.count")
def slice_counts(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return how many slices have a value, and how many of their 95 % intervals would miss the whole by chance."""
    frame, shown = slices_by_value(scope, kpi, by), {}
    if frame.empty:
        return none_because("it has no slices")
    shown = {"slices": len(frame), "by_chance": len(frame) * BY_CHANCE}
    return together(tidy(pd.DataFrame([shown]), [
        Quantity("slices", "Slices with a value", "count"),
        Quantity("by_chance", "Intervals that would miss the whole by chance", "count"),
    ]), reason="")  # fmt: skip


def slices_by_value(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return the rows of a KPI by a dimension that have a value, the largest first."""
    frame = scope.compute((kpi,), by=(by,))
    there = frame[frame["value"].notna() & (frame["rows"] > 0)]
    return there.sort_values("value", ascending=False, kind="stable")
