"""A column of texts written plainly: numbers as ``1234.5``, days as ``2026-09-14``, times with their offset."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics.sources.value_formats.date_shapes import EPOCHS, EXCEL
from kpi_analysis.metrics.sources.value_formats.dates import DateFormat
from kpi_analysis.metrics.sources.value_formats.numbers import APART, NEGATIVE, NO_VALUE, NumberFormat, number_pattern
from kpi_analysis.metrics.sql.date_words import ALL_BLANKS, clean_pattern, cleaned_dates, split_offset
from kpi_analysis.metrics.sql.text_values import DAY_OR_TIME, EARLIEST_YEAR, UNREADABLE, try_strptime

ZERO_ALONE = "^0+([.,]0*)?$"
DAY, SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
EXCEL_BEGINS = 25_569  # days from 1899-12-30 to 1970-01-01
SECONDS_A_DAY = 86_400


def plain_numbers(text: ir.StringValue, found: NumberFormat) -> ir.StringValue:
    """Numbers as ``1234.5``; a mark for no value is NULL, and what is no number stays as it stands.

    A text that does not fit, but would be read in another way than all others, is marked so that it is not read at all.

    Parameters
    ----------
    text : StringValue
        A column of DuckDB.
    found : NumberFormat
        How it is written.

    Returns
    -------
    StringValue
    """
    trimmed = _trimmed(text)
    pattern = number_pattern(found.decimal, found.thousands, found.affixes, has_percents=found.percents > 0)
    fits = trimmed.re_search(pattern) & (trimmed.contains("(") == trimmed.contains(")"))
    if found.percents:
        fits &= trimmed.contains("%") | trimmed.re_search(ZERO_ALONE)
    digits = trimmed.re_extract(pattern, 1)
    for sign in found.thousands:
        digits = digits.re_replace(APART[sign], "")
    if found.decimal == ",":
        digits = digits.replace(",", ".")
    number = ibis.ifelse(trimmed.re_search(NEGATIVE), ibis.literal("-") + digits, digits)
    if found.percents:
        number = ibis.ifelse(trimmed.contains("%"), number + "e-2", number)
    no_value = trimmed.re_search(f"^{NO_VALUE}$")
    otherwise = trimmed.try_cast("float64").notnull()
    return ibis.cases((no_value, ibis.null("string")), (fits, number), (otherwise, text + UNREADABLE), else_=text)


def plain_dates(text: ir.StringValue, found: DateFormat) -> ir.StringValue:
    """Days as ``2026-09-14`` and times as ``2026-09-14 10:35:00+02:00``; what is neither stays as it stands.

    Parameters
    ----------
    text : StringValue
        A column of DuckDB.
    found : DateFormat
        How it is written.

    Returns
    -------
    StringValue
    """
    trimmed = _trimmed(text)
    has_words = any("%b" in pattern or "%B" in pattern for pattern in found.patterns) or found.has_words
    cleaned, offset = split_offset(cleaned_dates(trimmed, has_words=has_words))
    iso = trimmed.re_search(DAY_OR_TIME)
    if not found.patterns:
        return ibis.cases((iso, trimmed), else_=text)
    plain = [_plain(cleaned, offset, pattern, found.year) for pattern in found.patterns]
    written = ibis.coalesce(*plain) if len(plain) > 1 else plain[0]
    if any(pattern.startswith("%Y-") and pattern[3:5] != "%m" for pattern in found.patterns):
        return ibis.cases((written.notnull(), written), (iso, text + UNREADABLE), else_=text)
    return ibis.cases((iso, trimmed), (written.notnull(), written), else_=text)


def _trimmed(text: ir.StringValue) -> ir.StringValue:
    return text.re_replace(f"^{ALL_BLANKS}+|{ALL_BLANKS}+$", "")


def _plain(cleaned: ir.StringValue, offset: ir.StringValue, pattern: str, year: int | None) -> ir.StringValue:
    """Texts that one pattern reads, written plainly; the others are NULL."""
    if pattern in EPOCHS:
        seconds = (cleaned.try_cast("int64") / EPOCHS[pattern]).floor().cast("int64")
        return seconds.as_timestamp("s").strftime(SECOND) + "+00:00"
    if pattern == EXCEL:
        seconds = ((cleaned.try_cast("float64") - EXCEL_BEGINS) * SECONDS_A_DAY).round().cast("int64")
        return _written(seconds.as_timestamp("s"), has_time=True).re_replace(" 00:00:00$", "")
    layout = clean_pattern(pattern)
    if "%Y" not in pattern and "%y" not in pattern:
        if year is None:
            return ibis.null("string").cast("string") + cleaned
        if pattern in ("%d%m", "%m%d"):  # 101 is the first of January
            cleaned = ibis.ifelse(cleaned.length() == len("101"), ibis.literal("0") + cleaned, cleaned)
        cleaned, layout = cleaned + f" {year}", f"{layout} %Y"
    parsed = ibis.cases((cleaned.re_search("[0-9]"), try_strptime(cleaned, layout)))  # infinity is no first of 1900
    if "%Y" in layout:  # of four digits
        parsed = ibis.cases((parsed >= EARLIEST_YEAR, parsed))
    has_time = "%H" in layout or "%I" in layout
    return _written(parsed, has_time=has_time) + (offset if has_time else "")


def _written(time: ir.TimestampValue, *, has_time: bool) -> ir.StringValue:
    return time.strftime(SECOND if has_time else DAY)


def changed_columns(raw: ir.Table, formats: dict[str, NumberFormat | DateFormat]) -> Sequence[str]:
    """Columns that are not written plainly, but in a way that is known."""
    return [one for one, found in formats.items() if one in raw.columns and not found.is_plain and _is_known(found)]


def _is_known(found: NumberFormat | DateFormat) -> bool:
    return isinstance(found, DateFormat) or not found.open
