"""A user's own measures and KPIs against the connected tables: every mistake, with its line."""

from __future__ import annotations

from kpi_analysis.core.config.company import settings
from kpi_analysis.core.errors import DataFinding, KpiError
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.catalogue import Catalogue, Origin
from kpi_analysis.metrics.compute.resolution import resolve_measure
from kpi_analysis.metrics.sources import Sources


def check_own(sources: Sources, catalogue: Catalogue) -> list[DataFinding]:
    """Return what is wrong with own measures and KPIs: a table that is not connected, a column that is not there.

    Shipped KPIs may lack their tables, that is a reason in the report; who writes a KPI wants it computed.
    """
    findings: list[DataFinding] = []
    for key, origin in catalogue.origins.items():
        if key.startswith("measure "):
            findings += _check_measure(sources, catalogue, key.removeprefix("measure "), origin)
    for name in catalogue.own:
        for measure in catalogue.measures_of(name):
            resolved = resolve_measure(sources, measure, catalogue.measures[measure], (), None)
            if resolved.reason and f"measure {measure}" not in catalogue.origins:
                findings.append(
                    _finding(f"metric {name}", f"measure {measure}: {resolved.reason}.", catalogue.origins[name])
                )
    return findings


def _check_measure(sources: Sources, catalogue: Catalogue, name: str, origin: Origin) -> list[DataFinding]:
    measure = catalogue.measures[name]
    resolved = resolve_measure(sources, name, measure, (), None)
    if resolved.reason:
        return [_finding(f"measure {name}", f"{resolved.reason}.", origin)]
    if resolved.aggregate is None or resolved.aggregate.kind in ("per_key", "pair"):
        return []
    try:
        table = sources.with_derived(resolved.aggregate.table, sources.derived(resolved.aggregate.table))
        constants = settings(sources.config)
        sql.aggregate(resolved.aggregate.agg, table, constants=constants)
        if resolved.aggregate.condition:
            sql.condition(resolved.aggregate.condition, table, constants=constants)
    except KpiError as error:
        return [_finding(f"measure {name}", error.message, origin, error.remedy or "")]
    return []


def _finding(subject: str, message: str, origin: Origin, remedy: str = "") -> DataFinding:
    return DataFinding("error", subject, message, remedy, str(origin.file) if origin.file else None, origin.line)
