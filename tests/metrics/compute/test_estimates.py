"""Intervals of KPIs: each beside scipy or a closed form on the rows themselves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scipy import stats
from support.companies import open_from

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.catalogue import read_catalogue, shipped

AMOUNTS = [100.0, 250.0, 400.0, 900.0]
DEALS = pd.DataFrame(
    {
        "opportunity_id": [f"D{number}" for number in range(6)],
        "created_on": "2026-01-05",
        "closed_on": ["2026-01-15", "2026-01-25", "2026-02-04", "2026-03-06", "2026-02-01", None],
        "outcome": ["won", "won", "won", "won", "lost", "open"],
        "amount": [*AMOUNTS, 70.0, 80.0],
    }
)


def test_a_mean_has_student_s_interval(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"opportunities": DEALS})
    frame = company.compute(["average_deal_size", "sales_cycle_length"], period="2026-Q1").set_index("kpi")
    for kpi, values in {"average_deal_size": AMOUNTS, "sales_cycle_length": [10, 20, 30, 60]}.items():
        low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
        assert low < 0  # which amounts can be, and days cannot
        least = 0.0 if kpi == "sales_cycle_length" else low
        assert (frame.ci_low[kpi], frame.ci_high[kpi]) == pytest.approx((least, high))


def test_a_single_value_has_a_mean_and_no_interval(tmp_path: Path) -> None:
    row = open_from(tmp_path, {"opportunities": DEALS}).compute(["average_deal_size"], period="2026-02").iloc[0]
    assert row.value == 400.0
    assert pd.isna(row.ci_low)
    assert pd.isna(row.ci_high)


def test_squares_of_an_unknown_measure_are_refused_by_line(tmp_path: Path) -> None:
    text = """metrics:
  - {name: deal, label: Deal, question: "How big?", formula: won_amount / won_deals, unit: currency, better: higher,
     level: operational, category: sales, supports: sales_revenue, interval: mean, squares: won_amount_square}
"""
    (tmp_path / "kpis.yaml").write_text(text)
    with pytest.raises(ConfigError, match="won_amount_square'") as error:
        read_catalogue([tmp_path / "kpis.yaml"], base=shipped())
    assert "won_amount_squares" in (error.value.remedy or "")
    assert error.value.line == 2


def test_a_mean_without_squares_is_refused(tmp_path: Path) -> None:
    text = """metrics:
  - {name: deal, label: Deal, question: "How big?", formula: won_amount / won_deals, unit: currency, better: higher,
     level: operational, category: sales, supports: sales_revenue, interval: mean}
"""
    (tmp_path / "kpis.yaml").write_text(text)
    with pytest.raises(ConfigError, match="squares"):
        read_catalogue([tmp_path / "kpis.yaml"], base=shipped())
