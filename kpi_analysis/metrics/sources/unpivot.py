"""Months in columns become rows, booked on the last day of each; subtotals and totals are checked and left out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec, UnpivotSpec
from kpi_analysis.core.errors import ConfigError, DataError, did_you_mean
from kpi_analysis.metrics.sources.files import HIDDEN, POSITION
from kpi_analysis.metrics.sources.month_headings import Span, is_total_heading, lacks_year, read_headings
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead
from kpi_analysis.metrics.sources.statement import (
    Amounts,
    Statement,
    StatementAccount,
    StatementLine,
    read_statement,
)

BOOKED_ON, ACCOUNT, AMOUNT, THEIR_ACCOUNT = "booked_on", "account", "amount", "their_account"
MOST_CELLS = 5_000_000
NO_AMOUNT = ("", "-", "–", "—", "n/a")


@dataclass(frozen=True)
class TurnedPart:
    """Rows of one file, with months in columns turned into rows.

    Parameters
    ----------
    part : FilePart, optional
        None for a query.
    before : int
        How many rows stand before them.
    spans : mapping of str to Span
        Of the columns that were turned.
    statement : Statement
        Its accounts and what was checked.
    unread : list of (row, column, text)
        Cells that are no number.
    left_out : list of str
        Columns that are no month and no total.
    off_totals : list of (row, column, found, wanted)
        Totals over months that are not the sum of them.
    """

    part: FilePart | None
    before: int
    spans: Mapping[str, Span]
    statement: Statement
    unread: list[tuple[int, str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    off_totals: list[tuple[StatementLine, str, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Turned:
    """Table whose months are rows: booked_on, account, amount, their_account, and the columns that are no months."""

    rows: ir.Table
    parts: Sequence[TurnedPart]

    @property
    def names(self) -> tuple[str, ...]:
        """Names and headings of all files."""
        accounts = [one for turned in self.parts for one in turned.statement.accounts]
        checked = [line.name for turned in self.parts for line in turned.statement.checked]
        headings = [heading for one in accounts for heading in one.headings]
        return tuple(dict.fromkeys([*(one.line.name for one in accounts), *headings, *checked]))


def turn_months(
    config: CompanyConfig, local: Any, name: str, spec: TableSpec, raw: ir.Table, read: FileRead | None
) -> Turned:
    """Table whose months in columns have become rows.

    Parameters
    ----------
    config : CompanyConfig
    local : Ibis backend
        DuckDB of the files.
    name : str
        Of the table, or of one source of it.
    spec : TableSpec
        With `unpivot`, and `accounts` where the company file maps them.
    raw : Table
        With the place of each row.
    read : FileRead, optional
        What is to be known of its files.

    Returns
    -------
    Turned

    Raises
    ------
    ConfigError
        When there is no such column, or none that is a month.
    DataError
        When months lack their year, or one stands twice.
    """
    assert spec.unpivot is not None
    columns = [one for one in raw.columns if not one.startswith(HIDDEN)]
    account = _account_column(config, name, spec.unpivot, columns)
    months = columns_of_months(config, name, spec.unpivot, columns)
    frame = (raw.order_by(POSITION) if POSITION in raw.columns else raw).to_pyarrow()
    if frame.num_rows * max(len(months), 1) > MOST_CELLS:
        raise _wrong(config, name, f"{frame.num_rows:,} rows by {len(months)} columns are no statement", "Use a query.")
    texts = {one: frame[one].to_pylist() for one in columns}
    places = frame[POSITION].to_pylist() if POSITION in frame.column_names else list(range(frame.num_rows))
    parts, before = [], 0
    for part in read.parts if read is not None else (None,):
        rows = frame.num_rows if part is None else part.rows
        chosen = [place for place, row in enumerate(places) if before <= row < before + rows]
        own = [one for one in months if any(texts[one][place] not in (None, "") for place in chosen)]
        parts.append(_turn_part(config, name, spec, part, before, texts, account, own, chosen, places))
        before += rows
    others = [one for one in columns if one != account and one not in months]
    return Turned(_table(local, name, parts, texts, others, places), parts)


def _turn_part(
    config: CompanyConfig,
    name: str,
    spec: TableSpec,
    part: FilePart | None,
    before: int,
    texts: Mapping[str, Sequence[Any]],
    account: str,
    months: Sequence[str],
    chosen: Sequence[int],
    places: Sequence[int],
) -> TurnedPart:
    spans = _spans(config, name, spec, part, months)
    totals = [one for one in months if one not in spans and is_total_heading(one)]
    left_out = [one for one in months if one not in spans and one not in totals]
    longer = _longer(spans)
    totals += longer
    kept = {one: span for one, span in spans.items() if one not in longer}
    unread: list[tuple[int, str, str]] = []
    amounts = {one: _amounts([texts[one][place] for place in chosen], one, chosen, places, unread) for one in months}
    matrix = np.column_stack([amounts[one] for one in kept]) if kept else np.zeros((len(chosen), 0))
    lines = [
        StatementLine(
            places[place], str(texts[account][place] or "").strip(), _indent(texts[account][place]), matrix[at]
        )
        for at, place in enumerate(chosen)
    ]
    finite = matrix[np.isfinite(matrix)]
    decimals = 0 if finite.size and bool((np.abs(finite - np.round(finite)) < 1e-9).all()) else 2
    statement = read_statement(lines, spec.accounts, decimals=decimals)
    turned = TurnedPart(part, before, kept, statement, [one for one in unread if one[1] in kept], left_out)
    for one in totals:
        within = [at for at, other in enumerate(kept) if one not in spans or _is_within(kept[other], spans[one])]
        for line, total in zip(lines, amounts[one], strict=True):
            wanted = float(np.nansum(line.amounts[within]))
            if (
                np.isfinite(total)
                and line.has_amounts
                and abs(total - wanted) > 0.5 * 10.0**-decimals * (len(within) + 1)
            ):
                turned.off_totals.append((line, one, float(total), wanted))
    return turned


def _account_column(config: CompanyConfig, name: str, spec: UnpivotSpec, columns: Sequence[str]) -> str:
    if isinstance(spec.account, int):
        if spec.account > len(columns):
            raise _wrong(config, name, f"there is no column {spec.account}; it has {len(columns)}", "", "account")
        return columns[spec.account - 1]
    return _named(config, name, spec.account, columns, "account")


def _named(config: CompanyConfig, name: str, wanted: str, columns: Sequence[str], key: str) -> str:
    found = [one for one in columns if one == wanted] or [
        one for one in columns if one.strip().casefold() == wanted.strip().casefold()
    ]
    if not found:
        hint = did_you_mean(wanted, columns) or f"Its columns: {', '.join(columns[:12])}."
        raise _wrong(config, name, f"there is no column '{wanted}'", hint, key)
    return found[0]


def columns_of_months(config: CompanyConfig, name: str, spec: UnpivotSpec, columns: Sequence[str]) -> list[str]:
    """Columns that are turned: months, their totals, and what else stands among them.

    Parameters
    ----------
    config : CompanyConfig
    name : str
        Of the table, or of one source of it.
    spec : UnpivotSpec
    columns : sequence of str
        Of the raw table.

    Returns
    -------
    list of str

    Raises
    ------
    ConfigError
        When a column is not there, or one that is a month would be left out.
    """
    account = _account_column(config, name, spec, columns)
    if not isinstance(spec.months, str):
        return [_named(config, name, one, columns, "months") for one in spec.months]
    found = re.fullmatch(r"([A-Za-z]{1,3}):([A-Za-z]{1,3})?", spec.months.strip())
    if found is None:
        return [_named(config, name, spec.months, columns, "months")]
    first = _letters(found.group(1))
    last = _letters(found.group(2)) if found.group(2) else len(columns)
    chosen = [one for one in columns[first - 1 : last] if one != account]
    rest = [one for one in read_headings([one for one in columns[: first - 1] if one != account])]
    if rest:
        hint = f'Write months: "{_as_letters(columns.index(rest[0]) + 1)}:"'
        raise _wrong(
            config, name, f"'{rest[0]}' is a month too, and months: {spec.months} leaves it out", hint, "months"
        )
    return chosen


def _spans(
    config: CompanyConfig, name: str, spec: TableSpec, part: FilePart | None, months: Sequence[str]
) -> dict[str, Span]:
    year = getattr(spec.read, "year", None)
    spans = read_headings(months, year)
    if not spans:
        without = [one for one in months if lacks_year(one)]
        if without:
            raise DataError(
                f"table {name}: the months are named without a year: {', '.join(without[:3])}.",
                remedy="Say the year of the first of them, under the table: read: {year: 2026}",
                file=part.file if part is not None else config.path,
            )
        shown = ", ".join(f"'{one}'" for one in months[:5]) or "none"
        raise _wrong(
            config, name, f"no column is a month; found {shown}", "Months read like Jan 2026 or 2026-01.", "months"
        )
    for (one, span), (other, again) in combinations(spans.items(), 2):
        if span == again:
            raise DataError(
                f"table {name}: '{one}' and '{other}' are the same month.",
                remedy="Name the columns that are meant: unpivot: {months: [Jan 2026, Feb 2026]}",
                file=part.file if part is not None else config.path,
            )
    return spans


def _longer(spans: Mapping[str, Span]) -> list[str]:
    """Columns that are sums of others: a quarter or a year beside its months."""
    return [
        one
        for one, span in spans.items()
        if any(other != one and own != span and _is_within(own, span) for other, own in spans.items())
    ]


def _is_within(part: Span, whole: Span) -> bool:
    return whole.first <= part.first and part.last <= whole.last


def _amounts(
    texts: Sequence[Any], column: str, chosen: Sequence[int], places: Sequence[int], unread: list[tuple[int, str, str]]
) -> Amounts:
    found = np.full(len(texts), np.nan)
    for at, value in enumerate(texts):
        if value is None:
            continue
        try:
            found[at] = float(value)
        except (TypeError, ValueError):
            if str(value).strip().casefold() not in NO_AMOUNT:
                unread.append((places[chosen[at]], column, str(value)))
    found[~np.isfinite(found)] = np.nan
    return found


def _indent(text: Any) -> int:
    words = "" if text is None else str(text).expandtabs(4)
    return len(words) - len(words.lstrip())


def _table(
    local: Any,
    name: str,
    parts: Sequence[TurnedPart],
    texts: Mapping[str, Sequence[Any]],
    others: Sequence[str],
    places: Sequence[int],
) -> ir.Table:
    at = {row: place for place, row in enumerate(places)}
    own = [one for one in others if one.casefold() not in (BOOKED_ON, ACCOUNT, AMOUNT, THEIR_ACCOUNT)]
    days: list[dt.date] = []
    amounts: list[float] = []
    rows: list[StatementAccount] = []
    ours: list[str] = []
    for turned in parts:
        for one in turned.statement.accounts:
            sign = -1.0 if turned.statement.costs_are_negative and one.sign < 0 else 1.0
            for target in _targets(one):
                for span, amount in zip(turned.spans.values(), one.line.amounts, strict=True):
                    if np.isfinite(amount):
                        days.append(span.last)
                        amounts.append(sign * float(amount))
                        rows.append(one)
                        ours.append(target)
    table = pa.table(
        {
            BOOKED_ON: pa.array(days, pa.date32()),
            ACCOUNT: pa.array(ours, pa.string()),
            AMOUNT: pa.array(amounts, pa.float64()),
            THEIR_ACCOUNT: pa.array([one.line.name for one in rows], pa.string()),
            **{one: pa.array([_word(texts[one][at[row.line.row]]) for row in rows], pa.string()) for one in own},
            POSITION: pa.array([one.line.row for one in rows], pa.int64()),
        }
    )
    return local.create_table(f"turned_{name}", table, temp=True, overwrite=True)


def _targets(account: StatementAccount) -> list[str]:
    """The accounts of the ledger that a row counts for: inventory is a part of the current assets as well."""
    ours = account.ours or account.line.name
    within = any("current assets" in one.casefold() or "umlaufvermögen" in one.casefold() for one in account.headings)
    return [ours, "current_assets"] if ours == "inventory" and within else [ours]


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _letters(text: str) -> int:
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _as_letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _wrong(config: CompanyConfig, name: str, words: str, remedy: str, key: str = "") -> ConfigError:
    location = ("tables", name, "unpivot", *([key] if key else []))
    return ConfigError(f"table {name}, unpivot: {words}.", remedy=remedy, file=config.path, line=config.line(*location))
