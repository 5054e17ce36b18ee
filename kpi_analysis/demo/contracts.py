"""Service contracts: one row for each interval in which an account pays the same; a day of change ends the one
interval and begins the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kpi_analysis.demo.draws import Draws, Flags, Floats, Ints
from kpi_analysis.demo.facts import CHURN_WAVE
from kpi_analysis.demo.trade import DEALERS, OLD, Customers, customer_id
from kpi_analysis.demo.world import (
    DAYS,
    MONTH_STARTS,
    MONTHS,
    NEVER,
    PLAN_PRICES,
    PLANS,
    REGIONS,
    SEGMENTS,
    dates_of,
    day_of,
    month_of,
)

OPENING_DAY = -1  # contracts that are older begin in the new billing system on 31 December 2023
OPENING_MIX = (0.46, 0.37, 0.17)
NEW_MIX = (0.50, 0.36, 0.14)
SIGN_UP = 0.33  # of new customers
LEAVING = (0.0115, 0.0080, 0.0055)  # a month, by plan
UPGRADE, DOWNGRADE, RETURN = 0.0185, 0.0045, 0.014  # a month
PRICES: Floats = np.array(PLAN_PRICES, dtype=np.float64)


@dataclass
class _Book:
    """The accounts as they stand, and the intervals that are over."""

    customer: Ints
    started: Ints
    left: Ints
    mrr: Ints
    plan: Ints
    active: Flags
    rows: list[tuple[Ints, Ints, Ints, Ints, Ints]] = field(default_factory=list)

    def close(self, who: Ints, day: Ints) -> None:
        """End the running interval of accounts."""
        self.rows.append((self.customer[who], self.started[who], day, self.mrr[who], self.plan[who]))


def subscriptions_table(seed: int, customers: Customers) -> pd.DataFrame:
    """Return the table `subscriptions`."""
    draws = Draws(seed, "contracts")
    book = _opened(draws, customers)
    for month in range(MONTHS):
        _live(draws, book, month)
    running = np.flatnonzero(book.active & (book.started < DAYS))
    book.close(running, np.full(len(running), NEVER))
    customer, started, ended, mrr, plan = (np.concatenate(column) for column in zip(*book.rows, strict=True))
    order = np.lexsort((customer, started))
    customer, started, ended, mrr, plan = (c[order] for c in (customer, started, ended, mrr, plan))
    return pd.DataFrame(
        {
            "customer_id": [customer_id(index) for index in customer.tolist()],
            "started_on": dates_of(started),
            "ended_on": dates_of(ended),
            "mrr": mrr,
            "plan": [PLANS[index] for index in plan],
            "segment": [SEGMENTS[index] for index in customers.segment[customer]],
            "region": [REGIONS[index] for index in customers.region[customer]],
        }
    )


def _opened(draws: Draws, customers: Customers) -> _Book:
    """Older customers with a contract, and those who sign one some weeks after their first order."""
    old = np.arange(0, OLD)
    new = np.arange(OLD, len(customers.deal))
    new = new[draws.happens(SIGN_UP, len(new))]
    begins = customers.acquired[new] + 4 + draws.waits(20.0, len(new))
    new, begins = new[begins < DAYS], begins[begins < DAYS]
    customer = np.r_[old, new]
    plan = np.r_[draws.choose(OPENING_MIX, len(old)), draws.choose(NEW_MIX, len(new))]
    plan[:DEALERS] = np.maximum(plan[:DEALERS], 1)
    mrr = np.rint(PRICES[plan] * draws.spread(0.22, len(customer))).astype(np.int64)
    started = np.r_[np.full(len(old), OPENING_DAY, dtype=np.int64), begins]
    return _Book(customer, started, np.full(len(customer), NEVER), mrr, plan, np.ones(len(customer), dtype=bool))


def _live(draws: Draws, book: _Book, month: int) -> None:
    """One month: some accounts leave, some pay more, some less, and some that left come back."""
    size = len(book.customer)
    chance, day = draws.uniform(size), MONTH_STARTS[month] + draws.between(1, 26, size)
    new_plan, new_mrr = _changed(draws, book, up=draws.happens(0.5, size))
    present = book.active & (book.started < MONTH_STARTS[month])
    leaving = np.asarray(LEAVING)[book.plan]
    if month == month_of(np.array([day_of(CHURN_WAVE.first)]))[0]:
        wave = present & (book.plan == PLANS.index(CHURN_WAVE.at("plan")))
        leaving = np.where(wave, np.quantile(chance[wave], CHURN_WAVE.size), leaving)

    leaves = present & (chance < leaving)
    grows = present & ~leaves & (chance > 1 - UPGRADE)
    shrinks = present & ~leaves & ~grows & (chance > 1 - UPGRADE - DOWNGRADE)
    returns = ~book.active & (book.left < MONTH_STARTS[month] - 30) & (chance < RETURN)

    ending = np.flatnonzero(leaves | grows | shrinks)
    book.close(ending, day[ending])
    book.active = (book.active & ~leaves) | returns
    book.left = np.where(leaves, day, book.left)
    book.started = np.where(grows | shrinks | returns, day, book.started)
    for which, direction in ((grows, 1), (shrinks, 0)):
        book.plan = np.where(which, new_plan[direction], book.plan)
        book.mrr = np.where(which, new_mrr[direction], book.mrr)


def _changed(draws: Draws, book: _Book, up: Flags) -> tuple[Ints, Ints]:
    """Plan and amount after a downgrade (0) and after an upgrade (1): half of them change the plan, half the seats."""
    size = len(book.customer)
    plan = np.stack([np.maximum(book.plan - up, 0), np.minimum(book.plan + up, len(PLANS) - 1)])
    seats = np.stack([draws.uniform(size, 0.6, 0.85), draws.uniform(size, 1.2, 1.6)])
    factor = np.where(plan == book.plan, seats, PRICES[plan] / PRICES[book.plan])
    return plan, np.maximum(1, np.rint(book.mrr * factor)).astype(np.int64)
