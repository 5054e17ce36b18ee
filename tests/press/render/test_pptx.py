"""The slides: a cover, then one a message, with tables, pictures and formulas that can be edited."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from support import printed_files as reading
from support import report_parts as sample
from support import sample_report as made_up
from support.printed_files import A

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks import Beside, Cell, Column, Figure, Finding, Findings, Note, Row, Table, Title
from kpi_analysis.design.theme import LIGHT
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.pptx import to_pptx

WHEN = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)


def written(*cells) -> bytes:
    return to_pptx(read_document(sample.notebook(*cells)), timestamp=WHEN, attachments={})


def company(data: bytes):
    return Presentation(io.BytesIO(data))


def titles(data: bytes) -> list[str]:
    return [slide.shapes.title.text for slide in company(data).slides]


def tables(data: bytes) -> list[list[list[str]]]:
    return [
        [[cell.text for cell in row.cells if not cell.is_spanned] for row in shape.table.rows]
        for slide in company(data).slides
        for shape in slide.shapes
        if shape.has_table
    ]


@pytest.fixture(scope="module")
def report() -> bytes:
    return to_pptx(read_document(made_up.report()), timestamp=WHEN, attachments={})


def boxes(slide) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of what stands on a slide, but for its foot; in the order it is read."""
    shapes = [s for s in slide.shapes if not s.is_placeholder or s == slide.shapes.title]
    return [(s.left, s.top, s.left + s.width, s.top + s.height) for s in shapes]


def overlapping(one, other, allowed: int = 36000) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > allowed and down > allowed


def said(data: bytes, number: int) -> list[str]:
    """The words of a slide's boxes, in the order they are read."""
    return [
        s.text_frame.text for s in company(data).slides[number - 1].shapes if s.has_text_frame and s.text_frame.text
    ]


def bars(id_: str = "f", title: str = "Bars", width="half", **more) -> Figure:
    return Figure(id_, title, "€m", sample.chart(85, 56), title, width, **more)


def side_by_side(*blocks, before=()) -> bytes:
    shown = (Title("Report"), Title("Costs fell", "Against Q3 2025."), *before, Beside(blocks))
    return written(*map(sample.cell_of, shown))


def grid(rows: int, title: str = "Parts") -> Table:
    columns = (Column("Part", width="1fr"), Column("Share", align="right", width="15mm"))
    return Table("t", title, "%", columns, tuple(Row((Cell(f"Part {i}"), Cell("1.0"))) for i in range(rows)))


def test_each_heading_is_a_title_or_stands_on_a_slide(report):
    wanted = [heading.title for heading in read_document(made_up.report()).toc]
    found = [text for slide in reading.slides(report) for text in lines(slide)]
    assert [heading for heading in wanted if heading not in found] == []
    assert all(titles(report)) and len(set(titles(report))) == len(titles(report))


def lines(slide) -> list[str]:
    return ["".join(text.text or "" for text in paragraph.iter(f"{A}t")) for paragraph in slide.iter(f"{A}p")]


def test_the_cover_holds_title_deck_and_findings(report):
    kicker, title, deck, heading, figure, claim = said(report, 1)[:6]
    assert kicker == "Northwind Bikes  ·  Quarterly KPI report  ·  2026-Q3"
    assert title.startswith("Revenue rose 9%") and deck.startswith("Third quarter") and heading == "What matters"
    assert figure == "+9.0%\nrevenue on Q3 2025" and claim.startswith("Growth came from more orders")
    assert titles(report)[1] == "Scorecard"


def test_findings_that_do_not_fit_the_cover_have_a_slide_of_their_own():
    many = Findings("What matters", tuple(Finding(Cell(str(i)), "So it is. " * 60) for i in range(5)))
    data = written(sample.cell_of(Title("A", "deck")), sample.cell_of(many))
    assert titles(data)[:2] == ["A", "What matters"] and said(data, 1)[:2] == ["A", "deck"]


def test_a_cover_without_findings_lists_the_sections():
    data = written(*map(sample.cell_of, (Title("A"), grid(2), Title("B"), Title("C"), bars())))
    assert titles(data) == ["A", "Parts", "B", "Bars"]
    assert said(data, 1)[:2] == ["A", "B\nC"] and said(data, 4)[0] == "C"


def test_the_title_of_a_section_stands_above_those_of_its_slides():
    blocks = (Title("Report"), grid(2), Title("Why " + "so " * 80), bars(), Title("Costs", "Against Q3 2025."), grid(3))
    data = written(*map(sample.cell_of, blocks))
    assert titles(data) == ["Report", "Parts", "Bars", "Parts (2)"]
    above = said(data, 3)[0]
    assert above.startswith("Why so so") and above.endswith("so…") and len(above) <= 141
    assert said(data, 4)[:3] == ["Costs", "Parts (2)", "Against Q3 2025.\n%"]
    kicker = company(data).slides[3].shapes[0]
    colour = kicker.text_frame.paragraphs[0].runs[0].font
    assert str(colour.color.rgb) == LIGHT.accent.removeprefix("#") and colour.size.pt == 11


def test_what_stands_side_by_side_does_so_on_a_slide():
    data = side_by_side(bars("a", "Left"), bars("b", "Right", note="Method: none"))
    assert titles(data) == ["Report", "Costs fell"]
    slide = company(data).slides[1]
    assert said(data, 2)[:3] == ["Costs fell", "Against Q3 2025.", "Left\n€m"]
    left, right = (shape for shape in slide.shapes if shape.shape_type == MSO_SHAPE_TYPE.PICTURE)
    assert left.top == right.top and left.width == right.width > company(data).slide_width * 0.4
    assert left.left + left.width < right.left
    assert left.width / left.height == pytest.approx(85 / 56, rel=0.01)
    assert next(shape.name for shape in slide.shapes if shape.has_text_frame).startswith("Title")
    assert "Method: none" in said(data, 2)


def test_a_table_beside_a_chart_is_native_and_named():
    slide = company(side_by_side(bars(), grid(6))).slides[1]
    (frame,) = (shape for shape in slide.shapes if shape.has_table)
    assert frame.element.nvGraphicFramePr.cNvPr.get("descr") == "Table: Parts"
    shares = [column.width / frame.width for column in frame.table.columns]
    assert shares[1] == pytest.approx(15 / 85, abs=0.01), "its millimetres are those of half a page"


def test_a_long_table_beside_a_chart_makes_a_slide_each():
    data = side_by_side(bars(), grid(40))
    assert titles(data)[:3] == ["Report", "Bars", "Parts"] and titles(data)[3] == "Parts (2)"
    assert said(data, 2)[:3] == ["Costs fell", "Bars", "Against Q3 2025.\n€m"]
    assert [row for table in tables(data) for row in table[1:]] == [[f"Part {i}", "1.0"] for i in range(40)]


def test_a_half_chart_that_stands_alone_is_enlarged_and_stays_sharp():
    data = written(*map(sample.cell_of, (Title("A"), bars())))
    (picture,) = (s for s in company(data).slides[1].shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE)
    assert picture.width > company(data).slide_width * 0.5
    assert picture.image.size[0] / picture.width.inches >= 149


def test_empty_cells_do_not_make_rows_higher():
    table = Table("t", "T", "", (Column("A"), Column("B")), (Row((Cell("a"), Cell(""))),))
    slide = reading.slides(written(*map(sample.cell_of, (Title("A"), table))))[1]
    assert [end.get("sz") for cell in slide.iter(f"{A}tc") for end in cell.iter(f"{A}endParaRPr")] == ["1200"]


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
    long = Figure("f", "Words " * 12, "€m", sample.chart(54, 90), "Bars", "third", note="Method " * 20)
    crowded = side_by_side(long, grid(9, "Words " * 14), long, before=(grid(30), Note("Noted " * 50)))
    endless = Findings("What matters", (Finding(Cell("1"), "So it is. " * 150, "Indeed. " * 150),) * 3)
    told = written(*map(sample.cell_of, (Title("Title " * 30, "Deck " * 60), endless, Title("Last"))))
    for presentation in map(company, (report, crowded, told)):
        for slide in presentation.slides:
            found = boxes(slide)
            edge = [box for box in found if box[0] == 0]  # the cover's bar
            assert all(box[0] >= 0 and box[2] <= presentation.slide_width for box in found)
            assert not [pair for pair in combinations(found, 2) if overlapping(*pair)], slide.shapes.title.text
            assert all(box[3] <= presentation.slide_height - 15 * 36000 for box in found if box not in edge)


def test_what_is_read_first_stands_above_or_on_the_left(report):
    for slide in company(report).slides:
        found = boxes(slide)
        for first, then in pairwise(found):
            assert then[1] >= first[3] - 36000 or then[0] >= first[2] - 36000


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
    properties = company(report).core_properties
    assert properties.title == "Northwind Bikes: Quarterly KPI report, 2026-Q3"
    assert properties.created == WHEN.replace(tzinfo=None) or properties.created == WHEN
