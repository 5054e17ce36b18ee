"""Days of a date column: which of them can tell how far it reaches, and for which stretches figures are booked."""

from __future__ import annotations

import datetime as dt

import ibis
import numpy as np
import pyarrow as pa
import pytest

from kpi_analysis.core.periods import Calendar
from kpi_analysis.metrics.sources.event_days import (
    Days,
    Extent,
    as_days,
    booked_by,
    day_measures,
    days_in_line,
    distinct_days,
    extent_of,
    read_days,
    started_until,
)

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


def every(first: str, step: int, count: int) -> Days:
    """So many days, each so many days after the one before."""
    return np.datetime64(first) + step * np.arange(count)


def apart(*gaps: int) -> Days:
    """Days so far apart."""
    return np.datetime64("2020-01-01") + np.cumsum([0, *gaps])


def in_line(found: Days, is_few: bool = True) -> int:
    return int(days_in_line(found, TODAY, lambda alone: is_few).size)


DAILY = Extent(dt.date(2020, 1, 1), dt.date(2026, 9, 20), 2455)


def late(days_late: int, period: str, step: int = 1) -> bool:
    """Whether data with a row every so many days, the last one so many days before a period ends, reach its end."""
    whole = Calendar().parse(period)
    end = whole.end - dt.timedelta(days=days_late)
    return Extent(end - dt.timedelta(days=100 * step), end, 101).reaches(whole)


def early(days_late: int, period: str, step: int = 1) -> bool:
    """Whether data with a row every so many days that begin so many days into a period cover it."""
    whole = Calendar().parse(period)
    first = whole.start + dt.timedelta(days=days_late)
    return Extent(first, first + dt.timedelta(days=100 * step), 101).covers(whole)


@pytest.mark.parametrize(
    ("period", "step", "most"),
    [("2026-09", 1, 7), ("2026-Q3", 1, 9), ("2025", 1, 36), ("2026-09", 4, 12), ("2026-Q3", 20, 60)],
)
def test_data_reach_the_end_give_or_take_a_week_a_tenth_or_three_usual_gaps(period: str, step: int, most: int) -> None:
    assert late(most, period, step) and not late(most + 1, period, step)


@pytest.mark.parametrize(
    ("period", "step", "most"), [("2026-09", 1, 3), ("2026-Q3", 1, 9), ("2025", 1, 36), ("2026-09", 4, 12)]
)
def test_data_cover_a_period_from_its_first_tenth_or_three_usual_gaps_on(period: str, step: int, most: int) -> None:
    assert early(most, period, step) and not early(most + 1, period, step)
    assert early(-1000, period, step)


def test_data_reach_as_far_as_the_later_of_two_columns() -> None:
    august, september = Calendar().parse("2026-08"), Calendar().parse("2026-09")
    short = Extent(dt.date(2026, 1, 1), dt.date(2026, 8, 20), 232)
    assert not short.reaches(august) and short.reaches(august, last=dt.date(2026, 8, 24))
    assert not short.reaches(september, last=dt.date(2026, 9, 22))
    assert DAILY.reaches(august, last=dt.date(2026, 3, 1)), "an earlier column takes nothing away"


def test_of_a_cut_period_the_last_counted_day_is_to_be_reached() -> None:
    september = Calendar().parse("2026-09")
    assert not DAILY.reaches(september) and DAILY.reaches(september.cut(dt.date(2026, 9, 27)))


def test_a_column_without_days_covers_and_reaches_nothing() -> None:
    empty, september = extent_of(days()), Calendar().parse("2026-09")
    assert (empty, empty.spacing) == (Extent(None, None, 0), 0)
    assert not empty.covers(september) and not empty.reaches(september)
    assert empty.reaches(september, last=dt.date(2026, 9, 30)), "another column of the table reaches so far"


def test_the_usual_distance_of_days() -> None:
    assert extent_of(every("2026-07-01", 3, 11)).spacing == 3
    assert extent_of(days("2026-07-01")).spacing == 0


def test_an_extent_up_to_a_day_has_that_day_in_it() -> None:
    assert extent_of(days("2026-07-01", "2026-07-11"), dt.date(2026, 7, 11)).last == dt.date(2026, 7, 11)


@pytest.mark.parametrize(("gap", "stands_alone"), [(365, False), (366, True)])
def test_a_day_stands_alone_more_than_a_year_from_all_others(gap: int, stands_alone: bool) -> None:
    usual = [1] * 20
    for found in (apart(gap, *usual), apart(*usual, gap)):
        assert in_line(found) == found.size - stands_alone


@pytest.mark.parametrize(("gap", "stands_alone"), [(499, False), (500, True)])
def test_a_day_stands_alone_five_times_as_far_away_as_others_from_each_other(gap: int, stands_alone: bool) -> None:
    usual = [30] * 6 + [100] + [30] * 6
    for found in (apart(gap, *usual), apart(*usual, gap)):
        assert in_line(found) == found.size - stands_alone


def test_a_register_may_have_no_new_row_for_years() -> None:
    found = apart(1500, *[10] * 20)
    assert days_in_line(found, TODAY, least_gap=1501).size == found.size
    assert days_in_line(found, TODAY, least_gap=1500).size == found.size - 1


@pytest.mark.parametrize(("others", "dropped"), [(9, 0), (10, 1)])
def test_ten_days_show_a_usual_distance_and_nine_do_not(others: int, dropped: int) -> None:
    found = apart(1000, *[1] * (others - 1))
    assert in_line(found) == found.size - dropped


@pytest.mark.parametrize(
    ("alone", "count", "dropped"),
    [(1, 12, 1), (2, 199, 0), (2, 200, 2), (3, 299, 0), (3, 300, 3), (4, 500, 0)],
)
def test_up_to_three_days_stand_alone_together_and_one_in_a_hundred(alone: int, count: int, dropped: int) -> None:
    near, rest = [1] * (alone - 1), [1] * (count - alone - 1)
    for found in (apart(*near, 900, *rest), apart(*rest, 900, *near)):
        assert found.size == count and in_line(found) == count - dropped


def test_days_that_many_rows_have_stand_not_alone() -> None:
    found = apart(1000, *[1] * 20)
    assert in_line(found, is_few=False) == found.size


def test_the_day_that_is_asked_about_is_the_one_cut_off() -> None:
    asked: list[Days] = []
    days_in_line(apart(*[1] * 20, 1000), TODAY, lambda alone: not asked.append(alone))  # type: ignore[func-returns-value]
    assert [one.astype(str).tolist() for one in asked] == [["2022-10-17"]]


@pytest.mark.parametrize(("day", "kept"), [("1909-12-31", False), ("1910-01-01", True)])
def test_business_of_today_goes_back_to_1910(day: str, kept: bool) -> None:
    assert reach(day, "2026-07-01")[0] == (day if kept else "2026-07-01")


@pytest.mark.parametrize(("following", "kept"), [("1971-01-01", True), ("1971-01-02", False), ("2026-07-01", False)])
def test_the_first_of_1970_is_no_date_where_nothing_follows_within_a_year(following: str, kept: bool) -> None:
    assert reach("1970-01-01", following)[0] == ("1970-01-01" if kept else following)


def test_the_first_of_1970_alone_and_any_other_first_day_stay() -> None:
    assert reach("1970-01-01") == ("1970-01-01", "1970-01-01")
    assert reach("1970-01-02", "2026-07-01")[0] == "1970-01-02"


@pytest.mark.parametrize(("count", "goes_on"), [(2, False), (3, True)])
def test_three_agreed_starts_go_on_as_before_and_two_do_not(count: int, goes_on: bool) -> None:
    before, ahead = every("2026-01-01", 30, 5), every("2026-05-10", 1, count)
    last = ahead[-1] if goes_on else before[-1]
    assert started_until(np.append(before, ahead), dt.date(2026, 5, 9)) == last.item()


@pytest.mark.parametrize(("last", "goes_on"), [("2026-07-10", True), ("2026-07-11", False)])
def test_agreed_starts_go_on_as_before_at_half_their_pace(last: str, goes_on: bool) -> None:
    """Before, one in ten days; ahead five of them: in a hundred days that is half of it, in a hundred and one less."""
    before, event = every("2026-01-01", 10, 10), dt.date(2026, 4, 1)
    ahead = days("2026-04-05", "2026-04-06", "2026-04-07", "2026-04-08", last)
    assert (started_until(np.append(before, ahead), event) == ahead[-1].item()) == goes_on
    assert (started_until(np.append(before, ahead), event) == dt.date(2026, 4, 1)) != goes_on


def test_a_start_on_the_day_of_the_last_event_has_happened() -> None:
    starts = days("2026-01-05", "2026-01-12", "2026-01-19", "2026-06-01")
    assert started_until(starts, dt.date(2026, 1, 19)) == dt.date(2026, 1, 19)
    assert started_until(starts, dt.date(2026, 6, 1)) == dt.date(2026, 6, 1)
    assert started_until(starts, dt.date(2027, 6, 1)) == dt.date(2026, 6, 1)
    assert started_until(days(), dt.date(2026, 1, 19)) is None


@pytest.mark.parametrize(
    ("usual", "grain"),
    [
        (300, "year"), (299, "half-year"), (150, "half-year"), (149, "quarter"), (80, "quarter"), (79, "month"),
        (25, "month"), (24, "week"), (6, "week"), (5, ""), (1, ""),
    ],
)  # fmt: skip
def test_the_usual_days_between_two_bookings_tell_the_stretch(usual: int, grain: str) -> None:
    assert booked_by(apart(usual, usual, usual)) == grain


@pytest.mark.parametrize(
    ("gap", "grain"), [(85, "quarter"), (84, ""), (115, "quarter"), (116, ""), (230, "quarter"), (231, ""), (40, "")]
)
def test_bookings_are_regular_give_or_take_a_seventh_for_each_stretch_between(gap: int, grain: str) -> None:
    assert booked_by(apart(100, 100, 100, 100, gap)) == grain


@pytest.mark.parametrize(
    ("first", "second", "grain"),
    [
        ("2024-01-01", "2025-01-01", "year"), ("2024-12-31", "2025-12-31", "year"),
        ("2026-02-28", "2026-03-31", "month"),
        ("2024-01-01", "2024-12-31", ""), ("2024-12-31", "2026-01-01", ""), ("2024-01-02", "2025-01-02", ""),
        ("2024-12-30", "2025-12-30", ""), ("2024-01-15", "2025-01-15", ""), ("2024-01-15", "2025-01-01", ""),
    ],
)  # fmt: skip
def test_two_bookings_tell_a_stretch_only_at_begins_or_at_ends_of_months(first: str, second: str, grain: str) -> None:
    assert booked_by(days(first, second)) == grain


def test_days_of_an_engine_are_sorted_and_lie_between_the_years_1_and_9999() -> None:
    edges = [2_932_897, 2_932_896, None, -719_162, -719_163, 0]
    found = as_days(pa.array(edges, pa.int32()).cast(pa.date32()))
    assert found.astype(str).tolist() == ["0001-01-01", "1970-01-01", "9999-12-31"]
    assert as_days(np.array(["0000-12-31", "10000-01-01"], dtype="datetime64[D]")).size == 0  # type: ignore[arg-type]


def test_the_days_of_all_date_columns_are_measured_at_once() -> None:
    table = ibis.memtable({"on": ["2026-03-01", "2026-01-01", "2026-03-01", None], "note": ["a", "b", "c", "d"]})
    rows = table.select(table.note, opened=table.on.cast("date"), closed=table.on.cast("timestamp"))
    measures = day_measures({name: rows[name] for name in rows.columns})
    found = read_days(rows.aggregate(notes=rows.note.count(), **measures).to_pyarrow())
    wanted = ["2026-01-01", "2026-03-01"]
    assert {name: each.astype(str).tolist() for name, each in found.items()} == {"opened": wanted, "closed": wanted}
    assert distinct_days(rows, "closed").astype(str).tolist() == wanted


def test_engines_whose_driver_makes_dates_of_python_leave_out_days_that_these_do_not_know() -> None:
    """PostgreSQL keeps days before the year 1, and infinity; DuckDB hands over numbers of days."""
    elsewhere = ibis.table({"on": "date"}, name="orders")
    here = ibis.memtable({"on": [dt.date(2026, 1, 1)]})
    assert "9999" in ibis.to_sql(elsewhere.aggregate(**day_measures({"on": elsewhere.on})), dialect="postgres")
    assert "9999" not in ibis.to_sql(here.aggregate(**day_measures({"on": here.on})), dialect="duckdb")
