"""Formulas over measures: the tree of a KPI walked for one period and all slices at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kpi_analysis import formula
from kpi_analysis.catalogue import Catalogue, Metric
from kpi_analysis.compute.measures import AFTER, BEFORE, PARTLY, MeasureReader
from kpi_analysis.formula import Call, Name, Node, Number, Operation, Values
from kpi_analysis.periods import Calendar, Period

DAYS_OF_MONTH = 365.25 / 12
SHIFTED = {"prior": "the period before", "year_ago": "year ago"}


@dataclass
class Evaluator:
    """Evaluates KPIs of a catalogue on what a reader has read.

    With `collecting`, it only tells the reader what it will ask for.
    """

    catalogue: Catalogue
    calendar: Calendar
    reader: MeasureReader
    collecting: bool = False
    _known: dict[tuple[str, Period, bool], Values] = field(default_factory=dict)

    def metric(self, name: str, period: Period, *, as_base: bool = False) -> Values:
        """Return a KPI in a period, slice by slice."""
        key = (name, period, as_base)
        if key not in self._known:
            metric = self.catalogue.metric(name)
            self._known[key] = self.node(metric.tree, period, metric, as_base=as_base)
        return self._known[key]

    def compared(self, name: str, period: Period, step: str) -> Values:
        """Return a KPI in the period before (`prior`) or a year ago (`year_ago`)."""
        return self._shifted(Call(step, Name(name)), period, self.catalogue.metric(name))

    def node(self, node: Node, period: Period, metric: Metric, *, as_base: bool = False) -> Values:
        """Return the value of a part of a formula."""
        size = len(self.reader.groups)
        if isinstance(node, Number):
            return Values.constant(node.value, size)
        if isinstance(node, Name):
            if node.name not in self.catalogue.measures:
                return self.metric(node.name, period, as_base=as_base)
            return self._measure(node.name, period, as_base=as_base)
        if isinstance(node, Operation):
            left = self.node(node.left, period, metric, as_base=as_base)
            right = self.node(node.right, period, metric, as_base=as_base)
            growth = isinstance(node.right, Call) and node.right.function in SHIFTED
            if growth and isinstance(node.right, Call):
                right = self._per_week(node.right, period, right)
            zero = self.catalogue.empty_reason(node.right, metric) if node.operator == "/" else ""
            return formula.combine(node.operator, left, right, zero=zero, growth=growth)
        if node.function == "days":
            return Values.constant(period.days, size)
        if node.function == "months":
            whole = {"month": 1.0, "quarter": 3.0, "year": 12.0}.get(period.grain)
            months = whole if whole is not None and period.complete else period.days / DAYS_OF_MONTH
            return Values.constant(months, size)
        if node.function == "average":
            return self._average(node, period, metric, as_base=as_base)
        if node.function == "whole":
            return self._whole(node, period, metric, as_base=as_base)
        return self._shifted(node, period, metric)

    def _whole(self, node: Call, period: Period, metric: Metric, *, as_base: bool) -> Values:
        """All slices together; only what adds up can be put together."""
        assert node.argument is not None
        values = self.node(node.argument, period, metric, as_base=as_base)
        told = values.numbers[values.reasons == ""]
        size = len(self.reader.groups)
        return Values.constant(float(told.sum()), size) if len(told) else values

    def _measure(self, name: str, period: Period, *, as_base: bool) -> Values:
        if self.collecting:
            self.reader.want(name, period)
            return Values.constant(1.0, len(self.reader.groups))
        return self.reader.values(name, period, as_base=as_base)

    def _shifted(self, node: Call, period: Period, metric: Metric) -> Values:
        assert node.argument is not None
        shift = self.calendar.prior if node.function == "prior" else self.calendar.year_ago
        target = shift(period)
        words = SHIFTED[node.function]
        if target is None:
            return Values.missing(f"{words} there is no such {period.grain}", len(self.reader.groups))
        values = self.node(node.argument, target, metric, as_base=True)
        reasons = values.reasons
        for reason in (BEFORE, PARTLY, AFTER):
            told = reason.replace("the period", words, 1)
            reasons = np.where(reasons == reason, told, reasons)
        return Values(values.numbers, reasons)

    def _per_week(self, base: Call, period: Period, values: Values) -> Values:
        """Bring the base of a growth rate to as many weeks as the period has: 53 weeks against 52 are no growth.

        Only calendars of weeks need it, and only what is summed over time.
        """
        target = self.calendar.prior(period) if base.function == "prior" else self.calendar.year_ago(period)
        if self.calendar.type == "gregorian" or target is None or target.days == period.days:
            return values
        measures = {name for part in formula.names(base) for name in self._measures(part)}
        if any(self.reader.is_stock(name) for name in measures):
            return values
        return Values(values.numbers * (period.days / target.days), values.reasons)

    def _measures(self, name: str) -> tuple[str, ...]:
        return (name,) if name in self.catalogue.measures else self.catalogue.measures_of(name)

    def _average(self, node: Call, period: Period, metric: Metric, *, as_base: bool) -> Values:
        """Mean of a stock's opening and closing balance."""
        assert node.argument is not None
        opening = self.calendar.shift(self.calendar.containing(period.start, "day"), -1)
        first = self.node(node.argument, opening, metric, as_base=as_base)
        last = self.node(node.argument, period, metric, as_base=as_base)
        total = formula.combine("+", first, last, zero="")
        return formula.combine("/", total, Values.constant(2.0, len(self.reader.groups)), zero="")
