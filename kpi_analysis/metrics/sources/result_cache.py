"""What the rows of a snapshot have answered: kept beside it, so that no two reports of a batch ask them the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.sources.query_cache import Texts

Group = tuple[str | None, ...]
Values = dict[Group, float | None]


class Answered:
    """Answers to questions that share their rows, slices and condition: columns of values by period and slice.

    Parameters
    ----------
    text : str, optional
        What another `Answered` has written; a column of it is read when it is asked for.

    Examples
    --------
    >>> january = Period("month", dt.date(2026, 1, 1), dt.date(2026, 1, 31), "2026-01")
    >>> answered = Answered()
    >>> answered.add("orders", {january: {("EMEA",): 7.0}})
    >>> Answered(answered.text()).column("orders")[january]
    {('EMEA',): 7.0}
    """

    def __init__(self, text: str | None = None) -> None:
        told = json.loads(text) if text else {"periods": [], "slices": [], "columns": {}}
        self._periods = [
            Period(grain, _day(start), _day(end), label, _day(through) if through else None)
            for grain, start, end, label, through in told["periods"]
        ]
        self._slices: list[Group] = [tuple(group) for group in told["slices"]]
        self._unread: dict[str, Any] = told["columns"]
        self._columns: dict[str, dict[Period, Values]] = {}

    def column(self, name: str) -> dict[Period, Values]:
        """Return for each period that a column was asked for the values of the slices that have rows then."""
        if name not in self._columns:
            told = self._unread.pop(name, {"asked": [], "at": [], "of": [], "is": []})
            found: dict[Period, Values] = {self._periods[place]: {} for place in told["asked"]}
            for place, number, value in zip(told["at"], told["of"], told["is"], strict=True):
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
        """Return the answers as JSON: flat lists, which are read fast."""
        columns = {name: self.column(name) for name in (*self._columns, *tuple(self._unread))}
        periods = _numbered(period for found in columns.values() for period in found)
        slices = _numbered(group for found in columns.values() for values in found.values() for group in values)
        told = {
            name: {
                "asked": [periods[period] for period in found],
                "at": [periods[period] for period, values in found.items() for _ in values],
                "of": [slices[group] for values in found.values() for group in values],
                "is": [value for values in found.values() for value in values.values()],
            }
            for name, found in columns.items()
        }
        days = [[p.grain, p.start, p.end, p.label, p.through] for p in periods]
        return json.dumps({"periods": days, "slices": list(slices), "columns": told}, default=str)


def _numbered(things: Iterable[Any]) -> dict[Any, int]:
    return {thing: number for number, thing in enumerate(dict.fromkeys(things))}


@dataclass
class Answers:
    """All that a snapshot has answered, by what was asked.

    Parameters
    ----------
    texts : Texts
        Where they are kept for the other reports that read the snapshot.
    """

    texts: Texts
    _known: dict[str, Answered] = field(default_factory=dict)

    def to(self, question: str) -> Answered:
        """Return what is known of a question, by this report or another one."""
        if question not in self._known:
            self._known[question] = _read(self.texts.get(_named(question)))
        return self._known[question]

    def keep(self, question: str) -> None:
        """Let other reports have what is known of a question, unless a great deal is kept already."""
        if self.texts.has_room:
            self.texts.keep(_named(question), self._known[question].text())


def _named(question: str) -> str:
    return f"answers to {question}"


def _read(text: str | None) -> Answered:
    try:
        return Answered(text)
    except (ValueError, KeyError, TypeError):  # a file that was spoilt costs a query and no report
        return Answered()


def _day(text: Any) -> dt.date:
    return dt.date.fromisoformat(text)
