"""Figures of the slices of a KPI: the biggest part of a sum, and how many slices there are."""

from __future__ import annotations

import pandas as pd

from kpi_analysis.core.records import records
from kpi_analysis.insight.figures.tidy import Measure, figures, none_because, tidy, together
from kpi_analysis.insight.scope import Scope

BY_CHANCE = 0.05  # of 95 % intervals miss what they are about


@figures("slices.shares")
def shares(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return the share that each slice of a KPI that adds up has of the whole, the largest first."""
    whole = records(scope.compute((kpi,)))[0]["value"]
    frame = ranked(scope, kpi, by)
    if frame.empty or not whole:
        return none_because("it has no slices")
    rows = pd.DataFrame({
        by: frame[by], "share": frame["value"] / whole, "share.numerator": frame["value"], "share.denominator": whole,
    })  # fmt: skip
    return together(tidy(rows, [Measure("share", "Share of the whole", "percent")], [by]), reason="")


@figures("slices.count")
def count(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return how many slices have a value, and how many of their 95 % intervals would miss the whole by chance."""
    frame, shown = ranked(scope, kpi, by), {}
    if frame.empty:
        return none_because("it has no slices")
    shown = {"slices": len(frame), "by_chance": len(frame) * BY_CHANCE}
    return together(tidy(pd.DataFrame([shown]), [
        Measure("slices", "Slices with a value", "count"),
        Measure("by_chance", "Intervals that would miss the whole by chance", "count"),
    ]), reason="")  # fmt: skip


def ranked(scope: Scope, kpi: str, by: str) -> pd.DataFrame:
    """Return the rows of a KPI by a dimension that have a value, the largest first."""
    frame = scope.compute((kpi,), by=(by,))
    there = frame[frame["value"].notna() & (frame["rows"] > 0)]
    return there.sort_values("value", ascending=False, kind="stable")
