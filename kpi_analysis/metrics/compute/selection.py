"""Selection: which rows of a company are computed, by which slices and as of which day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Catalogue, Measure
from kpi_analysis.metrics.compute.kinds import RowSet
from kpi_analysis.metrics.compute.kinds.pair import opening_day
from kpi_analysis.metrics.compute.resolution import QueryKey, ResolvedMeasure, resolve_measure, without_errors
from kpi_analysis.metrics.sources import Sources

BEFORE = "the period is before the data begins"
PARTLY = "the period is only partly in the data"
AFTER = "the period is after the data ends"

Group = tuple[str, ...]


class Periods(tuple[Period, ...]):
    """Periods by which much is looked up: they are hashed once, and not each of them each time."""

    @cached_property
    def _hash(self) -> int:
        return super().__hash__()

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True)
class Selection:
    """Selection of rows and slices.

    Parameters
    ----------
    sources : Sources
    catalogue : Catalogue
    by : sequence of str
        Dimensions to slice by.
    where : str, optional
        The user's condition in SQL over canonical columns.
    as_of : date
        Last day that counts.
    """

    sources: Sources
    catalogue: Catalogue
    by: Sequence[str]
    where: str | None
    as_of: dt.date
    _resolved: dict[str, ResolvedMeasure] = field(default_factory=dict, init=False, repr=False, compare=False)
    _slots: dict[tuple[bool, Periods], Periods] = field(default_factory=dict, init=False, repr=False, compare=False)

    def resolve(self, name: str) -> ResolvedMeasure:
        """Measure resolved for these slices and this condition."""
        if name not in self._resolved:
            measure = self.catalogue.measures[name]
            # the measure itself is kept beside what is found, so that no other one can have its id
            key = ("measure", name, id(measure), tuple(self.by), self.where)
            self._resolved[name], _ = self.sources.memo.get(key, lambda: (self._resolve(name, measure), measure))
        return self._resolved[name]

    def _resolve(self, name: str, measure: Measure) -> ResolvedMeasure:
        resolved = resolve_measure(self.sources, name, measure, self.by, self.where)
        return without_errors(self.sources, resolved, self.by, self.where)

    def by_query(self, names: Iterable[str]) -> dict[QueryKey, RowSet]:
        """Measures that can be read, by the query that reads them."""
        grouped: dict[QueryKey, set[str]] = {}
        for name in names:
            resolved = self.resolve(name)
            if resolved.aggregate is not None:
                grouped.setdefault(resolved.query_key, set()).add(name)
        return {query: frozenset(members) for query, members in grouped.items()}

    def slots(self, name: str, periods: Periods) -> Periods:
        """Days that count for a measure: of a stock only the last one, which of a past period is its end."""
        aggregate = self.resolve(name).aggregate
        is_pair = aggregate is not None and aggregate.pair is not None and not aggregate.looks_back
        if not is_pair and not self.catalogue.is_stock(name):
            return periods
        key = (is_pair, periods)
        if key not in self._slots:
            self._slots[key] = Periods(self._whole(one) if is_pair else self._last_day(one) for one in periods)
        return self._slots[key]

    def gap(self, name: str, period: Period, *, as_base: bool = False) -> str:
        """Reason why a period has no data for a measure, or nothing.

        Parameters
        ----------
        name : str
            A measure.
        period : Period
        as_base : bool
            Whether it is the base of a comparison, which must lie wholly in the data.

        Returns
        -------
        str
            In words; empty where there are data.
        """
        aggregate = self.resolve(name).aggregate
        if aggregate is None:
            return ""
        if period.start > self.as_of:
            return AFTER
        extent = self.sources.extent(aggregate.table, aggregate.open[0] if aggregate.open else aggregate.date)
        if aggregate.looks_back:
            assert aggregate.pair is not None
            opening = opening_day(period, self.sources.config.calendar, aggregate.pair.since)
            if extent.first is not None and opening < extent.first:
                return "year ago is before the data begins" if aggregate.pair.since == "year_ago" else PARTLY
        first, last = extent.first, extent.last
        if first is None or last is None:
            return f"table {aggregate.table} has no rows with a date"
        if period.last_day < first:
            return BEFORE
        if as_base and not aggregate.is_stock and not extent.covers(period):
            return PARTLY
        if period.start > last and not aggregate.is_stock and aggregate.pair is None:
            return f"table {aggregate.table} ends on {last}"
        return ""

    def covered(self, name: str, period: Period) -> bool:
        """Whether the data of a measure begin before, or early in, a period, and go on to its end."""
        aggregate = self.resolve(name).aggregate
        if aggregate is None or aggregate.is_stock or aggregate.pair is not None:
            return True
        extent = self.sources.extent(aggregate.table, aggregate.date)
        return extent.covers(period) and extent.reaches(period)

    def _whole(self, period: Period) -> Period:
        whole = replace(period, through=None)
        return whole.cut(self.as_of) if whole.start <= self.as_of else whole

    def _last_day(self, period: Period) -> Period:
        day = min(period.end, self.as_of)
        return Period("day", day, day, day.isoformat())
