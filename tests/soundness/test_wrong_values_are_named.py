"""A wrong date, number or word is named with its row, in every column of every canonical table and in every format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.reasons import says
from support.written_tables import DATABASES, FIRST_ROW, FORMATS, Table, good_table, open_written

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.core.schema import TABLES, CanonicalColumn

ROWS = 30
WRONG = {
    "date": ["13-09-26", "13/09/26", "infinity", "2026-02-30", "0044-03-15 (BC)", "26-9-1"],
    "timestamp": ["2026-07-01 25:00", "2026-07-01 10:00 Europe/Berlin", "epoch", "01.07.2026 10:00"],
    "number": ["abc", "1e400", "nan", "inf", "1,5", "1.234,56", "1_000", "12 %"],
    "boolean": ["maybe", "2", "ja"],
}


def wrong_values(column: CanonicalColumn) -> list[str]:
    if column.values:
        return ["something"]
    return WRONG.get(column.kind, [])


def spoilt(name: str) -> tuple[Table, dict[tuple[str, int], str]]:
    """A table with one wrong value a row, and where each of them was put: by column and position."""
    table, put = good_table(name, ROWS), {}
    position = 0
    for column in TABLES[name].columns.values():
        for value in wrong_values(column)[: 2 if len(TABLES[name].columns) > 9 else 3]:
            table[column.name][position] = value
            put[column.name, position] = value
            position += 1
    return table, put


@pytest.fixture(scope="module", params=FORMATS)
def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, list[DataFinding]]]:
    form = request.param
    server = request.getfixturevalue("postgres") if form == "postgres" else ""
    tables = {name: spoilt(name)[0] for name in TABLES}
    opened = open_written(tmp_path_factory.mktemp(form.replace(".", "_")), tables, form, server)
    yield form, opened.check()
    if form in DATABASES:
        opened.sources.remote.disconnect()


@pytest.mark.parametrize("name", TABLES)
def test_every_wrong_value_is_named_with_its_row(company: tuple[str, list[DataFinding]], name: str) -> None:
    form, all_findings = company
    findings = [finding for finding in all_findings if finding.subject.startswith(f"table {name}, column ")]
    table, put = spoilt(name)
    for (column, position), value in put.items():
        told = [f for f in findings if f.level == "error" and f.subject == f"table {name}, column {column}"]
        if form in DATABASES:
            key = TABLES[name].key or next(c.name for c in TABLES[name].columns.values() if c.required)
            words = f"'{value}' where {key} is {table[key][position]}"
        else:
            words = f"'{value}' in row {position + FIRST_ROW.get(form, 2)}"
        assert any(words in finding.message for finding in told), (words, [str(finding) for finding in told])


@pytest.mark.parametrize("kind", ["date", "number"])
def test_what_is_wrong_in_all_ways_is_refused_in_each(tmp_path: Path, kind: str) -> None:
    table = good_table("orders", len(WRONG[kind]))
    column = {"date": "ordered_on", "number": "amount"}[kind]
    table[column] = list(WRONG[kind])
    (finding,) = [f for f in open_written(tmp_path, {"orders": table}, "csv").check() if f.level == "error"]
    assert says(finding.message, f"{len(WRONG[kind])} values", "'" + WRONG[kind][0] + "' in row 2")
