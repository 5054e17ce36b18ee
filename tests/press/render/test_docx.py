"""The Word file: its structure, its look, what stays editable."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from support import printed_files as reading
from support import report_parts as sample
from support import sample_report as made_up
from support.printed_files import W

from kpi_analysis.core.errors import EngineMissing
from kpi_analysis.design.blocks import Cell, Column, Figure, Note, Row, Table, Title
from kpi_analysis.design.theme import LIGHT
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.docx import to_docx

WHEN = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)


def written(*cells, **metadata) -> bytes:
    return to_docx(read_document(sample.notebook(*cells, **metadata)), timestamp=WHEN, attachments={})


@pytest.fixture(scope="module")
def report() -> bytes:
    return to_docx(read_document(made_up.report()), timestamp=WHEN, attachments={})


def part(data: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return ElementTree.fromstring(file.read(f"word/{name}.xml"))


def styles_used(body: ElementTree.Element) -> list[str]:
    return [style.get(f"{W}val", "") for style in body.iter(f"{W}pStyle")]


def rows(table: ElementTree.Element) -> list[list[str]]:
    return [
        ["".join(text.text or "" for text in cell.iter(f"{W}t")) for cell in row.iter(f"{W}tc")]
        for row in table.iter(f"{W}tr")
    ]


def test_everything_stands_in_it(report):
    document, found = read_document(made_up.report()), reading.in_docx(report)
    assert all(" ".join(heading.title.split()) in found.words for heading in document.toc)
    assert "€13.84m is booked" in found.words and "Cost per lead ≤ €36.00" in found.words
    assert found.tables == 7
    assert all(found.pictures) and "Sales revenue, 12 quarters, rising" in found.pictures


def test_headings_are_headings(report):
    used = styles_used(part(report, "document"))
    assert used.count("Heading1") == 4
    assert {"Heading2", "Deck", "Measure", "Note", "Finding", "TableHead", "TableGroup", "TableText"} <= set(used)
    defined = {style.get(f"{W}styleId") for style in part(report, "styles").iter(f"{W}style")}
    assert set(used) <= defined


def test_a_table_is_native_with_a_head_that_repeats(report):
    scorecard = next(part(report, "document").iter(f"{W}tbl"))
    assert rows(scorecard)[:3] == [
        ["KPI, unit", "12 quarters", "Q3 2026", "vs Q2", "vs Q3 25", "Target", "Chance", "Status"],
        ["Sales"],
        ["Sales revenue €m", "", "4.82", "+4.6%", "+9.0%", "19.00\N{NO-BREAK SPACE}FY", "55%", "◆ At risk"],
    ]
    heads = [row for row in scorecard.iter(f"{W}tr") if row.find(f"{W}trPr/{W}tblHeader") is not None]
    assert len(heads) == 1
    assert [span.get(f"{W}val") for span in scorecard.iter(f"{W}gridSpan")] == ["8", "8", "8", "8", "7"]
    width = scorecard.find(f"{W}tblPr/{W}tblW")
    assert (width.get(f"{W}type"), width.get(f"{W}w")) == ("pct", "5000")


def test_its_page_and_running_heads_are_those_of_the_pdf(report):
    section = next(part(report, "document").iter(f"{W}sectPr"))
    size = section.find(f"{W}pgSz")
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838")
    header, footer = ("".join(part(report, name).itertext()) for name in ("header1", "footer1"))
    assert header == "Northwind Bikes  Quarterly KPI report2026-Q3  ·  data to 30 Sep 2026"
    assert footer.endswith("1 / 1")
    fields = [field.get(f"{W}instr") for field in part(report, "footer1").iter(f"{W}fldSimple")]
    assert fields == ["PAGE", "NUMPAGES"]


def test_a_good_change_is_coloured_by_a_style_and_signed():
    table = Table("t", "T", "", (Column("A"),), (Row((Cell("+9.0", "%", tone="good", strong=True),)),))
    data = written(sample.cell_of(Title("A")), sample.cell_of(table))
    run = next(run for run in part(data, "document").iter(f"{W}r") if "+9.0%" in "".join(run.itertext()))
    assert run.find(f"{W}rPr/{W}rStyle").get(f"{W}val") == "Good" and run.find(f"{W}rPr/{W}b") is not None
    good = next(style for style in part(data, "styles").iter(f"{W}style") if style.get(f"{W}styleId") == "Good")
    assert good.find(f"{W}rPr/{W}color").get(f"{W}val") == LIGHT.good[1:]


def test_a_chart_is_as_wide_as_it_was_drawn():
    figure = Figure("f", "F", "", sample.chart(85, 56), "Bars", "half")
    body = part(written(sample.cell_of(Title("A")), sample.cell_of(figure)), "document")
    extent = next(body.iter(f"{reading.WP}extent"))
    assert abs(int(extent.get("cx")) / 36000 - 85) < 0.2 and abs(int(extent.get("cy")) / 36000 - 56) < 0.2


def test_a_picture_says_that_it_keeps_no_distance_from_the_margin(report):
    with zipfile.ZipFile(io.BytesIO(report)) as file:
        text = file.read("word/document.xml").decode()
    assert text.count("<wp:inline ") == text.count('distL="0" distR="0"') >= 3 and "<wp:inline>" not in text


def test_formulas_can_be_edited():
    data = written(sample.markdown("# A\n\nSo $a^2$ is.\n\n$$\n\\frac{a}{b}\n$$\n\nBut $\\nonsense{$ stays."))
    found = reading.in_docx(data)
    assert found.formulas == 2 and "nonsense{" in found.words


def test_hostile_text_is_text():
    text = "{{< include secret >}} <script>x</script> ${7*7} \x1b[0m ]]> & <w:p/>"
    found = reading.in_docx(written(sample.cell_of(Title(text, text)), sample.cell_of(Note(text))))
    assert found.words.count("{{< include secret >}} <script>x</script> ${7*7}") == 3


def test_the_same_input_gives_the_same_bytes(report):
    assert to_docx(read_document(made_up.report()), timestamp=WHEN, attachments={}) == report
    with zipfile.ZipFile(io.BytesIO(report)) as file:
        core = file.read("docProps/core.xml").decode()
    assert "<dc:title>Northwind Bikes: Quarterly KPI report, 2026-Q3</dc:title>" in core
    assert "2026-10-02T08:00:00Z" in core


def test_without_pandoc_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PYPANDOC_PANDOC", "/nowhere/pandoc")
    monkeypatch.setenv("PATH", "/nowhere")
    import pypandoc

    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: (_ for _ in ()).throw(OSError("No pandoc was found")))
    with pytest.raises(EngineMissing, match="pip install pypandoc_binary") as caught:
        written(sample.markdown("# A"))
    assert caught.value.exit_code == 2
