"""Northwind Bikes: its calendar, places, channels, products and people, as data.

A day is counted from 1 January 2024 (0) to 30 September 2026 (`DAYS` − 1); `NEVER` is a day that did not come.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kpi_analysis.demo.draws import Dates, Floats, Ints

FIRST_DAY = dt.date(2024, 1, 1)
LAST_DAY = dt.date(2026, 9, 30)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
NEVER = 1_000_000
YEAR = 365.25

REGIONS = ("EMEA", "AMER", "APAC")
REGION_SHARES = (0.47, 0.335, 0.195)
SEGMENTS = ("Dealer", "Fleet", "Rental")
SEGMENT_SHARES = (0.5, 0.3, 0.2)

# Bikes sell in spring and before Christmas; one factor a month.
SEASON = (0.90, 0.94, 1.05, 1.11, 1.09, 1.01, 0.96, 0.93, 0.97, 0.97, 1.03, 1.06)
ONLINE_WEEK = (1.14, 1.16, 1.13, 1.09, 1.02, 0.70, 0.76)  # Monday to Sunday
ORDER_WEEK = (1.28, 1.30, 1.27, 1.22, 1.13, 0.50, 0.30)


def day_of(date: dt.date) -> int:
    """Count a date from the first day.

    Examples
    --------
    >>> day_of(dt.date(2024, 1, 31))
    30
    """
    return (date - FIRST_DAY).days


def dates_of(days: Ints) -> Dates:
    """Turn day numbers into dates; a day after the last one has not come yet and is missing."""
    return np.where(days < DAYS, all_dates_of(days), np.datetime64("NaT", "D"))


def all_dates_of(days: Ints) -> Dates:
    """Turn day numbers into dates, those of the future too."""
    dates: Dates = np.datetime64(FIRST_DAY, "D") + days
    return dates


def moments_of(days: Ints, minutes: Ints) -> Dates:
    """Turn day numbers and minutes since midnight into times."""
    return (np.datetime64(FIRST_DAY, "m") + days * 1440 + minutes).astype("datetime64[s]")


def grid(*sizes: int) -> tuple[Ints, ...]:
    """All combinations of whole numbers below `sizes`, the last one running fastest.

    Examples
    --------
    >>> [column.tolist() for column in grid(2, 2)]
    [[0, 0, 1, 1], [0, 1, 0, 1]]
    """
    return tuple(column.ravel().astype(np.int64) for column in np.indices(sizes))


def weekday(days: Ints) -> Ints:
    """Weekday of a day, 0 for Monday: the first day is one."""
    return days % 7


def working_day(days: Ints) -> Ints:
    """Move Saturdays and Sundays to the Monday after."""
    return np.where(weekday(days) >= 5, days + 7 - weekday(days), days)


def years(days: Ints) -> Floats:
    """Years since the first day."""
    return days / YEAR


def month_of(days: Ints) -> Ints:
    """Count months from January 2024 (0)."""
    months: Ints = (all_dates_of(days).astype("datetime64[M]") - np.datetime64(FIRST_DAY, "M")).astype(np.int64)
    return months


MONTHS = int(month_of(np.array([DAYS - 1]))[0]) + 1
MONTH_STARTS: Ints = np.array(
    [day_of(dt.date(2024 + month // 12, month % 12 + 1, 1)) for month in range(MONTHS + 1)], dtype=np.int64
)


def season(days: Ints, depth: float = 1.0) -> Floats:
    """The season's factor of a day, running smoothly from the middle of a month to the middle of the next."""
    middles = np.arange(-1, 13) * YEAR / 12 + 15
    shape = (SEASON[-1], *SEASON, SEASON[0])
    factor: Floats = 1.0 + depth * (np.interp(days % YEAR, middles, shape) - 1.0)
    return factor


def week(days: Ints, factors: Sequence[float]) -> Floats:
    """The factor of a day's weekday."""
    return np.asarray(factors, dtype=np.float64)[weekday(days)]


@dataclass(frozen=True)
class Stream:
    """A channel, or one campaign of a channel that has several.

    Parameters
    ----------
    channel, campaign : str
    paid : bool
        Paid by the click, day by day; else a budget a week.
    visitors : float
        Visitors a day at the end of the data.
    growth : float
        Growth of visitors a year.
    conversion : float
        Leads per visitor.
    cost : float
        EUR a click where it is paid so, else EUR a week, at the end of the data.
    inflation : float
        Growth of that cost a year.
    click_rate : float
        Clicks per impression; 0 where there are no advertisements.
    mql, win : float
        How its leads qualify and its opportunities are won, against the average.
    sources : tuple of str
        Where a lead says it comes from.
    """

    channel: str
    campaign: str
    paid: bool
    visitors: float
    growth: float
    conversion: float
    cost: float
    inflation: float
    click_rate: float
    mql: float
    win: float
    sources: tuple[str, ...]


STREAMS = (
    Stream("Email", "Newsletter", False, 82, 0.16, 0.0350, 330, 0.06, 0.0, 1.10, 1.16, ("newsletter",)),
    Stream("Referral", "", False, 92, 0.14, 0.0300, 470, 0.07, 0.0, 1.12, 1.22, ("partner", "customer")),
    Stream("Organic search", "", False, 345, 0.15, 0.0140, 800, 0.08, 0.0, 1.02, 1.06, ("google", "bing")),
    Stream("Content", "Buyer guide", False, 208, 0.18, 0.0160, 650, 0.09, 0.0, 0.97, 0.96, ("blog", "guide")),
    Stream("Paid search", "Bike finder", True, 215, 0.12, 0.0240, 1.20, 0.11, 0.042, 1.00, 1.02, ("google", "bing")),
    Stream("Paid social", "Ride together", True, 160, 0.20, 0.0140, 0.95, 0.18, 0.011, 0.92, 0.92, ("instagram",)),
    Stream("Paid social", "Come back", True, 134, 0.20, 0.0140, 0.95, 0.18, 0.014, 0.92, 0.92, ("facebook",)),
    Stream("Display", "Brand film", True, 70, 0.10, 0.0090, 0.46, 0.06, 0.004, 0.80, 0.45, ("banner",)),
)
CHANNELS = tuple(dict.fromkeys(stream.channel for stream in STREAMS))
CHANNEL_OF: Ints = np.array([CHANNELS.index(stream.channel) for stream in STREAMS], dtype=np.int64)
DIRECT = "Direct"  # an order that no marketing channel brought
BROKEN_STREAM = 5
SUMMER_TOUR = dt.date(2026, 6, 1)  # the day on which the campaign of that stream got its new name


@dataclass(frozen=True)
class Product:
    """A product, its list price in EUR, and which part of it the product costs."""

    name: str
    price: int
    cost: float


PRODUCTS = (
    Product("City bike", 420, 0.37),
    Product("Trekking bike", 610, 0.36),
    Product("Gravel bike", 980, 0.35),
    Product("E-bike", 1650, 0.375),
    Product("Cargo e-bike", 2900, 0.385),
    Product("Kids bike", 190, 0.38),
    Product("Helmet", 38, 0.30),
    Product("Lock", 29, 0.31),
    Product("Spare parts kit", 85, 0.33),
)
E_BIKE, CARGO = 3, 4
SMALL = (0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.28, 0.22, 0.3)  # what an order of a certain size is made of
MIDDLE = (0.30, 0.30, 0.14, 0.12, 0.0, 0.14, 0.0, 0.0, 0.0)
LARGE = (0.16, 0.22, 0.16, 0.32, 0.14, 0.0, 0.0, 0.0, 0.0)
DISCOUNTS = (0, 3, 5, 8, 10)  # per cent
DISCOUNT_SHARES = (0.40, 0.22, 0.18, 0.12, 0.08)

SELLERS = (
    "Clara Weiss", "Jonas Lind", "Marta Rossi", "Paul Girard",
    "Dana Brooks", "Miguel Santos",
    "Akiko Mori", "Liam Walsh",
)  # fmt: skip
SELLERS_OF_REGION = ((0, 4), (4, 6), (6, 8))
AGENTS = ("Elif Kaya", "Tom Becker", "Nina Olsen", "Ravi Menon", "Sofia Cruz")

PLANS = ("Basic", "Plus", "Pro")
PLAN_PRICES = (95, 230, 510)
LINES = ("Frames", "Wheels", "Assembly")
DEPARTMENTS = ("Production", "Sales", "Marketing", "Service", "Finance", "Engineering", "Logistics")
