"""Marketing: leads and their stages, spend and its returns."""

from __future__ import annotations

from reference.accounts import revenue_per_account
from reference.margins import gross_margin, orders_with_cost
from reference.measures import Number, count, first_connected, flow, rows_in_period, total, where_known
from reference.results import Result, by_name, ratio, share
from reference.rows import NotConnected, Selection
from reference.sales import became, new_customers, order_revenue

# --- what the KPIs are made of


def all_spend(s: Selection) -> float:
    """Spend on marketing and on sales."""
    return flow(s, "spend", "spent_on", "amount")


def spend_with(column: str) -> Number:
    """Spend of the rows that have a column filled in."""
    return lambda s: flow(s, "spend", "spent_on", "amount", column, where=lambda r: r[column] is not None)


def spend_sum(column: str) -> Number:
    """The sum of a column of spend."""
    return lambda s: flow(s, "spend", "spent_on", column)


def acquisition_cost(s: Selection) -> float:
    """All spend over new customers."""
    return all_spend(s) / new_customers(s)


def touch_credits(s: Selection) -> list[float | None]:
    """What the touches of the slice are credited with whose journeys converted in the period."""
    rows = s.rows("touchpoints", "touched_at", "credited_value")
    s.check_reach("touchpoints", "touched_at", flow=True)
    rows = [row for row in rows if row["converted_on"] is not None and s.in_slice(row)]
    return [row["credited_value"] for row in rows if s.period.start <= row["converted_on"] <= s.period.last]


# --- leads


def leads(s: Selection) -> float:
    """The number of leads created."""
    return count(s, "leads", "created_on")


def lead_generation_rate(s: Selection) -> Result:
    """Leads a day."""
    return ratio(s, leads, lambda s: s.period.days)


def marketing_qualified_leads(s: Selection) -> float:
    """The number of leads that marketing qualified in the period."""
    return count(s, "leads", "mql_on")


def sales_qualified_leads(s: Selection) -> float:
    """The number of leads that sales qualified in the period."""
    return count(s, "leads", "sql_on")


def lead_to_mql_rate(s: Selection) -> Result:
    """Of the leads of the period, those that marketing qualified."""
    return ratio(s, became("mql_on"), leads)


def mql_to_sql_rate(s: Selection) -> Result:
    """Of those that marketing qualified, those that sales qualified."""
    return ratio(s, became("mql_on", "sql_on"), became("mql_on"))


def sql_to_opportunity_rate(s: Selection) -> Result:
    """Of those that sales qualified, those with an opportunity."""
    return ratio(s, became("sql_on", "opportunity"), became("sql_on"))


# --- costs


def marketing_spend(s: Selection) -> float:
    """Spend on marketing; what is not said to be for sales is for marketing."""
    return flow(s, "spend", "spent_on", "amount", where=lambda r: r.get("kind") in (None, "marketing"))


def cost_per_lead(s: Selection) -> Result:
    """Marketing spend over leads."""
    return ratio(s, marketing_spend, leads)


def cost_per_mql(s: Selection) -> Result:
    """Marketing spend over leads that marketing qualified."""
    return ratio(s, marketing_spend, marketing_qualified_leads)


def cost_per_sql(s: Selection) -> Result:
    """Marketing spend over leads that sales qualified."""
    return ratio(s, marketing_spend, sales_qualified_leads)


def impressions(s: Selection) -> float:
    """Impressions of advertisements."""
    return spend_sum("impressions")(s)


def clicks(s: Selection) -> float:
    """Clicks on advertisements."""
    return spend_sum("clicks")(s)


def platform_conversions(s: Selection) -> float:
    """Conversions as the advertising platforms count them."""
    return spend_sum("conversions")(s)


def cost_per_conversion(s: Selection) -> Result:
    """Spend over conversions, where conversions are known."""
    return ratio(s, spend_with("conversions"), platform_conversions)


def cost_per_click(s: Selection) -> Result:
    """Spend over clicks, where clicks are known."""
    return ratio(s, spend_with("clicks"), clicks)


def click_through_rate(s: Selection) -> Result:
    """Clicks over impressions, where impressions are known."""

    def clicks_seen(s: Selection) -> float:
        return flow(s, "spend", "spent_on", "clicks", "impressions", where=lambda r: r["impressions"] is not None)

    return ratio(s, clicks_seen, impressions)


def cost_per_mille(s: Selection) -> float:
    """Spend for a thousand impressions."""
    return spend_with("impressions")(s) / impressions(s) * 1000


def customer_acquisition_cost(s: Selection) -> Result:
    """All spend over new customers."""
    return ratio(s, all_spend, new_customers)


def marketing_payback_months(s: Selection) -> Result:
    """Acquisition cost over the monthly gross profit of an account."""
    return ratio(s, acquisition_cost, lambda s: revenue_per_account(s) * gross_margin(s))


# --- returns


def attributed_revenue(s: Selection) -> float:
    """Revenue by touches, by the channel of the order, or by the channel that brought the customer."""

    def through(column: str) -> Number:
        return lambda s: flow(s, "orders", "ordered_on", "amount", column, where=lambda r: r[column] is not None)

    return first_connected(s, lambda s: total(touch_credits(s)), through("channel"), through("acquired_channel"))


def attributed_gross_profit(s: Selection) -> float:
    """The same, less cost."""

    def by_touches(s: Selection) -> float:
        margin = gross_margin(s)
        return total(None if credit is None else credit * margin for credit in touch_credits(s))

    def by_margin(column: str) -> Number:
        def profit(s: Selection) -> float:
            s.all_rows("orders", column)
            pairs = [(row, cost) for row, cost in orders_with_cost(s) if row[column] is not None]
            return total(None if cost is None or row["amount"] is None else row["amount"] - cost for row, cost in pairs)

        return profit

    def by_cost(s: Selection) -> float:
        rows = rows_in_period(
            s, "orders", "ordered_on", "amount", "cost", "channel", where=lambda r: r["channel"] is not None
        )
        return total(where_known(lambda r: r["amount"] - r["cost"], "amount", "cost")(row) for row in rows)

    return first_connected(s, by_touches, by_margin("channel"), by_cost, by_margin("acquired_channel"))


def marketing_roi(s: Selection) -> Result:
    """Attributed gross profit less spend, over spend."""
    return ratio(s, lambda s: attributed_gross_profit(s) - marketing_spend(s), marketing_spend)


def marketing_revenue_ratio(s: Selection) -> Result:
    """Attributed revenue over spend."""
    return ratio(s, attributed_revenue, marketing_spend)


def marketing_revenue_roi(s: Selection) -> Result:
    """Attributed revenue less spend, over spend."""
    return ratio(s, lambda s: attributed_revenue(s) - marketing_spend(s), marketing_spend)


def break_even_roas(s: Selection) -> Result:
    """Attributed revenue over attributed gross profit."""
    return ratio(s, attributed_revenue, attributed_gross_profit)


def inbound_revenue(s: Selection) -> float:
    """Revenue of customers, or of orders, that came through the inbound channels of the company file."""

    def through(column: str) -> Number:
        def revenue(s: Selection) -> float:
            s.all_rows("orders", column)
            if not s.company.inbound_channels:
                raise NotConnected
            inbound = s.company.inbound_channels
            return flow(s, "orders", "ordered_on", "amount", column, where=lambda r: r[column] in inbound)

        return revenue

    return first_connected(s, through("acquired_channel"), through("channel"))


def inbound_revenue_share(s: Selection) -> Result:
    """Inbound revenue as a share of revenue from orders."""
    return share(s, inbound_revenue, order_revenue)


MARKETING = by_name(
    leads,
    lead_generation_rate,
    marketing_qualified_leads,
    sales_qualified_leads,
    lead_to_mql_rate,
    mql_to_sql_rate,
    sql_to_opportunity_rate,
    marketing_spend,
    cost_per_lead,
    cost_per_mql,
    cost_per_sql,
    impressions,
    clicks,
    platform_conversions,
    cost_per_conversion,
    cost_per_click,
    click_through_rate,
    cost_per_mille,
    customer_acquisition_cost,
    marketing_payback_months,
    attributed_revenue,
    attributed_gross_profit,
    marketing_roi,
    marketing_revenue_ratio,
    marketing_revenue_roi,
    break_even_roas,
    inbound_revenue,
    inbound_revenue_share,
)
