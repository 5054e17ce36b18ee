"""Headers of an export compared with the spellings that a preset knows, whatever their case, blanks and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

CURRENCY = "{currency}"  # stands in a spelling for a currency code: ``Cost ({currency})``
_SIGNS = {"€": "eur", "$": "usd", "£": "gbp"}


@lru_cache(maxsize=16384)
def plain_header(header: str) -> str:
    """Header as it is compared: small letters, one blank within, no mark of the file, no quotes around it.

    Parameters
    ----------
    header : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain_header("\\ufeff \\"Amount  spent (USD)\\" ")
    'amount spent (usd)'
    >>> plain_header("Close_Date") == plain_header("close date")
    True
    """
    text = unicodedata.normalize("NFKC", header).replace("\ufeff", "").replace("\u200b", "").replace("\u00ad", "")
    text = text.replace("\u2019", "'").replace("\u2013", "-").replace("_", " ").strip().strip('"')
    return " ".join(text.casefold().split())


@lru_cache(maxsize=8192)
def _pattern(spelling: str) -> re.Pattern[str] | None:
    """Pattern of a spelling that holds a currency code or ends in any words; None where it is a fixed text."""
    plain = plain_header(spelling)
    if CURRENCY not in plain and "..." not in plain:
        return None
    body = re.escape(plain).replace(re.escape(CURRENCY), r"([a-z]{3}|[€$£])").replace(re.escape("..."), ".*")
    return re.compile(body)


def currency_in(spelling: str, header: str) -> str | None:
    """Currency code that a header holds where its spelling says ``{currency}``; None where it holds none.

    Parameters
    ----------
    spelling : str
        Of a preset.
    header : str
        Of a table.

    Returns
    -------
    str or None

    Examples
    --------
    >>> currency_in("Amount spent ({currency})", "Amount spent (USD)")
    'USD'
    """
    pattern = _pattern(spelling)
    found = pattern.fullmatch(plain_header(header)) if pattern is not None else None
    if found is None or not found.groups():
        return None
    code = found.group(1)
    return _SIGNS.get(code, code).upper()


def is_spelled(spelling: str, header: str) -> bool:
    """Whether a header is written as a spelling of a preset says, in which ``...`` stands for any words.

    Parameters
    ----------
    spelling : str
        Of a preset.
    header : str
        Of a table.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_spelled("Cost ({currency})", "COST (eur)"), is_spelled("How likely ... recommend ...", "How likely")
    (True, False)
    """
    pattern = _pattern(spelling)
    plain = plain_header(header)
    return plain == plain_header(spelling) if pattern is None else pattern.fullmatch(plain) is not None


@dataclass(frozen=True)
class FoundHeaders:
    """Headers of a table by the alias of a preset, and the currency that one of them names.

    Parameters
    ----------
    by_alias : mapping of str to str
        The header of each alias that is there.
    currency : str, optional
        As a header names it: ``Amount spent (USD)``.
    """

    by_alias: Mapping[str, str]
    currency: str | None = None


def find_headers(spellings: Mapping[str, Sequence[str]], headers: Sequence[str]) -> FoundHeaders:
    """Headers that a preset knows, each for one alias; an earlier spelling goes before a later one.

    Parameters
    ----------
    spellings : mapping of str to sequence of str
        Spellings of each alias.
    headers : sequence of str
        Of the table, as they stand.

    Returns
    -------
    FoundHeaders

    Examples
    --------
    >>> find_headers({"cost": ["Cost", "Cost ({currency})"], "day": ["Day"]}, ["day ", "Cost (EUR)", "Clicks"])
    FoundHeaders(by_alias={'cost': 'Cost (EUR)', 'day': 'day '}, currency='EUR')
    """
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(plain_header(header), header)
    found: dict[str, str] = {}
    currency: str | None = None
    for alias, known in spellings.items():
        for spelling in known:
            fixed = plain.get(plain_header(spelling)) if _pattern(spelling) is None else None
            spelled = fixed or next((one for one in plain.values() if is_spelled(spelling, one)), None)
            if spelled is not None and spelled not in found.values():
                found[alias] = spelled
                currency = currency or currency_in(spelling, spelled)
                break
    return FoundHeaders(found, currency)


_MONTHS = re.compile(
    r"(?:(?:jan|feb|mar|mär|maer|mrz|apr|mai|may|jun|jul|aug|sep|sept|okt|oct|nov|dez|dec)[a-zä]*\.?[ /.-]*(?:20)?\d\d"
    r"|(?:0?[1-9]|1[0-2])[/.-]20\d\d|20\d\d[/.-](?:0?[1-9]|1[0-2])"
    r"|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* 20\d\d)(?: 00:00:00)?"
)


def is_month(header: str) -> bool:
    """Whether a header names a month of a year, as the columns of a profit and loss statement do.

    Parameters
    ----------
    header : str

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_month(header) for header in ("Mrz 2024", "Sep-26", "2026-09", "30 Sep 2026", "Total", "Mai")]
    [True, True, True, True, False, False]
    """
    return _MONTHS.fullmatch(plain_header(header)) is not None
