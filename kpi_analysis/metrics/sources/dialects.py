"""What engines differ in, where it shows: time zones, functions that one lacks, errors of a family of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir

NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "sqlite": "SQLite", "pyspark": "Spark", "mysql": "MySQL",
         "bigquery": "BigQuery", "snowflake": "Snowflake", "mssql": "SQL Server"}  # fmt: skip


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def from_wall_clock(zone: str, wall: dtypes.Timestamp()) -> dtypes.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """The moment at which the clocks of a zone show a time; DuckDB and Postgres share the name."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def timezone(zone: str, moment: dtypes.Timestamp(timezone="UTC")) -> dtypes.Timestamp():  # type: ignore[valid-type]
    """Wall-clock time of a moment in a zone; DuckDB and Postgres share the name, and SQLite is given it."""


@ibis.udf.scalar.builtin(signature=(("string", "string"), "binary"))
def convert_to(text, encoding):  # type: ignore[no-untyped-def]
    """Postgres's text as bytes."""


@ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
def hash_of(text):  # type: ignore[no-untyped-def]
    """DuckDB's hash of a text, as the number that it is."""


def in_bytes(value: ir.Value) -> ir.Value:
    """Return what sorts as other engines sort it: Postgres sorts text by the rules of a language."""
    if value.type().is_string() and value.get_backend().name == "postgres":
        return convert_to(value, "UTF8")
    return value


def connect(url: str) -> Any:
    """Return a connection in which the functions that the queries use are there.

    Raises
    ------
    Exception
        Of the driver's own family.
    """
    connection = ibis.connect(url)
    if connection.name == "sqlite":
        connection.con.create_function("timezone", 2, wall_clock, deterministic=True)
    return connection


def wall_clock(zone: str, moment: str | None) -> str | None:
    """Return what `timezone` gives, on the text by which SQLite keeps a moment; without an offset it is in UTC.

    Examples
    --------
    >>> wall_clock("Europe/Berlin", "2026-01-31 23:30:00")
    '2026-02-01 00:30:00'
    """
    if moment is None:
        return None
    read = dt.datetime.fromisoformat(moment)
    aware = read if read.tzinfo is not None else read.replace(tzinfo=dt.UTC)
    return aware.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(sep=" ")


def engine_name(connection: Any) -> str:
    """Return the name of an engine as its makers write it."""
    return NAMES.get(connection.name, str(connection.name))


def first_line(error: Exception) -> str:
    """Return what a driver said, without the query it said it about."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
