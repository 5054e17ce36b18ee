"""Operations and people of a report: numbers by plain pandas on the files, and words that are true."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import shipped_company
from support.reasons import says

from kpi_analysis.design.blocks import Figure, Note, Table, is_derived
from kpi_analysis.report.notebook import Report, open_report
from kpi_analysis.stats.intervals import garwood, wilson

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "params" / "company.yaml"
START, END = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")


@pytest.fixture(scope="module")
def report() -> Report:
    return open_report(shipped_company(), "2026-Q3")


@pytest.fixture(scope="module")
def staff() -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / "demo" / "employees.csv", parse_dates=["hired_on", "left_on"])


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / "demo" / "production.csv", parse_dates=["produced_on"])


def texts(block: Any) -> list[list[str]]:
    assert isinstance(block, Table | Figure)
    return [[cell.text for cell in row.cells] for row in block.rows]


def test_lines_with_their_ranges(report: Report, made: pd.DataFrame) -> None:
    sums = made[made["produced_on"].between(START, END)].groupby("line").sum(numeric_only=True)
    sums.loc["All lines"] = sums.sum()
    table = report.operations.lines()
    for line, units, good, good_range, bad, bad_range, timed, _ in texts(table):
        row = sums.loc[line]
        assert units == f"{row['units']:,.0f}"
        shares = [row[name] / row["units"] for name in ("good_units", "defects", "on_time_units")]
        assert [good, bad, timed] == [f"{100 * share:.1f}" for share in shares]
        assert good_range == " to ".join(f"{100 * end:.1f}" for end in wilson(row["good_units"], row["units"]))
        assert bad_range == " to ".join(f"{100 * end / row['units']:.1f}" for end in garwood(row["defects"]))
    assert isinstance(table, Table) and says(table.title, "Wheels", "lowest yield", "96.6%")
    assert texts(table)[0][0] == "Wheels" and table.rows[-1].kind == "total"
    kpis = [value for value in table.values if value["dimensions"] and not is_derived(value)]
    assert len(kpis) == 9, "each figure of a line stands in results.json"


def test_the_planted_quality_problem_is_named(report: Report, made: pd.DataFrame) -> None:
    august = made[(made["produced_on"].dt.strftime("%Y-%m") == "2026-08") & (made["line"] == "Wheels")]
    share = f"{100 * august['defects'].sum() / august['units'].sum():.1f}%"
    figure = report.operations.defects()
    assert figure is not None and figure.title == f"Defects peaked on Wheels: {share} a unit in August 2026"


def test_service_in_words(report: Report) -> None:
    tickets = pd.read_csv(ROOT / "data" / "demo" / "tickets.csv.gz", parse_dates=["opened_on", "resolved_on"])
    mine = tickets[tickets["opened_on"].between(START, END + pd.Timedelta(days=1))]
    share = 100 * (mine["first_contact_resolved"].astype(str).str.lower() == "true").mean()
    page = report.operations.service_page()
    assert page is not None and f"{share:.1f}% of tickets are solved at first contact" in page.title
    resolved = tickets[tickets["resolved_on"].between(START, END + pd.Timedelta(days=1))]
    hours = ((resolved["resolved_on"] - resolved["opened_on"]).dt.total_seconds() / 3600).median()
    assert page.deck == f"Half of the tickets are resolved within {hours:.1f}\u00a0hours."


def test_people_in_words(report: Report, staff: pd.DataFrame) -> None:
    here = staff["left_on"].isna() | (staff["left_on"] > END)
    left = staff["left_on"].between(START, END)
    will = left & (staff["left_voluntarily"].astype(str).str.lower() == "true")
    page = report.operations.people_page()
    assert page is not None
    wanted = f"{here.sum()} people work here; {left.sum()} left in Q3 2026, {will.sum()} of their own will"
    assert page.title == wanted


def test_departments_with_the_leavers_of_a_year(report: Report, staff: pd.DataFrame) -> None:
    left = staff[staff["left_on"].between(END - pd.DateOffset(years=1) + pd.Timedelta(days=1), END)]
    by = left.groupby("department").size()
    *rows, whole = texts(report.operations.departments())
    assert {row[0]: int(row[2]) for row in rows} == {row[0]: int(by.get(row[0], 0)) for row in rows}
    assert int(whole[2]) == len(left) and int(whole[1]) == sum(int(row[1]) for row in rows)
    ends = pd.to_datetime(["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30", "2026-09-30"])
    counts = [((staff["hired_on"] <= day) & ~(staff["left_on"] <= day)).sum() for day in ends]
    mean = sum((a + b) / 2 for a, b in pairwise(counts)) / 4
    assert whole[4] == f"{100 * len(left) / mean:.1f}"
    assert whole[5] == " to ".join(f"{100 * end / mean:.1f}" for end in garwood(len(left)))
    table = report.operations.departments()
    assert isinstance(table, Table) and says(table.title, "Service", "most", "49.4%", "chance")


def test_turnover_beside_that_of_own_will(report: Report) -> None:
    figure = report.operations.turnover()
    assert figure is not None
    assert [column.label for column in figure.columns] == ["Period", "All who left", "Of their own will"]
    kpis = report.rows(report.compute(("employee_turnover", "voluntary_turnover")))
    assert texts(figure)[-1][1:] == [f"{100 * kpis[kpi]['value']:.1f}" for kpi in kpis]
    for _, all_, will in texts(figure):
        assert all_ == "–" or float(will) <= float(all_)


def test_a_first_quarter_claims_nothing_on_leavers() -> None:
    sections = open_report(shipped_company(), "2024-Q1").operations
    page = sections.people_page()
    assert page is not None and page.title == "85 people work here"
    table = sections.departments()
    assert isinstance(table, Table) and says(table.title, "Production", "largest")


def test_the_headcount_is_drawn_from_the_quarter_in_which_it_is_whole() -> None:
    """Until May 2024 the list of employees is too young to tell who works here: no dashed way leads from there."""
    figure = open_report(shipped_company(), "2026-Q3").over_time("headcount", grain="quarter")
    assert figure is not None and "dashed" not in figure.measure
    assert figure.rows[0].cells[0].text == "Q2 2024"


def test_what_is_not_connected_is_said() -> None:
    sections = open_report(shipped_company("crm_sales"), "2017-Q4").operations
    assert says(sections.title().title, "not shown", "production", "not connected")
    blocks = [sections.lines(), sections.defects(), sections.service_page(), sections.people_page(),
              sections.turnover(), sections.departments()]  # fmt: skip
    assert blocks == [None] * len(blocks)
    sliced = open_report(shipped_company(), "2026-Q3", slices={"region": "EMEA"}).operations
    assert isinstance(sliced.lines(), Note) and isinstance(sliced.departments(), Note)
