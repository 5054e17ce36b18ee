"""The demo company with a fault planted in each of its tables, and what each fault is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.session import OpenCompany, open_company

ROOT = Path(__file__).parents[2]
Frame = pd.DataFrame


@dataclass(frozen=True)
class Fault:
    """A fault in one row of a table: what is changed, and what the check must say of it.

    Parameters
    ----------
    table, level : str
    words : tuple of str
        That stand in the finding.
    plant : callable
        Takes the table as texts and the place of the row; changes the table.
    where : callable
        Takes the table as texts, returns in which rows the fault can be planted; the first one is taken.
    shows_row : bool
        Whether the finding names the row by its number.
    """

    table: str
    level: str
    words: tuple[str, ...]
    plant: Callable[[Frame, int], None]
    where: Callable[[Frame], pd.Series] = lambda table: table.iloc[:, 0] != ""
    shows_row: bool = True


def put(column: str, value: str) -> Callable[[Frame, int], None]:
    """Put a value into a column."""

    def plant(table: Frame, place: int) -> None:
        table.loc[place, column] = value

    return plant


def above(part: str, whole: str) -> Callable[[Frame, int], None]:
    """Make a part more than its whole."""

    def plant(table: Frame, place: int) -> None:
        table.loc[place, part] = str(float(table.loc[place, whole]) + 1)

    return plant


def twice(table: Frame, place: int) -> None:
    """Let a row stand twice."""
    table.loc[len(table)] = table.loc[place]


FAULTS = (
    Fault(
        "spend", "warning", ("more clicks than impressions",), above("clicks", "impressions"), lambda t: t.clicks != ""
    ),
    Fault("leads", "warning", ("mql_on before created_on",), put("mql_on", "2023-12-31"), lambda t: t.mql_on != ""),
    Fault(
        "opportunities", "warning", ("is won and has no closed_on",), put("closed_on", ""), lambda t: t.outcome == "won"
    ),
    Fault("orders", "error", ("1 value is not a number", "'twelve'"), put("cost", "twelve")),
    Fault(
        "customers", "warning", ("the same word", "'emea' in 1"), put("region", "emea"), lambda t: t.region == "EMEA",
        shows_row=False,
    ),
    Fault("subscriptions", "warning", ("1 row is the same as another",), twice, shows_row=False),
    Fault("touchpoints", "error", ("1 value is below 0",), put("cost", "-3")),
    Fault(
        "invoices", "warning", ("has a paid_amount and no paid_on",), put("paid_on", ""), lambda t: t.paid_amount != ""
    ),
    Fault("ledger", "warning", ("1 account is in no KPI", "'fees'"), put("account", "fees"), shows_row=False),
    Fault("web_traffic", "error", ("1 value is below 0",), put("form_submissions", "-1")),
    Fault("social", "warning", ("more engagements than impressions",), above("engagements", "impressions")),
    Fault(
        "tickets", "warning", ("resolved_on before opened_on",), put("resolved_on", "2023-01-01 10:00"),
        lambda t: t.resolved_on != "",
    ),
    Fault("surveys", "error", ("1 value is above 10",), put("score", "55"), lambda t: t.kind == "nps"),
    Fault(
        "employees", "warning", ("left voluntarily and has no left_on",), put("left_voluntarily", "true"),
        lambda t: t.left_on == "",
    ),
    Fault(
        "vacancies", "warning", ("filled_on before opened_on",), put("filled_on", "2023-12-30"),
        lambda t: (t.filled_on != "") & (t.opened_on > "2024"),
    ),
    Fault("sales_activities", "warning", ("more than 24 call hours",), put("call_hours", "25")),
    Fault(
        "production", "error", ("more good units than units",), above("good_units", "units"),
        lambda t: t.good_units != "",
    ),
)  # fmt: skip


def typed_wrong(table: str) -> Fault:
    """A year typed wrong in the main date of a table."""
    date = TABLES[table].date
    day = "2062-07-01 10:00" if TABLES[table].columns[date].kind == "timestamp" else "2062-07-01"
    return Fault(table, "warning", ("2062-07-01",), put(date, day), lambda t: t[date] != "")


DATE_FAULTS = tuple(typed_wrong(fault.table) for fault in FAULTS)


def faulty_demo(
    folder: Path,
    tables: Collection[str] | None = None,
    without: Collection[str] = (),
    faults: Collection[Fault] = FAULTS,
) -> tuple[OpenCompany, dict[str, int]]:
    """Open the demo company with the faults of some tables, of all by default; some tables may be left out.

    Returns
    -------
    tuple
        The company, and the number of the row of each fault as a spreadsheet shows it.
    """
    config = yaml.safe_load((ROOT / "params" / "company.yaml").read_text(encoding="utf-8"))
    rows = {}
    for name in without:
        del config["tables"][name]
    for spec in config["tables"].values():
        spec["path"] = str((ROOT / "params" / spec["path"]).resolve())
    for fault in (one for one in faults if tables is None or one.table in tables):
        spec = config["tables"][fault.table]
        table = pd.read_csv(spec["path"], dtype=str, keep_default_na=False)
        able = fault.where(table)
        place = int(able[able].index[0])
        fault.plant(table, place)
        spec["path"] = str(folder / f"{fault.table}.csv")
        table.to_csv(spec["path"], index=False)
        rows[fault.table] = place + 2
    file = folder / "company.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return open_company(file), rows
