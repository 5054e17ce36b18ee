"""Units of figures: how a change of each is told, and how many decimals its values and changes need."""

from __future__ import annotations

import math

DIFFERENCES = frozenset({"percent", "ratio", "points", "days", "hours", "minutes", "months", "turns"})
DURATIONS = frozenset({"days", "hours", "minutes", "months"})
UNITS = DIFFERENCES | {"count", "currency"}

SMALL_COUNT = 20  # one more or less of fewer is 5 % and more
WORTH_A_DIGIT = 0.001  # of the value: a change that is smaller may be rounded to nothing
MOST_DECIMALS = 4


def base_unit(unit: str) -> str:
    """Unit without what it is per: ``count`` of ``count/day``.

    Parameters
    ----------
    unit : str
        Of the catalogue.

    Returns
    -------
    str
        One of `UNITS`.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> base_unit("currency/day")
    'currency'
    """
    base = unit.split("/")[0]
    if base not in UNITS:
        raise ValueError(f"Found the unit '{unit}'. Wanted one of: {', '.join(sorted(UNITS))}.")
    return base


def difference(now: float | None, before: float | None, unit: str) -> float | None:
    """Return how much a KPI moved, the way its unit is compared.

    Shares, ratios, points and durations are subtracted, and so are small counts. Other counts and money are compared as
    growth, a fraction, and only against a positive value: growth from nothing, or from a loss, is not a number, hence
    None.

    Parameters
    ----------
    now : float, optional
    before : float, optional
    unit : str
        Of the catalogue.

    Returns
    -------
    float or None

    Examples
    --------
    >>> difference(109, 100, "count"), difference(5, 1, "count"), difference(4, 0, "count")
    (0.09, 4.0, 4.0)
    >>> difference(47, 50, "days")
    -3.0
    >>> difference(5, -2, "currency") is None
    True
    """
    if now is None or before is None or not (math.isfinite(now) and math.isfinite(before)):
        return None
    if base_unit(unit) in DIFFERENCES or is_small_count(now, before, unit):
        return float(now) - float(before)
    return (float(now) - float(before)) / float(before) if before > 0 else None


def is_small_count(now: float, before: float, unit: str) -> bool:
    """Whether a change is one of a count so small that per cent of it mislead.

    Parameters
    ----------
    now : float
    before : float
    unit : str
        Of the catalogue.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_small_count(5, 1, "count"), is_small_count(5, 30, "count"), is_small_count(5.5, 1, "count")
    (True, False, False)
    """
    whole = float(now).is_integer() and float(before).is_integer()
    return unit == "count" and whole and now >= 0 and 0 <= before < SMALL_COUNT


def exponent(size: float) -> int:
    """Power of ten of the first digit of a size; 0 of nothing.

    Parameters
    ----------
    size : float

    Returns
    -------
    int

    Examples
    --------
    >>> exponent(4200.0), exponent(0.03)
    (3, -2)
    """
    return math.floor(math.log10(size)) if size else 0


def value_decimals(x: float, unit: str) -> int:
    """Decimals of a value that is no money.

    Parameters
    ----------
    x : float
    unit : str
        Of the catalogue; a percentage is a fraction.

    Returns
    -------
    int

    Examples
    --------
    >>> value_decimals(37.5, "points"), value_decimals(3.59, "points"), value_decimals(0.274, "percent")
    (0, 1, 1)
    >>> value_decimals(1903, "count"), value_decimals(3.4, "count"), value_decimals(20.7, "count/day")
    (0, 1, 1)
    """
    base = base_unit(unit)
    size = abs(x) * (100 if base == "percent" else 1)
    if base == "count":
        least = 99.95 if "/" in unit else 9.95  # a rate is no whole number, a mean of counts seldom
        return 0 if float(x).is_integer() or size >= least else 1
    if base == "points":
        return 0 if size >= 9.95 or float(x).is_integer() else 1
    if 0 < size < 0.05:
        return min(-exponent(size), MOST_DECIMALS)
    if base == "percent":
        return 0 if size >= 1000 else 1
    if base in DURATIONS:
        return 1 if 0 < size < 9.95 else 0
    return 0 if size >= 1000 else 1


def change_decimals(now: float, before: float, unit: str) -> int:
    """Decimals of a change that is subtracted, and of the values that it lies between.

    They are those of the larger value, and more where a change that counts would be rounded to nothing.

    Parameters
    ----------
    now : float
    before : float
    unit : str
        Of the catalogue; a percentage is a fraction.

    Returns
    -------
    int

    Examples
    --------
    >>> change_decimals(47, 50, "days"), change_decimals(3.59, 3.57, "points"), change_decimals(0.274, 0.262, "percent")
    (0, 2, 1)
    """
    base, largest = base_unit(unit), max(abs(now), abs(before))
    if is_small_count(now, before, unit):
        return 0
    # a ratio or a share has one decimal whatever its size
    decimals = value_decimals(largest, unit) if base in DURATIONS | {"points", "percent"} else value_decimals(1.5, unit)
    if base == "percent":
        return max(1, decimals)
    moved = abs(now - before)
    while decimals < MOST_DECIMALS and moved >= WORTH_A_DIGIT * largest and 0 < moved < 0.5 * 10**-decimals:
        decimals += 1
    return decimals
