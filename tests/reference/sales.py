"""Sales: revenue, orders, opportunities."""

from __future__ import annotations

import statistics

from reference.measures import (
    Number,
    count,
    first_connected,
    first_times,
    flow,
    growth,
    open_rows,
    rows_in_period,
    total,
    where_known,
)
from reference.results import Result, by_name, ratio
from reference.rows import NotConnected, Row, Selection

# --- what the KPIs are made of


def is_won(row: Row) -> bool:
    """Whether an opportunity is won."""
    return bool(row["outcome"] == "won")


def is_sale(row: Row) -> bool:
    """Whether a line of an order is a sale: refunds and gifts are not."""
    return row["amount"] is not None and row["amount"] > 0


def order_revenue(s: Selection) -> float:
    """What was ordered, refunds subtracted."""
    return flow(s, "orders", "ordered_on", "amount")


def won_amount(s: Selection) -> float:
    """The amount of the opportunities won."""
    return flow(s, "opportunities", "closed_on", "amount", where=is_won)


def won_deals(s: Selection) -> float:
    """The number of opportunities won."""
    return count(s, "opportunities", "closed_on", where=is_won)


def closed_deals(s: Selection) -> float:
    """The number of opportunities won or lost."""
    return count(s, "opportunities", "closed_on", where=lambda r: r["outcome"] in ("won", "lost"))


def open_deals(s: Selection) -> list[Row]:
    """Opportunities that are open at the end; one that is won or lost on an unknown day is not."""
    rows = open_rows(s, "opportunities", "created_on", "closed_on", "outcome")
    return [row for row in rows if row["outcome"] == "open" or row["closed_on"] is not None]


def days_to_win(s: Selection) -> list[float | None]:
    """The days from creation to close of each opportunity won."""
    rows = rows_in_period(s, "opportunities", "closed_on", "created_on", where=is_won)
    return [where_known(lambda r: (r["closed_on"] - r["created_on"]).days, "created_on")(r) for r in rows]


def became(*columns: str) -> Number:
    """The number of leads of the period that have all of these."""
    return lambda s: count(
        s, "leads", "created_on", *columns, where=lambda r: all(r[n] not in (None, False) for n in columns)
    )


def leads_converted(s: Selection) -> float:
    """Leads that became customers, by what the company tells of it: the customer, a date, a won opportunity."""

    def is_converted(row: Row) -> bool:
        return any(row.get(name) is not None for name in ("customer_id", "converted_on", "won_on"))

    def by_opportunity(s: Selection) -> float:
        if not s.tells("won_on"):
            raise NotConnected
        return count(s, "leads", "created_on", "lead_id", where=is_converted)

    return first_connected(
        s,
        lambda s: count(s, "leads", "created_on", "customer_id", where=is_converted),
        lambda s: count(s, "leads", "created_on", "converted_on", where=is_converted),
        by_opportunity,
    )


# --- KPIs


def sales_revenue(s: Selection) -> float:
    """Orders, or opportunities won, or the ledger: the first that is connected, or the one that the company names."""
    definitions: dict[str, Number] = {
        "orders": order_revenue,
        "opportunities": won_amount,
        "ledger": lambda s: flow(s, "ledger", "booked_on", "amount", "account", account="revenue"),
    }
    named = s.company.revenue_from
    return definitions[named](s) if named else first_connected(s, *definitions.values())


def revenue_growth(s: Selection) -> float:
    """Revenue against the period before."""
    return growth(sales_revenue(s), sales_revenue(s.prior()))


def revenue_growth_on_year(s: Selection) -> float:
    """Revenue against the same period of the year before."""
    return growth(sales_revenue(s), sales_revenue(s.year_ago()))


def order_count(s: Selection) -> float:
    """The number of orders with a sale."""
    rows = rows_in_period(s, "orders", "ordered_on", "order_id", where=is_sale)
    return float(len({row["order_id"] for row in rows} - {None}))


def average_order_value(s: Selection) -> Result:
    """Revenue of orders over their number."""
    return ratio(s, order_revenue, order_count)


def opportunities_created(s: Selection) -> float:
    """The number of opportunities created."""
    return count(s, "opportunities", "created_on")


def open_pipeline(s: Selection) -> float:
    """The number of open opportunities."""
    return float(len(open_deals(s)))


def pipeline_value(s: Selection) -> float:
    """The amount of the open opportunities."""
    return total(row["amount"] for row in open_deals(s))


def opportunity_to_win_ratio(s: Selection) -> Result:
    """Opportunities won over those closed."""
    return ratio(s, won_deals, closed_deals)


def average_deal_size(s: Selection) -> Result:
    """Amount won over opportunities won."""
    return ratio(s, won_amount, won_deals)


def sales_cycle_length(s: Selection) -> Result:
    """The mean of the days from creation to close of the opportunities won."""
    return ratio(s, lambda s: total(days_to_win(s)), lambda s: float(sum(days is not None for days in days_to_win(s))))


def sales_cycle_median(s: Selection) -> float:
    """The median of the same days."""
    return float(statistics.median([days for days in days_to_win(s) if days is not None]))


def sales_velocity(s: Selection) -> Result:
    """Opportunities in work, times win rate, times deal size, over the length of the cycle."""

    def expected(s: Selection) -> float:
        in_work = open_pipeline(s.prior()) + opportunities_created(s)
        return in_work * (won_deals(s) / closed_deals(s)) * (won_amount(s) / won_deals(s))

    return ratio(s, expected, lambda s: sales_cycle_length(s).number)


def lead_to_sale_conversion(s: Selection) -> Result:
    """Leads that became customers over leads."""
    return ratio(s, leads_converted, lambda s: count(s, "leads", "created_on"))


def new_customers(s: Selection) -> float:
    """Customers with their first order, or their first opportunity won, in the period."""
    lines = ("order_id", "amount", "cost", "quantity", "product", "channel", "region", "segment")
    return first_connected(
        s,
        lambda s: first_times(s, "orders", "customer_id", "ordered_on", *lines, where=is_sale),
        lambda s: first_times(s, "opportunities", "customer_id", "closed_on", "opportunity_id", where=is_won),
    )


def revenue_per_new_customer(s: Selection) -> Result:
    """Revenue over new customers."""
    return ratio(s, sales_revenue, new_customers)


def revenue_per_sales_hour(s: Selection) -> Result:
    """Revenue over hours of calls."""
    return ratio(s, sales_revenue, lambda s: flow(s, "sales_activities", "active_on", "call_hours"))


SALES = by_name(
    sales_revenue,
    revenue_growth,
    revenue_growth_on_year,
    order_count,
    average_order_value,
    opportunities_created,
    open_pipeline,
    pipeline_value,
    opportunity_to_win_ratio,
    average_deal_size,
    sales_cycle_length,
    sales_cycle_median,
    sales_velocity,
    lead_to_sale_conversion,
    new_customers,
    revenue_per_new_customer,
    revenue_per_sales_hour,
)
