"""A CSV of each table travels inside the PDF: plain numbers, units apart, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pikepdf
import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.design.blocks import Beside, Block, Cell, Column, Figure, Row, Table, Title
from kpi_analysis.press.render import render_pdf
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.table_files import table_files

DANGEROUS = ["=cmd|'/c calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", " =1+1", "＝1+1"]


def files(*blocks: Block, locale: str = "en_GB") -> dict[str, list[list[str]]]:
    cells = [sample.cell_of(block) for block in (Title("A", facts={"locale": locale}), *blocks)]
    found = table_files(read_document(sample.notebook(*cells)))
    return {name: list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) for name, data in found.items()}


def table(*rows: Row, id_: str = "t", columns: tuple[str, ...] = ("KPI", "Value")) -> Table:
    return Table(id_, "T", "", tuple(Column(name) for name in columns), rows)


def test_a_scorecard_is_read_back_as_numbers_with_their_units() -> None:
    head, *lines = files(made_up.scorecard())["scorecard.csv"]
    read = {line[1]: dict(zip(head, line, strict=True)) for line in lines}
    ratio = read["Opportunity-to-win ratio"]
    assert (ratio["Group"], ratio["KPI, unit: unit"], ratio["Q3 2026"]) == ("Sales", "%", "27.4")
    assert (float(ratio["vs Q3 25"]), ratio["vs Q3 25: unit"]) == (-0.8, "pp")
    assert ratio["12 quarters"].endswith("12 quarters, rising"), "a small chart is told in words"
    assert (read["New customers"]["Target"], read["New customers"]["Target: unit"]) == ("1500", "FY")
    assert read["Inventory turnover"]["12 quarters"] == "not computed: the ledger has no inventory account"


def test_numbers_are_plain_in_every_locale() -> None:
    rows = (Row((Cell("Umsatz"), Cell("−1.234,50"))), Row((Cell("Kosten"), Cell("4,82", " Mio."))))
    assert files(table(*rows), locale="de_DE")["t.csv"] == [
        ["KPI", "Value", "Value: unit"],
        ["Umsatz", "-1234.50", ""],
        ["Kosten", "4.82", "Mio."],
    ]


@pytest.mark.parametrize("words", DANGEROUS)
def test_a_formula_is_neutralised_wherever_it_stands(words: str) -> None:
    rows = (Row((Cell(words, span=2),), "group"), Row((Cell(words, unit=words), Cell(svg="<svg/>", alt=words))))
    found = files(table(*rows, columns=(words, "B")))["t.csv"]
    assert {cell for line in found for cell in line if words.strip() in cell} >= {f"'{words}"}
    assert not [cell for line in found for cell in line if cell.strip()[:1] in "=+-@＝" and cell.strip()]


def test_each_block_has_its_file_and_no_name_stands_twice() -> None:
    row = Row((Cell("a"), Cell("1")))
    inner = Figure("f", "F", "", sample.chart(85, 56), "Alt", "half", columns=(Column("A"), Column("B")), rows=(row,))
    blank = Figure("g", "G", "", sample.chart(85, 56), "Alt", "half")
    found = files(table(row), table(row), table(row, id_="../Ä b"), Beside((inner, blank)))
    assert list(found) == ["t.csv", "t-2.csv", "b.csv", "f.csv"]


def test_they_lie_in_the_pdf_and_say_what_they_are() -> None:
    data = render_pdf(made_up.report(), attachments={"results.json": b"[1]"})
    assert data == render_pdf(made_up.report(), attachments={"results.json": b"[1]"})
    with pikepdf.open(io.BytesIO(data)) as pdf:
        names = [name for name in pdf.attachments if name.endswith(".csv")]
        assert {"scorecard.csv", "fan.csv", "region-EMEA.csv", "customers.csv"} <= set(names)
        spec = pdf.attachments["customers.csv"]
        lines = spec.get_file().read_bytes().decode("utf-8-sig").split("\r\n")
        assert lines[:2] == ["Customer,Region,Revenue", "Customer 001,AMER,109826"] and len(lines) == 82
        assert spec.get_file().mime_type == "text/csv" and str(spec.obj.AFRelationship) == "/Data"
        assert spec.description == "The table customers of this report as comma-separated values"
        about = pdf.open_metadata()
        assert (about["pdfaid:part"], about["pdfuaid:part"]) == ("3", "1")
