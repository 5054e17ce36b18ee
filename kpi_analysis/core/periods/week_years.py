"""Years of 52 or 53 whole weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property


@dataclass(frozen=True)
class WeekYears:
    """Years of 52 or 53 weeks, known from the first day of any one of them.

    Each year begins on the anchor's weekday, on the day nearest to a fixed date. That date follows from the
    anchor, by the two rules that tax law allows for such years, which end either on the weekday *nearest* to
    the end of a month, or on the *last* one inside it:

    - within 3 days of the first of a month: that first. 2025-02-02 means "the Sunday nearest to 1 February",
      which is the retail calendar of the NRF (its year ends on the Saturday nearest to 31 January), and a
      Monday near 1 January means the ISO year.
    - 4 to 6 days before the first of a month, where only the other rule can put it: 3 days before that first,
      so that the year ends on the last such weekday of the month. A company of that kind gives a year that
      begins so early, as 2022-09-25 for years that end on the last Saturday of September.
    - elsewhere: the anchor's own month and day.

    The fixed date is never more than 3 days from the anchor, so the anchor is always the start of a year.

    Parameters
    ----------
    anchor : date
        The first day of some year.
    named_by_end : bool
        Whether a year is named after the calendar year in which it ends. Near 1 January, a few days do not
        count: the year from 2024-12-30 is 2025 either way.

    References
    ----------
    Internal Revenue Service, Publication 538, "52-53-week tax year"; National Retail Federation, "4-5-4
    calendar".

    Examples
    --------
    >>> retail = WeekYears(date(2025, 2, 2))
    >>> retail.first_day(2023), retail.weeks_in(2023)
    (datetime.date(2023, 1, 29), 53)
    """

    anchor: date
    named_by_end: bool = False

    @cached_property
    def _fixed(self) -> tuple[int, int, int]:
        """Month and day that the years begin near, and by how many days they begin earlier."""
        next_month = (self.anchor.replace(day=28) + timedelta(days=4)).replace(day=1)
        to_next = (next_month - self.anchor).days
        if self.anchor.day <= 4:
            return self.anchor.month, 1, 0
        if to_next <= 6:
            return next_month.month, 1, 0 if to_next <= 3 else 3
        return self.anchor.month, self.anchor.day, 0

    @cached_property
    def _name_offset(self) -> int:
        return int(self.named_by_end and self._fixed[:2] != (1, 1))

    def first_day(self, year: int) -> date:
        """First day of the year of that name."""
        month, day, lead = self._fixed
        near = date(year - self._name_offset, month, day) - timedelta(days=lead)
        return near + timedelta(days=(self.anchor.weekday() - near.weekday() + 3) % 7 - 3)

    def year_of(self, day: date) -> int:
        """Name of the year that a day belongs to."""
        year = day.year + self._name_offset + 1
        while self.first_day(year) > day:
            year -= 1
        return year

    def week_of(self, day: date) -> tuple[int, int]:
        """Year and number, from 1, of the week that a day belongs to."""
        year = self.year_of(day)
        return year, (day - self.first_day(year)).days // 7 + 1

    def weeks_in(self, year: int) -> int:
        """Number of weeks of a year, 52 or 53."""
        return (self.first_day(year + 1) - self.first_day(year)).days // 7

    def year_before(self, day: date) -> date | None:
        """Same weekday of the same week a year earlier; None in a week 53 that it did not have."""
        year, week = self.week_of(day)
        if week > self.weeks_in(year - 1):
            return None
        return self.first_day(year - 1) + (day - self.first_day(year))
