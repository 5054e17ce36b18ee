"""Numbers and dates of files reach the canonical tables, wherever they come from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from kpi_analysis.metrics.session import OpenCompany, open_company

GERMAN = "Nr;Tag;Kunde;Netto;Steuer\n1;13.09.2026;a;1.234,50 €;100,00 €\n2;01.10.2026;b;--;2,50 €\n"
COLUMNS = {"order_id": "Nr", "ordered_on": "Tag", "customer_id": "Kunde", "amount": "Netto"}


def company(folder: Path, orders: Any, **settings: Any) -> OpenCompany:
    file = folder / "company.yaml"
    content = {"company": "T", "timezone": "Europe/Berlin", "tables": {"orders": orders}} | settings
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return open_company(file)


def rows(opened: OpenCompany) -> list[tuple[str, float | None]]:
    """Day and amount of each order."""
    assert [str(one) for one in opened.check() if one.level == "error"] == []
    frame = opened.sources.tables.usable("orders").select("ordered_on", "amount").to_pyarrow().to_pylist()
    return [(str(row["ordered_on"]), row["amount"]) for row in frame]


@pytest.mark.parametrize(
    ("amount", "wanted"),
    [
        ("Netto", 1234.5),
        ("Netto + Steuer", 1334.5),
        ("coalesce(Netto, Steuer)", 1234.5),
        ("case when Steuer > 99 then Netto else 0 end", 1234.5),
        ('"Netto" * 2', 2469),
    ],
)
def test_expressions_compute_with_numbers_as_they_are_meant(tmp_path: Path, amount: str, wanted: float) -> None:
    (tmp_path / "o.csv").write_text(GERMAN, encoding="utf-8")
    opened = company(tmp_path, {"path": "o.csv", "columns": COLUMNS | {"amount": amount}})
    assert rows(opened)[0] == ("2026-09-13", wanted)


@pytest.mark.parametrize("where", ["Netto > 1000", "Netto + Steuer > 1000", "Tag < date '2026-09-30'", "Steuer <> 2.5"])
def test_conditions_compare_numbers_and_days_as_they_are_meant(tmp_path: Path, where: str) -> None:
    (tmp_path / "o.csv").write_text(GERMAN, encoding="utf-8")
    columns = {"order_id": "Nr", "ordered_on": "strptime(Tag, '%d.%m.%Y')", "customer_id": "Kunde", "amount": "1"}
    opened = company(tmp_path, {"path": "o.csv", "where": where, "columns": columns})
    assert rows(opened) == [("2026-09-13", 1)]


def test_marks_for_no_value_are_told_of_where_a_value_is_needed(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(GERMAN, encoding="utf-8")
    found = company(tmp_path, {"path": "o.csv", "columns": COLUMNS}).check()
    assert any("no value is marked by '--' in 1 row" in one.message for one in found)


@pytest.mark.parametrize("day", ["Tag", "strptime(Tag, '%d.%m.%Y')", "to_date(Tag, '%d.%m.%Y')", "date(Tag)"])
@pytest.mark.parametrize("kind", ["xlsx", "parquet", "csv"])
def test_an_expression_on_what_is_a_date_already_does_not_empty_the_column(tmp_path: Path, day: str, kind: str) -> None:
    days = [dt.datetime(2026, 9, 14), dt.datetime(2026, 9, 3)]
    table = {"Nr": ["1", "2"], "Tag": days, "Kunde": ["a", "b"], "Netto": [1.5, 2.5]}
    if kind == "parquet":
        pq.write_table(pa.table(table), tmp_path / "o.parquet")
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for row in [list(table), *zip(*table.values(), strict=True)]:
            book.active.append(row)
        book.save(tmp_path / "o.xlsx")
    else:
        (tmp_path / "o.csv").write_text("Nr,Tag,Kunde,Netto\n1,2026-09-14,a,1.5\n2,2026-09-03,b,2.5\n")
    opened = company(tmp_path, {"path": f"o.{kind}", "columns": COLUMNS | {"ordered_on": day}})
    assert rows(opened) == [("2026-09-14", 1.5), ("2026-09-03", 2.5)]


def test_each_of_several_sources_is_read_by_its_own_signs(tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "us.csv").write_text('Nr,Tag,Kunde,Netto\n3,9/14/2026,c,"$1,234.50"\n', encoding="utf-8")
    opened = company(tmp_path, [{"path": name, "columns": COLUMNS} for name in ("de.csv", "us.csv")])
    assert rows(opened) == [("2026-09-13", 1234.5), ("2026-10-01", None), ("2026-09-14", 1234.5)]


def test_what_is_open_in_one_of_several_sources_is_asked_for_there(tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "us.csv").write_text("Nr,Tag,Kunde,Netto\n3,9/4/2026,c,5\n", encoding="utf-8")
    opened = company(tmp_path, [{"path": name, "columns": COLUMNS} for name in ("de.csv", "us.csv")])
    (error,) = [one for one in opened.check() if one.level == "error"]
    assert "'9/4/2026' in row 2 of us.csv" in error.message
    assert "under the source 'us' of the table: read: {dates: \"%d/%m/%Y\"} for 9 April 2026" in error.remedy


def test_rates_are_read_by_the_same_rules(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("Nr,Tag,Kunde,Netto,currency\n1,2026-09-14,a,100,USD\n")
    (tmp_path / "r.csv").write_text("date;currency;rate\n13.09.2026;USD;0,85\n")
    opened = company(tmp_path, {"path": "o.csv", "columns": COLUMNS}, rates={"path": "r.csv"})
    assert rows(opened) == [("2026-09-14", 85.0)]
