"""Sentences over charts and pages, made from the figures that they stand over and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_analysis.core.periods import Period
from kpi_analysis.design.formats import NBSP, Format
from kpi_analysis.design.units import difference
from kpi_analysis.metrics.catalogue import Metric

DURATIONS = ("days", "hours", "minutes", "months")
COUNTED = (*DURATIONS, "points", "turns")  # units that are said after the number of a change
GROWING = ("currency", "count")  # units whose change is a growth


def inside(words: str) -> str:
    """Return words as they stand inside a sentence: abbreviations keep their capitals.

    Examples
    --------
    >>> inside("Sales revenue"), inside("EBITDA margin"), inside("NPS")
    ('sales revenue', 'EBITDA margin', 'NPS')
    """
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def change_words(metric: Metric, now: float | None, before: float | None, written: Format) -> str:
    """Return how a KPI moved: ``rose 9%``, ``fell 1.2 points``, ``did not change``; nothing where it cannot be said."""
    moved = difference(now, before, metric.unit)
    change = written.change(now, before, metric.unit)
    if moved is None or change is None:
        return ""
    number, suffix = change
    size = number.lstrip("+−")
    if not size.strip("0.,"):
        return "did not change"
    up, down = ("lengthened by", "shortened by") if metric.unit in DURATIONS else ("rose", "fell")
    if not suffix and metric.unit in GROWING:  # a small count, whose change is one
        up, down = "rose by", "fell by"
    percent = written.percent(0).lstrip("0.,")  # some languages put a space before the sign
    unit = {" pp": f"{NBSP}points", "%": percent}.get(suffix, "")
    if not unit and metric.unit in COUNTED:
        unit = NBSP + (metric.unit.removesuffix("s") if size == "1" else metric.unit)
    return f"{up if moved > 0 else down} {size}{unit}"


def clause(metric: Metric, now: float, before: float | None, written: Format) -> str:
    """Return what a KPI did and where it stands; a growth to the double or more is told by both values.

    Examples
    --------
    >>> from kpi_analysis.metrics.catalogue import shipped
    >>> vacancies, written = shipped().metrics["vacancies"], Format("en_GB", "EUR")
    >>> clause(vacancies, 5, 4, written), clause(vacancies, 5, 1, written), clause(vacancies, 50, 40, written)
    ('rose by 1 to 5', 'rose from 1 to 5', 'rose 25.0% to 50')
    >>> clause(vacancies, 5, 5, written), clause(vacancies, 5, None, written)
    ('stayed at 5', 'came to 5')
    """
    words = change_words(metric, now, before, written)
    value = written.prose(now, metric.unit, None if before is None else [before])
    if not words:
        return f"came to {value}"
    if words == "did not change":
        return f"stayed at {value}"
    if before is not None and metric.unit in GROWING and now >= 2 * before:
        return f"rose from {written.prose(before, metric.unit)} to {value}"
    return f"{words} to {value}"


def change_limits_words(limits: tuple[float, float], written: Format) -> str:
    """Say between which limits the change of a rate lies.

    Parameters
    ----------
    limits : (float, float)
        Of its 95 % interval, as fractions.
    written : Format

    Examples
    --------
    >>> change_limits_words((0.052, 0.334), Format("en_GB", "EUR"))
    'The change lies between +5.2 and +33.4 points (95% interval).'
    >>> change_limits_words((-0.219, 0.321), Format("en_GB", "EUR"))
    'The change lies between −21.9 and +32.1 points (95% interval), so that it may be chance.'
    """
    low, high = (written.number(100 * limit, 1, signed=True) for limit in limits)
    chance = ", so that it may be chance" if limits[0] <= 0 <= limits[1] else ""
    return f"The change lies between {low} and {high} points (95% interval){chance}."


def sentence(metric: Metric, row: Mapping[str, Any], place: str, written: Format, *, against: str = "previous") -> str:
    """Say what a KPI is and how it moved.

    Parameters
    ----------
    metric : Metric
    row : mapping
        A row of the tidy frame, with a value.
    place : str
        The period in words, such as ``December 2017``.
    written : Format
    against : str
        The field that it is compared with: previous or year_ago.

    Returns
    -------
    str
        ``Sales revenue rose 22% to $1.13m in December 2017``.
    """
    if not row["complete"]:
        return f"{metric.label} so far: {written.prose(row['value'], metric.unit)}, {place}"
    return f"{metric.label} {clause(metric, row['value'], row[against], written)} in {place}"


def headline(
    rows: Mapping[str, Mapping[str, Any]],
    metrics: Mapping[str, Metric],
    written: Format,
    *,
    against: str = "previous",
    over: bool = True,
) -> str:
    """Say in one sentence what the two first KPIs of a report did; both are named with value and change.

    Parameters
    ----------
    rows : mapping of str to row of the tidy frame
        In the order of the scorecard.
    metrics : mapping of str to Metric
    written : Format
    against : str
        The field that they are compared with: previous or year_ago.
    over : bool
        Whether the period is; else the sentence says that it is not.
    """
    clauses = []
    for name, row in rows.items():
        if row["value"] is None:
            continue
        clauses.append(f"{metrics[name].label} {clause(metrics[name], row['value'], row[against], written)}")
    if not clauses:
        return "No KPI has a value in this period"
    if not over:
        clauses[0] = f"So far {inside(clauses[0])}"
    return clauses[0] if len(clauses) == 1 else f"{clauses[0]}, and {inside(clauses[1])}"


def biggest(metric: Metric, name: str, share: float, by: str, written: Format) -> str:
    """Say which slice of a sum is the biggest, and its share: ``United Kingdom has 84% of sales revenue``."""
    return f"{name} has {written.prose(round(share, 2), 'percent')} of {inside(metric.label)}, the most of any {by}"


def spread(metric: Metric, low: tuple[str, float], high: tuple[str, float], by: str, written: Format) -> str:
    """Say between which slices a KPI lies: ``Opportunity-to-win ratio by owner runs from 48% (A) to 74% (B)``."""
    scale = written.scale([low[1], high[1]], metric.unit)
    if metric.unit == "percent":
        first, last = (f"{written.value(end[1], metric.unit, scale)}%" for end in (low, high))
    else:
        first, last = written.prose(low[1], metric.unit), written.prose(high[1], metric.unit)
    return f"{metric.label} by {by} runs from {first} ({low[0]}) to {last} ({high[0]})"


def completeness(period: Period) -> str:
    """Say whether a period is over: ``complete``, or how much of it is counted."""
    if period.complete:
        return "complete"
    return f"incomplete, {period.days} of {period.full_days} days"
