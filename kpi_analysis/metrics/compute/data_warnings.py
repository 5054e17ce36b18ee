"""Findings on the data in the frame of KPIs: which figures they touch, and where an error keeps everything back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from kpi_analysis.core.errors import DataFinding, KpiError
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.checks import check_table, further_findings
from kpi_analysis.metrics.compute.execution import QueryResults
from kpi_analysis.metrics.compute.selection import Selection
from kpi_analysis.metrics.definition_checks import known_accounts
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.withholding import NeededColumns, findings_touching, needed_columns

ABOVE_WHOLE = "above 100%, which a part of a whole cannot be"
TOLERANCE = 1e-9


def needed_by(selection: Selection, kpi: str) -> list[NeededColumns]:
    """Columns that a KPI is read from in this selection, a mapping for each of its measures that can be read.

    Parameters
    ----------
    selection : Selection
    kpi : str
        Its id.

    Returns
    -------
    list of mappings
        By table.
    """
    found = []
    for name in selection.catalogue.measures_of(kpi):
        aggregate = selection.resolve(name).aggregate
        if aggregate is not None:
            found.append(needed_columns(aggregate, selection.by, selection.where))
    return found


def data_warnings(selection: Selection, kpi: str) -> tuple[str, ...]:
    """Findings on the data that touch a KPI in this selection, in short sentences.

    Parameters
    ----------
    selection : Selection
    kpi : str
        Its id.

    Returns
    -------
    tuple of str
        Empty where the data behind it are sound.
    """
    needed = needed_by(selection, kpi)
    columns: dict[str, set[str]] = {}
    for one in needed:
        for table, names in one.items():
            columns.setdefault(table, set()).update(names)
    findings: list[DataFinding] = []
    for table in (name for name in columns if name in selection.sources.readable):
        found = [*check_table(selection.sources, table), *further_findings(selection.sources, table, columns[table])]
        findings += dict.fromkeys(found)
    if "ledger" in columns:
        findings += known_accounts(selection.sources, selection.catalogue)
    return tuple(dict.fromkeys(finding.short for finding in findings_touching(findings, needed)))


def above_whole(metric: Metric, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where a KPI that is a part of a whole is more than the whole: a finding on the figure itself.

    Parameters
    ----------
    metric : Metric
    values : array
        Of the KPI; not a number where it has none.

    Returns
    -------
    array of bool
    """
    if metric.interval != "proportion":
        return np.zeros(values.shape, dtype=bool)
    return np.asarray(values > 1 + TOLERANCE)


def refuse_if_nothing_is_left(selection: Selection, results: QueryResults, kpis: Sequence[str]) -> None:
    """Validation that an error in the data leaves something of what was asked.

    Parameters
    ----------
    selection : Selection
    results : QueryResults
    kpis : sequence of str
        Ids of what was asked.

    Raises
    ------
    KpiError
        The first error that keeps a KPI back, where no other KPI can be computed.
    """
    first: KpiError | None = None
    for kpi in kpis:
        resolved = [selection.resolve(name) for name in selection.catalogue.measures_of(kpi)]
        refused = [results.refused[one.name] for one in resolved if one.name in results.refused]
        errors = [one.error for one in resolved if one.error is not None] + refused
        if not errors and not any(one.reason for one in resolved):
            return
        first = first or next(iter(errors), None)
    if first is not None:
        raise first


def touched_kpis(sources: Sources, catalogue: Catalogue, findings: Iterable[DataFinding]) -> dict[int, tuple[str, ...]]:
    """KPIs that each of several findings touches, those of the headline first.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    catalogue : Catalogue
        What its KPIs are.
    findings : iterable of DataFinding

    Returns
    -------
    mapping of int to tuple of str
        By the place of the finding.
    """
    from kpi_analysis.metrics.compute.resolution import resolve_measure

    aggregates = {
        name: resolve_measure(sources, name, measure, (), None).aggregate
        for name, measure in catalogue.measures.items()
    }
    needed = {
        kpi: [needed_columns(one) for name in catalogue.measures_of(kpi) if (one := aggregates[name]) is not None]
        for kpi in catalogue.metrics
    }
    unread = {
        kpi: {way.table for name in catalogue.measures_of(kpi) for way in catalogue.measures[name].aggregates}
        for kpi in catalogue.metrics
    }
    order = sorted(catalogue.metrics, key=lambda kpi: catalogue.metrics[kpi].headline or 9)
    return {
        place: tuple(
            kpi
            for kpi in order
            if findings_touching([finding], needed[kpi])
            or (finding.table in unread[kpi] and sources.unreadable(finding.table) is not None)
        )
        for place, finding in enumerate(findings)
        if finding.table in sources.connected
    }
