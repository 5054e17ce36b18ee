r"""How text is read as a number, a day or a time: one strict form each, in every engine alike.

A number has digits and at most one point (``-1234.5``, ``1e6``), a day is ``2026-09-14``, a time is a day with hours
and minutes and perhaps a distance from UTC (``2026-09-14 13:30``, ``2026-09-14T13:30:00Z``, ``… +02:00``, ``… UTC``).
What engines also take for one (``13-09-26`` as a day of the year 13, ``infinity``, ``1_000``) is NULL here.

DuckDB reads with ``try_cast`` and a cheap look at the form; elsewhere a pattern decides first whether the text can be
read, because Postgres stops at the first bad row and SQLite makes 0 of it.
"""

from __future__ import annotations

import datetime as dt
import re

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir

from kpi_analysis.metrics.sql.date_words import clean_pattern, cleaned_dates, split_offset

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
MAX_DIGITS = 60  # characters of a number: a longer one, or one of a larger exponent, may be too large for an engine
SMALL_EXPONENT = "^[^eE]*([eE][+-]?(1?[0-9]?[0-9]|2[0-3][0-9]))?$"
_LEAP_YEAR = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
DAY = (
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}-02-29)"
)
_TIME = r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
_OFFSET = " ?(Z|UTC|GMT|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
DAY_OR_TIME = f"^{DAY}({_TIME}({_OFFSET})?)?$"
MOMENT = f"^{DAY}{_TIME}{_OFFSET}$"
USUAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$"
USUAL_MOMENT = rf"{USUAL_TIME[:-1]}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$"  # DuckDB reads both without help
FIRST_DAY = "0001-01-01"  # sorts after every day that is not of four digits, has a sign or a blank before it
DAY_SHAPE = "____-__-__"
UNREADABLE = "\u2060"  # ends a text that is not to be read, though it could be; no one sees it
EARLIEST_YEAR = dt.datetime(1000, 1, 1)  # which is written with four digits


def has_offset(text: ir.StringValue) -> ir.BooleanValue:
    """Where a time in words says its distance from UTC."""
    return text.strip().re_search(MOMENT)


def is_plain_day(text: ir.StringValue) -> ir.BooleanValue:
    """Where a text has the form of a day and nothing around it; whether there is such a day is not looked at."""
    return text.like(DAY_SHAPE) & (text >= FIRST_DAY)


def text_to_number(text: ir.StringValue, wanted: dtypes.DataType, *, on_duckdb: bool) -> ir.Value:
    """Return text as a number of some type, NULL where it is none, or none that is finite."""
    if on_duckdb:
        result = text.try_cast(wanted)
        sound = ~text.contains("_")
        if wanted.is_floating():
            sound &= ~(result.isnan() | result.isinf())
        return ibis.cases((sound, result))
    trimmed = text.strip()
    fit = trimmed.re_search(NUMBER) & trimmed.re_search(SMALL_EXPONENT) & (trimmed.length() <= MAX_DIGITS)
    return ibis.cases((fit, trimmed)).cast(wanted)


def with_plain_signs(text: ir.StringValue, decimal: str, thousands: str | None) -> ir.StringValue:
    """Return a number in words as ``1234.5``, whatever signs it is written with; NULL where it does not fit them.

    A sign of thousands stands before every three digits or nowhere, so that ``12.5`` is no number where it is a point.
    """
    apart = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}.get(thousands or "", re.escape(thousands or ""))
    whole = f"([0-9]+|[0-9]{{1,3}}({apart}[0-9]{{3}})+)" if thousands else "[0-9]+"
    trimmed = text.strip()
    digits = trimmed.re_replace(apart, "") if thousands else trimmed
    return ibis.cases((trimmed.re_search(f"^[+-]?{whole}({re.escape(decimal)}[0-9]+)?$"), digits.replace(decimal, ".")))


def text_to_day(text: ir.StringValue, *, on_duckdb: bool) -> ir.Value:
    """Return text as a day, as it is written: a distance from UTC moves nothing."""
    trimmed = text.strip()
    fits = trimmed.re_search(DAY_OR_TIME) & (trimmed >= FIRST_DAY)
    if on_duckdb:
        return ibis.cases((is_plain_day(text), text.try_cast("date")), (fits, trimmed.substr(0, 10).try_cast("date")))
    return ibis.cases((fits, trimmed.substr(0, 10))).cast("date")


def text_to_time(text: ir.StringValue, *, on_duckdb: bool) -> ir.Value:
    """Return text as a time on the clock that it was written by: a distance from UTC moves nothing."""
    trimmed = text.strip()
    fits = trimmed.re_search(DAY_OR_TIME) & (trimmed >= FIRST_DAY)
    plain = without_offset(with_seconds(trimmed))
    if on_duckdb:
        usual = trimmed.re_search(USUAL_TIME) & (trimmed >= FIRST_DAY)
        return ibis.cases((usual, trimmed.try_cast("timestamp")), (fits, plain.try_cast("timestamp")))
    return ibis.cases((fits, plain)).cast("timestamp")


def text_to_moment(text: ir.StringValue, *, on_duckdb: bool) -> ir.Value:
    """Return text as a moment in UTC, NULL where it does not say its distance from UTC."""
    trimmed = text.strip()
    fits = trimmed.re_search(MOMENT) & (trimmed >= FIRST_DAY)
    plain, wanted = with_usual_offset(with_seconds(trimmed)), dtypes.Timestamp(timezone="UTC")
    if on_duckdb:
        usual = trimmed.re_search(USUAL_MOMENT) & (trimmed >= FIRST_DAY)
        return ibis.cases((usual, trimmed.try_cast(wanted)), (fits, plain.try_cast(wanted)))
    return ibis.cases((fits, plain)).cast(wanted)


def with_seconds(time: ir.StringValue) -> ir.StringValue:
    """Return a time in words with its seconds, which not every engine can do without."""
    return time.re_replace("([ T][0-9][0-9]:[0-9][0-9])( ?[ZUG+-].*)?$", r"\1:00\2")


def without_offset(time: ir.StringValue) -> ir.StringValue:
    """Return a time in words without its distance from UTC."""
    return time.re_replace(f"(:[0-9.]+){_OFFSET}$", r"\1")


def with_usual_offset(time: ir.StringValue) -> ir.StringValue:
    """Return a time in words whose distance from UTC is written as all engines read it: ``+02:00``."""
    in_zone = time.re_replace(" ?(Z|UTC|GMT)$", "+00:00")
    no_blank = in_zone.re_replace(" ([+-][0-9:]+)$", r"\1")
    hours = no_blank.re_replace("(:[0-9.]+[+-][0-9][0-9])$", r"\1:00")
    return hours.re_replace("([+-][0-9][0-9])([0-9][0-9])$", r"\1:\2")


@ibis.udf.scalar.builtin(signature=(("string", "string"), "timestamp"))
def try_strptime(text, pattern):  # type: ignore[no-untyped-def]
    """DuckDB's reader of dates, which gives NULL where the text does not fit."""


def text_by_pattern(text: ir.StringValue, layout: str, *, on_duckdb: bool) -> ir.Value:
    """Return text as a time, read by a pattern such as ``%d.%m.%Y``; NULL where it is blank or does not fit.

    ``%Y`` is a year of four digits: ``13.09.26`` is not read by ``%d.%m.%Y`` as a day of the year 26. A text that is a
    day or a time by ISO 8601 is read as such, so that no cell is lost that holds a date and no words.
    """
    trimmed = text.strip().nullif("")
    iso = None if layout.startswith("%Y-") else text_to_time(text, on_duckdb=on_duckdb)
    if on_duckdb:
        found = ibis.cases((trimmed.re_search("[0-9]"), try_strptime(trimmed, layout)))  # infinity is no first of 1900
        if "%b" in layout or "%B" in layout:  # by names that DuckDB does not know
            cleaned, _ = split_offset(cleaned_dates(trimmed, has_words=True))
            found = ibis.coalesce(found, try_strptime(cleaned, clean_pattern(layout)))
        found = ibis.cases((found >= EARLIEST_YEAR, found)) if "%Y" in layout else found
    else:
        turned = _as_day(trimmed, layout)
        if turned is None:
            return trimmed.as_timestamp(layout).cast("timestamp")
        found = text_to_time(turned, on_duckdb=False)
    return found if iso is None else ibis.coalesce(found, iso)


def _as_day(text: ir.StringValue, layout: str) -> ir.StringValue | None:
    """Text with the parts of a pattern put into the order of ``2026-09-14 13:30:00``; None where they have names."""
    parts = re.split("%(.)", layout)
    order = parts[1::2]
    if sorted(order[:]) not in (sorted("Ymd"), sorted("YmdHM"), sorted("YmdHMS")):
        return None
    forms = {"Y": "([0-9]{4})", "m": "([0-9]{1,2})", "d": "([0-9]{1,2})"}
    pattern = "".join(
        forms.get(part, "([0-9]{2})") if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    at = {part: place for place, part in enumerate(order, start=1)}
    time = " " + ":".join(rf"\{at[part]}" for part in "HMS" if part in at) if "H" in at else ""
    turned = text.re_replace(f"^{pattern}$", rf"\{at['Y']}-\{at['m']}-\{at['d']}{time}")
    padded = turned.re_replace("^([0-9]{4})-([0-9])-", r"\1-0\2-")
    fits = text.re_search(f"^{pattern}$")
    return ibis.cases((fits, padded.re_replace("^([0-9]{4}-[0-9]{2})-([0-9])( |$)", r"\1-0\2\3")))
