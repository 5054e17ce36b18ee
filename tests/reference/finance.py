"""Finance: the ledger, invoices, and how revenue is spread over customers."""

from __future__ import annotations

from reference.customers import orders_by_customer
from reference.margins import orders_with_cost
from reference.measures import (
    average_of_stock,
    first_connected,
    flow,
    latest_balances,
    open_rows,
    rows_in_period,
    total,
)
from reference.results import Result, by_name, ratio, share
from reference.rows import NotConnected, NoValue, Row, Selection
from reference.sales import order_revenue, sales_revenue

# --- what the KPIs are made of


def booked(s: Selection, account: str) -> float:
    """What was booked on an account in the period."""
    return flow(s, "ledger", "booked_on", "amount", "account", account=account)


def required(s: Selection, account: str) -> float:
    """The same, of an account that the ledger must have."""
    check_account(s, account)
    return booked(s, account)


def check_account(s: Selection, account: str) -> None:
    """Without such an account in the ledger there is no figure."""
    if account not in {row["account"] for row in s.all_rows("ledger")}:
        raise NotConnected


def balance(s: Selection, account: str) -> float:
    """What stands on an account at the end."""
    check_account(s, account)
    groups = latest_balances(s, "ledger", "account", "booked_on", "amount", account=account)
    return total(row["amount"] for rows in groups for row in rows)


def payment(row: Row) -> float | None:
    """What was paid of an invoice; all of it where no part is named."""
    paid = row.get("paid_amount")
    amount: float | None = row["amount"] if paid is None else paid
    return amount


def margin_revenue(s: Selection) -> float:
    """Revenue that the cost of goods belongs to."""
    return first_connected(s, lambda s: required(s, "revenue"), order_revenue)


def cost_of_goods(s: Selection) -> float:
    """The cost of goods sold by the ledger, or by the orders."""
    return first_connected(
        s,
        lambda s: required(s, "cogs"),
        lambda s: total(cost for _, cost in orders_with_cost(s)),
        lambda s: flow(s, "orders", "ordered_on", "cost"),
    )


def revenue_by_customer(s: Selection) -> list[float | None]:
    """Revenue of each customer, None where no amount of it is known."""
    orders = orders_by_customer(s, "amount")
    amounts = [[row["amount"] for row in rows if row["amount"] is not None] for rows in orders]
    return [sum(known) if known else None for known in amounts]


def customer_revenue(s: Selection) -> float:
    """Revenue of customers who are known."""
    return total(revenue_by_customer(s))


def largest(s: Selection, how_many: int = 1) -> float:
    """Revenue of the largest customers."""
    amounts = revenue_by_customer(s)
    known = sorted((value for value in amounts if value is not None), reverse=True)
    if (how_many == 1 or amounts) and not known:
        raise NoValue
    return sum(known[:how_many])


# --- margins and income


def gross_profit_margin(s: Selection) -> Result:
    """Revenue less the cost of goods, over revenue."""
    return ratio(s, lambda s: margin_revenue(s) - cost_of_goods(s), margin_revenue)


def operating_income(s: Selection) -> float:
    """Revenue less the cost of goods, operating expense, depreciation and amortisation."""
    costs = (
        required(s, "cogs") + required(s, "operating_expense") + booked(s, "depreciation") + booked(s, "amortisation")
    )
    return required(s, "revenue") - costs


def ebitda(s: Selection) -> float:
    """Operating income before depreciation and amortisation."""
    return operating_income(s) + booked(s, "depreciation") + booked(s, "amortisation")


def ebitda_margin(s: Selection) -> Result:
    """EBITDA over revenue."""
    return ratio(s, ebitda, lambda s: required(s, "revenue"))


def net_income(s: Selection) -> float:
    """Operating income with other income, less other expense, interest and tax."""
    other = booked(s, "other_income") - booked(s, "other_expense")
    return operating_income(s) + other - booked(s, "interest") - booked(s, "tax")


def net_profit_margin(s: Selection) -> Result:
    """Net income over revenue."""
    return ratio(s, net_income, lambda s: required(s, "revenue"))


def return_on_investment(s: Selection) -> Result:
    """The gain of investments less their cost, over their cost."""
    return ratio(
        s,
        lambda s: required(s, "investment_gain") - required(s, "investment_cost"),
        lambda s: required(s, "investment_cost"),
    )


# --- cash and balances


def operating_cash_flow(s: Selection) -> float:
    """What was booked on the account of that name."""
    return required(s, "operating_cash_flow")


def working_capital(s: Selection) -> float:
    """Current assets less current liabilities."""
    return balance(s, "current_assets") - balance(s, "current_liabilities")


def current_ratio(s: Selection) -> Result:
    """Current assets over current liabilities."""
    return ratio(s, lambda s: balance(s, "current_assets"), lambda s: balance(s, "current_liabilities"))


def accounts_receivable(s: Selection) -> float:
    """What is issued up to the end, less what is paid by then."""
    issued = total(row["amount"] for row in open_rows(s, "invoices", "issued_on", None, "amount"))
    return issued - total(payment(row) for row in open_rows(s, "invoices", "paid_on", None, "amount"))


def days_sales_outstanding(s: Selection) -> float:
    """Receivables over revenue, times the days of the period."""
    return accounts_receivable(s) / sales_revenue(s) * s.period.days


def collection_ratio(s: Selection) -> Result:
    """What was paid in the period over what was issued in it."""
    return ratio(
        s,
        lambda s: total(payment(row) for row in rows_in_period(s, "invoices", "paid_on", "amount")),
        lambda s: flow(s, "invoices", "issued_on", "amount"),
    )


def inventory_turnover(s: Selection) -> Result:
    """The cost of goods over the mean inventory, a year."""

    def turned(s: Selection) -> float:
        return required(s, "cogs") / average_of_stock(s, lambda s: balance(s, "inventory")) * 365

    return ratio(s, turned, lambda s: s.period.days)


# --- concentration


def revenue_concentration(s: Selection) -> Result:
    """The share of the largest customer."""
    return share(s, largest, customer_revenue)


def revenue_concentration_top_ten(s: Selection) -> Result:
    """The share of the ten largest customers."""
    return share(s, lambda s: largest(s, 10), customer_revenue, part=largest)


def revenue_herfindahl(s: Selection) -> Result:
    """The sum of the squared shares of customers."""
    return share(
        s,
        lambda s: total(None if value is None else value**2 for value in revenue_by_customer(s)),
        lambda s: customer_revenue(s) ** 2,
        part=largest,
        whole=customer_revenue,
    )


def income_sources(s: Selection) -> Result:
    """Revenue of a slice as a part of all revenue."""
    return ratio(s, sales_revenue, lambda s: sales_revenue(s.whole()))


FINANCE = by_name(
    gross_profit_margin,
    operating_income,
    ebitda,
    ebitda_margin,
    net_income,
    net_profit_margin,
    return_on_investment,
    operating_cash_flow,
    working_capital,
    current_ratio,
    accounts_receivable,
    days_sales_outstanding,
    collection_ratio,
    inventory_turnover,
    revenue_concentration,
    revenue_concentration_top_ten,
    revenue_herfindahl,
    income_sources,
)
