"""Accounts: the recurring revenue of each customer at the opening and at the closing of a period, slice by slice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from reference.measures import total
from reference.periods import DAY, day_of
from reference.rows import NoValue, Row, Selection


@dataclass(frozen=True)
class Account:
    """A customer's recurring revenue in a slice at the opening and at the closing, and in all slices together."""

    opening: float
    closing: float
    account_opening: float
    account_closing: float
    had_paid: bool
    expansion: float = 0.0
    contraction: float = 0.0
    moved_in: float = 0.0
    moved_out: float = 0.0
    retained: float = 0.0

    @property
    def stays(self) -> bool:
        """Whether the customer pays on both days, wherever that is."""
        return self.account_opening > 0 and self.account_closing > 0

    @property
    def kept(self) -> float:
        """What of the opening revenue is left, without expansion, and wherever it is paid now."""
        return self.opening - self.contraction if self.stays else 0.0


Condition = Callable[[Account], bool]


# --- until when a plan runs


def last_day_is_counted(plans: list[Row], as_of: dt.date) -> bool:
    """Whether three of four plans that are followed are followed on the day after their end, and not on the day."""
    same = following = 0
    for plan in plans:
        starts = starts_of_others(plan, plans, as_of)
        if plan["ended_on"] is None or plan["ended_on"] < plan["started_on"]:
            continue
        if plan["ended_on"] in starts:
            same += 1
        elif plan["ended_on"] + DAY in starts:
            following += 1
    return following > 0 and following >= 3 * same


def starts_of_others(plan: Row, plans: list[Row], as_of: dt.date) -> set[dt.date]:
    """The days on which plans of the same customer begin that begin after this one."""
    if plan["customer_id"] is None:
        return set()
    starts = {other["started_on"] for other in plans if other["customer_id"] == plan["customer_id"]}
    return {start for start in starts if plan["started_on"] < start <= as_of}


def days_of_plans(s: Selection) -> list[Row]:
    """The plans of the company, each with the first day on which it does not run (`until`)."""
    plans = s.all_rows("subscriptions", "started_on", "ended_on", "mrr")
    plans = [dict(plan) for plan in plans if plan["started_on"] is not None]
    for plan in plans:
        plan["started_on"] = day_of(plan["started_on"])
        plan["ended_on"] = None if plan["ended_on"] is None else day_of(plan["ended_on"])
    inclusive = last_day_is_counted(plans, s.as_of)
    for plan in plans:
        end = plan["ended_on"]
        if end is None:
            plan["until"] = dt.date.max
            continue
        starts = starts_of_others(plan, plans, s.as_of)
        plan["until"] = end if end in starts else end + DAY if end + DAY in starts or inclusive else end
    return plans


def runs_on(plan: Row, day: dt.date) -> bool:
    """Whether a plan runs on a day."""
    found: bool = plan["started_on"] <= day < plan["until"]
    return found


def paid(plans: list[Row], day: dt.date) -> float:
    """What plans bring on a day."""
    return float(sum(plan["mrr"] or 0 for plan in plans if runs_on(plan, day)))


# --- what accounts were and are worth


def accounts(s: Selection, *, since: str = "prior", looks_back: bool = True) -> list[Account]:
    """Each customer of the slice, and what it has moved from or to another one."""
    s.all_rows("subscriptions", "customer_id", "started_on", "ended_on", "mrr")
    closing = s.period.last if looks_back else s.stock_day
    opening = s.period.start - DAY
    if since == "year_ago":
        earlier = s.period.year_ago()
        opening = earlier.last if earlier is not None else s.period.last - 364 * DAY
    s.check_reach("subscriptions", "started_on", flow=True, ends=False)
    if looks_back and opening < min(s.company.days_of("subscriptions", "started_on", s.as_of)):
        raise NoValue
    everybody = [plan for plan in days_of_plans(s) if plan["customer_id"] is not None]
    return [
        account_of([plan for plan in everybody if plan["customer_id"] == customer], s, opening, closing)
        for customer in sorted({plan["customer_id"] for plan in everybody})
    ]


def account_of(plans: list[Row], s: Selection, opening: dt.date, closing: dt.date) -> Account:
    """One customer's account in the slice: what its other slices gained or lost is held against what this one did."""
    was, now = paid(plans, opening), paid(plans, closing)
    slices: dict[tuple[str, ...], list[Row]] = {}
    for plan in plans:
        if s.where(plan):
            slices.setdefault(tuple(plan[name] or "(none)" for name in s.by) if s.group is not None else (), []).append(
                plan
            )
    mine = slices.get(s.group or (), [])
    had_paid = any((p["mrr"] or 0) > 0 and p["started_on"] <= opening and p["until"] > p["started_on"] for p in plans)
    account = Account(paid(mine, opening), paid(mine, closing), was, now, had_paid)
    if not account.stays:
        return account
    worth = [(paid(some, opening), paid(some, closing)) for some in slices.values()]
    gains = sum(max(after - before, 0) for before, after in worth)
    losses = sum(max(before - after, 0) for before, after in worth)
    inside, elsewhere = gains - losses, (now - was) - (gains - losses)
    grown = max(inside, 0) - min(max(inside, 0), max(-elsewhere, 0))
    shrunk = max(-inside, 0) - min(max(-inside, 0), max(elsewhere, 0))
    gain, loss = max(account.closing - account.opening, 0), max(account.opening - account.closing, 0)
    expansion = gain * grown / gains if gains else 0.0
    contraction = loss * shrunk / losses if losses else 0.0
    inside_opening = sum(before for before, _ in worth)
    newly = sum(max(after - before, 0) for before, after in worth if before == 0) * (grown / gains if gains else 0)
    if inside_opening == was:  # nothing was paid elsewhere: what is added there was added by those who were here
        newly += max(now - was, 0) - grown
    retained = account.opening - contraction + expansion + newly * account.opening / (inside_opening or 1)
    return replace(
        account,
        expansion=expansion,
        contraction=contraction,
        moved_in=gain - expansion,
        moved_out=loss - contraction,
        retained=retained if account.opening > 0 else 0.0,
    )


def sum_over(s: Selection, amount: Callable[[Account], float], where: Condition, since: str = "prior") -> float:
    """The sum of an amount over the accounts that meet a condition."""
    return float(sum(amount(account) for account in accounts(s, since=since) if where(account)))


def number_of(s: Selection, where: Condition) -> float:
    """The number of accounts that meet a condition."""
    return sum_over(s, lambda a: 1, where)


def recurring_revenue(s: Selection) -> float:
    """Monthly recurring revenue of the plans open at the end."""
    s.rows("subscriptions", "started_on", "ended_on", "mrr")
    s.check_reach("subscriptions", "started_on", flow=False)
    plans = [plan for plan in days_of_plans(s) if s.where(plan) and s.in_slice(plan)]
    return total(plan["mrr"] for plan in plans if runs_on(plan, s.stock_day))


def paying_accounts(s: Selection) -> float:
    """The number of customers with recurring revenue at the end."""
    return float(sum(account.closing > 0 for account in accounts(s, looks_back=False)))


def revenue_per_account(s: Selection) -> float:
    """Recurring revenue over paying accounts."""
    return recurring_revenue(s) / paying_accounts(s)
