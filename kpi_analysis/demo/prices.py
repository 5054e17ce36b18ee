"""What a line of an order costs the customer and the company, in whole cents, so that sums are exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_analysis.demo.draws import Draws, Floats, Ints
from kpi_analysis.demo.facts import PRICE_CHANGE
from kpi_analysis.demo.world import (
    DISCOUNT_SHARES,
    DISCOUNTS,
    LARGE,
    MIDDLE,
    PRODUCTS,
    SMALL,
    day_of,
    years,
)

PRICES: Ints = np.array([product.price for product in PRODUCTS], dtype=np.int64)
COSTS = np.array([product.price * product.cost for product in PRODUCTS])
COST_RISE = 0.028  # a year


@dataclass(frozen=True)
class OrderLines:
    """Order lines: product, quantity, amount and cost in cents."""

    product: Ints
    quantity: Ints
    amount: Ints
    cost: Ints


def unit_price(product: Ints, day: Ints) -> Ints:
    """List price in cents on a day."""
    risen = np.rint(PRICES * 100 * (1 + PRICE_CHANGE.size)).astype(np.int64)
    return np.where(day >= day_of(PRICE_CHANGE.first), risen[product], PRICES[product] * 100)


def unit_cost(product: Ints, day: Ints) -> Ints:
    """Cost of a unit in cents on a day."""
    cost: Ints = np.rint(COSTS[product] * 100 * (1 + COST_RISE) ** years(day)).astype(np.int64)
    return cost


def priced(product: Ints, quantity: Ints, day: Ints, discount: Ints) -> OrderLines:
    """Price lines; the discount is in per cent."""
    amount = (quantity * unit_price(product, day) * (100 - discount) + 50) // 100
    return OrderLines(product, quantity, amount, quantity * unit_cost(product, day))


def lines_worth(draws: Draws, worth: Floats, day: Ints) -> OrderLines:
    """Draw lines of about a given worth, in EUR at the prices of 2024: customers do not buy less when prices rise."""
    size = len(worth)
    mixes = np.cumsum(np.array([SMALL, MIDDLE, LARGE]), axis=1)
    mix = mixes[np.where(worth < 450, 0, np.where(worth < 2600, 1, 2))]
    product = np.minimum((draws.uniform(size)[:, None] > mix).sum(axis=1), len(PRODUCTS) - 1).astype(np.int64)
    quantity = np.maximum(1, np.rint(worth / PRICES[product])).astype(np.int64)
    discount = np.asarray(DISCOUNTS, dtype=np.int64)[draws.choose(DISCOUNT_SHARES, size)]
    return priced(product, quantity, day, discount)
