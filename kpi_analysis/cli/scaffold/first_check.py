"""What a new workspace can tell: what its check finds, how many KPIs have a value, and which table would add most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from kpi_analysis.core.errors import DataFinding, KpiError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.catalogue import Catalogue, shipped
from kpi_analysis.metrics.session import OpenCompany, open_company

CHANNEL_TABLES = ("leads", "customers", "orders", "opportunities", "touchpoints", "web_traffic")


@dataclass(frozen=True)
class FirstCheck:
    """What a check of a new workspace has found.

    Parameters
    ----------
    findings : tuple of DataFinding
    error : KpiError, optional
        For which the company file cannot be read at all.
    kpis, of : int
        How many KPIs have a value in this period, of how many.
    best_table : str, optional
        The table that would add most.
    added : int
        How many KPIs it would add.
    reach : date, optional
        How far the data reach.
    period : str
        The last complete quarter of the data.
    channels : tuple of str
        Names of channels in the tables.
    company : OpenCompany, optional
        As it was checked.
    """

    findings: tuple[DataFinding, ...] = ()
    error: KpiError | None = None
    kpis: int = 0
    of: int = 0
    best_table: str | None = None
    added: int = 0
    reach: dt.date | None = None
    period: str = ""
    channels: tuple[str, ...] = ()
    company: OpenCompany | None = field(default=None, repr=False)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.level == "error" for finding in self.findings) + (self.error is not None)


def first_check(company_file: Path) -> FirstCheck:
    """Check a new workspace in this process.

    Parameters
    ----------
    company_file : path

    Returns
    -------
    FirstCheck
        With the error where the company file cannot be read.
    """
    try:
        company = open_company(company_file)
        findings = tuple(company.check())
    except KpiError as error:
        return FirstCheck(error=error)
    best, added = table_adding_most(shipped(), set(company.sources.readable))
    reach = company.sources.reach.day
    period = "" if reach is None else last_complete_quarter(company, reach)
    count = _with_value(company, None, period)
    channels = tuple(sorted(_channels(company)))
    return FirstCheck(findings, None, count, len(shipped().metrics), best, added, reach, period, channels, company)


def with_inbound(check: FirstCheck, company_file: Path) -> FirstCheck:
    """Return a check with the KPIs that have a value now that the company file names inbound channels.

    Parameters
    ----------
    check : FirstCheck
    company_file : path

    Returns
    -------
    FirstCheck
    """
    names = [name for name in shipped().metrics if _needs_inbound(shipped(), name)]
    try:
        return replace(check, kpis=check.kpis + _with_value(open_company(company_file), names, check.period))
    except KpiError:  # the findings tell what stands in the way
        return check


def _with_value(company: OpenCompany, names: list[str] | None, period: str) -> int:
    """How many KPIs have a value in a period."""
    if not period:
        return 0
    try:
        return int(company.values(names, period=period, compared=False).value.notna().sum())
    except KpiError:  # the findings tell what stands in the way
        return 0


def _needs_inbound(catalogue: Catalogue, name: str) -> bool:
    texts = [
        f"{aggregate.agg} {aggregate.where or ''}"
        for measure in catalogue.measures_of(name)
        for aggregate in catalogue.measures[measure].aggregates
    ]
    return any("inbound_channels" in text for text in texts)


def computable(catalogue: Catalogue, connected: Collection[str]) -> set[str]:
    """Return the KPIs of which each measure has a table that is connected.

    Parameters
    ----------
    catalogue : Catalogue
    connected : collection of str
        Canonical tables.

    Returns
    -------
    set of str

    Examples
    --------
    >>> "cost_per_lead" in computable(shipped(), ["spend", "leads"]), computable(shipped(), [])
    (True, set())
    """
    own = catalogue.for_tables(connected)
    return {
        name
        for name in own.metrics
        if all(
            own.measures[measure].setting is not None
            or any(aggregate.table in connected for aggregate in own.measures[measure].aggregates)
            for measure in own.measures_of(name)
        )
        and any(own.measures[measure].setting is None for measure in own.measures_of(name))
    }


def table_adding_most(catalogue: Catalogue, connected: Collection[str]) -> tuple[str | None, int]:
    """Return the table that would add most KPIs, and how many.

    Parameters
    ----------
    catalogue : Catalogue
    connected : collection of str

    Returns
    -------
    str or None
        None where no table adds any.
    int

    Examples
    --------
    >>> table_adding_most(shipped(), [table for table in TABLES if table != "ledger"])[0]
    'ledger'
    """
    now = computable(catalogue, connected)
    gains = {table: len(computable(catalogue, {*connected, table}) - now) for table in TABLES if table not in connected}
    best = max(gains, key=lambda table: gains[table], default=None)
    return (None, 0) if best is None or gains[best] == 0 else (best, gains[best])


def last_complete_quarter(company: OpenCompany, reach: dt.date) -> str:
    """Return the last quarter of the company's own year that is over by the day to which its data reach."""
    calendar = company.config.calendar
    quarter = calendar.containing(reach, "quarter")
    return str(quarter if quarter.last_day <= reach else calendar.prior(quarter))


def _channels(company: OpenCompany) -> set[str]:
    found: set[str] = set()
    for name in CHANNEL_TABLES:
        for column in ("channel", "acquired_channel"):
            with suppress(KpiError):
                if name in company.sources.readable and column in company.sources.columns(name):
                    values = company.table(name)[column].topk(50).execute()[column]
                    found |= {str(value) for value in values if value is not None and str(value) != "nan"}
    return found
