"""Cohorts and buyers of `online-retail`: the triangle of customers by month of first purchase and month.

The cohort is the `acquired_channel` of a customer here, so that a slice of buyers by it is a row of the triangle.
Sales lines are not cancelled and have a quantity and a price over zero, as in the expected tables.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.published_companies import open_at, values

from kpi_analysis.metrics.session import OpenCompany

SALES = "InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    path = shared_data / "online-retail/online_retail.parquet"
    lines = f"""
        select InvoiceNo as order_id, CustomerID as customer_id, InvoiceDate as ordered_on, Country as region,
               Quantity * UnitPrice as amount, Quantity as quantity,
               case when {SALES} then 'sale' else 'other' end as segment
        from read_parquet('{path}')
    """
    cohorts = f"""
        select CustomerID as customer_id, strftime(min(InvoiceDate), '%Y-%m') as acquired_channel
        from read_parquet('{path}') where {SALES} and CustomerID is not null group by 1
    """
    return open_at(
        tmp_path_factory.mktemp("shop"),
        {"orders": {"sql": lines}, "customers": {"sql": cohorts}},
        formulas={"active_customers": "buyers"},
    )


@pytest.fixture(scope="module")
def by_month(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "online-retail/expected_by_month.csv").set_index("mth")


def test_cohorts_shrink_as_in_the_expected_triangle(shop: OpenCompany, shared_data: Path) -> None:
    triangle = pd.read_csv(shared_data / "online-retail/expected_cohort_active_customers.csv").set_index("cohort")
    months = list(triangle.index)
    frame = shop.compute(
        ["active_customers"], period="2011-12", last=13, by=["acquired_channel"], where="segment = 'sale'"
    )
    frame = frame[frame.acquired_channel.isin(months)]
    found = values(frame, "acquired_channel", "period")
    for start, cohort in enumerate(months):
        expected = triangle.loc[cohort].dropna().tolist()
        assert found[cohort][months[start:]].tolist()[: len(expected)] == expected, cohort
        assert found[cohort][months[:start]].sum() == 0, "nobody buys before the first purchase"


def test_months_of_sales_lines_are_those_expected(shop: OpenCompany, by_month: pd.DataFrame) -> None:
    kpis = ["sales_revenue", "order_count", "active_customers", "average_order_value"]
    frame = shop.compute(kpis, period="2011-12", last=13, where="segment = 'sale'")
    found = values(frame, "kpi", "period")
    assert found["sales_revenue"].to_dict() == pytest.approx(by_month.sales_revenue.to_dict(), abs=0.005)
    assert found["order_count"].to_dict() == by_month.sales_invoices.to_dict()
    assert found["active_customers"].to_dict() == by_month.sales_customers.to_dict()
    mean = by_month.sales_revenue / by_month.sales_invoices
    assert found["average_order_value"].to_dict() == pytest.approx(mean.to_dict())


def test_average_sales_invoice_and_share_of_the_country_are_as_published(shop: OpenCompany) -> None:
    frame = shop.compute(["average_order_value"], period="2011", last=2, where="segment = 'sale'")
    assert frame.numerator.sum() == pytest.approx(5_389_386.78, abs=0.005)
    assert frame.denominator.sum() == 9529
    assert frame.numerator.sum() / frame.denominator.sum() == pytest.approx(565.577373, abs=5e-7)
    shares = shop.compute(["income_sources"], period="2011", last=2, by=["region"])
    home = shares[shares.region == "United Kingdom"].numerator.sum()
    assert home / 4_832_300.07 == pytest.approx(0.824842, abs=5e-7)


def test_repeat_purchases_and_concentration_are_those_of_plain_pandas(shop: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_parquet(shared_data / "online-retail/online_retail.parquet")
    raw = raw[(raw.InvoiceDate >= "2011-07-01") & (raw.InvoiceDate < "2011-10-01")]
    raw = raw.assign(amount=raw.Quantity * raw.UnitPrice).dropna(subset="CustomerID")
    invoices = raw[raw.amount > 0].groupby("CustomerID").InvoiceNo.nunique()
    revenue = raw.groupby("CustomerID").amount.sum().sort_values(ascending=False)
    kpis = ["repeat_purchase_rate", "revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl"]
    found = values(shop.compute(kpis, period="2011-Q3"), "kpi")
    assert found["repeat_purchase_rate"] == pytest.approx((invoices >= 2).mean())
    assert found["revenue_concentration"] == pytest.approx(revenue.iloc[0] / revenue.sum())
    assert found["revenue_concentration_top_ten"] == pytest.approx(revenue.iloc[:10].sum() / revenue.sum())
    assert found["revenue_herfindahl"] == pytest.approx((revenue**2).sum() / revenue.sum() ** 2)
