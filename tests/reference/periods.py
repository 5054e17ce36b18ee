"""Periods of the ordinary calendar, by pandas: days, ISO weeks, months, quarters and years."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
IN_A_YEAR = {"month": 12, "quarter": 4, "year": 1}
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A period from `start` to `end`, counted through `last`, which is earlier while the period is unfinished."""

    grain: str
    start: dt.date
    end: dt.date
    last: dt.date

    @classmethod
    def around(cls, grain: str, day: dt.date) -> Period:
        """The period of a grain that a day lies in."""
        period = pd.Period(pd.Timestamp(day), FREQUENCY[grain])
        end = period.end_time.date()
        return cls(grain, period.start_time.date(), end, end)

    @property
    def days(self) -> int:
        """The number of days that are counted."""
        return (self.last - self.start).days + 1

    @property
    def full_days(self) -> int:
        """The number of days of the finished period."""
        return (self.end - self.start).days + 1

    @property
    def label(self) -> str:
        """The period as the command line writes it."""
        year, week, _ = self.start.isocalendar()
        return {
            "day": self.start.isoformat(),
            "week": f"{year}-W{week:02d}",
            "month": f"{self.start:%Y-%m}",
            "quarter": f"{self.start.year}-Q{(self.start.month + 2) // 3}",
            "year": f"{self.start.year}",
        }[self.grain]

    def cut(self, day: dt.date) -> Period:
        """The part of it that is over on a day."""
        return replace(self, last=min(self.last, day)) if day >= self.start else self

    def like(self, other: Period) -> Period:
        """The same number of days as of the other, where the other is unfinished."""
        return self if other.last == other.end else self.cut(self.start + (other.last - other.start))

    def prior(self) -> Period:
        """The period before."""
        return Period.around(self.grain, self.start - DAY).like(self)

    def year_ago(self) -> Period | None:
        """The same period of the year before, if it had one."""
        try:
            if self.grain == "day":
                return Period.around("day", self.start.replace(year=self.start.year - 1))
            if self.grain == "week":
                year, week, _ = self.start.isocalendar()
                return Period.around("week", dt.date.fromisocalendar(year - 1, week, 1)).like(self)
        except ValueError:
            return None
        earlier = pd.Period(pd.Timestamp(self.start), FREQUENCY[self.grain]) - IN_A_YEAR[self.grain]
        return Period.around(self.grain, earlier.start_time.date()).like(self)


def day_of(moment: Any) -> Any:
    """The day of a moment; a day is its own."""
    return moment.date() if isinstance(moment, dt.datetime) else moment
