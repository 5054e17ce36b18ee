"""Published figures beside the same figures computed today: which agree, which moved, and why."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kpi_analysis.core.errors import KpiError, UsageError
from kpi_analysis.core.periods import Calendar
from kpi_analysis.core.records import result_values
from kpi_analysis.design.blocks import is_derived
from kpi_analysis.insight.figures import REGISTER, FigureFunction, compute_figures, figure_values
from kpi_analysis.insight.outlook import Outlook
from kpi_analysis.insight.scope import Scope
from kpi_analysis.insight.targets import assessment_record, projection_record
from kpi_analysis.metrics.lineage import Cause, causes, made_from
from kpi_analysis.metrics.session import OpenCompany

FIELDS = ("value", "reason", "numerator", "denominator", "rows", "ci_low", "ci_high", "previous", "year_ago")
AIMED = ("target", "baseline", "current", "expected", "needed")

# Sums are settled to 13 digits. Projections end an iteration, and a chance counts sample paths: on another machine they
# may differ in digits that no report prints.
EXACT, ITERATED, COUNTED = 1e-9, 1e-4, 0.005


@dataclass(frozen=True)
class Moved:
    """One number of a figure that is not what it was."""

    field: str
    then: Any
    now: Any


@dataclass(frozen=True)
class Compared:
    """A published figure against today's.

    Parameters
    ----------
    id, kpi : str
    moved : tuple of Moved
        Empty where the figure agrees.
    causes : tuple of Cause
        What changed that it depends on.
    """

    id: str
    kpi: str
    moved: tuple[Moved, ...] = ()
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Published:
    """A published report: its figures, and what they were made from.

    Parameters
    ----------
    results, provenance : mapping
        What ``results.json`` and ``provenance.json`` hold.
    """

    results: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def as_of(self) -> dt.date:
        """The last day that counted."""
        return dt.date.fromisoformat(self.provenance["as_of"])

    @property
    def where(self) -> str | None:
        """The part of the company that was reported, as a condition in SQL."""
        return self.provenance.get("where")

    @property
    def made_from(self) -> dict[str, Any]:
        """What its figures were made from, as `kpi_analysis.metrics.lineage.made_from` tells it."""
        return {"sources": self.provenance["sources"], **self.provenance["made_from"]}


@dataclass(frozen=True)
class Comparison:
    """A published report held against what its company's tables say today, as of the same day.

    Parameters
    ----------
    company : OpenCompany
    report : Published
    """

    company: OpenCompany
    report: Published

    @cached_property
    def today(self) -> dict[str, Any]:
        """What figures are made from today."""
        return made_from(self.company)

    def values(self) -> list[Compared]:
        """Return each value of the report, in its order; values of one grain and dimension are computed together."""
        computed: dict[Key, Mapping[str, Any]] = {}
        kpis = [row for row in self.report.results["values"] if not is_derived(row)]
        for (grain, by), rows in _alike(kpis).items():
            computed |= self._computed(grain, by, rows)
        return [
            self._compared(
                row["id"], row["kpi"], moved(row, computed.get(_key(row), {}), FIELDS, EXACT), tuple(row["dimensions"])
            )
            for row in kpis
        ]

    def derived(self) -> list[Compared]:
        """Return each figure of the report that is derived from KPIs; those of one function are computed together."""
        rows = [row for row in self.report.results["values"] if is_derived(row)]
        made_by = {_function(row): row["made_by"] for row in rows}
        today = {key: self._figures(one["function"], one["arguments"]) for key, one in made_by.items()}
        found = []
        for row in rows:
            one = made_by[_function(row)]
            function = REGISTER.get(one["function"])
            tolerance = function.tolerance if function else EXACT
            changed = moved(row, today[_function(row)].get(row["id"], {}), FIELDS, tolerance)
            why = self._why(function, one["arguments"]) if changed else ()
            found.append(Compared(row["id"], row["kpi"], changed, why))
        return found

    def outlook(self) -> list[Compared]:
        """Return each target and projection of the report."""
        results = self.report.results
        if not results["targets"] and not results["projections"]:
            return []
        assessments = Outlook(self.company, self.report.as_of, self.report.where).assessments
        aims = {_aim(one): one for one in map(assessment_record, assessments)}
        ahead = {_stretch(one): _steps(one) for judge in assessments if (one := projection_record(judge)) is not None}
        found = []
        for row in results["targets"]:
            new = aims.get(_aim(row), {})
            changed = (*moved(row, new, AIMED, EXACT), *moved(row, new, ("chance",), 0.0, COUNTED))
            about = f"target by {row['by']}" if row["by"] else "target"
            found.append(self._compared(f"{row['kpi']}: {about}{_part(row)}", row["kpi"], changed, aimed=True))
        for row in results["projections"]:
            steps = _steps(row)
            changed = moved(steps, ahead.get(_stretch(row), {}), tuple(steps), ITERATED)
            found.append(self._compared(f"{row['kpi']}: after {row['after']}{_part(row)}", row["kpi"], changed))
        return found

    @cached_property
    def scope(self) -> Scope:
        """What the derived figures of the report are computed from today."""
        period = self.company.config.calendar.parse(self.report.provenance["period"])
        return Scope(self.company, period.cut(self.report.as_of), self.report.as_of, self.report.where)

    def _figures(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Compute the figures of a function by their ids; what nobody can compute any more is left out."""
        try:
            return {row["id"]: row for row in figure_values(compute_figures(self.scope, name, arguments))}
        except (KpiError, TypeError):  # the function, its argument, the KPI or the dimension is no more
            return {}

    def _why(self, function: FigureFunction | None, arguments: Mapping[str, Any]) -> tuple[Cause, ...]:
        """What changed of what a derived figure is computed from: the tables and definitions of its KPIs."""
        if function is None:
            return (Cause("code", "nobody computes this figure any more"),)
        kpis = function.kpis or tuple(str(arguments[name]) for name in ("kpi",) if name in arguments)
        kpis = kpis or tuple(dict.fromkeys(target.kpi for target in self.company.targets))
        texts = [self.report.where or ""]
        found = [
            cause for kpi in kpis
            for cause in causes(self.report.made_from, self.today, self.company, kpi, texts=texts, aimed=function.aimed)
        ]  # fmt: skip
        told = [cause for cause in found if cause.kind in ("data", "definition")]
        return tuple(dict.fromkeys(told or found))

    def _computed(
        self, grain: str, by: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
    ) -> dict[Key, Mapping[str, Any]]:
        """Compute the KPIs of rows of one grain; what nobody can ask for any more is left out."""
        kpis = [name for name in dict.fromkeys(row["kpi"] for row in rows) if name in self.company.catalogue.metrics]
        newest = max(rows, key=lambda row: str(row["period_start"]))["period"]
        first = dt.date.fromisoformat(min(str(row["period_start"]) for row in rows))
        if not kpis:
            return {}
        try:
            frame = self.company.values(
                kpis,
                period=newest,
                grain=grain,
                last=_periods_back(self.company.config.calendar, newest, first),
                by=by,
                where=self.report.where,
                as_of=self.report.as_of,
            )
        except UsageError:  # the dimension, or this period in the company's calendar, is no more
            return {}
        return {_key(row): row for row in result_values(frame, by)}

    def _compared(
        self, id: str, kpi: str, changed: tuple[Moved, ...], dimensions: tuple[str, ...] = (), *, aimed: bool = False
    ) -> Compared:
        if not changed:
            return Compared(id, kpi)
        texts = [*dimensions, self.report.where or ""]
        why = causes(self.report.made_from, self.today, self.company, kpi, texts=texts, aimed=aimed)
        return Compared(id, kpi, changed, why)


Key = tuple[str, str, frozenset[tuple[str, Any]]]


def _function(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["made_by"]["function"], json.dumps(row["made_by"]["arguments"], sort_keys=True)


def _key(row: Mapping[str, Any]) -> Key:
    return row["kpi"], row["period"], frozenset(row["dimensions"].items())


def _alike(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]]:
    groups: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["grain"], tuple(sorted(row["dimensions"]))].append(row)
    return groups


def _periods_back(calendar: Calendar, label: str, first: dt.date) -> int:
    """How many periods lie between a day and a period, both counted."""
    period, count = calendar.parse(label), 1
    while period.start > first:
        period, count = calendar.prior(period), count + 1
    return count


def _aim(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["kpi"], row["where"], row["by"], row["objective"]


def _stretch(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["kpi"], row["where"], row["after"], len(row["steps"])


def _steps(row: Mapping[str, Any]) -> dict[str, float]:
    return {f"step {step['step']} {name}": step[name] for step in row["steps"] for name in ("mean", "low", "high")}


def _part(row: Mapping[str, Any]) -> str:
    return f" where {row['where']}" if row["where"] else ""


def moved(
    then: Mapping[str, Any], now: Mapping[str, Any], fields: Sequence[str], relative: float, absolute: float = 1e-12
) -> tuple[Moved, ...]:
    """Return the fields that differ by more than a relative and an absolute distance."""
    return tuple(
        Moved(name, then.get(name), now.get(name))
        for name in fields
        if not same(then.get(name), now.get(name), relative, absolute)
    )


def same(then: Any, now: Any, relative: float, absolute: float = 0.0) -> bool:
    """Whether two values agree; a number and no number never do.

    Examples
    --------
    >>> same(100.0, 100.04, 0.0005), same(100.0, 100.2, 0.0005), same(None, 0, 0.0005)
    (True, False, False)
    """
    if isinstance(then, int | float) and isinstance(now, int | float):
        return math.isclose(then, now, rel_tol=relative, abs_tol=absolute)
    return bool(then == now)
