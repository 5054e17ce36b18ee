"""Operations: what is produced, how well and how punctually."""

from __future__ import annotations

from reference.measures import flow
from reference.results import Result, by_name, ratio
from reference.rows import Selection


def of_units(s: Selection, column: str) -> Result:
    """A column of production over the units of the rows that have it."""
    return ratio(
        s,
        lambda s: flow(s, "production", "produced_on", column),
        lambda s: flow(s, "production", "produced_on", "units", column, where=lambda r: r[column] is not None),
    )


def production_yield(s: Selection) -> Result:
    """Good units over units."""
    return of_units(s, "good_units")


def defect_rate(s: Selection) -> Result:
    """Defects over units."""
    return of_units(s, "defects")


def on_time_rate(s: Selection) -> Result:
    """Units on time over units."""
    return of_units(s, "on_time_units")


OPERATIONS = by_name(production_yield, defect_rate, on_time_rate)
