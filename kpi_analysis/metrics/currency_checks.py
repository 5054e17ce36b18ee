"""Currencies: rows without one where others have one, rates that are missing, that are old, or that lie far away."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from kpi_analysis.core.errors import DataFinding, KpiError
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.currencies import in_company_currency, rate_ages
from kpi_analysis.metrics.sources.row_places import example_rows

OLD_DAYS = 92  # a rate of the quarter before is common, an older one is not kept up
FIRST_RATE = dt.date(1970, 1, 1)  # floating rates are not older
SHOWN_ROWS = 3


def currency_findings(sources: Sources, name: str) -> list[DataFinding]:
    """Findings on the currencies of a table and the rates at which its money is converted.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    list of DataFinding
        Empty where all money is in the company's own currency.
    """
    config = sources.config
    if name in sources.tables.written or "currency" not in sources.tables.columns(name):
        return []
    table = sources.tables.unchecked(name)
    try:
        converted = in_company_currency(config, name, table, sources.tables.rates)
    except KpiError as error:
        broken = DataFinding.of(f"table {name}, column currency", error, name)
        return [replace(broken, columns=_money(sources, name))]
    rates = sources.tables.rates
    if converted is table or rates is None:
        return []
    found = _without_currency(sources, name)
    for age in rate_ages(config, name, table, rates, OLD_DAYS):
        rows = "1 row is" if age.rows == 1 else f"{age.rows:,} rows are"
        found.append(
            DataFinding(
                "warning",
                f"table {name}, column currency",
                f"{rows} converted at an old rate of {age.currency}: the rate used is {age.days:,} days old"
                f" (of {age.rate_on}, for a row of {age.row_on}).",
                "Add newer rates to the rates of the company file.",
                table=name,
                columns=_money(sources, name),
                rows=age.rows,
            )
        )
    return found


def rate_findings(sources: Sources) -> list[DataFinding]:
    """Findings on the rates themselves: days that no rate can be of.

    Parameters
    ----------
    sources : Sources
        Tables of the company.

    Returns
    -------
    list of DataFinding
        Warnings; rates that cannot be read are told of by the tables that need them.
    """
    spec = sources.config.rates
    if spec is None:
        return []
    try:
        rates = sources.tables.rates
    except KpiError as error:
        return [DataFinding.of("rates", error)]
    read, found = sources.connections.reads.get("rates"), []
    last = dt.date.today() + dt.timedelta(days=366)
    for position, row in enumerate(rates.to_pylist() if rates is not None else []):
        if FIRST_RATE <= row["day"] <= last:
            continue
        file, number = (None, None) if read is None else read.place(position)
        subject, place = "rates" if number is None else f"rates, row {number}", None if file is None else str(file)
        words = f"a rate of {row['currency']} is dated {row['day']}, which is no day of a rate."
        found.append(DataFinding("warning", subject, words, "Mend its date.", place, number))
    return found


def _without_currency(sources: Sources, name: str) -> list[DataFinding]:
    """Rows that say no currency, beside others in a foreign one."""
    mapped = {column.column.name: column for column in sources.tables.mapping(name)}
    currency, raw = mapped["currency"].value, sources.tables.raw(name)
    money = next((mapped[one] for one in sources.schemas[name].money if one in mapped), None)
    if money is None:
        return []
    missing = currency.isnull()
    counted = raw.aggregate(rows=missing.sum(), carried=money.value.sum(where=missing), all=raw.count())
    counts = counted.to_pyarrow().to_pylist()[0]
    if not counts["rows"]:
        return []
    examples = example_rows(sources, name, money.raw, missing, SHOWN_ROWS)
    own = sources.config.currency
    rows = "1 row has" if counts["rows"] == 1 else f"{counts['rows']:,} rows have"
    words = (
        f"{rows} no currency, others have; their {money.column.name} of {float(counts['carried'] or 0):,.12g} is taken"
    )
    words += f" as {own}: {', '.join(map(str, examples))}."
    file = examples[0].file
    remedy = f"Fill the currency, or say what it is: currency: coalesce({mapped['currency'].text}, '{own}')"
    place = None if file is None else str(file)
    return [
        DataFinding(
            "warning", f"table {name}, column currency", words, remedy, place, examples[0].row,
            table=name, columns=_money(sources, name), rows=int(counts["rows"]), share=counts["rows"] / counts["all"],
        )
    ]  # fmt: skip


def _money(sources: Sources, name: str) -> tuple[str, ...]:
    """The columns of a table that hold money."""
    return tuple(column for column in sources.schemas[name].money if column in sources.tables.columns(name))
