"""Periods as English words."""

from __future__ import annotations

from datetime import date, timedelta

from kpi_analysis.core.periods.calendars import Calendar
from kpi_analysis.core.periods.period import Period

# Not from the standard library's `calendar`, whose names follow the locale of the process.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def period_label(period: Period, calendar: Calendar) -> str:
    """Name of a period as words.

    "FY" stands only where the fiscal year is not the calendar year. A cut period has the name of the whole.

    Parameters
    ----------
    period : Period
        Any, made by `calendar`.
    calendar : Calendar
        The one that made the period.

    Returns
    -------
    str
        Such as ``Q4 FY 2017``.

    Examples
    --------
    >>> plain, april = Calendar(), Calendar(year_starts=4)
    >>> [period_label(plain.parse(text), plain) for text in ("2026", "2017-Q4", "2017-12", "2026-W39")]
    ['2026', 'Q4 2017', 'December 2017', 'week 39 of 2026']
    >>> [period_label(april.parse(text), april) for text in ("2026", "2017-Q4", "2017-12")]
    ['FY 2026', 'Q4 FY 2017', 'December 2017']
    """
    of_weeks = calendar.type != "gregorian"
    year, _, part = period.label.partition("-")
    match period.grain:
        case "year":
            return f"FY {year}" if calendar.fiscal else year
        case "quarter":
            return f"{part} FY {year}" if calendar.fiscal else f"{part} {year}"
        case "month" if of_weeks:
            return f"month {int(part)} of FY {year}"
        case "month":
            return f"{MONTHS[int(part) - 1]} {year}"
        case "week":
            return f"week {int(part[1:])} of {'FY ' if of_weeks else ''}{year}"
        case _:
            return _day_words(period.start)


def period_words(period: Period) -> str:
    """Days of a period that are counted, as words; in months where they are whole months.

    Parameters
    ----------
    period : Period
        A cut one ends with its last counted day.

    Returns
    -------
    str
        Such as ``1 to 20 September 2026``.

    Examples
    --------
    >>> period_words(Calendar().parse("2017-Q4"))
    'October to December 2017'
    >>> period_words(Calendar().parse("2026-09").cut(date(2026, 9, 20)))
    '1 to 20 September 2026'
    """
    first, last = period.start, period.last_day
    whole_months = first.day == 1 and (last + timedelta(days=1)).day == 1
    end = _month_words(last) if whole_months else _day_words(last)
    start = _month_words(first) if whole_months else _day_words(first)
    if start == end:
        return end
    if first.year == last.year:
        start = start.removesuffix(f" {first.year}")
        if first.month == last.month:
            start = str(first.day)
    return f"{start} to {end}"


def as_many_weeks(period: Period, calendar: Calendar) -> str:
    """Sentence that says which periods are brought to as many weeks before a period is compared with them.

    Parameters
    ----------
    period : Period
    calendar : Calendar
        The one that made the period.

    Returns
    -------
    str
        Empty where all have as many weeks, or the calendar is not one of weeks.

    Examples
    --------
    >>> weeks = Calendar("4-4-5", date(2023, 1, 29))
    >>> as_many_weeks(weeks.parse("2023"), weeks)
    'FY 2023 has 53 weeks: sums of FY 2022 (52 weeks) are brought to as many.'
    >>> as_many_weeks(weeks.parse("2024-Q2"), weeks)
    ''
    """
    if calendar.type == "gregorian":
        return ""
    bases = (calendar.prior(period), calendar.year_ago(period))
    others = {period_label(one, calendar): one.days // 7 for one in bases if one and one.days != period.days}
    if not others:
        return ""
    named = " and ".join(f"{label} ({weeks} weeks)" for label, weeks in others.items())
    return f"{period_label(period, calendar)} has {period.days // 7} weeks: sums of {named} are brought to as many."


def _month_words(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _day_words(day: date) -> str:
    return f"{day.day} {_month_words(day)}"
