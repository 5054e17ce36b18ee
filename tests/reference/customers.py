"""Customers: retention, recurring revenue, lifetime value, repeat purchases."""

from __future__ import annotations

from reference.accounts import Account, number_of, paying_accounts, recurring_revenue, revenue_per_account, sum_over
from reference.margins import gross_margin
from reference.marketing import acquisition_cost
from reference.measures import growth, rows_in_period
from reference.results import Result, by_name, ratio
from reference.rows import Row, Selection, Test
from reference.sales import is_sale

# --- what the KPIs are made of


def was_there(account: Account) -> bool:
    """Whether an account paid in the slice at the opening."""
    return account.opening > 0


def is_new(account: Account) -> bool:
    """Whether an account pays in the slice at the closing and paid nowhere at the opening."""
    return account.account_opening == 0 and account.closing > 0


def has_left(account: Account) -> bool:
    """Whether an account paid in the slice at the opening and pays nowhere at the closing."""
    return account.opening > 0 and account.account_closing == 0


def at_start(s: Selection) -> float:
    """The number of accounts at the opening."""
    return number_of(s, was_there)


def churn(s: Selection) -> float:
    """Accounts that left over accounts at the opening."""
    return number_of(s, has_left) / at_start(s)


def orders_by_customer(s: Selection, value: str, *, where: Test = lambda row: True) -> list[list[Row]]:
    """The orders of the period and slice, customer by customer."""
    rows = rows_in_period(s, "orders", "ordered_on", "customer_id", value, where=where)
    customers = sorted({row["customer_id"] for row in rows} - {None})
    return [[row for row in rows if row["customer_id"] == customer] for customer in customers]


def gross_profit_per_account(s: Selection) -> float:
    """The gross profit of an account in as many months as the period has."""
    whole = {"month": 1, "quarter": 3, "year": 12}.get(s.period.grain)
    months = whole if whole and s.period.last == s.period.end else s.period.days / (365.25 / 12)
    return gross_margin(s) * revenue_per_account(s) * months


# --- retention


def customer_retention_rate(s: Selection) -> Result:
    """Accounts that stayed over accounts at the opening."""
    return ratio(s, lambda s: number_of(s, lambda a: was_there(a) and not has_left(a)), at_start)


def churn_rate(s: Selection) -> Result:
    """Accounts that left over accounts at the opening."""
    return ratio(s, lambda s: number_of(s, has_left), at_start)


def net_revenue_retention(s: Selection) -> Result:
    """What the accounts of a year ago pay now, over what they paid."""
    return ratio(
        s,
        lambda s: sum_over(s, lambda a: a.retained, was_there, "year_ago"),
        lambda s: sum_over(s, lambda a: a.opening, was_there, "year_ago"),
    )


def gross_revenue_retention(s: Selection) -> Result:
    """The same without expansion."""
    return ratio(
        s,
        lambda s: sum_over(s, lambda a: a.kept, was_there, "year_ago"),
        lambda s: sum_over(s, lambda a: a.opening, was_there, "year_ago"),
    )


def net_revenue_retention_in_period(s: Selection) -> Result:
    """What the accounts of the opening pay at the closing, over what they paid."""
    return ratio(
        s, lambda s: sum_over(s, lambda a: a.retained, was_there), lambda s: sum_over(s, lambda a: a.opening, was_there)
    )


def gross_revenue_retention_in_period(s: Selection) -> Result:
    """The same without expansion."""
    return ratio(
        s, lambda s: sum_over(s, lambda a: a.kept, was_there), lambda s: sum_over(s, lambda a: a.opening, was_there)
    )


# --- recurring revenue


def monthly_recurring_revenue(s: Selection) -> float:
    """Monthly recurring revenue of the plans open at the end."""
    return recurring_revenue(s)


def mrr_growth(s: Selection) -> float:
    """Recurring revenue against the period before."""
    return growth(recurring_revenue(s), recurring_revenue(s.prior()))


def mrr_new(s: Selection) -> float:
    """Recurring revenue of accounts that never paid before."""
    return sum_over(s, lambda a: a.closing, lambda a: is_new(a) and not a.had_paid)


def mrr_reactivation(s: Selection) -> float:
    """Recurring revenue of accounts that came back."""
    return sum_over(s, lambda a: a.closing, lambda a: is_new(a) and a.had_paid)


def mrr_expansion(s: Selection) -> float:
    """What accounts pay more than at the opening."""
    return sum_over(s, lambda a: a.expansion, lambda a: a.expansion > 0)


def mrr_contraction(s: Selection) -> float:
    """What accounts pay less than at the opening."""
    return sum_over(s, lambda a: a.contraction, lambda a: a.contraction > 0)


def mrr_moved_in(s: Selection) -> float:
    """What accounts that stay have brought from other slices."""
    return sum_over(s, lambda a: a.moved_in, lambda a: a.moved_in > 0)


def mrr_moved_out(s: Selection) -> float:
    """What accounts that stay have taken to other slices."""
    return sum_over(s, lambda a: a.moved_out, lambda a: a.moved_out > 0)


def mrr_churned(s: Selection) -> float:
    """What the accounts that left had paid."""
    return sum_over(s, lambda a: a.opening, has_left)


def average_revenue_per_account(s: Selection) -> Result:
    """Recurring revenue over paying accounts."""
    return ratio(s, recurring_revenue, paying_accounts)


def active_accounts(s: Selection) -> float:
    """The number of paying accounts at the end."""
    return paying_accounts(s)


# --- value


def customer_lifetime_value(s: Selection) -> Result:
    """The gross profit of an account over the churn rate."""
    return ratio(s, gross_profit_per_account, churn)


def ltv_to_cac(s: Selection) -> Result:
    """Lifetime value over acquisition cost."""
    return ratio(s, lambda s: gross_profit_per_account(s) / churn(s), acquisition_cost)


def repeat_purchase_rate(s: Selection) -> Result:
    """Customers with two orders and more over customers with an order."""
    return ratio(
        s,
        lambda s: float(
            sum(
                len({row["order_id"] for row in rows} - {None}) >= 2
                for rows in orders_by_customer(s, "order_id", where=is_sale)
            )
        ),
        lambda s: float(len(orders_by_customer(s, "order_id", where=is_sale))),
    )


CUSTOMERS = by_name(
    customer_retention_rate,
    churn_rate,
    net_revenue_retention,
    gross_revenue_retention,
    net_revenue_retention_in_period,
    gross_revenue_retention_in_period,
    monthly_recurring_revenue,
    mrr_growth,
    mrr_new,
    mrr_reactivation,
    mrr_expansion,
    mrr_contraction,
    mrr_moved_in,
    mrr_moved_out,
    mrr_churned,
    average_revenue_per_account,
    active_accounts,
    customer_lifetime_value,
    ltv_to_cac,
    repeat_purchase_rate,
)
