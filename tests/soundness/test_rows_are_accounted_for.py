"""Rows in are rows used plus rows named, for every reader and every table: counted, not trusted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.written_tables import DATABASES, FORMATS, Table, good_table, open_written

from kpi_analysis.core.errors import DataError, DataFinding, KpiError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.session import OpenCompany, open_company

ROWS = 25


def with_gaps(name: str) -> Table:
    """A table in which every fourth row lacks a value that the schema needs, another one each time."""
    table = good_table(name, ROWS)
    needed = [c.name for c in TABLES[name].columns.values() if c.required and not c.values]
    needed = [column for column in needed if column != TABLES[name].key] or needed
    for turn, position in enumerate(range(3, ROWS, 4)):
        table[needed[turn % len(needed)]][position] = None if turn % 2 else ""
    return table


@pytest.fixture(scope="module", params=FORMATS)
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[OpenCompany, list[DataFinding]]]:
    form = request.param
    server = request.getfixturevalue("postgres") if form == "postgres" else ""
    tables = {name: with_gaps(name) for name in TABLES}
    opened = open_written(tmp_path_factory.mktemp(form.replace(".", "_")), tables, form, server)
    yield opened, opened.check()
    if form in DATABASES:
        opened.sources.remote.disconnect()


@pytest.mark.parametrize("name", TABLES)
def test_rows_in_are_rows_used_plus_rows_named(company: tuple[OpenCompany, list[DataFinding]], name: str) -> None:
    table = with_gaps(name)
    needed = [column.name for column in TABLES[name].columns.values() if column.required]
    opened, findings = company
    canonical = opened.table(name).to_pyarrow().to_pylist()
    used = [row for row in canonical if all(row[column] is not None for column in needed)]
    whole = [row for row in zip(*(table[column] for column in needed), strict=True) if all(row)]
    assert len(canonical) == ROWS and len(used) == len(whole)
    named = sum(
        int(finding.message.split()[0])
        for finding in findings
        if finding.subject.startswith(f"table {name}, column ") and f"of {ROWS} rows have no " in finding.message
    )
    assert len(used) + named == ROWS, [str(finding) for finding in findings]


@pytest.mark.parametrize("name", TABLES)
def test_every_value_arrives_as_it_was_written(company: tuple[OpenCompany, list[DataFinding]], name: str) -> None:
    table, canonical = with_gaps(name), company[0].table(name).to_pyarrow().to_pydict()
    for column in TABLES[name].columns.values():
        written = [value or None for value in table[column.name]]
        assert [_as_text(value, column.kind) for value in canonical[column.name]] == written


def _as_text(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind == "number":
        return f"{float(value):g}"
    return str(value)[:19] if kind == "timestamp" else str(value).lower() if kind == "boolean" else str(value)[:10]


HEAD = "order_id,ordered_on,customer_id,amount\n"
WIDER = HEAD.replace("\n", ",x\n")


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("empty lines between rows", HEAD + "1,2026-01-05,a,1\n\n\n2,2026-01-06,b,2\n\n"),
        ("empty lines above the header", "\n\n" + HEAD + "1,2026-01-05,a,1\n2,2026-01-06,b,2\n"),
        ("lines inside of quotes", HEAD + '1,2026-01-05,"a\nb\n\nc",1\n2,2026-01-06,b,2\n'),
        ("line ends of two kinds", HEAD + "1,2026-01-05,a,1\r\n2,2026-01-06,b,2\n3,2026-01-07,c,3\r\n"),
        ("line ends of the first Macs", (HEAD + "1,2026-01-05,a,1\n2,2026-01-06,b,2\n").replace("\n", "\r")),
        ("no end of the last line", HEAD + "1,2026-01-05,a,1\n2,2026-01-06,b,2"),
        ("an empty last value", HEAD + "1,2026-01-05,a,1,\n2,2026-01-06,b,2,\n"),
        ("the first rows alike", HEAD + "1,2026-01-05,a,1\n" * 12 + "2,2026-01-06,b,2\n"),
        ("a row like the header", HEAD + "1,2026-01-05,a,1\n" + HEAD + "2,2026-01-06,b,2\n"),
        ("a row of another width", HEAD + "1,2026-01-05,a,1\n" * 5 + "2,2026-01-06,b,2,late\n"),
        ("a short row", HEAD + "1,2026-01-05,a,1\n" * 5 + "2,2026-01-06\n"),
        ("a wider file behind it", HEAD + "1,2026-01-05,a,1\n" * 5 + WIDER + "2,2026-01-06,b,2,z\n"),
        ("a quote that is not closed", HEAD + '1,2026-01-05,"a,1\n2,2026-01-06,b,2\n'),
        ("a comma inside of a word", HEAD + "1,2026-01-05,Doe, John,1\n2,2026-01-06,b,2\n"),
    ],
)  # fmt: skip
def test_a_file_gives_all_of_its_rows_or_an_error_with_a_row(tmp_path: Path, case: str, text: str) -> None:
    (tmp_path / "company.yaml").write_text("company: T\ntables: {orders: {path: orders.csv}}\n")
    (tmp_path / "orders.csv").write_bytes(text.encode())
    lines = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    try:
        used = open_company(tmp_path / "company.yaml").table("orders").to_pyarrow().num_rows
    except KpiError as error:
        assert isinstance(error, DataError) and error.line is not None, error
        assert f"row {error.line}" in error.message
    else:
        assert used == len(lines) - 1


def test_lines_above_the_header_are_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text("company: T\ntables: {orders: {path: orders.csv}}\n")
    (tmp_path / "orders.csv").write_text("Export of orders\n\n" + HEAD + "1,2026-01-05,a,1\n")
    company = open_company(tmp_path / "company.yaml")
    assert company.table("orders").to_pyarrow().num_rows == 1
    (reading,) = [one for one in company.readings() if one.startswith("orders")]
    assert "1 rows are read" in reading.replace("1 row is", "1 rows are") and "'Export of orders'" in reading
