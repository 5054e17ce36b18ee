"""The deals of a scope, and the days on which they are looked at: what figures of pipeline and win rates share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from kpi_analysis.insight.scope import Scope
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.compute.deals import deals as read_deals
from kpi_analysis.stats import pipeline

TABLE = "opportunities"
SHORT = ("quarter", "month")
LOOKED_BACK = 9  # periods at whose ends the forecast is tried; the first one only serves to repeat from
READ = ("opportunities_created",)


def absent(scope: Scope) -> str:
    """Return why there are no deals: the table or a column of the slices is missing; empty where there are."""
    sources, where = scope.session.sources, scope.where
    if TABLE not in sources.readable:
        return f"the table {TABLE} is not connected"
    missing = (sql.columns_of(where) if where else frozenset()) - set(sources.columns(TABLE))
    return f"the table {TABLE} has no column {listed(sorted(missing))}" if missing else ""


def scope_deals(scope: Scope) -> pd.DataFrame | None:
    """Return the deals known on the day; none where they cannot be read."""
    return None if absent(scope) else read_deals(scope.session.sources, scope.day, scope.where)


def known_deals(scope: Scope) -> pd.DataFrame:
    """Return the deals with their ages."""
    rows = scope.once(scope_deals)
    assert rows is not None
    return pipeline.deals_as_of(rows, scope.day)


def grain(scope: Scope) -> str:
    """Return the grain by which deals are looked back at: that of the period, at most a quarter."""
    return scope.period.grain if scope.period.grain in SHORT else "quarter"


def until(scope: Scope) -> dt.date:
    """Return the last day of the forecast: the end of the next period, or of one that still runs."""
    return scope.calendar.containing(scope.day + dt.timedelta(days=1), grain(scope)).last_day


def ends(scope: Scope) -> list[dt.date]:
    """Return the ends of the periods before the day, as far back as there were deals."""
    rows = scope.once(scope_deals)
    if rows is None or rows.empty:
        return []
    found: list[dt.date] = []
    first = rows["created"].min().date()
    period = scope.calendar.containing(scope.day, grain(scope))
    while len(found) < LOOKED_BACK and period.start > first:
        period = scope.calendar.prior(period)
        found.insert(0, period.last_day)
    return found


def listed(names: Sequence[str]) -> str:
    """Return names as words: ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
