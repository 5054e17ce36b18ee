"""The text of a query is used again for other days, and never for another question."""

from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.snapshot import write_snapshot
from kpi_analysis.metrics.sources.cache_key import CacheKey, CacheScope
from kpi_analysis.metrics.sources.query_cache import CompiledQueryCache
from kpi_analysis.metrics.sources.snapshot import PLACE

DEMO = Path(__file__).parents[3] / "params" / "company.yaml"
# flows, first rows, accounts, stocks, balances and pairs
KPIS = ["sales_revenue", "new_customers", "revenue_herfindahl", "pipeline_value", "social_followers", "mrr_expansion"]
ORDERS = "order_id,ordered_on,customer_id,amount\n1,2026-01-05,A,10\n2,2026-02-05,B,20\n3,2026-03-05,A,40\n"


def asked(company: OpenCompany) -> int:
    return len(company.sources.query_cache)


@pytest.fixture
def company() -> OpenCompany:
    """The demo company, which has not been asked anything."""
    company = shipped_company()
    company.sources.query_cache = CompiledQueryCache()
    return company


def test_another_period_another_grain_and_more_periods_are_the_same_question(company: OpenCompany) -> None:
    company.compute(KPIS, period="2026-Q3")
    used = company.sources.query_cache
    known = asked(company)
    assert known >= 6
    for period, last in (("2025-Q4", 1), ("2025-11", 14), ("2026", 2), ("2026-W20", 3), ("2026-05-04", 9)):
        company.sources.query_cache = used
        again = company.compute(KPIS, period=period, last=last)
        assert asked(company) == known
        company.sources.query_cache = CompiledQueryCache()
        pd.testing.assert_frame_equal(again, company.compute(KPIS, period=period, last=last))


@pytest.mark.parametrize(
    "other",
    [{"by": ["region"]}, {"where": "region = 'EMEA'"}, {"where": "region = 'APAC'"}, {"as_of": "2026-05-17"}],
)
def test_another_slice_condition_or_day_is_another_question(company: OpenCompany, other: dict[str, object]) -> None:
    whole = company.compute(["sales_revenue", "pipeline_value"], period="2026-Q2")
    known = asked(company)
    part = company.compute(["sales_revenue", "pipeline_value"], period="2026-Q2", **other)  # type: ignore[arg-type]
    assert asked(company) == 2 * known
    assert not part.value.equals(whole.value)


def test_a_changed_setting_or_measure_is_another_question(tmp_path: Path) -> None:
    values = []
    for margin in (0.5, 0.25):
        company = open_from(tmp_path, {"orders": ORDERS}, gross_margin=margin)
        company.sources.query_cache = CompiledQueryCache(tmp_path / "texts")  # shared, as by the reports of a batch
        values.append(company.compute(["gross_profit_margin"], period="2026-Q1").value.item())
    assert values == pytest.approx([0.5, 0.25])


def test_what_one_process_asked_another_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_snapshot(DEMO, tmp_path / "all.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "all.duckdb"))
    first = open_company(DEMO).compute(KPIS, period="2026-Q3")
    files = sorted((tmp_path / "all.duckdb.texts").iterdir())
    assert len(files) >= 6 and all(file.suffix == ".sql" for file in files)
    again = open_company(DEMO)
    pd.testing.assert_frame_equal(again.compute(KPIS, period="2026-Q3"), first)
    assert sorted((tmp_path / "all.duckdb.texts").iterdir()) == files
    for file in files:
        file.write_text("SELECT nonsense")  # they are really read: with other words in them nothing is computed
    with pytest.raises(Exception, match="nonsense"):
        open_company(DEMO).compute(KPIS, period="2026-Q3")


def test_without_room_on_the_disk_queries_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache, key = CompiledQueryCache(tmp_path / "file" / "below"), CacheKey("query", CacheScope(), {"table": "a"})
    assert cache.keep(key, "SELECT 1") == "SELECT 1" == cache.get(key)
    assert CompiledQueryCache(tmp_path / "file" / "below").get(key) is None


def test_a_table_of_this_process_only_is_put_together_anew(tmp_path: Path) -> None:
    """Customers in a database beside orders in a file: the region comes by a table in memory, of no lasting name."""
    import duckdb

    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute(
            "create table customers as select 'A' as customer_id, 'DE' as acquired_channel union select 'B', 'US'"
        )
    file = tmp_path / "company.yaml"
    (tmp_path / "orders.csv").write_text(ORDERS)
    file.write_text(
        f"company: Test\nsource: duckdb://{tmp_path / 'shop.duckdb'}\n"
        "tables: {orders: {path: orders.csv}, customers: {table: customers}}\ninbound_channels: [DE]\n"
    )
    company = open_company(file)
    assert [company.compute(["inbound_revenue"], period=month).value.item() for month in ("2026-01", "2026-02")] == [
        10,
        0,
    ]


def test_regions_share_their_queries(company: OpenCompany) -> None:
    kpis = ["sales_revenue", "pipeline_value", "mrr_expansion"]
    company.compute(kpis, period="2026-Q2", where="region = 'EMEA'")
    known = asked(company)
    shared = company.compute(kpis, period="2026-Q2", where="region = 'APAC'")
    assert asked(company) == known
    sliced = company.compute(kpis, period="2026-Q2", by=["region"])  # no condition, and so another road
    wanted = sliced[sliced.region == "APAC"].set_index("kpi").value
    assert shared.set_index("kpi").value.to_dict() == pytest.approx(wanted.to_dict())
    assert shared.value.notna().all()


@pytest.mark.parametrize(
    ("where", "revenue", "of_c_instead"),
    [
        ("customer_id = 'A' or customer_id = 'B'", 70.0, 20.0),
        ("customer_id in ('A', 'B', 'kpi_blank_0')", 70.0, 20.0),
        ("customer_id = 'it''s'", 7.0, 7.0),
        ("customer_id = 'it''s' or customer_id = 'A'", 57.0, 7.0),
        ("customer_id like 'A%'", 50.0, 50.0),
        ("customer_id <> 'A' and ordered_on >= '2026-02-01'", 27.0, 67.0),
        ("ordered_on >= '2026-02-01' and ordered_on < '2026-03-01'", 20.0, 20.0),
        ("\"customer_id\" = 'B'", 20.0, 20.0),
        ("customer_id = 'kpi_blank_1' or customer_id = 'B'", 20.0, 20.0),
        ("customer_id = 'a\\b'", 0.0, 0.0),
        ("amount > 15 and customer_id <> 'B'", 40.0, 40.0),
    ],
)
def test_words_of_a_condition_mean_what_they_say(
    tmp_path: Path, where: str, revenue: float, of_c_instead: float
) -> None:
    company = open_from(tmp_path, {"orders": f"{ORDERS}4,2026-03-06,it's,7\n"})
    for condition, expected in ((where, revenue), (where.replace("'A'", "'C'"), of_c_instead), (where, revenue)):
        assert company.compute(["sales_revenue"], period="2026-Q1", where=condition).value[0] == expected
