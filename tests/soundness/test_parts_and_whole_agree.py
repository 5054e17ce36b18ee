"""Parts and whole agree in every slice: accounts that try, pay, change plans, pause, move and leave, on random days."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reference import reference_result
from reference.periods import DAY, Period
from reference.rows import CompanyTables, Selection, Test
from support.companies import open_from

from kpi_analysis.metrics.session import OpenCompany

SIGNS = {
    "mrr_new": 1, "mrr_reactivation": 1, "mrr_moved_in": 1, "mrr_expansion": 1, "mrr_contraction": -1,
    "mrr_moved_out": -1, "mrr_churned": -1,
}  # fmt: skip
FLOWS = tuple(SIGNS)
RATES = (
    "churn_rate", "customer_retention_rate", "net_revenue_retention_in_period", "net_revenue_retention",
    "gross_revenue_retention_in_period", "gross_revenue_retention", "average_revenue_per_account", "active_accounts",
)  # fmt: skip
KPIS = ("monthly_recurring_revenue", *FLOWS, *RATES)
BEGIN, END = dt.date(2025, 1, 1), dt.date(2026, 6, 30)
CONDITIONS: dict[str, Test] = {
    "plan = 'pro'": lambda row: row["plan"] == "pro",
    "region = 'north'": lambda row: row["region"] == "north",
    "region is not null and plan <> 'pro'": lambda row: row["region"] is not None and row["plan"] != "pro",
}
COLUMNS = ("customer_id", "started_on", "ended_on", "mrr", "plan", "region")


@dataclass(frozen=True)
class Question:
    """What a company is asked."""

    period: Period
    by: tuple[str, ...]
    where: str | None
    as_of: dt.date


@st.composite
def chains(draw: st.DrawFn, customer: str) -> list[dict[str, Any]]:
    """Plans of a customer that follow each other without a day between, after a day, after two, or after a pause."""
    day, rows = BEGIN + draw(st.integers(1, 400)) * DAY, []
    for _ in range(draw(st.integers(1, 4))):
        ended = draw(st.sampled_from([None, day + draw(st.integers(1, 90)) * DAY, dt.date(2026, 3, 31)]))
        ended = None if ended is not None and ended <= day else ended
        mrr = draw(st.sampled_from([0, 0.1, 0.3, 10, 20, 35]))
        rows.append(
            {"customer_id": customer, "started_on": day, "ended_on": ended, "mrr": mrr,
             "plan": draw(st.sampled_from(["basic", "pro", "max"])),
             "region": draw(st.sampled_from(["north", "south", None]))}
        )  # fmt: skip
        if ended is None:
            break
        day = ended + draw(st.sampled_from([0, 0, 1, 2, 40])) * DAY
        if day > END:
            break
    return rows


@st.composite
def companies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some customers, some of them with several contracts at a time; one has paid since the data begin."""
    rows = [{"customer_id": "old", "started_on": BEGIN, "ended_on": None, "mrr": 5, "plan": "basic", "region": "north"}]
    for customer in "abcdefgh":
        for _ in range(draw(st.integers(1, 2))):
            rows += draw(chains(customer))
    return rows


@st.composite
def questions(draw: st.DrawFn) -> Question:
    last = draw(st.sampled_from([dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.date(2026, 4, 1)]))
    period = Period.around(draw(st.sampled_from(["month", "quarter", "year", "week", "day"])), last)
    by = draw(st.sampled_from([("plan",), ("region",), ("plan", "region")]))
    as_of = draw(st.sampled_from([END, END, last, period.start + 2 * DAY]))
    return Question(period, by, draw(st.sampled_from([None, None, *CONDITIONS])), max(as_of, period.start))


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def asked(company: OpenCompany, question: Question, by: tuple[str, ...], last: int = 1) -> pd.DataFrame:
    return company.compute(
        KPIS, period=question.period.label, last=last, by=by, where=question.where, as_of=question.as_of
    )


def of_slices(frame: pd.DataFrame, by: tuple[str, ...], kpi: str) -> dict[tuple[str, ...], float]:
    rows = frame[(frame.kpi == kpi) & frame.value.notna()]
    return {tuple(row[name] for name in by): row["value"] for row in rows.to_dict("records")}


def wrong_bridges(levels: pd.DataFrame, question: Question, by: tuple[str, ...]) -> list[str]:
    """Slices in which opening and movements do not come to the closing."""
    now = levels[levels.period == question.period.label]
    before = of_slices(levels[levels.period != question.period.label], by, "monthly_recurring_revenue")
    closing = of_slices(now, by, "monthly_recurring_revenue")
    flows = {kpi: of_slices(now, by, kpi) for kpi in FLOWS}
    found = []
    for one in {*before, *closing, *(group for values in flows.values() for group in values)}:
        moved = sum(sign * flows[kpi].get(one, 0.0) for kpi, sign in SIGNS.items())
        if not same(before.get(one, 0.0) + moved, closing.get(one, 0.0)):
            found.append(f"{question} {one}: {before.get(one, 0.0)} and {moved} are not {closing.get(one, 0.0)}")
    return found


def wrong_sums(whole: pd.DataFrame, slices: pd.DataFrame, question: Question) -> list[str]:
    """Movements whose slices do not add up to the whole, or whose moves do not cancel."""
    of_whole = whole.set_index("kpi").value
    sums = {kpi: sum(of_slices(slices, question.by, kpi).values()) for kpi in FLOWS}
    between = [sums["mrr_moved_in"] - sums["mrr_moved_out"], of_whole["mrr_moved_in"] - of_whole["mrr_moved_out"]]
    wrong = [] if same(*between) else [f"{question}: moves of {between[0]} in the slices, of {between[1]} in the whole"]
    if question.where is None and (of_whole["mrr_moved_in"] or of_whole["mrr_moved_out"]):
        wrong.append(f"{question}: something moves in the whole")
    for kpi in (name for name in FLOWS if "moved" not in name):
        if not same(sums[kpi], of_whole[kpi]):
            wrong.append(f"{question} {kpi}: the slices have {sums[kpi]}, the whole {of_whole[kpi]}")
    for kpi in ("net_revenue_retention_in_period", "gross_revenue_retention_in_period"):
        parts = slices[(slices.kpi == kpi) & slices.value.notna()]
        total = whole[whole.kpi == kpi].iloc[0]
        if not same(parts.numerator.sum(), total.numerator if total.value == total.value else 0.0):
            wrong.append(f"{question} {kpi}: the slices keep {parts.numerator.sum()}, the whole {total.numerator}")
    return wrong


def by_hand(rows: list[dict[str, Any]], question: Question) -> Selection:
    tables = CompanyTables({"subscriptions": rows}, {"subscriptions": COLUMNS})
    where = CONDITIONS.get(question.where or "", lambda row: True)
    return Selection(tables, question.period.cut(question.as_of), question.as_of, question.by, None, where)


def unlike_by_hand(slices: pd.DataFrame, rows: list[dict[str, Any]], question: Question) -> list[str]:
    """Figures of slices that a walk over accounts and days does not confirm."""
    selection, found = by_hand(rows, question), []
    for row in slices.to_dict("records"):
        group = tuple(row[name] for name in question.by)
        if None in group:
            continue
        wanted = reference_result(row["kpi"], replace(selection, group=group)).value
        if not same(row["value"], math.nan if wanted is None else wanted):
            found.append(f"{question} {row['id']}: {row['value']}, and {wanted} by hand")
    return found


def written(folder: str, rows: list[dict[str, Any]], **said: Any) -> OpenCompany:
    company = open_from(Path(folder), {"subscriptions": pd.DataFrame(rows, columns=COLUMNS, dtype=object)})
    for name, value in said.items():
        company.config.tables["subscriptions"].__dict__[name] = value
    return company


@pytest.mark.parametrize(("ends", "examples"), [(None, 8), ("inclusive", 3), ("exclusive", 3)])
def test_bridges_are_exact_and_slices_add_up(ends: str | None, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(companies(), questions())
    def check(rows: list[dict[str, Any]], question: Question) -> None:
        with tempfile.TemporaryDirectory() as folder:
            company = written(folder, rows, ends=ends)
            whole, slices = asked(company, question, (), last=2), asked(company, question, question.by, last=2)
        wrong = wrong_bridges(whole, question, ()) + wrong_bridges(slices, question, question.by)
        whole, slices = (frame[frame.period == question.period.label] for frame in (whole, slices))
        wrong += wrong_sums(whole, slices, question)
        wrong += unlike_by_hand(slices, rows, question) if ends is None else []
        assert not wrong, "\n".join(wrong)

    check()


@settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(companies(), questions())
def test_the_last_day_with_and_the_first_day_without_tell_the_same(
    rows: list[dict[str, Any]], asked_of: Question
) -> None:
    """The same contracts, written in both ways; gaps of a day, which nobody can tell, are left out."""
    starts = {(row["customer_id"], row["started_on"]) for row in rows}
    rows = [row for row in rows if row["ended_on"] is None or (row["customer_id"], row["ended_on"] + DAY) not in starts]
    starts = {(row["customer_id"], row["started_on"]) for row in rows}
    last_days = [row | {"ended_on": None if row["ended_on"] is None else row["ended_on"] - DAY} for row in rows]
    rows, last_days = (
        [row for row, one in zip(some, rows, strict=True) if (row["customer_id"], one["ended_on"]) not in starts
         or one["ended_on"] - DAY > one["started_on"]]
        for some in (rows, last_days)
    )  # fmt: skip
    question = replace(asked_of, as_of=END)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        without = asked(written(one, rows, ends="exclusive"), question, question.by)
        with_it = asked(written(other, last_days, ends="inclusive"), question, question.by)
    pd.testing.assert_frame_equal(with_it, without)
