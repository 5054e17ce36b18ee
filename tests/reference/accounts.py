"""Accounts: the recurring revenue of each customer at the opening and at the closing of a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference.measures import is_open, open_rows, total
from reference.periods import DAY
from reference.rows import NoValue, Selection


@dataclass(frozen=True)
class Account:
    """A customer's recurring revenue at the opening and at the closing, and whether there was any plan earlier."""

    opening: float
    closing: float
    had_a_plan: bool

    @property
    def kept(self) -> float:
        """What of the opening revenue is left, without expansion."""
        return min(self.opening, self.closing)


Condition = Callable[[Account], bool]


def accounts(s: Selection, *, since: str = "prior", looks_back: bool = True) -> list[Account]:
    """Each customer of the slice: the sum over the plans that are open on each of the two days."""
    everybody = s.all_rows("subscriptions", "customer_id", "started_on", "ended_on", "mrr")
    closing = s.period.last if looks_back else s.stock_day
    opening = s.period.start - DAY
    if since == "year_ago":
        earlier = s.period.year_ago()
        opening = earlier.last if earlier is not None else s.period.last - 364 * DAY
    s.check_reach("subscriptions", "started_on", flow=True, ends=False)
    everybody = [row for row in everybody if row["customer_id"] is not None and row["started_on"] is not None]
    if looks_back and opening < min(s.company.days_of("subscriptions", "started_on", s.as_of)):
        raise NoValue
    found = []
    for customer in sorted({row["customer_id"] for row in everybody}):
        all_plans = [row for row in everybody if row["customer_id"] == customer]
        plans = [row for row in all_plans if s.where(row) and s.in_slice(row)]
        was, now = (
            sum(row["mrr"] or 0 for row in plans if is_open(row, "started_on", "ended_on", on))
            for on in (opening, closing)
        )
        found.append(Account(was, now, any(row["started_on"] <= opening for row in all_plans)))
    return found


def sum_over(s: Selection, amount: Callable[[Account], float], where: Condition, since: str = "prior") -> float:
    """The sum of an amount over the accounts that meet a condition."""
    return float(sum(amount(account) for account in accounts(s, since=since) if where(account)))


def number_of(s: Selection, where: Condition) -> float:
    """The number of accounts that meet a condition."""
    return sum_over(s, lambda a: 1, where)


def recurring_revenue(s: Selection) -> float:
    """Monthly recurring revenue of the plans open at the end."""
    return total(row["mrr"] for row in open_rows(s, "subscriptions", "started_on", "ended_on", "mrr"))


def paying_accounts(s: Selection) -> float:
    """The number of customers with recurring revenue at the end."""
    return float(sum(account.closing > 0 for account in accounts(s, looks_back=False)))


def revenue_per_account(s: Selection) -> float:
    """Recurring revenue over paying accounts."""
    return recurring_revenue(s) / paying_accounts(s)
