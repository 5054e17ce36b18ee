"""Operands of a KPI's formula in two periods, planned, run and evaluated as the KPI itself is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.core.formula import Node, Values
from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.compute.evaluate import Evaluator
from kpi_analysis.metrics.compute.execution import run_plan
from kpi_analysis.metrics.compute.plan import NeededPeriods, make_plan
from kpi_analysis.metrics.compute.resolution import resolved_aggregates
from kpi_analysis.metrics.compute.selection import Group, Periods, Selection
from kpi_analysis.metrics.sources import Sources


@dataclass(frozen=True)
class Operands:
    """Values of the operands of a formula, in the order asked for, before and after.

    Parameters
    ----------
    groups : tuple
        The slices that each of the values has; one without dimensions.
    before, after : tuple of Values
    reason : str
        Why the company cannot slice these parts at all, where it cannot.
    """

    groups: tuple[Group, ...]
    before: tuple[Values, ...]
    after: tuple[Values, ...]
    reason: str = ""


def read_operands(
    sources: Sources,
    catalogue: Catalogue,
    metric: Metric,
    parts: Sequence[Node],
    before: Period,
    after: Period,
    *,
    by: Sequence[str] = (),
    where: str | None = None,
    as_of: dt.date,
) -> Operands:
    """Operands of a KPI's formula for a period and for the period that it is compared with.

    Parameters
    ----------
    sources : Sources
    catalogue : Catalogue
    metric : Metric
        The KPI.
    parts : sequence of Node
        Trees over measures and metrics of the catalogue.
    before : Period
        The base, cut where it is unfinished; it must lie wholly in the data.
    after : Period
        The period itself, cut where it is unfinished.
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date
        The last day that counts.

    Returns
    -------
    Operands
    """
    selection = Selection(sources, catalogue, by, where, as_of)
    needed = NeededPeriods(catalogue, sources.config.calendar)
    for part in parts:
        needed.add(part, Periods((after,)))
        needed.add(part, Periods((before,)))
    measures = catalogue.measures_of(metric.name)
    results = run_plan(make_plan(selection, needed.found, [[measure] for measure in measures]))
    evaluator = Evaluator(selection, results)
    obstacles = (selection.resolve(name).reason or selection.gap(name, after) for name in measures)
    return Operands(
        results.groups,
        tuple(evaluator.at(part, before, metric, as_base=True) for part in parts),
        tuple(evaluator.at(part, after, metric) for part in parts),
        next((reason for reason in obstacles if reason), ""),
    )


def measured_tables(sources: Sources, catalogue: Catalogue, metric: Metric) -> tuple[str, ...]:
    """Tables that the measures of a KPI are read from at this company."""
    aggregates = resolved_aggregates(sources, catalogue, catalogue.measures_of(metric.name))
    return tuple(dict.fromkeys(aggregate.table for aggregate in aggregates.values()))
