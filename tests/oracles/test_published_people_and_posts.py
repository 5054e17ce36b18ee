"""Employees, posts of a page, and answers to campaigns: published counts and shares.

`customer-campaign-response` has one row a customer with a column for each product and campaign, so it is unpivoted.
Outside: income, age and family (no such tables), and purchases by channel (counts of purchases without an amount).
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.published_companies import open_at, values

from kpi_analysis.metrics.session import OpenCompany

ACCEPTED = {"AcceptedCmp1": 144, "AcceptedCmp2": 30, "AcceptedCmp3": 163, "AcceptedCmp4": 167, "AcceptedCmp5": 163,
            "Response": 334}  # fmt: skip
SPENT = {"MntWines": 680816, "MntFruits": 58917, "MntMeatProducts": 373968, "MntFishProducts": 84057,
         "MntSweetProducts": 60621, "MntGoldProds": 98609}  # fmt: skip
POSTS = {
    "Link": (22, 407981, 631960, 1959),
    "Photo": (426, 5596709, 12351656, 92263),
    "Status": (45, 588550, 1091001, 9767),
    "Video": (7, 358440, 718357, 2071),
}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    """One snapshot: everybody is there when the year begins, and who left leaves within it."""
    columns = {
        "employee_id": "EmployeeNumber",
        "hired_on": "'2018-12-31'",
        "left_on": "case when Attrition in ('Yes', '=N(TRUE)') then '2020-12-31' end",  # a spreadsheet broke one cell
        "department": "Department",
        "performance_rating": "PerformanceRating",
    }
    path = str(shared_data / "hr-attrition/WA_Fn-UseC_-HR-Employee-Attrition.csv")
    return open_at(
        tmp_path_factory.mktemp("people"),
        {"employees": {"path": path, "columns": columns}},
        formulas={"attrition_rate": "leavers / prior(staff)"},
    )


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    columns = {
        "posted_on": "strptime('2014-' || Month || '-1', '%Y-%m-%d')",
        "network": "Type",
        "impressions": "T_Impression",
        "reach": "T_Reach",
        "engagements": "T_Interactions",
        "followers": "Page_T_Likes",
    }
    path = str(shared_data / "facebook-page-posts/dataset_Facebook.csv")
    return open_at(
        tmp_path_factory.mktemp("posts"),
        {"social": {"path": path, "columns": columns}},
        measures={"posts": {"table": "social", "agg": "count(*)", "date": "posted_on"}},
        formulas={"number_of_posts": "posts", "engagement_of_reach": "engagements / seen_reach"},
    )


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> OpenCompany:
    path = shared_data / "customer-campaign-response/marketing_data.csv"
    answers = f"""
        select ID || campaign as lead_id, date '2014-12-31' as created_on, campaign,
               case when yes = 1 then ID end as customer_id
        from (unpivot (from read_csv('{path}')) on {", ".join(ACCEPTED)} into name campaign value yes)
    """
    bought = f"""
        select ID as order_id, ID as customer_id, date '2014-12-31' as ordered_on, product, amount
        from (unpivot (from read_csv('{path}')) on {", ".join(SPENT)} into name product value amount)
    """
    return open_at(tmp_path_factory.mktemp("campaigns"), {"leads": {"sql": answers}, "orders": {"sql": bought}})


def test_attrition_is_the_known_share(people: OpenCompany) -> None:
    frame = people.compute(["attrition_rate", "employee_turnover", "headcount"], period="2020").set_index("kpi")
    assert (frame.numerator["attrition_rate"], frame.denominator["attrition_rate"]) == (237, 1470)
    assert frame.value["attrition_rate"] == pytest.approx(0.1612, abs=5e-5)
    assert frame.value["employee_turnover"] == pytest.approx(237 / ((1470 + 1233) / 2)), "of the average headcount"
    assert frame.value["headcount"] == 1233


def test_attrition_by_department_is_that_counted(people: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "hr-attrition/WA_Fn-UseC_-HR-Employee-Attrition.csv", encoding="utf-8-sig")
    left = raw.Attrition.isin(["Yes", "=N(TRUE)"]).groupby(raw.Department)
    frame = people.compute(["attrition_rate"], period="2020", by=["department"]).set_index("department")
    assert frame.numerator.to_dict() == left.sum().to_dict()
    assert frame.denominator.to_dict() == {"Human Resources": 63, "Research & Development": 961, "Sales": 446}


def test_performance_is_the_mean_rating_of_those_who_work_here(people: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "hr-attrition/WA_Fn-UseC_-HR-Employee-Attrition.csv", encoding="utf-8-sig")
    stayed = raw[~raw.Attrition.isin(["Yes", "=N(TRUE)"])].PerformanceRating.mean()
    at_start, at_end = people.compute(["employee_performance"], period="2020", last=2).value
    assert at_start == pytest.approx(raw.PerformanceRating.mean())
    assert at_end == pytest.approx(stayed) and at_end != at_start


def test_reach_and_engagement_of_the_page_are_as_published(posts: OpenCompany) -> None:
    kpis = ["social_reach", "social_impressions", "engagement_rate", "engagement_of_reach"]
    frame = posts.compute(kpis, period="2014").set_index("kpi")
    assert (frame.value["social_reach"], frame.value["social_impressions"]) == (6_951_680, 14_792_974)
    assert frame.numerator["engagement_rate"] == 106_060
    assert frame.value["engagement_rate"] == pytest.approx(106_060 / 14_792_974)
    assert frame.value["engagement_of_reach"] == pytest.approx(0.01525674, abs=5e-9), "of sums, no mean of ratios"


def test_posts_by_type_are_as_published(posts: OpenCompany) -> None:
    kpis = ["number_of_posts", "social_reach", "social_impressions", "engagement_rate"]
    frame = posts.compute(kpis, period="2014", by=["network"]).set_index(["kpi", "network"])
    value, upper = frame.value, frame.numerator
    found = {t: (*(value[kpi, t] for kpi in kpis[:3]), upper["engagement_rate", t]) for t in POSTS}
    assert found == POSTS


def test_months_of_posts_add_up_to_the_year(posts: OpenCompany) -> None:
    frame = posts.compute(["number_of_posts", "social_reach"], period="2014-12", last=12)
    assert frame.groupby("kpi").value.sum().to_dict() == {"number_of_posts": 500, "social_reach": 6_951_680}


def test_followers_are_the_last_count_and_no_sum(posts: OpenCompany, shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "facebook-page-posts/dataset_Facebook.csv", sep=";")
    last = raw[raw.Month == raw.groupby("Type").Month.transform("max")]
    expected = last.groupby("Type").Page_T_Likes.max()
    found = posts.compute(["social_followers"], period="2014", by=["network"])
    assert values(found, "network").to_dict() == expected.to_dict()


def test_campaigns_were_accepted_as_often_as_published(campaigns: OpenCompany) -> None:
    frame = campaigns.compute(["lead_to_sale_conversion"], period="2014", by=["campaign"]).set_index("campaign")
    assert frame.numerator.to_dict() == ACCEPTED
    assert set(frame.denominator) == {2240}
    assert frame.value["Response"] == pytest.approx(0.149107, abs=5e-7)


def test_amounts_by_product_are_as_published(campaigns: OpenCompany) -> None:
    frame = campaigns.compute(["sales_revenue", "income_sources"], period="2014", by=["product"])
    assert values(frame[frame.kpi == "sales_revenue"], "product").to_dict() == SPENT
    shares = values(frame[frame.kpi == "income_sources"], "product")
    assert shares["MntWines"] == pytest.approx(680816 / sum(SPENT.values()))
    assert shares.sum() == pytest.approx(1)
