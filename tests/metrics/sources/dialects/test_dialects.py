"""The same tables in another engine give the same figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from support.sample_tables import Rows, in_duckdb, in_parquet, in_postgres, in_sqlite, open_on

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.session import OpenCompany

QUARTERS, MONTHS = {"period": "2025-Q4", "last": 4}, {"period": "2026-02", "last": 13}
ASKED = [
    QUARTERS,
    MONTHS,
    QUARTERS | {"by": ["channel"]},
    MONTHS | {"by": ["region"]},
    QUARTERS | {"by": ["segment"], "where": "region = 'EMEA' or region is null"},
    MONTHS | {"where": "channel = 'email'", "as_of": "2026-01-15"},
]
MEDIANS = ("resolution_time", "sales_cycle_median")  # which SQLite does not have

Opener = Callable[..., OpenCompany]


def compare(mine: OpenCompany, reference: OpenCompany, **asked: Any) -> pd.DataFrame:
    found, wanted = mine.compute(**asked), reference.compute(**asked)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, atol=1e-9)
    return wanted


@pytest.fixture(params=["duckdb", "postgres", "sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens a company whose tables lie in one engine after the other."""
    session: list[OpenCompany] = []
    openers: dict[str, Opener] = {"duckdb": in_duckdb, "sqlite": in_sqlite}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")
        openers["postgres"] = lambda folder, *given, **settings: in_postgres(folder, url, *given, **settings)

    def start(*given: Any, **settings: Any) -> OpenCompany:
        session.append(openers[request.param](tmp_path, *given, **settings))
        return session[-1]

    yield start
    for company in session:
        company.sources.remote.disconnect()


def test_every_kpi_has_a_value_to_be_compared(on_duckdb: OpenCompany) -> None:
    frame = on_duckdb.compute(**QUARTERS)
    valued = frame[frame.value.notna()].kpi
    assert set(frame.kpi) - set(valued) == set()


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_postgres_gives_every_figure_that_duckdb_gives(
    on_postgres: OpenCompany, on_duckdb: OpenCompany, asked: dict[str, Any]
) -> None:
    assert compare(on_postgres, on_duckdb, **asked).value.notna().sum() > 100


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_sqlite_gives_every_figure_but_for_the_medians(
    on_sqlite: OpenCompany, on_duckdb: OpenCompany, asked: dict[str, Any]
) -> None:
    kpis = [name for name in on_duckdb.catalogue.metrics if name not in MEDIANS]
    assert compare(on_sqlite, on_duckdb, kpis=kpis, **asked).value.notna().sum() > 100


def test_a_file_of_duckdb_gives_the_figures_of_parquet(
    tmp_path: Path, content: dict[str, Rows], on_duckdb: OpenCompany
) -> None:
    company = in_duckdb(tmp_path, content)
    compare(company, on_duckdb, **QUARTERS)
    company.sources.remote.disconnect()


@pytest.mark.parametrize("kpi", MEDIANS)
def test_what_an_engine_lacks_is_told_by_name(on_sqlite: OpenCompany, kpi: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)measure \w+ \(median\(.*SQLite has no median"):
        on_sqlite.compute([kpi], **QUARTERS)


def test_only_the_kpi_that_needs_what_an_engine_lacks_has_no_value(
    on_sqlite: OpenCompany, on_duckdb: OpenCompany
) -> None:
    found = on_sqlite.compute(**QUARTERS).set_index("id")
    wanted = on_duckdb.compute(**QUARTERS).set_index("id")
    lacking = found.kpi.isin(MEDIANS)
    assert found[lacking].value.isna().all() and set(found[lacking].reason) == {"SQLite has no median"}
    pd.testing.assert_series_equal(found[~lacking].value, wanted[~lacking].value, rtol=1e-9)


def test_a_table_that_goes_away_is_told_and_no_traceback(opener: Opener, content: dict[str, Rows]) -> None:
    company = opener({"leads": content["leads"]})
    company.compute(["leads"], **QUARTERS)
    company.sources.remote.raw_sql('drop table "leads"')
    with pytest.raises(ConfigError, match=r"leads_created .* of table leads: \w+ refuses the query"):
        company.compute(["leads"], **QUARTERS)


def test_days_are_those_of_the_company_s_clock_at_midnight_and_when_clocks_change(opener: Opener) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moments = [
        dt.datetime(*day, hour, minute, tzinfo=dt.UTC)
        for day in ((2025, 3, 30), (2025, 6, 30), (2025, 10, 26), (2025, 12, 31))
        for hour in (0, 1, 21, 22, 23)
        for minute in (0, 30, 59)
    ]
    leads = {"lead_id": [str(n) for n in range(len(moments))], "created_on": moments}
    frame = opener({"leads": leads}).compute(["leads"], period="2026-01-01", last=400)
    counted = frame.set_index(frame.period_start.dt.date).value
    expected = pd.Series([moment.astimezone(berlin).date() for moment in moments]).value_counts().sort_index()
    assert counted[counted > 0].to_dict() == expected.to_dict()


def test_the_first_of_two_orders_of_one_day_is_the_same_everywhere(opener: Opener) -> None:
    words = ["zoo", "Zoo", "a", "B", "é", "_", None]
    pairs = [(one, other) for one in words for other in words]
    orders = {
        "order_id": ["o"] * (2 * len(pairs)),
        "ordered_on": [dt.date(2026, 1, 1)] * (2 * len(pairs)),
        "customer_id": [str(n) for n in range(len(pairs)) for _ in range(2)],
        "amount": [1] * (2 * len(pairs)),
        "channel": [word for pair in pairs for word in pair],
    }
    frame = opener({"orders": orders}).compute(["new_customers"], period="2026-01", by=["channel"])
    ranked = ["B", "Zoo", "_", "a", "zoo", "é", "(none)"]  # by the bytes of their letters; without one comes last
    counted = frame.set_index("channel").value
    assert [counted[word] for word in ranked] == [13, 11, 9, 7, 5, 3, 1]


def test_a_table_in_a_database_takes_a_column_from_a_file(opener: Opener, tmp_path: Path) -> None:
    leads = {"lead_id": ["1", "2"], "created_on": [dt.date(2026, 1, 1)] * 2, "sql_on": [dt.date(2026, 1, 2)] * 2}
    deals = {"opportunity_id": ["a"], "created_on": [dt.date(2026, 1, 9)], "outcome": ["open"], "lead_id": ["2"]}
    first = opener({"leads": leads})
    in_parquet(tmp_path, {"opportunities": deals})
    specs = {"leads": {"table": "leads"}, "opportunities": {"path": "opportunities.parquet"}}
    company = open_on(tmp_path, first.config.source, specs)
    row = company.compute(["sql_to_opportunity_rate"], period="2026-01").iloc[0]
    company.sources.remote.disconnect()
    assert (row.numerator, row.denominator) == (1, 2)


def test_the_check_finds_the_same_faults_everywhere(opener: Opener) -> None:
    leads = {
        "lead_id": ["1", "2", "2", " 2 ", None, ""],
        "created_on": [dt.date(2026, 1, 5)] * 6,
        "mql_on": [dt.date(2026, 1, 4), *[None] * 5],
    }
    spend = {"spent_on": [dt.date(2026, 1, 5)] * 2, "amount": [-5, 7], "kind": ["marketing", "sale"]}
    found = [finding.message for finding in opener({"leads": leads, "spend": spend}).check()]
    assert [message.split(":")[0] for message in found] == [
        "2 of 6 rows have no lead_id.",
        "1 row has mql_on before created_on",
        "it must be unique, but 2 rows repeat one",
        "1 value is below 0, which cannot be",
        "1 value is not 'marketing' or 'sales'",
    ]


def test_ends_of_contracts_and_moves_are_read_alike_everywhere(opener: Opener) -> None:
    rows = [
        ("a", dt.date(2026, 1, 1), dt.date(2026, 6, 30), 100, "basic"), ("a", dt.date(2026, 7, 1), None, 150, "pro"),
        ("b", dt.date(2026, 1, 1), dt.date(2026, 7, 1), 100, "basic"), ("b", dt.date(2026, 7, 1), None, 150, "pro"),
        ("c", dt.date(2025, 12, 31), None, 7, "basic"), ("d", dt.date(2026, 1, 1), dt.date(2026, 6, 30), 40, "pro"),
    ]  # fmt: skip
    names = ("customer_id", "started_on", "ended_on", "mrr", "plan")
    company = opener({"subscriptions": dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))})
    kpis = ["monthly_recurring_revenue", "mrr_churned", "mrr_moved_in", "mrr_moved_out", "mrr_expansion"]
    whole = company.compute(kpis, period="2026-Q2", last=2, as_of="2026-09-30").value.tolist()
    assert whole == [247, 207, 0, 40, 0, 0, 0, 0, 0, 0], "d has left on 30 June: its last day was the 29th"
    by_plan = company.compute(kpis, period="2026-Q3", by=["plan"], as_of="2026-09-30")
    assert by_plan.value.tolist() == [7, 300, 0, 0, 0, 200, 200, 0, 0, 100]
    pro = company.compute(kpis, period="2026-Q3", where="plan = 'pro'", as_of="2026-09-30")
    assert pro.value.tolist() == [300, 0, 200, 0, 100]
    company.config.tables["subscriptions"].__dict__["ends"] = "inclusive"
    inclusive = company.compute(kpis, period="2026-Q3", last=2, as_of="2026-09-30")
    assert inclusive.value.tolist() == [247, 307, 0, 40, 0, 0, 0, 0, 0, 100]
