"""Derived figures: their rows, and their values a second time by plain pandas on the files of the made-up company."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.core.errors import UsageError
from kpi_analysis.insight.figures import (
    REGISTER,
    Quantity,
    changes,
    compute_figures,
    figure_values,
    finance,
    marketing,
    only,
    operations,
    pipeline,
    slices,
    tidy,
    totals,
    wide,
)  # fmt: skip
from kpi_analysis.insight.scope import Scope

DATA = Path(__file__).parents[2] / "data" / "demo"
START, END = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")
AGO = pd.Timestamp("2025-07-01"), pd.Timestamp("2025-09-30")
# what a function asks for that has no default
ASKED: dict[str, dict[str, Any]] = {
    "changes.limits": {"kpi": "churn_rate"}, "changes.drivers": {"kpi": "sales_velocity"},
    "win_rates.by": {"by": "owner"},
    "slices.shares": {"kpi": "sales_revenue", "by": "region"}, "slices.count": {"kpi": "churn_rate", "by": "segment"},
    "outlook.target": {"kpi": "net_promoter_score", "by": "2026-12-31"},
    **{f"outlook.{name}": {"kpi": "sales_revenue"} for name in ("projection", "what_if", "signals", "trend")},
}  # fmt: skip


def scope_of(period: str = "2026-Q3", where: str | None = None) -> Scope:
    session = shipped_company()
    day = dt.date(2026, 9, 30)
    return Scope(session, session.config.calendar.parse(period).cut(day), day, where)


@pytest.fixture(scope="module")
def scope() -> Scope:
    return scope_of()


def rows_of(name: str, date: str, between: tuple[pd.Timestamp, pd.Timestamp] = (START, END)) -> pd.DataFrame:
    path = next(DATA.glob(f"{name}.csv*"))
    frame = pd.read_csv(path, parse_dates=[date])
    return frame[frame[date].between(*between)]


# ------------------------------------------------------------------------------------------------------------ rows


@pytest.mark.parametrize("name", sorted(REGISTER))
def test_a_registered_function_gives_each_figure_an_id_a_name_and_a_unit(scope: Scope, name: str) -> None:
    rows = figure_values(compute_figures(scope, name, ASKED.get(name, {})))
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    for row in rows:
        assert row["id"].startswith(f"figure:{name}.") and row["label"] and row["unit"]
        assert row["made_by"] == {"function": name, "arguments": ASKED.get(name, {})}
        assert row["value"] is not None or row["reason"]


@pytest.mark.parametrize("name", ["marketing.spend_shares", "customers.segments", "outlook.what_if", "pipeline.ageing"])
def test_a_figure_computed_anew_is_the_same(scope: Scope, name: str) -> None:
    first, second = (figure_values(compute_figures(one, name, ASKED.get(name, {}))) for one in (scope, scope_of()))
    assert first and first == second


@pytest.mark.parametrize("name", sorted(REGISTER))
def test_without_its_tables_a_function_gives_no_figure(name: str, tmp_path: Path) -> None:
    session = open_from(tmp_path, {"social": "posted_on,network,impressions\n2026-01-05,a,3\n"})
    day = dt.date(2026, 1, 31)
    empty = Scope(session, session.config.calendar.parse("2026-01"), day)
    given = {**ASKED.get(name, {})}
    if name.startswith("slices."):
        given["by"] = "network"
    found = figure_values(compute_figures(empty, name, given))
    assert not [row for row in found if row["value"]]


def test_arguments_stand_in_the_id() -> None:
    few = marketing.campaigns(scope_of())
    assert "(" not in few["id"].iloc[0]
    ids = compute_figures(scope_of(), "credit.spend_cohorts", {"last": 2})["id"]
    assert ids.iloc[0] == "figure:credit.spend_cohorts.spend(last=2)@2026-08"


def test_an_unknown_function_is_refused_with_the_nearest_name(scope: Scope) -> None:
    with pytest.raises(UsageError, match=r"marketing\.spend_share"):
        compute_figures(scope, "marketing.spend_share", {})


def test_what_was_wide_is_wide_again() -> None:
    frame = pd.DataFrame(
        {"line": ["A", "B"], "rate": [0.5, None], "rate.rows": [4, 0], "rate.reason": [None, "no units"]}
    )
    found = tidy(frame, [Quantity("rate", "Rate", "percent")], ["line"])
    back = wide(found, by=["line"])
    assert back["line"].tolist() == ["A", "B"] and back["rate.rows"].tolist() == [4, 0]
    assert back["rate"].iloc[0] == 0.5 and pd.isna(back["rate"].iloc[1]) and back["rate.reason"].iloc[1] == "no units"


# ------------------------------------------------------------------------------------------------------------ marketing


def test_shares_of_spend_are_of_marketing_spend(scope: Scope) -> None:
    spend = rows_of("spend", "spent_on")
    by_channel = spend[spend["kind"] == "marketing"].groupby("channel")["amount"].sum()
    found = wide(marketing.spend_shares(scope), by=["channel"]).set_index("channel")
    assert found["spend"].to_dict() == pytest.approx((by_channel / by_channel.sum()).to_dict())
    assert found["revenue"].sum() == pytest.approx(1)
    assert found["gap"].to_dict() == pytest.approx((100 * (found["revenue"] - found["spend"])).to_dict())


def test_the_dearest_lead_against_the_average(scope: Scope) -> None:
    spend, leads = rows_of("spend", "spent_on"), rows_of("leads", "created_on")
    spend = spend[spend["kind"] == "marketing"]
    cost = (spend.groupby("channel")["amount"].sum() / leads.groupby("channel").size()).dropna()
    row = wide(marketing.dearest_lead(scope), by=["channel"]).iloc[0]
    assert row["channel"] == cost.idxmax()
    assert row["times"] == pytest.approx(cost.max() / (spend["amount"].sum() / len(leads)))


def test_campaigns_share_the_money(scope: Scope) -> None:
    spend = rows_of("spend", "spent_on")
    spend = spend[spend["kind"] == "marketing"]
    named = spend["amount"].groupby(spend["campaign"].fillna("(none)")).sum()
    found = marketing.campaigns(scope)
    shares = wide(found, "share", by=["campaign"]).set_index("campaign")["share"]
    assert shares.to_dict() == pytest.approx((named / named.sum()).to_dict())
    assert totals(found)["campaigns"] == len(named)


def test_channels_are_counted_by_their_return(scope: Scope) -> None:
    ratios = scope.compute(("marketing_revenue_ratio",), by=("channel",))
    known, even = ratios["value"].dropna(), scope.compute(("break_even_roas",))["value"].iloc[0]
    counts = totals(marketing.pays_off(scope))
    assert (counts["channels"], counts["strong"]) == (len(known), (known >= 5).sum())
    assert (counts["below"], counts["idle"]) == ((known < even).sum(), (known == 0).sum())


def test_each_step_is_a_share_of_the_step_before(scope: Scope) -> None:
    now, then = (
        [len(rows_of("leads", "created_on", span)), len(rows_of("leads", "mql_on", span)),
         len(rows_of("leads", "sql_on", span)), len(rows_of("opportunities", "created_on", span))]
        for span in ((START, END), AGO)
    )  # fmt: skip
    found = wide(marketing.step_rates(scope), by=["step"])
    assert found["rate"].iloc[:3].tolist() == pytest.approx([b / a for a, b in pairwise(now)])
    assert found["rate.year_ago"].iloc[:3].tolist() == pytest.approx([b / a for a, b in pairwise(then)])
    won = rows_of("opportunities", "closed_on").loc[lambda rows: rows["outcome"] == "won"]
    assert totals(pipeline.won_deals(scope))["won"] == len(won)
    last = wide(pipeline.stage_rates(scope), by=["step"]).iloc[-1]
    assert last["step"] == "won_deals" and last["rate"] == pytest.approx(len(won) / now[-1])


def test_no_kpi_is_computed_beside_the_catalogue() -> None:
    """Where the frame has no payback and no LTV : CAC by channel, the table of channels has none, and says why."""
    from kpi_analysis import open_report

    table = open_report(shipped_company(), "2026-Q3").marketing.channels()
    frame = scope_of().compute(("marketing_payback_months", "ltv_to_cac"), by=("channel",))
    assert frame["value"].isna().all()
    assert not {"Payback", "LTV : CAC"} & {column.label for column in getattr(table, "columns", ())}
    reason = frame["reason"].mode().iloc[0]
    assert f"No Payback and LTV : CAC: {reason}." in getattr(table, "note", "")


# ------------------------------------------------------------------------------------------------------------ finance


def test_customers_by_their_share_of_revenue(scope: Scope) -> None:
    now, then = (
        rows_of("orders", "ordered_on", span).groupby("customer_id")["amount"].sum().sort_values(ascending=False)
        for span in ((START, END), AGO)
    )
    share, before = now / now.sum(), then / then.sum()
    counts = totals(finance.customer_shares(scope))
    assert counts["customers"] == len(now)
    assert share.iloc[: int(counts["half"])].sum() >= 0.5 > share.iloc[: int(counts["half"]) - 1].sum()
    assert counts["equal"] == pytest.approx(1 / (share**2).sum())
    largest = wide(finance.largest_customers(scope), by=["customer"]).set_index("customer")
    assert largest["share"].to_dict() == pytest.approx(share.head(10).to_dict())
    assert largest["together"].iloc[-1] == pytest.approx(share.head(10).sum())
    shift = share.head(10) - before.reindex(share.head(10).index).fillna(0)
    assert largest["shift"].to_dict() == pytest.approx(shift.to_dict())
    first = wide(finance.pareto(scope), by=["first"]).set_index("first")
    assert first["share"]["20"] == pytest.approx(share.head(20).sum())
    assert first["shift"]["20"] == pytest.approx(share.head(20).sum() - before.head(20).sum())


def test_the_biggest_slice_has_its_share_of_the_whole(scope: Scope) -> None:
    orders = rows_of("orders", "ordered_on").groupby("region")["amount"].sum()
    found = wide(slices.shares(scope, "sales_revenue", "region"), by=["region"]).set_index("region")["share"]
    assert found.to_dict() == pytest.approx((orders / orders.sum()).to_dict())
    assert found.index[0] == orders.idxmax()


# ------------------------------------------------------------------------------------------------------------ others


def test_the_usual_turnover_is_the_median_of_the_quarters_that_are_told(scope: Scope) -> None:
    frame = scope.compute(("employee_turnover",), grain="quarter", last=12)
    told = frame.loc[frame["complete"] | (frame["period"] == "2026-Q3"), "value"].dropna()
    found = totals(operations.usual_turnover(scope))
    assert (found["usual"], found["quarters"]) == (pytest.approx(told.median()), len(told))


def test_contributions_add_up_to_the_change(scope: Scope) -> None:
    found = changes.driver_contributions(scope, "sales_velocity")
    value = wide(found, "value", by=[]).iloc[0]
    steps = wide(only(found, "contribution"), by=["label"])["contribution"]
    assert steps.sum() == pytest.approx(value["value"] - value["value.previous"])
