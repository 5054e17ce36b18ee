"""What sources are made of: mapped columns, how far data reach, and fingerprints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.periods import Period
from kpi_analysis.core.schema import CanonicalColumn

EARLY_SHARE = 0.1
LATE_DAYS = 7


@dataclass(frozen=True)
class MappedColumn:
    """A canonical column, the text it is mapped from, and its expression before and after conversion."""

    column: CanonicalColumn
    text: str
    raw: ir.Value
    value: ir.Value

    @property
    def is_converted(self) -> bool:
        """Whether text becomes a number or a date here, so that it can fail."""
        return bool(self.raw.type().is_string()) and self.column.kind != "text"


@dataclass(frozen=True)
class Fingerprint:
    """What was read: where from, how many rows, its newest day, and for files their bytes and hash."""

    table: str
    origin: str
    rows: int
    first: str | None
    newest: str | None
    bytes: int | None = None
    hash: str | None = None

    def record(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return asdict(self)


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

    def reaches(self, period: Period) -> bool:
        """Whether the data go on to the last counted day of a period, give or take a week or the usual gaps."""
        if self.last is None:
            return False
        return (period.last_day - self.last).days <= max(LATE_DAYS, EARLY_SHARE * period.full_days, 3 * self.spacing)


def extent_measures(values: Mapping[str, ir.Value]) -> dict[str, ir.Scalar]:
    """Return what must be measured of the days among these columns to know how far they reach."""
    bounds: dict[str, ir.Scalar] = {}
    for name, value in values.items():
        if value.type().is_temporal():
            day = value.cast("date")
            bounds |= {f"{name}.first": day.min(), f"{name}.last": day.max(), f"{name}.days": day.nunique()}
    return bounds


def has_zone(value: ir.Value) -> bool:
    """Whether a moment says its time zone."""
    return value.type().is_timestamp() and value.type().timezone is not None


def has_offset(text: ir.StringValue) -> ir.BooleanValue:
    """Where a moment in words says its distance from UTC."""
    return text.strip().re_search(r"\d[ T]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$")
