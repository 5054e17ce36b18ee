"""The slides: one a section, with tables, pictures and formulas that can be edited."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import pairwise

import press_reading as reading
import press_report as made_up
import press_sample as sample
import pytest
from pptx import Presentation
from press_reading import A

from kpi_analysis.blocks import Cell, Column, Figure, Note, Row, Table, Title
from kpi_analysis.errors import RunError
from kpi_analysis.render.document import read_document
from kpi_analysis.render.pptx import to_pptx

WHEN = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)


def written(*cells) -> bytes:
    return to_pptx(read_document(sample.notebook(*cells)), timestamp=WHEN, attachments={})


def opened(data: bytes):
    return Presentation(io.BytesIO(data))


def titles(data: bytes) -> list[str]:
    return [slide.shapes.title.text for slide in opened(data).slides]


def tables(data: bytes) -> list[list[list[str]]]:
    return [
        [[cell.text for cell in row.cells if not cell.is_spanned] for row in shape.table.rows]
        for slide in opened(data).slides
        for shape in slide.shapes
        if shape.has_table
    ]


@pytest.fixture(scope="module")
def report() -> bytes:
    return to_pptx(read_document(made_up.report()), timestamp=WHEN, attachments={})


def test_each_section_has_a_slide(report):
    wanted = [heading.title for heading in read_document(made_up.report()).toc]
    assert [title for title in titles(report) if not title.endswith(")")] == wanted


def test_everything_stands_on_them(report):
    found = reading.in_pptx(report)
    assert "€13.84m is booked" in found.words and "Chance: share of projected paths" in found.words
    assert len(found.pictures) == 8 and all(found.pictures)


def test_a_table_is_native_and_leaves_out_its_small_charts(report):
    scorecard = tables(report)[0]
    assert scorecard[0] == ["KPI, unit", "Q3 2026", "vs Q2", "vs Q3 25", "Target", "Chance", "Status"]
    assert scorecard[1] == ["Sales"]
    frames = [frame for slide in reading.slides(report) for frame in slide.iter(f"{reading.P}graphicFrame")]
    assert frames[0][0][0].get("descr") == "Table: Scorecard"
    assert scorecard[2][:2] == ["Sales revenue €m", "4.82"] and scorecard[2][-1] == "◆ At risk"
    assert scorecard[-1] == ["Inventory turnover turns", "not computed: the ledger has no inventory account"]


def test_a_long_table_goes_on_with_its_head_on_the_next_slide(report):
    parts = [table for table in tables(report) if table[0][0] == "Customer"]
    assert len(parts) > 1 and {tuple(part[0]) for part in parts} == {("Customer", "Region", "Revenue")}
    assert [row[0] for part in parts for row in part[1:]] == [f"Customer {number:03}" for number in range(1, 81)]
    assert "Customers by revenue (2)" in titles(report)


def test_nothing_leaves_the_slide_or_covers_another(report):
    presentation = opened(report)
    for slide in presentation.slides:
        boxes = sorted((s.top, s.top + s.height, s.left + s.width) for s in slide.shapes if not s.is_placeholder)
        assert all(right <= presentation.slide_width for _, _, right in boxes)
        assert all(below[0] >= above[1] - 36000 for above, below in pairwise(boxes))
        assert not boxes or boxes[-1][1] <= presentation.slide_height - 15 * 36000


def test_the_note_of_a_chart_stays_with_it():
    figure = Figure("f", "Bars", "€m", sample.chart(174, 80), "Bars", note="Method: none")
    data = written(sample.cell_of(Title("A")), sample.cell_of(figure))
    assert titles(data) == ["A", "Bars"] and "Method: none" in reading.in_pptx(data).words


def test_each_slide_has_its_number_and_the_report_it_belongs_to(report):
    for number, slide in enumerate(reading.slides(report), 1):
        fields = [field.get("type") for field in slide.iter(f"{A}fld")]
        assert fields == ["slidenum"], number
        assert "Northwind Bikes  ·  Quarterly KPI report  ·  2026-Q3" in "".join(slide.itertext())


def test_formulas_can_be_edited_and_are_read_as_tex_elsewhere():
    data = written(sample.markdown("# A\n\nSo $a^2$ is.\n\n$$\n\\frac{a}{b}\n$$\n\nBut $\\nonsense{$ stays."))
    found = reading.in_pptx(data)
    assert found.formulas == 2 and "nonsense{" in found.words
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as file:
        slide = file.read("ppt/slides/slide1.xml").decode()
    assert "<mc:Fallback>" in slide and "\\frac{a}{b}" in slide


def test_lists_and_links_are_lists_and_links():
    data = written(sample.markdown("# A\n\n1. one\n   - inner\n2. two\n\n- [x] done\n\n[there](https://example.org)"))
    slide = reading.slides(data)[0]
    assert [number.get("startAt") for number in slide.iter(f"{A}buAutoNum")] == ["1", "2"]
    assert [sign.get("char") for sign in slide.iter(f"{A}buChar")] == ["•", "☑"]
    assert len(list(slide.iter(f"{A}hlinkClick"))) == 1


def test_hostile_text_is_text():
    text = "{{< include secret >}} <script>x</script> ${7*7} & <a:p/> \x1b[0m\x0b"
    table = Table("t", text, text, (Column(text),), (Row((Cell(text),)),), text)
    data = written(sample.cell_of(Title(text, text)), sample.cell_of(Note(text)), sample.cell_of(table))
    assert reading.in_pptx(data).words.count("{{< include secret >}} <script>x</script> ${7*7} & <a:p/>") == 8


def test_a_picture_that_cannot_be_read_stops_with_a_sentence():
    cell = sample.code(sample.shown(image_png="iVBORw0KGgoAAAANSUhEUg=="), alt="Spend")
    with pytest.raises(RunError, match="cannot be read: Spend"):
        written(sample.markdown("# A"), cell)


def test_the_same_input_gives_the_same_bytes(report):
    assert to_pptx(read_document(made_up.report()), timestamp=WHEN, attachments={}) == report
    properties = opened(report).core_properties
    assert properties.title == "Northwind Bikes: Quarterly KPI report, 2026-Q3"
    assert properties.created == WHEN.replace(tzinfo=None) or properties.created == WHEN
