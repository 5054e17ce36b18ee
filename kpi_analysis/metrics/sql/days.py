"""The rules for days and times: their parts, distances and shifts, and text read as a day.

Everything is counted in days. Months and weekdays are left out where databases disagree about them: one month
after 31 January, the first day of a week, the number of months between two days.
"""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir
from sqlglot import exp

from kpi_analysis.core.config.reading import DIRECTIVES
from kpi_analysis.metrics.sql.scope import NameScope
from kpi_analysis.metrics.sql.text_values import text_by_pattern
from kpi_analysis.metrics.sql.types import Unfit, day, is_literal, kind, on_duckdb, time_or_day, to_type, words
from kpi_analysis.metrics.sql.visitor import named, rule, text_of, visit

PARTS = ("year", "quarter", "month", "day", "hour")
IN_UTC = "_in_utc"  # ends the name of the column that holds a timestamp as a moment in UTC
UNITS = {"year": "Y", "quarter": "Q", "month": "M", "week": "W", "day": "D"}
SHIFTS = {"day": 86_400, "week": 604_800, "hour": 3_600, "minute": 60, "second": 1}


def read_time(value: ir.Value, pattern: exp.Expression | None) -> ir.Value:
    """Return text as a timestamp, read by a pattern such as ``%d.%m.%Y``; blank text is NULL, and a day stays one."""
    layout = text_of(pattern)
    directives = re.findall(r"%(.?)", layout)
    if not directives or any(sign not in DIRECTIVES for sign in directives):
        raise Unfit(f"'{layout}' is not a pattern of %Y %m %d %H %M %S and the like, as in '%d.%m.%Y'")
    if is_day(value):
        return to_type(value, "timestamp")
    return text_by_pattern(words(value), layout, on_duckdb=on_duckdb(value))


def is_day(value: ir.Value) -> bool:
    """Return whether the value is a date or a timestamp."""
    return kind(value) in ("date", "timestamp")


def days_between(later: ir.Value, earlier: ir.Value) -> ir.Value:
    """Return the days from one day to another."""
    if "timestamp" in (kind(later), kind(earlier)):
        raise Unfit("times are not subtracted; write date_diff('day', a, b), or epoch(b) - epoch(a) for seconds")
    return day(later).delta(day(earlier), unit="day")


def add_days(value: ir.Value, count: ir.Value, sign: int) -> ir.Value:
    """Return the day so many days later, or earlier where `sign` is -1."""
    if not (kind(value) == "date" and count.type().is_integer()):
        raise Unfit("whole days are added to a date; write date(x) + cast(n as int), or use an interval")
    if is_literal(count):
        return value + ibis.interval(days=sign * count.op().value)
    return value + (sign * count).as_interval("D")


def shift(value: ir.Value, interval: exp.Interval, sign: int) -> ir.Value:
    """Return the day or time an interval later, or earlier where `sign` is -1."""
    unit = (interval.args["unit"].name if interval.args.get("unit") else "").lower().removesuffix("s")
    number = interval.this.name if isinstance(interval.this, exp.Literal) else ""
    if unit in ("month", "quarter", "year"):
        raise Unfit("databases disagree about a month after 31 January; write the interval in days")
    if unit not in SHIFTS or not number.removeprefix("-").isdigit() or len(number) > 6:
        raise Unfit("an interval is a number of days, weeks, hours, minutes or seconds: interval '90 days'")
    if unit in ("day", "week"):
        return time_or_day(value) + ibis.interval(days=sign * int(number) * SHIFTS[unit] // SHIFTS["day"])
    return to_type(value, "timestamp") + ibis.interval(seconds=sign * int(number) * SHIFTS[unit])


def part_of(value: ir.Value, part: str) -> ir.Value:
    """Return the year, quarter, month, day or hour as a number."""
    if part not in PARTS:
        raise Unfit(f"{part} is none of {', '.join(PARTS)}; databases count the others differently")
    if part == "quarter":
        # Ibis gives fractions for it on SQLite.
        return ((day(value).month() + 2) / 3).floor()
    if part == "hour":
        return to_type(value, "timestamp").hour()
    return getattr(day(value), part)()


@rule("this", exp.Date, exp.TsOrDsToDate)
def date(node: exp.Expression, scope: NameScope) -> ir.Value:
    return day(visit(node.this, scope))


@rule("this", exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour)
def part(node: exp.Expression, scope: NameScope) -> ir.Value:
    return part_of(visit(node.this, scope), type(node).__name__.lower())


@rule("this expression", exp.Extract)
def extract(node: exp.Expression, scope: NameScope) -> ir.Value:
    return part_of(visit(node.expression, scope), node.name.lower())


@rule("this unit", exp.TimestampTrunc, exp.DateTrunc)
def date_trunc(node: exp.Expression, scope: NameScope) -> ir.Value:
    unit = node.args["unit"].name.lower()
    if unit not in UNITS:
        raise Unfit(f"{unit} is not among the units {', '.join(UNITS)}")
    # By way of a timestamp, because Postgres would truncate a date in the zone of the session.
    return day(visit(node.this, scope)).cast("timestamp").truncate(UNITS[unit]).date()


@rule("this expression unit date_part_boundary", exp.DateDiff)
def date_diff(node: exp.Expression, scope: NameScope) -> ir.Value:
    unit = node.args["unit"].name.lower() if node.args.get("unit") else "day"
    if unit != "day":
        raise Unfit(f"databases count the {unit}s between two days differently; write date_diff('day', a, b)")
    return day(visit(node.this, scope)).delta(day(visit(node.expression, scope)), unit="day")


@rule("this", exp.TimeToUnix)
def epoch(node: exp.Expression, scope: NameScope) -> ir.Value:
    # By the column in UTC beside it, because on the wall an hour is lost or doubled when clocks change.
    exact = f"{node.this.name}{IN_UTC}" if isinstance(node.this, exp.Column) else ""
    if exact in scope.table.columns:
        return scope.table[exact].epoch_seconds().cast("float64")
    return to_type(visit(node.this, scope), "timestamp").epoch_seconds().cast("float64")


@rule("this format", exp.StrToTime)
def strptime(node: exp.Expression, scope: NameScope) -> ir.Value:
    return read_time(visit(node.this, scope), node.args.get("format"))


@named("try_strptime", 2)
def try_to_read(node: exp.Expression, scope: NameScope) -> ir.Value:
    text, pattern = node.expressions
    return read_time(visit(text, scope), pattern)


@named("to_date", 2)
def to_date(node: exp.Expression, scope: NameScope) -> ir.Value:
    return try_to_read(node, scope).date()


@named("date_part", 2)
def date_part(node: exp.Expression, scope: NameScope) -> ir.Value:
    part, value = node.expressions
    return part_of(visit(value, scope), text_of(part).lower())
