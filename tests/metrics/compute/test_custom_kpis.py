"""A user's own kpis.yaml: measures, metrics and overrides beside the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.report.notebook import open_report

DEALS = """opportunity_id,created_on,closed_on,outcome,amount
1,2026-01-01,2026-01-31,won,1000
2,2026-01-10,2026-02-10,lost,0
3,2026-01-15,2026-02-15,won,3000
4,2026-01-01,2026-03-31,won,200
"""
OWN = """
measures:
  big_deals: {table: opportunities, agg: count(*), where: outcome = 'won' and amount > 500, date: closed_on}
metrics:
  - name: big_deal_share
    label: Share of big deals
    question: How many of our deals are big?
    formula: big_deals / won_deals
    unit: percent
    better: higher
    level: operational
    supports: sales_revenue
    category: sales
    example: {big_deals: 1, won_deals: 4, value: 0.25}
  - name: average_deal_size
    label: Average deal size
    question: What is a big deal worth?
    formula: won_amount / big_deals
    unit: currency
    better: higher
    level: operational
    category: sales
"""


def write(folder: Path, own: str) -> Path:
    open_from(folder, {"opportunities": DEALS})
    (folder / "kpis.yaml").write_text(own, encoding="utf-8")
    return folder / "company.yaml"


def test_own_kpis_compute_beside_the_shipped_ones(tmp_path: Path) -> None:
    report = open_report(write(tmp_path, OWN), "2026-Q1")
    frame = report.company.compute(["big_deal_share", "average_deal_size", "sales_revenue"], period="2026-Q1")
    assert frame.value.tolist() == [pytest.approx(2 / 3), 2100, 4200]
    assert report.company.check() == []


def test_an_override_is_named_in_the_report(tmp_path: Path) -> None:
    note = open_report(write(tmp_path, OWN), "2026-Q1").definitions().note
    assert says(note, "by the company", "Average deal size")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("big_deals / won_deals", "big_dealz / won_deals", 8, "unknown measure 'big_dealz'. Did you mean 'big_deals'"),
        ("big_deals / won_deals", "big_deal_share / 2", 8, "big_deal_share → big_deal_share"),
        ("unit: percent", "unit: pounds", 9, "unit"),
        ("agg: count(*)", "agg: count(*), dat: x", 3, "unknown key 'dat'"),
        ("table: opportunities", "table: oportunities", 3, "Did you mean 'opportunities'"),
        ("level: operational\n    supports: sales_revenue", "level: tactical", 11, "strategic"),
    ],
)  # fmt: skip
def test_a_mistake_points_at_line_and_word(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in OWN
    company = write(tmp_path, OWN.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        open_report(company, "2026-Q1")
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.line) == (tmp_path / "kpis.yaml", line)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("table: opportunities", "table: leads", "has no column"),
        ("amount > 500", "amuont > 500", "has no column amuont"),
        ("amount > 500", "nonsense(amount) > 500", "nonsense"),
    ],
)
def test_the_check_finds_what_an_own_measure_cannot_read(tmp_path: Path, old: str, new: str, words: str) -> None:
    own = OWN.replace(old, new, 1)
    if "leads" in new:
        own = own.replace("closed_on", "created_on").replace("outcome = 'won' and amount > 500", "channel is not null")
        words = "table leads is not connected"
    company = write(tmp_path, own)
    (finding, *_) = [f for f in open_report(company, "2026-Q1").company.check() if f.level == "error"]
    assert words in str(finding) and finding.line == 3 and finding.file == str(tmp_path / "kpis.yaml")
