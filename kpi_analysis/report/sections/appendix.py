"""The tables at the end of a report: what the KPIs are, what is not shown and why, and what was read."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from kpi_analysis.core.records import result_values
from kpi_analysis.design.blocks import Cell, Column, Row, Table
from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import DEFAULT_THEME, Theme
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.report import tables


def definitions(
    frame: pd.DataFrame,
    metrics: Mapping[str, Metric],
    words: Mapping[str, str],
    written: Format,
    overridden: Sequence[str] = (),
    theme: Theme = DEFAULT_THEME,
) -> Table:
    """Return what each KPI is in words, from how many rows it comes, and how far off it may be.

    Parameters
    ----------
    frame : DataFrame
        The tidy frame of one period.
    metrics : mapping of str to Metric
    words : mapping of str to str
        The formula of each KPI in words.
    written : Format
    overridden : sequence of str
        Labels of KPIs that the company defines in its own way.
    theme : Theme
        In whose typeface names are measured.
    """
    told = {
        name: metric.model_copy(update={"formula": ". ".join(filter(None, (words[name], metric.note)))})
        for name, metric in metrics.items()
    }
    note = f"Defined by the company in its own way: {', '.join(overridden)}." if overridden else ""
    return replace(tables.definitions_table(frame, told, written, note=note, theme=theme), values=result_values(frame))


def not_shown(frame: pd.DataFrame, metrics: Mapping[str, Metric]) -> Table:
    """Return the KPIs without a value by their reason, the reason that most of them share first."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for kpi, reason in zip(frame.kpi, frame.reason, strict=True):
        by_reason[reason].append(metrics[kpi].label)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return Table(
        "not_shown",
        "Not shown, and why",
        "",
        (Column("Reason", width="62mm"), Column("KPIs")),
        tuple(Row((Cell(reason), Cell(", ".join(names)))) for reason, names in ordered),
        values=result_values(frame),
    )


def sources(fingerprints: Sequence[Mapping[str, Any]], written: Format, *, note: str = "") -> Table:
    """Return what was read: table by table its origin, rows, first and last day, and fingerprint."""
    rows = []
    for one in fingerprints:
        days = [written.date(dt.date.fromisoformat(one[end])) if one[end] else "–" for end in ("first", "newest")]
        shown = f"{one['hash'][:4]} {one['hash'][4:8]}" if one["hash"] else "–"
        origin = str(one["origin"]).rsplit("/", 1)[-1]
        rows.append(
            Row((Cell(one["table"]), Cell(origin), Cell(written.number(one["rows"])), *map(Cell, days), Cell(shown)))
        )
    columns = (
        Column("Table", width="auto"),
        Column("Read from"),
        Column("Rows", align="right", width="auto"),
        Column("First row", align="right", width="auto"),
        Column("Newest row", align="right", width="auto"),
        Column("Fingerprint", align="right", width="auto"),
    )
    return Table("sources", "Sources", "", columns, tuple(rows), note)
