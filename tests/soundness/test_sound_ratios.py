"""Traps of ratios: means of ratios, means of means, mixes, unfinished deals and young cohorts, return on spend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.stats import intervals


def row(company: OpenCompany, kpi: str, period: str, **options: Any) -> Any:
    """The one row of a KPI in a period."""
    frame = company.compute([kpi], period=period, **options)
    assert len(frame) == 1, frame
    return frame.iloc[0]


def deals(*groups: tuple[str, str, str, int]) -> pd.DataFrame:
    """Opportunities of January 2026: owner, product, outcome, how many."""
    rows = [group[:3] for group in groups for _ in range(group[3])]
    frame = pd.DataFrame(rows, columns=["owner", "product", "outcome"])
    closed = frame.outcome.map(lambda outcome: None if outcome == "open" else "2026-01-31")
    return frame.assign(opportunity_id=range(len(frame)), created_on="2026-01-01", closed_on=closed, amount=1)


def leads(*groups: tuple[str, str, int]) -> pd.DataFrame:
    """Leads: day, channel, how many."""
    rows = [group[:2] for group in groups for _ in range(group[2])]
    frame = pd.DataFrame(rows, columns=["created_on", "channel"])
    return frame.assign(lead_id=range(len(frame)))


def test_cost_per_lead_of_the_whole_is_no_mean_of_the_channels(tmp_path: Path) -> None:
    """Averaged ratios (number 15): 10,000 ÷ 310 = 32.26, not (100 + 30) ÷ 2 = 65.

    | channel | spend | leads | cost per lead |
    |---------|-------|-------|---------------|
    | print   | 1,000 | 10    | 100           |
    | search  | 9,000 | 300   | 30            |
    """
    spend = "spent_on,channel,amount\n2026-01-01,print,1000\n2026-01-31,search,9000\n"
    tables = {"spend": spend, "leads": leads(("2026-01-01", "print", 10), ("2026-01-31", "search", 300))}
    company = open_from(tmp_path, tables)
    sliced = company.compute(["cost_per_lead"], period="2026-01", by=["channel"])
    assert sliced.value.tolist() == [100, 30]
    whole = row(company, "cost_per_lead", "2026-01")
    assert whole.value == pytest.approx(32.26, abs=0.005)
    assert (whole.numerator, whole.denominator) == (sliced.numerator.sum(), sliced.denominator.sum()) == (10_000, 310)


def test_cost_per_lead_of_a_quarter_is_no_mean_of_its_months(tmp_path: Path) -> None:
    """Averaged ratios, over time: 3,000 ÷ 60 = 50, not (200 + 200 + 20) ÷ 3 = 140.

    | month | 2026-01 | 2026-02 | 2026-03 | 2026-Q1 |
    |-------|---------|---------|---------|---------|
    | spend | 1,000   | 1,000   | 1,000   | 3,000   |
    | leads | 5       | 5       | 50      | 60      |
    """
    spend = "spent_on,amount\n2026-01-01,1000\n2026-02-15,1000\n2026-03-31,1000\n"
    rows = leads(("2026-01-01", "a", 5), ("2026-02-15", "a", 5), ("2026-03-31", "a", 50))
    company = open_from(tmp_path, {"spend": spend, "leads": rows})
    months = company.compute(["cost_per_lead"], period="2026-03", last=3)
    assert months.value.tolist() == [200, 200, 20]
    assert row(company, "cost_per_lead", "2026-Q1").value == 50 != months.value.mean()


def test_the_mean_order_of_a_quarter_is_no_mean_of_monthly_means(tmp_path: Path) -> None:
    """Averaged averages: 910 ÷ 10 = 91, not (10 + 100) ÷ 2 = 55.

    | month   | orders | revenue | mean |
    |---------|--------|---------|------|
    | 2026-01 | 1      | 10      | 10   |
    | 2026-02 | 9      | 900     | 100  |
    """
    orders = "order_id,ordered_on,customer_id,amount\n0,2026-01-01,a,10\n"
    orders += "".join(f"{n},2026-02-28,a,100\n" for n in range(1, 10))
    company = open_from(tmp_path, {"orders": orders})
    months = company.compute(["average_order_value"], period="2026-02", last=2)
    assert months.value.tolist() == [10, 100]
    assert row(company, "average_order_value", "2026-Q1", as_of="2026-03-31").value == 91


def test_the_mean_call_of_a_team_is_no_mean_of_its_agents(tmp_path: Path) -> None:
    """Averaged averages, over slices: (40 + 10) ÷ 5 = 10 minutes, not (40 + 2.5) ÷ 2 = 21.25.

    | agent | tickets | minutes | mean |
    |-------|---------|---------|------|
    | Ann   | 1       | 40      | 40   |
    | Bob   | 4       | 10      | 2.5  |
    """
    rows = "ticket_id,opened_on,handle_minutes,agent\n1,2026-01-01,40,Ann\n"
    rows += "".join(f"{n},2026-01-31,2.5,Bob\n" for n in range(2, 6))
    company = open_from(tmp_path, {"tickets": rows})
    assert company.compute(["average_call_time"], period="2026-01", by=["agent"]).value.tolist() == [40, 2.5]
    assert row(company, "average_call_time", "2026-01").value == 10


def test_a_mean_counts_only_the_rows_that_have_a_value(tmp_path: Path) -> None:
    """Averaged averages, with a missing value: 12 ÷ 2 = 6, not 12 ÷ 3 = 4.

    | ticket | 1 | 2 | 3 |
    |--------|---|---|---|
    | minutes| 4 | 8 | – |
    """
    rows = "ticket_id,opened_on,handle_minutes\n1,2026-01-01,4\n2,2026-01-02,8\n3,2026-01-31,\n"
    assert row(open_from(tmp_path, {"tickets": rows}), "average_call_time", "2026-01").value == 6


def test_open_opportunities_are_neither_won_nor_lost(tmp_path: Path) -> None:
    """Open opportunities (number 15): 12 ÷ 30 = 40 %, not 12 ÷ 50 = 24 %; the open ones stand beside it.

    | outcome | won | lost | open |
    |---------|-----|------|------|
    | deals   | 12  | 18   | 20   |
    """
    company = open_from(
        tmp_path, {"opportunities": deals(("a", "x", "won", 12), ("a", "x", "lost", 18), ("a", "x", "open", 20))}
    )
    ratio = row(company, "opportunity_to_win_ratio", "2026-01")
    assert (ratio.value, ratio.numerator, ratio.denominator, ratio.rows) == (0.4, 12, 30, 30)
    assert (ratio.ci_low, ratio.ci_high) == intervals.proportion(12, 30)
    assert row(company, "open_pipeline", "2026-01").value == 20


def test_a_deal_that_was_open_on_the_day_asked_for_is_in_no_win_ratio_of_that_day(tmp_path: Path) -> None:
    """Open opportunities, seen from the past: on 31 January only the first deal had closed.

    | deal | created    | closed     | outcome |
    |------|------------|------------|---------|
    | 1    | 2026-01-01 | 2026-01-20 | lost    |
    | 2    | 2026-01-05 | 2026-02-20 | won     |
    """
    rows = "opportunity_id,created_on,closed_on,outcome\n1,2026-01-01,2026-01-20,lost\n2,2026-01-05,2026-02-20,won\n"
    company = open_from(tmp_path, {"opportunities": rows})
    assert row(company, "opportunity_to_win_ratio", "2026-01", as_of="2026-01-31").value == 0
    assert row(company, "open_pipeline", "2026-01", as_of="2026-01-31").value == 1


def test_a_step_taken_after_the_day_asked_for_is_not_yet_taken(tmp_path: Path) -> None:
    """Immature cohorts: on 31 January one of two leads was qualified; the other is in February.

    | lead | created    | qualified  |
    |------|------------|------------|
    | 1    | 2026-01-01 | 2026-01-10 |
    | 2    | 2026-01-05 | 2026-02-20 |
    """
    rows = "lead_id,created_on,mql_on\n1,2026-01-01,2026-01-10\n2,2026-01-05,2026-02-20\n"
    company = open_from(tmp_path, {"leads": rows})
    assert row(company, "lead_to_mql_rate", "2026-01").value == 1
    assert row(company, "lead_to_mql_rate", "2026-01", as_of="2026-01-31").value == 0.5


def test_a_cohort_that_is_too_young_is_not_complete(tmp_path: Path) -> None:
    """Immature cohorts: every lead is qualified 60 days after it came; the data end on 2026-06-30.

    | cohort    | 01   | 02   | 03   | 04   | 05  | 06  |
    |-----------|------|------|------|------|-----|-----|
    | rate seen | 1    | 1    | 1    | 1    | .03 | 0   |
    | over?     | yes  | yes  | yes  | yes  | no  | no  |
    """
    days = pd.Series(pd.date_range("2026-01-01", "2026-06-30"))
    qualified = (days + pd.Timedelta(days=60)).where(days + pd.Timedelta(days=60) <= "2026-06-30")
    rows = pd.DataFrame({"lead_id": range(len(days)), "created_on": days, "mql_on": qualified})
    frame = open_from(tmp_path, {"leads": rows}).compute(["lead_to_mql_rate"], period="2026-06", last=6)
    assert frame.value.tolist() == [1, 1, 1, 1, pytest.approx(1 / 31), 0]
    assert frame.complete.tolist() == [True, True, True, True, False, False], "May and June can still be qualified"


def test_who_wins_every_segment_and_loses_the_whole_is_shown_as_both(tmp_path: Path) -> None:
    """Simpson (number 13): Ann wins both products, and loses in total, .780 to .826.

    | owner | small             | large             | together       |
    |-------|-------------------|-------------------|----------------|
    | Ann   | 81 of 87 (.931)   | 192 of 263 (.730) | 273 of 350     |
    | Bob   | 234 of 270 (.867) | 55 of 80 (.688)   | 289 of 350     |
    """
    rows = deals(
        ("Ann", "small", "won", 81), ("Ann", "small", "lost", 6), ("Ann", "large", "won", 192),
        ("Ann", "large", "lost", 71), ("Bob", "small", "won", 234), ("Bob", "small", "lost", 36),
        ("Bob", "large", "won", 55), ("Bob", "large", "lost", 25),
    )  # fmt: skip
    company = open_from(tmp_path, {"opportunities": rows})
    kpi = ["opportunity_to_win_ratio"]
    both = company.compute(kpi, period="2026-01", by=["owner", "product"]).set_index(["owner", "product"])
    assert both.value["Ann", "small"] == 81 / 87 > both.value["Bob", "small"] == 234 / 270
    assert both.value["Ann", "large"] == 192 / 263 > both.value["Bob", "large"] == 55 / 80
    owners = company.compute(kpi, period="2026-01", by=["owner"]).set_index("owner")
    assert owners.value["Ann"] == pytest.approx(0.780, abs=5e-4)
    assert owners.value["Bob"] == pytest.approx(0.826, abs=5e-4)
    for part in ("numerator", "denominator"):
        assert both[part].groupby("owner").sum().to_dict() == owners[part].to_dict()
    within = row(company, kpi[0], "2026-01", where="owner = 'Ann' and product = 'large'")
    assert within.value == both.value["Ann", "large"], "a condition and a slice agree"


MARKETING = "order_id,ordered_on,customer_id,amount,channel\n1,2026-01-01,a,{amount},ads\n"


@pytest.mark.parametrize(("revenue", "ratio", "roi"), [(500, 5, 1), (250, 2.5, 0), (100, 1, -0.6)])
def test_return_on_marketing_is_on_gross_profit_and_the_ratio_on_revenue(
    tmp_path: Path, revenue: int, ratio: float, roi: float
) -> None:
    """Number 14: revenue 500, cost 100, margin 40 %: 5:1, and 100 % on margin; break-even is at 2.5, not at 1.

    | revenue | spend | ratio | gross profit | ROI on margin |
    |---------|-------|-------|--------------|---------------|
    | 500     | 100   | 5     | 200          | 100 %         |
    | 250     | 100   | 2.5   | 100          | 0 %           |
    | 100     | 100   | 1     | 40           | −60 %         |
    """
    tables = {"orders": MARKETING.format(amount=revenue), "spend": "spent_on,amount,channel\n2026-01-31,100,ads\n"}
    company = open_from(tmp_path, tables, gross_margin=0.4)
    assert row(company, "marketing_revenue_ratio", "2026-01").value == ratio
    assert row(company, "marketing_roi", "2026-01").value == pytest.approx(roi)


def test_no_spend_is_no_infinite_return(tmp_path: Path) -> None:
    """Number 14's trap: a channel that costs nothing has no return on its cost.

    | channel | revenue | spend |
    |---------|---------|-------|
    | ads     | 500     | 100   |
    | word    | 300     | 0     |
    """
    orders = MARKETING.format(amount=500) + "2,2026-01-31,b,300,word\n"
    company = open_from(
        tmp_path, {"orders": orders, "spend": "spent_on,amount,channel\n2026-01-31,100,ads\n"}, gross_margin=0.4
    )
    frame = company.compute(["marketing_roi", "marketing_revenue_ratio"], period="2026-01", by=["channel"])
    word = frame[frame.channel == "word"]
    assert word.value.isna().all() and set(word.reason) == {"no spend"}


@pytest.mark.parametrize("month", ["2026-01", "2026-02"])
def test_payback_and_lifetime_value_of_a_month_are_those_of_the_textbook(tmp_path: Path, month: str) -> None:
    """Number 14: payback 15 months, lifetime value 1,600, ratio 1.33; a month is a month, of 31 days or of 28.

    | cost of the new customer | accounts at start | lost | a month each | margin |
    |--------------------------|-------------------|------|--------------|--------|
    | 1,200                    | 20                | 1    | 100          | 80 %   |
    """
    rows = "customer_id,started_on,ended_on,mrr\n" + "".join(f"{n},2025-01-01,,100\n" for n in range(19))
    tables = {
        "subscriptions": rows + f"19,2025-01-01,{month}-15,100\n",
        "orders": f"order_id,ordered_on,customer_id,amount\n1,2025-12-01,old,5\n2,{month}-28,new,5\n",
        "spend": f"spent_on,amount\n2025-12-01,1\n{month}-28,1200\n",
    }
    company = open_from(tmp_path, tables, gross_margin=0.8)
    end = (pd.Timestamp(month) + pd.offsets.MonthEnd(0)).date()
    kpis = ["churn_rate", "average_revenue_per_account", "customer_acquisition_cost", "marketing_payback_months"]
    told = company.compute(kpis, period=month, as_of=end)
    assert told.value.tolist() == [0.05, 100, 1200, pytest.approx(15)]
    worth = company.compute(["customer_lifetime_value", "ltv_to_cac"], period=month, as_of=end)
    assert worth.value.tolist() == [pytest.approx(1600), pytest.approx(4 / 3)]
