"""Numbers, changes, ranges and dates as words, by unit, locale and currency.

Values come as they are computed: a share as a fraction (0.274), money in whole units, days as days. The minus
sign is U+2212, which is as wide as a digit. A value that is missing is refused: it has a reason, and whoever
prints the table prints that.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from statistics import median

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol, get_decimal_symbol

from kpi_analysis.design.units import (
    DIFFERENCES,
    DURATIONS,
    base_unit,
    change_decimals,
    difference,
    exponent,
    is_small_count,
    value_decimals,
)

MINUS = "−"
NBSP = "\u00a0"
_BIDI_MARKS = "\u200e\u200f\u061c"

# CLDR's English abbreviations are K, M, B, and it has none for a German thousand
_SCALE_WORDS = {"en": ("k", "m", "bn"), "de": ("Tsd.", "Mio.", "Mrd.")}
_DIVISORS = (1e3, 1e6, 1e9)


@dataclass(frozen=True)
class Scale:
    """How the numbers of one column are written, so that they compare at a glance.

    Each value is divided by `divisor` and written with `decimals`; `suffix` is the unit this makes: ``€m``.
    """

    divisor: float = 1.0
    suffix: str = ""
    decimals: int = 0


def scale_for(values: Iterable[float | None], currency: str, locale: str) -> Scale:
    """Return one scale for a column of money: three significant digits, at most four for the largest.

    `values` is the column in whole units of the currency, without its total; missing values are skipped.

    Examples
    --------
    >>> scale_for([4_824_000], "EUR", "en_GB")
    Scale(divisor=1000000.0, suffix='€m', decimals=2)
    >>> scale_for([14_200, 92_100, 378_400], "EUR", "en_GB")
    Scale(divisor=1000.0, suffix='€k', decimals=1)
    >>> scale_for([41.2], "EUR", "en_GB")
    Scale(divisor=1.0, suffix='€', decimals=2)
    """
    sizes = _sizes(values)
    words = _scale_words(locale)
    divisor, word = 1.0, ""
    if sizes:
        for candidate, its_word in zip(_DIVISORS, words, strict=True):
            # four digits are read faster than "1.24 k", so thousands start at ten of them
            enough = sizes[-1] >= candidate * (10 if candidate == 1e3 else 1)
            if its_word and enough and median(sizes) >= candidate / 10:
                divisor, word = candidate, its_word
    suffix = _money(word, currency, locale) if word else _symbol(currency, locale)
    return Scale(divisor, suffix, _money_decimals([size / divisor for size in sizes], divisor, currency))


def _money_decimals(sizes: list[float], divisor: float, currency: str) -> int:
    if not sizes:
        return 0
    if divisor > 1:
        return max(0, min(2 - exponent(sizes[0]), 3 - exponent(sizes[-1]), 2))
    if get_currency_precision(currency) == 0 and sizes[-1] >= 1:
        return 0
    if sizes[-1] < 0.1:
        return min(1 - exponent(sizes[-1]), 6)
    return 2 if sizes[0] < 100 and sizes[-1] < 1000 else 0


@dataclass(frozen=True)
class Format:
    """How a company writes its numbers.

    Parameters
    ----------
    locale : str
        As Babel names it: ``en_GB``, ``de_DE``.
    currency : str
        ISO 4217 code: ``EUR``.

    Examples
    --------
    >>> f = Format("en_GB", "EUR")
    >>> f.value(0.274, "percent"), f.value(1_240_000, "count"), f.prose(4_824_000, "currency")
    ('27.4', '1.24m', '€4.82m')
    >>> f.change(4.82, 4.42, "currency"), f.change(0.274, 0.262, "percent"), f.change(47, 50, "days")
    (('+9.0', '%'), ('+1.2', ' pp'), ('−3', ''))
    >>> f.change(5, 1, "count"), f.change(3.59, 3.57, "points")
    (('+4', ''), ('+0.02', ''))
    >>> Format("de_DE", "EUR").prose(4_824_000, "currency").replace(NBSP, " ")
    '4,82 Mio. €'
    """

    locale: str = "en_GB"
    currency: str = "EUR"

    def __post_init__(self) -> None:
        Locale.parse(self.locale)

    @property
    def _english(self) -> bool:
        return Locale.parse(self.locale).language == "en"

    @property
    def point(self) -> str:
        """The decimal separator."""
        return get_decimal_symbol(self.locale)

    def number(self, x: float, decimals: int = 0, *, signed: bool = False) -> str:
        """Return a number with its separators; rounds halves away from zero, and never writes −0.

        Examples
        --------
        >>> Format().number(-1234.5), Format().number(0.04, 1, signed=True)
        ('−1,235', '0.0')
        """
        # Decimal(str) takes the digits that people see: 2.675 is a half here, and not a hair under it
        if abs(_known(x)) >= 1e18:
            return f"{x:+.2e}".removeprefix("" if signed else "+").replace("-", MINUS)
        step = Decimal(1).scaleb(-decimals)
        rounded = Decimal(repr(_known(x))).quantize(step, rounding=ROUND_HALF_UP)
        sign = "" if not rounded else MINUS if rounded < 0 else "+" if signed else ""
        return sign + format_decimal(abs(rounded), _pattern(self.locale, decimals), self.locale)

    def scale(self, values: Iterable[float | None], unit: str) -> Scale:
        """Return one scale for a column of any unit: the divisor of money, the decimals of all others."""
        if base_unit(unit) == "currency":
            scale = scale_for(values, self.currency, self.locale)
            return Scale(scale.divisor, scale.suffix + _per(unit), scale.decimals)
        return Scale(decimals=_column_decimals(_sizes(values), unit))

    def scale_of_change(self, now: float, befores: Iterable[float | None], unit: str) -> Scale:
        """Return the scale of one value beside its changes, with the decimals in which these can be seen.

        Examples
        --------
        >>> Format().value(3.59, "points", Format().scale_of_change(3.59, [3.57, None], "points"))
        '3.59'
        """
        scale = self.scale([now], unit)
        if base_unit(unit) not in DIFFERENCES - {"percent"}:
            return scale
        needed = (change_decimals(now, before, unit) for before in befores if before is not None)
        return Scale(decimals=max([scale.decimals, *needed]))

    def value(self, x: float, unit: str, scale: Scale | None = None) -> str:
        """Return a value for a cell, without its unit, which stands in the head or beside the name.

        Parameters
        ----------
        x : float
            The value; a fraction where `unit` is percent.
        unit : str
            count, currency, percent, ratio, days, hours, points, months, turns; or ``currency/day``.
        scale : Scale, optional
            Of the column; without one, money is written in full.

        A missing value and an unknown unit are each a ValueError.
        """
        x = _known(x)
        if base_unit(unit) == "currency":
            scale = scale or Scale(decimals=_money_decimals([abs(x)], 1.0, self.currency))
            return self.number(x / scale.divisor, scale.decimals)
        decimals = value_decimals(x, unit) if scale is None else scale.decimals
        if base_unit(unit) == "percent":
            return self.number(x * 100, decimals)
        if base_unit(unit) == "count" and abs(x) >= 999_999.5:
            return self._large_count(x)
        return self.number(x, decimals)

    def _large_count(self, x: float) -> str:
        _, million, billion = _scale_words(self.locale)
        if not million:
            return self.number(x)
        divisor, word = (1e9, billion) if abs(x) >= 999_995_000 and billion else (1e6, million)
        text = self.number(x / divisor, max(0, min(2, 2 - exponent(abs(x) / divisor))))
        return text + (word if self._english else NBSP + word)

    def prose(self, x: float, unit: str, befores: Iterable[float | None] | None = None) -> str:
        """Return a value with its unit for a sentence; no line breaks inside it.

        Beside its changes on the values `befores` it has the decimals in which these can be seen.

        Examples
        --------
        >>> [Format().prose(x, u).replace(NBSP, " ") for x, u in [(5.2, "ratio"), (0.24, "percent")]]
        ['5.2 : 1', '24%']
        """
        x = _known(x)
        base = base_unit(unit)
        if base == "currency":
            scale = scale_for([x], self.currency, self.locale)
            word = dict(zip(_DIVISORS, _scale_words(self.locale), strict=True)).get(scale.divisor, "")
            text = self.number(abs(x) / scale.divisor, scale.decimals)
            amount = text + (word if self._english or not word else NBSP + word)
            sign = MINUS if x < 0 and text.strip("0" + self.point) else ""
            return sign + _money(amount, self.currency, self.locale) + _spoken_per(unit)
        text = self.value(x, unit, self.scale_of_change(x, befores, unit) if befores and base in DIFFERENCES else None)
        if base == "count":
            return text
        if base == "ratio":
            return f"{text}{NBSP}:{NBSP}1"
        text = text.removesuffix(f"{self.point}0")
        if base == "percent":
            return text + self._percent_sign()
        return f"{text}{NBSP}{base[:-1] if text == '1' else base}"

    def percent(self, share: float) -> str:
        """Return a share with its sign and the decimals of a column: ``62.0%``."""
        return self.value(share, "percent") + self._percent_sign()

    def _percent_sign(self) -> str:
        pattern = str(Locale.parse(self.locale).percent_formats[None].pattern)
        return f"{NBSP}%" if pattern.endswith((" %", f"{NBSP}%", "\u202f%")) else "%"

    def change(self, now: float | None, before: float | None, unit: str) -> tuple[str, str] | None:
        """Return a change, with a sign always, and its suffix: ``("+9.0", "%")``, ``("+1.2", " pp")``.

        None where the comparison has no meaning; see `difference`.
        """
        moved = difference(now, before, unit)
        if moved is None or now is None or before is None:
            return None
        base = base_unit(unit)
        if base not in DIFFERENCES and not is_small_count(now, before, unit):
            return self.number(moved * 100, 0 if abs(moved) >= 10 else 1, signed=True), "%"
        percent = base == "percent"
        decimals = change_decimals(now, before, unit)
        return self.number(moved * 100 if percent else moved, decimals, signed=True), " pp" if percent else ""

    def unit_label(self, unit: str, scale: Scale | None = None, better: str = "neutral") -> str:
        """Return the unit as it stands beside a name; an arrow down where lower is better.

        Examples
        --------
        >>> f = Format("en_GB", "EUR")
        >>> f.unit_label("currency", f.scale([4.8e6], "currency")), f.unit_label("currency/day")
        ('€m', '€/day')
        >>> f.unit_label("days", better="lower").replace(NBSP, " "), f.unit_label("ratio").replace(NBSP, " ")
        ('days ↓', 'n : 1')
        """
        base = base_unit(unit)
        if base == "currency":
            label = scale.suffix if scale is not None else _symbol(self.currency, self.locale) + _per(unit)
        else:
            label = {"percent": "%", "ratio": f"n{NBSP}:{NBSP}1"}.get(base, base)
        return f"{label}{NBSP}↓" if better == "lower" else label

    def chance(self, probability: float) -> str:
        """Return a probability in whole per cent; never 0 or 100, because a projection cannot be that sure.

        Examples
        --------
        >>> Format().chance(0.9996), Format().chance(0.55)
        ('99%', '55%')
        """
        return self.number(min(99.0, max(1.0, _known(probability) * 100))) + self._percent_sign()

    def interval(self, low: float, high: float, unit: str, scale: Scale | None = None) -> str:
        """Return a range for a cell, both ends with the same decimals: ``4.59 to 5.81``."""
        scale = scale or self.scale([low, high], unit)
        return f"{self.value(low, unit, scale)} to {self.value(high, unit, scale)}"

    def date(self, day: dt.date) -> str:
        """Return a day in the locale's medium form: ``30 Sep 2026``."""
        return self._plain_september(format_date(day, "medium", locale=self.locale))

    def month(self, day: dt.date) -> str:
        """Return the month and the year: ``Sep 2026``."""
        return f"{self.month_name(day.month)}{NBSP}{day.year}"

    def month_name(self, month: int) -> str:
        """Return the short name of a month, 1 to 12: ``Sep``."""
        names = Locale.parse(self.locale).months["format"]["abbreviated"]
        return self._plain_september(str(names[month]))

    def _plain_september(self, text: str) -> str:
        # CLDR gives British English one month of four letters, which puts columns of dates out of line
        text = "".join(c for c in text if c not in _BIDI_MARKS)
        return text.replace("Sept", "Sep") if self._english and "September" not in text else text


def _sizes(values: Iterable[float | None]) -> list[float]:
    """Return the magnitudes of the known values in order, without zeros, which fit any scale."""
    return sorted(abs(float(v)) for v in values if v is not None and math.isfinite(v) and v)


def _known(x: float | None) -> float:
    if x is None or not math.isfinite(x):
        raise ValueError(f"Found {x} where a number was wanted. A missing value has a reason: print that.")
    return float(x)


def _per(unit: str) -> str:
    return "/" + unit.split("/")[1] if "/" in unit else ""


def _spoken_per(unit: str) -> str:
    period = _per(unit)[1:]
    return f"{NBSP}{'an' if period == 'hour' else 'a'}{NBSP}{period}" if period else ""


def _column_decimals(sizes: list[float], unit: str) -> int:
    """Return the decimals of a whole column from its sorted sizes, without zeros."""
    if not sizes:
        return 0
    if base_unit(unit) in DURATIONS:
        return min(value_decimals(sizes[0], unit), value_decimals(sizes[-1] / 10, unit))
    if base_unit(unit) in ("count", "points") and value_decimals(sizes[-1] - 0.01, unit):  # too small for whole numbers
        return max(value_decimals(size, unit) for size in sizes)
    return value_decimals(sizes[-1], unit)


@lru_cache(maxsize=256)
def _pattern(locale: str, decimals: int) -> str:
    whole = str(Locale.parse(locale).decimal_formats[None].pattern).split(";")[0].split(".")[0]
    return whole + ("." + "0" * decimals if decimals else "")


@lru_cache(maxsize=64)
def _symbol(currency: str, locale: str) -> str:
    return "".join(c for c in get_currency_symbol(currency, locale=locale) if c not in _BIDI_MARKS)


@lru_cache(maxsize=64)
def _money_pattern(locale: str) -> tuple[str, str]:
    pattern = str(Locale.parse(locale).currency_formats["standard"].pattern).split(";")[0]
    before, _, after = "".join(c for c in pattern if c not in _BIDI_MARKS).partition("#")
    return before, after.lstrip("#,.0")


def _money(amount: str, currency: str, locale: str) -> str:
    before, after = _money_pattern(locale)
    symbol = _symbol(currency, locale)
    if before == "¤" and len(symbol) > 1 and symbol[-1].isalpha():
        before += NBSP
    return before.replace("¤", symbol) + amount + after.replace("¤", symbol)


@lru_cache(maxsize=64)
def _scale_words(locale: str) -> tuple[str, str, str]:
    """Return the words for a thousand, a million and a billion; empty where the locale counts otherwise."""
    parsed = Locale.parse(locale)
    if parsed.language in _SCALE_WORDS:
        return _SCALE_WORDS[parsed.language]
    patterns = parsed.compact_decimal_formats["short"]["other"]

    def word(power: str) -> str:
        pattern = str(patterns[power].pattern) if power in patterns else ""
        return pattern.replace("0", "").replace("'", "").strip(f" {NBSP}") if pattern.count("0") == 1 else ""

    # who counts in ten thousands or lakhs has no word for a million, and then none of the others is used
    million = word("1000000")
    return (word("1000"), million, word("1000000000")) if million else ("", "", "")
