"""Headings of columns that name months, quarters and years, in any usual writing."""

from __future__ import annotations

import pytest

from kpi_analysis.metrics.sources.month_headings import is_total_heading, lacks_year, read_headings

JANUARY = (
    "Jan 2024", "Jan. 24", "Jan-24", "Jan '24", "January 2024", "2024-01", "01/2024", "1.2024", "202401", "Januar 2024",
    "janv. 2024", "2024 Jan", "M01 2024", "2024-M01", "31.01.2024", "01/31/2024", "2024-01-01", "2024-01-31 00:00:00",
    "Jan 1 - Jan 31, 2024", "Jan 1 - 31, 2024", "Jan 1-31, 2024", "01.01.2024 - 31.01.2024", "01.01. - 31.01.2024",
    "1 Jan 2024 - 31 Jan 2024", "31 Jan 2024", "Jan 31, 2024", "As of Jan 31, 2024", "31. Januar 2024",
)  # fmt: skip


@pytest.mark.parametrize("heading", JANUARY)
def test_a_month_is_read_in_any_usual_writing(heading: str) -> None:
    assert [str(span.last) for span in read_headings([heading]).values()] == ["2024-01-31"]


@pytest.mark.parametrize(
    ("heading", "first", "last"),
    [
        ("Mrz 2024", "2024-03-01", "2024-03-31"),
        ("Q1 2024", "2024-01-01", "2024-03-31"),
        ("2024-Q4", "2024-10-01", "2024-12-31"),
        ("2. Quartal 2024", "2024-04-01", "2024-06-30"),
        ("Jan - Mar 2024", "2024-01-01", "2024-03-31"),
        ("Jan-Mar 24", "2024-01-01", "2024-03-31"),
        ("2024", "2024-01-01", "2024-12-31"),
        ("FY 2024", "2024-01-01", "2024-12-31"),
        ("Sep 1 - Sep 15, 2026", "2026-09-01", "2026-09-15"),
        ("Dec 1, 2023 - Jan 31, 2024", "2023-12-01", "2024-01-31"),
    ],
)
def test_longer_and_shorter_stretches_are_read(heading: str, first: str, last: str) -> None:
    (span,) = read_headings([heading]).values()
    assert (str(span.first), str(span.last)) == (first, last)


@pytest.mark.parametrize("heading", ["Total", "% of Income", "Jan 2024 Budget", "Bezeichnung", "8400", "13/2024", ""])
def test_what_is_no_month_is_not_read_as_one(heading: str) -> None:
    assert not read_headings([heading])


@pytest.mark.parametrize(
    ("headings", "lasts"),
    [
        (["01/02/2024", "01/03/2024"], ["2024-02-29", "2024-03-31"]),
        (["1/1/2024", "2/1/2024"], ["2024-01-31", "2024-02-29"]),
        (["01/31/2024", "02/29/2024"], ["2024-01-31", "2024-02-29"]),
        (["31/01/2024", "29/02/2024"], ["2024-01-31", "2024-02-29"]),
    ],
)
def test_dates_that_could_be_read_two_ways_are_told_by_all_of_them(headings: list[str], lasts: list[str]) -> None:
    assert [str(span.last) for span in read_headings(headings).values()] == lasts


def test_months_without_a_year_need_one_and_go_on_over_its_end() -> None:
    headings = ["Jul", "Dez", "Jan"]
    assert not read_headings(headings) and all(lacks_year(one) for one in headings)
    assert [str(span.last) for span in read_headings(headings, 2024).values()] == [
        "2024-07-31", "2024-12-31", "2025-01-31",
    ]  # fmt: skip


@pytest.mark.parametrize("heading", ["Total", "TOTAL", "Gesamt", "Summe", "YTD", "Kumuliert", "Gesamt 2024"])
def test_sums_over_months_are_known(heading: str) -> None:
    assert is_total_heading(heading)
