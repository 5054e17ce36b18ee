"""Query plan: which measures are read by which query, in which periods; nothing is read to make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kpi_analysis.core import formula
from kpi_analysis.core.formula import Call, Name, Node, Number, Operation
from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics.catalogue import Catalogue
from kpi_analysis.metrics.compute.kinds import RowSet
from kpi_analysis.metrics.compute.resolution import QueryKey
from kpi_analysis.metrics.compute.selection import Periods, Selection

HISTORIES = {"month": 60, "quarter": 20}


@dataclass(frozen=True)
class PlannedQuery:
    """Query of a plan.

    Parameters
    ----------
    key : tuple of str
        What its measures share: kind, table, dates and more.
    measures : tuple of str
        Names, sorted.
    periods : tuple of Period
        In the order of their last days.
    rowsets : tuple of frozenset of str
        Measures whose rows are counted together, each row once.
    ahead : tuple of Period
        Periods that are read along where something must be read anyway and is kept for other reports.
    """

    key: QueryKey
    measures: tuple[str, ...]
    periods: tuple[Period, ...]
    rowsets: tuple[RowSet, ...]
    ahead: tuple[Period, ...] = ()


@dataclass(frozen=True)
class QueryPlan:
    """Query plan.

    Parameters
    ----------
    selection : Selection
        Rows, slices and the day that counts.
    queries : tuple of PlannedQuery
        One for each table, date and kind.
    unread : mapping of str to str
        Measures that are needed and cannot be read, with the reason.
    """

    selection: Selection
    queries: tuple[PlannedQuery, ...]
    unread: Mapping[str, str]


@dataclass
class NeededPeriods:
    """Periods in which formulas need each measure, found by a walk over their trees.

    Parameters
    ----------
    catalogue : Catalogue
    calendar : Calendar
    found : dict
        Tuples of periods by measure.
    """

    catalogue: Catalogue
    calendar: Calendar
    found: dict[str, dict[Periods, None]] = field(default_factory=dict)
    _visited: set[tuple[str, Periods]] = field(default_factory=set)

    def add_metric(self, name: str, periods: Periods) -> None:
        """Note what a KPI needs."""
        if (name, periods) in self._visited:
            return
        self._visited.add((name, periods))
        metric = self.catalogue.metric(name)
        self.add(metric.tree, periods)
        if metric.share is not None and isinstance(metric.tree, Operation):
            for part in (metric.share, *formula.names_in(metric.tree.right)):
                self.add(Name(part), periods)

    def add_compared(self, name: str, periods: Periods, step: str) -> None:
        """Note what a KPI needs in the periods before (`prior`) or a year ago (`year_ago`)."""
        self.add(Call(step, Name(name)), periods)

    def add(self, node: Node, periods: Periods) -> None:
        """Note what a part of a formula needs."""
        match node:
            case Number():
                return
            case Name(name) if name in self.catalogue.measures:
                self.found.setdefault(name, {})[periods] = None
            case Name(name):
                self.add_metric(name, periods)
            case Operation():
                self.add(node.left, periods)
                self.add(node.right, periods)
            case Call(function, argument) if argument is not None:
                if function in STEPS:
                    self.add(argument, shifted(self.calendar, function, periods)[1])
                else:
                    self.add(argument, periods)
                if function == "average":
                    self.add(argument, openings(self.calendar, periods))


def make_plan(
    selection: Selection, needed: Mapping[str, Iterable[Periods]], rowsets: Iterable[Iterable[str]] = ()
) -> QueryPlan:
    """Query plan for measures in the periods in which they are needed.

    Parameters
    ----------
    selection : Selection
    needed : mapping of str to iterables of periods
        By measure; periods that begin after the last day that counts are left out.
    rowsets : iterable of iterables of str
        Measures whose rows are counted together.

    Returns
    -------
    QueryPlan
    """
    measures: dict[QueryKey, set[str]] = {}
    periods: dict[QueryKey, set[Period]] = {}
    unread: dict[str, str] = {}
    for name, wanted in needed.items():
        resolved = selection.resolve(name)
        if resolved.aggregate is None:
            unread |= {name: resolved.reason} if resolved.reason else {}
            continue
        for some in wanted:
            begun = Periods(period for period in some if period.start <= selection.as_of)
            if begun:
                measures.setdefault(resolved.query_key, set()).add(name)
                periods.setdefault(resolved.query_key, set()).update(selection.slots(name, begun))
    counted: dict[QueryKey, set[RowSet]] = {}
    for names in rowsets:
        for query, members in selection.by_query(names).items():
            counted.setdefault(query, set()).add(members)
    ahead = _histories(selection) if selection.sources.result_cache is not None else Periods()
    queries = tuple(
        PlannedQuery(
            query,
            tuple(sorted(names)),
            tuple(in_time(periods[query])),
            tuple(sorted(counted.get(query, ()), key=sorted)),
            selection.slots(min(names), ahead),
        )
        for query, names in measures.items()
    )
    return QueryPlan(selection, queries, unread)


def in_time(periods: Iterable[Period]) -> list[Period]:
    """Periods in the order of their last days, as requests want them."""
    return sorted(periods, key=lambda period: (period.last_day, period.start, period.label))


def shifted(calendar: Calendar, function: str, periods: Periods) -> tuple[Sequence[Period | None], Periods]:
    """The period before each (`prior`) or a year ago (`year_ago`), and those of them that there are."""
    targets = tuple(STEPS[function](calendar, period) for period in periods)
    return targets, Periods(target for target in targets if target is not None)


def openings(calendar: Calendar, periods: Periods) -> Periods:
    """The days before periods begin."""
    return Periods(calendar.shift(calendar.containing(period.start, "day"), -1) for period in periods)


STEPS: dict[str, Callable[[Calendar, Period], Period | None]] = {
    "prior": lambda calendar, period: calendar.prior(period),
    "year_ago": lambda calendar, period: calendar.year_ago(period),
}


def _histories(selection: Selection) -> Periods:
    """The months and quarters that reports of these data ask for sooner or later."""
    calendar = selection.sources.config.calendar
    today = min(selection.as_of, selection.sources.last_day() or selection.as_of)
    latest = [calendar.containing(today, grain) for grain in HISTORIES]
    whole = [period for last in latest for period in calendar.last(last, HISTORIES[last.grain])]
    return Periods(period.cut(selection.as_of) for period in whole)
