from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from opening import open_from

from kpi_analysis.errors import ConfigError
from kpi_analysis.opened import open_company

ROWS = pd.DataFrame({"order_id": ["007", "8"], "ordered_on": ["2026-01-05", "2026-02-01"], "customer_id": ["a", "b"],
                     "amount": [1.5, 2.0]})  # fmt: skip
CSV = ROWS.to_csv(index=False)


def opened(folder: Path, spec: str, head: str = "company: A\n"):  # type: ignore[no-untyped-def]
    (folder / "company.yaml").write_text(f"{head}tables:\n  orders: {spec}\n", encoding="utf-8")
    return open_company(folder / "company.yaml")


def written(folder: Path, name: str) -> None:
    path = folder / name
    if name.endswith(".parquet"):
        ROWS.assign(ordered_on=pd.to_datetime(ROWS.ordered_on)).to_parquet(path)
    elif name.endswith(".xlsx"):
        ROWS.assign(ordered_on=pd.to_datetime(ROWS.ordered_on)).to_excel(path, index=False)
    elif name.endswith(".jsonl"):
        path.write_text(ROWS.to_json(orient="records", lines=True))
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(CSV.encode()))
    else:
        path.write_text(CSV.replace(",", ";") if name == "semicolons.csv" else CSV)


@pytest.mark.parametrize(
    "name", ["a.csv", "a.csv.gz", "semicolons.csv", "a.parquet", "a.xlsx", "a.jsonl", "part-*.csv", "a.tsv"]
)
def test_every_kind_of_file_gives_the_same_table(tmp_path: Path, name: str) -> None:
    if "*" in name:
        ROWS[:1].to_csv(tmp_path / "part-1.csv", index=False)
        ROWS[1:].to_csv(tmp_path / "part-2.csv", index=False)
    elif name == "a.tsv":
        ROWS.to_csv(tmp_path / name, index=False, sep="\t")
    else:
        written(tmp_path, name)
    table = opened(tmp_path, f'{{path: "{name}"}}').table("orders")
    frame = table.order_by("ordered_on").to_pandas()
    assert frame.order_id.tolist() == ["007", "8"], "leading zeros stay"
    assert frame.amount.tolist() == [1.5, 2.0]
    assert [str(day)[:10] for day in frame.ordered_on] == ["2026-01-05", "2026-02-01"]


def test_columns_are_mapped_by_name_and_by_expression(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Nr,Day,Who,Net,Tax\n1,05.01.2026,a,10,2\n")
    spec = """
    path: a.csv
    columns:
      order_id: Nr
      ordered_on: strptime(Day, '%d.%m.%Y')
      customer_id: upper(Who)
      amount: Net + Tax"""
    frame = opened(tmp_path, spec).table("orders").to_pandas()
    assert frame.loc[0, ["order_id", "customer_id", "amount"]].tolist() == ["1", "A", 12]
    assert str(frame.ordered_on[0])[:10] == "2026-01-05"


def test_a_database_table_and_a_query_are_read_in_place(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        ROWS.to_sql("sales", database, index=False)
    database.close()
    head = f"company: A\nsource: sqlite://{tmp_path}/shop.db\n"
    by_name = opened(tmp_path, "{table: sales}", head).compute(["sales_revenue"], period="2026-Q1")
    by_query = opened(tmp_path, "{sql: select * from sales where amount > 1.6}", head)
    assert by_name.value.tolist() == [3.5]
    assert by_query.compute(["sales_revenue"], period="2026-Q1").value.tolist() == [2.0]


@pytest.mark.parametrize(
    ("spec", "words", "line"),
    [
        ("{path: b.csv}", "there is no file 'b.csv'. Did you mean 'a.csv'", 3),
        ('{path: "x/*.csv"}', "there is no file 'x/*.csv'", 3),
        ("{path: a.doc}", "no known kind", 3),
        ("{path: a.csv, columns: {amount: amuont}}", "Did you mean 'amount'", 3),
        ("{path: a.csv, columns: {amount: 'sum(amount)'}}", "sum", 3),
        ("{path: few.csv}", "has no column 'customer_id'", 3),
        ("{path: empty.csv}", "table orders", 3),
        ("{table: nothing}", "table orders cannot be read from table nothing", 3),
        ("{sql: selct 1}", "table orders cannot be read from a query", 3),
    ],
)
def test_what_cannot_be_read_names_file_line_and_remedy(tmp_path: Path, spec: str, words: str, line: int) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "a.doc").write_text(CSV)
    (tmp_path / "few.csv").write_text("order_id,ordered_on,client,amount\n1,2026-01-01,a,1\n")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, spec).table("orders")
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.line) == (tmp_path / "company.yaml", line)


def test_a_source_that_cannot_be_reached_keeps_its_password_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    head = "company: A\nsource: postgres://me:${PASSWORD}@127.0.0.1:9/shop\n"
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, "{table: sales}", head).table("orders")
    assert "cannot be reached" in str(caught.value) and "hunter2" not in str(caught.value)


def test_the_fingerprint_says_what_was_read(tmp_path: Path) -> None:
    company = open_from(tmp_path, {"orders": CSV})
    (one,) = company.sources.fingerprints()
    content = (tmp_path / "orders.csv").read_bytes()
    assert (one.rows, one.first, one.newest, one.bytes) == (2, "2026-01-05", "2026-02-01", len(content))
    assert one.hash == hashlib.sha256(hashlib.sha256(content).digest()).hexdigest()


def test_text_with_an_offset_is_brought_to_local_days(tmp_path: Path) -> None:
    rows = "order_id,ordered_on,customer_id,amount\n1,2025-03-30T00:30:00Z,a,1\n2,2025-10-25 23:30:00+01:00,a,1\n"
    company = open_from(tmp_path, {"orders": rows}, timezone="Europe/Berlin")
    days = [str(day)[:10] for day in company.table("orders").to_pandas().ordered_on]
    assert days == ["2025-03-30", "2025-10-26"], "02:30 and 00:30 in Berlin"


def test_the_last_day_is_that_of_any_event_and_of_no_plan(tmp_path: Path) -> None:
    invoices = "invoice_id,issued_on,amount,due_on\n1,2026-01-01,5,2026-12-31\n"
    company = open_from(tmp_path, {"orders": CSV, "invoices": invoices})
    assert company.sources.last_day() == dt.date(2026, 2, 1)
