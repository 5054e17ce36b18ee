"""Why a KPI moved: the drivers add up to what `compute` says, for every KPI, by formula and by slice."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.companies import open_from, shipped_company
from support.reasons import says

from kpi_analysis.cli.main import main
from kpi_analysis.core.errors import UsageError
from kpi_analysis.metrics.session import OpenCompany

DEMO = Path(__file__).resolve().parents[2] / "params" / "company.yaml"
DEALS = """opportunity_id,created_on,closed_on,outcome,amount,region
1,2026-01-01,2026-01-31,won,1000,EMEA
2,2026-01-10,2026-02-10,lost,0,EMEA
3,2026-01-15,2026-02-15,won,3000,AMER
4,2026-02-01,2026-03-30,lost,0,AMER
5,2026-03-01,2026-04-20,won,2000,EMEA
6,2026-03-02,2026-05-20,lost,0,AMER
7,2026-04-03,2026-06-30,lost,0,AMER
8,2026-04-03,,open,500,AMER
"""


@pytest.fixture(scope="module")
def demo() -> OpenCompany:
    return shipped_company()


@pytest.fixture
def small(tmp_path: Path) -> OpenCompany:
    return open_from(tmp_path, {"opportunities": DEALS})


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return int(caught.value.code or 0)


# ---------------------------------------------------------------------- by the formula


@pytest.mark.parametrize(("as_of", "every"), [(None, 1), ("2026-08-20", 5)], ids=["whole", "unfinished"])
def test_drivers_of_every_kpi_add_up_to_what_compute_says(demo: OpenCompany, as_of: str | None, every: int) -> None:
    kpis = [*demo.catalogue.metrics][::every]
    explained = 0
    for row in demo.compute(kpis, period="2026-Q3", as_of=as_of).itertuples():
        found = demo.explain(row.kpi, period="2026-Q3", as_of=as_of)
        told = found.attrs
        if np.isnan(row.value) or np.isnan(row.previous):
            assert found.empty and told["reason"], row.kpi
            continue
        size = max(abs(row.value), abs(row.previous))
        assert not told["reason"], row.kpi
        assert abs(found.contribution.sum() - (row.value - row.previous)) <= 1e-9 * size, row.kpi
        assert (told["before"], told["after"]) == (row.previous, row.value), row.kpi
        if row.value != row.previous:
            assert found.share.sum() == pytest.approx(1, rel=1e-6), row.kpi
        assert found.label.is_unique and found.label.str.len().gt(0).all(), row.kpi
        explained += 1
    assert explained >= 0.9 * len(kpis)


def test_measures_open_every_ratio_and_add_up_as_well(demo: OpenCompany) -> None:
    names = ["sales_velocity", "customer_lifetime_value", "ltv_to_cac", "revenue_growth", "net_profit_margin"]
    for row in demo.compute(names, period="2026-Q3").itertuples():
        found = demo.explain(row.kpi, period="2026-Q3", measures=True)
        assert found.contribution.sum() == pytest.approx(row.value - row.previous, rel=1e-9)
        known = {*demo.catalogue.measures_of(row.kpi)}
        assert all(driver in known or driver.endswith(")") for driver in found.driver)


def test_a_ratio_is_a_driver_of_its_own_and_a_sum_is_opened(demo: OpenCompany) -> None:
    velocity = demo.explain("sales_velocity", period="2026-Q3").set_index("driver")
    assert set(velocity.index) == {
        "prior(open_opportunities)", "created_opportunities", "opportunity_to_win_ratio", "average_deal_size",
        "sales_cycle_length",
    }  # fmt: skip
    assert says(velocity.label["prior(open_opportunities)"], "Open opportunities", "before")
    assert velocity.unit["average_deal_size"] == "currency"
    ratio = demo.compute(["opportunity_to_win_ratio"], period="2026-Q3").iloc[0]
    assert (velocity.before["opportunity_to_win_ratio"], velocity.after["opportunity_to_win_ratio"]) == (
        ratio.previous, ratio.value,
    )  # fmt: skip
    income = demo.explain("net_income", period="2026-Q3").set_index("driver")
    assert income.attrs["method"] == "differences" and {"ledger_revenue", "tax", "depreciation"} <= set(income.index)
    assert income.contribution["tax"] == income.before["tax"] - income.after["tax"]
    assert {"days()", "employee_turnover"} == set(demo.explain("employee_turnover_annualised", period="2026-Q3").driver)


def test_a_small_company_by_hand(small: OpenCompany) -> None:
    found = small.explain("opportunity_to_win_ratio", period="2026-Q2").set_index("driver")
    assert found.before.to_dict() == {"won_deals": 2, "lost_deals": 2}
    assert found.after.to_dict() == {"won_deals": 1, "lost_deals": 2}
    assert found.contribution.sum() == pytest.approx(1 / 3 - 1 / 2)
    assert found.contribution["lost_deals"] == 0
    assert (found.attrs["period"], found.attrs["against"]) == ("2026-Q2", "2026-Q1")


def test_against_names_another_period_and_an_unfinished_one_is_cut_alike(small: OpenCompany) -> None:
    found = small.explain("opportunities_created", period="2026-04", against="2026-01", as_of="2026-04-12")
    assert found.attrs["days"] == (12, 30)
    assert (found.attrs["before"], found.attrs["after"]) == (2, 2), "the first 12 days of January, of April"
    whole = small.explain("opportunities_created", period="2026-03", against="2026-01")
    assert (whole.attrs["before"], whole.attrs["after"]) == (3, 2)


@pytest.mark.parametrize(
    ("kpi", "period", "reason"),
    [
        ("opportunity_to_win_ratio", "2026-Q1", "2025-Q4: the period is before the data begins"),
        ("cost_per_lead", "2026-Q2", "2026-Q2: table spend is not connected"),
        ("average_deal_size", "2026-06", "2026-06: no won deals in the period"),
        ("sales_revenue", "2027-Q1", "2027-Q1: the period is after the data ends"),
    ],
)
def test_without_a_value_on_both_sides_it_says_why(small: OpenCompany, kpi: str, period: str, reason: str) -> None:
    found = small.explain(kpi, period=period)
    assert found.empty and list(found.columns)[:2] == ["driver", "label"]
    assert (found.attrs["reason"], found.attrs["change"]) == (reason, None)


def test_a_young_cohort_is_not_explained(demo: OpenCompany) -> None:
    found = demo.explain("lead_to_sale_conversion", period="2026-Q3")
    assert found.empty and "maturing" in found.attrs["reason"]


def test_a_year_of_53_weeks_is_no_growth(tmp_path: Path) -> None:
    days = pd.date_range("2021-02-01", "2025-01-31")
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_on": days, "customer_id": 1, "amount": 10.0})
    calendar = {"type": "4-4-5", "year_starts": "2023-01-29"}
    company = open_from(tmp_path, {"orders": orders}, calendar=calendar)
    checked = 0
    for year in ("2022", "2023", "2024"):
        row = company.compute(["revenue_growth"], period=year).iloc[0]
        found = company.explain("revenue_growth", period=year)
        if np.isnan(row.value) or np.isnan(row.previous):
            assert found.attrs["reason"]
            continue
        checked += 1
        assert found.contribution.sum() == pytest.approx(row.value - row.previous, abs=1e-12)
    assert checked


# ---------------------------------------------------------------------- by slices


def test_slices_of_a_ratio_have_rates_and_mix_and_agree_with_compute(demo: OpenCompany) -> None:
    found = demo.explain("opportunity_to_win_ratio", period="2026-Q1", by="region")
    row = demo.compute(["opportunity_to_win_ratio"], period="2026-Q1").iloc[0]
    assert found.contribution.sum() == pytest.approx(row.value - row.previous, rel=1e-9)
    assert (found.rate_effect + found.mix_effect).to_list() == pytest.approx(found.contribution.to_list())
    assert found.attrs["method"] == "rate and mix"
    sliced = demo.compute(["opportunity_to_win_ratio"], period="2026-Q1", by=["region"]).set_index("region")
    for part in found.itertuples():
        assert (part.before, part.after) == (sliced.previous[part.driver], sliced.value[part.driver])
    assert found.driver[0] == "AMER", "its win rate fell in January 2026"


@pytest.mark.parametrize(
    ("kpi", "by", "method"),
    [
        ("sales_revenue", "region", "differences"),
        ("cost_per_lead", "channel", "rate and mix"),
        ("revenue_growth", "region", "rate and mix"),
        ("defect_rate", "line", "rate and mix"),
        ("lead_generation_rate", "channel", "differences"),
        ("employee_turnover_annualised", "department", "rate and mix"),
        ("monthly_recurring_revenue", "plan", "differences"),
        ("sales_velocity", "region", "lmdi"),
        ("customer_lifetime_value", "region", "lmdi"),
    ],
)
def test_slices_add_up_to_the_change(demo: OpenCompany, kpi: str, by: str, method: str) -> None:
    found = demo.explain(kpi, period="2026-Q3", by=by)
    row = demo.compute([kpi], period="2026-Q3").iloc[0]
    assert found.attrs["method"] == method
    assert found.contribution.sum() == pytest.approx(row.value - row.previous, rel=1e-9)
    assert not found.driver.duplicated().any() and len(found) > 1


def test_what_does_not_add_up_over_slices_says_so(demo: OpenCompany) -> None:
    median = demo.explain("sales_cycle_median", period="2026-Q3", by="region")
    assert median.empty and says(median.attrs["reason"], "not add up")
    assert says(demo.explain("website_visitors", period="2026-Q3", by="region").attrs["reason"], "no column region")


def test_simpsons_paradox_is_told(tmp_path: Path) -> None:
    cells = {
        "2026-02-01": {"small": (234, 270), "large": (55, 80)},
        "2026-05-01": {"small": (81, 87), "large": (192, 263)},
    }
    rows = [
        {"created_on": day, "closed_on": day, "outcome": outcome, "amount": 1, "product": size, "n": n}
        for day, sizes in cells.items()
        for size, (won, all_) in sizes.items()
        for outcome, n in (("won", won), ("lost", all_ - won))
    ]
    deals = pd.DataFrame(rows)
    deals = deals.loc[deals.index.repeat(deals.n)].drop(columns="n").reset_index(drop=True)
    edges = pd.DataFrame(
        {"created_on": ["2026-01-01", "2026-06-30"], "outcome": "open", "amount": 1, "product": "small"}
    )
    deals = pd.concat([deals, edges]).assign(opportunity_id=lambda frame: range(len(frame)))
    company = open_from(tmp_path, {"opportunities": deals})
    found = company.explain("opportunity_to_win_ratio", period="2026-Q2", by="product")
    assert (found.attrs["before"], found.attrs["after"]) == pytest.approx((289 / 350, 273 / 350))
    assert says(found.attrs["simpson"], "rose", "product", "fell")
    assert (found.rate_effect > 0).all() and found.mix_effect.sum() < found.contribution.sum()


def test_slices_of_a_product_share_what_its_numbers_count(demo: OpenCompany) -> None:
    whole = demo.explain("sales_velocity", period="2026-Q1", measures=True).set_index("driver")
    sliced = demo.explain("sales_velocity", period="2026-Q1", by="region").set_index("driver")
    wanted = 0.0
    where = "region = 'AMER'"
    for driver in whole.index:
        kpi = {"prior(open_opportunities)": "open_pipeline", "created_opportunities": "opportunities_created"}.get(
            driver
        )
        moved = (
            _moved(demo, driver, where) if kpi is None else _change(demo, kpi, where, prior=driver.startswith("prior"))
        )
        count = whole.loc[driver]
        wanted += count.contribution / (count.after - count.before) * moved
    assert sliced.contribution["AMER"] == pytest.approx(wanted, rel=1e-9)


def _moved(demo: OpenCompany, measure: str, where: str) -> float:
    """How much a measure of deals moved from the last quarter of 2025 to the first of 2026, by plain pandas."""
    deals = demo.table("opportunities").filter(lambda t: t.region == where.split("'")[1]).execute()
    deals["days"] = (pd.to_datetime(deals.closed_on) - pd.to_datetime(deals.created_on)).dt.days
    closed = pd.to_datetime(deals.closed_on).dt.to_period("Q").astype(str)
    won, lost = deals.outcome == "won", deals.outcome == "lost"
    values = {
        "won_deals": won.astype(float),
        "lost_deals": lost.astype(float),
        "won_amount": deals.amount.where(won, 0.0),
        "won_days": deals.days.where(won, 0.0),
        "won_deals_dated": (won & deals.days.notna()).astype(float),
    }[measure]
    return float(values[closed == "2026Q1"].sum() - values[closed == "2025Q4"].sum())


def _change(demo: OpenCompany, kpi: str, where: str, *, prior: bool) -> float:
    frame = demo.compute([kpi], period="2025-Q4" if prior else "2026-Q1", last=2, where=where)
    return float(frame.value.iloc[1] - frame.value.iloc[0])


@pytest.mark.parametrize(
    ("kpi", "period", "by", "top"),
    [
        ("cost_per_lead", "2026-Q3", "channel", "Paid social"),
        ("defect_rate", "2026-08", "line", "Wheels"),
        ("opportunity_to_win_ratio", "2026-Q1", "region", "AMER"),
    ],
)
def test_the_dimension_that_says_most_finds_what_is_planted(
    demo: OpenCompany, kpi: str, period: str, by: str, top: str
) -> None:
    found = demo.explain(kpi, period=period, by="auto")
    assert (found.attrs["by"], found.driver[0]) == (by, top)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kpi": "sales_revenu"}, "Did you mean 'sales_revenue'"),
        ({"against": "2026-Q3"}, "Name an earlier quarter, such as 2026-Q1"),
        ({"against": "2026-01"}, "cannot be held against 2026-01"),
        ({"by": "regoin"}, "Did you mean 'region'"),
        ({"by": "region,owner"}, "one of them at a time"),
    ],
)
def test_wrong_questions_are_refused(small: OpenCompany, more: dict[str, str], words: str) -> None:
    asked = {"kpi": "sales_revenue", "period": "2026-Q2"} | more
    with pytest.raises(UsageError, match=words):
        small.explain(asked.pop("kpi"), **asked)


# ---------------------------------------------------------------------- the command


@pytest.fixture
def company(small: OpenCompany, tmp_path: Path) -> list[str]:
    return ["--company", str(tmp_path / "company.yaml")]


def test_the_command_prints_drivers_units_and_a_total(company: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "sales_cycle_length", "--period", "2026-Q2", *company) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Sales cycle length, 2026-Q2 against 2026-Q1"
    assert "contribution, days" in lines[1] and lines[1].split()[-1] == "share"
    assert lines[-1].startswith("Sales cycle length days") and lines[-1].split()[-1] == "100.0%"
    assert any(line.startswith("Days from created to closed of won deals") for line in lines)


def test_the_command_gives_csv_and_json(company: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", "opportunity_to_win_ratio", "--period", "2026-Q2", *company]
    assert run(*words, "--format", "csv") == 0
    frame = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert frame.contribution.sum() == pytest.approx(-1 / 6)
    assert run(*words, "--format", "json", "--by", "region") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["change"] == pytest.approx(-1 / 6) == sum(row["contribution"] for row in found["drivers"])
    assert found["by"] == "region" and {"rate_effect", "mix_effect"} <= found["drivers"][0].keys()


def test_the_command_says_why_there_is_nothing_to_explain(
    company: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", "cost_per_lead", "--period", "2026-Q2", *company) == 0
    assert says(capsys.readouterr().out, "spend", "not connected")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sales_velocty", "--period", "2026-Q2"], "Did you mean 'sales_velocity'"),
        (["sales_revenue", "--period", "2026-Q2", "--against", "2026-Q4"], "such as 2026-Q1"),
        (["sales_revenue", "--period", "2026-Q2", "--format", "parquet"], "table, csv, json"),
        (["sales_revenue", "--period", "2026-Q2", "--as-of", "yesterday"], "2026-09-14"),
        (["sales_revenue"], "--period"),
    ],
)
def test_wrong_usage_exits_with_2(
    company: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run("explain", *arguments, *company) == 2
    printed = capsys.readouterr()
    assert words in printed.err and printed.out == ""
