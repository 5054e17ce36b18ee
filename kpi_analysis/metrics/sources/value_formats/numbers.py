"""How the numbers of a column are written, decided from the shapes of all of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from babel.numbers import list_currencies

from kpi_analysis.metrics.sources.value_formats.shapes import TextShape

Decimal = Literal[".", ","]
Proof = Literal["", "weak", "strong"]
OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}
BLANK = "[ \u00a0\u2007\u2009\u202f]"
SIGN = "[+\u2212\u2013-]"
MINUS = "[\u2212\u2013-]"
APART = {" ": BLANK, "'": "['\u2019]", ".": r"\.", ",": ","}  # signs between thousands
NEGATIVE = "^[^0-9.,]*[\u2212\u2013(-]|[\u2212\u2013-]\\)?$"
NO_VALUE = f"(?:-{{1,3}}|[\u2013\u2014]|[nN]/[aA]|[<>]{BLANK}?[0-9]+(?:[.,][0-9]+)?{BLANK}?%)"
PLAIN_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
ONE_GROUP = r"(?<![0-9.,])[1-9][0-9]{0,2}[.,][0-9]{3}(?![0-9.,])"  # 1.234 or 1,234
SIGNS = frozenset(
    "$ € £ ¥ ₹ ₽ ₺ ₩ ₪ zł kč kr kr. fr. rs. rs r$ us$ a$ au$ c$ ca$ nz$ hk$ s$ ft lei eur. euro".split()  # noqa: SIM905
)
_AFFIX = r"[^0-9\s.,()%'\u2019+\u2212\u2013\u00a0\u202f-]+\.?"
BEFORE = re.compile(rf"^\(?(?:{SIGN}{BLANK}*)?({_AFFIX})(?={BLANK}*{SIGN}?{BLANK}*[0-9.,])")
AFTER = re.compile(rf"[0-9.,%]{BLANK}*({_AFFIX})(?={BLANK}*{MINUS}?\)?$)")


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : str
        The sign before decimals.
    thousands : str
        All signs that stand between thousands; empty where there are none.
    affixes : tuple of str
        Signs and codes of currencies before or after a number.
    percents : int
        How many values are in percent, and read as shares: ``4.99%`` as 0.0499. 0 where most have no such sign; then
        those that have one are not read.
    marks : tuple of (str, int)
        Words for no value, such as ``--``, and how many there are.
    unread : int
        How many values are no number so written.
    open : tuple of (str, int)
        A value that could be read two ways, and how many there are; empty where the reading is known.
    is_plain : bool
        Whether all of them stand as ``1234.5`` already.
    proof : {"", "weak", "strong"}
        What the values say of the sign: nothing, by decimals that are not three, or by both signs in one value.
    proved_by : str
        Another column of the file that tells which sign it is.
    is_declared : bool
        Whether the company file says it.

    Examples
    --------
    >>> found = number_format([TextShape("9.999,99", 3), TextShape("999,99", 5)])
    >>> found.decimal, found.thousands, found.proof
    (',', '.', 'strong')
    """

    decimal: Decimal = "."
    thousands: str = ""
    affixes: tuple[str, ...] = ()
    percents: int = 0
    marks: tuple[tuple[str, int], ...] = ()
    unread: int = 0
    open: tuple[str, int] | tuple[()] = ()
    is_plain: bool = False
    proof: Proof = ""
    proved_by: str = ""
    is_declared: bool = False


@cache
def number_pattern(decimal: str, thousands: str, affixes: tuple[str, ...] = (), *, has_percents: bool = True) -> str:
    """Pattern of a number that is so written; its first group holds the digits, without sign, currency and percent.

    Parameters
    ----------
    decimal : str
        A point or a comma.
    thousands : str
        All signs that may stand between thousands, each number with one of them.
    affixes : tuple of str
        What may stand before or after it.
    has_percents : bool
        Whether a sign of percent may follow.

    Returns
    -------
    str
        For Python and for DuckDB.

    Examples
    --------
    >>> re.match(number_pattern(",", ".", ("EUR",)), "-1.234,50 EUR").group(1)
    '1.234,50'
    """
    groups = [f"[1-9][0-9]{{0,2}}(?:{APART[one]}[0-9]{{3}})+" for one in thousands]
    groups += ["[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"] if "," in thousands else []
    whole = "|".join([*groups, "[0-9]+"])
    point = re.escape(decimal)
    number = f"((?:{whole})(?:{point}[0-9]*)?(?:[eE][+-]?[0-9]+)?|{point}[0-9]+)"
    some = "|".join(re.escape(one) for one in sorted(affixes, key=len, reverse=True))
    before = f"(?:{SIGN}?{BLANK}*|{SIGN}?{BLANK}*(?:{some}){BLANK}*|(?:{some}){BLANK}*{SIGN}{BLANK}*)"
    percent = f"(?:{BLANK}*%)?" if has_percents else ""
    after = f"{percent}(?:{BLANK}*(?:{some}))?"
    if not affixes:
        before, after = f"{SIGN}?{BLANK}*", percent
    return rf"^\(?{BLANK}*{before}{number}{after}{BLANK}*{MINUS}?{BLANK}*\)?$"


def number_format(
    shapes: Sequence[TextShape], *, decimal: Decimal | None = None, thousands: str | None = None
) -> NumberFormat | None:
    """How the numbers of a column are written.

    Parameters
    ----------
    shapes : sequence of TextShape
        Of all values of the column, of numbers.
    decimal : str, optional
        What the company file says of it.
    thousands : str, optional
        Likewise.

    Returns
    -------
    NumberFormat or None
        With a point for the decimals where both signs are possible and `open` says so; None where most values are no
        numbers.

    Examples
    --------
    >>> number_format([TextShape("9,999", 2, "1,234"), TextShape("999", 1, "542")]).open
    ('1,234', 2)
    >>> number_format([TextShape("aaa", 3)]) is None
    True
    """
    marks: dict[str, int] = {}
    values: list[TextShape] = []
    for one in shapes:
        if re.fullmatch(NO_VALUE, one.shape):
            marks[one.example] = marks.get(one.example, 0) + one.rows
        else:
            values.append(one)
    affixes = _affixes(values)
    apart = _signs_apart(values, thousands)
    fits = {sign: _fitting(values, sign, apart[sign], affixes) for sign in OTHER}
    chosen, proof, open_ = _decide(fits, decimal)
    if decimal is not None or thousands is not None:
        open_ = ()
    read, percents = _of_one_unit(fits[chosen])
    rows, good = sum(one.rows for one in values), sum(one.rows for one in read)
    if 2 * good < rows or not (values or marks):
        return None
    return NumberFormat(
        chosen, _used(read, apart[chosen]), affixes, percents,
        tuple(sorted(marks.items())), rows - good, open_,
        not marks and _all_plain(values, chosen), proof,
        is_declared=decimal is not None or thousands is not None,
    )  # fmt: skip


def number_text(text: str, found: NumberFormat) -> str:
    """One number as ``1234.5``; a share is not made of percent.

    Parameters
    ----------
    text : str
        A number that is written so.
    found : NumberFormat
        How.

    Returns
    -------
    str

    Examples
    --------
    >>> number_text("(1.234,50 €)", NumberFormat(",", ".", ("€",)))
    '-1234.50'
    """
    trimmed = text.strip()
    match = re.match(number_pattern(found.decimal, found.thousands, found.affixes), trimmed)
    if match is None:
        return text
    digits = match.group(1)
    for sign in found.thousands:
        digits = re.sub(APART[sign], "", digits)
    return ("-" if re.search(NEGATIVE, trimmed) else "") + digits.replace(found.decimal, ".")


def _of_one_unit(read: Sequence[TextShape]) -> tuple[list[TextShape], int]:
    """The shapes that are in percent, or those that are not, whichever are more; and how many values are in percent."""
    percents = [one for one in read if "%" in one.shape]
    others = [one for one in read if "%" not in one.shape]
    count = sum(one.rows for one in percents)
    return (percents, count) if count > sum(one.rows for one in others) else (others, 0)


def _all_plain(values: Sequence[TextShape], decimal: Decimal) -> bool:
    return all(re.fullmatch(PLAIN_NUMBER, one.shape) and (decimal == "." or "." not in one.shape) for one in values)


def _signs_apart(values: Sequence[TextShape], thousands: str | None) -> dict[Decimal, str]:
    """The signs that may stand between thousands, for each sign of decimals."""
    if thousands is not None:
        return {sign: thousands for sign in OTHER}
    found = "".join(one for one in " '" if any(re.search(f"9{APART[one]}9", v.shape) for v in values))
    return {sign: other + found for sign, other in OTHER.items()}


def _fitting(values: Sequence[TextShape], decimal: str, thousands: str, affixes: tuple[str, ...]) -> list[TextShape]:
    pattern = re.compile(number_pattern(decimal, thousands, affixes))
    return [one for one in values if pattern.match(one.shape) and ("(" in one.shape) == (")" in one.shape)]


def _decide(
    fits: dict[Decimal, list[TextShape]], declared: Decimal | None
) -> tuple[Decimal, Proof, tuple[str, int] | tuple[()]]:
    """The sign of decimals, how sure that is, and a value that could be read two ways."""
    alone = {sign: [one for one in fits[sign] if one not in fits[other]] for sign, other in OTHER.items()}
    if declared is not None:
        return declared, "strong", ()
    both = [one for one in fits["."] if one in fits[","] and re.search(ONE_GROUP, one.shape)]
    rows = {sign: sum(one.rows for one in alone[sign]) for sign in OTHER}
    if any(rows.values()):
        chosen: Decimal = "," if rows[","] > rows["."] else "."
        if rows["."] and rows[","] and both:  # each of the others is told by its own shape, these are not
            return chosen, "", (both[0].example, sum(one.rows for one in both))
        is_strong = any(len(re.findall("[.,]", one.shape)) > 1 for one in alone[chosen]) and not rows[OTHER[chosen]]
        return chosen, "strong" if is_strong else "weak", ()
    if not both:
        return ".", "", ()
    commas = [one for one in both if "," in one.shape]
    if not commas and any(re.search("^[^0-9.]*9999", one.shape) for one in fits["."]):
        return ".", "weak", ()  # 12500 beside 1.250: thousands are not apart
    asked = commas or both
    return ".", "", (asked[0].example, sum(one.rows for one in asked))


def _used(read: Iterable[TextShape], apart: str) -> str:
    shapes = [one.shape for one in read]
    return "".join(one for one in apart if any(re.search(f"9{APART[one]}9", shape) for shape in shapes))


def _affixes(values: Sequence[TextShape]) -> tuple[str, ...]:
    """Signs and codes of currencies that stand before or after the values."""
    found = {match.group(1) for one in values for match in (BEFORE.search(one.shape), AFTER.search(one.shape)) if match}
    return tuple(sorted(one for one in found if is_currency(one)))


@cache
def is_currency(text: str) -> bool:
    """Whether a text is the sign or the code of a currency.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_currency("€"), is_currency("EUR"), is_currency("US$"), is_currency("kg")
    (True, True, True, False)
    """
    return text.lower() in SIGNS or text.upper() in list_currencies()
