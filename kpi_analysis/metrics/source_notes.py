"""What was done with the rows of sources before they were mapped, in words: rows left out, months turned, accounts."""

from __future__ import annotations

from contextlib import suppress

from kpi_analysis.core.errors import KpiError
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.preparation import PreparedSource

SHOWN = 6


def source_notes(sources: Sources) -> list[str]:
    """Notes on the tables that more is done with than to map their columns.

    Parameters
    ----------
    sources : Sources
        Tables of the company.

    Returns
    -------
    list of str
        Nothing of tables that cannot be read, or that a snapshot holds.
    """
    notes: list[str] = []
    for name, spec in sources.config.tables.items():
        if spec.is_prepared and name not in sources.tables.written:
            with suppress(KpiError):  # which a check tells of
                notes += _of_table(sources, name)
    return notes


def _of_table(sources: Sources, name: str) -> list[str]:
    found = []
    for source in sources.tables.prepared(name).sources:
        if source.dropped is not None and source.dropped[0] and not source.is_further:
            dropped, whole = source.dropped
            found.append(f"{source.name}: {dropped:,} of {whole:,} rows are left out by their condition.")
        if source.turned is not None:
            found += _of_months(source)
    return found


def _of_months(source: PreparedSource) -> list[str]:
    assert source.turned is not None
    parts = source.turned.parts
    accounts = [one for part in parts for one in part.statement.accounts]
    sums = list(dict.fromkeys(line.name for part in parts for line in part.statement.checked))
    spans = {span for part in parts for span in part.spans.values()}
    found = [
        f"{source.name}: {len(accounts):,} rows of accounts in {len(spans):,} columns of time; {len(sums):,} sums and "
        f"results were checked against them{': ' if sums else ''}{_listed(sums)}."
    ]
    by_ours: dict[str, dict[str, None]] = {}
    for one in accounts:
        by_ours.setdefault(one.ours or "", {})[one.line.name] = None
    said = [f"{ours} is {_listed(list(theirs))}" for ours, theirs in by_ours.items() if ours]
    return [*found, *([f"{source.name}: {'; '.join(said)}."] if said else [])]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
