"""Days of a date column: which of them can tell how far it reaches, and for which stretches figures are booked."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from kpi_analysis.metrics.sources.event_days import Days, as_days, booked_by, days_in_line, extent_of, started_until

TODAY = dt.date(2026, 11, 30)
MONTH = [f"2026-07-{day:02d}" for day in range(1, 31)]


def days(*texts: str) -> Days:
    return as_days(dt.date.fromisoformat(text) for text in texts)


def reach(*texts: str) -> tuple[str, str]:
    found = extent_of(days_in_line(days(*texts), TODAY))
    return str(found.first), str(found.last)


@pytest.mark.parametrize("wrong", ["0013-09-26", "1900-01-01", "1970-01-01", "2015-07-03", "2031-01-01", "9999-12-31"])
def test_one_day_out_of_line_moves_neither_begin_nor_end(wrong: str) -> None:
    assert reach(*MONTH, wrong) == ("2026-07-01", "2026-07-30")


def test_several_days_out_of_line_at_both_ends_move_neither() -> None:
    assert reach("0001-01-01", "1900-01-01", *MONTH, "2031-01-01", "9999-12-31") == ("2026-07-01", "2026-07-30")


@pytest.mark.parametrize("near", ["2025-08-01", "2026-05-01", "2026-11-30"])
def test_a_day_within_a_year_of_others_is_in_line(near: str) -> None:
    assert near in reach(*MONTH, near)


def test_days_as_far_apart_as_all_others_are_in_line() -> None:
    assert reach("2010-06-30", "2012-06-30", "2014-06-30", "2016-06-30") == ("2010-06-30", "2016-06-30")


def test_of_two_days_none_is_the_wrong_one() -> None:
    assert reach("2020-01-01", "2026-07-01") == ("2020-01-01", "2026-07-01")


def test_a_day_with_many_rows_is_no_typing_mistake() -> None:
    found = days_in_line(days("2024-01-01", *MONTH), TODAY, lambda alone: False)
    assert extent_of(found).first == dt.date(2024, 1, 1)


def test_today_itself_counts_and_tomorrow_does_not() -> None:
    assert reach(*MONTH, "2026-11-30")[1] == "2026-11-30"
    assert reach(*MONTH, "2026-12-01")[1] == "2026-07-30"


def test_an_extent_up_to_a_day_knows_nothing_later() -> None:
    found = extent_of(days("2026-07-01", "2026-07-11", "2026-07-21"), dt.date(2026, 7, 20))
    assert (found.last, found.days, found.spacing) == (dt.date(2026, 7, 11), 2, 10)
    assert extent_of(days("2026-07-01"), dt.date(2026, 6, 1)).first is None


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("2022-06-30", "2023-06-30", "2024-06-30"), "year"),
        (("2024-12-31", "2025-12-31"), "year"),
        (("2024-03-31", "2024-06-30", "2024-09-30", "2025-03-31"), "quarter"),
        (("2026-01-31", "2026-02-28", "2026-03-31", "2026-05-31"), "month"),
        (("2026-01-05", "2026-01-12", "2026-01-19"), "week"),
        (tuple(MONTH), ""),
        (("2024-03-02", "2025-03-09"), ""),
        (("2024-03-02", "2024-09-17", "2025-02-03"), ""),
        (("2025-12-31",), ""),
    ],
)
def test_the_stretch_for_which_figures_are_booked(texts: tuple[str, ...], wanted: str) -> None:
    assert booked_by(days(*texts)) == wanted


def test_starts_that_are_agreed_ahead_do_not_count_unless_they_go_on_as_before() -> None:
    weekly = np.arange("2026-01-05", "2026-09-01", 7, dtype="datetime64[D]")
    last = dt.date(2026, 7, 1)
    assert started_until(weekly, last) == dt.date(2026, 8, 31), "the contracts were taken later than the rest"
    planned = np.append(weekly[weekly <= np.datetime64("2026-06-29")], np.datetime64("2026-09-01"))
    assert started_until(planned, last) == dt.date(2026, 6, 29), "one contract is to begin in September"
    assert started_until(planned, None) == dt.date(2026, 9, 1), "nothing else tells how far the data reach"


def test_a_few_agreed_starts_far_apart_do_not_go_on_as_before() -> None:
    weekly = np.arange("2026-01-05", "2026-06-30", 7, dtype="datetime64[D]")
    planned = days("2026-08-01", "2026-10-01", "2027-01-01")
    assert started_until(np.append(weekly, planned), dt.date(2026, 7, 1)) == dt.date(2026, 6, 29)


def test_two_starts_are_a_pace_and_one_is_none() -> None:
    last = dt.date(2026, 2, 1)
    assert started_until(days("2026-01-05", "2026-01-12", "2026-06-01"), last) == dt.date(2026, 1, 12)
    assert started_until(days("2026-01-12", "2026-06-01"), last) == dt.date(2026, 6, 1)
