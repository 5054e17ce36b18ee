"""Every KPI of the catalogue, on random tables, against the plain loops of `reference`."""

from __future__ import annotations

import ast
import datetime as dt
import math
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import reference
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from reference import REFERENCE_KPIS, NoValue, reference_result
from reference.periods import DAY, Period
from reference.rows import CompanyTables, Row, Selection, Test
from support.companies import open_from

from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.catalogue import shipped
from kpi_analysis.metrics.session import OpenCompany

# ------------------------------------------------------------------------------------------------------ random tables

FIRST, LAST = (
    dt.date(2024, 7, 1),
    dt.date(2025, 12, 30),
)  # 18 months, with the edges of months and of years drawn more often than other days
EDGES = [dt.date(2024, 9, 30), dt.date(2024, 12, 31), dt.date(2025, 1, 1), dt.date(2025, 6, 30), dt.date(2025, 9, 30)]
EDGES += [day + DAY for day in EDGES] + [dt.date(2025, 12, 28), dt.date(2024, 7, 1)]


UNUSED = {
    "campaign",
    "source",
    "currency",
    "quantity",
    "acquired_on",
    "due_on",
    "sessions",
    "signups",
    "calls",
    "meetings",
}


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, and one time in five none."""
    return st.integers(0, 4).flatmap(lambda n: strategy if n < 4 else st.none())


def between(first: dt.date, last: dt.date) -> st.SearchStrategy[dt.date]:
    return st.integers(0, (last - first).days).map(lambda n: first + dt.timedelta(days=n))


anywhen = st.one_of(between(FIRST, LAST), st.sampled_from(EDGES))


def days_about(period: Period) -> st.SearchStrategy[dt.date]:
    """Days of a period and of those that it is compared with, and any other day."""
    near = [one for one in (period, period.prior(), period.year_ago()) if one is not None]
    return st.one_of(anywhen, *(between(one.start, one.end) for one in [period, *near]))


RULES = ("last", "first", "linear", "time_decay", "u_shaped", "w_shaped")
few = st.integers(0, 4)  # often zero
money = st.integers(-40, 60)
words = {
    "channel": ("email", "paid", "organic"), "region": ("north", "south"), "segment": ("small", "large"),
    "customer_id": tuple("abcdef"), "order_id": ("o1", "o2", "o3", "o4"), "lead_id": ("1", "2", "3"),
    "path_id": ("p1", "p2", "p3"),
    "outcome": ("won", "lost", "open"), "kind": ("nps", "csat"), "network": ("x", "y"), "plan": ("basic", "pro"),
    "account": ("inventory", "current_assets", "current_liabilities", "revenue", "cogs", "operating_expense",
                "depreciation", "amortisation", "interest", "tax", "inventory", "current_assets",
                "current_liabilities", "operating_cash_flow", "investment_gain", "investment_cost", "other_income",
                "other_expense"),
}  # fmt: skip
ranges = {
    ("surveys", "score"): st.integers(0, 10), ("tickets", "csat"): st.integers(1, 5),
    ("subscriptions", "mrr"): st.integers(0, 9),
    ("employees", "target_attainment"): st.sampled_from([0, 0.5, 1, 1.5]), ("spend", "amount"): st.integers(0, 40),
    ("spend", "kind"): st.sampled_from(["marketing", "sales"]), ("invoices", "amount"): money,
}  # fmt: skip


def cells(table: str, column: str, days: st.SearchStrategy[dt.date]) -> st.SearchStrategy[Any]:
    """What may stand in a column."""
    schema = TABLES[table].columns[column]
    if (table, column) in ranges:
        return maybe(ranges[table, column])
    if schema.kind == "text":
        return maybe(st.sampled_from(words.get(column, ("Ann", "Bob"))))
    moments = st.builds(lambda day, hour: dt.datetime.combine(day, dt.time(hour, 30)), days, st.integers(0, 23))
    kinds = {
        "date": days,
        "timestamp": moments,
        "boolean": st.booleans(),
        "number": money if schema.minimum is None else few,
    }
    return maybe(kinds[schema.kind])


@dataclass(frozen=True)
class Domain:
    """KPIs that are drawn together: their tables, what may be left out, and what they are asked by."""

    categories: tuple[str, ...]
    tables: tuple[str, ...]
    without: tuple[tuple[str, ...], ...]
    by: tuple[tuple[str, ...], ...]
    conditions: tuple[str, ...]
    also: tuple[str, ...] = ()


OUT_OF_LINE = [dt.date(1900, 1, 1), dt.date(1970, 1, 1), dt.date(2012, 3, 4), dt.date(2062, 7, 1), dt.date.max]


@st.composite
def booked_regularly(draw: st.DrawFn, rows: list[Row], date: str) -> list[Row]:
    """Rows as they are, or booked on the last days of months, quarters or years."""
    grain = draw(st.sampled_from([None, None, None, "month", "quarter", "year"]))
    if grain is None:
        return rows
    ends = [None if row[date] is None else Period.around(grain, row[date]).end for row in rows]
    return [dict(row) | {date: None if end is None else min(end, LAST)} for row, end in zip(rows, ends, strict=True)]


@st.composite
def frames(draw: st.DrawFn, domain: Domain, period: Period) -> dict[str, pd.DataFrame]:
    """The canonical tables of a company, some of them or of their columns left out."""
    found, days, without = {}, days_about(period), draw(st.sampled_from(domain.without))
    for name in (name for name in domain.tables if name not in without):
        schema = TABLES[name]
        columns = [c for c in schema.columns if c not in UNUSED and f"{name}.{c}" not in without]
        many = name in ("ledger", "subscriptions")
        row = st.fixed_dictionaries({c: cells(name, c, days) for c in columns if c != schema.key})
        rows = draw(st.lists(row, min_size=20 if many else 5, max_size=30 if many else 14))
        whole = draw(st.integers(0, 4)) < 4  # most tables reach over all periods, and most ledgers have all accounts
        timed = schema.columns[schema.date].kind == "timestamp"
        for filled, edge in zip(rows, (FIRST, LAST) if whole else (), strict=False):
            filled[schema.date] = dt.datetime.combine(edge, dt.time(9)) if timed else edge
        for filled, account in zip(rows[2:], words["account"] if whole and name == "ledger" else (), strict=False):
            filled["account"] = account
        rows = draw(booked_regularly(rows, schema.date)) if schema.is_booked else rows
        dates = [c for c in columns if schema.columns[c].kind == "date"]
        if dates and draw(st.integers(0, 3)) == 0:
            rows[-1][draw(st.sampled_from(dates))] = draw(st.sampled_from(OUT_OF_LINE))
        if name == "surveys":  # satisfaction is asked on another scale than recommendation
            rows = [r | {"score": min(r["score"] or 0, 5) or None} if r.get("kind") == "csat" else r for r in rows]
        if name == "production":  # no line makes more good units than units
            rows = [r | {part: min(r[part], r["units"]) for part in ("good_units", "on_time_units", "defects")
                         if r.get(part) is not None and r["units"] is not None} for r in rows]  # fmt: skip
        keys = words["customer_id"] if name == "customers" else [str(n) for n in range(1, 25)]
        rows = [dict(r) | ({schema.key: key} if schema.key else {}) for r, key in zip(rows, keys, strict=False)]
        found[name] = pd.DataFrame(rows, columns=columns, dtype=object)
    return found


DOMAINS = {
    "marketing and sales": Domain(
        ("marketing", "sales"),
        ("spend", "leads", "opportunities", "orders", "customers", "touchpoints", "web_traffic", "social",
         "sales_activities"),
        ((), ("touchpoints.converted", "leads.converted_on"), ("orders",), ("customers", "touchpoints.value"),
         ("orders.cost", "spend.kind", "touchpoints"), ("spend.clicks", "orders.channel", "touchpoints"),
         ("leads.customer_id",), ("leads.converted_on",)),
        (("network",), ("channel",), ("region",), ("segment",), ("owner",), ("channel", "region"),
         ("acquired_channel",)),
        ("region = 'north'", "channel <> 'paid'", "amount > 0"),
    ),
    "customers": Domain(
        ("customers",),
        ("subscriptions", "orders", "spend", "surveys", "tickets"),
        ((), (), ("surveys",), ("surveys.kind",), ("tickets.csat", "orders"), ("spend",)),
        (("segment",), ("region",), ("plan",), ("agent",), ("region", "segment"), ("plan", "region"), ("customer_id",)),
        ("region = 'north'", "plan is null or plan = 'pro'"),
        also=("marketing_payback_months",),
    ),
    "finance": Domain(
        ("finance",),
        ("ledger", "invoices", "orders", "opportunities"),
        ((), (), ("ledger",), ("orders",), ("orders.cost",), ("invoices.paid_amount",)),
        (("account",), ("account",), ("customer_id",), ("product",), ("region",), ("region", "channel")),
        ("amount > 0", "region = 'north'"),
    ),
    "operations": Domain(
        ("operations",),
        ("production", "employees", "vacancies"),
        ((), (), ("vacancies",), ("production.defects",), ("employees.left_voluntarily",)),
        (("department",), ("line",)),
        ("department is not null",),
    ),
}  # fmt: skip
CONDITIONS: dict[str | None, tuple[str, Test]] = {
    None: ("", lambda row: True),
    "region = 'north'": ("region", lambda row: row["region"] == "north"),
    "channel <> 'paid'": ("channel", lambda row: row["channel"] not in (None, "paid")),
    "amount > 0": ("amount", lambda row: row["amount"] is not None and row["amount"] > 0),
    "plan is null or plan = 'pro'": ("plan", lambda row: row["plan"] in (None, "pro")),
    "department is not null": ("department", lambda row: row["department"] is not None),
}


@dataclass(frozen=True)
class Question:
    """What a company is asked."""

    period: Period
    last: int
    by: tuple[str, ...]
    where: str | None
    as_of: dt.date | None


@dataclass(frozen=True)
class Case:
    """A company, and questions to it."""

    tables: dict[str, pd.DataFrame]
    settings: dict[str, Any]
    questions: tuple[Question, ...]


@st.composite
def questions(draw: st.DrawFn, period: Period, by: tuple[str, ...], conditions: list[str]) -> Question:
    return Question(
        period,
        draw(st.integers(1, 2)),
        by,
        draw(st.sampled_from([None, None, *conditions])),
        draw(st.one_of(st.none(), st.just(LAST), between(period.start, period.end))),
    )


@st.composite
def cases(draw: st.DrawFn, domain: Domain) -> Case:
    grains = st.sampled_from(["month", "quarter", "year", "month", "quarter", "week", "day"])
    day = draw(
        st.one_of(st.sampled_from([day for day in EDGES if day.year == 2025]), between(dt.date(2025, 1, 1), LAST))
    )
    period, other = (Period.around(draw(grains), day) for _ in range(2))
    tables = draw(frames(domain, period))
    columns = {column for table in tables.values() for column in table.columns}
    if {"orders", "customers"} <= set(tables):
        columns.add("acquired_channel")
    slices = draw(st.sampled_from([by for by in domain.by if set(by) <= columns]))
    settings = {
        "gross_margin": draw(st.sampled_from([0.6, 0.25, None])),
        "inbound_channels": draw(st.sampled_from([["email", "organic"], ["email"], []])),
        "attribution": {"rule": draw(st.sampled_from(RULES)), "lag_days": draw(st.sampled_from([0, 90, 400]))},
        "revenue_from": draw(
            st.sampled_from([None, None, *sorted(set(tables) & {"orders", "opportunities", "ledger"})])
        ),
    }
    if draw(st.integers(0, 5)) == 0:
        settings["data_ends"] = draw(between(LAST - 120 * DAY, LAST + 40 * DAY))
    able = [text for text in domain.conditions if CONDITIONS[text][0] in columns]
    return Case(
        tables,
        {name: value for name, value in settings.items() if value},
        (draw(questions(period, (), able)), draw(questions(other, slices, able))),
    )


# ------------------------------------------------------------------------------------------------------ the two routes


def selection_of(case: Case, question: Question) -> Selection:
    """The same company and question for the plain route."""
    rows: dict[str, list[Row]] = {
        name: [{str(column): value for column, value in row.items()} for row in table.to_dict("records")]
        for name, table in case.tables.items()
    }
    tables = CompanyTables(
        rows,
        {name: tuple(table.columns) for name, table in case.tables.items()},
        today=dt.date.today(),
        **{"inbound_channels": (), **case.settings},
    )
    condition, where = CONDITIONS[question.where]
    columns = (condition,) if condition else ()
    return Selection(tables, question.period, question.as_of or tables.last_day, question.by, None, where, columns)


def same(found: float, wanted: float | None) -> bool:
    if wanted is None or math.isnan(found):
        return wanted is None and math.isnan(found)
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def base_of(kpi: str, selection: Selection, step: str) -> float | None:
    try:
        return reference_result(kpi, selection.prior() if step == "previous" else selection.year_ago()).value
    except NoValue:
        return None


def differences(frame: pd.DataFrame, selection: Selection) -> list[str]:
    """Every figure of the engine's frame that the plain route does not confirm."""
    found = []
    for record in frame.to_dict("records"):
        group = tuple(record[name] for name in selection.by)
        period = Period.around(record["grain"], record["period_start"].date())
        assert (period.label, period.end) == (record["period"], record["period_end"].date())
        one = replace(selection, period=period.cut(selection.as_of), group=None if None in group else group, seen=[])
        wanted = asdict(reference_result(record["kpi"], one))
        is_over = period.end <= selection.as_of and all(one.seen)
        matures_in = shipped().metrics[record["kpi"]].matures_in or 0
        young = (
            matures_in > 0 and (selection.as_of - period.end).days < matures_in
        )  # such a cohort is compared with none
        if wanted["value"] is not None and record["complete"] != (is_over and not young):
            found.append(f"{record['id']}: complete is {record['complete']}, and by hand {one.seen}")
        wanted |= {step: None if young else base_of(record["kpi"], one, step) for step in ("previous", "year_ago")}
        if None in group:  # no rows, or no such column: one line that says so stands for all slices
            wanted = dict.fromkeys(wanted)
        found += [
            f"{record['id']}: {name} is {record[name]}, and {value} by hand; {record['reason'] or 'no reason'}"
            for name, value in wanted.items()
            if not same(record[name], value)
        ]
        assert (record["reason"] is None) == (not math.isnan(record["value"])), record["id"]
    return found


def test_every_kpi_of_the_catalogue_has_a_second_route() -> None:
    assert set(REFERENCE_KPIS) == set(shipped().metrics)


@pytest.mark.parametrize("path", sorted(Path(reference.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_the_second_route_takes_nothing_from_the_package(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"reference", "pandas"}


ROUNDS, ENOUGH = 5, 0.75  # of random tables at most; the share of the KPIs that must have had a value


@pytest.mark.parametrize(
    ("domain", "examples"), [("marketing and sales", 6), ("customers", 6), ("finance", 6), ("operations", 5)]
)
def test_engine_and_plain_loops_agree(domain: str, examples: int) -> None:
    kpis = kpis_of(DOMAINS[domain])
    told: set[str] = set()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what disagrees is told figure by figure, and shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(DOMAINS[domain]))
    def check(case: Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            company = open_from(Path(folder), case.tables, **case.settings)
            found = []
            for question in case.questions:
                frame, selection = ask(company, question, kpis), selection_of(case, question)
                found += differences(frame, selection) + not_adding_up(frame, selection, company)
                told.update(frame.kpi[frame.value.notna()])
            assert not found, "\n".join(found)

    # what is drawn depends on the constants of all modules that are loaded, so that one round may reach few KPIs
    for start in range(ROUNDS):
        seed(start)(check)()
        if len(told) >= ENOUGH * len(kpis):
            return
    raise AssertionError(f"the random tables give no value of {sorted(set(kpis) - told)}")


def kpis_of(domain: Domain) -> list[str]:
    catalogue = shipped().metrics.values()
    return [kpi.name for kpi in catalogue if kpi.category in domain.categories or kpi.name in domain.also]


def ask(company: OpenCompany, question: Question, kpis: list[str]) -> pd.DataFrame:
    return company.compute(
        kpis,
        period=question.period.label,
        last=question.last,
        by=question.by,
        where=question.where,
        as_of=question.as_of,
    )


def not_adding_up(frame: pd.DataFrame, selection: Selection, company: OpenCompany) -> list[str]:
    """Additive KPIs whose slices are not, together, the whole."""
    found = []
    for (kpi, period), part in frame.groupby(["kpi", "period"]):
        if company.is_additive(str(kpi)) and part.value.notna().all():
            period = Period.around(part.grain.iloc[0], part.period_start.iloc[0].date()).cut(selection.as_of)
            whole = reference_result(str(kpi), replace(selection, period=period, group=None)).value
            if not same(part.value.sum(), whole):
                found.append(f"{kpi} in {period}: the slices have {part.value.sum()}, the whole {whole}")
    return found


def test_a_slice_of_account_moves_is_what_a_filter_to_it_gives(tmp_path: Path) -> None:
    plans = """customer_id,started_on,ended_on,mrr,plan
a,2025-01-01,,10,basic
b,2025-06-01,2026-01-15,70,basic
b,2026-01-15,,90,pro
"""
    company = open_from(tmp_path, {"subscriptions": plans})
    kpis = ["mrr_new", "mrr_reactivation", "mrr_churned", "mrr_moved_in", "mrr_expansion"]
    slices = company.compute(kpis, period="2026-01", by=["plan"], as_of="2026-01-31")
    pro = company.compute(kpis, period="2026-01", where="plan = 'pro'", as_of="2026-01-31")
    assert slices[slices.plan == "pro"].value.tolist() == pro.value.tolist() == [0, 0, 0, 70, 20], "b was there before"


def test_the_ten_largest_customers_leave_out_those_of_unknown_revenue(tmp_path: Path) -> None:
    orders = "order_id,ordered_on,customer_id,amount\n90,2026-01-01,none,\n"
    orders += "".join(f"{n},2026-01-01,customer {n},10\n" for n in range(12))
    row = open_from(tmp_path, {"orders": orders}).compute(["revenue_concentration_top_ten"], period="2026-01").iloc[0]
    assert (row.numerator, row.denominator) == (100, 120)


def test_a_balance_holds_until_the_next_one_in_every_slice(tmp_path: Path) -> None:
    posts = """posted_on,network,followers
2026-01-05,x,10
2026-01-20,x,12
2026-01-10,y,100
2026-01-11,,40
2026-01-12,,50
"""
    company = open_from(tmp_path, {"social": posts})
    slices = company.compute(["social_followers"], period="2026-01", by=["network"])
    assert dict(zip(slices.network, slices.value, strict=True)) == {"x": 12, "y": 100}, "no network, no balance"
    assert company.compute(["social_followers"], period="2026-01").value[0] == 112


@pytest.mark.parametrize("first", [1, 4, 5, 9, 20])
def test_both_routes_compare_only_with_what_the_data_cover(tmp_path: Path, first: int) -> None:
    days = pd.date_range(dt.date(2026, 1, first), dt.date(2026, 2, 28))
    leads = pd.DataFrame({"lead_id": [str(n) for n in range(len(days))], "created_on": days.strftime("%Y-%m-%d")})
    frame = open_from(tmp_path, {"leads": leads}).compute(["leads"], period="2026-02")
    rows = [{"lead_id": str(n), "created_on": day.date()} for n, day in enumerate(days)]
    tables = CompanyTables({"leads": rows}, {"leads": ("lead_id", "created_on")})
    february = Selection(tables, Period.around("month", dt.date(2026, 2, 1)), tables.last_day)
    wanted = reference_result("leads", february.prior()).value
    assert same(frame.previous[0], wanted)
    assert (wanted is None) == (first > 4), "a tenth of January, or three days"
