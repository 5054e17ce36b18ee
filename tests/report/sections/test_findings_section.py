"""The block over the scorecard, and a render that refuses a tampered sentence."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks import Findings, Note
from kpi_analysis.design.formats import Format
from kpi_analysis.insight.key_findings import Insights
from kpi_analysis.press.run.reconcile import quoted_findings, reconcile
from kpi_analysis.report.sections.findings import NOTHING, TOO_SHORT, findings_block


def insights(folder: Path, last_month: float) -> Insights:
    """A shop with two orders on each of 28 days a month over 32 months, and a last month of other prices."""
    rng = np.random.default_rng(4)
    months = pd.date_range("2024-01-01", periods=33, freq="MS")
    rows = []
    for at, month in enumerate(months):
        price = last_month if at == len(months) - 1 else 100.0
        for day in (*range(27), month.days_in_month - 1):
            amount = rng.gamma(20, price / 20, 2)
            rows += [(f"O{at}-{day}-{n}", month + dt.timedelta(days=day), f"C{n}", amount[n]) for n in range(2)]
    orders = pd.DataFrame(rows, columns=["order_id", "ordered_on", "customer_id", "amount"])
    company = open_from(folder, {"orders": orders})
    period = company.config.calendar.parse("2026-Q3")
    return Insights(company, period, dt.date(2026, 9, 30), Format())


def test_where_nothing_is_real_it_says_so(tmp_path: Path) -> None:
    block = findings_block(insights(tmp_path, 100.0))
    assert isinstance(block, Note)
    assert block.text == NOTHING


def test_a_history_of_a_year_is_too_short(tmp_path: Path) -> None:
    young = insights(tmp_path, 100.0)
    early = Insights(young.company, young.company.config.calendar.parse("2024-Q4"), dt.date(2024, 12, 31), young.format)
    block = findings_block(early)
    assert isinstance(block, Note)
    assert block.text == TOO_SHORT


def test_a_month_at_double_the_price_is_the_first_finding(tmp_path: Path) -> None:
    block = findings_block(insights(tmp_path, 200.0))
    assert isinstance(block, Findings)
    assert "September 2026" in block.findings[0].claim
    assert block.findings[0].figure.text in block.findings[0].claim
    assert {number["id"] for record in block.records for number in record["quoted"]} <= {
        *(row["id"] for row in block.values),
        *(record["id"] for record in block.records),
    }


def test_a_tampered_block_is_refused(tmp_path: Path) -> None:
    block = findings_block(insights(tmp_path, 200.0)).payload()
    reconcile(quoted_findings([block]), block["values"], [], [block], Format())
    block["values"][0]["value"] += 1.0
    with pytest.raises(RunError, match=block["values"][0]["id"]):
        reconcile(quoted_findings([block]), block["values"], [], [block], Format())
