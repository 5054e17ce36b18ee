"""New, returned, moved and churned accounts, on a few rows each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.companies import open_from

from kpi_analysis.metrics.compute.histories import contracts
from kpi_analysis.metrics.session import OpenCompany, open_company

CASES = Path(__file__).resolve().parents[2] / "data" / "cases"
HEAD = "customer_id,started_on,ended_on,mrr,plan\nold,2025-12-31,,5,basic\n"
MOVEMENTS = ["mrr_new", "mrr_reactivation", "mrr_moved_in", "mrr_expansion", "mrr_contraction", "mrr_moved_out",
             "mrr_churned"]  # fmt: skip


def moved(company: OpenCompany, **asked: Any) -> dict[Any, dict[str, float]]:
    """What is not 0, by KPI, and by slice where slices are asked for."""
    by = asked.get("by", ())
    frame = company.compute(MOVEMENTS, **{"period": "2026-02", "as_of": "2026-02-28"} | asked)
    found: dict[Any, dict[str, float]] = {}
    for row in frame.to_dict("records"):
        if row["value"]:
            found.setdefault(row[by[0]] if by else "all", {})[row["kpi"].removeprefix("mrr_")] = row["value"]
    return found


def company_with(folder: Path, rows: str) -> OpenCompany:
    return open_from(folder, {"subscriptions": HEAD + rows})


def test_plans_that_change_on_the_same_or_on_the_next_day_are_neither_churn_nor_return() -> None:
    company = open_company(CASES / "switch" / "company.yaml")
    kpis = ["churn_rate", "mrr_churned", "mrr_reactivation", "mrr_expansion"]
    assert company.compute(kpis, period="2026-Q2").value.tolist() == [0, 0, 0, 0]
    third = company.compute(kpis, period="2026-Q3", as_of="2026-09-30").value.tolist()
    assert third == [0.25, 100, 0, 100], "C1 and C3 pay 50 more each; C4 has left"
    (told,) = (one for one in company.check() if one.subject == "table subscriptions, column ended_on")
    assert "by default: of the changes of plan 1 fall on that day and 1 on the next" in told.message


def test_a_trial_is_no_customer_and_an_upgrade_moves() -> None:
    company = open_company(CASES / "trial_reactivation" / "company.yaml")
    assert moved(company, period="2024-03", as_of="2025-01-31") == {"all": {"new": 100}}
    assert moved(company, period="2024-04", as_of="2025-01-31", by=["plan"]) == {
        "Basic": {"moved_out": 10},
        "Pro": {"moved_in": 10, "expansion": 10},
    }


def test_a_downgrade_gives_up_in_the_slice_that_is_left(tmp_path: Path) -> None:
    company = company_with(tmp_path, "a,2026-01-01,2026-02-10,30,pro\na,2026-02-10,,20,basic\n")
    assert moved(company) == {"all": {"contraction": 10}}
    assert moved(company, by=["plan"]) == {"basic": {"moved_in": 20}, "pro": {"contraction": 10, "moved_out": 20}}
    assert moved(company, where="plan = 'pro'") == {"all": {"contraction": 10, "moved_out": 20}}
    kept = company.compute(["gross_revenue_retention_in_period"], period="2026-02", as_of="2026-02-28").value[0]
    assert kept == (5 + 20) / 35


def test_a_plan_of_no_name_is_outside_a_condition_on_the_name(tmp_path: Path) -> None:
    company = company_with(tmp_path, "a,2026-01-01,2026-02-10,20,\na,2026-02-10,,20,pro\n")
    assert moved(company, where="plan = 'pro'") == {"all": {"moved_in": 20}}
    frame = company.compute(MOVEMENTS, period="2026-02", by=["plan"], where="plan = 'pro'", as_of="2026-02-28")
    assert set(frame.plan) == {"pro"}, "what the condition leaves out is no slice"


def test_an_account_that_gains_in_two_slices_shares_what_has_moved(tmp_path: Path) -> None:
    rows = "a,2026-01-01,2026-02-10,10,basic\na,2026-02-10,,8,pro\na,2026-02-10,,8,max\n"
    company = company_with(tmp_path, rows)
    assert moved(company, by=["plan"]) == {
        "basic": {"moved_out": 10},
        "pro": {"moved_in": 5, "expansion": 3},
        "max": {"moved_in": 5, "expansion": 3},
    }


def test_a_second_contract_is_expansion_where_it_is_and_giving_it_up_is_contraction(tmp_path: Path) -> None:
    company = company_with(tmp_path, "a,2026-01-01,,10,basic\na,2026-02-10,2026-03-10,8,pro\n")
    assert moved(company, by=["plan"], as_of="2026-03-31") == {"pro": {"expansion": 8}}
    assert moved(company, by=["plan"], period="2026-03", as_of="2026-03-31") == {"pro": {"contraction": 8}}
    rates = ["net_revenue_retention_in_period", "gross_revenue_retention_in_period", "churn_rate"]
    march = company.compute(rates, period="2026-03", by=["plan"], as_of="2026-03-31")
    assert march.value.tolist() == [1, 0, 1, 0, 0, 0], "pro has lost all it was paid, and no customer"


@pytest.mark.parametrize("where", [None, "plan in ('basic', 'pro')"])
def test_customers_of_a_slice_count_with_what_they_pay_now_wherever_that_is(tmp_path: Path, where: str | None) -> None:
    company = company_with(tmp_path, "a,2026-01-01,2026-02-10,15,basic\na,2026-02-10,,30,pro\n")
    kpis = ["customer_retention_rate", "churn_rate", "net_revenue_retention_in_period",
            "gross_revenue_retention_in_period"]  # fmt: skip
    frame = company.compute(kpis, period="2026-02", by=["plan"], where=where, as_of="2026-02-28")
    basic = frame[frame.plan == "basic"].value.tolist()
    assert basic == [1, 0, (5 + 30) / 20, 1]
    assert frame[frame.plan == "pro"].reason.tolist() == ["no accounts at the start of the period"] * 4


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("a,2026-01-01,2026-02-10,0,basic\na,2026-02-10,,9,basic\n", {"new": 9}),
        ("a,2026-01-01,2026-01-20,0,basic\na,2026-02-10,,9,basic\n", {"new": 9}),
        ("a,2026-01-01,2026-02-10,0,basic\n", {}),
        ("a,2026-01-01,2026-02-10,9,basic\na,2026-02-10,,0,basic\n", {"churned": 9}),
        ("a,2026-01-01,2026-01-10,9,basic\na,2026-01-10,2026-02-10,0,basic\na,2026-02-10,,7,basic\n",
         {"reactivation": 7}),
        ("a,2026-01-01,2026-01-10,,basic\na,2026-02-10,,7,basic\n", {"new": 7}),
        ("a,2026-01-01,2026-01-01,9,basic\na,2026-02-10,,7,basic\n", {"new": 7}),
    ],
    ids=["from a trial", "after a trial", "a trial ends", "to a free plan", "back from a free plan", "unknown price",
         "never ran"],
)  # fmt: skip
def test_an_account_is_a_customer_while_it_pays(tmp_path: Path, rows: str, wanted: dict[str, float]) -> None:
    company = company_with(tmp_path, rows)
    assert moved(company).get("all", {}) == wanted
    assert moved(company, by=["plan"]).get("basic", {}) == wanted


def test_trials_are_in_no_count_of_accounts(tmp_path: Path) -> None:
    company = company_with(tmp_path, "a,2026-01-01,2026-03-10,0,basic\nb,2026-01-01,,15,pro\n")
    kpis = ["active_accounts", "average_revenue_per_account", "churn_rate"]
    assert company.compute(kpis, period="2026-02", as_of="2026-03-31").value.tolist() == [2, 10, 0]
    assert company.compute(kpis, period="2026-03", as_of="2026-03-31").value.tolist() == [2, 10, 0]


def test_a_contract_begins_when_it_is_paid_and_belongs_to_the_slice_of_its_last_plan(tmp_path: Path) -> None:
    rows = "a,2026-01-01,2026-02-10,0,basic\na,2026-02-10,2026-03-01,9,basic\na,2026-03-02,,12,pro\n"
    sources = company_with(tmp_path, rows + "b,2026-01-01,,0,basic\n").sources
    day = sources.last_day()
    assert day is not None

    def known(where: str | None) -> list[list[str]]:
        return contracts(sources, day, where)[["customer", "started", "mrr"]].astype(str).values.tolist()

    assert known(None) == [["a", "2026-02-10", "12.0"], ["old", "2025-12-31", "5.0"]]
    assert known("plan = 'pro'") == [["a", "2026-02-10", "12.0"]]
    assert known("plan = 'basic'") == [["old", "2025-12-31", "5.0"]]


@pytest.mark.parametrize("calendar", ["4-4-5", "4-5-4"])
def test_the_bridge_is_exact_in_a_calendar_of_weeks(tmp_path: Path, calendar: str) -> None:
    rows = (
        "a,2025-12-30,2026-02-20,30,pro\na,2026-02-21,,20,basic\nb,2026-01-05,2026-01-26,9,pro\nb,2026-03-02,,7,pro\n"
    )
    said = {"calendar": {"type": calendar, "year_starts": "2025-12-29"}}
    company = open_from(tmp_path, {"subscriptions": HEAD.replace("2025-12-31", "2025-06-01") + rows}, **said)
    asked = {"period": "2026-03", "last": 3, "by": ["plan"], "as_of": "2026-06-30"}
    frame = company.compute(["monthly_recurring_revenue", *MOVEMENTS], **asked)
    table = frame.pivot_table(index=["plan", "period"], columns="kpi", values="value").fillna(0)
    signs = [1, 1, 1, 1, -1, -1, -1]
    change = sum(sign * table[kpi] for sign, kpi in zip(signs, MOVEMENTS, strict=True))
    levels = table["monthly_recurring_revenue"]
    before = (
        levels.groupby("plan")
        .shift(fill_value=0)
        .where(levels.index.get_level_values("period") != "2026-01", [5, 5, 5, 0, 0, 0])
    )
    assert (levels - before).tolist() == change.tolist()
    assert table["mrr_moved_in"].sum() == table["mrr_moved_out"].sum() == 20
