"""Amounts in several currencies, brought to the company's own at the day of each row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kpi_analysis.core.config.company import CompanyConfig, RatesSpec
from kpi_analysis.core.errors import DataError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics import sql

FAR = dt.date(9999, 12, 31)


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
    schema = TABLES[name]
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
    days = [table[column] for column in schema.money_on if column in table.columns]
    kept = table.columns
    rows = table.mutate(kpi_day=ibis.coalesce(*days), kpi_currency=table.currency.upper())
    held = ibis.memtable(_intervals(rates))
    joined = rows.left_join(
        held,
        [rows.kpi_currency == held.rate_currency, rows.kpi_day >= held.rate_from, rows.kpi_day < held.rate_till],
    )
    own = joined.kpi_currency.isnull() | (joined.kpi_currency == company.currency)
    _refuse_missing(company, name, joined.filter(~own & joined.rate.isnull() & joined.kpi_day.notnull()))
    factor = ibis.ifelse(own, 1.0, joined.rate)
    money = {column: joined[column].cast("float64") * factor for column in schema.money if column in kept}
    return joined.mutate(**money).select(*kept)


def read_rates(company: CompanyConfig, raw: ir.Table, spec: RatesSpec) -> pa.Table:
    """Exchange rates of the company file: day, currency, rate.

    Parameters
    ----------
    company : CompanyConfig
        Its configuration.
    raw : Table
        As it stands in the source.
    spec : RatesSpec
        Where it is read from, and its columns.

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
    values = {}
    for column, kind in (("date", "date"), ("currency", "string"), ("rate", "float64")):
        text = spec.columns.get(column, column)
        value = raw[text] if text in raw.columns else sql.expression(text, raw, where=f"rates, column {column}")
        values["day" if column == "date" else column] = sql.to_type(value, kind)
    table = raw.select(**values).to_pyarrow()
    seen: set[tuple[Any, Any]] = set()
    for number, row in enumerate(table.to_pylist(), start=2):
        if any(part is None for part in row.values()) or row["rate"] <= 0:
            found = ", ".join(f"{key} {part}" for key, part in row.items())
            raise DataError(
                f"rates, row {number}: found {found}; wanted a date, a currency and a rate above 0.",
                remedy="Mend the row.",
                file=company.path,
                line=company.line("rates"),
            )
        if (row["day"], row["currency"]) in seen:
            raise DataError(
                f"rates, row {number}: {row['currency']} has two rates on {row['day']}.",
                remedy="Keep one.",
                file=company.path,
                line=company.line("rates"),
            )
        seen.add((row["day"], row["currency"]))
    return table


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
