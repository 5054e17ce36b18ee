"""Traps of time: periods that are not over, years of unequal length, clocks that jump, gaps, outliers."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.periods import Calendar
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.stats.trends import trend

RETAIL = {"type": "4-5-4", "year_starts": dt.date(2025, 2, 2)}
WEEKS_445 = {"type": "4-4-5", "year_starts": dt.date(2025, 2, 2)}


def row(company: OpenCompany, kpi: str, period: str, **options: Any) -> Any:
    """The one row of a KPI in a period."""
    frame = company.compute([kpi], period=period, **options)
    assert len(frame) == 1, frame
    return frame.iloc[0]


def a_day(first: str, last: str, count: int = 1) -> pd.DataFrame:
    """Leads: so many each day."""
    days = pd.date_range(first, last).repeat(count)
    return pd.DataFrame({"lead_id": range(len(days)), "created_on": days})


def sales(amounts: dict[str, float]) -> pd.DataFrame:
    """Orders: one a day, each by another customer."""
    return pd.DataFrame(
        {"order_id": range(len(amounts)), "ordered_on": list(amounts), "amount": list(amounts.values())}
    ).assign(customer_id=lambda frame: frame.order_id)


def test_an_unfinished_month_is_compared_with_as_many_days(tmp_path: Path) -> None:
    """Partial period (number 16): the pace is 0 %, not −33 %.

    | month   | leads a day | days in the data | leads |
    |---------|-------------|------------------|-------|
    | 2025-09 | 4           | 30 of 30         | 120   |
    | 2026-09 | 4           | 20 of 30         | 80    |
    """
    company = open_from(tmp_path, {"leads": a_day("2025-09-01", "2026-09-20", 4)})
    assert row(company, "leads", "2025-09").value == 120
    now = row(company, "leads", "2026-09")
    assert (now.value, now.year_ago, now.previous) == (80, 80, 80)
    assert not now.complete
    assert row(company, "lead_generation_rate", "2026-09").value == 4


def test_growth_of_an_unfinished_month_is_growth_over_the_same_days(tmp_path: Path) -> None:
    """Partial period: growth so far is 0 %, not −50 %.

    | month   | revenue a day | days in the data |
    |---------|---------------|------------------|
    | 2026-03 | 10            | 31 of 31         |
    | 2026-04 | 10            | 15 of 30         |
    """
    days = [day.date().isoformat() for day in pd.date_range("2026-03-01", "2026-04-15")]
    company = open_from(tmp_path, {"orders": sales(dict.fromkeys(days, 10.0))})
    assert row(company, "revenue_growth", "2026-04").value == 0


def test_the_complete_periods_of_a_frame_make_a_trend_that_the_unfinished_one_cannot_bend(tmp_path: Path) -> None:
    """Partial period: five months rise; the sixth has three days yet.

    | month | 01 | 02 | 03 | 04 | 05 | 06 (3 days) |
    |-------|----|----|----|----|----|-------------|
    | leads | 31 | 56 | 93 | 120| 155| 18          |
    """
    months = [a_day(f"2026-{month:02d}-01", str(end), month) for month, end in enumerate(
        [dt.date(2026, 1, 31), dt.date(2026, 2, 28), dt.date(2026, 3, 31), dt.date(2026, 4, 30), dt.date(2026, 5, 31),
         dt.date(2026, 6, 3)], start=1)]  # fmt: skip
    leads = pd.concat(months).assign(lead_id=lambda frame: range(len(frame)))
    frame = open_from(tmp_path, {"leads": leads}).compute(["leads"], period="2026-06", last=6)
    assert frame.value.tolist() == [31, 56, 93, 120, 155, 18]
    assert frame.complete.tolist() == [True] * 5 + [False]
    assert trend(frame[frame.complete].set_index("period").value).direction == "rising"


def test_a_year_of_53_weeks_is_no_growth_by_itself(tmp_path: Path) -> None:
    """53 weeks (number 16): +4.0 % a week, not 6 %.

    | fiscal year | weeks | revenue | a week |
    |-------------|-------|---------|--------|
    | 2022        | 52    | 1,000   | 19.23  |
    | 2023        | 53    | 1,060   | 20.00  |
    """
    weeks = pd.date_range("2022-01-30", periods=105, freq="7D")
    amounts = {str(day.date()): 1000 / 52 if place < 52 else 20.0 for place, day in enumerate(weeks)}
    company = open_from(tmp_path, {"orders": sales(amounts)}, calendar=RETAIL)
    told = company.compute(["sales_revenue"], period="2023", last=2, as_of="2024-02-03")
    assert told.value.tolist() == [pytest.approx(1000), pytest.approx(1060)]
    assert row(company, "revenue_growth", "2023", as_of="2024-02-03").value == pytest.approx(0.04)


def test_a_month_of_five_weeks_is_no_growth_over_one_of_four(tmp_path: Path) -> None:
    """4-4-5 against calendar months: sales are 10 a day throughout, so growth is 0 %, not 25 %.

    | fiscal month | 2025-02 | 2025-03 |
    |--------------|---------|---------|
    | weeks        | 4       | 5       |
    | revenue      | 280     | 350     |
    """
    days = [str(day.date()) for day in pd.date_range("2025-02-02", "2025-05-03")]
    company = open_from(tmp_path, {"orders": sales(dict.fromkeys(days, 10.0))}, calendar=WEEKS_445)
    assert company.compute(["sales_revenue"], period="2025-03", last=2).value.tolist() == [280, 350]
    assert row(company, "revenue_growth", "2025-03").value == pytest.approx(0)


def test_a_week_53_is_not_compared_with_some_other_week(tmp_path: Path) -> None:
    """53 weeks (number 17): ISO years 2020 and 2026 have a week 53, 2019 has none to compare it with.

    | week    | 2019-W52 | 2020-W52 | 2020-W53 |
    |---------|----------|----------|----------|
    | revenue | 70       | 70       | 70       |
    """
    calendar = Calendar()
    assert [year for year in range(2019, 2030) if calendar.weeks_in_year(year) == 53] == [2020, 2026]
    days = [str(day.date()) for day in pd.date_range("2019-01-01", "2021-01-10")]
    company = open_from(tmp_path, {"orders": sales(dict.fromkeys(days, 10.0))})
    last = row(company, "sales_revenue", "2020-W53")
    assert (last.value, last.previous) == (70, 70)
    assert math.isnan(last.year_ago)
    assert says(row(company, "revenue_growth_on_year", "2020-W53").reason, "year ago", "no such week")


def test_the_day_of_the_clock_change_has_23_hours(tmp_path: Path) -> None:
    """DST (number 17): one lead each hour of UTC; in Berlin 2025-03-30 has 23 of them, 2025-10-26 has 25.

    | UTC         | 03-29 22:00 | 03-29 23:00 | … | 03-30 21:00 | 03-30 22:00 |
    |-------------|-------------|-------------|---|-------------|-------------|
    | day (Berlin)| 03-29       | 03-30       | … | 03-30       | 03-31       |
    """
    for first, wanted in [("2025-03-29", [24, 23, 24]), ("2025-10-25", [24, 25, 24])]:
        hours = pd.date_range(f"{first}T00:00Z", periods=96, freq="h") - pd.Timedelta(hours=6)
        leads = pd.DataFrame({"lead_id": range(96), "created_on": hours.strftime("%Y-%m-%dT%H:%M:%SZ")})
        company = open_from(tmp_path, {"leads": leads}, timezone="Europe/Berlin")
        last = (dt.date.fromisoformat(first) + dt.timedelta(days=2)).isoformat()
        assert company.compute(["leads"], period=last, last=3).value.tolist() == wanted


@pytest.mark.parametrize(
    ("opened", "resolved"),
    [
        ("2025-03-30T00:30:00Z", "2025-03-30T01:30:00Z"),
        ("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"),
        ("2025-03-30 01:30:00", "2025-03-30 03:30:00"),
    ],
)
def test_an_hour_across_the_clock_change_is_one_hour(tmp_path: Path, opened: str, resolved: str) -> None:
    """DST: a ticket of one hour, in Berlin.

    | opened (UTC) | resolved (UTC) | on the wall    | hours |
    |--------------|----------------|----------------|-------|
    | 03-30 00:30  | 03-30 01:30    | 01:30 to 03:30 | 1     |
    | 10-26 00:30  | 10-26 01:30    | 02:30 to 02:30 | 1     |

    The third pair is the first one as written by a system that stores the time on the wall.
    """
    tickets = f"ticket_id,opened_on,resolved_on\n1,{opened},{resolved}\n"
    company = open_from(tmp_path, {"tickets": tickets}, timezone="Europe/Berlin")
    assert row(company, "resolution_time", opened[:7]).value == 1


def test_a_fiscal_month_of_weeks_takes_none_of_the_calendar_month(tmp_path: Path) -> None:
    """4-4-5 against calendar months: one lead a day; fiscal 2025 begins on 2025-02-02.

    | fiscal month | 2025-01         | 2025-02         | 2025-03         | 2025-Q1 |
    |--------------|-----------------|-----------------|-----------------|---------|
    | days         | 02-02 to 03-01  | 03-02 to 03-29  | 03-30 to 05-03  |         |
    | leads        | 28              | 28              | 35              | 91      |
    | a day        | 1               | 1               | 1               | 1       |
    """
    company = open_from(tmp_path, {"leads": a_day("2025-01-01", "2025-12-31")}, calendar=WEEKS_445)
    months = company.compute(["leads"], period="2025-03", last=3)
    assert months.value.tolist() == [28, 28, 35]
    assert months.period_start.astype(str).tolist() == ["2025-02-02", "2025-03-02", "2025-03-30"]
    assert row(company, "leads", "2025-Q1").value == 91 == months.value.sum()
    rates = company.compute(["lead_generation_rate"], period="2025-03", last=3)
    assert rates.value.tolist() == [1, 1, 1]


def test_a_day_is_in_one_month_only_whatever_the_calendar(tmp_path: Path) -> None:
    """4-4-5 against calendar months: the months of a year add up to it in both.

    | calendar  | months | a lead a day gives |
    |-----------|--------|--------------------|
    | gregorian | 12     | 365                |
    | 4-4-5     | 12     | 364                |
    """
    leads = a_day("2024-12-01", "2026-03-31")
    for calendar, days in [({"type": "gregorian"}, 365), (WEEKS_445, 364)]:
        company = open_from(tmp_path, {"leads": leads}, calendar=calendar)
        months = company.compute(["leads"], period="2025-12", last=12)
        assert months.value.sum() == row(company, "leads", "2025").value == days


def test_a_month_without_rows_is_a_zero_and_a_month_without_data_is_none(tmp_path: Path) -> None:
    """Gap against zero: spend ends in March, leads go on.

    | month | 2025-12 | 2026-01 | 2026-02 | 2026-03 | 2026-04          |
    |-------|---------|---------|---------|---------|------------------|
    | spend | before  | 10      | 0       | 10      | the table is over |
    """
    spend = "spent_on,amount,clicks\n2026-01-01,10,5\n2026-01-31,0,\n2026-03-01,10,5\n2026-03-31,0,\n"
    leads = "lead_id,created_on\n1,2025-12-01\n2,2026-01-15\n3,2026-02-15\n4,2026-03-15\n5,2026-04-30\n"
    company = open_from(tmp_path, {"spend": spend, "leads": leads})
    frame = company.compute(["cost_per_lead"], period="2026-04", last=5)
    assert frame.value.fillna(-1).tolist() == [-1, 10, 0, 10, -1]
    assert frame.reason.tolist() == [
        "the period is before the data begins", None, None, None, "table spend ends on 2026-03-31",
    ]  # fmt: skip


def test_a_mean_of_nothing_is_no_zero(tmp_path: Path) -> None:
    """Gap against zero: no order in February, so an order has no worth there; revenue is nothing and says so.

    | ordered_on | 2026-01-01 | 2026-03-31 |
    |------------|------------|------------|
    | amount     | 50         | 70         |
    """
    company = open_from(tmp_path, {"orders": sales({"2026-01-01": 50, "2026-03-31": 70})})
    values = company.compute(["average_order_value"], period="2026-03", last=3)
    assert values.value.fillna(-1).tolist() == [50, -1, 70]
    assert says(values.reason[1], "no orders")
    assert row(company, "sales_revenue", "2026-02").value == 0


def test_a_missing_month_keeps_its_place_in_a_trend_and_is_no_zero() -> None:
    """Gap against zero: +1 a month, March is missing.

    | month | 1  | 2  | 3 | 4  | 5  | 6  | 7  | 8  |
    |-------|----|----|---|----|----|----|----|----|
    | value | 10 | 11 | – | 13 | 14 | 15 | 16 | 17 |
    """
    gap = trend(pd.Series([10, 11, None, 13, 14, 15, 16, 17]))
    assert (gap.direction, gap.slope) == ("rising", pytest.approx(1))
    closed_up = trend(pd.Series([10, 11, 13, 14, 15, 16, 17]))
    zero = trend(pd.Series([10, 11, 0, 13, 14, 15, 16, 17]))
    assert closed_up.slope_high is not None and closed_up.slope_high > 1, "the gap is two steps wide"
    assert zero.p_value is not None and gap.p_value is not None and zero.p_value > gap.p_value


@pytest.mark.parametrize("place", [0, 6, 11])
def test_one_outlier_does_not_bend_the_slope(place: int) -> None:
    """One outlier bending the slope: +1 a month; one month of 1,000, first, in the middle or last.

    | month | 1   | 2   | … | the outlier | … | 12  |
    |-------|-----|-----|---|-------------|---|-----|
    | value | 100 | 101 | … | 1,000       | … | 111 |
    """
    values = [100.0 + month for month in range(12)]
    values[place] = 1000
    found = trend(pd.Series(values))
    assert found.slope == pytest.approx(1, abs=0.2)
    assert found.slope_low is not None and found.slope_high is not None
    assert found.slope_low <= 1 <= found.slope_high
    assert found.direction == "rising"


def test_one_outlier_makes_no_trend_of_a_steady_series() -> None:
    """One outlier bending the slope: least squares would see +33 a month here.

    | month | 1   | 2  | 3   | 4  | 5   | 6  | 7   | 8  | 9   | 10    |
    |-------|-----|----|-----|----|-----|----|-----|----|-----|-------|
    | value | 100 | 99 | 101 | 99 | 100 | 101| 99  | 101| 100 | 1,000 |
    """
    found = trend(pd.Series([100, 99, 101, 99, 100, 101, 99, 101, 100, 1000]))
    assert found.direction == "steady"
    assert found.slope == pytest.approx(0, abs=0.5)


def test_two_percent_a_month_is_not_24_percent_a_year(tmp_path: Path) -> None:
    """Compounding (number 16): 1.02 to the twelfth is 1.2682.

    | month   | 2025-01 | 2025-02 | … | 2026-01  |
    |---------|---------|---------|---|----------|
    | revenue | 100     | 102     | … | 126.8242 |
    """
    months = pd.date_range("2025-01-31", periods=13, freq="ME")
    amounts = {str(day.date()): 100 * 1.02**place for place, day in enumerate(months)}
    amounts["2025-01-01"] = 0
    company = open_from(tmp_path, {"orders": sales(amounts)})
    monthly = company.compute(["revenue_growth"], period="2026-01", last=12)
    assert monthly.value.tolist() == [pytest.approx(0.02)] * 12
    assert row(company, "revenue_growth_on_year", "2026-01").value == pytest.approx(0.2682, abs=5e-5)


def test_five_percent_churn_a_month_is_not_60_percent_a_year(tmp_path: Path) -> None:
    """Compounding (number 16): 1 − .95 to the twelfth is 45.96 %.

    | end of  | 2024-12 | 2025-01 | 2025-02 | … | 2025-12 |
    |---------|---------|---------|---------|---|---------|
    | accounts| 10,000  | 9,500   | 9,025   | … | 5,404   |
    """
    left = [round(10_000 * 0.95**month) for month in range(13)]
    ends = [str(day.date()) for day in pd.date_range("2025-01-31", periods=12, freq="ME")]
    leaving = [end for end, before, after in zip(ends, left[:-1], left[1:], strict=True) for _ in range(before - after)]
    rows = pd.DataFrame({"customer_id": range(10_000), "started_on": "2024-06-01", "mrr": 1.0})
    rows["ended_on"] = pd.Series(leaving).reindex(range(10_000))
    company = open_from(tmp_path, {"subscriptions": rows})
    months = company.compute(["churn_rate"], period="2025-12", last=12, as_of="2025-12-31")
    assert months.value.tolist() == [pytest.approx(0.05, abs=1e-4)] * 12
    year = row(company, "churn_rate", "2025", as_of="2025-12-31")
    assert year.value == pytest.approx(0.4596, abs=5e-5)


@pytest.mark.parametrize("base", [-50, 0])
def test_growth_on_a_base_of_nothing_or_less_has_no_value(tmp_path: Path, base: float) -> None:
    """Growth on zero or negative base (number 17): −50 to +50 is n/a, not −200 %; so is 0 to 50.

    | month   | 2026-01 | 2026-02 |
    |---------|---------|---------|
    | revenue | −50 (0) | 50      |
    """
    company = open_from(tmp_path, {"orders": sales({"2026-01-01": base, "2026-02-28": 50})})
    growth = row(company, "revenue_growth", "2026-02")
    assert math.isnan(growth.value) and says(growth.reason, "base", "zero or negative")
    sales_now = row(company, "sales_revenue", "2026-02")
    assert (sales_now.value, sales_now.previous) == (50, base), "what it was is told all the same"


def test_growth_of_recurring_revenue_from_nothing_has_no_value(tmp_path: Path) -> None:
    """Growth on zero base, of a stock: nobody paid at the end of January.

    | customer | from       | to         | mrr |
    |----------|------------|------------|-----|
    | a        | 2025-06-01 | 2026-01-10 | 100 |
    | b        | 2026-02-10 |            | 50  |
    """
    rows = "customer_id,started_on,ended_on,mrr\na,2025-06-01,2026-01-10,100\nb,2026-02-10,,50\n"
    company = open_from(tmp_path, {"subscriptions": rows})
    growth = row(company, "mrr_growth", "2026-02", as_of="2026-02-28")
    assert math.isnan(growth.value) and says(growth.reason, "base", "zero or negative")
    churn = row(company, "churn_rate", "2026-02", as_of="2026-02-28")
    assert math.isnan(churn.value) and says(churn.reason, "no accounts at the start")
