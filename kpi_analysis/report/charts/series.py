"""The data of charts, checked once: values by period, and values by name."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, fields
from typing import Any

from kpi_analysis.design.formats import Format, Scale
from kpi_analysis.report.charts.scales import is_known, known_values, period_name

Value = float | None
Interval = tuple[float, float]


def check_lengths(things: Sized, noun: str, *given: Sized) -> None:
    """Check that there is something to draw, and one entry of each kind for it.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """
    for one in given:
        if not len(things) or len(one) != len(things):
            raise ValueError(f"Found {len(one)} entries for {len(things)} {noun}. Wanted one for each.")


def settle(data: Any, count: int, **defaults: Any) -> None:
    """Make the sequences of a frozen data object tuples, those that were left out with their default entries.

    Parameters
    ----------
    data : dataclass instance
        Inside its ``__post_init__``.
    count : int
        How many entries there are.
    **defaults : object
        For each optional sequence the entry that it has by default.
    """
    for field in fields(data):
        value = getattr(data, field.name)
        if isinstance(value, Sequence) and not isinstance(value, str | tuple):
            object.__setattr__(data, field.name, tuple(value))
    for name, entry in defaults.items():
        if not getattr(data, name):
            object.__setattr__(data, name, (entry,) * count)


@dataclass(frozen=True)
class TimeSeries:
    """A KPI over time, each period with its value or a gap.

    Parameters
    ----------
    periods : sequence of str
        ``2026-Q3`` or ``2026-09``, in time order.
    values : sequence of float or None
        One a period; a missing one is a gap, and its reason stands in the note.
    unit : str
        Of the KPI.
    complete : sequence of bool, optional
        Whether each period is over. All, by default.
    intervals : sequence of (low, high) or None, optional
        A range for each value.
    interval_label : str
        What the ranges are.
    year_ago : sequence of float or None, optional
        The same period a year earlier.
    reasons : sequence of str or None, optional
        Why a value is missing.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.

    Examples
    --------
    >>> TimeSeries(["2026-08", "2026-09"], [261.0, None], "count").gaps(Format())
    ['Sep 2026: no value.']
    """

    periods: Sequence[str]
    values: Sequence[Value]
    unit: str
    complete: Sequence[bool] = ()
    intervals: Sequence[Interval | None] = ()
    interval_label: str = "95% range"
    year_ago: Sequence[Value] = ()
    reasons: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        settle(self, len(self.periods), complete=True, intervals=None, reasons=None)
        given = (self.values, self.complete, self.intervals, self.year_ago or self.periods, self.reasons)
        check_lengths(self.periods, "periods", *given)

    def scale(self, format: Format, *more: Value) -> Scale:
        """Return the scale in which the values are written, together with more of them."""
        return format.scale([*self.values, *more], self.unit)

    @property
    def ends(self) -> list[float]:
        """The ends of all ranges."""
        return known_values([end for interval in self.intervals if interval for end in interval])

    def reason(self, i: int) -> str:
        """Return why a value is missing."""
        return self.reasons[i] or "no value"

    def gaps(self, format: Format) -> list[str]:
        """Return a sentence for each missing value."""
        missing = [i for i, value in enumerate(self.values) if not is_known(value)]
        return [f"{period_name(self.periods[i], format)}: {self.reason(i)}." for i in missing]


@dataclass(frozen=True)
class Groups:
    """A KPI by name, such as channels or owners, in any order.

    Parameters
    ----------
    names : sequence of str
    values : sequence of float or None
        One a name.
    unit : str
        Of the KPI.
    low, high : sequence of float or None, optional
        The ends of each interval.
    year_ago : sequence of float or None, optional
        The same a year earlier.
    counts : sequence of float or None, optional
        What each value rests on, such as closed deals.
    count_label : str
        Their name, in the plural.
    reasons : sequence of str or None, optional
        Why a value is missing: ``no spend``.

    Raises
    ------
    ValueError
        If the sequences differ in length or are empty.
    """

    names: Sequence[str]
    values: Sequence[Value]
    unit: str
    low: Sequence[Value] = ()
    high: Sequence[Value] = ()
    year_ago: Sequence[Value] = ()
    counts: Sequence[Value] = ()
    count_label: str = "rows"
    reasons: Sequence[str | None] = ()

    def __post_init__(self) -> None:
        settle(self, len(self.names), low=None, high=None, year_ago=None, reasons=None)
        given = (self.values, self.low, self.high, self.year_ago, self.counts or self.names, self.reasons)
        check_lengths(self.names, "names", *given)

    @property
    def ranked(self) -> list[int]:
        """The places of the names, the largest value first; those without a value last."""
        return sorted(range(len(self.names)), key=self._rank)

    def _rank(self, i: int) -> tuple[bool, float, str]:
        value = self.values[i]
        return not is_known(value), -value if is_known(value) else 0.0, str(self.names[i])

    def reason(self, i: int) -> str:
        """Return why a value is missing."""
        return self.reasons[i] or "no value"
