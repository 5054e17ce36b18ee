"""Sorted values, how each KPI is computed, and what is not shown and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd

from kpi_analysis.core.records import json_value, records
from kpi_analysis.design.blocks import Cell, Column, Row, Table
from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.design.theme import DEFAULT_THEME, SPACE, TYPE, Theme
from kpi_analysis.report.charts.text import TextMeasure
from kpi_analysis.report.tables.cells import (
    NOTHING,
    DefinedMetric,
    MetricInfo,
    Record,
    aligned,
    number_cell,
    reason_of,
)

WIDEST_NAME = 48  # mm; a longer name takes a second line
Better = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True)
class Field:
    """A column of a `value_table`: its name in the frame, head and unit; one without a unit is text.

    `scale` is for columns that are compared with each other; by default each has its own.
    """

    column: str
    label: str
    unit: str = ""
    better: Better = "neutral"
    strong: bool = False
    width: str = ""
    scale: Scale | None = None


def value_table(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    format: Format,
    *,
    id: str,
    title: str,
    measure: str = "",
    sort_by: str = "",
    ascending: bool = False,
    total: Mapping[str, Any] | None = None,
    note: str = "",
) -> Table:
    """Return a frame as a table sorted by one of its columns, with a total row below.

    Parameters
    ----------
    frame : DataFrame
        One row a line. A row with a ``reason`` and no number shows the reason across.
    fields : sequence of Field
        The columns shown; the first is the name.
    format : Format
    id, title, measure, note : str
        The words around the table.
    sort_by : str
        A column of the frame; without one the order stays. Rows without a value come last.
    ascending : bool
        Smallest first.
    total : mapping, optional
        The values of the last row by column. They are given, not summed: a total ratio is no sum of ratios.

    Examples
    --------
    >>> frame = pd.DataFrame({"channel": ["Email", "Search"], "spend": [14_200.0, 88_000.0]})
    >>> fields = [Field("channel", "Channel"), Field("spend", "Spend", "currency")]
    >>> table = value_table(frame, fields, Format(), id="spend", title="Search takes most", sort_by="spend")
    >>> [[cell.text for cell in row.cells] for row in table.rows], table.columns[1].unit
    ([['Search', '88.0'], ['Email', '14.2']], '€k')
    """
    if sort_by:
        frame = frame.sort_values(sort_by, ascending=ascending, na_position="last", kind="stable")
    rows = list(records(frame))
    scales = {f.column: f.scale or format.scale([row.get(f.column) for row in rows], f.unit) for f in fields if f.unit}
    cells = {str(i): _value_cells(row, fields, scales, format) for i, row in enumerate(rows)}
    if total is not None:
        last = {key: json_value(value) for key, value in total.items()}
        cells["total"] = [replace(c, strong=True) for c in _value_cells(last, fields, scales, format)]
    numeric = {i for i, field in enumerate(fields) if field.unit}
    shown = aligned(cells, numeric, format.point)
    lines = [_reason_row(row, fields) or Row(tuple(shown[str(i)])) for i, row in enumerate(rows)]
    if total is not None:
        lines.append(Row(tuple(shown["total"]), kind="total"))
    columns = tuple(_value_column(f, scales, format) for f in fields)
    return Table(id, title, measure, columns, tuple(lines), note=note, values=figures(rows))


def figures(rows: Sequence[Record]) -> tuple[Record, ...]:
    """The rows that are figures of the tidy KPI frame: they have an id, and stand in results.json."""
    return tuple(row for row in rows if "id" in row)


def _value_column(field: Field, scales: Mapping[str, Scale], f: Format) -> Column:
    width = field.width or ("20mm" if field.unit else "1fr")
    if not field.unit:
        return Column(field.label, width=width)
    unit = f.unit_label(field.unit, scales[field.column], field.better)
    return Column(field.label, "" if field.unit == "count" else unit, "right", width)


def _value_cells(row: Record, fields: Sequence[Field], scales: Mapping[str, Scale], f: Format) -> list[Cell]:
    cells = []
    for field in fields:
        value = row.get(field.column)
        if value is None:
            cells.append(NOTHING if field.unit else Cell())
        elif field.unit:
            cells.append(replace(number_cell(value, field.unit, scales[field.column], f), strong=field.strong))
        else:
            cells.append(Cell(str(value), strong=field.strong))
    return cells


def _reason_row(row: Record, fields: Sequence[Field]) -> Row | None:
    numbers = [row.get(field.column) for field in fields if field.unit]
    if not row.get("reason") or any(number is not None for number in numbers) or len(fields) < 2:
        return None
    name = Cell(str(row.get(fields[0].column) or ""))
    return Row((name, Cell(reason_of(row), tone="muted", span=len(fields) - 1)))


def definitions_table(
    frame: pd.DataFrame,
    metrics: Mapping[str, DefinedMetric],
    format: Format,
    *,
    id: str = "definitions",
    title: str = "Definitions",
    measure: str = "Every ratio is a ratio of sums. Rows: records behind the figure of this period",
    note: str = "",
    theme: Theme = DEFAULT_THEME,
) -> Table:
    """Return how each KPI is computed, from how many rows, and how sure its value is.

    Parameters
    ----------
    frame : DataFrame
        One row a KPI: kpi, value, rows and, where there is one, the interval ci_low to ci_high.
    metrics : mapping of str to Defined
        The KPIs with their formulas. Those without a value in the frame are left out: see `not_shown_table`.
    format : Format
    id, title, measure, note : str
        The words around the table.
    theme : Theme
        In whose typeface the names are measured.
    """
    width = TextMeasure(theme).width
    shown = [row for row in records(frame) if row["kpi"] in metrics and row.get("value") is not None]
    longest = max((width(metrics[row["kpi"]].label, TYPE.table) for row in shown), default=0.0)
    columns = (
        Column("KPI", width=f"{min(math.ceil(longest + 2 * SPACE.cell_x), WIDEST_NAME)}mm"),
        Column("Formula"),
        Column("Unit", width="auto"),
        Column("Rows", align="right", width="auto"),
        Column("95% interval", align="right", width="auto"),
    )
    rows = tuple(_definition(row, metrics[row["kpi"]], format) for row in shown)
    return Table(id, title, measure, columns, rows, note=note, values=tuple(shown))


def _definition(row: Record, metric: DefinedMetric, f: Format) -> Row:
    scale = f.scale([row["value"]], metric.unit)
    low, high, counted = row.get("ci_low"), row.get("ci_high"), row.get("rows")
    interval = "–" if low is None or high is None else f.interval(low, high, metric.unit, scale)
    return Row(
        (
            Cell(metric.label),
            Cell(metric.formula),
            Cell(f.unit_label(metric.unit, scale)),
            Cell(f.number(counted)) if counted is not None else NOTHING,
            Cell(interval) if interval != "–" else NOTHING,
        )
    )


def not_shown_table(
    frame: pd.DataFrame,
    metrics: Mapping[str, MetricInfo],
    *,
    id: str = "not_shown",
    title: str = "Not shown, and why",
    note: str = "",
) -> Table:
    """Return the KPIs without a value, each with its reason.

    Parameters
    ----------
    frame : DataFrame
        One row a KPI: kpi, value, reason.
    metrics : mapping of str to Metric
        For the names.
    id, title, note : str
        The words around the table.
    """
    missing = [row for row in records(frame) if row.get("value") is None]
    names = [metrics[row["kpi"]].label if row["kpi"] in metrics else str(row["kpi"]) for row in missing]
    rows = tuple(Row((Cell(name), Cell(reason_of(row)))) for name, row in zip(names, missing, strict=True))
    columns = (Column("KPI", width="54mm"), Column("Reason"))
    return Table(id, title, "", columns, rows, note=note, values=tuple(missing))
