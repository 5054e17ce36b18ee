from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import random
import sqlite3
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import ConfigError, DataError
from kpi_analysis.metrics.session import open_company
from kpi_analysis.metrics.sources import files

ROWS = pd.DataFrame({"order_id": ["007", "8"], "ordered_on": ["2026-01-05", "2026-02-01"], "customer_id": ["a", "b"],
                     "amount": [1.5, 2.0]})  # fmt: skip
CSV = ROWS.to_csv(index=False)


def session(folder: Path, spec: str, head: str = "company: A\n"):  # type: ignore[no-untyped-def]
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
    table = session(tmp_path, f'{{path: "{name}"}}').table("orders")
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
    frame = session(tmp_path, spec).table("orders").to_pandas()
    assert frame.loc[0, ["order_id", "customer_id", "amount"]].tolist() == ["1", "A", 12]
    assert str(frame.ordered_on[0])[:10] == "2026-01-05"


def test_a_database_table_and_a_query_are_read_in_place(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        ROWS.to_sql("sales", database, index=False)
    database.close()
    head = f"company: A\nsource: sqlite://{tmp_path}/shop.db\n"
    by_name = session(tmp_path, "{table: sales}", head).compute(["sales_revenue"], period="2026-Q1")
    by_query = session(tmp_path, "{sql: select * from sales where amount > 1.6}", head)
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
        ("{table: nothing}", "table orders cannot be read from table nothing", 3),
        ("{sql: selct 1}", "table orders cannot be read from a query", 3),
    ],
)
def test_what_cannot_be_read_names_file_line_and_remedy(tmp_path: Path, spec: str, words: str, line: int) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "a.doc").write_text(CSV)
    (tmp_path / "few.csv").write_text("order_id,ordered_on,client,amount\n1,2026-01-01,a,1\n")

    with pytest.raises(ConfigError) as caught:
        session(tmp_path, spec).table("orders")
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.line) == (tmp_path / "company.yaml", line)


def test_a_source_that_cannot_be_reached_keeps_its_password_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    head = "company: A\nsource: postgres://me:${PASSWORD}@127.0.0.1:9/shop\n"
    with pytest.raises(ConfigError) as caught:
        session(tmp_path, "{table: sales}", head).table("orders")
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.csv", CSV),
        ("it's/Q1's.csv", CSV),
        ('a "b".csv', CSV),
        ("mark.csv", "\ufeff" + CSV),
        ("windows.csv", CSV.replace("\n", "\r\n")),
        ("no end.csv", CSV.rstrip()),
        ("quotes.csv", CSV + '"a ""b"", c",2026-02-02,"x\ny",3\n'),
        ("apostrophe.csv", CSV + "9,2026-02-02,it's,3\n"),
        ("slash.csv", CSV + "a\\b,2026-02-02,x,3\n"),
        ("only a head.csv", "order_id,ordered_on,customer_id,amount\n"),
        ("zipped.csv.gz", CSV),
    ],
)
def test_an_odd_file_is_read_as_python_reads_it(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    encoded = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(encoded) if name.endswith(".gz") else encoded)
    raw = session(tmp_path, f"{{path: {json.dumps(name)}}}").sources.tables.raw("orders").to_pyarrow()
    head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert raw.column_names == head
    assert [list(row.values()) for row in raw.to_pylist()] == rows


def test_a_column_that_stands_twice_gets_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("order_id,ordered_on,customer_id,amount,note,note\n1,2026-01-05,a,2,x,y\n")
    sources = session(tmp_path, "{path: a.csv}").sources
    assert sources.tables.raw("orders").columns[-2:] == ("note", "note_1")
    assert sources.table("orders").amount.sum().to_pyarrow().as_py() == 2


def test_files_of_several_layouts_are_joined_by_name(tmp_path: Path) -> None:
    ROWS[:1].to_csv(tmp_path / "part-1.csv", index=False)
    ROWS[1:].assign(region="EMEA")[["region", *reversed(ROWS.columns)]].to_csv(tmp_path / "part-2.csv", index=False)
    frame = session(tmp_path, '{path: "part-*.csv"}').table("orders").order_by("order_id").to_pandas()
    assert frame.amount.tolist() == [1.5, 2.0] and frame.region.fillna("").tolist() == ["", "EMEA"]


def test_a_file_of_any_signs_is_read_as_it_was_written(tmp_path: Path) -> None:
    chance = random.Random(5)
    for number in range(40):
        sign, ending = chance.choice([",", ";", "|", "\t"]), chance.choice(["\n", "\r\n"])
        cells = ["7", "1.5", "2,5", "2026-01-05", "", " ", "a b", "# no", "a;b", "a|b", "é", "NULL"]
        cells = [cell for cell in cells if sign not in cell]
        width = chance.randint(2, 5)
        lines = [sign.join(f"c{column}" for column in range(width))]
        lines += [sign.join(chance.choices(cells, k=width)) for _ in range(chance.choice([0, 1, 5, 60]))]
        file = tmp_path / f"{number}.csv"
        file.write_bytes(ending.join(lines).encode())
        company = session(tmp_path, f"{{path: {file.name}}}")
        raw = company.sources.tables.raw("orders").to_pyarrow()
        assert raw.column_names == lines[0].split(sign)
        read = [[cell or "" for cell in row.values()] for row in raw.to_pylist()]
        read = [row for row in read if any(map(str.strip, row))]  # what has no value is no row
        wanted = [row for row in (line.split(sign) for line in lines[1:]) if any(map(str.strip, row))]
        assert read == wanted, lines[:5]


def test_a_row_that_cannot_be_read_is_told_the_same_each_time(tmp_path: Path) -> None:
    good = "".join(f"{number},2026-01-05,a,1\n" for number in range(25_000))  # more than are looked at beforehand
    (tmp_path / "a.csv").write_text(f"order_id,ordered_on,customer_id,amount\n{good}1,2,3,4,5,6,7\n")
    company = session(tmp_path, "{path: a.csv}")
    told = []
    for _ in range(2):
        with pytest.raises(DataError) as caught:
            company.table("orders")
        told.append(str(caught.value))
        assert (caught.value.file, caught.value.line) == (tmp_path / "a.csv", 25_002)
    assert says(told[0], "row 25002", "7 values", "4 names") and told[0] == told[1]


def test_an_empty_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n\n")
    with pytest.raises(DataError, match=r"a\.csv is empty"):
        session(tmp_path, "{path: a.csv}").table("orders")


def test_text_is_converted_once_and_stands_beside_its_value(tmp_path: Path) -> None:
    company = session(tmp_path, "{path: a.csv, columns: {amount: amount * 2}}")
    (tmp_path / "a.csv").write_text(CSV)
    table, raw = company.table("orders"), company.sources.tables.raw("orders").to_pandas()
    assert table.amount.to_pyarrow().to_pylist() == [3.0, 4.0]
    assert raw.amount.tolist() == ["1.5", "2.0"] and raw["kpi.read.amount"].tolist() == [3.0, 4.0]
    assert sorted(company.sources.local.list_tables()) == ["canonical_orders", "read_orders"]


def test_little_data_are_read_by_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads() -> int:
        company = open_from(tmp_path, {"orders": CSV})
        return int(company.sources.local.raw_sql("SELECT current_setting('threads')").fetchone()[0])

    assert threads() == 1
    monkeypatch.setattr(files, "SMALL", len(CSV) - 1)
    assert threads() == duckdb.connect().sql("SELECT current_setting('threads')").fetchone()[0]
