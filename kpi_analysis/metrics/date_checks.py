"""Dates that cannot say how far the data reach: after today, after the end of the data, or far from all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.event_days import Days
from kpi_analysis.metrics.sources.expected_days import CLOSED, OPEN, OUTCOME, has_expected_days
from kpi_analysis.metrics.sources.files import POSITION

SHOWN_ROWS = 5


def date_findings(sources: Sources, name: str, days: Mapping[str, Days]) -> list[DataFinding]:
    """Findings about dates of a table that stand out of line, each with its rows.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    days : mapping of str to ndarray of datetime64
        Days of its date columns.

    Returns
    -------
    list of DataFinding
        Warnings; none of these dates moves the begin or the end of the data.
    """
    latest, found = sources.facts.latest, []
    for column, known in days.items():
        alone = np.setdiff1d(known, sources.facts.without_alone(name, column, known, dt.date.max))
        planned = sources.schemas[name].columns[column].planned
        later = known[:0] if planned else np.setdiff1d(known[known > np.datetime64(latest)], alone)
        end = "data_ends of the company file" if sources.config.data_ends == latest else "today"
        if later.size:
            words = (f"lies after {end}, {latest}", f"lie after {end}, {latest}")
            found.append(_finding(sources, name, column, later, words, "A plan is no event"))
        if alone.size:
            words = ("is far from all others", "are far from all others")
            found.append(_finding(sources, name, column, alone, words, "A typing mistake or a placeholder is no event"))
    return found


def _finding(sources: Sources, name: str, column: str, days: Days, words: tuple[str, str], why: str) -> DataFinding:
    raw, value = sources.tables.raw(name), sources.tables.values(name)[column].cast("date")
    wrong = ibis._.kpi_day.isin(days.tolist())
    table = raw.select(kpi_day=value, **{one: raw[one] for one in (POSITION,) if one in raw.columns})
    count = int(table.filter(wrong).count().to_pyarrow().as_py())
    rows = _numbered(sources, name, table, wrong)
    shown = ", ".join(f"'{row['kpi_day']}'{_in_row(row)}" for row in rows)
    subject, file = f"table {name}, column {column}", sources.tables.files(name)
    said = f"1 date {words[0]}" if count == 1 else f"{count:,} dates {words[1]}"
    return DataFinding(
        "warning",
        subject,
        f"{said}: {shown}. {why}: it does not move how far the data reach.",
        "Mend the date, or leave the row out." if count == 1 else "Mend the dates, or leave the rows out.",
        str(file[0]) if len(file) == 1 else None,
        rows[0].get("row") if rows else None,
        table=name,
        columns=(column,),
        rows=count,
        summary=said,
    )


def expected_findings(sources: Sources, name: str) -> list[DataFinding]:
    """Finding that open opportunities have a day of closing, which is read as the day on which it is expected."""
    columns = {column.column.name: column for column in sources.tables.mapping(name)}
    if not has_expected_days(name, columns):
        return []
    closed, outcome = columns[CLOSED].value.cast("date"), columns[OUTCOME].value
    rows = sources.tables.raw(name).select(kpi_day=closed, kpi_outcome=outcome)
    rows = rows.filter((rows.kpi_outcome == OPEN) & rows.kpi_day.notnull())
    found: dict[str, Any] = rows.aggregate(rows=rows.count(), last=rows.kpi_day.max()).to_pyarrow().to_pylist()[0]
    if not found["rows"]:
        return []
    words = "1 open opportunity has" if found["rows"] == 1 else f"{found['rows']:,} open opportunities have"
    return [
        DataFinding(
            "warning",
            f"table {name}, column {CLOSED}",
            f"{words} a day of closing, the last on {found['last']}: it is read as expected_on, a plan and no event.",
            "Map it by itself to be rid of this line: expected_on: …",
        )
    ]


def _numbered(sources: Sources, name: str, table: ir.Table, wrong: ir.BooleanValue) -> list[dict[str, Any]]:
    """The first rows that are wrong, with their file and row where the table comes from files."""
    read = sources.connections.reads.get(name)
    if read is not None:
        table = table.mutate(position=table[POSITION] if POSITION in table.columns else ibis.row_number())
    rows: list[dict[str, Any]] = table.filter(wrong).limit(SHOWN_ROWS).to_pyarrow().to_pylist()
    if read is None:
        return rows
    for row in rows:
        if row["position"] is not None:
            file, row["row"] = sources.tables.row_place(name, int(row["position"]))
            row["file"] = file.name if len(read.parts) > 1 else ""
    return rows


def _in_row(row: Mapping[str, Any]) -> str:
    return f" in row {row['row']}{' of ' if row['file'] else ''}{row['file']}" if "row" in row else ""
