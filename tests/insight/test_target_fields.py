"""A row of the tidy frame has the target, pace and status of the target that it is judged by, and no other row has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis import OpenCompany, open_report
from kpi_analysis.insight.outlook import check_targets
from kpi_analysis.report.notebook import Report

ORDERS = "order_id,ordered_on,customer_id,amount,region\n" + "".join(
    f"{n},{2024 + n // 24}-{1 + n % 24 // 2:02d}-15,c{n % 5},{100 + n},{'EMEA' if n % 2 else 'APAC'}\n"
    for n in range(66)
)
TARGETS = """targets:
  - {kpi: sales_revenue, target: 4000, by: 2026-12-31, objective: o, owner: w, review: monthly}
  - {kpi: sales_revenue, target: 2000, by: 2026-12-31, where: region = 'EMEA', objective: o, owner: w, review: monthly}
  - {kpi: average_order_value, target: 130, by: 2026-06-30, baseline: 2026-Q1, objective: o, owner: w, review: monthly}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "targets.yaml").write_text(TARGETS, encoding="utf-8")
    return open_from(folder, {"orders": ORDERS})


def goals(frame: pd.DataFrame, *columns: str) -> dict[object, float]:
    told = frame[frame.target.notna()]
    assert told.status.notna().all() and frame[frame.target.isna()].status.isna().all()
    return dict(zip(zip(*(told[name] for name in ("kpi", "period", *columns)), strict=True), told.target, strict=True))


def test_a_sum_has_its_target_in_the_year_of_the_deadline(shop: OpenCompany) -> None:
    years = shop.compute("sales_revenue", period="2026", last=3)
    assert goals(years) == {("sales_revenue", "2026"): 4000}
    assert goals(shop.compute("sales_revenue", period="2026-Q3", last=4)) == {}


@pytest.mark.parametrize("where", ["region = 'EMEA'", "region='EMEA'", "(region = 'EMEA')"])
def test_a_target_of_a_slice_is_that_of_the_condition(shop: OpenCompany, where: str) -> None:
    assert goals(shop.compute("sales_revenue", period="2026", where=where)) == {("sales_revenue", "2026"): 2000}


def test_a_target_of_a_slice_is_that_of_its_row(shop: OpenCompany) -> None:
    frame = shop.compute("sales_revenue", period="2026", by="region")
    assert goals(frame, "region") == {("sales_revenue", "2026", "EMEA"): 2000}


@pytest.mark.parametrize("where", ["region = 'APAC'", "region = 'EMEA' and amount > 5"])
def test_another_part_has_no_target(shop: OpenCompany, where: str) -> None:
    assert goals(shop.compute("sales_revenue", period="2026", where=where)) == {}


def test_a_target_whose_deadline_is_past_is_hit_or_missed(shop: OpenCompany) -> None:
    frame = shop.compute("average_order_value", period="2026-Q2", last=2)
    assert goals(frame) == {("average_order_value", "2026-Q2"): 130}
    assert frame.status.to_list() == [None, "hit"] and frame.value.iloc[1] >= 130


def test_a_stock_has_its_target_in_every_period_that_ends_with_the_deadline() -> None:
    company, kpi = shipped_company(), "monthly_recurring_revenue"
    found = [company.compute(kpi, period=period) for period in ("2026-12", "2026-Q4", "2026", "2026-11", "2026-Q3")]
    assert [frame.status.notna().all() for frame in found] == [True, True, True, False, False]
    assert len({float(frame.target.iloc[0]) for frame in found[:3]}) == 1


def test_the_fields_are_those_of_the_scorecard() -> None:
    company = shipped_company()
    report: Report = open_report(company, "2026-Q3")
    shown = {row["kpi"]: row for row in report.scorecard().values if row["target"] is not None}
    assert len(shown) > 4
    for one in report.outlook.judged:
        row = company.compute(one.spec.kpi, period=one.period, where=one.spec.where).iloc[0]
        if one.spec.where is None:
            card = shown[one.spec.kpi]
            assert (row.target, row.status) == (card["target"], card["status"])
            assert row.pace == card["pace"] or (pd.isna(row.pace) and card["pace"] is None)


def test_the_day_that_counts_decides(shop: OpenCompany) -> None:
    early = shop.compute("average_order_value", period="2026-Q2", as_of="2026-05-31")
    assert early.target.tolist() == [130] and early.status.tolist() != ["hit"]


def test_a_target_of_a_part_that_nobody_has_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(TARGETS.replace("EMEA", "EMAE"), encoding="utf-8")
    shop = open_from(tmp_path, {"orders": ORDERS})
    found = [str(one) for one in check_targets(shop, shop.sources.last_day()) if "no row has" in one.message]
    assert len(found) == 1 and "targets.yaml:3" in found[0] and "did you mean 'EMEA'?" in found[0]
