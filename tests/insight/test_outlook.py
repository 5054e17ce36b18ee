"""Targets of small companies whose future is plain to see."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from support.companies import open_from
from support.reasons import says

from kpi_analysis.insight.outlook import Outlook, check_targets
from kpi_analysis.insight.targets import TargetAssessment

SMART = {
    "objective": "Grow",
    "owner": "Head of Sales",
    "review": "monthly",
    "by": dt.date(2026, 12, 31),
    "actions": ["Hire"],
}


def company(folder: Path, *targets: dict[str, Any], months: int = 30, growth: float = 1.0) -> Outlook:
    """A shop from January 2024 that sells 100 on the first of each month (with growth), and spends 50 on 10 leads."""
    rng = np.random.default_rng(5)
    days = pd.date_range("2024-01-01", periods=months, freq="MS")
    amounts = 100 * growth ** np.arange(months) * rng.normal(1, 0.02, months)
    orders = pd.DataFrame(
        {"order_id": range(months), "ordered_on": days, "customer_id": range(months), "amount": amounts}
    )
    last = days[-1] + pd.offsets.MonthEnd(0)
    spend = pd.DataFrame({"spent_on": [*days, last], "amount": [50.0] * months + [0.0]})
    leads = pd.DataFrame({"lead_id": range(months * 10), "created_on": days.repeat(10)})
    contracts = pd.DataFrame({"customer_id": range(months), "started_on": days, "ended_on": None, "mrr": 10.0})
    (folder / "targets.yaml").write_text(yaml.safe_dump({"targets": [SMART | target for target in targets]}))
    company = open_from(folder, {"orders": orders, "spend": spend, "leads": leads, "subscriptions": contracts})
    return Outlook(company, last.date())


def assessments(folder: Path, target: dict[str, Any], **settings: Any) -> TargetAssessment:
    (only,) = company(folder, target, **settings).assessments
    return only


def test_a_sum_is_judged_over_its_year_by_what_is_sold_and_what_is_to_come(tmp_path: Path) -> None:
    found = assessments(tmp_path, {"kpi": "sales_revenue", "baseline": 2025, "target": "+0%"})
    assert (found.period, found.total) == ("2026", True)
    assert found.current == pytest.approx(600, rel=0.05), "six months are over"
    assert found.expected == pytest.approx(found.goal / 2, rel=0.05)
    assert found.needed == pytest.approx((found.goal - found.current) / 6)
    assert found.pace == pytest.approx(1, rel=0.05)
    assert 0.05 < found.chance < 0.95


@pytest.mark.parametrize(
    ("target", "status", "verdict"), [("+60%", "off", "out of reach"), ("-40%", "on", "no stretch")]
)
def test_what_cannot_be_reached_or_missed_is_not_attainable(
    tmp_path: Path, target: str, status: str, verdict: str
) -> None:
    found = assessments(tmp_path, {"kpi": "sales_revenue", "baseline": 2025, "target": target})
    assert (found.status, found.verdicts["A"]) == (status, verdict)


def test_lower_is_better_turns_it_round(tmp_path: Path) -> None:
    easy = assessments(tmp_path, {"kpi": "cost_per_lead", "target": 6})
    hard = assessments(tmp_path, {"kpi": "cost_per_lead", "target": 4})
    assert easy.chance > 0.9 and hard.chance < 0.1
    assert easy.current == 5 and easy.period == "2026-Q4"


def test_a_stock_is_judged_at_the_deadline_and_not_summed(tmp_path: Path) -> None:
    found = assessments(tmp_path, {"kpi": "monthly_recurring_revenue", "baseline": "2025-12", "target": "+50%"})
    assert (found.baseline, found.goal, found.current, found.total) == (240, 360, 300, False)
    assert found.period == "2026-12" and found.needed == pytest.approx(10)
    assert found.expected == pytest.approx(240 + 120 * 181 / 365)


@pytest.mark.parametrize(("target", "status"), [(1, "hit"), (1e9, "missed")])
def test_after_the_deadline_it_is_hit_or_missed(tmp_path: Path, target: float, status: str) -> None:
    found = assessments(tmp_path, {"kpi": "sales_revenue", "target": target, "by": dt.date(2025, 12, 31)})
    assert found.status == status and found.verdicts["A"] == ""


def test_a_target_that_cannot_be_projected_says_why(tmp_path: Path) -> None:
    found = assessments(tmp_path, {"kpi": "sales_revenue", "target": 1200}, months=3)
    assert found.chance is None and found.status == "none"
    assert "not enough data" in found.reason and found.verdicts["A"] == "not projected"


def test_a_kpi_without_its_table_is_not_measured(tmp_path: Path) -> None:
    found = assessments(tmp_path, {"kpi": "production_yield", "target": 0.9})
    assert found.verdicts["M"] == "not measured" and says(found.reason, "production", "not connected")


def test_the_chain_of_support_must_reach_a_strategic_kpi_and_something_must_be_done(tmp_path: Path) -> None:
    linked = assessments(tmp_path, {"kpi": "cost_per_lead", "target": 5})
    assert linked.verdicts["R"] == ""
    assert assessments(tmp_path, {"kpi": "cost_per_lead", "target": 5, "actions": []}).verdicts["R"] == "no actions"
    assert (
        assessments(tmp_path, {"kpi": "cost_per_lead", "target": 5, "supports": "nothing"}).verdicts["R"] == "no link"
    )


def test_the_check_fails_on_s_m_t_and_warns_on_a_r(tmp_path: Path) -> None:
    outlook = company(
        tmp_path,
        {"kpi": "sales_revenue", "baseline": 2025, "target": "+60%"},
        {"kpi": "sales_revenu", "target": 5},
        {"kpi": "leads", "target": 5, "owner": "", "by": None},
    )
    found = {(f.subject, f.level, f.message.split(":")[0]) for f in check_targets(outlook.company, outlook.as_of)}
    assert ("target sales_revenue", "warning", "not attainable") in found
    assert ("target sales_revenu", "error", "not specific") in found
    assert {("target leads", "error", "not specific"), ("target leads", "error", "not time-bound")} <= found
    assert all(
        f.file == str(tmp_path / "targets.yaml") and f.line for f in check_targets(outlook.company, outlook.as_of)
    )


def test_the_unfinished_month_is_not_in_the_history(tmp_path: Path) -> None:
    outlook = company(tmp_path)
    cut = Outlook(outlook.company, dt.date(2026, 6, 20))
    assert outlook.history("sales_revenue", "month").index[-1] == "2026-06"
    assert cut.history("sales_revenue", "month").index[-1] == "2026-05"


def test_the_same_data_give_the_same_chance(tmp_path: Path) -> None:
    target = {"kpi": "sales_revenue", "baseline": 2025, "target": "+3%"}
    assert assessments(tmp_path, target).chance == assessments(tmp_path, target).chance
