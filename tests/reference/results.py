"""What a KPI comes to: a value, or a value with the numerator and denominator of its formula."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from reference.measures import Number
from reference.rows import NoValue, Selection


@dataclass(frozen=True)
class Result:
    """A KPI, each part None where there is none; only a ratio has a numerator and a denominator."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None

    @property
    def number(self) -> float:
        """The value as a part of another KPI."""
        if self.value is None:
            raise NoValue
        return self.value


ReferenceKpi = Callable[[Selection], "float | Result"]


def ratio(selection: Selection, numerator: Number, denominator: Number) -> Result:
    """One number over another; there is no value over nothing."""
    upper, lower = number_or_none(numerator, selection), number_or_none(denominator, selection)
    return Result(None if upper is None or not lower else upper / lower, upper, lower)


def share(
    selection: Selection,
    numerator: Number,
    denominator: Number,
    *,
    part: Number | None = None,
    whole: Number | None = None,
) -> Result:
    """A ratio that has no value where returns have made a part larger than the whole that it is a share of."""
    found = ratio(selection, numerator, denominator)
    if found.value is None:
        return found
    amount, of = (part or numerator)(selection), (whole or denominator)(selection)
    misleads = of < 0 or amount > of + 1e-9 * abs(of) or not 0 <= found.value <= 1 + 1e-9
    return Result(None, found.numerator, found.denominator) if misleads else found


def number_or_none(number: Number, selection: Selection) -> float | None:
    """A number, or None where there is none."""
    try:
        return number(selection)
    except (NoValue, ZeroDivisionError, statistics.StatisticsError):
        return None


def result_of(kpi: ReferenceKpi, selection: Selection) -> Result:
    """The result of a KPI, which itself may return a bare number or raise `NoValue`."""
    try:
        found = kpi(selection)
    except (NoValue, ZeroDivisionError, statistics.StatisticsError):
        return Result(None)
    return found if isinstance(found, Result) else Result(found)


def by_name(*kpis: ReferenceKpi) -> dict[str, ReferenceKpi]:
    """The register of a domain: each function under its own name, which is the id of its KPI."""
    return {kpi.__name__: kpi for kpi in kpis}
