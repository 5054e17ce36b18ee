"""Periods and company calendars: what a label means, what is compared with what, and what counts."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_analysis.core.errors import ConfigError, UsageError
from kpi_analysis.core.periods import (
    CALENDAR_TYPES,
    GRAINS,
    Calendar,
    Period,
    day_table,
    period_label,
    period_words,
)

PLAIN = Calendar()
APRIL = Calendar(year_starts=4)
NRF = Calendar("4-5-4", date(2025, 2, 2))
DAY = timedelta(days=1)

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
grains = st.sampled_from(GRAINS)
names = st.sampled_from([None, "start", "end"])
gregorian = st.builds(Calendar, st.just("gregorian"), st.integers(1, 12), names)
of_weeks = st.builds(Calendar, st.sampled_from(CALENDAR_TYPES[1:]), days, names)
calendars = st.one_of(gregorian, of_weeks)
quick = settings(max_examples=150, deadline=None, derandomize=True)


def span(period: Period | None) -> tuple[str, str]:
    assert period is not None
    return period.start.isoformat(), period.end.isoformat()


# Time is tiled


@quick
@given(calendars, days, grains)
def test_periods_tile_time_without_gap_or_overlap(calendar: Calendar, day: date, grain: str) -> None:
    period = calendar.containing(day, grain)
    assert period.start <= day <= period.end
    assert period.complete and period.days == period.full_days
    assert calendar.shift(period, 1).start == period.end + DAY
    assert calendar.prior(period).end == period.start - DAY
    assert calendar.containing(period.start, grain) == calendar.containing(period.end, grain) == period


@quick
@given(calendars, days, grains)
def test_a_label_reads_back_as_its_period(calendar: Calendar, day: date, grain: str) -> None:
    period = calendar.containing(day, grain)
    assert calendar.parse(period.label) == period
    assert calendar.parse(str(period)).label == period.label


@quick
@given(calendars, days, grains, st.integers(-60, 60), st.integers(-60, 60))
def test_shifts_add_up(calendar: Calendar, day: date, grain: str, n: int, m: int) -> None:
    period = calendar.containing(day, grain)
    assert calendar.shift(calendar.shift(period, n), m) == calendar.shift(period, n + m)


@quick
@given(calendars, days)
def test_a_year_is_four_quarters_of_three_months(calendar: Calendar, day: date) -> None:
    year = calendar.containing(day, "year")
    quarters, months = calendar.within(year, "quarter"), calendar.within(year, "month")
    assert [quarter.label for quarter in quarters] == [f"{year}-Q{number}" for number in (1, 2, 3, 4)]
    assert len(months) == 12
    for finer in (
        quarters,
        months,
        [month for quarter in quarters for month in calendar.within(quarter, "month")],
    ):
        assert finer[0].start == year.start and finer[-1].end == year.end
        assert all(left.end + DAY == right.start for left, right in pairwise(finer))


@quick
@given(of_weeks, days)
def test_fiscal_months_and_quarters_are_whole_weeks_in_the_pattern(calendar: Calendar, day: date) -> None:
    year = calendar.containing(day, "year")
    weeks = calendar.within(year, "week")
    count = calendar.weeks_in_year(int(year.label))
    assert count in (52, 53)
    assert [week.label for week in weeks] == [f"{year}-W{number:02d}" for number in range(1, count + 1)]
    assert weeks[-1].end == year.end and year.days == 7 * count
    assert [quarter.days for quarter in calendar.within(year, "quarter")] == [
        91,
        91,
        91,
        91 + 7 * (count - 52),
    ]
    pattern = [7 * int(length) for length in calendar.type.split("-")] * 4
    pattern[-1] += 7 * (count - 52)
    assert [month.days for month in calendar.within(year, "month")] == pattern
    assert [month.label for month in calendar.within(year, "month")] == [f"{year}-{m:02d}" for m in range(1, 13)]


@quick
@given(of_weeks)
def test_the_given_first_day_starts_a_year_and_years_stay_near_its_date(calendar: Calendar) -> None:
    anchor = calendar.year_starts
    assert isinstance(anchor, date)
    assert calendar.containing(anchor, "year").start == anchor
    starts = [calendar.shift(calendar.containing(anchor, "year"), n).start for n in range(-40, 41)]
    assert {start.weekday() for start in starts} == {anchor.weekday()}
    for n, start in enumerate(starts, start=-40):
        assert abs((start - anchor).days - 365.2425 * n) < 8


# Labels mean what the contract says


@pytest.mark.parametrize(
    ("calendar", "label", "start", "end"),
    [
        (PLAIN, "2026", "2026-01-01", "2026-12-31"),
        (PLAIN, "2026-Q3", "2026-07-01", "2026-09-30"),
        (PLAIN, "2024-02", "2024-02-01", "2024-02-29"),
        (PLAIN, "2026-W39", "2026-09-21", "2026-09-27"),
        (PLAIN, "2026-09-14", "2026-09-14", "2026-09-14"),
        (APRIL, "2026", "2025-04-01", "2026-03-31"),
        (APRIL, "2026-Q1", "2025-04-01", "2025-06-30"),
        (APRIL, "2026-Q4", "2026-01-01", "2026-03-31"),
        (APRIL, "2026-09", "2026-09-01", "2026-09-30"),
        (APRIL, "2026-W39", "2026-09-21", "2026-09-27"),
        (Calendar(year_starts=4, named_by="start"), "2026", "2026-04-01", "2027-03-31"),
        (Calendar(year_starts=4, named_by="start"), "2026-Q3", "2026-10-01", "2026-12-31"),
        (Calendar(year_starts=4, named_by="start"), "2026-09", "2026-09-01", "2026-09-30"),
        (Calendar(named_by="end"), "2026", "2026-01-01", "2026-12-31"),
        (NRF, "2025", "2025-02-02", "2026-01-31"),
        (NRF, "2025-Q1", "2025-02-02", "2025-05-03"),
        (NRF, "2025-02", "2025-03-02", "2025-04-05"),
        (NRF, "2025-W01", "2025-02-02", "2025-02-08"),
        (NRF, "2023-W53", "2024-01-28", "2024-02-03"),
        (NRF, "2023-12", "2023-12-31", "2024-02-03"),
        (NRF, "2025-09-14", "2025-09-14", "2025-09-14"),
        (Calendar("4-5-4", date(2025, 2, 2), "end"), "2026", "2025-02-02", "2026-01-31"),
    ],
)
def test_a_label_names_its_days(calendar: Calendar, label: str, start: str, end: str) -> None:
    assert span(calendar.parse(label)) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-Q5", "2026-Q0", "2026-13", "2026-00", "2026-W60", "2026-W00", "2025-W53", "2026-02-30"),
        *("2025-02-29", "Q3 2026", "2026Q3", "2026-q3", "2026-9", "26", "", " 2026", "2026\n", "2026-Q3-01"),
        *("٢٠٢٦", "0000", "0000-01", "9999", "9999-W01", "9999-12-31", "2026-09-14T00:00"),
    ],
)
def test_a_text_that_names_no_period_is_named_beside_the_accepted_forms(text: str) -> None:
    for calendar in (PLAIN, APRIL, NRF):
        with pytest.raises(UsageError) as error:
            calendar.parse(text)
        assert repr(text) in error.value.message
        for form in ("2026", "2026-Q3", "2026-09", "2026-W39", "2026-09-14"):
            assert f"({form})" in str(error.value)


@pytest.mark.parametrize("value", [2026, date(2026, 9, 14), None, 2026.5, b"2026"])
def test_a_period_that_is_no_text_asks_for_quotes(value: object) -> None:
    with pytest.raises(UsageError, match="quotes") as error:
        PLAIN.parse(value)  # type: ignore[arg-type]
    assert repr(value) in error.value.message


def test_the_reason_says_what_the_year_does_have() -> None:
    with pytest.raises(UsageError, match="quarters Q1 to Q4"):
        PLAIN.parse("2026-Q5")
    with pytest.raises(UsageError, match="2026 has the weeks W01 to W53"):
        PLAIN.parse("2026-W60")
    with pytest.raises(UsageError, match="2025 has the weeks W01 to W52"):
        NRF.parse("2025-W53")
    with pytest.raises(UsageError, match="no such day"):
        PLAIN.parse("2026-02-30")


# Second routes to the same calendar


@quick
@given(days, st.integers(1, 12))
def test_gregorian_weeks_are_iso_weeks_wherever_the_fiscal_year_begins(day: date, month: int) -> None:
    week = Calendar(year_starts=month).containing(day, "week")
    assert week.label == "{:04d}-W{:02d}".format(*day.isocalendar()[:2])
    assert week.start.isoweekday() == 1


def test_iso_years_2020_and_2026_have_week_53() -> None:
    assert [year for year in range(2015, 2033) if PLAIN.weeks_in_year(year) == 53] == [2015, 2020, 2026, 2032]
    assert span(PLAIN.parse("2026-W53")) == ("2026-12-28", "2027-01-03")
    assert PLAIN.containing(date(2027, 1, 3), "week").label == "2026-W53"
    assert span(PLAIN.parse("2026-W01")) == ("2025-12-29", "2026-01-04")


@quick
@given(days, st.sampled_from([(4, "MAR"), (10, "SEP"), (2, "JAN"), (1, "DEC"), (12, "NOV")]))
def test_fiscal_quarters_and_years_are_those_of_pandas(day: date, year: tuple[int, str]) -> None:
    month, ending = year
    calendar = Calendar(year_starts=month)
    theirs = pd.Timestamp(day).to_period(f"Q-{ending}")
    ours = calendar.containing(day, "quarter")
    assert ours.label == f"{theirs.qyear}-Q{theirs.quarter}"
    assert (ours.start, ours.end) == (theirs.start_time.date(), theirs.end_time.date())
    assert calendar.containing(day, "year").label == str(theirs.qyear)


def test_a_monday_near_new_year_gives_the_iso_year_under_either_name() -> None:
    for named_by in ("start", "end", None):
        calendar = Calendar("4-4-5", date(2024, 12, 30), named_by)
        for year in range(1990, 2061):
            assert calendar.parse(str(year)).start == date.fromisocalendar(year, 1, 1)


@pytest.mark.parametrize("given_first_day", [date(2025, 2, 2), date(2023, 1, 29), date(2024, 2, 4), date(2026, 2, 1)])
def test_the_retail_calendar_of_the_nrf_follows_from_any_of_its_years(given_first_day: date) -> None:
    calendar = Calendar("4-5-4", given_first_day)
    published = {2012: "01-29", 2017: "01-29", 2018: "02-04", 2023: "01-29", 2024: "02-04", 2025: "02-02"}
    for year, first_day in published.items():
        assert calendar.parse(str(year)).start == date.fromisoformat(f"{year}-{first_day}")
    long_years = [year for year in range(2000, 2026) if calendar.weeks_in_year(year) == 53]
    assert long_years == [2000, 2006, 2012, 2017, 2023]


def test_the_nrf_year_ends_on_the_saturday_nearest_to_31_january() -> None:
    for year in range(1990, 2061):
        last_day = NRF.parse(str(year)).end
        near = [date(year + 1, 1, 31) + n * DAY for n in range(-3, 4)]
        assert [day for day in near if day.isoweekday() == 6] == [last_day]


def test_years_that_end_on_the_last_saturday_of_a_month_follow_from_an_early_first_day() -> None:
    apple = Calendar("4-4-5", date(2022, 9, 25), "end")
    published = {2017: "09-30", 2020: "09-26", 2021: "09-25", 2022: "09-24", 2023: "09-30", 2024: "09-28"}
    for year, last_day in published.items():
        assert apple.parse(str(year)).end == date.fromisoformat(f"{year}-{last_day}")
    assert [year for year in range(2010, 2025) if apple.weeks_in_year(year) == 53] == [2012, 2017, 2023]
    for year in range(1990, 2061):
        final = apple.parse(str(year)).end
        assert (final.month, final.isoweekday(), (final + 7 * DAY).month) == (9, 6, 10)


def test_a_fiscal_month_of_weeks_is_no_calendar_month() -> None:
    assert span(NRF.parse("2025-09")) == ("2025-10-05", "2025-11-01")
    assert NRF.containing(date(2025, 9, 14), "month").label == "2025-08"
    assert NRF.containing(date(2025, 1, 31), "year").label == "2024"


# Unfinished periods and same stretches


def test_a_cut_keeps_what_is_over() -> None:
    september = PLAIN.parse("2026-09")
    so_far = september.cut(date(2026, 9, 20))
    assert (so_far.days, so_far.full_days, so_far.last_day) == (20, 30, date(2026, 9, 20))
    assert not so_far.complete and so_far.through == date(2026, 9, 20)
    assert september.cut(date(2026, 9, 30)) is september
    assert september.cut(date(2027, 1, 1)) is september
    assert september.cut(date(2026, 9, 1)).days == 1
    assert so_far.cut(date(2026, 9, 25)) == so_far
    with pytest.raises(ValueError, match="begins on 2026-09-01, after 2026-08-31"):
        september.cut(date(2026, 8, 31))


def test_the_first_20_days_are_compared_with_the_first_20_days() -> None:
    so_far = PLAIN.parse("2026-09").cut(date(2026, 9, 20))
    prior, year_ago = PLAIN.prior(so_far), PLAIN.year_ago(so_far)
    assert (prior.label, prior.last_day, prior.days) == ("2026-08", date(2026, 8, 20), 20)
    assert year_ago is not None
    assert (year_ago.label, year_ago.last_day, year_ago.days) == ("2025-09", date(2025, 9, 20), 20)
    assert not prior.complete and not year_ago.complete


def test_march_is_compared_with_the_whole_of_february_and_no_more() -> None:
    march = PLAIN.parse("2026-03")
    for elapsed in (28, 29, 30, 31):
        prior = PLAIN.prior(march.cut(date(2026, 3, elapsed)))
        assert (prior.days, prior.complete, prior.through) == (28, True, None)
    assert PLAIN.prior(march.cut(date(2026, 3, 27))).days == 27


def test_a_quarter_to_date_is_compared_by_elapsed_days() -> None:
    so_far = APRIL.parse("2026-Q4").cut(date(2026, 2, 14))
    assert APRIL.prior(so_far).last_day == date(2025, 11, 14)
    year_ago = APRIL.year_ago(so_far)
    assert year_ago is not None and (year_ago.label, year_ago.last_day) == ("2025-Q4", date(2025, 2, 14))


@quick
@given(calendars, days, grains, st.integers(0, 400), st.integers(-10, 10))
def test_a_cut_period_shifts_to_as_many_days_or_all(
    calendar: Calendar, day: date, grain: str, extra: int, n: int
) -> None:
    whole = calendar.containing(day, grain)
    so_far = whole.cut(min(whole.start + extra * DAY, whole.end))
    shifted = calendar.shift(so_far, n)
    target = calendar.shift(whole, n)
    assert (shifted.start, shifted.end, shifted.label) == (target.start, target.end, target.label)
    if so_far.complete:
        assert shifted == target
    else:
        assert shifted.days == min(so_far.days, target.full_days)
    assert (shifted.through is None) == shifted.complete


# A year ago


def test_year_ago_is_the_same_name_one_fiscal_year_earlier() -> None:
    for calendar, label, expected in [
        (PLAIN, "2026", "2025"),
        (APRIL, "2026-Q1", "2025-Q1"),
        (APRIL, "2026-09", "2025-09"),
        (PLAIN, "2026-W39", "2025-W39"),
        (PLAIN, "2024-03-01", "2023-03-01"),
        (NRF, "2024-W01", "2023-W01"),
        (NRF, "2024-12", "2023-12"),
    ]:
        year_ago = calendar.year_ago(calendar.parse(label))
        assert year_ago == calendar.parse(expected)


def test_what_the_year_before_did_not_have_has_no_year_ago() -> None:
    assert PLAIN.year_ago(PLAIN.parse("2024-02-29")) is None
    assert PLAIN.year_ago(PLAIN.parse("2026-W53")) is None
    assert NRF.year_ago(NRF.parse("2023-W53")) is None
    assert NRF.year_ago(NRF.parse("2024-02-01")) is None
    assert span(PLAIN.year_ago(PLAIN.parse("2024-02"))) == ("2023-02-01", "2023-02-28")


def test_29_february_is_a_day_like_any_other_in_a_calendar_of_weeks() -> None:
    year_ago = NRF.year_ago(NRF.parse("2024-02-29"))
    assert year_ago is not None and year_ago.label == "2023-02-23"
    assert year_ago.start.weekday() == date(2024, 2, 29).weekday()


def test_a_year_of_53_weeks_is_compared_with_the_52_before_it() -> None:
    long_year = NRF.parse("2023")
    year_ago = NRF.year_ago(long_year)
    assert year_ago is not None
    assert (long_year.days, year_ago.days) == (371, 364)
    per_week = (1060 / (long_year.days / 7)) / (1000 / (year_ago.days / 7)) - 1
    assert per_week == pytest.approx(0.04)
    after = NRF.year_ago(NRF.parse("2024"))
    assert after is not None and after.days == 371


@quick
@given(calendars, days, st.sampled_from(["week", "month", "quarter", "year"]))
def test_a_day_a_year_ago_lies_in_its_period_a_year_ago(calendar: Calendar, day: date, grain: str) -> None:
    day_ago = calendar.year_ago(calendar.containing(day, "day"))
    period_ago = calendar.year_ago(calendar.containing(day, grain))
    if day_ago is None or period_ago is None or (calendar.type == "gregorian" and grain == "week"):
        return
    assert period_ago.start <= day_ago.start <= period_ago.end


# Sequences and other grains


def test_the_last_periods_are_whole_but_for_the_one_that_is_cut() -> None:
    so_far = PLAIN.parse("2026-02").cut(date(2026, 2, 10))
    history = PLAIN.last(so_far, 3)
    assert [str(month) for month in history] == ["2025-12", "2026-01", "2026-02"]
    assert [month.complete for month in history] == [True, True, False]
    assert PLAIN.last(so_far, 1) == [so_far]
    with pytest.raises(UsageError, match="last 0"):
        PLAIN.last(so_far, 0)


def test_a_history_before_the_beginning_of_time_is_a_plain_error() -> None:
    for calendar in (PLAIN, NRF):
        with pytest.raises(UsageError, match="no such year"):
            calendar.last(calendar.parse("2026"), 5000)
        with pytest.raises(UsageError, match="no such week"):
            calendar.shift(calendar.parse("2026-W01"), 10**9)


def test_the_finer_periods_of_a_cut_period_stop_where_it_stops() -> None:
    so_far = PLAIN.parse("2026-Q3").cut(date(2026, 8, 10))
    months = PLAIN.within(so_far, "month")
    assert [(str(month), month.days) for month in months] == [("2026-07", 31), ("2026-08", 10)]
    assert len(PLAIN.within(so_far, "day")) == so_far.days == 41
    assert PLAIN.within(so_far, "quarter") == [so_far]
    at_month_end = PLAIN.within(PLAIN.parse("2026-Q3").cut(date(2026, 7, 31)), "month")
    assert at_month_end == [PLAIN.parse("2026-07")]


def test_a_week_belongs_to_the_month_in_which_it_starts() -> None:
    september = PLAIN.within(PLAIN.parse("2026-09"), "week")
    assert [str(week) for week in september] == ["2026-W37", "2026-W38", "2026-W39", "2026-W40"]
    assert september[-1].end == date(2026, 10, 4) and september[-1].complete
    assert PLAIN.within(PLAIN.parse("2026-09").cut(date(2026, 9, 3)), "week") == []


@quick
@given(calendars, days, grains)
def test_each_finer_period_stands_in_exactly_one_coarser(calendar: Calendar, day: date, grain: str) -> None:
    coarse = calendar.containing(day, "quarter")
    if GRAINS.index(grain) > GRAINS.index("quarter"):
        with pytest.raises(UsageError, match=f"has no {grain} in it"):
            calendar.within(coarse, grain)
        return
    here, after = calendar.within(coarse, grain), calendar.within(calendar.shift(coarse, 1), grain)
    assert all(coarse.start <= finer.start <= coarse.end for finer in here)
    assert here[-1].end + DAY == after[0].start


def test_another_grain_is_the_one_around_the_last_day_counted() -> None:
    third = PLAIN.parse("2026-Q3")
    assert PLAIN.to_grain(third, "year") == PLAIN.parse("2026")
    assert PLAIN.to_grain(third, "month") == PLAIN.parse("2026-09")
    assert PLAIN.to_grain(third, "quarter") == third
    assert PLAIN.to_grain(PLAIN.parse("2026-W53"), "month") == PLAIN.parse("2027-01")
    so_far = third.cut(date(2026, 8, 10))
    assert PLAIN.to_grain(so_far, "month") == PLAIN.within(so_far, "month")[-1]
    assert PLAIN.to_grain(so_far, "year") == PLAIN.parse("2026").cut(date(2026, 8, 10))
    first_days = PLAIN.parse("2026-09").cut(date(2026, 9, 3))
    assert PLAIN.to_grain(first_days, "week") == PLAIN.parse("2026-W36").cut(date(2026, 9, 3))


def test_an_unknown_grain_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'month'"):
        PLAIN.containing(date(2026, 9, 14), "months")
    with pytest.raises(UsageError, match="Did you mean 'week'"):
        PLAIN.within(PLAIN.parse("2026"), "weekly")
    with pytest.raises(UsageError, match="day, week, month, quarter, year"):
        PLAIN.to_grain(PLAIN.parse("2026"), "fortnight")


# Calendars that cannot be meant


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("gregorian", 13), "13"),
        (("gregorian", 0), "0"),
        (("gregorian", True), "True"),
        (("gregorian", date(2025, 2, 2)), "2025"),
        (("4-4-5",), "1"),
        (("4-4-5", "2025-02-02"), "2025-02-02"),
        (("4-4-5", pd.Timestamp("2025-02-02")), "Timestamp"),
        (("4-4-4", date(2025, 2, 2)), "4-4-4"),
        (("gregorian", 1, "middle"), "middle"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(arguments: tuple[object, ...], found: str) -> None:
    with pytest.raises(ConfigError, match=found) as error:
        Calendar(*arguments)  # type: ignore[arg-type]
    assert error.value.remedy


def test_only_a_year_that_is_not_the_calendar_year_is_fiscal() -> None:
    assert [calendar.fiscal for calendar in (PLAIN, Calendar(named_by="start"), APRIL, NRF)] == [
        False,
        False,
        True,
        True,
    ]


# The table of days


def test_each_counted_day_of_each_period_is_a_row() -> None:
    so_far = PLAIN.parse("2026-Q3").cut(date(2026, 8, 10))
    periods = [so_far, PLAIN.parse("2026-07"), PLAIN.parse("2024-02-29")]
    table = day_table(periods)
    assert table.dtypes.astype(str).to_dict() == {"day": "datetime64[us]", "slot": "int64"}
    by_hand = [(period.start + n * DAY, slot) for slot, period in enumerate(periods) for n in range(period.days)]
    assert list(zip(table["day"].dt.date, table["slot"], strict=True)) == by_hand
    assert table["day"].value_counts().loc[pd.Timestamp("2026-07-15")] == 2
    assert table["day"].max() == pd.Timestamp("2026-08-10")


def test_no_periods_have_no_days_but_the_same_columns() -> None:
    table = day_table([])
    assert table.dtypes.astype(str).to_dict() == {"day": "datetime64[us]", "slot": "int64"}
    assert table.empty


def test_a_day_has_no_hours_so_clock_changes_do_not_matter() -> None:
    table = day_table([PLAIN.parse("2025-03")])
    assert table["day"].diff().dropna().eq(pd.Timedelta(days=1)).all()
    assert len(table) == 31


def test_reading_the_calendar_does_not_load_pandas() -> None:
    code = "import sys, kpi_analysis.core.periods as p; p.Calendar().parse('2026'); print('pandas' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


# Words


@pytest.mark.parametrize(
    ("calendar", "label", "name", "words"),
    [
        (PLAIN, "2026", "2026", "January to December 2026"),
        (PLAIN, "2017-Q4", "Q4 2017", "October to December 2017"),
        (PLAIN, "2017-12", "December 2017", "December 2017"),
        (PLAIN, "2026-W39", "week 39 of 2026", "21 to 27 September 2026"),
        (PLAIN, "2026-W40", "week 40 of 2026", "28 September to 4 October 2026"),
        (PLAIN, "2026-W53", "week 53 of 2026", "28 December 2026 to 3 January 2027"),
        (PLAIN, "2026-09-14", "14 September 2026", "14 September 2026"),
        (APRIL, "2026", "FY 2026", "April 2025 to March 2026"),
        (APRIL, "2026-Q4", "Q4 FY 2026", "January to March 2026"),
        (APRIL, "2026-09", "September 2026", "September 2026"),
        (APRIL, "2026-W01", "week 1 of 2026", "29 December 2025 to 4 January 2026"),
        (NRF, "2025", "FY 2025", "2 February 2025 to 31 January 2026"),
        (NRF, "2025-09", "month 9 of FY 2025", "5 October to 1 November 2025"),
        (NRF, "2025-W01", "week 1 of FY 2025", "2 to 8 February 2025"),
        (NRF, "2025-02-02", "2 February 2025", "2 February 2025"),
    ],
)
def test_a_period_is_named_in_words(calendar: Calendar, label: str, name: str, words: str) -> None:
    period = calendar.parse(label)
    assert period_label(period, calendar) == name
    assert period_words(period) == words


def test_the_words_of_a_cut_period_end_with_its_last_counted_day() -> None:
    third = PLAIN.parse("2026-Q3")
    assert period_words(third.cut(date(2026, 9, 20))) == "1 July to 20 September 2026"
    assert period_words(third.cut(date(2026, 8, 31))) == "July to August 2026"
    assert period_words(third.cut(date(2026, 7, 1))) == "1 July 2026"
    assert period_label(third.cut(date(2026, 7, 1)), PLAIN) == "Q3 2026"
