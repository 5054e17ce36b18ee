"""Statements with months in columns: subtotals and results that their parts do not come to, and what was left out."""

from __future__ import annotations

from typing import Literal

from kpi_analysis.core.errors import DataFinding, did_you_mean
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.preparation import PreparedSource
from kpi_analysis.metrics.sources.statement import StatementFault
from kpi_analysis.metrics.sources.unpivot import TurnedPart

SHOWN = 3


def statement_findings(sources: Sources, name: str) -> list[DataFinding]:
    """Findings on the sources of a table whose months stood in columns.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    list of DataFinding
        An error for each subtotal or result that its parts do not come to, and each cell that is no number.
    """
    found = []
    for source in sources.tables.prepared(name).sources:
        if source.turned is not None:
            for part in source.turned.parts:
                found += _of_part(name, source, part)
            found += _unknown_names(name, source)
    return found


def _of_part(name: str, source: PreparedSource, part: TurnedPart) -> list[DataFinding]:
    found = [_fault(name, source, part, fault) for fault in part.statement.faults[:SHOWN]]
    if part.unread:
        row, column, text = part.unread[0]
        more = f" ({len(part.unread)} such cells)" if len(part.unread) > 1 else ""
        words = f"'{text}' under {column} is no number{more}."
        found.append(_finding("error", name, source, row, words, "Mend the file, or empty the cell."))
    for double in part.statement.twice:
        words = f"'{double}' is mapped beside accounts that are parts of it, so that they would count twice."
        found.append(_finding("error", name, source, None, words, "Map the sum or its parts, under accounts:"))
    if part.left_out:
        listed = ", ".join(f"'{one}'" for one in part.left_out[:SHOWN])
        more = f" and {len(part.left_out) - SHOWN} more" if len(part.left_out) > SHOWN else ""
        words = f"columns that are no month are left out: {listed}{more}."
        found.append(
            _finding("warning", name, source, None, words, "Name the months by themselves: unpivot: {months: […]}")
        )
    if part.off_totals:
        line, column, total, wanted = part.off_totals[0]
        words = f"'{column}' of '{line.name}' is {total:,.2f}, the months in the file come to {wanted:,.2f}."
        remedy = "Months may be missing in the export."
        found.append(_finding("warning", name, source, line.row, words, remedy))
    return found


def _fault(name: str, source: PreparedSource, part: TurnedPart, fault: StatementFault) -> DataFinding:
    column = list(part.spans)[fault.column]
    if fault.is_unknown:
        without = [one.line.name for one in part.statement.accounts if one.sign == 0]
        words = f"'{fault.line.name}' cannot be checked: nobody knows whether '{without[0]}' counts up or down."
        return _finding(
            "warning", name, source, fault.line.row, words, f"Map it: accounts: {{operating_expense: ['{without[0]}']}}"
        )
    words = (
        f"'{fault.line.name}' is {fault.found:,.2f} in {column}, the accounts above it come to {fault.wanted:,.2f}"
        f" (off by {fault.found - fault.wanted:,.2f})."
    )
    remedy = "A row above it may be a sum that is taken for an account, or mapped to the wrong one under accounts:"
    return _finding("error", name, source, fault.line.row, words, remedy)


def _unknown_names(name: str, source: PreparedSource) -> list[DataFinding]:
    """Accounts that the company file maps and that no file has."""
    assert source.turned is not None
    given = {one: ours for ours, theirs in (source.spec.accounts or {}).items() for one in theirs}
    known = {one.strip().casefold() for one in source.turned.names}
    found = []
    for one in given:
        if one.rpartition(":")[2].strip().casefold() not in known and one.strip().casefold() not in known:
            hint = did_you_mean(one, source.turned.names) or "Take it out, or write it as it stands in the file."
            words = f"accounts: '{one}' is in no row."
            found.append(_finding("warning", name, source, None, words, hint))
    return found


def _finding(
    level: Literal["error", "warning"], name: str, source: PreparedSource, row: int | None, words: str, remedy: str
) -> DataFinding:
    file, line = None, None
    if source.read is not None:
        file = source.read.parts[0].file
        if row is not None:
            file, line = source.read.place(row)
    return DataFinding(
        level, f"table {name}", words, remedy, None if file is None else str(file), line, table=name,
        summary=words.rstrip("."),
    )  # fmt: skip
