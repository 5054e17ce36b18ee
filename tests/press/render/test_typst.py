"""The PDF: tagged, archived, the same bytes for the same input, and set from data whatever they hold."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks import Cell, Column, Figure, Note, Row, Table, Title
from kpi_analysis.press.render import render_pdf
from kpi_analysis.press.render import typst as press

WHEN = datetime(2026, 10, 2, 8, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> "><img onerror=x> #panic() $x$ *bold* [link] @ref `raw` \\ // /* #eval("1")'


def company(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """The structure elements of a tagged PDF in reading order."""

    def walk(node: Any) -> Iterator[Any]:
        if isinstance(node, pikepdf.Array):
            for child in node:
                yield from walk(child)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield node
            if "/K" in node:
                yield from walk(node.K)

    yield from walk(pdf.Root.StructTreeRoot.K)


def tags(pdf: pikepdf.Pdf) -> list[str]:
    return [str(element.S) for element in elements(pdf)]


def words(data: bytes, tmp_path: Any) -> str:
    """The text of a PDF by an independent reader where the machine has one."""
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not on this machine")
    file = tmp_path / "report.pdf"
    file.write_bytes(data)
    done = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def report() -> bytes:
    return render_pdf(made_up.report(), timestamp=WHEN, attachments={"results.json": b"[1]", "manifest.json": b"{}"})


def test_the_file_says_what_it_is(report):
    with company(report) as pdf:
        assert pdf.Root.MarkInfo.Marked and str(pdf.Root.Lang) == "en-GB"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        about = pdf.open_metadata()
        assert about["dc:title"] == "Northwind Bikes: Quarterly KPI report, 2026-Q3"
        assert (about["pdfaid:part"], about["pdfaid:conformance"], about["pdfuaid:part"]) == ("3", "A", "1")
        assert about["xmp:CreateDate"].startswith("2026-10-02T08:00:00")


def test_pages_and_bookmarks(report):
    with company(report) as pdf:
        assert len(pdf.pages) == 5
        with pdf.open_outline() as outline:
            assert [entry.title for entry in outline.root][3] == "How the figures are made"
            assert [entry.title for entry in outline.root[0].children] == [
                "What matters",
                "Scorecard",
                "What is agreed for the two targets off track",
            ]


def test_every_figure_has_words(report):
    with company(report) as pdf:
        figures = [element for element in elements(pdf) if str(element.S) == "/Figure"]
        drawn = [element for element in figures if "/Alt" in element and str(element.Alt)]
        assert len(figures) == len(drawn) == 11 + 4 + 8


def test_headings_and_table_heads_are_tagged(report):
    with company(report) as pdf:
        found = tags(pdf)
    assert found.count("/H1") == 4 and found.count("/Table") == 6 + 1
    assert found.count("/TH") > 8 and "/THead" in found
    assert "/Link" in found


def test_attachments_say_what_they_are(report):
    with company(report) as pdf:
        assert [name for name in sorted(pdf.attachments) if not name.endswith(".csv")] == [
            "manifest.json",
            "results.json",
        ]
        spec = pdf.attachments["results.json"]
        assert spec.get_file().read_bytes() == b"[1]" and spec.get_file().mime_type == "application/json"
        assert spec.description and str(spec.obj.AFRelationship) == "/Data"


def test_the_same_input_gives_the_same_bytes(report):
    again = render_pdf(made_up.report(), timestamp=WHEN, attachments={"results.json": b"[1]", "manifest.json": b"{}"})
    assert again == report


def test_a_naive_moment_is_read_as_utc():
    nb = sample.notebook(sample.markdown("# A"))
    assert render_pdf(nb, timestamp=WHEN.replace(tzinfo=None)) == render_pdf(nb, timestamp=WHEN)


def test_a_long_table_repeats_its_head_on_the_next_page(report, tmp_path):
    pages = words(report, tmp_path).split("\f")
    assert "Customer 080" in pages[4] and "Revenue" in pages[4]
    assert "page 3" in pages[0]
    assert [page.split()[-1] for page in pages[:5]] == [f"{number}/5" for number in range(1, 6)]


def test_group_labels_repeat_where_their_rows_go_on(tmp_path):
    rows = (
        Row((Cell("Sales", span=2),), "group"),
        *(Row((Cell(f"KPI {i}"), Cell("1", "%"))) for i in range(70)),
        Row((Cell("All"), Cell("70", "%")), "total"),
    )
    table = Table("t", "Long", "", (Column("KPI"), Column("Value", align="right")), rows)
    text = words(render_pdf(sample.notebook(sample.cell_of(Title("A")), sample.cell_of(table))), tmp_path)
    assert [page.count("Sales") for page in text.split("\f")[:2]] == [1, 1]


def test_hostile_text_is_set_as_text(tmp_path):
    table = Table("t", HOSTILE, HOSTILE, (Column("A", "b"),), (Row((Cell(HOSTILE),)),), HOSTILE)
    figure = Figure("f", HOSTILE, HOSTILE, sample.chart(85, 56), HOSTILE, "half")
    blocks = [Title(HOSTILE, HOSTILE, {"company": HOSTILE, "report": HOSTILE}), Note(HOSTILE), table, figure]
    cells = [sample.cell_of(block) for block in blocks]
    shown = " ".join(words(render_pdf(sample.notebook(*cells), attachments={}), tmp_path).split())
    assert shown.count("#panic() $x$ *bold* [link] @ref `raw`") >= 5


def test_hostile_markdown_and_outputs_are_set_as_text(tmp_path):
    cells = [
        sample.markdown(f"# {HOSTILE}\n\n{HOSTILE}\n\n> {HOSTILE}\n\n```\n{HOSTILE}\n```"),
        sample.code(
            sample.shown(text_plain=HOSTILE),
            sample.shown(text_html=f"<table><tr><td>#panic() {HOSTILE}</td></tr></table>"),
        ),
    ]
    assert words(render_pdf(sample.notebook(*cells)), tmp_path).count("#panic()") >= 5


def test_characters_that_the_typeface_lacks_are_replaced_and_owned_up_to(tmp_path):
    blocks = [
        Title("Orders of 漢字\u200b rose\u2009fast"),
        Note("Hangul 한"),
        Figure("f", "C", "", sample.svg(9, 9, "<text>漢</text>"), "漢"),
    ]
    text = words(render_pdf(sample.notebook(*(sample.cell_of(block) for block in blocks))), tmp_path)
    assert "Orders of ?? rose fast" in " ".join(text.split())
    assert "lacks 3 characters" in text and "U+6F22 CJK UNIFIED IDEOGRAPH-6F22" in text


def test_emphasis_that_has_no_italic_stands_semibold(tmp_path):
    assert "Привет" in words(render_pdf(sample.notebook(sample.markdown("# A\n\n*Привет* мир"))), tmp_path)


def test_markdown_of_every_kind_is_set(tmp_path):
    text = (
        "# A\n\nText[^1] and again[^1], **strong**, ~~gone~~, `code`, [web](https://x.org), "
        "[here](#a).\\\nNew line\n\n"
        "- [x] done\n- open\n  1. one\n  - a\n    - b\n      - c\n\n| a | b |\n|:--|--:|\n| 1 | `2` "
        "|\n\n> quote\n\n---\n\n"
        "```python\nx = 1\n```\n\n$$\n\\frac{a}{b}\n$$\n\nInline $a^2 + \\text{#panic()}$, bad "
        "$\\nonsense{$ .\n\n[^1]: The *note*.\n"
    )
    data = render_pdf(sample.notebook(sample.markdown(text)))
    shown = words(data, tmp_path)
    assert shown.count("The note.") == 1 and "x = 1" in shown and "\\nonsense{" in shown
    with company(data) as pdf:
        found = tags(pdf)
    assert found.count("/Formula") == 2 and "/Note" in found and "/BlockQuote" in found


def test_a_frame_too_wide_for_the_page_stands_in_parts(tmp_path):
    heads = "".join(f"<th>column_{i:02}</th>" for i in range(24))
    row = "<tr><th>key</th>" + "".join(f"<td>{1000.5 + i}</td>" for i in range(24)) + "</tr>"
    html = f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{row}</tbody></table>"
    data = render_pdf(sample.notebook(sample.markdown("# A"), sample.code(sample.shown(text_html=html))))
    shown = words(data, tmp_path)
    assert shown.count("key") > 1
    assert all(f"column_{i:02}" in shown and f"{1000.5 + i}" in shown for i in range(24))


def test_foreign_pictures_are_set_with_their_words():
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    outputs = [sample.shown(image_png=png), sample.shown(**{"image_svg+xml": sample.chart(85, 56)})]
    cell = sample.code(*outputs, alt="Spend by channel")
    with company(render_pdf(sample.notebook(sample.markdown("# A"), cell))) as pdf:
        alts = [str(element.Alt) for element in elements(pdf) if str(element.S) == "/Figure"]
    assert alts == ["Spend by channel"] * 2


def test_a_picture_that_breaks_off_stops_the_pdf_with_a_sentence():
    cell = sample.code(sample.shown(image_png="iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf"))
    with pytest.raises(RunError, match="The PDF cannot be set"):
        render_pdf(sample.notebook(sample.markdown("# A"), cell))


def test_a_missing_typeface_is_an_error(monkeypatch):
    import typst

    monkeypatch.setattr(press, "_fonts", lambda fonts: typst.Fonts(include_system_fonts=False))
    with pytest.raises(RunError):
        render_pdf(sample.notebook(sample.markdown("# A")))


def test_a_status_past_its_deadline_is_drawn_and_worded(tmp_path):
    rows = tuple(Row((Cell("KPI"), Cell(word, status=kind))) for kind, word in (("hit", "Hit"), ("missed", "Missed")))
    table = Table("t", "T", "", (Column("KPI"), Column("Status", width="21mm")), rows)
    shown = words(render_pdf(sample.notebook(sample.cell_of(Title("A")), sample.cell_of(table))), tmp_path)
    assert "Hit" in shown and "Missed" in shown
