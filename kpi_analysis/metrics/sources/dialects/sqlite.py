"""SQLite: keeps times as text in UTC, shifts days by words, and is given the function for time zones."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import ibis

from kpi_analysis.metrics.sources.dialects.dialect import Dialect


@ibis.udf.scalar.builtin(name="date", signature=(("date", "string"), "date"))
def moved_date(day, modifier):  # type: ignore[no-untyped-def]
    """SQLite's date, moved by a modifier such as ``+1 day``; Ibis shifts dates only on newer releases of SQLite."""


def wall_clock(zone: str, time: str | None) -> str | None:
    """Wall-clock time in a zone of a time as SQLite keeps it; without an offset it is in UTC.

    Parameters
    ----------
    zone : str
        Such as ``Europe/Berlin``.
    time : str, optional
        Text of a time, with or without an offset.

    Returns
    -------
    str or None
        ``YYYY-MM-DD HH:MM:SS``; None for no time.

    Examples
    --------
    >>> wall_clock("Europe/Berlin", "2026-01-31 23:30:00")
    '2026-02-01 00:30:00'
    """
    if time is None:
        return None
    read = dt.datetime.fromisoformat(time)
    aware = read if read.tzinfo is not None else read.replace(tzinfo=dt.UTC)
    return aware.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(sep=" ")


def prepare(connection: Any) -> None:
    """Add `timezone`, the function that DuckDB and Postgres have."""
    connection.con.create_function("timezone", 2, wall_clock, deterministic=True)


SQLITE = Dialect("sqlite", "SQLite", next_day=lambda day: moved_date(day, "+1 day"), prepare=prepare)
