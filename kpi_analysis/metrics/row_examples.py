"""Findings of tests that some rows fail: their words, the rows by number, and how much of the table they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import ibis

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.row_tests import RowTest
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sources.row_places import example_rows
from kpi_analysis.metrics.sources.union import SOURCE_COLUMN
from kpi_analysis.metrics.sql.text_values import UNREADABLE
from kpi_analysis.metrics.value_advice import advice_on_values, advice_on_words

SHOWN_ROWS = 5
MOST_VALUES = 200  # that advice is made from


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
        examples = example_rows(sources, name, test.shown, test.wrong, SHOWN_ROWS)
        if examples:
            line, file = examples[0].row, None if examples[0].file is None else str(examples[0].file)
        more = f" and {count - len(examples):,} more" if count > len(examples) else ""
        told = f"{summary}: {', '.join(map(str, examples))}{more}."
    remedy = test.remedy if test.unread is None else _advice(sources, name, test, test.unread)
    return DataFinding(
        test.level, f"table {name}, column {test.column}", told, remedy, file, line,
        table=name, columns=test.touches, rows=count, share=share, effect=test.effect, summary=summary,
    )  # fmt: skip


def _advice(sources: Sources, name: str, test: RowTest, column: MappedColumn) -> str:
    """The remedy that is made from the values which are wrong; of several sources, for the one with most of them."""
    table, prepared = sources.tables.raw(name), sources.tables.prepared(name)
    several = len(prepared.sources) > 1
    label = table[SOURCE_COLUMN] if several else ibis.literal("")
    rows = table.select(shown=test.shown.cast("string"), wrong=test.wrong.fill_null(False), label=label)
    rows = rows.filter(lambda t: t.wrong & t.shown.notnull())
    counted = rows.group_by(["label", "shown"]).aggregate(rows=rows.count()).order_by(ibis.desc("rows"), "shown")
    listed = counted.limit(MOST_VALUES).to_pyarrow().to_pylist()
    chosen = listed[0]["label"] if listed else ""
    values = [row["shown"].removesuffix(UNREADABLE) for row in listed if row["label"] == chosen]
    read = prepared.sources[0].spec.read
    for source in prepared.sources if several else ():
        for own, text, value in source.mapped:
            if source.label == chosen and own.name == column.column.name:
                formats = tuple(used for used in column.formats if used.source == chosen)
                column, read = replace(column, text=text, raw=value, formats=formats), source.spec.read
    if column.column.values:
        return advice_on_words(column, values, chosen)
    return advice_on_values(column, values, read, chosen)


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
    several = {*sources.schemas[name].money} and any(c.column.name == "currency" for c in sources.tables.mapping(name))
    currency = "" if several else f" {sources.config.currency}"
    return max(share, size / whole), f" ({carried:,.10g}{currency} in all)"


def data_file(sources: Sources, name: str) -> str | None:
    """The one file behind a table, where there is one."""
    files = sources.tables.files(name)
    return str(files[0]) if len(files) == 1 else None
