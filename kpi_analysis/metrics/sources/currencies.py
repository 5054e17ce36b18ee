"""Amounts in several currencies, brought to the company's own at the day of each row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.company import CompanyConfig, RatesSpec
from kpi_analysis.core.errors import ConfigError, DataError
from kpi_analysis.core.schema import CanonicalColumn, ColumnKind
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.conversion import convert
from kpi_analysis.metrics.sources.value_formats import wanted_kinds
from kpi_analysis.metrics.sql.types import Unfit

FAR = dt.date(9999, 12, 31)
RATE_COLUMNS: dict[str, ColumnKind] = {"date": "date", "currency": "text", "rate": "number"}


def in_company_currency(company: CompanyConfig, name: str, table: ir.Table, rates: pa.Table | None) -> ir.Table:
    """Table whose money is in the company's currency, by the rate of each row's day.

    A rate is what one unit of a currency is worth in the company's currency; it holds until the next one. A row
    without a currency is in the company's own.

    Parameters
    ----------
    company : CompanyConfig
    name : str
        Of the canonical table, for its money columns and for messages.
    table : Table
    rates : pyarrow Table, optional
        Columns day, currency, rate; sorted, each day and currency once.

    Returns
    -------
    Table
        With the same columns.

    Raises
    ------
    DataError
        When currencies are mixed and there are no rates, or none for a currency on a day.
    """
    schema = company.schemas[name]
    if "currency" not in table.columns:
        return table
    found = table.select(word=table.currency.upper()).distinct().to_pyarrow().column(0).to_pylist()
    foreign = sorted(word for word in found if word is not None and word != company.currency)
    if not foreign:
        return table
    if rates is None:
        raise DataError(
            f"table {name} has amounts in {', '.join(foreign)}, the company's currency is {company.currency}.",
            remedy="Add a table of rates to the company file: rates: {path: rates.csv} with date, currency, rate.",
            file=company.path,
            line=company.line("tables", name),
        )
    kept = table.columns
    joined = _with_rates(company, name, table, rates)
    own = joined.kpi_currency.isnull() | (joined.kpi_currency == company.currency)
    _refuse_missing(company, name, joined.filter(~own & joined.rate.isnull() & joined.kpi_day.notnull()))
    factor = ibis.ifelse(own, 1.0, joined.rate)
    money = {column: joined[column].cast("float64") * factor for column in schema.money if column in kept}
    return joined.mutate(**money).select(*kept)


@dataclass(frozen=True)
class RateAge:
    """How old the rates were that rows of one currency were converted at.

    Parameters
    ----------
    currency : str
    rows : int
        How many were converted at a rate of that age or older.
    days : int
        How many days before the last of these rows its rate was set.
    rate_on, row_on : date
        The day of that rate, and of the last row converted at it.
    """

    currency: str
    rows: int
    days: int
    rate_on: dt.date
    row_on: dt.date


def rate_ages(company: CompanyConfig, name: str, table: ir.Table, rates: pa.Table, days: int) -> list[RateAge]:
    """Rates that were old on the days of the rows that they are used for.

    Parameters
    ----------
    company : CompanyConfig
    name : str
        Of the canonical table.
    table : Table
        The canonical table before conversion.
    rates : pyarrow Table
        As `read_rates` returns them.
    days : int
        From which age on.

    Returns
    -------
    list of RateAge
        One a currency, in their order.
    """
    joined = _with_rates(company, name, table, rates)
    used = joined.filter(joined.rate.notnull() & (joined.kpi_currency != company.currency))
    age = used.kpi_day.cast("date").delta(used.rate_from, unit="day")
    old = used.mutate(kpi_age=age).filter(lambda t: t.kpi_age >= days)
    found = old.group_by("kpi_currency").aggregate(
        rows=old.count(), days=old.kpi_age.max(), rate_on=old.rate_from.argmax(old.kpi_age),
        row_on=old.kpi_day.cast("date").argmax(old.kpi_age),
    )  # fmt: skip
    return [
        RateAge(row["kpi_currency"], int(row["rows"]), int(row["days"]), row["rate_on"], row["row_on"])
        for row in found.order_by("kpi_currency").to_pyarrow().to_pylist()
    ]


def rate_kinds(texts: Mapping[str, str], raw_columns: Sequence[str]) -> dict[str, ColumnKind]:
    """Columns of a raw table of rates that the day and the rate are made from."""
    return wanted_kinds([CanonicalColumn(one, kind) for one, kind in RATE_COLUMNS.items()], texts, raw_columns)


def read_rates(
    company: CompanyConfig, raw: ir.Table, spec: RatesSpec, place: Callable[[int], tuple[Path, int]] | None = None
) -> pa.Table:
    """Exchange rates of the company file: day, currency, rate.

    Parameters
    ----------
    company : CompanyConfig
        Its configuration.
    raw : Table
        As it stands in the source.
    spec : RatesSpec
        Where it is read from, and its columns.
    place : callable, optional
        Takes the position of a row, from 0, and returns its file and row there.

    Returns
    -------
    pyarrow Table
        Sorted, each day and currency once.

    Raises
    ------
    ConfigError
        When a column is missing.
    DataError
        When a row cannot be read, or a currency has two rates on one day.
    """
    values, shown = {}, {}
    for column, kind in RATE_COLUMNS.items():
        text = spec.columns.get(column, column)
        is_plain = text in raw.columns
        value = raw[text] if is_plain else sql.expression(text, raw, where=f"rates, column {column}")
        try:
            canonical = convert(value, CanonicalColumn(column, kind), company.timezone, spec.read, is_plain=is_plain)
        except Unfit as error:
            raise ConfigError(
                f"rates, column {column}: {error}.",
                remedy=f"Map it: columns: {{{column}: …}}.",
                file=company.path,
                line=company.line("rates"),
            ) from None
        values["day" if column == "date" else column] = canonical
        shown[f"shown_{column}"] = value.cast("string")
    table = raw.select(**values, **shown).to_pyarrow()
    seen: set[tuple[Any, Any]] = set()
    for position, row in enumerate(table.to_pylist()):
        file, number = place(position) if place is not None else (company.path, None)
        words = "rates" if number is None else f"rates, row {number}"
        line = company.line("rates") if number is None else number
        if any(row[part] is None for part in values) or row["rate"] <= 0:
            found = ", ".join(f"{column} '{row[f'shown_{column}'] or ''}'" for column in RATE_COLUMNS)
            raise DataError(
                f"{words}: found {found}; wanted a date like 2026-09-14, a currency and a rate above 0.",
                remedy="Mend the row.",
                file=file,
                line=line,
            )
        if (row["day"], row["currency"].upper()) in seen:
            raise DataError(
                f"{words}: {row['currency']} has two rates on {row['day']}.", remedy="Keep one.", file=file, line=line
            )
        seen.add((row["day"], row["currency"].upper()))
    return table.select(list(values))


def _with_rates(company: CompanyConfig, name: str, table: ir.Table, rates: pa.Table) -> ir.Table:
    """Each row beside the rate of its currency on its day."""
    days = [table[column] for column in company.schemas[name].money_on if column in table.columns]
    rows = table.mutate(kpi_day=ibis.coalesce(*days), kpi_currency=table.currency.upper())
    held = ibis.memtable(_intervals(rates))
    return rows.left_join(
        held,
        [rows.kpi_currency == held.rate_currency, rows.kpi_day >= held.rate_from, rows.kpi_day < held.rate_till],
    )


def _intervals(rates: pa.Table) -> pa.Table:
    """From which day on and until which day each rate holds."""
    rows: list[dict[str, Any]] = sorted(rates.to_pylist(), key=lambda row: (row["currency"], row["day"]))
    ends = [
        following["day"] if following is not None and following["currency"] == row["currency"] else FAR
        for row, following in zip(rows, [*rows[1:], None], strict=True)
    ]
    return pa.table(
        {
            "rate_currency": pa.array([row["currency"].upper() for row in rows], pa.string()),
            "rate_from": pa.array([row["day"] for row in rows], pa.date32()),
            "rate_till": pa.array(ends, pa.date32()),
            "rate": pa.array([float(row["rate"]) for row in rows], pa.float64()),
        }
    )


def _refuse_missing(company: CompanyConfig, name: str, rows: ir.Table) -> None:
    missing = rows.group_by("kpi_currency").aggregate(first=rows.kpi_day.min(), count=rows.count())
    for row in missing.order_by("kpi_currency").to_pyarrow().to_pylist():
        raise DataError(
            f"table {name}: {row['count']:,} rows in {row['kpi_currency']} have no rate, the first on {row['first']}.",
            remedy="Add a rate of that day or an earlier one to the rates of the company file.",
            file=company.path,
            line=company.line("rates"),
        )
