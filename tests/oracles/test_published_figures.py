"""Real data whose figures somebody else published: the catalogue must give the same ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.metrics.session import OpenCompany

ROOT = Path(__file__).parents[2]
DEALS_BY_QUARTER = {
    "2017-Q1": (531, 1134672),
    "2017-Q2": (1254, 3086111),
    "2017-Q3": (1257, 2982255),
    "2017-Q4": (1196, 2802496),
}


@cache
def crm() -> OpenCompany:
    return shipped_company("crm_sales")


@cache
def retailer() -> OpenCompany:
    return shipped_company("online_retail")


def test_crm_totals_are_those_of_the_publisher() -> None:
    frame = (
        crm()
        .compute(
            [
                "sales_revenue",
                "opportunity_to_win_ratio",
                "average_deal_size",
                "sales_cycle_length",
                "sales_cycle_median",
            ],
            period="2017",
        )
        .set_index("kpi")
    )
    assert frame.value["sales_revenue"] == 10_005_534
    assert frame.numerator["opportunity_to_win_ratio"] == 4238
    assert frame.denominator["opportunity_to_win_ratio"] == 4238 + 2473
    assert frame.value["opportunity_to_win_ratio"] == pytest.approx(0.631501, abs=5e-7)
    assert frame.value["average_deal_size"] == pytest.approx(2360.9094, abs=5e-5)
    assert frame.value["sales_cycle_length"] == pytest.approx(51.781973, abs=5e-7)
    assert frame.value["sales_cycle_median"] == 57


def test_crm_quarters_are_those_of_the_publisher() -> None:
    frame = crm().compute(["sales_revenue", "average_deal_size"], period="2017-Q4", last=4)
    revenue = frame[frame.kpi == "sales_revenue"].set_index("period").value
    won = frame[frame.kpi == "average_deal_size"].set_index("period").denominator
    assert {q: (won[q], revenue[q]) for q in revenue.index} == DEALS_BY_QUARTER


def test_crm_stages_are_those_of_the_publisher() -> None:
    assert crm().compute(["open_pipeline"], period="2017-Q4").value[0] == 1589, "engaging; prospecting has no date"


def test_crm_slices_add_up_to_the_whole() -> None:
    for dimension in ("owner", "product"):
        parts = crm().compute(["sales_revenue", "open_pipeline"], period="2017-Q4", by=[dimension])
        sums = parts.groupby("kpi").value.sum()
        assert (sums["sales_revenue"], sums["open_pipeline"]) == (2_802_496, 1589)


def test_retailer_months_are_those_counted_with_pandas() -> None:
    expected = pd.read_csv(ROOT / "data/online_retail/expected_by_month.csv").set_index("mth")
    frame = retailer().compute(["sales_revenue", "order_count"], period="2011-12", grain="month", last=13)
    revenue = frame[frame.kpi == "sales_revenue"].set_index("period").value
    orders = frame[frame.kpi == "order_count"].set_index("period").value
    assert revenue.to_dict() == pytest.approx(expected.net_revenue.to_dict(), abs=0.005)
    assert orders.to_dict() == expected.sales_invoices.to_dict()
    assert revenue.sum() == pytest.approx(4_832_300.07, abs=0.005)


def test_retailer_december_of_nine_days_is_not_a_fall() -> None:
    row = retailer().compute(["sales_revenue"], period="2011-12").iloc[0]
    raw = pd.read_parquet(ROOT / "data/online_retail/online_retail.parquet")
    first_nine = raw[(raw.InvoiceDate >= "2011-11-01") & (raw.InvoiceDate < "2011-11-10")]
    assert not row.complete
    assert row.previous == pytest.approx((first_nine.Quantity * first_nine.UnitPrice).sum())


def test_retailer_customers_are_new_in_the_month_of_their_first_purchase() -> None:
    expected = pd.read_csv(ROOT / "data/online_retail/expected_cohort_active_customers.csv").set_index("cohort")["0"]
    frame = retailer().compute(["new_customers"], period="2011-12", grain="month", last=13).set_index("period")
    assert frame.value.to_dict() == expected.to_dict()


def test_superstore_years_are_those_of_public_dashboards(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "superstore/superstore_orders.csv.gz")
    raw.to_csv(tmp_path / "superstore.csv", index=False)
    columns = {"order_id": "Order ID", "ordered_on": "Order Date", "customer_id": "Customer ID", "amount": "Sales",
               "cost": "Sales - Profit", "product": "Category", "region": "Region", "segment": "Segment"}  # fmt: skip
    company = open_from(tmp_path, {"orders": raw}, columns={"orders": columns})
    frame = company.compute(["sales_revenue", "order_count"], period="2021", last=4)
    revenue = frame[frame.kpi == "sales_revenue"].set_index("period").value
    orders = frame[frame.kpi == "order_count"].set_index("period").value
    assert revenue.round(4).to_dict() == {
        "2018": 484247.4981,
        "2019": 470532.5090,
        "2020": 609205.5980,
        "2021": 733215.2552,
    }
    assert orders.to_dict() == {"2018": 969, "2019": 1038, "2020": 1315, "2021": 1687}
    by_region = company.compute(["sales_revenue"], period="2021", last=4, by=["region"]).groupby("region").value.sum()
    assert by_region.round(4).to_dict() == {
        "Central": 501239.8908,
        "East": 678781.24,
        "South": 391721.905,
        "West": 725457.8245,
    }


def test_leads_convert_by_source_as_published(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "xeducation-leads/Leads.csv").assign(created_on="2026-01-01")
    columns = {
        "lead_id": "ProspectID",
        "source": "LeadSource",
        "customer_id": "case Converted when '1' then ProspectID end",
    }
    company = open_from(tmp_path, {"leads": raw}, columns={"leads": columns})
    whole = company.compute(["lead_to_sale_conversion"], period="2026-01").iloc[0]
    assert (whole.numerator, whole.denominator) == (3561, 9240)
    sliced = company.compute(["lead_to_sale_conversion"], period="2026-01", by=["source"]).set_index("source")
    assert sliced.value["Google"] == pytest.approx(0.399791, abs=5e-7)
    assert sliced.value["google"] == 0
    assert (sliced.numerator["Reference"], sliced.denominator["Reference"]) == (490, 534)


def test_campaign_totals_are_those_of_the_dashboard(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "marketing-spend-daily/Marketing_2021-02-01_14.csv")
    columns = {"spent_on": "strptime(c_date, '%d-%m-%Y')", "amount": "mark_spent", "conversions": "orders",
               "channel": "lower(split_part(campaign_name, '_', 1))", "campaign": "lower(campaign_name)"}  # fmt: skip
    company = open_from(tmp_path, {"spend": raw}, columns={"spend": columns})
    frame = company.compute(["cost_per_conversion", "cost_per_click", "click_through_rate"], period="2021-02")
    values = frame.set_index("kpi").value
    assert values["cost_per_conversion"] == pytest.approx(3727.467420, abs=5e-7)
    assert values["cost_per_click"] == pytest.approx(11950260.55 / 1124832)
    assert values["click_through_rate"] == pytest.approx(1124832 / 520335003)
    channels = company.compute(["cost_per_click"], period="2021-02", by=["channel"])
    assert "facebook" in set(channels.channel) and channels.numerator.sum() == pytest.approx(11950260.55)


def test_advertisements_without_a_click_have_a_reason(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "kag-facebook-ads/KAG_conversion_data.csv", dtype=str).assign(spent_on="2026-01-01")
    columns = {"amount": "Spent", "clicks": "Clicks", "impressions": "Impressions",
               "conversions": "Approved_Conversion", "campaign": "xyz_campaign_id", "channel": "ad_id"}  # fmt: skip
    company = open_from(tmp_path, {"spend": raw}, columns={"spend": columns})
    frame = company.compute(["cost_per_click", "click_through_rate", "cost_per_conversion"], period="2026-01")
    assert frame.value.tolist() == pytest.approx([1.538195, 0.00017881, 54.407071], rel=3e-5)
    by_campaign = company.compute(["cost_per_click"], period="2026-01", by=["campaign"]).set_index("campaign")
    assert by_campaign.numerator["916"] == pytest.approx(149.710001)
    by_ad = company.compute(["cost_per_click"], period="2026-01", by=["channel"])
    assert (by_ad.reason == "no clicks in the period").sum() == 207


def test_visits_by_year_are_those_counted(tmp_path: Path, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "daily-website-visitors/daily-website-visitors.csv", dtype=str)
    columns = {"visited_on": "strptime(Date, '%m/%d/%Y')", "visitors": "replace(\"Unique.Visits\", ',', '')"}
    company = open_from(tmp_path, {"web_traffic": raw}, columns={"web_traffic": columns})
    frame = company.compute(["website_visitors"], period="2019", last=5).set_index("period")
    assert frame.value.to_dict() == {"2015": 1061558, "2016": 1171300, "2017": 898628, "2018": 1115124, "2019": 1115379}
