"""Event days: the days on which a date column has rows, which of them stand in line, and how far they reach.

A table is asked once for the distinct days of its date columns; everything about reach, gaps and days that stand far
from all others is read from these few thousand days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kpi_analysis.core.periods import Period
from kpi_analysis.metrics.sql.types import on_duckdb

Days = npt.NDArray[np.datetime64]  # whole days, sorted, each once

EARLY_SHARE = 0.1
LATE_DAYS = 7
SUFFIX = ".days"
ALONE_DAYS = 366  # a gap of more than a year …
ALONE_TIMES = 5  # … and so many times as long as the longest one between the other days
MOST_ALONE = 3  # so many days at one end at most, and one in a hundred; one in a short history
FEWEST_OTHERS = 10  # days that show a usual distance
ALONE_IN_REGISTER = 3653  # days: of those who are hired or begin a contract, nobody may for years
EARLIEST = np.datetime64("1910-01-01")  # before it nothing of today's business happened: a placeholder or a mistake
EPOCH = np.datetime64("1970-01-01")
LATEST = np.datetime64("9999-12-31")
BOOKED = {"year": 300, "half-year": 150, "quarter": 80, "month": 25, "week": 6}  # usual days between two bookings
REGULAR = 0.15
FEWEST_STARTS = 3


@dataclass(frozen=True)
class Extent:
    """How far a date column reaches: its first and last day, and on how many days there are rows."""

    first: dt.date | None
    last: dt.date | None
    days: int

    @property
    def spacing(self) -> float:
        """The usual distance between days with rows."""
        if self.first is None or self.last is None:
            return 0.0
        return (self.last - self.first).days / max(1, self.days - 1)

    def covers(self, period: Period) -> bool:
        """Whether the data were there when a period began.

        They were if the first row lies in its first tenth, or no further in than three times the usual distance
        between days with rows: by chance, a gap is longer than that one time in twenty.
        """
        if self.first is None:
            return False
        return (self.first - period.start).days <= max(EARLY_SHARE * period.full_days, 3 * self.spacing)

    def reaches(self, period: Period, *, last: dt.date | None = None) -> bool:
        """Whether the data go on to the last counted day of a period, give or take a week or the usual gaps.

        Parameters
        ----------
        period : Period
        last : date, optional
            How far they reach, where other columns of the table reach further than this one.

        Returns
        -------
        bool
        """
        end = max((day for day in (self.last, last) if day is not None), default=None)
        if end is None:
            return False
        return (period.last_day - end).days <= max(LATE_DAYS, EARLY_SHARE * period.full_days, 3 * self.spacing)


def extent_of(days: Days, until: dt.date | None = None) -> Extent:
    """Extent of days, up to one of them.

    Parameters
    ----------
    days : ndarray of datetime64, shape (n,)
        As `days_in_line` returns them.
    until : date, optional
        Later days do not count.

    Returns
    -------
    Extent

    Examples
    --------
    >>> days = np.array(["2026-01-05", "2026-02-05", "2026-03-05"], dtype="datetime64[D]")
    >>> extent_of(days, dt.date(2026, 2, 28)).last
    datetime.date(2026, 2, 5)
    """
    known = days if until is None else days[days <= np.datetime64(until)]
    if not known.size:
        return Extent(None, None, 0)
    return Extent(known[0].item(), known[-1].item(), int(known.size))


def days_in_line(
    days: Days, latest: dt.date, is_few: Callable[[Days], bool] = lambda alone: True, *, least_gap: int = ALONE_DAYS
) -> Days:
    """Days without those that cannot say how far the data reach: after the latest one, or far from all others.

    A day stands alone where at most three days, and one in a hundred, are cut off from ten others or more by a gap of
    more than a year that is five times as long as the longest one between these; and where it lies before 1910 or is
    the first of 1970, with which computers begin to count.

    Parameters
    ----------
    days : ndarray of datetime64, shape (n,)
        Sorted, each once.
    latest : date
        Today, or the day on which the data end: what lies after it is a plan or a mistake.
    is_few : callable
        Takes days that are cut off, says whether few rows have them: many on one day are no mistake.
    least_gap : int
        In days.

    Returns
    -------
    ndarray of datetime64, shape (m,)

    Examples
    --------
    >>> days = np.array(["1900-01-01", "2026-07-13", "2026-09-13", "2062-07-01"], dtype="datetime64[D]")
    >>> days_in_line(days, dt.date(2026, 11, 30)).astype(str).tolist()
    ['2026-07-13', '2026-09-13']
    """
    known = days[(days >= EARLIEST) & (days <= np.datetime64(latest))]
    if known.size > 1 and known[0] == EPOCH and (known[1] - known[0]).astype(int) >= ALONE_DAYS:
        known = known[1:]
    while (rest := _without_alone(known, is_few, least_gap)).size < known.size:
        known = rest
    return known


def _without_alone(days: Days, is_few: Callable[[Days], bool], least_gap: int) -> Days:
    """Days without those at one end that stand alone; as they are where none does."""
    gaps = np.diff(days).astype(int)
    most = min(max(1, min(MOST_ALONE, days.size // 100)), days.size - FEWEST_OTHERS)
    for count in range(1, most + 1):
        for alone, others, gap, rest in (
            (days[:count], gaps[count:], gaps[count - 1], days[count:]),
            (days[-count:], gaps[:-count], gaps[-count], days[:-count]),
        ):
            if gap >= least_gap and gap >= ALONE_TIMES * others.max() and is_few(alone):
                return rest
    return days


def started_until(days: Days, last_event: dt.date | None) -> dt.date | None:
    """Last start that has happened, where starts may be agreed ahead.

    Parameters
    ----------
    days : ndarray of datetime64, shape (n,)
        Of starts, in line.
    last_event : date, optional
        In all tables in which nothing is agreed ahead; none where there are no such tables.

    Returns
    -------
    date or None
        Starts after the last event count where there are three days of them, at half their usual pace: then the table
        was only taken later than the others.

    Examples
    --------
    >>> days = np.arange("2026-01-01", "2026-06-01", 5, dtype="datetime64[D]")
    >>> started_until(np.append(days, np.datetime64("2026-08-01")), dt.date(2026, 6, 3))
    datetime.date(2026, 5, 31)
    """
    if not days.size:
        return None
    if last_event is None or days[-1] <= np.datetime64(last_event):
        return days[-1].item()  # type: ignore[no-any-return]
    before = days[days <= np.datetime64(last_event)]
    if before.size < 2:
        return days[-1].item()  # type: ignore[no-any-return]
    ahead = days[before.size :]
    pace = (before.size - 1) / (before[-1] - before[0]).astype(int)
    goes_on = ahead.size >= max(FEWEST_STARTS, 0.5 * pace * (ahead[-1] - np.datetime64(last_event)).astype(int))
    return (ahead[-1] if goes_on else before[-1]).item()  # type: ignore[no-any-return]


def booked_by(days: Days) -> str:
    """Grain at which figures are booked: year, half-year, quarter, month, week, or nothing where it is by the day.

    Parameters
    ----------
    days : ndarray of datetime64, shape (n,)
        Days of booking, in line.

    Returns
    -------
    str
        Empty also where the days are no regular ones: then nobody can tell.

    Examples
    --------
    >>> booked_by(np.array(["2024-06-30", "2025-06-30", "2026-06-30"], dtype="datetime64[D]"))
    'year'
    """
    gaps = np.diff(days).astype(int)
    if not gaps.size:
        return ""
    usual = float(np.median(gaps))
    times = np.maximum(1, np.round(gaps / usual))
    is_regular = bool(np.all(np.abs(gaps - times * usual) <= REGULAR * usual * times))
    if not is_regular or (gaps.size == 1 and not _at_ends_of_months(days)):
        return ""
    return next((grain for grain, least in BOOKED.items() if usual >= least), "")


def _at_ends_of_months(days: Days) -> bool:
    """Whether all days are the first, or all the last, of a month: two of them are too few to see a pattern."""
    before = np.diff(np.stack([days - 1, days]).astype("datetime64[M]").astype(int), axis=0)
    after = np.diff(np.stack([days, days + 1]).astype("datetime64[M]").astype(int), axis=0)
    return bool(before.all() or after.all())


def day_measures(values: Mapping[str, ir.Value]) -> dict[str, ir.Scalar]:
    """Measures that give the distinct days of the date columns among these, to be read by `read_days`."""
    measures: dict[str, ir.Scalar] = {}
    for name, value in values.items():
        if value.type().is_temporal():
            day = value.cast("date")
            # other drivers than DuckDB's make Python's dates of days, which know no year before 1 or after 9999
            kept = None if on_duckdb(day) else day.between(dt.date.min, dt.date.max)
            measures[f"{name}{SUFFIX}"] = day.collect(distinct=True, where=kept)
    return measures


def read_days(found: pa.Table) -> dict[str, Days]:
    """Days by column, from the one row that the measures of `day_measures` came to."""
    columns = [name for name in found.column_names if name.endswith(SUFFIX)]
    return {name.removesuffix(SUFFIX): as_days(found.column(name).combine_chunks().flatten()) for name in columns}


def distinct_days(table: ir.Table, column: str) -> Days:
    """Days of one date column, where an engine cannot collect those of many at once."""
    day = table[column].cast("date").name("kpi_day")
    found = table.select(day).filter(lambda rows: rows.kpi_day.notnull()).distinct()
    return as_days(found.to_pyarrow().column("kpi_day").combine_chunks())


def as_days(values: pa.Array | Iterable[dt.date]) -> Days:
    """Sorted days between the years 1 and 9999, each once.

    Parameters
    ----------
    values : pyarrow Array of days, or iterable of date

    Returns
    -------
    ndarray of datetime64, shape (n,)

    Examples
    --------
    >>> as_days([dt.date(2026, 9, 2), dt.date(2026, 9, 1), dt.date(2026, 9, 2)]).astype(str).tolist()
    ['2026-09-01', '2026-09-02']
    """
    if isinstance(values, pa.Array):
        known = values.drop_null().cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False)
        days = np.unique(known.astype("datetime64[D]"))
    else:
        days = np.unique(np.array(list(values), dtype="datetime64[D]"))
    return days[(days >= np.datetime64("0001-01-01")) & (days <= LATEST)]
