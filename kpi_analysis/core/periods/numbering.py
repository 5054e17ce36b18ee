"""Numbering of a calendar's periods: each grain counts through all years, so that neighbours differ by 1."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Literal, cast

from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.periods.period import Period, check_grain
from kpi_analysis.core.periods.period_text import FIRST_YEAR, LAST_YEAR
from kpi_analysis.core.periods.week_years import WeekYears

CalendarType = Literal["gregorian", "4-4-5", "4-5-4", "5-4-4"]

MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
ISO_WEEKS = WeekYears(date(2024, 1, 1))


@dataclass(frozen=True)
class PeriodNumbering:
    """Numbering of the periods of a calendar, by where its months and its weeks begin.

    Parameters
    ----------
    type : str
        gregorian, 4-4-5, 4-5-4 or 5-4-4.
    year_starts : int or date
        As in `kpi_analysis.core.periods.Calendar`, which checks the three.
    named_by : str, optional
        As in `kpi_analysis.core.periods.Calendar`.

    Examples
    --------
    >>> april = PeriodNumbering("gregorian", 4, None)
    >>> april.number("quarter", date(2026, 4, 1)) - april.number("quarter", date(2026, 3, 31))
    1
    >>> str(april.period("quarter", april.number("quarter", date(2026, 4, 1))))
    '2027-Q1'
    """

    type: CalendarType
    year_starts: int | date
    named_by: Literal["end", "start"] | None

    @cached_property
    def weeks(self) -> WeekYears:
        """Years of weeks: the company's own, or ISO's in a gregorian calendar."""
        if self.type == "gregorian":
            return ISO_WEEKS
        return WeekYears(cast(date, self.year_starts), named_by_end=self.named_by == "end")

    @cached_property
    def _weeks_before_month(self) -> tuple[int, ...]:
        """Weeks of the fiscal year that are over when each of its twelve months begins."""
        lengths = [int(weeks) for weeks in self.type.split("-")] * 4
        return (0, *accumulate(lengths[:-1]))

    @cached_property
    def month_shift(self) -> int:
        """Number of months by which a month's name runs ahead of its place in the fiscal year."""
        if self.type != "gregorian" or self.year_starts == 1:
            return 0
        return cast(int, self.year_starts) - 1 - (0 if self.named_by == "start" else 12)

    def _month_start(self, number: int) -> date:
        if self.type == "gregorian":
            year, month = divmod(number + self.month_shift, 12)
            return date(year, month + 1, 1)
        year, month = divmod(number, 12)
        return self.weeks.first_day(year) + timedelta(weeks=self._weeks_before_month[month])

    def _month_number(self, day: date) -> int:
        if self.type == "gregorian":
            return 12 * day.year + day.month - 1 - self.month_shift
        year, week = self.weeks.week_of(day)
        return 12 * year + bisect_right(self._weeks_before_month, week - 1) - 1

    def _start(self, grain: str, number: int) -> date:
        if grain == "day":
            return date.fromordinal(number)
        if grain == "week":
            return self.weeks.anchor + timedelta(weeks=number)
        return self._month_start(number * MONTHS_IN[grain])

    def number(self, grain: str, day: date) -> int:
        """Number of the period of a grain that a day lies in."""
        check_grain(grain)
        if grain == "day":
            return day.toordinal()
        if grain == "week":
            return (day - self.weeks.anchor).days // 7
        return self._month_number(day) // MONTHS_IN[grain]

    def _label(self, grain: str, number: int, start: date) -> str:
        if grain == "day":
            return start.isoformat()
        if grain == "week":
            return "{:04d}-W{:02d}".format(*self.weeks.week_of(start))
        if grain == "month":
            year, month = divmod(number + self.month_shift, 12)
            return f"{year:04d}-{month + 1:02d}"
        if grain == "quarter":
            return f"{number // 4:04d}-Q{number % 4 + 1}"
        return f"{number:04d}"

    def period(self, grain: str, number: int) -> Period:
        """Period of a grain that has a number."""
        try:
            start = self._start(grain, number)
            end = self._start(grain, number + 1) - timedelta(days=1)
            return Period(grain, start, end, self._label(grain, number, start))
        except (ValueError, OverflowError):
            raise UsageError(
                f"The calendar has no such {grain}: years go from {FIRST_YEAR} to {LAST_YEAR}.",
                remedy="Ask for a period nearer to the present, or for fewer of them.",
            ) from None
