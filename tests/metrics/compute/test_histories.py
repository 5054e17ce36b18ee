"""Histories of customers against plain pandas, and as they were known on a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.metrics.compute.histories import contracts, orders_by_customer_day

ORDERS = """order_id,ordered_on,customer_id,amount,region
1,2026-01-02,A,10,EMEA
1,2026-01-02,A,5,EMEA
2,2026-01-02,A,-4,EMEA
3,2026-02-01,A,7,AMER
4,2026-01-03,B,,EMEA
5,2026-01-04,,9,EMEA
6,2026-03-01,B,8,EMEA
"""
PLANS = """customer_id,started_on,ended_on,mrr,segment
A,2026-01-01,2026-03-01,10,Small
A,2026-03-01,2026-05-01,20,Large
A,2026-06-01,,30,Large
B,2026-02-01,2026-08-01,5,
C,2026-09-01,,7,Small
D,2026-02-01,2026-02-01,7,Small
"""


def test_orders_are_summed_to_customer_and_day_up_to_the_day_that_counts(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": ORDERS})
    found = orders_by_customer_day(company.sources, dt.date(2026, 2, 28))
    assert found.assign(day=found["day"].dt.strftime("%m-%d")).values.tolist() == [
        ["A", "01-02", 11.0, 15.0], ["A", "02-01", 7.0, 7.0], ["B", "01-03", 0.0, 0.0]
    ]  # fmt: skip
    emea = orders_by_customer_day(company.sources, dt.date(2026, 2, 28), "region = 'EMEA'")
    assert emea["amount"].sum() == 11


def test_the_orders_of_the_gift_shop_against_plain_pandas() -> None:

    root = Path(__file__).resolve().parents[3]
    company = shipped_company("online_retail")
    found = orders_by_customer_day(company.sources, dt.date(2011, 12, 9))
    rows = pd.read_parquet(root / "data" / "online_retail" / "online_retail.parquet")
    rows = rows.assign(amount=rows["Quantity"] * rows["UnitPrice"])[rows["CustomerID"].notna()]
    assert found["amount"].sum() == pytest.approx(rows["amount"].sum())
    assert found["sold"].sum() == pytest.approx(rows.loc[rows["amount"] > 0, "amount"].sum())
    days = rows.assign(day=rows["InvoiceDate"].dt.normalize()).drop_duplicates(["CustomerID", "day"])
    assert len(found) == len(days)


def test_plans_without_a_gap_are_one_contract_as_it_was_known_on_a_day(tmp_path: Path) -> None:
    sources = open_from(tmp_path, {"subscriptions": PLANS}).sources

    def known(day: dt.date) -> list[list[str]]:
        return contracts(sources, day).astype(str).fillna("").values.tolist()

    assert known(dt.date(2026, 8, 31)) == [
        ["A", "2026-01-01", "2026-05-01", "Large", "20.0"],
        ["A", "2026-06-01", "", "Large", "30.0"],
        ["B", "2026-02-01", "2026-08-01", "(none)", "5.0"],
    ]
    assert known(dt.date(2026, 2, 28)) == [
        ["A", "2026-01-01", "", "Small", "10.0"],
        ["B", "2026-02-01", "", "(none)", "5.0"],
    ], "what ended later was still running"
