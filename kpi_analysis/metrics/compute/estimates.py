"""How far off a rate, a mean or a return may be: its 95 % interval, by the method that the catalogue names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from kpi_analysis.core.formula import Name, Node, Operation
from kpi_analysis.metrics.catalogue import Metric
from kpi_analysis.metrics.compute.evaluate import Evaluator
from kpi_analysis.metrics.compute.plan import NeededPeriods
from kpi_analysis.metrics.compute.selection import Periods, Selection
from kpi_analysis.stats import intervals

DURATIONS = ("days", "hours", "minutes")  # of few and very different ones, no mean lies below zero
Limits = npt.NDArray[np.float64]


def add_estimates(needed: NeededPeriods, selection: Selection, name: str, periods: Periods) -> None:
    """Note what the interval of a KPI needs beyond its formula."""
    metric = selection.catalogue.metric(name)
    if metric.squares is not None and _has_value(selection, metric):
        needed.add(Name(metric.squares), periods)


def estimates(evaluator: Evaluator, metric: Metric, periods: Periods) -> tuple[Limits, Limits]:
    """Limits of the 95 % interval, ci_low and ci_high, by period and slice; NaN where nothing can be said.

    Parameters
    ----------
    evaluator : Evaluator
        Of the results.
    metric : Metric
        Its `interval` names the method; none means that its value is no estimate.
    periods : tuple of Period

    Returns
    -------
    (Limits, Limits)
        Lower and upper limits, one array a period.
    """
    shape = (len(periods), len(evaluator.results.groups))
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    method = METHODS.get(metric.interval or "")
    if method is None or not _has_value(evaluator.selection, metric):
        return low, high
    parts = [evaluator.node(part, periods, metric).numbers for part in _parts(metric)]
    for place in np.ndindex(shape):
        try:
            limits = method(*(float(part[place]) for part in parts))
        except (ValueError, ArithmeticError):
            continue
        if np.isfinite(limits).all():
            low[place], high[place] = limits
    return (np.maximum(low, 0.0) if metric.unit in DURATIONS else low), high


def _has_value(selection: Selection, metric: Metric) -> bool:
    """Whether all that a KPI is made of can be read: without a value there is nothing to be off."""
    return not any(selection.resolve(name).reason for name in selection.catalogue.measures_of(metric.name))


def _parts(metric: Metric) -> tuple[Node, ...]:
    """The parts of a formula that the interval is made of: what is counted, and out of what."""
    tree = metric.tree
    if metric.interval == "net_promoter":  # (promoters - detractors) / answers * 100
        assert isinstance(tree, Operation) and isinstance(tree.left, Operation)
        difference = tree.left.left
        assert isinstance(difference, Operation)
        return difference.left, difference.right, tree.left.right
    assert isinstance(tree, Operation) and tree.operator == "/"
    squares = (Name(metric.squares),) if metric.squares is not None else ()
    return tree.left, *squares, tree.right


def _net_promoter(promoters: float, detractors: float, answers: float) -> tuple[float, float]:
    return intervals.net_promoter(promoters, answers - promoters - detractors, detractors)


def _return_on(amount: float, squares: float, cost: float) -> tuple[float, float]:
    """Fieller's limits with a cost that is known: a sum of so many rows of such sizes varies by their squares."""
    if not squares > 0:
        raise ArithmeticError("a sum of nothing does not say how far off it may be")
    return intervals.fieller(amount, cost, squares, 0.0)


METHODS: dict[str, Callable[..., tuple[float, float]]] = {
    "proportion": intervals.proportion,
    "rate_per": intervals.rate_per,
    "net_promoter": _net_promoter,
    "mean": intervals.student_t,
    "return_on": _return_on,
}
