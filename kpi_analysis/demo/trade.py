"""Customers and their orders: dealers of old, customers won since, refunds, and invoices that are paid or not."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from kpi_analysis.demo.draws import Draws, Floats, Ints
from kpi_analysis.demo.facts import KEY_ACCOUNT, LARGE_ORDER, LARGE_REFUND, PlantedFact
from kpi_analysis.demo.marketing import Leads
from kpi_analysis.demo.pipeline import Deals
from kpi_analysis.demo.prices import OrderLines, lines_worth, priced
from kpi_analysis.demo.world import (
    CARGO,
    CHANNELS,
    DAYS,
    DIRECT,
    E_BIKE,
    MONTH_STARTS,
    MONTHS,
    ORDER_WEEK,
    PRODUCTS,
    REGION_SHARES,
    REGIONS,
    SEGMENT_SHARES,
    SEGMENTS,
    STREAMS,
    dates_of,
    day_of,
    month_of,
    season,
    week,
    working_day,
    years,
)

DEALERS = 60  # customers of old who order
CONTRACTS_ONLY = 800  # customers of old who only have a service contract
OLD = DEALERS + CONTRACTS_ONLY
DEALER_ORDERS, DEALER_WORTH = 34.0, 5900.0  # orders a year; EUR at the prices of 2024
REPEAT_ORDERS, REPEAT_WORTH = 3.4, 1150.0
LARGEST = 90_000.0  # EUR: what a dealer gets on credit at once
NO_CHANNEL = 0.02
LARGE_REFUND_BOUGHT = day_of(LARGE_REFUND.first) - 91
NONE = len(CHANNELS)  # no channel known
UNMARKETED = NONE + 1


@dataclass(frozen=True)
class Customers:
    """Customers: the dealers first, then those with contracts only, then those won since, in order."""

    acquired: Ints
    channel: Ints
    region: Ints
    segment: Ints
    deal: Ints  # the won deal that made the customer; -1 for the older ones


@dataclass(frozen=True)
class Orders:
    """Order lines: who bought what, when, and through which channel. A customer has one order a day."""

    day: Ints
    customer: Ints
    channel: Ints
    lines: OrderLines
    number: Ints


def customer_id(index: int) -> str:
    """Id of a customer by its position."""
    return f"C{index + 1:04d}"


def make_customers(seed: int, leads: Leads, deals: Deals) -> Customers:
    """Draw the older customers, and make one of each won deal."""
    draws = Draws(seed, "customers")
    deal = np.flatnonzero(deals.won)
    deal = deal[np.argsort(deals.closed[deal], kind="stable")]
    lead = deals.lead[deal]
    channel = np.array([CHANNELS.index(stream.channel) for stream in STREAMS], dtype=np.int64)
    older = draws.choose((0.16, 0.22, 0.22, 0.14, 0.16, 0.07, 0.03), OLD)
    segment = np.r_[np.zeros(DEALERS, dtype=np.int64), draws.choose(SEGMENT_SHARES, CONTRACTS_ONLY)]
    region = draws.choose(REGION_SHARES, OLD)
    region[:DEALERS] = np.resize((0, 1, 0, 2, 0, 1, 0, 1, 0, 2), DEALERS)  # large dealers are few: no chance here
    return Customers(
        np.r_[-1 - draws.between(30, 1700, OLD), deals.closed[deal]],
        np.r_[older, channel[leads.stream[lead]]],
        np.r_[region, leads.region[lead]],
        np.r_[segment, leads.segment[lead]],
        np.r_[np.full(OLD, -1), deal],
    )


def customer_of_lead(leads: Leads, deals: Deals, customers: Customers) -> list[str | None]:
    """Id of the customer that each lead became, or nothing."""
    ids: list[str | None] = [None] * len(leads.created)
    for index in range(OLD, len(customers.deal)):
        ids[int(deals.lead[customers.deal[index]])] = customer_id(index)
    return ids


def make_orders(seed: int, deals: Deals, customers: Customers) -> Orders:
    """Draw all order lines: first orders, repeated ones, those of dealers, the planted ones and refunds."""
    draws = Draws(seed, "orders")
    parts = [
        _first_orders(deals, customers),
        _repeated(draws, customers),
        _of_dealers(draws),
        _exceptional(),
    ]
    parts.append(_of_the_key_account(draws, _joined(parts)))
    orders = _joined(parts)
    orders = _numbered(_joined([orders, _extras(draws, orders)]))
    orders = _forget_channels(draws, orders)
    orders = _joined([orders, _refunds(draws, orders)])
    return _rows_of(orders, np.lexsort((-orders.lines.amount, orders.number, orders.day)))


def _bought(day: Ints, customer: Ints, lines: OrderLines, channel: Ints | None = None) -> Orders:
    """Orders that have no number yet; no marketing channel brought them unless one is given."""
    direct = np.full(len(day), UNMARKETED, dtype=np.int64)
    return Orders(day, customer, direct if channel is None else channel, lines, np.zeros(len(day), dtype=np.int64))


def _first_orders(deals: Deals, customers: Customers) -> Orders:
    who = np.arange(OLD, len(customers.deal))
    deal = customers.deal[who]
    return _bought(customers.acquired[who], who, _rows(deals.lines, deal), customers.channel[who])


def _repeated(draws: Draws, customers: Customers) -> Orders:
    """Orders after the first: a rate of each customer's own, for as long as the customer stays."""
    who = np.arange(OLD, len(customers.deal))
    size = len(who)
    stays = np.where(draws.happens(0.12, size), 0, draws.waits(900.0, size))
    start, stop = customers.acquired[who] + 3, np.minimum(customers.acquired[who] + stays, DAYS)
    rate = REPEAT_ORDERS * draws.spread(0.8, size)
    row, day = _arrivals(draws, rate, start, stop, growth=0.0, even=False)
    worth = REPEAT_WORTH * draws.spread(0.5, size)[row] * draws.spread(0.7, len(row))
    return _bought(day, who[row], lines_worth(draws, worth, day))


def _of_dealers(draws: Draws) -> Orders:
    """Dealers order every other week, so all of them do in the first month, and none looks new later on."""
    size = DEALERS
    rate = DEALER_ORDERS * draws.spread(0.25, size)
    rate[0] = DEALER_ORDERS
    start, stop = np.zeros(size, dtype=np.int64), np.full(size, DAYS, dtype=np.int64)
    row, day = _arrivals(draws, rate, start, stop, growth=0.005, even=True)
    typical = DEALER_WORTH * draws.spread(0.35, size)
    typical[0] = DEALER_WORTH * 4.5  # the key account was the largest dealer before
    before = (row > 0) | (day < day_of(KEY_ACCOUNT.first))
    row, day = row[before], day[before]
    worth = np.minimum(typical[row] * draws.spread(0.45, len(row)), LARGEST)
    return _bought(day, row, lines_worth(draws, worth, day))


def _arrivals(draws: Draws, rate: Floats, start: Ints, stop: Ints, growth: float, even: bool) -> tuple[Ints, Ints]:
    """Draw days from `start` to before `stop`, so many a year, in the rhythm of season and week.

    Where they are `even`, each falls into its own part of the time, as with customers who order regularly.
    """
    days = np.arange(DAYS, dtype=np.int64)
    rhythm = season(days) * week(days, ORDER_WEEK) * (1 + growth) ** years(days)
    total = np.r_[0.0, np.cumsum(rhythm)]
    low, high = total[np.minimum(start, DAYS)], total[np.maximum(np.minimum(start, DAYS), stop)]
    expected = rate / 365.25 * (high - low)
    counts = np.rint(expected).astype(np.int64) if even else draws.counts(expected)
    row = np.repeat(np.arange(len(rate), dtype=np.int64), counts)
    share = draws.uniform(len(row))
    if even:
        before = np.cumsum(counts) - counts
        share = (np.arange(len(row)) - before[row] + share) / counts[row]
    point = low[row] + share * (high - low)[row]
    return row, np.minimum(np.searchsorted(total, point, side="right") - 1, DAYS - 1).astype(np.int64)


def _exceptional() -> Orders:
    """The largest order ever, and the one that is taken back."""
    day = np.array([day_of(LARGE_ORDER.first), LARGE_REFUND_BOUGHT])
    who = np.array([_customer_of(fact) for fact in (LARGE_ORDER, LARGE_REFUND)])
    lines = priced(np.array([E_BIKE, CARGO]), np.array([240, 62]), day, np.array([0, 0]))
    return _bought(day, who, lines)


def _customer_of(fact: PlantedFact) -> int:
    """Position of the customer that a planted fact names."""
    return int(fact.at("customer_id")[1:]) - 1


def _of_the_key_account(draws: Draws, others: Orders) -> Orders:
    """Three orders a month that make the planted share of revenue, the large refund taken off."""
    month = month_of(others.day)
    revenue = np.bincount(month, weights=others.lines.amount, minlength=MONTHS).astype(np.int64)
    back, first = month_of(np.array([day_of(LARGE_REFUND.first), day_of(KEY_ACCOUNT.first)]))
    revenue[back] -= int(LARGE_REFUND.size * 100)
    months = np.repeat(np.arange(first, MONTHS), 3)
    days = MONTH_STARTS[months] + np.tile((3, 12, 21), MONTHS - int(first)) + draws.between(0, 3, len(months))
    days = working_day(days)
    share = KEY_ACCOUNT.size / (1 - KEY_ACCOUNT.size)
    wanted = revenue[months] / 100 * share / 3
    product, discount = np.full(len(days), E_BIKE, dtype=np.int64), np.full(len(days), 5, dtype=np.int64)
    one = priced(product, np.ones(len(days), dtype=np.int64), days, discount)
    quantity = np.maximum(1, np.rint(wanted * 100 / one.amount)).astype(np.int64)
    who = np.full(len(days), _customer_of(KEY_ACCOUNT), dtype=np.int64)
    return _bought(days, who, priced(product, quantity, days, discount))


def _extras(draws: Draws, orders: Orders) -> Orders:
    """Add a line of small things to some orders; a first order stays what the won deal says."""
    wanted = draws.happens(0.22, len(orders.day)) & (orders.lines.amount < 5_000_000)
    extended = np.flatnonzero(wanted & (orders.channel == UNMARKETED))
    worth = 260.0 * draws.spread(0.6, len(extended))
    day = orders.day[extended]
    return _bought(day, orders.customer[extended], lines_worth(draws, worth, day))


def _forget_channels(draws: Draws, orders: Orders) -> Orders:
    """Leave some orders without a channel, as real ones are; all lines of an order alike."""
    forgotten = draws.happens(NO_CHANNEL, int(orders.number.max()) + 1)[orders.number]
    channel = np.where(forgotten, NONE, orders.channel)
    return replace(orders, channel=channel)


def _refunds(draws: Draws, orders: Orders) -> Orders:
    """Take back some of a line, some days later; and the large order wholly."""
    large = (orders.customer == _customer_of(LARGE_REFUND)) & (orders.lines.amount == int(LARGE_REFUND.size * 100))
    some = draws.happens(0.015, len(orders.day)) & (orders.lines.amount < 5_000_000) & ~large
    row = np.flatnonzero(some | large)
    line, wholly = _rows(orders.lines, row), large[row]
    day = np.where(wholly, day_of(LARGE_REFUND.first), working_day(orders.day[row] + draws.between(4, 30, len(row))))
    part = 1 + np.floor(draws.uniform(len(row)) * line.quantity).astype(np.int64)
    back = np.where(wholly, line.quantity, part)
    returned = OrderLines(
        line.product,
        -back,
        -(line.amount * back // line.quantity),
        -(line.cost * back // line.quantity),
    )
    return _rows_of(replace(_rows_of(orders, row), day=day, lines=returned), np.flatnonzero(day < DAYS))


def _numbered(orders: Orders) -> Orders:
    _, number = np.unique(orders.day * 100_000 + orders.customer, return_inverse=True)
    return replace(orders, number=number.astype(np.int64) + 1)


def _joined(parts: list[Orders]) -> Orders:
    names = [field.name for field in fields(Orders) if field.name != "lines"]
    lines = [[getattr(part.lines, field.name) for part in parts] for field in fields(OrderLines)]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Orders(lines=OrderLines(*map(np.concatenate, lines)), **columns)


def _rows(lines: OrderLines, rows: Ints) -> OrderLines:
    return OrderLines(*(getattr(lines, field.name)[rows] for field in fields(OrderLines)))


def _rows_of(orders: Orders, rows: Ints) -> Orders:
    names = [field.name for field in fields(Orders) if field.name != "lines"]
    return Orders(lines=_rows(orders.lines, rows), **{name: getattr(orders, name)[rows] for name in names})


def orders_table(orders: Orders, customers: Customers) -> pd.DataFrame:
    """Return the table `orders`: one row a line; a refund is a line with a negative amount under the same order."""
    channels = np.array([*CHANNELS, None, DIRECT], dtype=object)
    table = pd.DataFrame(
        {
            "order_id": [f"O{number:05d}" for number in orders.number.tolist()],
            "ordered_on": dates_of(orders.day),
            "customer_id": [customer_id(index) for index in orders.customer.tolist()],
            "amount": orders.lines.amount / 100,
            "cost": orders.lines.cost / 100,
            "quantity": orders.lines.quantity,
            "product": [PRODUCTS[index].name for index in orders.lines.product],
            "channel": channels[orders.channel],
            "region": [REGIONS[index] for index in customers.region[orders.customer]],
            "segment": [SEGMENTS[index] for index in customers.segment[orders.customer]],
        }
    )
    return _alike_as_one(table)


def _alike_as_one(table: pd.DataFrame) -> pd.DataFrame:
    """Put lines of one order that are the same in every column into one line of as many pieces."""
    times = table.groupby(list(table.columns), dropna=False, sort=False)["order_id"].transform("size")
    sums = ["amount", "cost", "quantity"]
    return table.assign(**{name: table[name] * times for name in sums})[~table.duplicated()].reset_index(drop=True)


def customers_table(customers: Customers) -> pd.DataFrame:
    """Return the table `customers`."""
    return pd.DataFrame(
        {
            "customer_id": [customer_id(index) for index in range(len(customers.deal))],
            "acquired_on": dates_of(customers.acquired),
            "acquired_channel": [CHANNELS[index] for index in customers.channel],
            "segment": [SEGMENTS[index] for index in customers.segment],
            "region": [REGIONS[index] for index in customers.region],
        }
    )
