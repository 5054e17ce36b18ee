"""From which day on a table holds all rows that are open, told by how old such rows become."""

from __future__ import annotations

import datetime as dt

import ibis
import pyarrow as pa
import pytest

from kpi_analysis.metrics.sources.event_days import Extent
from kpi_analysis.metrics.sources.lives import Lives, measure_lives

FIRST, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
EXTENT = Extent(FIRST, UNTIL, 101)


def day(number: int | None) -> dt.date | None:
    """The day so many days after the first one."""
    return None if number is None else FIRST + dt.timedelta(days=number)


def lives(*rows: tuple[int | None, int | None], table: str = "opportunities", extent: Extent = EXTENT) -> Lives:
    """Lives of rows that begin and end so many days after the first day."""
    begin, end = {"opportunities": ("created_on", "closed_on"), "invoices": ("issued_on", "paid_on"),
                  "subscriptions": ("started_on", "ended_on"), "orders": ("ordered_on", "x")}[table]  # fmt: skip
    columns = {name: pa.array([day(row[at]) for row in rows], pa.date32()) for at, name in enumerate((begin, end))}
    return measure_lives(ibis.memtable(pa.table(columns)), table, extent, UNTIL)


def test_a_table_is_whole_once_nine_tenths_of_its_rows_have_ended() -> None:
    ages = [(begin, begin + age) for begin, age in enumerate([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], start=1)]
    assert lives(*ages) == Lives(FIRST + dt.timedelta(days=90), 90)
    assert lives(*ages, (50, 62), (51, 64)) == Lives(FIRST + dt.timedelta(days=90), 90)
    assert lives(*ages, *[(60, 65)] * 10) == Lives(FIRST + dt.timedelta(days=80), 80)
    assert lives(*ages, (60, 65), (60, 170)) == Lives(FIRST + dt.timedelta(days=100), 100)


def test_many_rows_of_one_age_weigh_as_many() -> None:
    assert lives(*[(1, 6)] * 9, (2, 52)).days == 5
    assert lives(*[(1, 6)] * 8, *[(2, 52)] * 2).days == 50


def test_rows_that_are_open_have_no_age_and_nothing_is_told_where_all_are() -> None:
    assert lives((1, 11), *[(2, None)] * 50).days == 10
    assert lives((1, None), (2, None)) == Lives(FIRST, None)


@pytest.mark.parametrize(("end", "days"), [(180, 179), (181, 10)])
def test_a_row_that_ends_after_the_day_that_counts_has_not_ended(end: int, days: int) -> None:
    assert day(180) == UNTIL
    assert lives((5, 15), (1, end)).days == days


def test_a_row_that_ends_before_it_begins_has_no_age() -> None:
    assert lives((5, 15), (9, 8)).days == 10
    assert lives((9, 8)) == Lives(FIRST, None)
    assert lives((9, 9)) == Lives(FIRST, 0), "one that ends on its first day is 0 days old"


@pytest.mark.parametrize(("begin", "counts"), [(-1, False), (0, True), (179, True), (180, True), (181, False)])
def test_rows_that_begin_out_of_line_or_later_count_not(begin: int, counts: bool) -> None:
    assert (lives((begin, begin)).days is not None) == counts


def test_rows_out_of_line_or_later_are_no_rows_of_a_usual_day() -> None:
    rows = [(0, None)] * 11 + [(1, 31)] * 100
    assert lives(*rows, *[(-300, None)] * 500, *[(300, None)] * 500).whole_from == FIRST


@pytest.mark.parametrize(("opening", "has_balance"), [(10, False), (11, True)])
def test_ten_times_the_rows_of_a_usual_day_on_the_first_one_are_an_opening_balance(
    opening: int, has_balance: bool
) -> None:
    """The hundred days after the first one have two hundred rows, or a hundred: two a day, or one."""
    for usual in (1, 2):
        rows = [(0, None)] * opening * usual + [(1, 31)] * 100 * usual
        assert lives(*rows) == Lives(FIRST if has_balance else FIRST + dt.timedelta(days=30), 30)


def test_a_usual_day_has_one_row_at_least() -> None:
    rows = [(0, None)] * 10 + [(1, 31)]
    assert lives(*rows).whole_from == FIRST + dt.timedelta(days=30)
    assert lives((0, None), *rows).whole_from == FIRST


def test_all_rows_on_one_day_are_an_opening_balance_where_they_are_many() -> None:
    alone = Extent(FIRST, FIRST, 1)
    assert lives(*[(0, 30)] * 11, extent=alone) == Lives(FIRST, 30)
    assert lives(*[(0, 30)] * 10, extent=alone) == Lives(FIRST + dt.timedelta(days=30), 30)
    two, three = (Extent(FIRST, FIRST + dt.timedelta(days=days - 1), days) for days in (2, 3))
    assert lives(*[(0, 30)] * 31, *[(1, 31)] * 3, *[(2, 32)] * 3, extent=three).whole_from == FIRST, "three a day"
    assert lives(*[(0, 30)] * 30, *[(1, 31)] * 3, extent=two).whole_from == FIRST + dt.timedelta(days=30)
    assert lives(*[(0, 30)] * 31, *[(1, 31)] * 3, extent=two).whole_from == FIRST


def test_lists_of_contracts_hold_all_that_runs_from_their_first_day_on() -> None:
    assert lives((1, 31), table="subscriptions") == Lives(FIRST, None)


def test_a_table_without_ends_or_days_is_whole_from_its_first_day_if_it_has_one() -> None:
    assert lives((1, 31), table="orders") == Lives(FIRST, None)
    assert lives((1, 31), extent=Extent(None, None, 0)) == Lives(None, None)
    begun = ibis.memtable({"issued_on": ["2026-01-01"]})
    assert measure_lives(begun, "invoices", EXTENT, UNTIL) == Lives(FIRST, None)
