"""How numbers and dates were read that are not written plainly, where an analyst must know it."""

from __future__ import annotations

import re
from collections.abc import Collection

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.column_formats import ColumnFormat
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sources.value_formats import DateFormat

ISO_DAY = "2026-09-14"


def format_findings(sources: Sources, name: str, without: Collection[str] = ()) -> list[DataFinding]:
    """Findings on columns that were read in a way that their own values do not prove, or that changes what they say.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    without : collection of str
        Columns that are passed over.

    Returns
    -------
    list of DataFinding
        Warnings: marks for no value, shares in percent, months read as days, dates of
        several shapes, and readings that another column tells. They put no figure in doubt.
    """
    found = []
    for column in sources.tables.mapping(name):
        for used in () if column.column.name in without else column.formats:
            found += [_warning(sources, name, column, *said) for said in _said(column, used)]
    return found


def _said(column: MappedColumn, used: ColumnFormat) -> list[tuple[str, str]]:
    """What is to be said of a format, and what to do where it is wrong."""
    form = used.form
    if form.open:
        return []
    if isinstance(form, DateFormat):
        return _of_dates(form)
    said = []
    if form.marks:
        listed = ", ".join(
            f"'{mark.strip()}' in {rows:,} {'row' if rows == 1 else 'rows'}" for mark, rows in form.marks
        )
        said.append((f"no value is marked by {listed}", "Such a row has none: it is left out where one is needed."))
    if form.percents:
        count = f"{form.percents:,} {'value' if form.percents == 1 else 'values'}"
        said.append((f"{count} in percent are read as shares, 4.99% as 0.0499", "If points are meant, map it: * 100."))
    if form.proved_by and form.proof == "weak":
        words = f"its numbers could be read in two ways; the decimals have '{form.decimal}', as '{form.proved_by}' has"
        said.append((words, "Check one of them."))
    return said


def _of_dates(form: DateFormat) -> list[tuple[str, str]]:
    said = []
    if form.proved_by:
        words = f"its dates could be read in several ways; they are read by {form.patterns[-1]}"
        said.append((f"{words}, as '{form.proved_by}' tells", "Check one of them."))
    if form.is_month:
        said.append(("months are read as their first day", "If another day is meant, map the column by an expression."))
    days = [re.sub("[ T]*%[HI].*$", "", one).replace("%Y-%m-%d", ISO_DAY) for one in form.patterns]
    parts = dict.fromkeys([*days, *([ISO_DAY] if form.iso else [])])
    if len(parts) > 1 and not form.is_declared:
        said.append((f"dates are written in several ways, and each is read by its own: {', '.join(parts)}",
                     "Check some of them."))  # fmt: skip
    return said


def _warning(sources: Sources, name: str, column: MappedColumn, words: str, remedy: str) -> DataFinding:
    files = sources.tables.files(name)
    return DataFinding(
        "warning", f"table {name}, column {column.column.name}", f"{words}.", remedy,
        str(files[0]) if len(files) == 1 else None, columns=(column.column.name,), summary=words,
    )  # fmt: skip
