"""How a shape of texts can be read as a date: in which orders, and by which pattern of strptime."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_analysis.metrics.sources.value_formats.shapes import TextShape
from kpi_analysis.metrics.sql.date_words import AFTER_TIME, MONTHS, WORD_RULES, clean_date, clean_pattern

Order = Literal["day first", "month first", "year first"]
FIRST_YEAR, LAST_YEAR = 1900, 2100
EPOCHS = {"epoch": 1, "epoch_ms": 1000, "epoch_us": 1_000_000}  # how many of them make a second
EXCEL = "excel"  # days since 1899-12-30
EPOCH_FROM, EPOCH_TO = 631_152_000, 4_102_444_800  # 1990 and 2100
EXCEL_FROM, EXCEL_TO = 32_874, 73_050  # the same years
TIME = re.compile(r" ([0-9]{1,2}):[0-9]{2}(:[0-9]{2})?( [AP]M)?$")
FULL_MONTHS = frozenset(word for words in MONTHS for word in words.split() if len(word) > 4) | {
    "june",
    "july",
    "juni",
    "juli",
    "märz",
}


@dataclass(frozen=True)
class DateShape:
    """How a shape of texts can be read as a date.

    Parameters
    ----------
    readings : mapping of str to str
        From the order of its parts to the pattern that reads them so, the usual one first.
    family : str
        Shapes of one family are written by one hand: their signs and the digits of their years are alike.
    has_short_year : bool
        Whether the year has two digits.
    years_at : int
        At which place of `TextShape.parts` that year stands in the usual order.
    is_month : bool
        Whether there is no day in it.
    """

    readings: Mapping[Order, str]
    family: str
    has_short_year: bool = False
    years_at: int = 2
    is_month: bool = False


def date_shape(one: TextShape) -> DateShape | None:
    """How a shape can be read as a date; None where it is none.

    Parameters
    ----------
    one : TextShape

    Returns
    -------
    DateShape or None

    Examples
    --------
    >>> dict(date_shape(TextShape("9/9/9999 9:99 AM")).readings)
    {'day first': '%d/%m/%Y %I:%M %p', 'month first': '%m/%d/%Y %I:%M %p'}
    >>> date_shape(TextShape("9. März 9999")).readings["day first"]
    '%d. %B %Y'
    """
    clean = re.sub(AFTER_TIME, r"\1", clean_date(one.shape))
    time = TIME.search(clean)
    day = clean[: time.start()] if time else clean
    clock = [] if time is None else _clock(time)
    if re.fullmatch("9+", day) and not clock:
        return _of_digits(one, len(day))
    parts = re.fullmatch(r"(M[0-9]{2}|[0-9]+)([./ -]?)(M[0-9]{2}|[0-9]+)(?:([./ -]?)(M[0-9]{2}|[0-9]+))?", day)
    if parts is None:
        return None
    kinds = "".join(_kind(part) for part in parts.group(1, 3, 5) if part is not None)
    signs = parts.group(2) + (parts.group(4) or "")
    found = _by_parts(kinds, signs)
    if found is None:
        return None
    readings = {order: _written(one.shape, [*parts, *clock]) for order, parts in found.items()}
    if any(pattern is None for pattern in readings.values()):
        return None
    short = "y" in kinds or kinds in ("nnn", "nMn", "Mnn")
    years_at = 1 if short and "M" in kinds else 2
    family = f"{signs} {'short' if short else 'long'}"
    return DateShape(readings, family, short, years_at, len(kinds) == 2)  # type: ignore[arg-type]


def _kind(part: str) -> str:
    return "M" if part[0] == "M" else "Y" if len(part) == 4 else "n" if len(part) <= 2 else "?"


def _clock(time: re.Match[str]) -> list[str]:
    hour = "%I" if time.group(3) else "%H"
    return [hour, "%M", *(["%S"] if time.group(2) else []), *(["%p"] if time.group(3) else [])]


def _by_parts(kinds: str, signs: str) -> dict[Order, list[str]] | None:
    """The directives of the parts of a day, order by order, the usual one first."""
    day, month, year, short, name = "%d", "%m", "%Y", "%y", "%b"
    dotted = "." in signs
    forms: dict[str, dict[Order, list[str]]] = {
        "nnY": {"day first": [day, month, year], "month first": [month, day, year]},
        "Ynn": {"year first": [year, month, day]},
        "nMY": {"day first": [day, name, year]},
        "MnY": {"month first": [name, day, year]},
        "YMn": {"year first": [year, name, day]},
        "MY": {"month first": [name, year]},
        "Yn": {"year first": [year, month]},
        "nY": {"month first": [month, year]},
        "nMn": {"day first": [day, name, short]},
        "Mnn": {"month first": [name, day, short]},
        "nnn": {
            "day first": [day, month, short], "month first": [month, day, short], "year first": [short, month, day],
        },
    }  # fmt: skip
    found = forms.get(kinds)
    if kinds == "nnn" and dotted:
        found = {"day first": [day, month, short]}
    if len(set(signs)) > 1 and kinds in ("nnY", "Ynn", "nnn") and set(signs) != {".", " "}:
        return None
    return found


def _of_digits(one: TextShape, digits: int) -> DateShape | None:
    """Days that are written by digits alone, and seconds since 1970."""
    if not one.parts:
        return None
    low, high = one.parts[0]
    if digits == 8:
        if low // 10_000 >= FIRST_YEAR and high // 10_000 <= LAST_YEAR:
            return DateShape({"year first": "%Y%m%d"}, "digits")
        if FIRST_YEAR <= low % 10_000 <= LAST_YEAR and FIRST_YEAR <= high % 10_000 <= LAST_YEAR:
            day_first: dict[Order, str] = {"day first": "%d%m%Y"}
            return DateShape(day_first | ({} if high >= 13_000_000 else {"month first": "%m%d%Y"}), "reversed")
    if digits == 6 and low // 100 >= FIRST_YEAR and high // 100 <= LAST_YEAR:
        return DateShape({"year first": "%Y%m"}, "digits", is_month=True)
    for name, (least, most) in {"epoch": (9, 10), "epoch_ms": (12, 13), "epoch_us": (15, 16)}.items():
        scale = EPOCHS[name]
        if least <= digits <= most and EPOCH_FROM * scale <= low and high < EPOCH_TO * scale:
            return DateShape({"year first": name}, "digits")
    if digits == 5 and low >= EXCEL_FROM and high <= EXCEL_TO:
        return DateShape({"day first": EXCEL, "year first": ""}, "excel")
    return None


def _written(shape: str, directives: Sequence[str]) -> str | None:
    """A shape with the directives of strptime in place of its digits and names, as a user would write it."""
    text = re.sub("[\u00a0\u2007\u2009\u202f\\s]+", " ", shape).strip()
    text = re.sub(WORD_RULES[0][0], "", text)
    text = re.sub(r"(?i) ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})$", "", text) if ":" in text else text
    text = re.sub(r"(:[0-9]{2})[.,][0-9]+", r"\1", text)
    text = re.sub(r"(?i)([0-9])(?:st|nd|rd|th)\b", r"\1", text)
    names = "|".join(sorted((word for words in MONTHS for word in words.split()), key=len, reverse=True))
    token = re.compile(rf"(?i)\b(?:{names})\b\.?|[0-9]+|\b[ap]\.?m\.?|(?<=[0-9])[ap]\.?m\.?")
    left = list(directives)

    def directive(match: re.Match[str]) -> str:
        word = match.group().lower().rstrip(".")
        if not left:
            return match.group()
        found = left.pop(0)
        return "%B" if found == "%b" and word in FULL_MONTHS else found

    written = token.sub(directive, text)
    return None if left else re.sub(r"(?i) (?:um|at|uhr|h)\b", "", written)


def is_meant_for(pattern: str, shapes: Iterable[TextShape]) -> bool:
    """Whether a pattern reads some of the shapes of a column, whatever their time.

    Parameters
    ----------
    pattern : str
        Of strptime.
    shapes : iterable of TextShape
        Of the column.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_meant_for("%m/%d/%Y", [TextShape("99/99/9999 99:99")]), is_meant_for("%m/%d/%Y", [TextShape("99.99.9999")])
    (True, False)
    """
    found = [date_shape(one) for one in shapes]
    return any(is_same_day(pattern, own) for one in found if one is not None for own in one.readings.values())


def is_same_day(pattern: str, other: str) -> bool:
    """Whether two patterns read the day in the same way, whatever their time."""
    return _without_time(pattern) == _without_time(other)


def _without_time(pattern: str) -> str:
    return re.sub(r" *%[HI].*$", "", clean_pattern(pattern))
