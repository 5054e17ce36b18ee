"""Traps of comparison: 53 weeks held against 52, and shares of a whole that returns have eaten into."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from

from kpi_analysis.cli.main import main
from kpi_analysis.metrics.session import OpenCompany
from kpi_analysis.report.notebook import open_report

WEEKS_445 = {"type": "4-4-5", "year_starts": dt.date(2023, 1, 29)}  # 2022 has 52 weeks, 2023 has 53, 2024 has 52
STARTS = {2022: dt.date(2022, 1, 30), 2023: dt.date(2023, 1, 29), 2024: dt.date(2024, 2, 4), 2025: dt.date(2025, 2, 2)}
NO_SHARE = "returns outweigh sales in a part of it, so that shares of the whole mislead"
CONCENTRATION = ["revenue_concentration", "revenue_concentration_top_ten", "revenue_herfindahl"]


# --- weeks


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(53)
    days = pd.date_range(STARTS[2022], STARTS[2025] - dt.timedelta(days=1))
    counts = rng.poisson(3, len(days)) + 1
    rows = pd.DataFrame({"ordered_on": days.repeat(counts)})
    rows["amount"] = rng.integers(10, 500, len(rows)).astype(float)
    return rows.assign(order_id=range(len(rows)), customer_id=rng.integers(0, 200, len(rows)))


@pytest.fixture(scope="module")
def by_weeks(tmp_path_factory: pytest.TempPathFactory, orders: pd.DataFrame) -> OpenCompany:
    plans = pd.DataFrame({"customer_id": ["a", "b"], "started_on": ["2021-01-01", "2023-06-01"], "mrr": [100.0, 40.0]})
    folder = tmp_path_factory.mktemp("weeks")
    return open_from(folder, {"orders": orders, "subscriptions": plans.assign(ended_on=None)}, calendar=WEEKS_445)


def between(orders: pd.DataFrame, year: int, first: int, weeks: int) -> pd.DataFrame:
    """The orders of so many weeks of a fiscal year, by plain dates."""
    begin = pd.Timestamp(STARTS[year]) + pd.Timedelta(weeks=first)
    return orders[orders["ordered_on"].between(begin, begin + pd.Timedelta(days=7 * weeks - 1))]


def one(company: OpenCompany, kpi: str, period: str, **options: Any) -> Any:
    (row,) = company.compute([kpi], period=period, **options).itertuples()
    return row


@pytest.mark.parametrize(("year", "weeks", "before"), [(2023, 53, 52), (2024, 52, 53)])
def test_a_year_is_held_against_as_many_weeks(
    by_weeks: OpenCompany, orders: pd.DataFrame, year: int, weeks: int, before: int
) -> None:
    now, then = between(orders, year, 0, weeks), between(orders, year - 1, 0, before)
    row = one(by_weeks, "sales_revenue", str(year))
    assert row.value == now["amount"].sum()
    assert row.previous == row.year_ago == pytest.approx(then["amount"].sum() / before * weeks)
    # the change that a scorecard prints and the growth that is a KPI of its own are one number
    assert row.value / row.previous - 1 == pytest.approx(one(by_weeks, "revenue_growth", str(year)).value)
    assert row.value / row.previous - 1 == pytest.approx((now.amount.sum() / weeks) / (then.amount.sum() / before) - 1)


def test_a_quarter_of_14_weeks_and_a_month_of_five_are_too(by_weeks: OpenCompany, orders: pd.DataFrame) -> None:
    last = one(by_weeks, "sales_revenue", "2023-Q4")
    assert last.value == between(orders, 2023, 39, 14)["amount"].sum()
    assert last.previous == pytest.approx(between(orders, 2023, 26, 13)["amount"].sum() / 13 * 14)
    assert last.year_ago == pytest.approx(between(orders, 2022, 39, 13)["amount"].sum() / 13 * 14)
    third = one(by_weeks, "sales_revenue", "2024-03")
    assert third.previous == pytest.approx(between(orders, 2024, 4, 4)["amount"].sum() / 4 * 5)
    assert third.year_ago == pytest.approx(between(orders, 2023, 8, 5)["amount"].sum())


def test_what_does_not_add_up_over_time_stays_as_it_was(by_weeks: OpenCompany, orders: pd.DataFrame) -> None:
    then = between(orders, 2022, 0, 52)
    mean = one(by_weeks, "average_order_value", "2023")
    assert mean.previous == pytest.approx(then["amount"].sum() / then["order_id"].nunique())
    assert one(by_weeks, "monthly_recurring_revenue", "2023").previous == 100
    repeats = then.groupby("customer_id")["order_id"].nunique().ge(2).mean()
    assert one(by_weeks, "repeat_purchase_rate", "2023").previous == pytest.approx(repeats)


def test_an_unfinished_year_is_held_against_the_same_stretch(by_weeks: OpenCompany, orders: pd.DataFrame) -> None:
    row = one(by_weeks, "sales_revenue", "2023", as_of=str(STARTS[2023] + dt.timedelta(days=7 * 20 - 1)))
    assert not row.complete
    assert row.previous == between(orders, 2022, 0, 20)["amount"].sum()


def test_months_of_a_civil_calendar_are_compared_as_they_are(tmp_path: Path, orders: pd.DataFrame) -> None:
    row = one(open_from(tmp_path, {"orders": orders}), "sales_revenue", "2024-03")
    assert row.previous == orders[orders["ordered_on"].dt.strftime("%Y-%m") == "2024-02"]["amount"].sum()


def test_what_is_brought_to_as_many_weeks_is_said_where_it_is_shown(
    by_weeks: OpenCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "FY 2023 has 53 weeks: sums of FY 2022 (52 weeks) are brought to as many."
    assert by_weeks.compute("sales_revenue", period="2023").attrs["notes"] == [said]
    assert by_weeks.compute("sales_revenue", period="2023-Q2").attrs["notes"] == []
    report = open_report(by_weeks, "2023")
    assert said in report.scorecard().note and "Against FY 2022, brought to 53 weeks" in report.title().deck
    with pytest.raises(SystemExit):
        company = str(by_weeks.config.folder / "company.yaml")
        main(["compute", "sales_revenue", "--period", "2023", "--company", company])
    assert said in capsys.readouterr().out


# --- shares


def sold(**amounts: list[float]) -> pd.DataFrame:
    """Orders of January, customer by customer; a channel for each customer's name."""
    rows = [(name, amount) for name, given in amounts.items() for amount in given]
    frame = pd.DataFrame(rows, columns=["customer_id", "amount"])
    return frame.assign(order_id=range(len(frame)), ordered_on="2026-01-10", channel=frame["customer_id"])


def told(folder: Path, orders: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    company = open_from(folder, {"orders": orders}, **settings)
    kpis = [*CONCENTRATION, *(["inbound_revenue_share"] if settings else [])]
    return company.compute(kpis, period="2026-01").set_index("kpi")


def test_shares_of_a_whole_that_returns_have_eaten_into_are_not_told(tmp_path: Path) -> None:
    """Customer a bought for 100, b for 30, c returned 80 of last month: of revenue of 50, a has “200 %”."""
    frame = told(tmp_path, sold(a=[100], b=[30], c=[-80]))
    assert frame.loc[CONCENTRATION, "reason"].tolist() == [NO_SHARE] * 3
    assert frame.value.isna().all()
    assert frame.numerator.tolist()[:2] == [100, 50] and frame.denominator.tolist()[:2] == [50, 50]


def test_where_all_together_is_a_return_there_is_no_share_either(tmp_path: Path) -> None:
    """Two customers with returns only: −5 of −100 would be “5 %”."""
    assert told(tmp_path, sold(a=[-5], b=[-95])).reason.tolist() == [NO_SHARE] * 3


def test_a_few_returns_leave_the_shares_as_the_accounts_have_them(tmp_path: Path) -> None:
    amounts = {f"c{n}": [10.0 * n, -1.0] for n in range(1, 15)} | {"back": [-5.0]}
    net = pd.Series({name: sum(given) for name, given in amounts.items()}).sort_values(ascending=False)
    frame = told(tmp_path, sold(**amounts))
    shares = net / net.sum()
    assert frame.value[CONCENTRATION].tolist() == pytest.approx(
        [shares.iloc[0], shares.iloc[:10].sum(), (shares**2).sum()]
    )


def test_one_customer_is_all_of_it(tmp_path: Path) -> None:
    assert told(tmp_path, sold(a=[0.1, 0.2])).value[CONCENTRATION].tolist() == [1, 1, 1]


def test_an_inbound_share_has_two_sides(tmp_path: Path) -> None:
    """Inbound 100 of 150 is two thirds; of 60, because the other channel took back 40, it would be “167 %”."""
    for folder, other, share in (("kept", 50, 100 / 150), ("back", -40, None), ("more", -140, None)):
        (tmp_path / folder).mkdir()
        orders = sold(email=[100], shop=[other])
        row = told(tmp_path / folder, orders, inbound_channels=["email"]).loc["inbound_revenue_share"]
        assert (row.reason == NO_SHARE) if share is None else (row.value == pytest.approx(share))


def test_a_share_that_misled_is_no_base_of_a_comparison(tmp_path: Path) -> None:
    later = sold(a=[60], b=[40]).assign(ordered_on="2026-02-10", order_id=[10, 11])
    first = sold(a=[100], c=[-80]).assign(ordered_on="2026-01-01")
    company = open_from(tmp_path, {"orders": pd.concat([first, later])})
    row = one(company, "revenue_concentration", "2026-02", as_of="2026-02-28")
    assert row.value == 0.6 and np.isnan(row.previous)
