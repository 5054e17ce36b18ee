"""Recurring revenue and churn of published subscription data.

`mrr-playbook`: dbt Labs' own SQL gave the expected tables. Its months begin in 2018-01 and its last subscriptions end
because the data do, so 2018-02 to 2019-12 are compared.
`telco-churn`: one snapshot, so every customer is a plan that ran when the month began, and churn ends it inside it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.published_companies import months, open_at, values

from kpi_analysis.metrics.session import OpenCompany

MOVEMENTS = {
    "mrr_new": ("new", 1),
    "mrr_expansion": ("upgrade", 1),
    "mrr_contraction": ("downgrade", -1),
    "mrr_churned": ("churn", -1),
    "mrr_reactivation": ("reactivation", 1),
}
CHURN_BY_CONTRACT = {"Month-to-month": (3875, 1655), "One year": (1473, 166), "Two year": (1695, 48)}


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    columns = {"started_on": "start_date", "ended_on": "end_date", "mrr": "monthly_amount"}
    path = str(shared_data / "mrr-playbook/subscription_periods.csv")
    return open_at(tmp_path_factory.mktemp("playbook"), {"subscriptions": {"path": path, "columns": columns}})


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> pd.DataFrame:
    frame = pd.read_csv(shared_data / "mrr-playbook/expected_mrr_by_month.csv")
    return frame.assign(period=months(frame.date_month)).set_index("period").loc["2018-02":"2019-12"]


@pytest.fixture(scope="module")
def telco(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    columns = {
        "customer_id": "customerID",
        "started_on": "'2025-12-01'",
        "ended_on": "case Churn when 'Yes' then '2026-01-31' end",
        "mrr": "MonthlyCharges",
        "plan": "Contract",
    }
    path = str(shared_data / "telco-churn/WA_Fn-UseC_-Telco-Customer-Churn.csv")
    return open_at(tmp_path_factory.mktemp("telco"), {"subscriptions": {"path": path, "columns": columns}})


def test_recurring_revenue_by_month_is_that_of_the_playbook(playbook: OpenCompany, expected: pd.DataFrame) -> None:
    frame = playbook.compute(["monthly_recurring_revenue", "active_accounts"], period="2019-12", last=23)
    assert values(frame[frame.kpi == "monthly_recurring_revenue"], "period").to_dict() == expected.mrr.to_dict()
    assert values(frame[frame.kpi == "active_accounts"], "period").to_dict() == expected.active_customers.to_dict()


@pytest.mark.parametrize("kpi", MOVEMENTS)
def test_movements_by_month_are_those_of_the_playbook(kpi: str, playbook: OpenCompany, expected: pd.DataFrame) -> None:
    column, sign = MOVEMENTS[kpi]
    found = values(playbook.compute([kpi], period="2019-12", last=23), "period")
    assert found.to_dict() == (sign * expected[column]).to_dict()
    assert found.sum() > 0, "a movement that never happens proves nothing"


def test_movements_add_up_to_the_change_exactly(playbook: OpenCompany) -> None:
    frame = playbook.compute([*MOVEMENTS, "monthly_recurring_revenue"], period="2019-12", last=23)
    wide = frame.pivot(index="period", columns="kpi", values="value")
    previous = frame[frame.kpi == "monthly_recurring_revenue"].set_index("period").previous
    came = wide.mrr_new + wide.mrr_expansion + wide.mrr_reactivation
    went = wide.mrr_contraction + wide.mrr_churned
    assert (previous + came - went).to_dict() == wide.monthly_recurring_revenue.to_dict()


def test_recurring_revenue_of_each_customer_is_that_of_the_playbook(playbook: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "mrr-playbook/expected_mrr_by_customer_month.csv")
    raw = raw.assign(period=months(raw.date_month), customer_id=raw.customer_id.astype(str))
    raw = raw[raw.period.between("2018-02", "2019-12")]
    found = playbook.compute(["monthly_recurring_revenue", "mrr_reactivation"], period="2019-12", last=23,
                             by=["customer_id"])  # fmt: skip
    mrr = values(found[found.kpi == "monthly_recurring_revenue"], "period", "customer_id")
    published = raw.set_index(["period", "customer_id"]).mrr
    assert mrr.reindex(published.index).to_dict() == published.to_dict()
    assert mrr.drop(published.index).sum() == 0
    returned = found[(found.kpi == "mrr_reactivation") & (found.value > 0)]
    back = raw[raw.change_category == "reactivation"]
    assert set(zip(returned.period, returned.customer_id, strict=True)) == set(
        zip(back.period, back.customer_id, strict=True)
    )


def test_retention_by_month_follows_from_the_renewals_of_the_playbook(
    playbook: OpenCompany, expected: pd.DataFrame
) -> None:
    kpis = ["gross_revenue_retention_in_period", "net_revenue_retention_in_period", "churn_rate"]
    found = values(playbook.compute(kpis, period="2019-12", last=23), "kpi", "period")
    before, customers = expected.previous_mrr, expected.active_customers.shift(1, fill_value=1)
    kept = expected.previous_mrr + expected.upgrade + expected.downgrade + expected.churn
    assert found["gross_revenue_retention_in_period"].to_dict() == pytest.approx((expected.renewal / before).to_dict())
    assert found["net_revenue_retention_in_period"].to_dict() == pytest.approx((kept / before).to_dict())
    assert found["churn_rate"].to_dict() == pytest.approx((expected.churn_customers / customers).to_dict())


def test_retention_over_a_year_is_that_of_the_customers_of_a_year_ago(playbook: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "mrr-playbook/expected_mrr_by_customer_month.csv")
    wide = (
        raw.assign(period=months(raw.date_month)).pivot(index="customer_id", columns="period", values="mrr").fillna(0)
    )
    then, now = wide["2018-11"], wide["2019-11"]
    there = then > 0
    found = values(playbook.compute(["net_revenue_retention", "gross_revenue_retention"], period="2019-11"), "kpi")
    assert found["net_revenue_retention"] == pytest.approx(now[there].sum() / then.sum())
    assert found["gross_revenue_retention"] == pytest.approx(now[there].clip(upper=then[there]).sum() / then.sum())


def test_telco_churn_is_the_published_share(telco: OpenCompany) -> None:
    row = telco.compute(["churn_rate"], period="2026-01").iloc[0]
    assert (row.numerator, row.denominator) == (1869, 7043)
    assert row.value == pytest.approx(0.265370, abs=5e-7)
    retention = telco.compute(["customer_retention_rate"], period="2026-01").iloc[0]
    assert retention.value == pytest.approx(1 - 0.265370, abs=5e-7)


def test_telco_churn_by_contract_is_as_published(telco: OpenCompany) -> None:
    frame = telco.compute(["churn_rate"], period="2026-01", by=["plan"]).set_index("plan")
    assert {p: (frame.denominator[p], frame.numerator[p]) for p in frame.index} == CHURN_BY_CONTRACT


def test_telco_churned_charges_are_as_published(telco: OpenCompany) -> None:
    found = values(telco.compute(["mrr_churned", "monthly_recurring_revenue"], period="2026-01"), "kpi")
    before = values(
        telco.compute(["monthly_recurring_revenue", "average_revenue_per_account"], period="2025-12"), "kpi"
    )
    assert found["mrr_churned"] == pytest.approx(139_130.85, abs=0.005)
    assert before["monthly_recurring_revenue"] == pytest.approx(456_116.60, abs=0.005)
    assert before["average_revenue_per_account"] == pytest.approx(64.761692, abs=5e-7)
    assert found["monthly_recurring_revenue"] == pytest.approx(456_116.60 - 139_130.85, abs=0.005)
    gross = telco.compute(["gross_revenue_retention_in_period"], period="2026-01").value[0]
    assert 1 - gross == pytest.approx(139_130.85 / 456_116.60)
