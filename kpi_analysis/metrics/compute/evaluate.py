"""Evaluation of formulas over the results of a plan: the tree of a KPI walked once for all periods and slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kpi_analysis.core import formula
from kpi_analysis.core.formula import Call, Name, Node, Number, Operation, Values
from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics.catalogue import Catalogue, Metric
from kpi_analysis.metrics.compute.aggregate_functions import grows_with_time
from kpi_analysis.metrics.compute.execution import QueryResults
from kpi_analysis.metrics.compute.measure_values import measure_values
from kpi_analysis.metrics.compute.plan import openings, shifted
from kpi_analysis.metrics.compute.selection import AFTER, BEFORE, PARTLY, Periods, Selection

DAYS_OF_MONTH = 365.25 / 12
NO_SHARE = "returns outweigh sales in a part of it, so that shares of the whole mislead"
TOLERANCE = 1e-9
SHIFTED = {"prior": "the period before", "year_ago": "year ago"}


@dataclass
class Evaluator:
    """Evaluator of KPIs in arrays of shape (periods, slices); it reads nothing.

    Parameters
    ----------
    selection : Selection
        Rows, slices and the day that counts.
    results : QueryResults
        Of the plan in which all was needed that is evaluated.
    """

    selection: Selection
    results: QueryResults
    _known: dict[tuple[str, Periods, bool], Values] = field(default_factory=dict)
    _shifts: dict[tuple[str, Periods], tuple[Sequence[Period | None], Periods]] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the selection."""
        return self.selection.catalogue

    @property
    def calendar(self) -> Calendar:
        """The company's calendar."""
        return self.selection.sources.config.calendar

    def metric(self, name: str, periods: Periods, *, as_base: bool = False) -> Values:
        """Return a KPI, period by period and slice by slice."""
        key = (name, periods, as_base)
        if key not in self._known:
            metric = self.catalogue.metric(name)
            values = self.node(metric.tree, periods, metric, as_base=as_base)
            self._known[key] = self._as_share(values, periods, metric, as_base) if metric.share else values
        return self._known[key]

    def _as_share(self, values: Values, periods: Periods, metric: Metric, as_base: bool) -> Values:
        """Where returns outweigh sales a part can be more than the whole, and no share says anything."""
        assert isinstance(metric.tree, Operation) and metric.share is not None
        part = self.node(Name(metric.share), periods, metric, as_base=as_base).numbers
        outside = (values.numbers < 0) | (values.numbers > 1 + TOLERANCE)
        for name in formula.names_in(metric.tree.right):
            whole = self.node(Name(name), periods, metric, as_base=as_base).numbers
            outside |= (whole < 0) | (part > whole + TOLERANCE * abs(whole))
        wrong = (values.reasons == "") & outside
        return Values(np.where(wrong, np.nan, values.numbers), np.where(wrong, NO_SHARE, values.reasons))

    def compared(self, name: str, periods: Periods, step: str) -> Values:
        """Return a KPI in the periods before (`prior`) or a year ago (`year_ago`), as of as many weeks."""
        base = Call(step, Name(name))
        return self._per_week(base, periods, self._shifted(base, periods, self.catalogue.metric(name)))

    def at(self, node: Node, period: Period, metric: Metric, *, as_base: bool = False) -> Values:
        """Return the value of a part of a formula in one period, slice by slice."""
        values = self.node(node, Periods((period,)), metric, as_base=as_base)
        return Values(values.numbers[0], values.reasons[0])

    def node(self, node: Node, periods: Periods, metric: Metric, *, as_base: bool = False) -> Values:
        """Return the value of a part of a formula."""
        if isinstance(node, Number):
            return Values.constant(node.value, self._shape(periods))
        if isinstance(node, Name):
            if node.name not in self.catalogue.measures:
                return self.metric(node.name, periods, as_base=as_base)
            return self._measure(node.name, periods, as_base=as_base)
        if isinstance(node, Operation):
            left = self.node(node.left, periods, metric, as_base=as_base)
            right = self.node(node.right, periods, metric, as_base=as_base)
            growth = isinstance(node.right, Call) and node.right.function in SHIFTED
            if growth and isinstance(node.right, Call):
                right = self._per_week(node.right, periods, right)
            zero = self.catalogue.empty_reason(node.right, metric) if node.operator == "/" else ""
            return formula.combine(node.operator, left, right, zero=zero, growth=growth)
        if node.function == "days":
            return self._each([period.days for period in periods])
        if node.function == "months":
            return self._each([_months(period) for period in periods])
        if node.function == "average":
            return self._average(node, periods, metric, as_base=as_base)
        if node.function == "whole":
            return self._whole(node, periods, metric, as_base=as_base)
        return self._shifted(node, periods, metric)

    def _shape(self, periods: Periods) -> tuple[int, int]:
        return len(periods), len(self.results.groups)

    def _each(self, numbers: Sequence[float]) -> Values:
        """One number a period, the same in all slices."""
        values = Values.constant(1.0, (len(numbers), len(self.results.groups)))
        return Values(values.numbers * np.array(numbers, dtype=float)[:, None], values.reasons)

    def _whole(self, node: Call, periods: Periods, metric: Metric, *, as_base: bool) -> Values:
        """All slices together; only what adds up can be put together."""
        assert node.argument is not None
        values = self.node(node.argument, periods, metric, as_base=as_base)
        known = values.reasons == ""
        # exact, so that slices which only other KPIs have, and which add 0 here, do not change the order of the sum
        totals = np.array([[_exact_sum(row)] for row in np.where(known, values.numbers, 0.0)])
        # where a slice is unknown, zeros of slices without rows do not make the whole known
        anything = (known & (values.numbers != 0)).any(axis=1, keepdims=True) | known.all(axis=1, keepdims=True)
        first = [next((reason for reason in row if reason), "") for row in values.reasons]
        reasons = np.where(known, np.array(first, dtype=object)[:, None], values.reasons)
        shape = values.numbers.shape
        return Values(np.where(anything, np.broadcast_to(totals, shape), np.nan), np.where(anything, "", reasons))

    def _measure(self, name: str, periods: Periods, *, as_base: bool) -> Values:
        key = (f"measure {name}", periods, as_base)  # a KPI may have the name of its measure
        if key not in self._known:
            self._known[key] = measure_values(self.selection, self.results, name, periods, as_base=as_base)
        return self._known[key]

    def shift(self, function: str, periods: Periods) -> tuple[Sequence[Period | None], Periods]:
        """Return the periods to which a call leads from each, and those of them that there are."""
        key = (function, periods)
        if key not in self._shifts:
            self._shifts[key] = shifted(self.calendar, function, periods)
        return self._shifts[key]

    def _shifted(self, node: Call, periods: Periods, metric: Metric) -> Values:
        assert node.argument is not None
        words = SHIFTED[node.function]
        targets, present = self.shift(node.function, periods)
        there = np.array([target is not None for target in targets], dtype=bool)
        found = self.node(node.argument, present, metric, as_base=True)
        values = Values.missing("", self._shape(periods))
        values.numbers[there], values.reasons[there] = found.numbers, found.reasons
        for reason in (BEFORE, PARTLY, AFTER):
            values.reasons[values.reasons == reason] = reason.replace("the period", words, 1)
        for row in np.flatnonzero(~there):
            values.reasons[row] = f"{words} there is no such {periods[row].grain}"
        return values

    def _per_week(self, base: Call, periods: Periods, values: Values) -> Values:
        """Bring what a period is held against to as many weeks as it has: 53 weeks against 52 are no growth.

        Only calendars of weeks need it, and only what is summed over time.
        """
        if self.calendar.type == "gregorian":
            return values
        if not grows_with_time(self.catalogue, base):
            return values
        pairs = zip(periods, self.shift(base.function, periods)[0], strict=True)
        longer = [1.0 if target is None else period.days / target.days for period, target in pairs]
        return Values(values.numbers * np.array(longer)[:, None], values.reasons)

    def _average(self, node: Call, periods: Periods, metric: Metric, *, as_base: bool) -> Values:
        """Mean of a stock's opening and closing balance."""
        assert node.argument is not None
        first = self.node(node.argument, openings(self.calendar, periods), metric, as_base=as_base)
        last = self.node(node.argument, periods, metric, as_base=as_base)
        total = formula.combine("+", first, last, zero="")
        return formula.combine("/", total, Values.constant(2.0, self._shape(periods)), zero="")


def _exact_sum(numbers: Iterable[float]) -> float:
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.inf


def _months(period: Period) -> float:
    whole = {"month": 1.0, "quarter": 3.0, "year": 12.0}.get(period.grain)
    return whole if whole is not None and period.complete else period.days / DAYS_OF_MONTH
