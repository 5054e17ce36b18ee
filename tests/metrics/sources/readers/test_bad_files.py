"""Files that are odd, broken, protected, huge in number or still being written: a finding or a result, and no hang."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from kpi_analysis.core.errors import DataError, KpiError
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.sources.readers import csv_files
from kpi_analysis.metrics.sources.readers.layouts import file_layouts
from kpi_analysis.metrics.sources.readers.old_books import open_old_book

HEAD = "order_id,ordered_on,customer_id,amount\n"
ROW = "1,2026-07-01,a,5\n"
EXPORTS = Path(__file__).parents[3] / "data" / "exports"


def company(folder: Path, path: str, **spec: Any) -> OpenCompany:
    file = folder / "company.yaml"
    file.write_text(yaml.safe_dump({"company": "T", "tables": {"orders": {"path": path} | spec}}))
    return open_company(file)


def value(company: OpenCompany) -> float:
    return float(company.compute(["sales_revenue"], period="2026-Q3").value.iloc[0])


def refused(company: OpenCompany) -> str:
    with pytest.raises(KpiError) as caught:
        company.compute(["sales_revenue"], period="2026-Q3")
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(("path", "what"), [("in/p.csv", "a pipe"), ("in/*", "a folder"), ("in/l*.csv", "link")])
def test_what_is_no_file_is_named_and_never_opened(tmp_path: Path, path: str, what: str) -> None:
    (tmp_path / "in").mkdir()
    if "folder" in what:
        (tmp_path / "in" / "old").mkdir()
    elif "pipe" in what:
        os.mkfifo(tmp_path / "in" / "p.csv")
    else:
        (tmp_path / "in" / "l.csv").symlink_to(tmp_path / "nowhere")
    assert what in refused(company(tmp_path, path))


def test_a_folder_is_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.csv").write_text(HEAD + ROW)
    (tmp_path / "in" / "2.csv").write_text(HEAD + ROW.replace("1,", "2,", 1))
    (tmp_path / "in" / "notes.pdf").write_text("x")
    assert value(company(tmp_path, "in")) == 10


def test_a_name_with_signs_of_a_pattern_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "orders [final].csv").write_text(HEAD + ROW)
    assert value(company(tmp_path, "orders [final].csv")) == 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"", "it is empty"),
        ("a.xlsx", b"hello", "no Excel file"),
        ("a.xlsx", b"PK\x03\x04 damaged", "cannot be read"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "password"),
        ("a.xls", b"hello", "cannot be read"),
        ("a.csv.gz", gzip.compress((HEAD + ROW * 999).encode())[:60], "a.csv.gz"),
        ("a.parquet", b"PAR1", "a.parquet"),
        ("a.json", b"[]", "no objects"),
        ("a.json", b"{}", "no objects"),
        ("a.csv", (HEAD + '1,2026-07-01,"a,5\n').encode(), "row 2 of a.csv"),
        ("a.csv", (HEAD + ROW + "\nname,city\nx,y\nz,w\n").encode(), "row 4 of a.csv has 2 values"),
        ("a.csv", (HEAD + ROW).encode("utf-16")[:-1], "middle of a character"),
        ("a.csv", bytes(range(1, 256)), "a.csv"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in refused(company(tmp_path, name))
    if name != "a.csv":
        with pytest.raises(KpiError):
            file_layouts(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_export_of_a_header_is_a_table_without_rows(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(HEAD.encode(encoding))
    assert [(f.level, f.message) for f in company(tmp_path, "a.csv").check()] == [("warning", "it has no rows.")]


def test_two_thousand_columns_are_read(tmp_path: Path) -> None:
    names = ",".join(f"extra column number {n}" for n in range(2000))
    (tmp_path / "a.csv").write_text(f"{HEAD.strip()},{names}\n" + f"{ROW.strip()}{',7' * 2000}\n" * 3)
    (layout,) = file_layouts(tmp_path / "a.csv")
    assert len(layout.names) == 2004 and layout.rows == 3


def test_many_files_are_read_by_few_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(30):
        (tmp_path / f"{n:02}.csv").write_text(HEAD + ROW.replace("1,", f"{n},", 1) * (n % 3))
    (tmp_path / "17.csv").write_text(HEAD + "17,2026-07-01,a,x\n")
    monkeypatch.setattr(csv_files, "_load", None)
    monkeypatch.setattr(csv_files, "FILES_AT_ONCE", 7)
    assert "'x' in row 2 of 17.csv" in refused(company(tmp_path, "*.csv"))


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, reading = tmp_path / "a.csv", csv_files._read
    file.write_text(HEAD + ROW)

    def growing(*given: Any) -> int:
        count = reading(*given)
        with file.open("a") as stream:
            stream.write(ROW)
        return count

    monkeypatch.setattr(csv_files, "_read", growing)
    (finding,) = (f for f in company(tmp_path, "a.csv").check() if "written to" in f.message)
    assert finding.level == "warning" and "a.csv was written to while it was read" in finding.message


def test_what_is_left_out_is_said_and_touches_no_figure(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Orders of Q3\n" + HEAD + ROW + ROW.replace("1,", "2,", 1) + "Total,,,10\n")
    opened = company(tmp_path, "a.csv")
    assert opened.check() == [] and value(opened) == 10
    assert opened.readings() == [
        "orders: of a.csv 2 rows are read; left out are 1 line above the header ('Orders of Q3'),"
        " 1 total row ('Total')."
    ]


def test_a_total_that_does_not_add_up_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + ROW + ROW.replace("1,", "2,", 1) + "Total,2026-07-03,,99\n")
    found = [f for f in company(tmp_path, "a.csv").check() if "not the sum" in f.message]
    assert [(f.level, f.line) for f in found] == [("warning", 4)] and "where: '\"order_id\" <> ''Total'''" in str(
        found[0]
    )


def test_the_row_is_that_of_the_file_with_all_that_was_left_out(tmp_path: Path) -> None:
    text = "Orders\n\n" + HEAD + ",,,(EUR)\n" + ROW + "\n" + "2,soon,a,5\n" + "Total,,,10\n\nCopyright 2026\n"
    (tmp_path / "a.csv").write_text(text)
    assert "'soon' in row 7" in refused(company(tmp_path, "a.csv"))


# ---------------------------------------------------------------------- what a file holds


def test_the_tables_of_a_workbook_are_its_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Jul"
    for row in [["Orders"], [], ["Day", "Net", None], [dt.datetime(2026, 7, 1), 1.5], ["Total", 1.5]]:
        book.active.append(row)
    book.create_sheet("Empty")
    book.create_sheet("Notes").append(["hello"])
    book.save(tmp_path / "a.xlsx")
    july, notes = file_layouts(tmp_path / "a.xlsx")
    assert (july.sheet, july.title, july.header_row, july.names[:2]) == ("Jul", "Orders", 3, ("Day", "Net"))
    assert july.sample[0][:2] == ("2026-07-01", "1.5") and notes.rows == 0


@pytest.mark.parametrize(
    ("name", "rows", "names"),
    [
        ("A/Campaign report.csv", 4018, ("Day", "Campaign")),
        ("B/account_5001_campaign_performance_report.csv", 1004, ("Start Date (in UTC)", "Account Name")),
        ("B/report1759310022.csv", 600, ("Opportunity Owner", "Account Name")),
        ("D/EXTF_Buchungsstapel_2025.csv", 368, ("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen")),
    ],
)
def test_the_tables_of_real_exports_are_found(name: str, rows: int, names: tuple[str, str]) -> None:
    (layout,) = file_layouts(EXPORTS / name)
    assert layout.rows == rows and layout.names[:2] == names


def test_an_old_workbook_is_read_as_a_new_one(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["Day", "Net", "Paid"], [dt.datetime(2026, 7, 1), 1.5, True], [None, 2, "x"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    (sheet,) = open_old_book(tmp_path / "a.xlsx").worksheets
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values == [["Day", "Net", "Paid"], [dt.datetime(2026, 7, 1), 1.5, True], [None, 2, "x"]]
    with pytest.raises(DataError, match="cannot be read"):
        (tmp_path / "b.xls").write_bytes(b"x")
        open_old_book(tmp_path / "b.xls")
