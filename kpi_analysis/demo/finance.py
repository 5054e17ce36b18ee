"""Invoices of the orders, and the ledger that agrees with both to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.demo.draws import Draws, Flags, Floats, Ints
from kpi_analysis.demo.trade import DEALERS, Orders, customer_id
from kpi_analysis.demo.world import DAYS, MONTH_STARTS, MONTHS, NEVER, all_dates_of, dates_of, month_of, working_day

TERM = 30  # days until an invoice is due
OLD_INVOICES = 190  # unpaid when the data begin
OLDEST_INVOICE = -57
ON_TIME, LATE = 0.72, 0.23  # the rest is very late

OTHER_COSTS, COSTS_OF_SALES = 92_000_00, 0.045  # cents a month and its rise; part of revenue
COST_RISE = 0.0025
TAX_RATE = 0.27
OPENING = {"inventory": 1_820_000_00, "cash": 640_000_00}
SHORT_TERM_LOAN = 900_000_00
DIVIDEND_MONTH, DIVIDEND_SHARE = 4, 0.7  # paid in May out of last year's net income


def invoices_table(seed: int, orders: Orders) -> pd.DataFrame:
    """Return the table `invoices`: one an order, a credit note a refund, and those unpaid when the data begin."""
    draws = Draws(seed, "invoices")
    back = orders.lines.amount < 0
    key = orders.day * 1_000_000 + orders.number * 2 + back
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    amount = np.zeros(len(first), dtype=np.int64)
    np.add.at(amount, group, orders.lines.amount)
    issued, who, credit = orders.day[first], orders.customer[first], back[first]

    old = np.sort(draws.between(OLDEST_INVOICE, -1, OLD_INVOICES))
    worth = np.rint(600_000 * draws.spread(0.6, OLD_INVOICES)).astype(np.int64)
    issued, amount = np.r_[old, issued], np.r_[worth, amount]
    who, credit = np.r_[draws.between(0, DEALERS - 1, OLD_INVOICES), who], np.r_[np.zeros(OLD_INVOICES, bool), credit]
    paid = _paid_on(draws, issued, credit)
    paid[:OLD_INVOICES] = np.maximum(paid[:OLD_INVOICES], draws.between(1, 20, OLD_INVOICES))
    paid = np.where(paid < DAYS, paid, NEVER)
    return pd.DataFrame(
        {
            "invoice_id": [f"N{number:05d}" for number in range(1, len(issued) + 1)],
            "issued_on": dates_of(issued),
            "amount": amount / 100,
            "due_on": all_dates_of(issued + np.where(credit, 0, TERM)),
            "paid_on": dates_of(paid),
            "paid_amount": np.where(paid < DAYS, amount / 100, np.nan),
            "customer_id": [customer_id(index) for index in who.tolist()],
        }
    )


def _paid_on(draws: Draws, issued: Ints, credit: Flags) -> Ints:
    size = len(issued)
    kind = draws.choose((ON_TIME, LATE, 1 - ON_TIME - LATE), size)
    after = np.choose(kind, [draws.between(8, 30, size), draws.between(31, 60, size), draws.between(61, 120, size)])
    return np.asarray(working_day(issued + np.where(credit, draws.between(0, 5, size), after)), dtype=np.int64)


def ledger_table(seed: int, orders: Orders, invoices: pd.DataFrame, spend: pd.DataFrame, staff: Ints) -> pd.DataFrame:
    """Return the table `ledger`: each account at the end of each month, all as positive figures.

    `staff` is how many people are employed at the end of each month.
    """
    draws = Draws(seed, "ledger")
    month = month_of(orders.day)
    revenue, cogs = np.zeros(MONTHS, dtype=np.int64), np.zeros(MONTHS, dtype=np.int64)
    np.add.at(revenue, month, orders.lines.amount)
    np.add.at(cogs, month, orders.lines.cost)
    months = np.arange(MONTHS)

    marketing = np.zeros(MONTHS, dtype=np.int64)
    np.add.at(marketing, _months_of(spend["spent_on"]), np.rint(spend["amount"].to_numpy() * 100).astype(np.int64))
    salaries = np.rint(staff * 4_250_00 * (1 + COST_RISE) ** months).astype(np.int64)
    other = OTHER_COSTS * (1 + COST_RISE) ** months * draws.spread(0.04, MONTHS) + COSTS_OF_SALES * revenue
    expense = salaries + marketing + _whole(other)
    depreciation = _whole(41_000_00 * (1 + 0.003) ** months)
    amortisation = np.full(MONTHS, 9_500_00, dtype=np.int64)
    interest = _whole(7_200_00 * (1 - 0.006) ** months)
    taxable = revenue - cogs - expense - depreciation - amortisation - interest
    tax = _whole(np.maximum(taxable, 0) * TAX_RATE)
    income = taxable - tax

    smooth = np.convolve(np.r_[cogs[0], cogs, cogs[-1], cogs[-1]], (0.35, 0.35, 0.2, 0.1), mode="valid")
    bought = _whole(smooth * 1.006 * draws.spread(0.03, MONTHS))
    inventory = OPENING["inventory"] + np.cumsum(bought - cogs)
    payables = _whole(bought * 1.15)
    opening_receivables, receivables = _receivables(invoices)

    operating = income + depreciation + amortisation
    operating -= np.diff(np.r_[opening_receivables, receivables]) + (cogs - bought) * -1
    operating += np.diff(np.r_[payables[0], payables])
    capex = _whole(46_000_00 * draws.spread(0.25, MONTHS))
    cost = np.where(months % 3 == 2, _whole(60_000_00 * draws.spread(0.15, MONTHS)), 0)
    gain = np.where(months % 3 == 2, _whole(cost * draws.uniform(MONTHS, 1.08, 1.34)), 0)
    dividends = np.zeros(MONTHS, dtype=np.int64)
    for year in range(1, (MONTHS + 11) // 12):
        last = income[12 * (year - 1) : 12 * year].sum()
        dividends[12 * year + DIVIDEND_MONTH] = max(0, int(last * DIVIDEND_SHARE))
    cash = OPENING["cash"] + np.cumsum(operating - capex + gain - cost - dividends)

    accounts = {
        "revenue": revenue, "cogs": cogs, "operating_expense": expense, "depreciation": depreciation,
        "amortisation": amortisation, "interest": interest, "tax": tax, "cash": cash, "receivables": receivables,
        "inventory": inventory, "payables": payables, "current_assets": cash + receivables + inventory,
        "current_liabilities": payables + SHORT_TERM_LOAN, "capex": capex, "operating_cash_flow": operating,
        "investment_gain": gain, "investment_cost": cost, "dividends": dividends,
    }  # fmt: skip
    cents = np.stack(list(accounts.values()), axis=1).ravel()
    table = pd.DataFrame(
        {
            "booked_on": dates_of(np.repeat(MONTH_STARTS[1:] - 1, len(accounts))),
            "account": np.tile(list(accounts), MONTHS),
            "amount": cents / 100,
        }
    )
    return table


def _receivables(invoices: pd.DataFrame) -> tuple[int, Ints]:
    """Unpaid invoices in cents, when the data begin and at the end of each month."""
    cents = np.rint(invoices["amount"].to_numpy() * 100).astype(np.int64)
    issued, paid = _days_of(invoices["issued_on"]), _days_of(invoices["paid_on"])
    ends = np.r_[-1, MONTH_STARTS[1:] - 1]
    unpaid = np.array([cents[(issued <= end) & (paid > end)].sum() for end in ends], dtype=np.int64)
    return int(unpaid[0]), unpaid[1:]


def _days_of(dates: pd.Series) -> Ints:
    days = dates.to_numpy().astype("datetime64[D]")
    counted = (days - all_dates_of(np.zeros(1, dtype=np.int64))).astype(np.int64)
    return np.where(np.isnat(days), NEVER, counted)


def _months_of(dates: pd.Series) -> Ints:
    return month_of(_days_of(dates))


def _whole(amount: Floats) -> Ints:
    return np.rint(amount).astype(np.int64)
