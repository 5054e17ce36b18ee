"""Dates with words in them, such as ``5. März 2024`` or ``Jan 5, 2024 3:04 p.m.``, brought to one form of digits.

A month by name becomes ``M03``, a day of the week, an ordinal's ending and commas go, and the distance from UTC stands
apart. The same steps are done by Python on one text and by DuckDB on a column, so that both find the same.
"""

from __future__ import annotations

import re

import ibis.expr.types as ir

MONTHS = (
    "january jan januar jänner janvier janv enero ene gennaio gen januari",
    "february feb februar febr février févr febrero febbraio februari",
    "march mar märz mrz mär mars marzo maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag mei",
    "june jun juni juin junio giugno giu",
    "july jul juli juillet juil julio luglio lug",
    "august aug août aout agosto ago augustus",
    "september sep sept septembre septiembre settembre set",
    "october oct oktober okt octobre octubre ottobre ott",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic dicembre",
)
WEEKDAYS = (
    "monday mon montag mo tuesday tues tue dienstag di wednesday wed mittwoch mi thursday thurs thur thu donnerstag do"
    " friday fri freitag fr saturday sat samstag sonnabend sa sunday sun sonntag so"
)
ALL_BLANKS = "[\\s\u00a0\u2007\u2009\u202f\ufeff]"
_ZONES = "Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}"
AFTER_TIME = rf"(:[0-9]{{2}}(?: [AP]M)?) ?({_ZONES})$"


def _any_of(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


BLANK_RULES = ((f"{ALL_BLANKS}+", " "), ("^ | $", ""))
WORD_RULES = (
    (rf"(?i)^(?:{_any_of(WEEKDAYS)})[.,]* +", ""),
    *((rf"(?i)\b(?:{_any_of(words)})\b\.?", f"M{place:02d}") for place, words in enumerate(MONTHS, start=1)),
    (r"(?i)([0-9])(?:st|nd|rd|th)\b", r"\1"),
    (r"(?i) (?:at|um|h|uhr)( |$)", r"\1"),
)
TIME_RULES = (
    (r"([0-9])[Tt_]([0-9])", r"\1 \2"),
    (r"(?i)([0-9]) ?a\.?m\.?( |$)", r"\1 AM\2"),
    (r"(?i)([0-9]) ?p\.?m\.?( |$)", r"\1 PM\2"),
    (r"(:[0-9]{2})[.,][0-9]+", r"\1"),
    ("(:[0-9]{2})z$", r"\1Z"),
    (",", " "),
    (r"\. ", " "),
    (" +", " "),
)


def clean_date(text: str) -> str:
    """A date in words, brought to one form.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        With months as ``M03``, one kind of blank and without words that say nothing.

    Examples
    --------
    >>> clean_date("Tue, Jan 5th, 2024 3:04 p.m."), clean_date("5. März 2024"), clean_date("05-Jan-24")
    ('M01 5 2024 3:04 PM', '5 M03 2024', '05-M01-24')
    """
    for pattern, instead in (*BLANK_RULES, *WORD_RULES, *TIME_RULES):
        text = re.sub(pattern, instead, text)
    return text


def clean_pattern(pattern: str) -> str:
    """A pattern such as ``%d. %B %Y``, as it reads what `clean_date` gives.

    Parameters
    ----------
    pattern : str
        Of strptime.

    Returns
    -------
    str
        With the month by name as ``M%m``.

    Examples
    --------
    >>> clean_pattern("%d. %B %Y"), clean_pattern("%b %d, %Y %I:%M:%S.%f %p")
    ('%d M%m %Y', 'M%m %d %Y %I:%M:%S %p')
    """
    text = re.sub("%[Bb]", "M%m", pattern.strip())
    for old, new in (("%S.%f", "%S"), ("%S,%f", "%S"), ("%dT%H", "%d %H"), (",", " "), (". ", " ")):
        text = text.replace(old, new)
    return re.sub(" +", " ", text)


def cleaned_dates(text: ir.StringValue, *, has_words: bool) -> ir.StringValue:
    """Return dates in words, as `clean_date` gives them; by DuckDB, on a column."""
    for pattern, instead in (*BLANK_RULES, *(WORD_RULES if has_words else ()), *TIME_RULES):
        text = text.re_replace(pattern, instead)
    return text


def split_offset(cleaned: ir.StringValue) -> tuple[ir.StringValue, ir.StringValue]:
    """Return a cleaned time without its distance from UTC, and the distance, which is empty where there is none."""
    return cleaned.re_replace(AFTER_TIME, r"\1"), cleaned.re_extract(AFTER_TIME, 2).fill_null("")
