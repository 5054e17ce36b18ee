"""Typed columns of Parquet and of databases: days beyond all years, kinds that do not fit, numbers as names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.session import OpenCompany, open_company

ENGINES = ("parquet", "duckdb", "postgres")
OUT_OF_YEARS = {"infinity": "'infinity'", "-infinity": "'-infinity'", "BC": "'0044-03-15 (BC)'", "far": "'20260-09-01'"}


def company(folder: Path, engine: str, table: str, select: str, request: pytest.FixtureRequest) -> OpenCompany:
    """Company of one table that a query of DuckDB, or of Postgres, makes."""
    spec: dict[str, Any] = {"table": table}
    source = "duckdb://"
    if engine == "postgres":
        import psycopg

        source = request.getfixturevalue("postgres")
        with psycopg.connect(source) as connection:
            connection.execute(f"drop table if exists {table}")
            connection.execute(f"create table {table} as {select.replace('(BC)', 'BC')}")
    elif engine == "duckdb":
        source = f"duckdb://{folder / 'kept.duckdb'}"
        with duckdb.connect(folder / "kept.duckdb") as connection:
            connection.execute(f"create table {table} as {select}")
    else:
        duckdb.execute(f"copy ({select}) to '{folder / 'kept.parquet'}' (format parquet)")
        spec = {"path": "kept.parquet"}
    file = folder / "company.yaml"
    content = {"company": "T", "source": source, "timezone": "Europe/Berlin", "tables": {table: spec}}
    file.write_text(yaml.safe_dump(content))
    return open_company(file)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_day_beyond_all_years_is_no_day_and_is_named(
    tmp_path: Path, engine: str, kind: str, request: pytest.FixtureRequest
) -> None:
    days = ["'2026-07-01'", *OUT_OF_YEARS.values(), "'2026-07-03'"]
    rows = " union all ".join(
        f"select '{n}' as order_id, cast({day} as {kind}) as ordered_on, 'a' as customer_id, {2**n}.0 as amount"
        for n, day in enumerate(days)
    )
    opened = company(tmp_path, engine, "orders", rows, request)
    told = [finding for finding in opened.check() if "years 1 to 9999" in finding.message]
    assert len(told) == 1 and told[0].message.startswith("4 values"), opened.check()
    where = "in row 2" if engine == "parquet" else "where order_id is 1"
    assert f"'infinity' {where}" in told[0].message
    assert opened.compute(["sales_revenue"], period="2026-Q3").value.tolist() == [1 + 32]
    assert str(opened.sources.last_day()) == "2026-07-03"
    opened.sources.remote.disconnect()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_end_that_is_infinite_is_no_end(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    rows = " union all ".join(
        f"select '{n}' as customer_id, date '2026-01-01' as started_on, cast({end} as date) as ended_on, 10.0 as mrr"
        for n, end in enumerate(["'infinity'", "null", "'2026-06-30'"])
    )
    opened = company(tmp_path, engine, "subscriptions", rows, request)
    frame = opened.compute(["monthly_recurring_revenue"], period="2026-06", as_of="2026-06-30")
    assert frame.value.tolist() == [20]
    opened.sources.remote.disconnect()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("'1' as order_id, 46204 as ordered_on, 'a' as customer_id, 1.0 as amount", "column ordered_on"),
        ("1 as order_id, current_date as ordered_on, 'a' as customer_id, current_date as amount", "column amount"),
        ("['1'] as order_id, date '2026-07-01' as ordered_on, 'a' as customer_id, 1.0 as amount", "column order_id"),
        ("'1' as order_id, time '10:00' as ordered_on, 'a' as customer_id, 1.0 as amount", "column ordered_on"),
    ],
)  # fmt: skip
def test_a_column_of_a_kind_that_cannot_be_meant_is_refused(
    tmp_path: Path, columns: str, words: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        company(tmp_path, "parquet", "orders", f"select {columns}", request).table("orders")
    assert caught.value.line is not None


def test_a_whole_number_that_a_float_holds_is_the_same_name(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rows = "select 7.0::double as order_id, date '2026-07-01' as ordered_on, 12::bigint as customer_id, 1.0 as amount"
    row = company(tmp_path, "parquet", "orders", rows, request).table("orders").to_pyarrow().to_pylist()[0]
    assert (row["order_id"], row["customer_id"]) == ("7", "12")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_number_is_true_or_false_only_where_it_is_1_or_0(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    rows = " union all ".join(
        f"select 'e{n}' as employee_id, date '2026-01-01' as hired_on, {value} as left_voluntarily"
        for n, value in enumerate([0, 1, 2])
    )
    opened = company(tmp_path, engine, "employees", rows, request)
    (finding,) = [f for f in opened.check() if f.level == "error"]
    assert (
        finding.subject.endswith("column left_voluntarily") and "1 value is not true or false: '2'" in finding.message
    )
    opened.sources.remote.disconnect()
