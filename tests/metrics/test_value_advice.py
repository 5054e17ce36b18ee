"""What an error on a date, a number or a word advises can be pasted, and the error is gone."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_analysis.core.errors import DataFinding
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.word_guesses import guess_word

HEADS = {
    "orders": {"order_id": "No", "ordered_on": "Order Date", "customer_id": "Customer", "amount": "Net Price"},
    "opportunities": {"opportunity_id": "Id", "created_on": "Create Date", "outcome": "Deal Stage", "amount": "Value"},
    "tickets": {"ticket_id": "Id", "opened_on": "Created at", "first_contact_resolved": "First Contact"},
}
LINE = re.compile(r'(read|[a-z_]+): (\{.*?\}(?= for |\.?$)|".*?(?<!\\)")')


def written(folder: Path, table: str, rows: list[list[str]], **spec: Any) -> OpenCompany:
    """Company of one table, whose file has headers of its own."""
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=";").writerows([list(HEADS[table].values()), *rows])
    columns = {ours: theirs for ours, theirs in HEADS[table].items()} | spec.pop("columns", {})
    file = folder / "company.yaml"
    spec = {"path": "t.csv", "columns": columns} | spec
    file.write_text(yaml.safe_dump({"company": "T", "timezone": "Europe/Berlin", "tables": {table: spec}}))
    return open_company(file)


def errors(company: OpenCompany) -> list[DataFinding]:
    return [finding for finding in company.check() if finding.level == "error"]


def advised(finding: DataFinding) -> list[dict[str, Any]]:
    """The lines that a finding advises, as YAML reads them."""
    return [yaml.safe_load(f"{match.group(1)}: {match.group(2)}") for match in LINE.finditer(finding.remedy)]


def pasted(folder: Path, table: str, rows: list[list[str]], line: dict[str, Any]) -> OpenCompany:
    """The company with a line of advice pasted where the advice says."""
    spec = line if "read" in line else {"columns": line}
    return written(folder, table, rows, **spec)


def order(day: str, amount: str) -> list[str]:
    return ["1", day, "a", amount]


FAULTS = {
    "a number of three digits after a comma": ("orders", [order("2026-07-01", "1,234")], [1234.0, 1.234]),
    "a number of three digits after a point": ("orders", [order("2026-07-01", "1.234")], [1234.0, 1.234]),
    "a day and a month up to 12": ("orders", [order("03/04/2026", "1")], ["2026-04-03", "2026-03-04"]),
    "with a time": ("orders", [order("3/4/2026 1:05 PM", "1")], ["2026-04-03", "2026-03-04"]),
    "with dashes": ("orders", [order("03-04-2026", "1")], ["2026-04-03", "2026-03-04"]),
    "a year of two digits": ("orders", [order("31.12.24", "1")], ["2024-12-31"]),
    "a month by name and two digits": ("orders", [order("05-Jan-24", "1")], ["2024-01-05"]),
    "days of Excel": ("orders", [order("45292", "1")], ["2024-01-01"]),
    "words among days": ("orders", [order("soon", "1"), order("2026-07-01", "2")], ["NaT"]),
    "no such day": ("orders", [order("31.02.2026", "1"), order("01.02.2026", "2")], ["NaT"]),
    "words among numbers": ("orders", [order("2026-07-01", "ten"), order("2026-07-01", "2")], [None]),
    "two ways in one column": (
        "orders", [order("2026-07-01", "1.234,50"), order("2026-07-01", "12.5"), order("2026-07-01", "2.5")], [1234.5],
    ),
    "more words than are listed": (
        "orders", [order("2026-07-01", word) for word in [*("un", "due", "tre", "tri", "pet", "sei"), "7"]], [None],
    ),
    "stages of another tool": (
        "opportunities", [["1", "2026-07-01", "Gewonnen", "5"], ["2", "2026-07-01", "lost", "5"]], ["won"],
    ),
    "many stages": (
        "opportunities", [[str(n), "2026-07-01", f"Step {n}", "5"] for n in range(15)], ["open"],
    ),
    "a stage with a quote": ("opportunities", [["1", "2026-07-01", 'Won "big" \'26', "5"]], ["won"]),
    "truths of another language": ("tickets", [["1", "2026-07-01 10:00", "wahr"], ["2", "2026-07-01", "ja"]], [True]),
}  # fmt: skip


def first_value(company: OpenCompany, table: str, finding: DataFinding) -> Any:
    """The value of the first row in the column of a finding."""
    value = company.sources.tables.unchecked(table).limit(1).to_pandas()[finding.columns[0]].iloc[0]
    return str(value)[:10] if finding.columns[0].endswith("_on") else None if value != value else value


@pytest.mark.parametrize("fault", FAULTS)
def test_a_pasted_line_removes_the_error_and_reads_what_it_says(tmp_path: Path, fault: str) -> None:
    table, rows, wanted = FAULTS[fault]
    (finding,) = errors(written(tmp_path, table, rows))
    found = []
    for line in advised(finding):
        company = pasted(tmp_path, table, rows, line)
        assert errors(company) == []
        found.append(first_value(company, table, finding))
    assert found == wanted, finding.remedy


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("Closed Won", "won"), ("Closed Lost", "lost"), ("Gewonnen", "won"), ("Verloren", "lost"), ("Angebot", "open")],
)
def test_a_stage_is_guessed_by_its_words(word: str, wanted: str) -> None:
    assert guess_word(word, ("won", "lost", "open")) == wanted
