"""Where a row of a table stands: its file and its row there, or what names it in a database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics.sources.files import POSITION
from kpi_analysis.metrics.sql.text_values import UNREADABLE

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources import Sources


@dataclass(frozen=True)
class ExampleRow:
    """A row in which a value is wrong.

    Parameters
    ----------
    value : Any
        What stands there.
    file : Path, optional
        The file that it stands in.
    row : int, optional
        The row of the file, counted from 1 with the header.
    name : str
        In a database, the column by which the row can be found and its value.
    is_only_file : bool
        Whether the table has no other file, so that a message need not name it.

    Examples
    --------
    >>> str(ExampleRow("x", Path("orders.csv"), 3)), str(ExampleRow("x", name="order_id A2"))
    ("'x' in row 3", "'x' where order_id is A2")
    """

    value: Any
    file: Path | None = None
    row: int | None = None
    name: str = ""
    is_only_file: bool = True

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        value = value.removesuffix(UNREADABLE) if isinstance(value, str) else value
        shown = f"'{value.isoformat() if isinstance(value, dt.date) else value}'"
        if self.row is not None:
            return f"{shown} in row {self.row}" + (
                "" if self.is_only_file or not self.file else f" of {self.file.name}"
            )
        column, _, value = self.name.partition(" ")
        return f"{shown} where {column} is {value}" if value else shown


def example_rows(sources: Sources, name: str, shown: ir.Value, wrong: ir.BooleanValue, limit: int) -> list[ExampleRow]:
    """First rows of a raw table in which something is wrong.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    shown : Value
        What is shown of a row.
    wrong : BooleanValue
        Where it is wrong.
    limit : int
        How many rows.

    Returns
    -------
    list of ExampleRow
        In the order of the file.
    """
    table, read = sources.tables.raw(name), sources.connections.reads.get(name)
    columns = {"shown": shown.cast("string") if shown.type().is_temporal() else shown, "wrong": wrong}
    key = None if read is not None else _key(sources, name)
    if read is not None:
        columns["position"] = table[POSITION] if POSITION in table.columns else ibis.row_number()
    elif key is not None:
        columns["key"] = key[1].cast("string")
    found = table.select(**columns).filter(lambda t: t.wrong.fill_null(False)).limit(limit)
    rows = found.to_pyarrow().to_pylist()
    if read is None:
        return [ExampleRow(row["shown"], name=f"{key[0]} {row['key']}" if key and row["key"] else "") for row in rows]
    alone = len(read.parts) == 1
    return [
        ExampleRow(row["shown"])
        if row["position"] is None  # of a database, beside files
        else ExampleRow(row["shown"], *sources.tables.row_place(name, int(row["position"])), is_only_file=alone)
        for row in rows
    ]


def _key(sources: Sources, name: str) -> tuple[str, ir.Value] | None:
    """The column by which a row of a database can be found: its key, or the first word or day that it needs."""
    schema = sources.tables.schemas[name]
    wanted = [schema.key] if schema.key else [c.name for c in schema.columns.values() if c.required]
    mapped = {column.column.name: column for column in sources.tables.mapping(name)}
    return next(((one, mapped[one].raw) for one in wanted if one in mapped), None)
