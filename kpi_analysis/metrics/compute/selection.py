"""Selection: which rows of a company are computed, by which slices and as of which day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.catalogue import Aggregate, Catalogue, Measure
from kpi_analysis.metrics.compute.kinds import RowSet
from kpi_analysis.metrics.compute.kinds.pair import opening_day
from kpi_analysis.metrics.compute.resolution import QueryKey, ResolvedMeasure, resolve_measure, without_errors
from kpi_analysis.metrics.sources import Extent, Sources

SHORTEST = {"year": 350, "half-year": 175, "quarter": 84, "month": 28, "week": 7}  # days that hold one booking
LATE_SHARE = 0.25
STALE_SHARE = 0.1

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
            key = ("measure", name, id(measure), tuple(self.by), self.where, self.is_past)
            self._resolved[name], _ = self.sources.memo.get(key, lambda: (self._resolve(name, measure), measure))
        return self._resolved[name]

    def _resolve(self, name: str, measure: Measure) -> ResolvedMeasure:
        resolved = resolve_measure(self.sources, name, measure, self.by, self.where, is_past=self.is_past)
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
        if (grain := self._booked_by(aggregate, period)) is not None:
            return f"the {aggregate.table} is booked by the {grain}"
        extent = self._extent(aggregate)
        if aggregate.looks_back:
            assert aggregate.pair is not None
            opening = opening_day(period, self.sources.config.calendar, aggregate.pair.since)
            if extent.first is not None and opening < extent.first:
                return "year ago is before the data begins" if aggregate.pair.since == "year_ago" else PARTLY
        if extent.first is None:
            return f"table {aggregate.table} has no rows with a date"
        if period.last_day < extent.first:
            return BEFORE
        if as_base and not aggregate.is_stock and not self._covers(aggregate, extent, period):
            return PARTLY
        if as_base and (whole_from := self._whole_from(aggregate, period)) is not None:
            words = self.sources.schemas[aggregate.table].name.replace("_", " ")
            return f"the {words} begin with the data, those that were open before are missing until {whole_from}"
        last = self._last(aggregate)
        if last is not None and period.start > last and not aggregate.is_stock and aggregate.pair is None:
            return f"table {aggregate.table} ends on {last}"
        return ""

    def covered(self, name: str, period: Period) -> bool:
        """Whether the data of a measure begin before, or early in, a period, and go on to its end."""
        aggregate = self.resolve(name).aggregate
        if aggregate is None or aggregate.pair is not None:
            return True
        if aggregate.is_stock:
            return self._whole_from(aggregate, period) is None
        extent = self._extent(aggregate)
        return extent.covers(period) and extent.reaches(period, last=self._last(aggregate))

    @property
    def is_past(self) -> bool:
        """Whether the day that counts lies before the end of the data, so that what is known later must not count."""
        last = self.sources.last_day()
        return last is not None and self.as_of < last

    def takes_back(self, table: str) -> bool:
        """Whether a table has days after the one that counts: later events, plans, or mistakes."""
        facts, derived = self.sources.facts, self.sources.derived(table).values()
        others = {one.source for one in derived if one.kind == "date"} - {table}
        return self.is_past or any(facts.has_later(name, self.as_of) for name in (table, *others))

    def _extent(self, aggregate: Aggregate) -> Extent:
        """Days of a measure; where none of its kind has happened yet, or it is a stock, those of its table."""
        date = aggregate.open[0] if aggregate.open else aggregate.date
        own = self.sources.extent(aggregate.table, date, self.as_of)
        is_main = aggregate.kind == "stock" or own.first is None
        return self.sources.extent(aggregate.table, None, self.as_of) if is_main else own

    def _covers(self, aggregate: Aggregate, extent: Extent, period: Period) -> bool:
        """Whether the data were there when a base of comparison began.

        Something that happens to rows later, such as a win, cannot happen on the first days of a table; where that
        goes back to the begin of the period, it may begin within the first quarter of it.
        """
        if extent.covers(period) or extent.first is None:
            return extent.covers(period)
        table = self.sources.extent(aggregate.table, None, self.as_of)
        return table.covers(period) and (extent.first - period.start).days <= LATE_SHARE * period.full_days

    def _last(self, aggregate: Aggregate) -> dt.date | None:
        """Last day that a table tells of: its last event, or that of all tables where it is no wonder that it has none.

        Those are registers, which are kept of what is there, and all tables where the company file says how far the
        data reach.
        """
        if self.sources.schemas[aggregate.table].is_register or self.sources.reach.decided_by == "data_ends":
            return self.as_of
        found = self.sources.facts.last_event(aggregate.table, self.as_of)
        return None if found is None else found[0]

    def _whole_from(self, aggregate: Aggregate, period: Period) -> dt.date | None:
        """Day from which a stock holds all that is open, where a period ends before it."""
        if aggregate.kind != "stock" or self.sources.schemas[aggregate.table].life is None:
            return None
        whole_from = self.sources.facts.lives(aggregate.table, self.as_of).whole_from
        return whole_from if whole_from is not None and period.last_day < whole_from else None

    def _booked_by(self, aggregate: Aggregate, period: Period) -> str | None:
        """Grain at which the figures of a measure are booked, where a period is shorter."""
        account, facts = aggregate.account or aggregate.account_if_any, self.sources.facts
        grain = facts.booked_by(aggregate.table, account, self.as_of)
        if not grain or period.full_days >= SHORTEST[grain]:
            return None
        if aggregate.kind == "balance":  # which is known on the day on which it is booked, and for a while
            last = facts.last_booking(aggregate.table, account, period.last_day)
            is_known = last is not None and (period.last_day - last).days <= STALE_SHARE * SHORTEST[grain]
            return None if is_known or grain in ("month", "week") else grain
        return grain

    def _whole(self, period: Period) -> Period:
        whole = replace(period, through=None)
        return whole.cut(self.as_of) if whole.start <= self.as_of else whole

    def _last_day(self, period: Period) -> Period:
        day = min(period.end, self.as_of)
        return Period("day", day, day, day.isoformat())
