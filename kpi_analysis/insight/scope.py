"""The scope of an analysis: a company, a period, an as-of date and a part of the company; what it computed is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from kpi_analysis.core.name_lists import as_names
from kpi_analysis.core.periods import Calendar, Period
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.slices import known_columns
from kpi_analysis.metrics.session import OpenCompany

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Scope:
    """One period of a company, as of a day: what every derived figure is computed from.

    Parameters
    ----------
    session : OpenCompany
    period : Period
        Cut at `as_of` where it is unfinished.
    as_of : date
        The last day that counts.
    where : str, optional
        The part of the company that is looked at, as a condition in SQL; all of it by default.
    """

    session: OpenCompany
    period: Period
    as_of: dt.date
    where: str | None = None
    _kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def calendar(self) -> Calendar:
        """The company's own calendar."""
        return self.session.config.calendar

    @property
    def day(self) -> dt.date:
        """The last day that counts: the data may go on after the period."""
        return min(self.as_of, self.period.last_day)

    def compute(
        self, kpis: str | Sequence[str], *, grain: str | None = None, last: int = 1, by: str | Sequence[str] = ()
    ) -> pd.DataFrame:
        """Compute KPIs for the period, or for the last ones of a grain that end with it."""
        kpis, by = tuple(as_names(kpis)), tuple(as_names(by))
        everything = (tuple(self.session.catalogue.metrics), None, 1, ())
        key = (kpis, grain, last, by)
        if key not in self._kept and key[1:] == everything[1:] and everything in self._kept:
            whole = self._kept[everything]
            place = {name: index for index, name in enumerate(whole.kpi)}
            self._kept[key] = whole.iloc[[place[name] for name in kpis]].reset_index(drop=True)
        if key not in self._kept:
            self._kept[key] = self.session.values(
                kpis, period=self.period.label, grain=grain, last=last, by=by, where=self.where, as_of=self.as_of
            )
        found: pd.DataFrame = self._kept[key]
        return found

    def once(self, make: Callable[[Scope], Kept]) -> Kept:
        """Return what a function makes of this scope, which it does only once."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: Kept = self._kept[make]
        return found

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what is kept under a key; made the first time."""
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

    def has_dimension(self, name: str) -> bool:
        """Whether any connected table can be sliced by a dimension."""
        return any(name in columns for columns in known_columns(self.session.sources).values())

    def has(self, table: str) -> bool:
        """Whether a table is connected and has the columns of the condition."""
        sources = self.session.sources
        columns = sql.columns_of(self.where) if self.where else frozenset()
        return table in sources.readable and columns <= set(sources.columns(table))
