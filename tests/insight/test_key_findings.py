"""Every planted fact of the demo company is found in the report that a reader learns it from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.companies import shipped_company

from kpi_analysis.demo import PLANTED, PlantedFact
from kpi_analysis.insight.findings import Insight
from kpi_analysis.insight.key_findings import Insights
from kpi_analysis.report.notebook import Report, open_report

COMPANY = Path(__file__).parents[2] / "params" / "company.yaml"

LEARNED = {
    "price change": "2026-Q2",
    "broken campaign": "2026-Q3",
    "churn wave": "2025-Q4",
    "large refund": "2026-Q3",
    "missing days": "2025-Q1",
    "exceptional order": "2025-Q2",
    "quality problem": "2026-Q3",
    "win rate of AMER": "2026-Q3",  # a quarter of 40 deals a month proves little: three do
    "key account": "2026-Q2",
}


@cache
def report(period: str) -> Report:
    return open_report(shipped_company(), period)


def shows(one: Insight, fact: PlantedFact) -> bool:
    kpis = {one.kpi, *(other.split(":", 1)[1].split("@")[0] for other in one.also if "@" in other)}
    same_place = all(dict(fact.where).get(name, value) == value for name, value in one.slice.items())
    begins = one.period[:4] if "Q" in one.period else one.period[:7]
    return bool(kpis & set(fact.kpis)) and same_place and begins <= fact.last.isoformat()


@pytest.mark.parametrize("fact", PLANTED, ids=lambda fact: fact.name)
def test_every_planted_fact_is_on_page_one(fact: PlantedFact) -> None:
    found = report(LEARNED[fact.name]).insights.found
    assert any(shows(one, fact) for one in found), [one.id for one in found]


def test_there_is_a_handful_and_each_says_where_its_numbers_stand() -> None:
    insights = report("2026-Q3").insights
    ids = {row["id"] for row in insights.values}
    assert 0 < len(insights.found) <= 5
    for one in insights.found:
        assert len(one.claim) <= 105
        assert len(one.evidence) <= 190
        assert one.query.startswith("kpi ")
        for number in one.quoted:
            assert number.text in f"{one.claim} {one.evidence} {one.figure}"
            assert number.id in ids | {one.id}


def test_the_same_input_gives_the_same_sentences() -> None:
    first = report("2026-Q2").insights
    again = Insights(first.company, first.period, first.as_of, first.format, first.targets, first.where)
    assert [one.record() for one in again.found] == [one.record() for one in first.found]


def test_what_happened_later_is_not_known_earlier() -> None:
    early = open_report(shipped_company(), "2026-Q3", as_of="2026-07-31").insights
    assert all("2026-08" not in one.period for one in early.all)


def test_each_slice_is_looked_at_as_plain_pandas_cuts_it() -> None:
    insights = report("2026-Q3").insights
    kpis = ["sales_revenue", "opportunity_to_win_ratio"]
    frame = insights.company.compute(
        kpis, period="2026-09", grain="month", last=36, by=["region"], as_of=insights.as_of, compared=False
    )
    found = {(one.kpi, one.slice["region"]): one for one in insights._series(kpis, "region")}
    assert len(found) == 6
    for (kpi, region), one in found.items():
        part = frame[(frame.kpi == kpi) & (frame.region == region)].set_index("period")
        complete = part.value.where(part.complete)
        wanted = complete.loc[complete.first_valid_index() :]
        assert one.labels == wanted.index.to_list()
        np.testing.assert_array_equal(one.values, wanted.to_numpy(float))
        if kpi == "opportunity_to_win_ratio":
            assert one.trials is not None
            np.testing.assert_array_equal(one.trials, part.denominator.loc[wanted.index].to_numpy(float))
