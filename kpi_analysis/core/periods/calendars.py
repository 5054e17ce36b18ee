"""Fiscal calendar of a company: which period a day lies in, and which period comes before another.

Every grain numbers its periods through all years, so that neighbours differ by 1. All that a calendar does is
arithmetic on that number; the only differences between calendars are where a month and a week begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal

from kpi_analysis.core.errors import ConfigError, UsageError, did_you_mean
from kpi_analysis.core.periods.numbering import MONTHS_IN, CalendarType, PeriodNumbering
from kpi_analysis.core.periods.period import GRAINS, Period, check_grain
from kpi_analysis.core.periods.period_text import no_such_period, read_period_text

CALENDAR_TYPES = ("gregorian", "4-4-5", "4-5-4", "5-4-4")


@dataclass(frozen=True)
class Calendar:
    """Fiscal calendar of a company, of calendar months or of whole weeks.

    In a gregorian calendar a month is a calendar month and a week an ISO week wherever the fiscal year
    begins; quarters and years are fiscal. In the calendars of weeks all of them are fiscal: ``2026-09`` is
    the ninth month of fiscal 2026, and a quarter is 13 weeks, divided into months as the type says. A
    week 53 goes into the last month. `kpi_analysis.core.periods.week_years` says which years have one.

    Parameters
    ----------
    type : str
        gregorian, 4-4-5, 4-5-4 or 5-4-4.
    year_starts : int or date
        Gregorian: the month, 1 to 12, in which the fiscal year begins. Calendars of weeks: the first day of
        any fiscal year.
    named_by : str, optional
        Which calendar year names a fiscal year, the one of its ``start`` or of its ``end``. By default
        gregorian years go by their end (with `year_starts` 4, fiscal 2026 is April 2025 to March 2026) and
        years of weeks by their start (2025-02-02 begins fiscal 2025).

    Raises
    ------
    ConfigError
        The three do not make a calendar.

    Examples
    --------
    >>> april = Calendar(year_starts=4)
    >>> third = april.parse("2026-Q3")
    >>> str(third.start), str(third.end), str(april.year_ago(third))
    ('2025-10-01', '2025-12-31', '2025-Q3')
    >>> Calendar("4-5-4", date(2025, 2, 2)).weeks_in_year(2023)
    53
    """

    type: CalendarType = "gregorian"
    year_starts: int | date = 1
    named_by: Literal["end", "start"] | None = None

    def __post_init__(self) -> None:
        if self.type not in CALENDAR_TYPES:
            raise ConfigError(
                f"No calendar type {self.type!r}. {did_you_mean(str(self.type), CALENDAR_TYPES)}".rstrip(),
                remedy=f"Write one of {', '.join(CALENDAR_TYPES)}.",
            )
        if self.named_by not in (None, "end", "start"):
            raise ConfigError(
                f"The calendar's named_by is {self.named_by!r}, not 'end' or 'start'.",
                remedy="Write the end of a fiscal year that gives it its name, or leave named_by out.",
            )
        begins = self.year_starts
        if self.type == "gregorian":
            if not isinstance(begins, int) or isinstance(begins, bool) or not 1 <= begins <= 12:
                raise ConfigError(
                    f"The calendar's year_starts is {begins!r}, but a gregorian year starts with a month.",
                    remedy="Write the month as a number from 1 to 12, such as year_starts: 4.",
                )
        elif not isinstance(begins, date) or isinstance(begins, datetime):
            raise ConfigError(
                f"The calendar's year_starts is {begins!r}, but a {self.type} year starts on a day.",
                remedy="Write the first day of one of your fiscal years, such as year_starts: 2025-02-02.",
            )

    @property
    def fiscal(self) -> bool:
        """Whether the year is another one than January to December."""
        return self.type != "gregorian" or self.year_starts != 1

    def parse(self, text: str) -> Period:
        """Period that a text names.

        Parameters
        ----------
        text : str
            ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W39`` or ``2026-09-14``.

        Returns
        -------
        Period
            Whole.

        Raises
        ------
        UsageError
            The text has another form, or names a period that there is not.

        Examples
        --------
        >>> str(Calendar().parse("2026-W39").start)
        '2026-09-21'
        """
        grain, year, number = read_period_text(text)
        if grain == "day":
            return self._numbering.period("day", number)
        if grain == "month":
            return self._numbering.period("month", 12 * year + number - 1 - self._numbering.month_shift)
        if grain == "quarter":
            return self._numbering.period("quarter", 4 * year + number - 1)
        if grain == "week":
            if not 1 <= number <= self.weeks_in_year(year):
                raise no_such_period(text, f"{year} has the weeks W01 to W{self.weeks_in_year(year)}")
            return self._numbering.period(
                "week", self._numbering.number("week", self._numbering.weeks.first_day(year)) + number - 1
            )
        return self._numbering.period("year", year)

    def containing(self, day: date, grain: str) -> Period:
        """Period of a grain that a day lies in.

        Parameters
        ----------
        day : date
            Any.
        grain : str
            One of `GRAINS`.

        Returns
        -------
        Period
            Whole.

        Raises
        ------
        UsageError
            The grain is unknown.

        Examples
        --------
        >>> str(Calendar().containing(date(2027, 1, 3), "week"))
        '2026-W53'
        """
        return self._numbering.period(grain, self._numbering.number(grain, day))

    def shift(self, period: Period, n: int) -> Period:
        """Period `n` periods later, or earlier where `n` is negative.

        A cut period shifts to the same stretch: the same number of elapsed days, at most the whole period.

        Parameters
        ----------
        period : Period
            Whole or cut.
        n : int
            How many periods of the same grain.

        Returns
        -------
        Period
            Of the same grain.

        Examples
        --------
        >>> so_far = Calendar().parse("2026-03").cut(date(2026, 3, 20))
        >>> Calendar().shift(so_far, -1).through
        datetime.date(2026, 2, 20)
        """
        return _same_stretch(
            self._numbering.period(period.grain, self._numbering.number(period.grain, period.start) + n), period
        )

    def prior(self, period: Period) -> Period:
        """Period just before, over the same stretch where the period is cut."""
        return self.shift(period, -1)

    def year_ago(self, period: Period) -> Period | None:
        """Same period of the fiscal year before, over the same stretch where the period is cut.

        The same month, quarter or week number; the same date in a gregorian calendar, and in one of weeks the
        same weekday of the same week, so that a day's year-ago lies in its week's and its month's. The years
        may differ in length (52 and 53 weeks): compare sums per week there.

        Parameters
        ----------
        period : Period
            Whole or cut.

        Returns
        -------
        Period or None
            None for 29 February, and in a week 53 where the year before has 52.

        Examples
        --------
        >>> Calendar().year_ago(Calendar().parse("2026-W53")) is None
        True
        """
        if period.grain in MONTHS_IN:
            return self.shift(period, -12 // MONTHS_IN[period.grain])
        if period.grain == "day" and self.type == "gregorian":
            leap_day = (period.start.month, period.start.day) == (2, 29)
            earlier = None if leap_day else period.start.replace(year=period.start.year - 1)
        else:
            earlier = self._numbering.weeks.year_before(period.start)
        return None if earlier is None else _same_stretch(self.containing(earlier, period.grain), period)

    def last(self, period: Period, n: int) -> list[Period]:
        """The `n` consecutive periods that end with this one, oldest first.

        Only the last may be cut; those before it are whole, as a history wants them.

        Parameters
        ----------
        period : Period
            The last of them.
        n : int
            How many, from 1.

        Returns
        -------
        list of Period
            Of the same grain.

        Raises
        ------
        UsageError
            `n` is below 1.

        Examples
        --------
        >>> [str(month) for month in Calendar().last(Calendar().parse("2026-02"), 3)]
        ['2025-12', '2026-01', '2026-02']
        """
        if n < 1:
            raise UsageError(f"The last {n} periods were asked for.", remedy="Ask for 1 or more.")
        numbering = self._numbering
        number = numbering.number(period.grain, period.start)
        return [*(numbering.period(period.grain, k) for k in range(number - n + 1, number)), period]

    def within(self, period: Period, grain: str) -> list[Period]:
        """Finer periods that start inside a period, oldest first.

        Of a cut period only those that have begun, the last of them cut as well. A week may reach beyond the
        end of the month or year that it starts in.

        Parameters
        ----------
        period : Period
            Whole or cut.
        grain : str
            One of `GRAINS`, no coarser than the period's.

        Returns
        -------
        list of Period
            The last one is cut where the period is.

        Raises
        ------
        UsageError
            The grain is unknown, or coarser than the period's own.

        Examples
        --------
        >>> [str(month) for month in Calendar().within(Calendar().parse("2026-Q3"), "month")]
        ['2026-07', '2026-08', '2026-09']
        """
        check_grain(grain)
        if GRAINS.index(grain) > GRAINS.index(period.grain):
            raise UsageError(
                f"The {period.grain} {period} has no {grain} in it.",
                remedy=f"Ask for one of {', '.join(GRAINS[: GRAINS.index(period.grain) + 1])}.",
            )
        first = self._numbering.number(grain, period.start - timedelta(days=1)) + 1
        last = self._numbering.number(grain, period.last_day)
        inner = [self._numbering.period(grain, number) for number in range(first, last + 1)]
        if inner and not period.complete:
            inner[-1] = inner[-1].cut(period.last_day)
        return inner

    def to_grain(self, period: Period, grain: str) -> Period:
        """Period of another grain in which a period's last counted day lies.

        For a coarser grain the one around it, for a finer one the last inside it. A cut period gives a period
        that is cut on the same day.

        Parameters
        ----------
        period : Period
            Whole or cut.
        grain : str
            One of `GRAINS`.

        Returns
        -------
        Period
            Cut where the period is.

        Examples
        --------
        >>> quarter = Calendar().parse("2026-Q3")
        >>> str(Calendar().to_grain(quarter, "year")), str(Calendar().to_grain(quarter, "month"))
        ('2026', '2026-09')
        """
        other = self.containing(period.last_day, grain)
        return other if period.complete else other.cut(period.last_day)

    def weeks_in_year(self, year: int) -> int:
        """Number of weeks of a year, 52 or 53: its fiscal weeks, or ISO weeks if gregorian."""
        return self._numbering.weeks.weeks_in(year)

    @cached_property
    def _numbering(self) -> PeriodNumbering:
        return PeriodNumbering(self.type, self.year_starts, self.named_by)


def _same_stretch(target: Period, period: Period) -> Period:
    """Count as many days of the target as of the period, at most all of them."""
    return target if period.complete else target.cut(target.start + timedelta(days=period.days - 1))
