"""The sales pipeline of a report: its numbers by plain pandas on the files, and words that are true."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.design.blocks import Figure, Note, Table
from kpi_analysis.insight.figures import deals as read
from kpi_analysis.insight.figures import pipeline, totals
from kpi_analysis.metrics.compute.deals import deals
from kpi_analysis.report.notebook import Report, open_report
from kpi_analysis.stats.pipeline import shrunken_rates

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "params" / "company.yaml"
CRM = ROOT / "params" / "crm_sales" / "company.yaml"
END = pd.Timestamp("2026-09-30")


@pytest.fixture(scope="module")
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


@pytest.fixture(scope="module")
def crm() -> Report:
    return open_report(CRM, "2017-Q4")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    path = ROOT / "data" / "demo" / "opportunities.csv.gz"
    return pd.read_csv(path, parse_dates=["created_on", "closed_on"])


@pytest.fixture(scope="module")
def crm_rows() -> pd.DataFrame:
    path = ROOT / "data" / "crm_sales_opportunities" / "sales_pipeline.csv"
    return pd.read_csv(path, parse_dates=["engage_date", "close_date"])


def texts(block: Any) -> list[list[str]]:
    assert isinstance(block, Table | Figure)
    return [[cell.text for cell in row.cells] for row in block.rows]


def test_the_deals_are_those_that_the_kpis_count(report: Report, crm: Report) -> None:
    for one in (report, crm):
        known = one.scope.once(read.known_deals)
        kpis = one.rows(one.compute(("open_pipeline", "opportunity_to_win_ratio", "sales_cycle_length")))
        assert known["closed"].isna().sum() == kpis["open_pipeline"]["value"]
        assert totals(pipeline.won_deals(one.scope))["won"] == kpis["opportunity_to_win_ratio"]["numerator"]
        won = known[known["won"] & (known["closed"] >= pd.Timestamp(one.period.start))]
        assert won["age"].mean() == pytest.approx(kpis["sales_cycle_length"]["value"])


def test_deals_are_as_of_a_day_and_of_a_slice(report: Report, rows: pd.DataFrame) -> None:
    day = dt.date(2025, 2, 14)
    found = deals(report.company.sources, day, "region = 'AMER'")
    there = rows[(rows["created_on"] <= pd.Timestamp(day)) & (rows["region"] == "AMER")]
    assert len(found) == len(there)
    closed = there["closed_on"] <= pd.Timestamp(day)
    assert found["closed"].notna().sum() == closed.sum()
    assert found["won"].sum() == (closed & (there["outcome"] == "won")).sum()


def test_win_rates_by_owner_are_shrunken_counts_of_the_year(report: Report, rows: pd.DataFrame) -> None:
    figure = report.pipeline.win_rates("owner")
    year = rows[(rows["closed_on"] > END - pd.Timedelta(days=365)) & (rows["outcome"] != "open")]
    counted = year.groupby("owner")["outcome"].agg(won=lambda one: (one == "won").sum(), all="size")
    wanted = shrunken_rates(list(counted.index), counted["won"], counted["all"]).frame
    assert figure is not None
    shown = {row[0]: row for row in texts(figure)}
    assert list(shown) == wanted["group"].tolist(), "the best first"
    for row in wanted.to_dict("records"):
        assert shown[row["group"]][1] == f"{100 * row['rate']:.1f}"
    assert says(figure.title, "Miguel Santos", "lower win rate")
    miguel = wanted.set_index("group").loc["Miguel Santos"]
    assert miguel["high"] < counted["won"].sum() / counted["all"].sum()


def test_the_sizes_of_won_deals_are_told_by_their_quartiles(report: Report, rows: pd.DataFrame) -> None:
    figure = report.pipeline.deal_sizes()
    year = rows[(rows["closed_on"] > END - pd.Timedelta(days=365)) & (rows["outcome"] == "won")]
    assert figure is not None
    told = {row["name"]: row["value"] for row in figure.values}
    quartiles = year["amount"].quantile([0.25, 0.5, 0.75]).tolist()
    assert [told[name] for name in ("lower_quartile", "median", "upper_quartile")] == pytest.approx(quartiles)
    assert told["deals"] == year["amount"].notna().sum() == sum(int(row[2]) for row in texts(figure))


def test_sellers_of_the_real_crm_differ_no_more_than_chance(crm: Report, crm_rows: pd.DataFrame) -> None:
    title = crm.pipeline.winners_page()
    assert title is not None and says(title.title, "chance")
    figure = crm.pipeline.win_rates("owner")
    assert figure is not None and says(figure.title, "No owner")
    assert says(figure.note, "8 first", "8 last", "30")
    closed = crm_rows[crm_rows["deal_stage"].isin(["Won", "Lost"])]
    rates = closed.groupby("sales_agent")["deal_stage"].agg(lambda stages: (stages == "Won").mean())
    for name, rate, *_ in texts(figure):
        assert rate == f"{100 * rates[name]:.1f}", "nobody is drawn anywhere where no order is clear: own rates"
    assert rates.max() == pytest.approx(0.7039, abs=1e-4) and rates.min() == pytest.approx(0.5498, abs=1e-4)


def test_one_lucky_deal_does_not_make_the_best_seller(tmp_path: Path) -> None:
    sellers = {"Ann": (2, 2), "Bo": (60, 100), "Cy": (20, 100), "Di": (45, 100)}
    lines = [
        f"{name}{i},2026-01-05,2026-02-10,{'won' if i < won else 'lost'},100,{name}"
        for name, (won, closed) in sellers.items()
        for i in range(closed)
    ]
    content = "\n".join(["opportunity_id,created_on,closed_on,outcome,amount,owner", *lines])
    open_from(tmp_path, {"opportunities": content})
    figure = open_report(tmp_path / "company.yaml", "2026-Q1").pipeline.win_rates("owner")
    assert figure is not None
    assert [row[0] for row in texts(figure)] == ["Bo", "Ann", "Di", "Cy"]
    assert says(figure.title, "Bo", "higher", "Cy", "lower")


def test_the_funnel_counts_each_step_by_its_own_date(report: Report, rows: pd.DataFrame) -> None:
    shown = {row[0]: row[1] for row in texts(report.pipeline.stages())}
    start = pd.Timestamp("2026-07-01")
    leads = pd.read_csv(ROOT / "data" / "demo" / "leads.csv.gz", parse_dates=["created_on", "mql_on"])
    assert shown["Leads"].replace(",", "") == str(leads["created_on"].between(start, END).sum())
    assert shown["Marketing-qualified"].replace(",", "") == str(leads["mql_on"].between(start, END).sum())
    assert shown["Opportunities"] == str(rows["created_on"].between(start, END).sum())
    assert shown["Won deals"] == str((rows["closed_on"].between(start, END) & (rows["outcome"] == "won")).sum())


def test_what_became_of_the_opportunities_of_each_quarter(report: Report, rows: pd.DataFrame) -> None:
    *quarters, whole = texts(report.pipeline.cohorts())
    spring = rows[rows["created_on"].between(pd.Timestamp("2026-04-01"), pd.Timestamp("2026-06-30"))]
    counts = spring["outcome"].value_counts()
    assert quarters[-2][:5] == ["Q2 2026", str(len(spring)), str(counts["won"]),
                                str(counts["lost"]), str(counts["open"])]  # fmt: skip
    assert quarters[-2][5] == f"{100 * counts['won'] / (counts['won'] + counts['lost']):.1f}"
    assert int(whole[1].replace(",", "")) == sum(int(row[1]) for row in quarters)


def test_velocity_steps_lead_from_one_quarter_to_the_other(report: Report) -> None:
    figure = report.pipeline.velocity()
    assert isinstance(figure, Figure)
    numbers = [float(row[1].replace("−", "-")) for row in texts(figure)]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.04)
    assert len(numbers) == 7, "open before, created, win ratio, deal size, cycle between two totals"


def test_old_deals_and_slippage_by_plain_counting(report: Report, rows: pd.DataFrame) -> None:
    won = rows[(rows["outcome"] == "won") & (rows["closed_on"] > END - pd.Timedelta(days=730))]
    limit = (won["closed_on"] - won["created_on"]).dt.days.quantile(0.9)
    ages = (END - rows.loc[rows["outcome"] == "open", "created_on"]).dt.days
    share = f"{100 * (ages > limit).mean():.1f}"
    figure = report.pipeline.slippage()
    assert figure is not None and texts(figure)[-1][1] == share
    title = report.pipeline.open_page()
    assert (
        title is not None and title.title.startswith(f"{share}% of the open deals") and str(int(limit)) in title.title
    )
    *buckets, total = texts(report.pipeline.ageing())
    assert [int(row[2]) for row in buckets] == [
        int(((ages > low) & (ages <= high)).sum())
        for low, high in ((-1, 44), (44, 65), (65, 90), (90, 9999))
    ]  # fmt: skip
    assert total[2] == str(len(ages))


def test_the_forecast_is_told_with_its_range_and_its_record(report: Report, rows: pd.DataFrame) -> None:
    found = report.scope.once(pipeline.pipeline_forecast)
    assert found.reason == "" and found.error < found.naive_error and found.covered >= 7
    held = found.backtest[-1]
    assert held.day == dt.date(2026, 6, 30)
    was_open = (rows["created_on"] <= "2026-06-30") & (rows["closed_on"] > "2026-06-30")
    assert held.won == pytest.approx(rows.loc[was_open & (rows["outcome"] == "won"), "amount"].sum())
    figure = report.pipeline.outcome()
    assert isinstance(figure, Figure) and figure.title.startswith("Open deals should bring €")
    assert texts(figure)[-2][1] == f"{held.won / 1e3:.0f}"
    assert report.pipeline.title().title == f"197 open deals should bring €{found.expected / 1e3:.0f}k by 31 Dec 2026"
    *owners, total = texts(report.pipeline.expected("owner"))
    assert total[1] == "197" and sum(float(row[5]) for row in owners) == pytest.approx(float(total[5]), abs=0.05)


def test_dead_deals_of_the_real_crm_are_not_counted_on(crm: Report, crm_rows: pd.DataFrame) -> None:
    known = crm.scope.once(read.known_deals)
    assert known["closed"].isna().sum() == (crm_rows["deal_stage"] == "Engaging").sum() == 1589
    assert known["amount"][known["closed"].isna()].isna().all()
    *_, oldest, _ = texts(crm.pipeline.ageing())
    assert oldest[0] == "107 days and more" and oldest[2] == "1,432"
    chance = float(oldest[-1])
    assert chance < 1.0, "none so old was ever won"
    assert "90.1%" in crm.pipeline.title().deck
    last = (crm_rows["close_date"] - crm_rows["engage_date"]).dt.days.max()
    frame = crm.scope.once(pipeline.pipeline_forecast).frame
    dead = frame[frame["age"] > last]
    assert len(dead) > 1000 and (dead["ever"] == 0).all() and np.isfinite(dead["amount"]).all()


def test_without_enough_of_the_past_nothing_is_forecast() -> None:
    sections = open_report(CRM, "2017-Q2").pipeline
    assert says(sections.title().deck, "No forecast", "only 1 earlier")
    note = sections.outcome()
    assert isinstance(note, Note) and "not forecast" in note.text
    assert sections.expected() is None


def test_an_unfinished_quarter_is_forecast_to_its_own_end() -> None:
    sections = open_report(shipped_company(), "2026-Q3", as_of="2026-08-20").pipeline
    assert sections.until == dt.date(2026, 9, 30)
    assert sections.stages().title.endswith("came in") and "so far" in sections.stages().title  # type: ignore[union-attr]


def test_without_opportunities_it_says_so() -> None:
    sections = open_report(shipped_company("online_retail")).pipeline
    assert says(sections.title().title, "not shown", "opportunities", "not connected")
    blocks = [sections.stages(), sections.velocity(), sections.winners_page(), sections.win_rates("owner"),
              sections.open_page(), sections.ageing(), sections.slippage(), sections.outcome(), sections.cohorts(),
              sections.expected()]  # fmt: skip
    assert blocks == [None] * len(blocks)
