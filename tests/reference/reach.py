"""How far tables reach, in loops over their rows: only what has happened counts, and no day far from all others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from reference.periods import DAY, Period, day_of

Row = dict[str, Any]

# The date on which a row comes to be; every other date is something that happens to it later.
CREATED_ON = {
    "spend": "spent_on", "leads": "created_on", "opportunities": "created_on", "orders": "ordered_on",
    "customers": "acquired_on", "subscriptions": "started_on", "touchpoints": "touched_at", "invoices": "issued_on",
    "ledger": "booked_on", "web_traffic": "visited_on", "social": "posted_on", "tickets": "opened_on",
    "surveys": "answered_on", "employees": "hired_on", "vacancies": "opened_on", "sales_activities": "active_on",
    "production": "produced_on",
}  # fmt: skip
PLANS = {"due_on", "expected_on", "started_on", "ended_on", "hired_on", "left_on"}
AGREED_AHEAD = ("subscriptions", "employees")  # whose rows may begin on a day that is still to come
REGISTERS = ("subscriptions", "employees", "vacancies")
FIGURES = ("spend", "ledger", "web_traffic", "social", "sales_activities", "production")
ENDS = {
    "opportunities": "closed_on", "subscriptions": "ended_on", "invoices": "paid_on", "tickets": "resolved_on",
    "employees": "left_on", "vacancies": "filled_on",
}  # fmt: skip
YEAR = 366
TEN_YEARS = 3653


def days_of(rows: Iterable[Row], date: str, latest: dt.date, least_gap: int = YEAR) -> list[dt.date]:
    """The days of a date column that can tell how far it reaches, sorted, each once."""
    every = Counter(day_of(row[date]) for row in rows if row.get(date) is not None)
    days = sorted(day for day in every if dt.date(1910, 1, 1) <= day <= latest)
    if len(days) > 1 and days[0] == dt.date(1970, 1, 1) and (days[1] - days[0]).days >= YEAR:
        days = days[1:]
    while True:
        alone = _alone(days, every, least_gap)
        if not alone:
            return days
        days = [day for day in days if day not in alone]


def _alone(days: list[dt.date], rows: Mapping[dt.date, int], least_gap: int) -> list[dt.date]:
    """The days at one end that a gap of so many days cuts off from ten others, five times the longest one of these."""
    at_most = max(1, min(3, len(days) // 100))
    for count in range(1, at_most + 1):
        for alone, others in ((days[:count], days[count:]), (days[-count:], days[:-count])):
            if len(others) < 10:
                continue
            gap = (others[0] - alone[-1] if alone[0] < others[0] else alone[0] - others[-1]).days
            longest = max((later - earlier).days for earlier, later in pairwise(others))
            if gap >= least_gap and gap >= 5 * longest and sum(rows[day] for day in alone) <= 2 * count:
                return alone
    return []


def happenings(table: str, columns: Iterable[str]) -> list[str]:
    """The date columns of a table that tell of something that has happened."""
    dates = [CREATED_ON[table], *(name for name in columns if name.endswith("_on") and name not in PLANS)]
    return [name for name in dict.fromkeys(dates) if name in columns]


def last_day(
    tables: Mapping[str, list[Row]], columns: Mapping[str, tuple[str, ...]], latest: dt.date
) -> dt.date | None:
    """The last day on which anything happened; starts that are agreed ahead count as far as they go on as before."""
    certain = [
        day
        for table in tables
        if table not in AGREED_AHEAD
        for date in happenings(table, columns[table])
        for day in days_of(tables[table], date, latest, TEN_YEARS if table in REGISTERS else YEAR)[-1:]
    ]
    last = max(certain, default=None)
    found = [last] if last else []
    for table in AGREED_AHEAD:
        days = days_of(tables.get(table, []), CREATED_ON[table], latest, TEN_YEARS)
        before = [day for day in days if last is None or day <= last]
        ahead = days[len(before) :]
        if last is None:  # nothing but registers: what has ended by today has happened
            found += [*days[-1:], *days_of(tables.get(table, []), ENDS[table], latest, TEN_YEARS)[-1:]]
        elif len(before) < 2:
            found += days[-1:]
        elif ahead:
            a_day = (len(before) - 1) / (before[-1] - before[0]).days
            goes_on = len(ahead) >= 3 and len(ahead) >= a_day * (ahead[-1] - last).days / 2
            found.append(ahead[-1] if goes_on else before[-1])
    return max(found, default=None)


def covers(days: list[dt.date], period: Period) -> bool:
    """Whether days begin early enough in a period for it to be a base of comparison.

    The first one lies in the first tenth of the period, or no later than three times the mean distance of the days.
    """
    distance = (days[-1] - days[0]).days / max(1, len(days) - 1)
    return (days[0] - period.start).days <= max(period.full_days / 10, 3 * distance)


def reaches(days: list[dt.date], last: dt.date, period: Period) -> bool:
    """Whether a table goes on to the last counted day, give or take a week, a tenth or three times the distance."""
    distance = (days[-1] - days[0]).days / max(1, len(days) - 1)
    return (period.last - last).days <= max(7, period.full_days / 10, 3 * distance)


def whole_from(rows: list[Row], table: str, days: list[dt.date], as_of: dt.date) -> dt.date:
    """The day from which all that is open is in the table: nine tenths of the rows live no longer than until then."""
    first, begin, end = days[0], CREATED_ON[table], ENDS[table]
    known = [row for row in rows if row[begin] is not None and first <= day_of(row[begin]) <= as_of]
    if table == "subscriptions":  # a list of contracts holds all that run from its first day on
        return first
    ages = sorted(
        (day_of(row[end]) - day_of(row[begin])).days
        for row in known
        if row.get(end) is not None and day_of(row[begin]) <= day_of(row[end]) <= as_of
    )
    if not ages:
        return first
    on_first = sum(day_of(row[begin]) == first for row in known)
    usual = (len(known) - on_first) / max(1, len([day for day in days if day <= as_of]) - 1)
    if on_first > 10 * max(usual, 1):  # an opening balance
        return first
    return first + next(age for place, age in enumerate(ages, 1) if place >= 0.9 * len(ages)) * DAY


def booked_by(days: list[dt.date]) -> int:
    """The days of the stretch for which figures are booked: 350 for a year; 0 where they are booked day by day."""
    gaps = sorted((later - earlier).days for earlier, later in pairwise(days))
    if not gaps:
        return 0
    middle = len(gaps) // 2
    usual = gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2
    for gap in gaps:
        times = max(1, round(gap / usual))
        if abs(gap - times * usual) > 0.15 * usual * times:
            return 0
    if len(gaps) == 1:
        first = all(day.day == 1 for day in days)
        last = all((day + DAY).day == 1 for day in days)
        if not first and not last:
            return 0
    return next(
        (stretch for least, stretch in ((300, 350), (150, 175), (80, 84), (25, 28), (6, 7)) if usual >= least), 0
    )
