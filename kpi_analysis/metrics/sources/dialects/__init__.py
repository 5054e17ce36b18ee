"""SQL dialects: one object each; a new one is a module, where it differs, and a line here."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics.sources.dialects.dialect import Dialect
from kpi_analysis.metrics.sources.dialects.duckdb import DUCKDB
from kpi_analysis.metrics.sources.dialects.postgres import POSTGRES
from kpi_analysis.metrics.sources.dialects.sqlite import SQLITE

__all__ = ["DIALECTS", "Dialect", "connect", "dialect_of", "first_line", "in_byte_order"]

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        DUCKDB,
        POSTGRES,
        SQLITE,
        Dialect("pyspark", "Spark"),
        Dialect("mysql", "MySQL"),
        Dialect("bigquery", "BigQuery"),
        Dialect("snowflake", "Snowflake"),
        Dialect("mssql", "SQL Server"),
    )
}


def dialect_of(connection: Any) -> Dialect:
    """Dialect of a connection; one without differences where the engine is not in the register."""
    return DIALECTS.get(connection.name) or Dialect(connection.name, connection.name)


def connect(url: str) -> Any:
    """Connection in which the functions that the queries use are there.

    Parameters
    ----------
    url : str
        Such as ``sqlite://orders.db``.

    Returns
    -------
    ibis.BaseBackend
        Open.

    Raises
    ------
    Exception
        Of the driver's own family.
    """
    connection = ibis.connect(url)
    dialect_of(connection).prepare(connection)
    return connection


def in_byte_order(value: ir.Value) -> ir.Value:
    """What sorts in every engine alike: text by its bytes, all else as it is."""
    return dialect_of(value.get_backend()).in_byte_order(value) if value.type().is_string() else value


def first_line(error: Exception) -> str:
    r"""First line of what a driver said, without the query it said it about.

    Parameters
    ----------
    error : Exception
        Of any driver.

    Returns
    -------
    str
        Without the full stop at its end.

    Examples
    --------
    >>> first_line(ValueError("no such table.\nLINE 1: SELECT"))
    'no such table'
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
