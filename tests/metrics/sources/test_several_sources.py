"""Several sources make one table: each has its own columns, conditions and place, and rows say where they are from."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.lineage import made_from
from kpi_analysis.metrics.session import OpenCompany, open_company

GOOGLE = "Day,Cost,Campaign,State\n2026-01-01,10,a,on\n2026-01-02,20,b,off\n2026-01-31,40,b,on\n"
META = "day;spend;camp\n2026-01-03;5,5;c\n2026-01-31;7,5;c\n"
TWO = [
    {
        "path": "google.csv", "where": "State <> 'off'",
        "columns": {"spent_on": "Day", "amount": "Cost", "campaign": "Campaign", "channel": "'paid search'"},
    },
    {"path": "meta.csv", "columns": {"spent_on": "day", "amount": "spend", "channel": "'paid social'"}},
]  # fmt: skip


def company_of(folder: Path, tables: dict[str, object], files: dict[str, str], **settings: object) -> OpenCompany:
    """Open a company of these files."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    file = folder / "company.yaml"
    file.write_text(yaml.safe_dump({"company": "Test", "tables": tables} | settings, sort_keys=False), encoding="utf-8")
    return open_company(file)


def spend(folder: Path, google: str = GOOGLE, meta: str = META, sources: object = TWO) -> OpenCompany:
    """Open a company whose spend comes from two files."""
    return company_of(folder, {"spend": sources}, {"google.csv": google, "meta.csv": meta})


def values(company: OpenCompany, **asked: object) -> dict[object, float]:
    frame = company.compute(["marketing_spend"], period="2026-01", **asked)
    return dict(zip(frame[asked["by"][0]] if "by" in asked else frame.kpi, frame.value, strict=True))  # type: ignore[index]


def test_rows_of_two_files_are_one_table_by_source(tmp_path: Path) -> None:
    company = spend(tmp_path)
    assert not company.check()
    assert values(company, by=["source"]) == {"google": 50, "meta": 13}
    assert values(company, by=["channel"]) == {"paid search": 50, "paid social": 13}
    assert values(company, where="source = 'meta'") == {"marketing_spend": 13}


def test_a_column_that_a_source_lacks_has_no_value_in_its_rows(tmp_path: Path) -> None:
    frame = spend(tmp_path).table("spend").execute()
    assert sorted(frame[frame.source == "meta"].campaign.fillna("").unique()) == [""]


def test_rows_that_a_condition_drops_are_said(tmp_path: Path) -> None:
    company = spend(tmp_path)
    assert company.readings() == ["spend, source 1: 1 of 3 rows are left out by their condition."]


@pytest.mark.parametrize(
    ("google", "meta", "place"),
    [
        (GOOGLE.replace("40,b", "x,b"), META, "google.csv:4"),
        (GOOGLE, META.replace("7,5", "oops"), "meta.csv:3"),
    ],
)
def test_a_wrong_value_is_found_in_the_row_of_its_file(tmp_path: Path, google: str, meta: str, place: str) -> None:
    (finding,) = spend(tmp_path, google, meta).check()
    assert finding.level == "error" and f"{finding.file}:{finding.line}".endswith(place)


def test_a_database_and_a_file_are_one_table(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE ads AS SELECT DATE '2026-01-05' AS spent_on, 3.5 AS amount")
    company = company_of(
        tmp_path, {"spend": [*TWO[1:], {"table": "ads", "source": "bing"}]}, {"meta.csv": META},
        source=f"duckdb://{tmp_path / 'shop.db'}",
    )  # fmt: skip
    assert values(company, by=["source"]) == {"meta": 13, "bing": 3.5}


def test_the_same_key_in_two_files_is_found_with_an_example(tmp_path: Path) -> None:
    lead = "lead_id,created_on\nA1,2026-01-02\n{}\n"
    files = {"a.csv": lead.format("A2,2026-01-03"), "b.csv": lead.format("A3,2026-01-03")}
    found = company_of(tmp_path, {"leads": [{"path": "a.csv"}, {"path": "b.csv"}]}, files).check()
    assert ["1 lead_id stands in more than one source: 'A1' in a and b." in one.message for one in found].count(
        True
    ) == 1
    assert any(one.level == "error" and "must be unique" in one.message for one in found)


def test_exports_of_spend_that_overlap_are_found(tmp_path: Path) -> None:
    days = "".join(f"2026-01-{day:02d},{day}.5,c{day % 3}\n" for day in range(1, 29))
    files = {"a.csv": "spent_on,amount,campaign\n" + days, "b.csv": "spent_on,amount,campaign\n" + days[-60:]}
    files["b.csv"] = "spent_on,amount,campaign\n2026-02-01,1,c1\n" + "".join(days.splitlines(keepends=True)[20:])
    (finding,) = company_of(tmp_path, {"spend": [{"path": "a.csv"}, {"path": "b.csv"}]}, files).check()
    assert finding.message.startswith("8 rows are the same in more than one source: those of 2026-01-21 in a and b")
    assert finding.effect == "high"


@pytest.mark.parametrize(
    ("source", "words", "line"),
    [
        ({"path": "meta.csv", "where": "dai > 3", "columns": TWO[1]["columns"]}, "No column 'dai'", 3),
        ({"path": "mata.csv"}, "there is no file 'mata.csv'", 3),
        ({"path": "meta.csv"}, "has no column 'spent_on'", 3),
        ({"path": "meta.csv", "columns": {"spent_at": "day"}}, "no canonical column 'spent_at'", 3),
    ],
)
def test_what_is_wrong_with_a_source_is_told_with_its_line(
    tmp_path: Path, source: dict[str, object], words: str, line: int
) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        spend(tmp_path, sources=[source]).table("spend")
    assert error.value.file == tmp_path / "company.yaml" and (error.value.line or 0) >= line


def test_lineage_changes_with_a_condition(tmp_path: Path) -> None:
    before = made_from(spend(tmp_path))
    other = [{**TWO[0], "where": "State = 'on'"}, TWO[1]]
    after = made_from(spend(tmp_path, sources=other))
    assert before["columns"] != after["columns"] and before["sources"] == after["sources"]
    assert before["sources"][0]["origin"] == "google.csv, meta.csv"


def test_a_condition_on_one_file_keeps_its_row_numbers(tmp_path: Path) -> None:
    text = "spent_on,amount\n2026-01-01,1\n2026-01-02,2\n2026-01-03,x\n"
    company = company_of(tmp_path, {"spend": {"path": "s.csv", "where": "amount <> '2'"}}, {"s.csv": text})
    assert [finding.line for finding in company.check() if finding.level == "error"] == [4]


def test_files_that_a_query_names_lie_beside_the_company_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "s.csv").write_text("day,cost\n2026-01-01,4\n", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    query = "select day as spent_on, cost as amount from read_csv('data/s.csv')"
    assert values(company_of(tmp_path, {"spend": {"sql": query}}, {})) == {"marketing_spend": 4}
    query = "select day as spent_on, cost as amount from 'data/s.csv'"
    assert values(company_of(tmp_path, {"spend": {"sql": query}}, {})) == {"marketing_spend": 4}
