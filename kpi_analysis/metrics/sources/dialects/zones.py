"""Time zones: functions that DuckDB and Postgres have by the same name, and that SQLite is given."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dtypes


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def from_wall_clock(zone: str, wall: dtypes.Timestamp()) -> dtypes.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """Point in time at which the clocks of a zone show a wall-clock time."""


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def to_wall_clock(zone: str, time: dtypes.Timestamp(timezone="UTC")) -> dtypes.Timestamp():  # type: ignore[valid-type]
    """Wall-clock time of a point in time in a zone."""
