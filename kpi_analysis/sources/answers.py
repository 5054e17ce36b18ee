"""What the rows of a snapshot have answered: kept beside it, so that no two reports of a batch ask them the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kpi_analysis.periods import Period
from kpi_analysis.sources.texts import Texts

Group = tuple[str | None, ...]
Values = dict[Group, float | None]


@dataclass
class Answered:
    """Answers to questions that share their rows, slices and condition.

    Parameters
    ----------
    columns : mapping
        For each column and period the value of every slice that has rows then.

    Examples
    --------
    >>> january = Period("month", dt.date(2026, 1, 1), dt.date(2026, 1, 31), "2026-01")
    >>> answered = Answered()
    >>> answered.add("orders", {january: {("EMEA",): 7.0}})
    >>> Answered.of_text(answered.text()).lacks("orders", [january])
    False
    """

    columns: dict[str, dict[Period, Values]] = field(default_factory=dict)

    def lacks(self, column: str, periods: Iterable[Period]) -> bool:
        """Whether a column has not been asked for in one of the periods."""
        known = self.columns.get(column, {})
        return any(period not in known for period in periods)

    def add(self, column: str, found: Mapping[Period, Values]) -> None:
        """Keep what a column was found to be; a period without rows has no slices."""
        self.columns.setdefault(column, {}).update(found)

    def text(self) -> str:
        """Return the answers as JSON."""
        periods = list(dict.fromkeys(period for found in self.columns.values() for period in found))
        place = {period: number for number, period in enumerate(periods)}
        columns = {
            name: [[place[period], list(values.items())] for period, values in found.items()]
            for name, found in self.columns.items()
        }
        days = [[p.grain, p.start, p.end, p.label, p.through] for p in periods]
        return json.dumps({"periods": days, "columns": columns}, default=str)

    @classmethod
    def of_text(cls, text: str) -> Answered:
        """Read what `text` wrote."""
        told = json.loads(text)
        periods = [
            Period(grain, _day(start), _day(end), label, _day(through) if through else None)
            for grain, start, end, label, through in told["periods"]
        ]
        return cls(
            {
                name: {periods[place]: {tuple(group): value for group, value in values} for place, values in found}
                for name, found in told["columns"].items()
            }
        )


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
        """Let other reports have what is known of a question."""
        self.texts.keep(_named(question), self._known[question].text())


def _named(question: str) -> str:
    return f"answers to {question}"


def _read(text: str | None) -> Answered:
    try:
        return Answered.of_text(text) if text else Answered()
    except (ValueError, KeyError, TypeError, IndexError):  # a file that was spoilt costs a query and no report
        return Answered()


def _day(text: Any) -> dt.date:
    return dt.date.fromisoformat(text)


__all__: Sequence[str] = ["Answered", "Answers"]
