"""From what a source holds to canonical values: words trimmed, numbers and days read, times on the company's clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.dialects import first_line
from kpi_analysis.metrics.sources.dialects.zones import from_wall_clock, to_wall_clock
from kpi_analysis.metrics.sources.words import tidy_words
from kpi_analysis.metrics.sql.types import on_duckdb


@contextmanager
def refusing(company: CompanyConfig, name: str) -> Iterator[None]:
    """Context in which a row that an expression of the company file fails on is told by file and line.

    Parameters
    ----------
    company : CompanyConfig
        Its configuration.
    name : str
        Of the canonical table.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ConfigError
        Where DuckDB cannot compute a value.
    """
    try:
        yield
    except duckdb.DataError as error:
        raise ConfigError(
            f"table {name}: a value cannot be computed: {first_line(error)}.",
            remedy="Mend the expression that makes the column, under columns: of the table, or the row.",
            file=company.path,
            line=company.line("tables", name),
        ) from None


def convert(value: ir.Value, column: CanonicalColumn, zone: str) -> ir.Value:
    """Value as its canonical column holds it; what cannot be read is NULL.

    Parameters
    ----------
    value : Value
        As it stands in the source, or what an expression makes of it.
    column : CanonicalColumn
        The canonical column.
    zone : str
        The company's time zone.

    Returns
    -------
    Value
        Of the canonical type.
    """
    kind = value.type()
    if column.kind == "text":
        words = value if kind.is_string() else value.cast("string")
        return tidy_words(words, column).nullif("") if kind.is_string() else words
    if column.kind == "number":
        return value if kind.is_decimal() else sql.to_type(value, "float64")
    if column.kind == "boolean":
        return sql.to_type(value, "boolean")
    local = _local_time(value, zone)
    return local.cast("timestamp") if column.kind == "timestamp" else local.cast("date")


def in_utc(value: ir.Value, zone: str) -> ir.Value:
    """A time in UTC, where an hour is an hour also on the day on which clocks change."""
    utc = "timestamp('UTC')"
    if value.type().is_string():
        local = from_wall_clock(zone, sql.to_type(value, "timestamp"))
        return ibis.cases((has_offset(value), sql.to_type(value, utc)), else_=local)
    return value.cast(utc) if has_zone(value) else from_wall_clock(zone, value.cast("timestamp"))


def _local_time(value: ir.Value, zone: str) -> ir.Value:
    """Bring a moment to the company's wall clock; one without an offset is taken as local already."""
    kind = value.type()
    if kind.is_date():
        return value
    if kind.is_string() and not on_duckdb(value):
        return sql.to_type(value, "date")
    if kind.is_string():
        local = to_wall_clock(zone, sql.to_type(value, "timestamp('UTC')"))
        return ibis.cases((has_offset(value), local), else_=sql.to_type(value, "timestamp"))
    if has_zone(value):
        return to_wall_clock(zone, value.cast("timestamp('UTC')"))
    return value.cast("timestamp")


def has_zone(value: ir.Value) -> bool:
    """Whether a moment says its time zone."""
    return value.type().is_timestamp() and value.type().timezone is not None


def has_offset(text: ir.StringValue) -> ir.BooleanValue:
    """Where a moment in words says its distance from UTC."""
    return text.strip().re_search(r"\d[ T]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$")
