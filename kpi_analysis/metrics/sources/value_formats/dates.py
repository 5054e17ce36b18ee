"""How the dates of a column are written, decided from the shapes of all of its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kpi_analysis.metrics.sources.value_formats.date_shapes import EXCEL, DateShape, Order, date_shape, is_same_day
from kpi_analysis.metrics.sources.value_formats.shapes import Extremes, TextShape

LIKE_ISO = re.compile(r"^9{4}-99-99([ T]99:99(:99(\.9+)?)?( ?(Z|UTC|GMT|[+-]99(:?99)?))?)?$")


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written.

    Parameters
    ----------
    patterns : tuple of str
        Of strptime, each for some of the values; ``epoch`` and the like where a time is a number.
    rows : tuple of int
        How many values each was found for.
    iso : int
        How many values are days or times by ISO 8601 already.
    unread : int
        How many values are no date so written.
    open : tuple of (str, tuple of str)
        A value that could be read in several ways, and the patterns that do; empty where the reading is known.
    orders : mapping of str to str
        Family by family, the order of the parts that the values themselves prove.
    proved_by : str
        Another column of the file that tells the order or the century.
    is_month : bool
        Whether some of them are months, read as their first day.
    is_declared : bool
        Whether the company file says it.
    has_words : bool
        Whether there are words in them, such as names of months.
    year : int, optional
        The year of dates that are written without one.

    Examples
    --------
    >>> day_above_12 = TextShape("99/99/9999", 9, "03/04/2026", ((1, 12), (1, 31), (2026, 2026)), 9)
    >>> date_format([day_above_12]).patterns
    ('%m/%d/%Y',)
    """

    patterns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    iso: int = 0
    unread: int = 0
    open: tuple[str, tuple[str, ...]] | tuple[()] = ()
    orders: Mapping[str, Order] = field(default_factory=dict)
    proved_by: str = ""
    is_month: bool = False
    is_declared: bool = False
    has_words: bool = False
    year: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to be rewritten, not even blanks around."""
        return not (self.patterns or self.iso)


@dataclass(frozen=True)
class DateEvidence:
    """What other columns of a file say of its dates.

    Parameters
    ----------
    orders : mapping of str to (str, str)
        Family by family, the order of the parts and the column that proves it.
    years : tuple of int, optional
        The first and the last year of four digits.
    years_in : str
        The column that has them.
    """

    orders: Mapping[str, tuple[Order, str]] = field(default_factory=dict)
    years: Extremes | None = None
    years_in: str = ""


NO_EVIDENCE = DateEvidence()


def date_format(
    shapes: Sequence[TextShape], evidence: DateEvidence = NO_EVIDENCE, *, declared: str | None = None
) -> DateFormat | None:
    """How the dates of a column are written.

    Parameters
    ----------
    shapes : sequence of TextShape
        Of all values of the column.
    evidence : DateEvidence
        What other columns say; used where the values do not tell.
    declared : str, optional
        The pattern that the company file says.

    Returns
    -------
    DateFormat or None
        None where most values are no dates.
    """
    known = [(one, date_shape(one)) for one in shapes]
    iso = sum(one.rows for one, _ in known if LIKE_ISO.match(one.shape))
    other = [(one, found) for one, found in known if not LIKE_ISO.match(one.shape)]
    dates = [(one, found) for one, found in other if found is not None]
    unread = sum(one.rows for one, found in other if found is None)
    readable = iso + sum(one.rows for one, _ in dates)
    if declared is None and (not readable or readable < unread):
        return None
    orders = proved_orders(dates)
    alike = _alike_either_way(dates)
    patterns: dict[str, int] = {} if declared is None else {declared: 0}
    open_: tuple[str, tuple[str, ...]] | tuple[()] = ()
    proved_by = ""
    for one, found in dates:
        pattern, told_by = _chosen(one, found, alike | orders, evidence, declared)
        proved_by = proved_by or told_by
        if pattern is not None:
            patterns[pattern] = patterns.get(pattern, 0) + one.rows
        elif not open_:
            open_ = (one.example, _possible(one, found, orders))
    return DateFormat(
        tuple(patterns), tuple(patterns.values()), iso, unread, open_, orders, proved_by,
        any(found.is_month for _, found in dates), declared is not None,
        any(re.search("[A-Za-z]{3}", one.shape) for one, _ in dates),
    )  # fmt: skip


def proved_orders(dates: Iterable[tuple[TextShape, DateShape | None]]) -> dict[str, Order]:
    """Order of the parts, family by family, as far as a day above 12 proves it."""
    highest: dict[str, tuple[int, int]] = {}
    for one, found in dates:
        if found is not None and "month first" in found.readings and len(one.parts) > 1:
            first, second = highest.get(found.family, (0, 0))
            highest[found.family] = max(first, one.parts[0][1]), max(second, one.parts[1][1])
    return {
        family: "day first" if first > 12 else "month first"
        for family, (first, second) in highest.items()
        if (first > 12) != (second > 12)
    }


def _alike_either_way(dates: Iterable[tuple[TextShape, DateShape | None]]) -> dict[str, Order]:
    """Families whose first and second part are equal in all values, so that both orders give the same days."""
    unlike: dict[str, int] = {}
    for one, found in dates:
        if found is not None and len(one.parts) > 1:
            unlike[found.family] = unlike.get(found.family, 0) + one.unlike
    return {family: "day first" for family, count in unlike.items() if not count}


def _chosen(
    one: TextShape, found: DateShape, orders: Mapping[str, Order], evidence: DateEvidence, declared: str | None
) -> tuple[str | None, str]:
    """The pattern of a shape, and the column that tells it; None where it could be read in several ways."""
    readings = found.readings
    if declared is not None:
        fits = [pattern for pattern in readings.values() if is_same_day(pattern, declared)]
        return (fits[0] if fits else _only(found)), ""
    if found.has_short_year:
        return _by_century(one, found, orders, evidence)
    if found.family == EXCEL:
        return None, ""
    if len(readings) == 1:
        return next(iter(readings.values())), ""
    if found.family in orders:
        return readings[orders[found.family]], ""
    if found.family in evidence.orders:
        order, column = evidence.orders[found.family]
        return readings[order], column
    if set(found.family.split()[0]) == {"."} and not _contradicts(one):
        return readings["day first"], ""
    return None, ""


def _only(found: DateShape) -> str | None:
    """The pattern of a shape that has one reading whatever is declared of others."""
    sure = len(found.readings) == 1 and not found.has_short_year
    return next(iter(found.readings.values())) if sure else None


def _possible(one: TextShape, found: DateShape, orders: Mapping[str, Order]) -> tuple[str, ...]:
    """The patterns that read all values of a shape, so far as days above 12 tell."""
    known = orders.get(found.family)
    kept = []
    for order, pattern in found.readings.items():
        month = {"day first": 1, "month first": 0, "year first": 1}[order]
        is_month = "%m" not in pattern or len(one.parts) <= month or one.parts[month][1] <= 12
        if pattern and is_month and order in (known or order, "year first"):
            kept.append(pattern)
    return tuple(kept or filter(None, found.readings.values()))


def _contradicts(one: TextShape) -> bool:
    return bool(one.parts) and one.parts[0][1] > 12 and len(one.parts) > 1 and one.parts[1][1] > 12


def _by_century(
    one: TextShape, found: DateShape, orders: Mapping[str, Order], evidence: DateEvidence
) -> tuple[str | None, str]:
    """The pattern of a year of two digits, where other columns tell the century and one order fits them."""
    if evidence.years is None:
        return None, ""
    first, last = evidence.years
    fits = []
    for order, pattern in found.readings.items():
        at = 0 if order == "year first" else found.years_at
        if len(one.parts) <= at:
            continue
        low, high = (2000 + year for year in one.parts[at])
        parts = [part for place, part in enumerate(one.parts[:3]) if place != at]
        months = parts[0] if order in ("month first", "year first") else parts[1] if len(parts) > 1 else (1, 1)
        is_month = "M" in found.family or months[1] <= 12 or found.years_at == 1
        if first - 5 <= low and high <= last + 5 and high < 2069 and is_month:
            fits.append((order, pattern))
    if len(fits) > 1 and found.family in orders:
        fits = [(order, pattern) for order, pattern in fits if order == orders[found.family]]
    return (fits[0][1], evidence.years_in) if len(fits) == 1 else (None, "")
