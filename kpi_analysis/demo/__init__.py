"""Northwind Bikes, a made-up company with all canonical tables, the same on every machine and at every run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_analysis.core.schema import TABLES
from kpi_analysis.demo import contracts, files, finance, marketing, pipeline, service, trade
from kpi_analysis.demo.facts import PLANTED, PlantedFact

__all__ = ["PLANTED", "SEED", "PlantedFact", "generate", "write"]

SEED = 2026


def generate(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Make all tables of the demo company, in canonical columns, from 2024-01-01 to 2026-09-30.

    Parameters
    ----------
    seed : int
        Another seed gives another company with the same planted facts.

    Returns
    -------
    dict of str to DataFrame
        One frame for each canonical table.

    Examples
    --------
    >>> tables = generate()
    >>> len(tables), tables["orders"]["ordered_on"].max().date().isoformat()
    (17, '2026-09-30')
    """
    demand = marketing.make_demand(seed)
    leads = marketing.make_leads(seed, demand)
    deals = pipeline.make_deals(seed, leads)
    customers = trade.make_customers(seed, leads, deals)
    orders = trade.make_orders(seed, deals, customers)
    bought = trade.customer_of_lead(leads, deals, customers)
    employees, vacancies = service.people_tables(seed)
    spend = marketing.spend_table(seed, demand)
    invoices = finance.invoices_table(seed, orders)
    tables = {
        "spend": spend,
        "leads": marketing.leads_table(leads, bought),
        "opportunities": pipeline.opportunities_table(leads, deals, bought),
        "orders": trade.orders_table(orders, customers),
        "customers": trade.customers_table(customers),
        "subscriptions": contracts.subscriptions_table(seed, customers),
        "touchpoints": pipeline.touchpoints_table(seed, leads, deals),
        "invoices": invoices,
        "ledger": finance.ledger_table(seed, orders, invoices, spend, service.staff_at_month_ends(employees)),
        "web_traffic": marketing.traffic_table(seed, demand),
        "social": marketing.social_table(seed),
        "tickets": service.tickets_table(seed),
        "surveys": service.surveys_table(seed, customers),
        "employees": employees,
        "vacancies": vacancies,
        "sales_activities": pipeline.activities_table(seed),
        "production": service.production_table(seed),
    }
    return {name: tables[name] for name in TABLES}


def write(folder: Path, seed: int = SEED) -> list[Path]:
    """Write the tables as CSV, and a README beside them, into a folder; return the paths of all files."""
    return files.write_files(folder, generate(seed))
