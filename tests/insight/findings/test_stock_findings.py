"""A finding about a stock compares one month's value with one month's expectation, and says what it continues."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from support.companies import open_from

from kpi_analysis.insight.findings import Insight
from kpi_analysis.report.notebook import open_report

MONTHS = pd.date_range("2023-10-01", "2026-09-01", freq="MS")
NOISE = np.random.default_rng(5).normal(size=len(MONTHS))


def contracts(levels: np.ndarray) -> pd.DataFrame:
    """One contract a month: the recurring revenue at the end of each month is its level."""
    ends = [*MONTHS[1:], pd.Timestamp("2026-10-15")]
    rows = pd.DataFrame({"customer_id": "a", "started_on": MONTHS, "ended_on": ends, "mrr": levels.round(2)})
    return rows.assign(customer_id=[f"c{n % 7}" for n in range(len(rows))])


def positions(levels: np.ndarray) -> pd.DataFrame:
    ends = [*MONTHS[1:], pd.Timestamp("2026-10-15")]
    spans = list(zip(MONTHS, ends, levels, strict=True))
    rows = [{"opened_on": first, "filled_on": last} for first, last, n in spans for _ in range(round(n))]
    return pd.DataFrame(rows).assign(vacancy_id=range(len(rows)))


def told(folder: Path, table: str, rows: pd.DataFrame, kpi: str) -> Insight:
    orders = pd.DataFrame({"order_id": [1, 2], "ordered_on": ["2023-10-01", "2026-09-30"], "customer_id": "a"})
    company = open_from(folder, {table: rows, "orders": orders.assign(amount=1.0)})
    report = open_report(company, "2026-Q3", as_of="2026-09-30")
    return next(one for one in report.insights.all if one.kpi == kpi)


def test_a_jump_of_recurring_revenue_is_held_against_one_month(tmp_path: Path) -> None:
    levels = 1000 * np.exp(0.03 * NOISE)
    levels[-3:] *= 1.5
    one = told(tmp_path, "subscriptions", contracts(levels), "monthly_recurring_revenue")
    assert one.kind in ("unusual", "turned")
    assert one.low is not None and one.high is not None and 800 < one.low < one.high < 1800
    assert 1200 < (one.size or 0) < 1800


def test_a_level_that_was_is_the_usual_one(tmp_path: Path) -> None:
    levels = 1000 * np.exp(0.03 * NOISE)
    levels[-1] *= 2
    one = told(tmp_path, "subscriptions", contracts(levels), "monthly_recurring_revenue")
    assert "stood far above its usual level in September 2026" in one.claim
    assert one.low is not None and one.high is not None and 900 < one.low < 1000 < one.high < 1120


def test_a_trend_that_is_drawn_on_is_no_usual_level(tmp_path: Path) -> None:
    """A fall over three years that ends: the lowest value of all is above the trend, and not above a usual level."""
    levels = 4000 * np.exp(-0.05 * np.arange(len(MONTHS)) + 0.01 * NOISE)
    levels[-3:] = levels[-4] * 0.99
    one = told(tmp_path, "subscriptions", contracts(levels), "monthly_recurring_revenue")
    assert one.size is not None and one.size <= levels[:-3].min()
    assert "usual level" not in one.claim and "what its trend let expect" in one.claim


def test_counts_of_what_is_open_are_not_added_up(tmp_path: Path) -> None:
    levels = 30 + 2 * NOISE
    levels[-3:] = [60, 62, 61]
    one = told(tmp_path, "vacancies", positions(levels), "vacancies")
    assert one.high is not None and one.high < 70
