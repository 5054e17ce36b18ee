"""Findings of tests that some rows fail: their words, the rows by number, and how much of the table they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import ibis

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.row_tests import RowTest
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.files import has_head

SHOWN_ROWS = 5


def failed_tests(sources: Sources, name: str, tests: Iterable[tuple[RowTest, int]], rows: int) -> list[DataFinding]:
    """Findings of the tests that some rows of a table fail.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    tests : iterable of pairs of RowTest and int
        With in how many rows each found something wrong.
    rows : int
        How many the table has.

    Returns
    -------
    list of DataFinding
        One a test; a second query fetches the rows.
    """
    return [_finding(sources, name, test, count, rows) for test, count in tests]


def _finding(sources: Sources, name: str, test: RowTest, count: int, rows: int) -> DataFinding:
    words = test.words(count, rows)
    share, carried = count / rows, ""
    if test.money is not None:
        share, carried = _money(sources, name, test, share)
    summary = words + carried
    file, line = data_file(sources, name), None
    told = f"{summary}."
    if test.has_examples:
        examples = _examples(sources, name, test)
        line = examples[0][0] if examples else None
        more = f" and {count - len(examples):,} more" if count > len(examples) else ""
        told = f"{summary}: {', '.join(_example(row, value) for row, value in examples)}{more}."
    return DataFinding(
        test.level, f"table {name}, column {test.column}", told, test.remedy, file, line,
        table=name, columns=test.touches, rows=count, share=share, effect=test.effect, summary=summary,
    )  # fmt: skip


def _money(sources: Sources, name: str, test: RowTest, share: float) -> tuple[float, str]:
    """Which share of the table's money wrong rows carry, and how much that is in words."""
    assert test.money is not None
    table, money = sources.tables.raw(name), test.money
    wrong = test.wrong.fill_null(False)
    found = table.aggregate(
        carried=ibis.ifelse(wrong, money, 0).sum(),
        size=ibis.ifelse(wrong, money.abs(), 0).sum(),
        whole=money.abs().sum(),
    )
    row = found.to_pyarrow().to_pylist()[0]
    carried, size, whole = (float(row[key] or 0) for key in ("carried", "size", "whole"))
    if not whole or carried != carried:
        return share, ""
    several = {*TABLES[name].money} and any(c.column.name == "currency" for c in sources.tables.mapping(name))
    currency = "" if several else f" {sources.config.currency}"
    return max(share, size / whole), f" ({carried:,.10g}{currency} in all)"


def _examples(sources: Sources, name: str, test: RowTest) -> list[tuple[int | None, Any]]:
    table = sources.tables.raw(name)
    numbered = len(sources.tables.files(name)) == 1
    columns = {"shown": test.shown, "wrong": test.wrong}
    if numbered:
        columns["row"] = ibis.row_number()
    found = table.select(**columns).filter(lambda t: t.wrong.fill_null(False)).limit(SHOWN_ROWS)
    rows = found.to_pyarrow().to_pylist()
    head = 1 if sources.tables.files(name) and has_head(sources.tables.files(name)[0]) else 0
    return [(int(row["row"]) + 1 + head if numbered else None, row["shown"]) for row in rows]


def _example(row: int | None, value: Any) -> str:
    shown = value.isoformat() if isinstance(value, dt.date) else f"{value:g}" if isinstance(value, float) else value
    return f"'{shown}'" if row is None else f"'{shown}' in row {row}"


def data_file(sources: Sources, name: str) -> str | None:
    """The one file behind a table, where there is one."""
    files = sources.tables.files(name)
    return str(files[0]) if len(files) == 1 else None
