"""Parts of a KPI's formula in two periods, read by the same road as the KPI itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_analysis.core.formula import Node, Values
from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.compute.evaluate import Evaluator
from kpi_analysis.metrics.compute.measures import Group, MeasureReader
from kpi_analysis.metrics.sources import Sources


@dataclass(frozen=True)
class Reading:
    """Values of the parts of a formula, in the order asked for, before and after.

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


def read_parts(
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
) -> Reading:
    """Read parts of a KPI's formula for a period and for the period that it is compared with.

    Parameters
    ----------
    sources : Sources
    catalogue : Catalogue
    metric : Metric
        The KPI.
    parts : sequence of Node
        Trees over measures and metrics of the catalogue.
    before, after : Period
        Both cut where they are unfinished. The one before is a base: it must lie wholly in the data.
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        SQL condition over canonical columns.
    as_of : date
        The last day that counts.

    Returns
    -------
    Reading
    """
    calendar = sources.config.calendar
    reader = MeasureReader(sources, catalogue, by, where, as_of)
    collector = Evaluator(catalogue, calendar, reader, collecting=True)
    for part in parts:
        collector.node(part, (after,), metric)
        collector.node(part, (before,), metric, as_base=True)
    measures = catalogue.measures_of(metric.name)
    for measure in measures:
        reader.want_rows([measure])
    reader.read()
    evaluator = Evaluator(catalogue, calendar, reader)
    obstacles = (reader.readable(name).reason or reader.gap(name, after) for name in measures)
    return Reading(
        tuple(reader.groups),
        tuple(evaluator.at(part, before, metric, as_base=True) for part in parts),
        tuple(evaluator.at(part, after, metric) for part in parts),
        next((reason for reason in obstacles if reason), ""),
    )


def measured_tables(sources: Sources, catalogue: Catalogue, metric: Metric) -> tuple[str, ...]:
    """Return the tables that a KPI is read from at this company."""
    reader = MeasureReader(sources, catalogue, (), None, dt.date.max)
    ways = [reader.readable(name).aggregate for name in catalogue.measures_of(metric.name)]
    return tuple(dict.fromkeys(way.table for way in ways if way is not None))
