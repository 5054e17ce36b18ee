"""A plan is no event: no day that lies ahead, or far from all others, moves how far any table reaches."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.schema import TABLES, CanonicalColumn
from kpi_analysis.metrics.session import OpenCompany

ROWS = 24
BEGIN = dt.date(2026, 1, 5)
DATES = [
    (table.name, column.name)
    for table in TABLES.values()
    for column in table.columns.values()
    if column.kind in ("date", "timestamp")
]
OUT_OF_LINE = [dt.date(2062, 7, 1), dt.date(1900, 1, 1)]


def cell(column: CanonicalColumn, row: int, place: int) -> Any:
    """A value that may stand in a column: days a week apart, later ones for later columns."""
    if column.kind in ("date", "timestamp"):
        return (BEGIN + dt.timedelta(days=7 * row + 3 * place)).isoformat()
    if column.kind == "boolean":
        return "true"
    if column.kind == "number":
        return 5
    return column.values[0] if column.values else f"{column.name} {row}"


@cache
def rows_of(table: str) -> pd.DataFrame:
    columns = TABLES[table].columns.values()
    names = [column.name for column in columns if column.name not in ("currency", "expected_on")]
    rows = [
        {column.name: cell(column, row, place) for place, column in enumerate(columns) if column.name in names}
        for row in range(ROWS)
    ]
    return pd.DataFrame(rows, dtype=object)


def company(folder: Path, table: str, **changed: dt.date) -> OpenCompany:
    """A company with one table, in whose tenth row some days are others."""
    rows = rows_of(table).copy()
    for column, day in changed.items():
        rows[column] = rows.get(column)
        rows.loc[8, column] = day.isoformat()
    return open_from(folder, {table: rows})


def facts(one: OpenCompany, table: str, column: str) -> tuple[Any, ...]:
    main = one.sources.extent(table)
    return one.sources.last_day(), main.first, main.last


@pytest.mark.parametrize("day", OUT_OF_LINE, ids=str)
@pytest.mark.parametrize(("table", "column"), DATES)
def test_a_day_out_of_line_moves_nothing_and_is_named_with_its_row(
    table: str, column: str, day: dt.date, tmp_path: Path
) -> None:
    wrong = company(tmp_path, table, **{column: day})
    found = facts(wrong, table, column)
    (tmp_path / "usual").mkdir()
    assert found == facts(company(tmp_path / "usual", table), table, column)
    planned = TABLES[table].columns[column].planned
    named = [finding for finding in wrong.check() if column in finding.subject and f"'{day}' in row 10" in str(finding)]
    assert named or (planned and column == "expected_on")
    assert not named or any(says(str(finding), "does not move how far the data reach") for finding in named)


@pytest.mark.parametrize(("table", "column"), [pair for pair in DATES if TABLES[pair[0]].columns[pair[1]].planned])
def test_a_plan_of_next_year_is_neither_an_event_nor_a_mistake(table: str, column: str, tmp_path: Path) -> None:
    soon = dt.date.today() + dt.timedelta(days=90)
    planned = company(tmp_path, table, **{column: soon})
    (tmp_path / "usual").mkdir()
    assert facts(planned, table, column) == facts(company(tmp_path / "usual", table), table, column)
    assert not [finding for finding in planned.check() if str(soon) in str(finding)]
