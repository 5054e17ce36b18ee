"""The demo company as files: one CSV a table, large ones compressed, and a README that says what is in them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.schema import TABLES
from kpi_analysis.demo.facts import PLANTED, PlantedFact

LARGE = 150_000  # bytes: above that a file is compressed
README = "README.md"


def file_contents(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return the files of a set of tables: name and bytes, before compression.

    Examples
    --------
    >>> frame = pd.DataFrame({"produced_on": pd.to_datetime(["2026-09-14"]), "units": [48.5], "line": ["Wheels"]})
    >>> file_contents({"production": frame})["production.csv"]
    b'produced_on,units,line\\n2026-09-14,48.5,Wheels\\n'
    """
    contents: dict[str, bytes] = {}
    for name, table in tables.items():
        data = _as_text(name, table).to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
        contents[f"{name}.csv.gz" if len(data) > LARGE else f"{name}.csv"] = data
    contents[README] = _readme(tables, contents).encode()
    return contents


def write_files(folder: Path, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write the files and return their paths, sorted; compressed ones carry no time and no name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in file_contents(tables).items():
        path = folder / name
        path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0) if name.endswith(".gz") else data)
        paths.append(path)
    return sorted(paths)


def _as_text(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Write dates, times and yes or no in the one way that every reader knows."""
    columns: dict[str, Any] = {}
    for column in table.columns:
        kind, values = TABLES[name].columns[column].kind, table[column]
        if kind in ("date", "timestamp"):
            moments = values.to_numpy().astype("datetime64[D]" if kind == "date" else "datetime64[m]")
            words = np.datetime_as_string(moments)
            columns[column] = np.where(np.isnat(moments), "", np.char.replace(words, "T", " "))
        elif kind == "boolean":
            columns[column] = values.map({True: "true", False: "false"}).fillna("")
        else:
            columns[column] = values
    return pd.DataFrame(columns)


def _readme(tables: Mapping[str, pd.DataFrame], contents: Mapping[str, bytes]) -> str:
    files = {name.split(".")[0]: name for name in contents}
    rows = "\n".join(
        f"| {name} | [{files[name]}]({files[name]}) | {len(table):,} | {TABLES[name].row} | {_span(name, table)} |"
        for name, table in tables.items()
    )
    facts = "\n".join(_fact(fact) for fact in PLANTED)
    return TEXT.format(tables=rows, facts=facts)


def _span(name: str, table: pd.DataFrame) -> str:
    days = table[TABLES[name].date]
    return f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"


def _fact(fact: PlantedFact) -> str:
    when = f"{fact.first}" if fact.first == fact.last else f"{fact.first} to {fact.last}"
    where = ", ".join(f"{dimension} = {value}" for dimension, value in fact.where) or "everywhere"
    kpis = ", ".join(f"`{kpi}`" for kpi in fact.kpis)
    cells = (fact.name, fact.what, when, where, kpis, fact.direction, f"{fact.size:,g}: {fact.measure}")
    return f"| {' | '.join(cells)} |"


TEXT = """# Northwind Bikes: a company that does not exist

Made-up data of a wholesaler of bikes: all 17 canonical tables, in canonical columns, from 1 January 2024 to
30 September 2026, in EUR. Nobody in it is real. Public domain (CC0 1.0): use it for anything.

Made by the package itself, always the same:

```
python -m kpi_analysis.demo            # writes data/demo
python -m kpi_analysis.demo FOLDER     # writes elsewhere
```

A test makes it anew and compares every byte. So do not change a file here; change `kpi_analysis/demo` and write again.

## How it hangs together
Spend brings visitors, visitors become leads within five days, leads qualify, qualified leads become opportunities, won
opportunities become customers on the day of their first order. Customers order again at a rate of their own, a third of
them take a service contract. Every order has an invoice, and the ledger agrees with orders and invoices to the cent.

* **What was there before.** Open opportunities, unpaid invoices, vacancies and staff of before 2024 carry their true
  dates. Contracts of before 2024 begin on 2023-12-31, when they came into the billing system. Orders begin in 2024: the
  60 dealers among the older customers order in January 2024 already, so new customers counted by first order are
  too many in that month, and right from then on.
* **Old leads.** Opportunities of the first weeks come from leads of 2023, which are not in the data: they name no lead.
* **Channels.** An order has the channel that won the customer if it is the first one, and `Direct` after that; about
  2 % of orders have none. Opportunities, leads, spend and visits have one of the seven marketing channels. Revenue that
  is to be credited to marketing by the channel of the order leaves `Direct` out:
  `orders: {{path: …, columns: {{channel: "nullif(channel, 'Direct')"}}}}`.
* **Money.** Spend is daily for advertisements, weekly for other channels and monthly for sales (`kind` = sales,
  without a channel). Service contracts are billed by a sister company: they are in `subscriptions` only, not in orders
  or ledger.
* **Refunds** are lines with a negative amount, quantity and cost under the number of the order, on the day on which
  the goods came back.
* **Contracts.** An interval ends on the day on which the next one begins; the day belongs to the next one.
* **Touchpoints.** Path P00123 is that of lead L00123; a path whose name begins with Q is that of an older lead. The
  last touch before a won deal is marked as converted and carries the amount of the deal; all others have no value.
* **Ledger.** One figure an account and month, all positive. Operating expense holds neither depreciation nor
  amortisation. Current assets are cash, receivables and inventory; receivables are the unpaid invoices.

## Tables
| table | file | rows | one row is | dates |
| --- | --- | ---: | --- | --- |
{tables}

## What is planted
Known facts that analysis must find. They are the same in code: `kpi_analysis.demo.PLANTED`.

| fact | what | when | where | KPIs | direction | about how much |
| --- | --- | --- | --- | --- | --- | --- |
{facts}
"""
