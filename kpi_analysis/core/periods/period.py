"""Period: a stretch of days with a name, whole or cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from kpi_analysis.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

GRAINS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Period:
    """Period: one day, week, month, quarter or year of a company's calendar.

    A `kpi_analysis.core.periods.Calendar` makes them.

    Parameters
    ----------
    grain : str
        One of `GRAINS`.
    start, end : date
        First and last day, both inside.
    label : str
        ``2026``, ``2026-Q3``, ``2026-09``, ``2026-W39`` or ``2026-09-14``; ``Calendar.parse`` reads it back.
    through : date, optional
        The last day counted, set only where the period is cut short: because it is unfinished, or because it
        is compared with an unfinished one over the same stretch.

    Examples
    --------
    >>> september = Period("month", date(2026, 9, 1), date(2026, 9, 30), "2026-09")
    >>> so_far = september.cut(date(2026, 9, 20))
    >>> so_far.days, so_far.full_days, so_far.complete
    (20, 30, False)
    """

    grain: str
    start: date
    end: date
    label: str
    through: date | None = None

    def __hash__(self) -> int:
        return hash((self.label, self.through))  # tells nearly all periods apart, and is asked for very often

    @property
    def last_day(self) -> date:
        """Last day counted."""
        return self.through or self.end

    @property
    def days(self) -> int:
        """Number of days that are counted."""
        return (self.last_day - self.start).days + 1

    @property
    def full_days(self) -> int:
        """Number of days of the whole period."""
        return (self.end - self.start).days + 1

    @property
    def complete(self) -> bool:
        """Whether the whole period is counted."""
        return self.last_day >= self.end

    def cut(self, as_of: date) -> Period:
        """Part of the period that is over on a day; a cut never lengthens a period.

        Parameters
        ----------
        as_of : date
            The last day that may be counted.

        Returns
        -------
        Period
            The period itself where it is over by then, else one with ``through`` set.

        Raises
        ------
        ValueError
            The period begins after `as_of`, so nothing of it is left. Test ``as_of < period.start`` first.
        """
        if as_of < self.start:
            raise ValueError(f"{self.label} begins on {self.start}, after {as_of}")
        return self if as_of >= self.last_day else replace(self, through=as_of)

    def __str__(self) -> str:
        return self.label


def check_grain(grain: str) -> None:
    """Validation of a grain: an error with the nearest name where there is none such."""
    if grain not in GRAINS:
        raise UsageError(
            f"No grain {grain!r}. {did_you_mean(str(grain), GRAINS)}".rstrip(),
            remedy=f"Write one of {', '.join(GRAINS)}.",
        )


def day_table(periods: Sequence[Period]) -> pd.DataFrame:
    """Day table of periods: which days count in which, one row for each counted day of each period.

    Joined to dated rows it puts them into their periods. Periods may overlap (a month beside the quarter it
    lies in); a day then stands in several rows.

    Parameters
    ----------
    periods : sequence of Period
        Days after ``through`` are left out.

    Returns
    -------
    DataFrame
        ``day`` (datetime64[us], midnight, no timezone) and ``slot`` (int64, the index into `periods`).

    Examples
    --------
    >>> first = Period("day", date(2026, 9, 1), date(2026, 9, 1), "2026-09-01")
    >>> week = Period("week", date(2026, 8, 31), date(2026, 9, 6), "2026-W36", through=date(2026, 9, 2))
    >>> day_table([first, week]).astype(str).to_numpy().tolist()
    [['2026-09-01', '0'], ['2026-08-31', '1'], ['2026-09-01', '1'], ['2026-09-02', '1']]
    """
    import numpy as np
    import pandas as pd

    counts = np.array([period.days for period in periods], dtype="int64")
    starts = np.array([period.start for period in periods], dtype="datetime64[D]")
    first_rows = counts.cumsum() - counts
    elapsed = np.arange(counts.sum()) - first_rows.repeat(counts)
    days = starts.repeat(counts) + elapsed
    return pd.DataFrame({"day": days.astype("datetime64[us]"), "slot": np.arange(len(counts)).repeat(counts)})
