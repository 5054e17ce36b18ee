"""From what a source holds to canonical values: words trimmed, numbers and days read, times on the company's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.dialects import first_line
from kpi_analysis.metrics.sources.dialects.zones import from_wall_clock, to_wall_clock
from kpi_analysis.metrics.sources.words import tidy_words
from kpi_analysis.metrics.sql.text_values import has_offset, is_plain_day, text_by_pattern, with_plain_signs
from kpi_analysis.metrics.sql.types import Unfit, on_duckdb


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


EARLIEST, LATEST = dt.date(1, 1, 1), dt.date(9999, 12, 31)
PLAIN = ReadSpec()


def convert(
    value: ir.Value,
    column: CanonicalColumn,
    zone: str,
    read: ReadSpec = PLAIN,
    *,
    is_plain: bool = True,
    is_within_years: bool = False,
) -> ir.Value:
    """Value as its canonical column holds it; what cannot be read is NULL.

    Parameters
    ----------
    value : Value
        As it stands in the source, or what an expression makes of it.
    column : CanonicalColumn
        The canonical column.
    zone : str
        The company's time zone.
    read : ReadSpec
        How numbers and days are written in words.
    is_plain : bool
        Whether it stands so in the source; what an expression makes of a number is written as ``1234.5``.
    is_within_years : bool
        Whether days are known to lie in the years 1 to 9999. Others, such as ``infinity``, are NULL.

    Returns
    -------
    Value
        Of the canonical type.

    Raises
    ------
    Unfit
        When the type cannot be that of the column: a number as a day, a list as a word.
    """
    kind = value.type()
    if kind.is_nested() or kind.is_binary() or kind.is_time() or kind.is_interval():
        raise Unfit(f"it holds {kind}, and a {column.kind} is wanted")
    if column.kind == "text":
        return _as_text(value, column)
    if column.kind == "number":
        if kind.is_string() and is_plain and read.has_own_numbers:
            value = with_plain_signs(value, read.decimal or ".", read.thousands)
        return value if kind.is_decimal() else sql.to_type(value, "float64")
    if column.kind == "boolean":
        if kind.is_numeric() and not kind.is_boolean():
            return ibis.cases((value == 1, True), (value == 0, False))
        return sql.to_type(value, "boolean")
    if not (kind.is_string() or kind.is_date() or kind.is_timestamp() or kind.is_null()):
        raise Unfit(f"it holds {'numbers' if kind.is_numeric() else kind}, and a {column.kind} is wanted")
    if kind.is_temporal() and not is_within_years:
        value = within_years(value)
    pattern = read.dates if isinstance(read.dates, str) else None
    local = _local_time(value, zone, pattern, is_day=column.kind == "date")
    return local.cast("timestamp") if column.kind == "timestamp" else local.cast("date")


def cast_plain(value: ir.Value, column: CanonicalColumn) -> ir.Value:
    """Return a text that is plain (see `plain_columns`) as its canonical column holds it, NULL where it is no day."""
    kind = {"number": "float64", "date": "date", "timestamp": "timestamp"}.get(column.kind)
    return value if kind is None else value.try_cast(kind)


def bounded(value: ir.Value) -> ir.Value:
    """A value as it is, and a day or time only where it lies in the years 1 to 9999."""
    return within_years(value) if value.type().is_temporal() else value


def within_years(value: ir.Value) -> ir.Value:
    """A day or time where it lies in the years 1 to 9999, which is as far as Python counts; else NULL."""
    return ibis.cases((~outside_years(value), value))


def outside_years(value: ir.Value) -> ir.BooleanValue:
    """Where a day or time is ``infinity``, before the year 1 or after the year 9999."""
    if value.type().is_date():
        return (value < ibis.literal(EARLIEST)) | (value > ibis.literal(LATEST))
    kind = value.type()
    first, last = (ibis.literal(dt.datetime.combine(day, dt.time()), type=kind) for day in (EARLIEST, LATEST))
    return (value < first) | (value >= last)


def _as_text(value: ir.Value, column: CanonicalColumn) -> ir.Value:
    kind = value.type()
    if kind.is_string():
        return tidy_words(value, column).nullif("")
    words = value.cast("string")
    return words.re_replace(r"\.0$", "").nullif("nan").nullif("NaN") if kind.is_floating() else words


def in_utc(value: ir.Value, zone: str) -> ir.Value:
    """A time in UTC, where an hour is an hour also on the day on which clocks change."""
    utc = "timestamp('UTC')"
    if value.type().is_string():
        local = from_wall_clock(zone, sql.to_type(value, "timestamp"))
        return ibis.coalesce(sql.to_type(value, utc), local)
    value = within_years(value)
    return value.cast(utc) if has_zone(value) else from_wall_clock(zone, value.cast("timestamp"))


def _local_time(value: ir.Value, zone: str, pattern: str | None, *, is_day: bool) -> ir.Value:
    """Bring a moment to the company's wall clock; one without an offset is taken as local already."""
    kind = value.type()
    if kind.is_date():
        return value
    if kind.is_string():
        return _local_text(value, zone, pattern, is_day=is_day)
    if has_zone(value):
        return to_wall_clock(zone, value.cast("timestamp('UTC')"))
    return value.cast("timestamp")


def _local_text(text: ir.Value, zone: str, pattern: str | None, *, is_day: bool) -> ir.Value:
    """A time in words on the company's wall clock; most days have none, and are read without a look at clocks."""
    local = sql.to_type(text, "date" if is_day else "timestamp")
    if knows_zones(text):
        moment = to_wall_clock(zone, sql.to_type(text, "timestamp('UTC')"))
        local = ibis.cases((has_offset(text), moment.cast("date") if is_day else moment), else_=local)
    if is_day and on_duckdb(text):
        local = ibis.cases((is_plain_day(text), text.try_cast("date")), else_=local)
    if pattern is None:
        return local
    by_pattern = text_by_pattern(text, pattern, on_duckdb=on_duckdb(text))
    in_full = ibis.cases((text.strip().length() > len("2026-09-14"), local))  # a cell that holds a time and no words
    return ibis.coalesce(by_pattern.cast("date") if is_day else by_pattern, in_full)


def knows_zones(value: ir.Value) -> bool:
    """Whether the engine of a value has the functions that bring times to a time zone."""
    try:
        return value.get_backend().name in ("duckdb", "postgres", "sqlite")
    except IbisError:
        return False


def has_zone(value: ir.Value) -> bool:
    """Whether a moment says its time zone."""
    return value.type().is_timestamp() and value.type().timezone is not None
