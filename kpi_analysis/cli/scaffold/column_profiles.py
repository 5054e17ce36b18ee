"""What the values of a column look like: numbers, days, few words or many; seen from a sample of its rows."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MIN_TYPED_SHARE = 0.9  # so many of the values are numbers, or days; the others are marks for none, or mistakes
MAX_WORDS = 25  # a column with more different values is no list of words such as the states of a deal
NONE_MARKS = frozenset(("-", "--", "n/a", "na", "none", "null", "unknown", "k.a.", "–", "—"))
BOOLEANS = frozenset(("true", "false", "yes", "no", "ja", "nein", "oui", "non", "sí", "wahr", "falsch"))

ProfileKind = Literal["number", "date", "boolean", "text", "empty"]

_SIGNS = re.compile(r"(?i)^(?:us|ca|au)?[$€£¥₹]|[$€£¥₹%]$|^(?:[A-Z]{3})(?=[\s\d-])|(?<=[\d\s])(?:[A-Z]{3})$")
_NUMBER = re.compile(r"[-+−]?\(?(?:\d[\d., '’\u00a0\u202f]*\d|\d|[.,]\d+)(?:[eE][-+]?\d{1,3})?\)?-?")
_TIME = re.compile(
    r"[T ,]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_COMPACT = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})")
_NAMED_MONTH = re.compile(
    r"(?i)(?:[a-z]{3,9}\.?,?\s+)?(?:\d{1,2}[.\s-]+[a-zä]{3,9}\.?|[a-zä]{3,9}\.?\s+\d{1,2},?)[\s-]+\d{2,4}"
)
_OFFSET = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*([+-]\d{2}:?\d{2}|Z|UTC)$")


@dataclass(frozen=True)
class ColumnProfile:
    """Profile of a column, from a sample of its rows.

    Parameters
    ----------
    name : str
        As it stands in the file.
    kind : str
        number, date, boolean, text or empty.
    rows, filled, distinct : int
        Of the sample: rows, those with a value, and how many values are different.
    words : tuple of str
        The values, the most frequent first, where they are few.
    is_whole : bool
        Whether all numbers are whole.
    lowest, highest : float, optional
        Of the numbers.
    offsets : frozenset of str
        Of the times that have one, such as ``+0200``.
    examples : tuple of str
        Some values as they stand there.
    """

    name: str
    kind: ProfileKind
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    words: tuple[str, ...] = ()
    is_whole: bool = False
    lowest: float | None = None
    highest: float | None = None
    offsets: frozenset[str] = frozenset()
    examples: tuple[str, ...] = ()

    @property
    def filled_share(self) -> float:
        """Share of the rows that have a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def distinct_share(self) -> float:
        """Share of the values that are different: 1 where each stands once."""
        return self.distinct / self.filled if self.filled else 0.0


def column_profile(name: str, values: Sequence[str | None]) -> ColumnProfile:
    """Return what the values of a column look like.

    Parameters
    ----------
    name : str
    values : sequence of str or None
        As they stand in the file.

    Returns
    -------
    ColumnProfile

    Examples
    --------
    >>> column_profile("Wert (€)", ["15.501,82", "13.284,11", ""]).kind
    'number'
    >>> column_profile("Angelegt am", ["24.08.2025", "30.05.2026"]).kind
    'date'
    >>> column_profile("Status", ["Offen", "Gewonnen", "Offen"]).words
    ('Offen', 'Gewonnen')
    """
    texts = [text for value in values if value is not None and (text := value.strip())]
    known = [text for text in texts if text.casefold() not in NONE_MARKS]
    counts = Counter(known)
    numbers = [number for text in known if (number := read_number(text)) is not None]
    dates = sum(is_date(text) for text in known)
    kind: ProfileKind = "text"
    if not known:
        kind = "empty"
    elif dates >= MIN_TYPED_SHARE * len(known):
        kind = "date"
    elif {text.casefold() for text in counts} <= BOOLEANS:
        kind = "boolean"
    elif len(numbers) >= MIN_TYPED_SHARE * len(known):
        kind = "number"
    words = tuple(word for word, _ in counts.most_common(MAX_WORDS)) if len(counts) <= MAX_WORDS else ()
    offsets = frozenset(found.group(1).replace(":", "") for text in known if (found := _OFFSET.search(text)))
    return ColumnProfile(
        name, kind, len(values), len(known), len(counts), words,
        bool(numbers) and all(number == int(number) for number in numbers),
        min(numbers, default=None), max(numbers, default=None), offsets, tuple(counts)[:3],
    )  # fmt: skip


def read_number(text: str) -> float | None:
    """Return the number that a text is, about: which sign is the decimal one is decided by its place alone.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or None
        Good enough to compare sizes; figures are never made of it.

    Examples
    --------
    >>> [read_number(text) for text in ("1.234,56", "€ 512.40", "($1,000)", "-€5", "4.99%", "RE-1")]
    [1234.56, 512.4, -1000.0, -5.0, 4.99, None]
    """
    bare = text.strip()
    inside = re.fullmatch(r"\((.*)\)|[-+−](.*)", bare)
    if inside is not None:  # ($20.00), -$20.00
        positive = read_number(inside[1] or inside[2] or "")
        return positive if positive is None or bare[0] == "+" else -positive
    for _ in range(2):  # a sign may stand on either side
        bare = _SIGNS.sub("", bare).strip()
    if not _NUMBER.fullmatch(bare):
        return None
    is_negative = bare[0] in "-−(" or bare[-1] in "-)"
    digits = re.sub(r"[\s'’\u00a0\u202f()+−]", "", bare).strip("-")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        sign, head, tail = digits[last], digits[:last], digits[last + 1 :]
        is_thousands = head.count(sign) > 0 or (sign == "," and len(tail) == 3 and head.lstrip("0") != "")
        digits = re.sub("[.,]", "", head) + ("" if is_thousands else ".") + tail
    try:
        return -float(digits) if is_negative else float(digits)
    except ValueError:
        return None


def is_date(text: str) -> bool:
    """Whether a text is a day, or a time on one, in any usual way of writing it.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_date(text) for text in ("2024-07-23 10:35:00 +0200", "9/30/2026", "20240101", "5. März 2024", "1.234")]
    [True, True, True, True, False]
    """
    day = _TIME.sub("", text.strip()).strip()
    if found := _YEAR_FIRST.fullmatch(day):
        return _is_day(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(day):
        year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
        return _is_day(year, int(found[1]), int(found[2])) or _is_day(year, int(found[2]), int(found[1]))
    if found := _COMPACT.fullmatch(day):
        return _is_day(int(found[1] + found[2]), int(found[3]), int(found[4]))
    return _NAMED_MONTH.fullmatch(day) is not None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return 1900 <= dt.date(year, month, day).year <= 2200
    except ValueError:
        return False
