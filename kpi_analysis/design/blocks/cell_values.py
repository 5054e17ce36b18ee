"""What a printed cell is worth: numbers and days read back from their words, so that a table sorts by value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol, get_group_symbol

_WORDS = {"k": 1e3, "tsd": 1e3, "m": 1e6, "mio": 1e6, "bn": 1e9, "mrd": 1e9}
_MINUS = str.maketrans({"−": "-", "–": "-"})


def cell_value(cell: Mapping[str, Any], language: str) -> float | None:
    """Return the number that a cell says, or its day as a count of days; None where it says neither.

    A limit counts as its number (``≤ 45``), a range as its lower end, a number with a word of size in full.

    Parameters
    ----------
    cell : mapping
        A `Cell` as JSON-ready data.
    language : str
        In which the report writes numbers: ``en-GB``.

    Examples
    --------
    >>> [cell_value({"text": words, "suffix": "", "svg": ""}, "en-GB") for words in ("−1,234.5", "≤ 45", "–", "EMEA")]
    [-1234.5, 45.0, None, None]
    >>> cell_value({"text": "1,24", "suffix": " Mio.", "svg": ""}, "de-DE")
    1240000.0
    """
    if cell["svg"]:
        return None
    words = f"{cell['text']} {cell['suffix']}".strip()
    day = _day(words, language)
    return day if day is not None else _number(words, language)


def plain_number(words: str, language: str) -> str | None:
    """Return words that are a number, and nothing else, as programs write it: ``-1234.5``.

    Examples
    --------
    >>> plain_number("−1,234.50", "en-GB"), plain_number("≤ 45", "en-GB")
    ('-1234.50', None)
    """
    bare = words.strip().translate(_MINUS)
    if not re.fullmatch(rf"[+-]?{_written(language)}", bare):
        return None
    point, group = _signs(language)
    return bare.replace(group, "").replace(point, ".").removeprefix("+")


def _number(words: str, language: str) -> float | None:
    point, group = _signs(language)
    number = _written(language)
    # a number that opens the cell, but for a limit, a sign or a currency; not one inside a name
    found = re.match(rf"[≤≥<>~]?\s*([+−–-]?)(?:[A-Z]{{3}}\s|[^\w\s]{{0,2}})\s*({number})\s*(\S*)", words)
    if found is None:
        return None
    amount = float(found[2].replace(group, "").replace(point, "."))
    amount *= _WORDS.get(found[3].strip(".,").casefold(), 1.0)
    return -amount if found[1] in ("−", "–", "-") else amount


def _day(words: str, language: str) -> float | None:
    quarter = re.fullmatch(r"(?:Q([1-4])\s+(?:FY\s*)?(\d{4})|(\d{4})-Q([1-4]))", words)
    if quarter:
        number, year = int(quarter[1] or quarter[4]), int(quarter[2] or quarter[3])
        return float(dt.date(year, 3 * number - 2, 1).toordinal())
    iso = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", words)
    if iso:
        return _ordinal(int(iso[1]), int(iso[2]), int(iso[3] or 1))
    dotted = re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", words)
    if dotted:
        return _ordinal(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    written = re.fullmatch(r"(?:(\d{1,2})\.?\s+)?([^\W\d_]+)\.?\s+(\d{4})", words)
    month = _months(language).get(written[2].casefold()[:3]) if written else None
    return _ordinal(int(written[3]), month, int(written[1] or 1)) if written and month else None


def _ordinal(year: int, month: int, day: int) -> float | None:
    try:
        return float(dt.date(year, month, day).toordinal())
    except ValueError:
        return None


@cache
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


@cache
def _signs(language: str) -> tuple[str, str]:
    locale = _locale(language)
    return get_decimal_symbol(locale), get_group_symbol(locale)


@cache
def _written(language: str) -> str:
    """What a number looks like: digits in groups of two or three, or without any."""
    point, group = (re.escape(sign) for sign in _signs(language))
    return rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})+|\d+)(?:{point}\d+)?"


@cache
def _months(language: str) -> dict[str, int]:
    names = {"en": Locale("en"), "own": _locale(language)}
    return {
        name.casefold()[:3]: month
        for locale in names.values()
        for month, name in locale.months["format"]["abbreviated"].items()
    }
