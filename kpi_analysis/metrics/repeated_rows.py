"""Rows that stand twice: the same key, or the same in every column where the rows have an identity."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.row_examples import data_file
from kpi_analysis.metrics.row_tests import in_words
from kpi_analysis.metrics.sources import Sources, TableCheck
from kpi_analysis.metrics.sources.files import HIDDEN

SHOWN_KEYS = 3


def count_repeated(table: ir.Table, key: ir.Value) -> int:
    """How many rows repeat a key that stood before."""
    found = table.aggregate(rows=key.count(), distinct=key.nunique()).to_pyarrow().to_pylist()[0]
    return int(found["rows"] - found["distinct"])


def duplicate_keys(sources: Sources, name: str, key: ir.Value, count: int, rows: int) -> DataFinding:
    """Finding on a key that stands more than once: whoever counts its rows counts too many.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    key : Value
        Its key.
    count : int
        How many rows repeat one.
    rows : int
        How many there are.

    Returns
    -------
    DataFinding
        An error that touches the whole table.
    """
    column = str(sources.schemas[name].key)
    keys = sources.tables.raw(name).select(key=key).filter(lambda t: t.key.notnull())
    counted = keys.group_by("key").aggregate(times=lambda t: t.count()).filter(lambda t: t.times > 1)
    top = counted.order_by([ibis.desc("times"), "key"]).limit(SHOWN_KEYS).to_pyarrow().to_pylist()
    shown = ", ".join(f"'{row['key']}' {row['times']} times" for row in top)
    words = f"it must be unique, but {in_words(count, 'row repeats', 'rows repeat')} one"
    return DataFinding(
        "error", f"table {name}, column {column}", f"{words}: {shown}.",
        "Take the duplicates out, or connect a query that does.", data_file(sources, name),
        table=name, rows=count, share=count / max(rows, 1), effect="high", summary=words,
    )  # fmt: skip


def repeated_rows(sources: Sources, name: str, identity: str) -> list[DataFinding]:
    """Findings on rows that are the same in every column of a table whose rows have an identity but no key.

    Two exports that overlap look like that. The column must be mapped: equal rows of an aggregated export are equal
    figures of different things.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    identity : str
        The column that says which thing a row is about.

    Returns
    -------
    list of DataFinding
        One warning, or none.
    """
    mapped = {column.column.name: column for column in sources.tables.mapping(name)}
    if identity not in mapped:
        return []
    raw = sources.tables.raw(name)
    own = raw.select([column for column in raw.columns if not column.startswith(HIDDEN)])
    alike = own.group_by(own.columns).aggregate(kpi_times=own.count()).filter(lambda t: t.kpi_times > 1)
    total = alike.aggregate(rows=alike.kpi_times.sum(), distinct=alike.count()).to_pyarrow().to_pylist()[0]
    repeated = int(total["rows"] or 0) - int(total["distinct"])
    if not repeated:
        return []
    unchecked = sources.tables.unchecked(name)
    keys = unchecked.filter(unchecked[identity].notnull())
    counted = keys.group_by(list(keys.columns)).aggregate(kpi_times=lambda t: t.count())
    top = counted.filter(lambda t: t.kpi_times > 1).order_by([ibis.desc("kpi_times"), identity]).limit(SHOWN_KEYS)
    shown = ", ".join(f"'{row[identity]}' {row['kpi_times']} times" for row in top.to_pyarrow().to_pylist())
    rows = sources.facts.check(name, lambda: TableCheck(())).rows or repeated
    words = f"{in_words(repeated, 'row is', 'rows are')} the same as another in every column"
    return [
        DataFinding(
            "warning", f"table {name}", f"{words}: {shown}." if shown else f"{words}.",
            "They count twice. Take them out if they are the same ones.", data_file(sources, name),
            table=name, rows=repeated, share=repeated / max(rows, 1), effect="high", summary=words,
        )
    ]  # fmt: skip
