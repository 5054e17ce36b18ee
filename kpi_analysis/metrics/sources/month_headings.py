"""Headings of columns that name a month, a quarter or a year, in any usual writing, and the last day of each."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
FURTHER_NAMES = {"mrz": 3, "maerz": 3, "sept": 9, "okt": 10, "dez": 12, "jaenner": 1, "jänner": 1, "febr": 2}
TOTALS = (
    r"(grand |overall )?total\b.*|gesamt.*|summe.*|insgesamt|kumuliert.*|kum\.?.*|ytd|year to date|jahr|sum|totaal|"
    r"totale|"
    r"jahreswert|aufgelaufen.*|.*\btotal"
)


@dataclass(frozen=True)
class Span:
    """What a heading names: its first and its last day, and by how many months it is long.

    Examples
    --------
    >>> Span(dt.date(2024, 1, 1), dt.date(2024, 3, 31)).months
    3
    """

    first: dt.date
    last: dt.date

    @property
    def months(self) -> int:
        """How many months it touches."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def read_headings(headings: Sequence[str], year: int | None = None) -> dict[str, Span]:
    """Headings that name a stretch of time, read together: what could be read in two ways is told by the others.

    Parameters
    ----------
    headings : sequence of str
        Of columns.
    year : int, optional
        Of months that are named without one; a January after a December is of the next.

    Returns
    -------
    dict of str to Span

    Examples
    --------
    >>> found = read_headings(["Jan 2024", "Feb. 24", "Mrz 2024", "2024-04", "05/2024", "30.06.2024", "Total"])
    >>> [span.last.isoformat() for span in found.values()]
    ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30', '2024-05-31', '2024-06-30']
    >>> [span.last.isoformat() for span in read_headings(["Jan 1 - Jan 31, 2024", "Q2 2024", "2025"]).values()]
    ['2024-01-31', '2024-06-30', '2025-12-31']
    """
    texts = {one: _tidy(one) for one in headings}
    found = {one: span for one, text in texts.items() if (span := _span(text)) is not None}
    dates = {one: text for one, text in texts.items() if one not in found and _DATE.fullmatch(text)}
    found |= _dates(dates)
    if year is not None:
        found |= _without_year([one for one in headings if one not in found], texts, year)
    return {one: found[one] for one in headings if one in found}


def lacks_year(heading: str) -> bool:
    """Whether a heading is a month without its year."""
    return _month(_tidy(heading)) is not None


def is_total_heading(heading: str) -> bool:
    """Whether a heading says that its column is a sum of others."""
    return re.fullmatch(TOTALS, _tidy(heading)) is not None


@cache
def month_names() -> Mapping[str, int]:
    """Names of months and their short forms in the languages of exports, in small letters without points."""
    found: dict[str, int] = dict(FURTHER_NAMES)
    for language in LANGUAGES:
        months = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    found.setdefault(name.casefold().strip(". "), number)
    return found


_YEAR = r"(?:'?(\d{2})|(\d{4}))"
_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_FORMS = {
    "name_year": re.compile(rf"([^\W\d]+)[. ,/'’-]*{_YEAR}"),
    "year_name": re.compile(r"(\d{4})[. /-]*([^\W\d]+)\.?"),
    "year_month": re.compile(r"(\d{4})[./ -]?m?(0?[1-9]|1[0-2])"),
    "month_year": re.compile(r"m?(0?[1-9]|1[0-2])[./ -](\d{4})"),
    "iso_day": re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[ t]00:00(?::00)?(?:\.0+)?)?"),
    "quarter": re.compile(
        rf"(?:q|quartal |quarter )([1-4])[. /-]*{_YEAR}|([1-4])\.? ?(?:q|quartal|quarter)[. /-]*{_YEAR}"
    ),
    "year_quarter": re.compile(r"(\d{4})[. /-]*q([1-4])"),
    "year": re.compile(r"(?:fy|year|jahr|gj)? ?(\d{4})"),
    "day": re.compile(r"(?:as of |per |zum |bis |to )?(\d{1,2})\.? ([^\W\d]+)\.?,? (\d{4}|\d{2})"),
    "us_day": re.compile(r"(?:as of |to )?([^\W\d]+)\.? (\d{1,2}),? (\d{4})"),
}


def _tidy(text: str) -> str:
    plain = re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("–", "-").replace("—", "-")).strip().casefold()
    return plain.strip(" :")


def _span(text: str) -> Span | None:
    one = re.fullmatch(r"([^\W\d]+)\.? (\d{1,2}) ?- ?(\d{1,2}),? (\d{4})", text)
    if one is not None and (month := month_names().get(one.group(1))) is not None:
        return _checked(int(one.group(4)), month, int(one.group(2)), int(one.group(3)))
    parts = re.split(r" - | bis | to |(?<=[^\W\d])-(?=[^\W\d])", text)
    if len(parts) == 2:
        return _range(*parts)
    return _single(text)


def _range(left: str, right: str) -> Span | None:
    """Two days or months with a stroke between them; the first may lack the year of the second."""
    dates = _dates({right: right}) if _DATE.fullmatch(right) else {}
    end = dates.get(right) or _single(right)
    if end is None:
        return None
    begins = _dates({left: left}) if _DATE.fullmatch(left) else {}
    begin = (
        begins.get(left) or _single(left) or _single(f"{left} {end.last.year}") or _single(f"{left}, {end.last.year}")
    )
    if begin is None and (numbers := re.fullmatch(r"(\d{1,2})\.?(?:(\d{1,2})\.?)?", left)) is not None:
        begin = _checked(end.last.year, int(numbers.group(2) or end.last.month), int(numbers.group(1)), None)
    if begin is None or begin.first > end.last:
        return None
    return Span(begin.first, end.last)


def _single(text: str) -> Span | None:
    names = month_names()
    for form, pattern in _FORMS.items():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        parts = [part for part in found.groups() if part is not None]
        if form in ("name_year", "year_name"):
            name, year = parts if form == "name_year" else parts[::-1]
            if (month := names.get(name)) is not None:
                return _month_of(_full(year), month)
        elif form in ("year_month", "month_year"):
            year, month_text = parts if form == "year_month" else parts[::-1]
            return _month_of(int(year), int(month_text))
        elif form == "iso_day":
            return _day_of(int(parts[0]), int(parts[1]), int(parts[2]))
        elif form in ("quarter", "year_quarter"):
            quarter, year = parts if form == "quarter" else parts[::-1]
            first = dt.date(_full(year), 3 * int(quarter) - 2, 1)
            return Span(first, _month_of(first.year, first.month + 2).last)
        elif form == "year" and 1900 <= int(parts[0]) <= 2100:
            return Span(dt.date(int(parts[0]), 1, 1), dt.date(int(parts[0]), 12, 31))
        elif form in ("day", "us_day"):
            day, name = (parts[0], parts[1]) if form == "day" else (parts[1], parts[0])
            if (month := names.get(name)) is not None:
                return _day_of(_full(parts[2]), month, int(day))
    return None


def _dates(texts: Mapping[str, str]) -> dict[str, Span]:
    """Dates of numbers: in the order in which all of them are days of months that differ, and the edges of them."""
    readings = []
    for day_first in (True, False):
        spans = {}
        for one, text in texts.items():
            found = _DATE.fullmatch(text)
            assert found is not None
            first, _, second, year = found.groups()
            day, month = (int(first), int(second)) if day_first else (int(second), int(first))
            span = _day_of(_full(year), month, day)
            if span is not None:
                spans[one] = span
        distinct = len({(span.last.year, span.last.month) for span in spans.values()})
        edges = sum(span.last.day in (1, _length(span.last)) for span in spans.values())
        readings.append((len(spans), distinct, edges, day_first, spans))
    return max(readings, key=lambda one: one[:4])[-1]


def _without_year(headings: Sequence[str], texts: Mapping[str, str], year: int) -> dict[str, Span]:
    found: dict[str, Span] = {}
    before = 0
    for one in headings:
        month = _month(texts[one])
        if month is None:
            continue
        year += month < before
        before = month
        found[one] = _month_of(year, month)
    return found


def _month(text: str) -> int | None:
    """A month that is named without a year."""
    if text.isdigit() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    return month_names().get(text.strip("."))


def _day_of(year: int, month: int, day: int) -> Span | None:
    """The month of a day, up to that day where it is neither the first nor the last."""
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return None
    whole = _month_of(year, month)
    return whole if day == 1 else Span(whole.first, date)


def _checked(year: int, month: int, first: int, last: int | None) -> Span | None:
    try:
        return Span(dt.date(year, month, first), dt.date(year, month, first if last is None else last))
    except ValueError:
        return None


def _month_of(year: int, month: int) -> Span:
    return Span(dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1]))


def _length(day: dt.date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _full(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)
