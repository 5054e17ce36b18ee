"""Traps of stocks: balances summed over time, and what customers stay, leave, come back and pay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.companies import open_from

from kpi_analysis.metrics.session import OpenCompany


def value(company: OpenCompany, kpi: str, period: str, **options: Any) -> float:
    """The one value of a KPI in a period."""
    frame = company.compute([kpi], period=period, **options)
    assert len(frame) == 1, frame
    return float(frame.value[0])


GROWING = "customer_id,started_on,ended_on,mrr\na,2025-12-31,,100\nb,2026-02-10,,5\nc,2026-03-10,,7\n"


def test_recurring_revenue_of_a_quarter_is_that_of_its_last_day(tmp_path: Path) -> None:
    """Stocks summed over time (number 15): 112, not 317.

    | end of | 2026-01 | 2026-02 | 2026-03 | 2026-Q1 |
    |--------|---------|---------|---------|---------|
    | MRR    | 100     | 105     | 112     | 112     |
    """
    company = open_from(tmp_path, {"subscriptions": GROWING})
    months = company.compute(["monthly_recurring_revenue"], period="2026-03", last=3, as_of="2026-03-31")
    assert months.value.tolist() == [100, 105, 112]
    assert value(company, "monthly_recurring_revenue", "2026-Q1", as_of="2026-03-31") == 112


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_a_stock_on_a_day_is_the_same_at_every_grain(tmp_path: Path, grain: str) -> None:
    """Stocks summed over time: on 2028-12-31 a day, a week, a month, a quarter and a year end together.

    | customer | from       | to         | mrr |
    |----------|------------|------------|-----|
    | a        | 2025-12-31 |            | 100 |
    | b        | 2026-02-10 |            | 5   |
    | c        | 2026-03-10 | 2028-12-31 | 7   |
    """
    rows = GROWING.replace("c,2026-03-10,,7", "c,2026-03-10,2028-12-31,7")
    company = open_from(tmp_path, {"subscriptions": rows})
    frame = company.compute(["monthly_recurring_revenue"], period="2028-12-31", grain=grain, as_of="2028-12-31")
    assert (str(frame.period_end[0].date()), frame.value[0]) == ("2028-12-31", 105)


def test_followers_are_added_over_networks_and_never_over_days(tmp_path: Path) -> None:
    """Stocks summed over time: 12 + 100 = 112 at the end of January, not 10 + 12 + 100.

    | network | 01-05 | 01-10 | 01-20 | 02-28 |
    |---------|-------|-------|-------|-------|
    | x       | 10    |       | 12    |       |
    | y       |       | 100   |       | 101   |
    """
    rows = "posted_on,network,followers\n2026-01-05,x,10\n2026-01-10,y,100\n2026-01-20,x,12\n2026-02-28,y,101\n"
    company = open_from(tmp_path, {"social": rows})
    assert company.compute(["social_followers"], period="2026-02", last=2).value.tolist() == [112, 113]
    sliced = company.compute(["social_followers"], period="2026-02", by=["network"])
    assert dict(zip(sliced.network, sliced.value, strict=True)) == {"x": 12, "y": 101}
    assert value(company, "social_followers", "2026-Q1", as_of="2026-03-31") == 113


def test_a_balance_of_the_ledger_is_the_last_one_and_a_flow_the_sum(tmp_path: Path) -> None:
    """Stocks summed over time: assets 120 and debts 60 at the end, revenue 30 inside the quarter.

    | account             | 2026-01-31 | 2026-02-28 | 2026-03-31 |
    |---------------------|------------|------------|------------|
    | current_assets      | 100        | 110        | 120        |
    | current_liabilities | 50         | 55         | 60         |
    | revenue             | 10         | 10         | 10         |
    """
    rows = "booked_on,account,amount\n2026-01-01,revenue,0\n"
    for day, assets, debts in [("2026-01-31", 100, 50), ("2026-02-28", 110, 55), ("2026-03-31", 120, 60)]:
        rows += f"{day},current_assets,{assets}\n{day},current_liabilities,{debts}\n{day},revenue,10\n"
    company = open_from(tmp_path, {"ledger": rows})
    frame = company.compute(["working_capital", "current_ratio", "sales_revenue"], period="2026-Q1")
    assert frame.value.tolist() == [60, 2, 30]


def test_the_pipeline_of_a_year_holds_what_is_open_at_its_end(tmp_path: Path) -> None:
    """Stocks summed over time: a deal that is open for a year counts once, not twelve times.

    | deal | created    | closed     | amount |
    |------|------------|------------|--------|
    | 1    | 2025-12-01 |            | 500    |
    | 2    | 2026-03-01 | 2026-09-01 | 300    |
    """
    rows = (
        "opportunity_id,created_on,closed_on,outcome,amount\n1,2025-12-01,,open,500\n2,2026-03-01,2026-09-01,won,300\n"
    )
    company = open_from(tmp_path, {"opportunities": rows})
    assert value(company, "pipeline_value", "2026", as_of="2026-12-31") == 500
    assert value(company, "pipeline_value", "2026-Q2", as_of="2026-12-31") == 800


LEAVING = """customer_id,started_on,ended_on,mrr
a,2025-01-01,2026-02-15,100
a,2026-02-15,,160
b,2025-01-01,2026-02-10,40
c,2026-02-01,,500
d,2026-01-10,2026-02-20,30
e,2026-02-05,2026-02-20,70
"""


def test_expansion_may_hide_churn_in_the_net_and_never_in_the_gross(tmp_path: Path) -> None:
    """Negative churn: in February b and d leave while a pays more; c is new, e comes and goes.

    | customer     | a   | b  | c   | d  | e | of those at the start |
    |--------------|-----|----|-----|----|---|-----------------------|
    | end of Jan   | 100 | 40 |     | 30 |   | 170                   |
    | end of Feb   | 160 | –  | 500 | –  | – | 160                   |
    | kept, at most| 100 | 0  |     | 0  |   | 100                   |
    """
    company = open_from(tmp_path, {"subscriptions": LEAVING})
    kpis = ["net_revenue_retention_in_period", "gross_revenue_retention_in_period", "churn_rate",
            "customer_retention_rate", "mrr_churned", "mrr_expansion", "mrr_new"]  # fmt: skip
    frame = company.compute(kpis, period="2026-02", as_of="2026-02-28")
    told = dict(zip(frame.kpi, frame.value, strict=True))
    assert told["net_revenue_retention_in_period"] == pytest.approx(160 / 170)
    assert told["gross_revenue_retention_in_period"] == pytest.approx(100 / 170)
    assert told["churn_rate"] == pytest.approx(2 / 3)
    assert told["customer_retention_rate"] == pytest.approx(1 / 3)
    assert (told["mrr_churned"], told["mrr_expansion"], told["mrr_new"]) == (70, 60, 500)


def test_revenue_churn_turns_negative_only_in_the_net(tmp_path: Path) -> None:
    """Negative churn: what a adds is more than what b takes along; 150 % net, 71 % gross, and half the customers gone.

    | customer | end of Jan | end of Feb |
    |----------|------------|------------|
    | a        | 100        | 210        |
    | b        | 40         | –          |
    """
    rows = "customer_id,started_on,ended_on,mrr\na,2025-01-01,2026-02-15,100\na,2026-02-15,,210\n"
    rows += "b,2025-01-01,2026-02-10,40\n"
    company = open_from(tmp_path, {"subscriptions": rows})
    kpis = ["net_revenue_retention_in_period", "gross_revenue_retention_in_period", "churn_rate", "mrr_churned"]
    frame = company.compute(kpis, period="2026-02", as_of="2026-02-28")
    assert frame.value.tolist() == [1.5, pytest.approx(100 / 140), 0.5, 40]


def test_new_customers_never_make_up_for_lost_ones(tmp_path: Path) -> None:
    """Negative churn: ten leave and twenty come; churn is 10 of 10 and not −100 %.

    | customers | from       | to         |
    |-----------|------------|------------|
    | 10        | 2025-01-01 | 2026-02-10 |
    | 20        | 2026-02-05 |            |
    """
    rows = "customer_id,started_on,ended_on,mrr\n" + "".join(f"o{n},2025-01-01,2026-02-10,1\n" for n in range(10))
    rows += "".join(f"n{n},2026-02-05,,1\n" for n in range(20))
    company = open_from(tmp_path, {"subscriptions": rows})
    assert value(company, "churn_rate", "2026-02", as_of="2026-02-28") == 1
    assert value(company, "customer_retention_rate", "2026-02", as_of="2026-02-28") == 0
    assert value(company, "active_accounts", "2026-02", as_of="2026-02-28") == 20


def test_a_change_of_plan_is_neither_a_loss_nor_a_new_customer(tmp_path: Path) -> None:
    """Negative churn, by plan: a leaves basic for pro on one day.

    | customer | plan  | from       | to         | mrr |
    |----------|-------|------------|------------|-----|
    | a        | basic | 2025-01-01 | 2026-02-15 | 100 |
    | a        | pro   | 2026-02-15 |            | 160 |
    """
    rows = "customer_id,started_on,ended_on,mrr,plan\na,2025-01-01,2026-02-15,100,basic\na,2026-02-15,,160,pro\n"
    company = open_from(tmp_path, {"subscriptions": rows})
    kpis = ["churn_rate", "mrr_churned", "mrr_new", "mrr_expansion", "active_accounts"]
    frame = company.compute(kpis, period="2026-02", as_of="2026-02-28")
    assert frame.value.tolist() == [0, 0, 0, 60, 1]
