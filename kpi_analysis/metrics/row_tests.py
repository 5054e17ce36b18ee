"""Tests of the rows of a table: the condition under which a row is wrong, and the words for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Literal

import ibis.expr.types as ir

from kpi_analysis.core.schema import TABLES, CanonicalColumn
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.conversion import outside_years
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.value_advice import open_readings

CONDITIONAL = r"(?i)\b(case|coalesce|nullif|try_cast)\b"  # such an expression may mean to give nothing
BEYOND_NUMBERS = 1e300  # infinity and NaN lie above it in every engine
WANTED = {
    "date": "a date like 2026-09-14", "timestamp": "a time like 2026-09-14 13:30", "number": "a number",
    "boolean": "true or false",
}  # fmt: skip


@dataclass(frozen=True)
class RowTest:
    """Test of the rows of a table.

    Parameters
    ----------
    column : str
        The canonical column that the finding is about.
    level : str
        error or warning.
    wrong : BooleanValue
        Where a row is wrong.
    shown : Value
        What is shown of such a row.
    words : callable
        Takes how many rows are wrong, and of how many; returns what was found.
    remedy : str
        What to do.
    touches : tuple of str
        Columns whose figures are in doubt.
    has_examples : bool
        Whether rows are shown; an empty cell has nothing to show.
    money : Value, optional
        What such rows carry.
    effect : str
        What it does to sums: low, high or nothing that is known.
    unread : MappedColumn, optional
        The column whose values are none of those that are wanted; its remedy is made from them.
    """

    column: str
    level: Literal["error", "warning"]
    wrong: ir.BooleanValue
    shown: ir.Value
    words: Callable[[int, int], str]
    remedy: str
    touches: tuple[str, ...]
    has_examples: bool = True
    money: ir.Value | None = None
    effect: Literal["", "low", "high"] = ""
    unread: MappedColumn | None = None


def column_tests(name: str, column: MappedColumn, table: ir.Table, mapped: Sequence[MappedColumn]) -> list[RowTest]:
    """Tests of one column: conversion, required values, finite numbers, ranges, known words, order in time.

    Parameters
    ----------
    name : str
        Of the canonical table.
    column : MappedColumn
    table : Table
        As it stands in the source.
    mapped : sequence of MappedColumn
        All columns of the table.

    Returns
    -------
    list of RowTest
        Each is looked at in the one scan of the table.
    """
    schema, value = column.column, column.value
    tests = []
    failed = _failed(column, table)
    if failed is not None:
        tests.append(_conversion_test(column, table, failed))
    if column.raw.type().is_temporal() and not column.is_within_years:
        remedy = "They are in no period." if schema.required else "They are taken as no day."
        words = _values_that_are("not in the years 1 to 9999")
        tests.append(
            RowTest(schema.name, "warning", outside_years(column.raw), column.raw, words, remedy, (schema.name,))
        )
    if schema.required:
        missing = value.isnull() if failed is None else value.isnull() & ~failed.fill_null(False)
        tests.append(_presence_test(schema, value, missing))
    if schema.kind == "number" and column.raw.type().is_floating():
        endless = value.abs() > BEYOND_NUMBERS
        words = _values_that_are("not a finite number")
        remedy = f"Mend the data, or map it: {schema.name}: case when … end"
        tests.append(RowTest(schema.name, "error", endless, value, words, remedy, (schema.name,)))
    if schema.minimum is not None:
        words = _values_that_are(f"below {schema.minimum:g}, which cannot be")
        remedy = f"Mend the data, or map it: {schema.name}: case when … end"
        tests.append(RowTest(schema.name, "error", value < schema.minimum, value, words, remedy, (schema.name,)))
    if schema.values:
        known = " or ".join(f"'{word}'" for word in schema.values)
        shown = column.raw if column.raw.type().is_string() else value
        words = _values_that_are(f"not {known}")
        tests.append(
            RowTest(schema.name, "error", value.notin(schema.values), shown, words, "", (schema.name,), unread=column)
        )
    by_name = {other.column.name: other for other in mapped}
    for earlier, later in TABLES[name].order if name in TABLES else ():
        if later == schema.name and earlier in by_name:
            words = _rows_that_have(f"{schema.name} before {earlier}")
            wrong = value < by_name[earlier].value
            touches = (schema.name, earlier)
            tests.append(RowTest(schema.name, "warning", wrong, value, words, "Check these rows.", touches))
    return tests


def in_words(count: int, one: str, many: str) -> str:
    """A count before what is said of one or of many.

    Parameters
    ----------
    count : int
        Any.
    one : str
        What is said of one.
    many : str
        What is said of none or many.

    Returns
    -------
    str
        The count with its thousands apart.

    Examples
    --------
    >>> in_words(1, "value is", "values are"), in_words(1200, "value is", "values are")
    ('1 value is', '1,200 values are')
    """
    return f"{count:,} {one if count == 1 else many}"


def _conversion_test(column: MappedColumn, table: ir.Table, failed: ir.BooleanValue) -> RowTest:
    name, kind = column.column.name, column.column.kind
    shown = column.raw if column.is_converted else _inputs(column, table)[0]
    words = _values_that_are(f"not {WANTED.get(kind, '')}{_in_several_ways(column)}")
    return RowTest(name, "error", failed, shown, words, "", (name,), unread=column)


def _in_several_ways(column: MappedColumn) -> str:
    """How a value of a column could be read, where it could be in several ways."""
    for used in column.formats:
        readings = [words for words, _ in open_readings(used.column, used.form, used.read)]
        if used.form.open and readings:
            example = used.form.open[0]
            more = [] if len(readings) > 1 else ["a number" if example.isdigit() else "of another century"]
            return f", and '{example}' could be {' or '.join([*readings, *more])}"
    return ""


def _presence_test(schema: CanonicalColumn, value: ir.Value, missing: ir.BooleanValue) -> RowTest:
    name = schema.name
    remedy = "They are in no period." if schema.kind == "date" else "They are left out where it is needed."

    def words(count: int, rows: int) -> str:
        return f"{count:,} of {rows:,} rows have no {name}"

    effect: Literal["", "low", "high"] = "low" if schema.kind in ("number", "date", "timestamp") else ""
    return RowTest(name, "warning", missing, value, words, remedy, (name,), has_examples=False, effect=effect)


def _values_that_are(words: str) -> Callable[[int, int], str]:
    return lambda count, _: f"{in_words(count, 'value is', 'values are')} {words}"


def _rows_that_have(words: str) -> Callable[[int, int], str]:
    return lambda count, _: f"{in_words(count, 'row has', 'rows have')} {words}"


def _failed(column: MappedColumn, table: ir.Table) -> ir.BooleanValue | None:
    """Where a value stood and could not be read. None where nothing can fail."""
    if column.is_converted:
        return column.value.isnull() & column.stood
    if column.column.kind == "text" or column.text in table.columns or re.search(CONDITIONAL, column.text):
        return None
    inputs = _inputs(column, table)
    if not inputs:
        return None
    return column.value.isnull() & reduce(and_, [value.strip().length() > 0 for value in inputs])


def _inputs(column: MappedColumn, table: ir.Table) -> list[ir.Value]:
    names = [name for name in sql.columns_of(column.text) if name in table.columns]
    return [table[name] for name in sorted(names) if table[name].type().is_string()]
