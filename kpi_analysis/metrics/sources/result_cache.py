"""Result cache: what the queries to a snapshot came to, kept beside it, so that no two reports of a batch ask twice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.sources.cache_key import CacheKey
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache

Group = tuple[str | None, ...]
Values = dict[Group, float | None]


class CachedResult:
    """Cached result of queries that share rows, slices and condition: columns of values by period and slice.

    Parameters
    ----------
    text : str, optional
        What another `CachedResult` has written; a column of it is read when it is asked for.

    Examples
    --------
    >>> january = Period("month", dt.date(2026, 1, 1), dt.date(2026, 1, 31), "2026-01")
    >>> result = CachedResult()
    >>> result.add("orders", {january: {("EMEA",): 7.0}})
    >>> CachedResult(result.text()).column("orders")[january]
    {('EMEA',): 7.0}
    """

    def __init__(self, text: str | None = None) -> None:
        stored = json.loads(text) if text else {"periods": [], "slices": [], "columns": {}}
        self._periods = [
            Period(grain, _day(start), _day(end), label, _day(through) if through else None)
            for grain, start, end, label, through in stored["periods"]
        ]
        self._slices: list[Group] = [tuple(group) for group in stored["slices"]]
        self._unread: dict[str, Any] = stored["columns"]
        self._columns: dict[str, dict[Period, Values]] = {}

    def column(self, name: str) -> dict[Period, Values]:
        """Values of a column: for each period that it was asked for, those of the slices that have rows then."""
        if name not in self._columns:
            stored = self._unread.pop(name, {"periods": [], "at": [], "of": [], "is": []})
            found: dict[Period, Values] = {self._periods[place]: {} for place in stored["periods"]}
            for place, number, value in zip(stored["at"], stored["of"], stored["is"], strict=True):
                found[self._periods[place]][self._slices[number]] = value
            self._columns[name] = found
        return self._columns[name]

    def lacks(self, name: str, periods: Iterable[Period]) -> bool:
        """Whether a column has not been asked for in one of the periods."""
        known = self.column(name)
        return any(period not in known for period in periods)

    def add(self, name: str, found: Mapping[Period, Values]) -> None:
        """Keep what a column was found to be; a period without rows has no slices."""
        self.column(name).update(found)

    def text(self) -> str:
        """The result as JSON: flat lists, which are read fast."""
        columns = {name: self.column(name) for name in (*self._columns, *tuple(self._unread))}
        periods = _numbered(period for found in columns.values() for period in found)
        slices = _numbered(group for found in columns.values() for values in found.values() for group in values)
        stored = {
            name: {
                "periods": [periods[period] for period in found],
                "at": [periods[period] for period, values in found.items() for _ in values],
                "of": [slices[group] for values in found.values() for group in values],
                "is": [value for values in found.values() for value in values.values()],
            }
            for name, found in columns.items()
        }
        days = [[p.grain, p.start, p.end, p.label, p.through] for p in periods]
        return json.dumps({"periods": days, "slices": list(slices), "columns": stored}, default=str)


def _numbered(things: Iterable[Any]) -> dict[Any, int]:
    return {thing: number for number, thing in enumerate(dict.fromkeys(things))}


@dataclass
class ResultCache:
    """Result cache of a snapshot: what queries came to, by what was asked.

    Parameters
    ----------
    store : CompiledQueryCache
        Where results are kept as text, beside the queries, for the other reports that read the snapshot.
    """

    store: CompiledQueryCache
    _known: dict[str, CachedResult] = field(default_factory=dict)

    def key(self, definition: Mapping[str, Any]) -> CacheKey:
        """Key of what is asked."""
        return CacheKey("result", self.store.scope, definition)

    def get(self, key: CacheKey) -> CachedResult:
        """What is known of a key, by this report or another one."""
        if key.digest not in self._known:
            self._known[key.digest] = _read(self.store.get(key))
        return self._known[key.digest]

    def keep(self, key: CacheKey) -> None:
        """Let other reports have what is known of a key, unless a great deal is kept already."""
        if self.store.has_room:
            self.store.keep(key, self._known[key.digest].text())


def _read(text: str | None) -> CachedResult:
    try:
        return CachedResult(text)
    except (ValueError, KeyError, TypeError):  # a file that was spoilt costs a query and no report
        return CachedResult()


def _day(text: Any) -> dt.date:
    return dt.date.fromisoformat(text)
