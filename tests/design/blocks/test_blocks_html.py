"""A block shows itself in a notebook: as HTML that brings its look, and as plain text."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from kpi_analysis.design.blocks import MIME, Beside, Cell, Column, Figure, Finding, Findings, Note, Row, Table, Title
from kpi_analysis.design.blocks.html import block_to_html, block_to_text, render_block

TABLE = Table(
    "t",
    "Revenue rose",
    "€m, Q3 2026",
    (Column("KPI"), Column("Change", align="right"), Column("Status")),
    (
        Row((Cell("Sales", span=3),), "group"),
        Row((Cell("Revenue", unit="€m"), Cell("+4.6", "%", tone="good"), Cell("Off track", status="off"))),
        Row((Cell("Days"), Cell("−3", pad=".0"), Cell("No target", status="none"))),
        Row((Cell("Turnover"), Cell("not computed: no inventory", span=2))),
        Row((Cell("All"), Cell("+5.0", "pp"), Cell("On track", status="on")), "total"),
    ),
    "Bold changes are signals.",
)


def test_a_block_leaves_its_data_and_shows_itself():
    bundle = TABLE._repr_mimebundle_()
    assert bundle[MIME] == TABLE.payload()
    assert bundle["text/html"] == block_to_html(TABLE.payload())
    assert bundle["text/plain"].splitlines()[0] == "Revenue rose"


def test_the_look_stays_inside_the_block():
    html = block_to_html(Note("x").payload())
    assert html.startswith('<div class="kpi"><style>')
    assert ":root" not in html and "<script" not in html


def test_a_suffix_has_a_slot_in_every_row_of_its_column():
    html = str(render_block(TABLE.payload()))
    assert html.count('<span class="suffix">') == 3
    assert '<span class="pad" aria-hidden="true">.0</span><span class="suffix"></span>' in html


def test_rows_that_span_keep_their_words():
    html = str(render_block(TABLE.payload()))
    assert 'colspan="2" data-label="Change"><span class="plain">not computed: no inventory</span>' in html
    assert '<th role="rowheader" scope="rowgroup" colspan="3">' in html


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("on", "<circle"), ("risk", "Z"), ("off", "M2 2"), ("hit", "M1.5"), ("missed", "M2 2")],
)
def test_a_status_is_a_shape_beside_its_word(kind, shape):
    table = Table("t", "", "", (Column("Status"),), (Row((Cell("Word", status=kind),)),))
    html = str(render_block(table.payload()))
    mark = html[html.index('<svg class="mark') : html.index("</svg>")]
    assert kind in mark and shape in mark and "Word" in html


def test_blocks_beside_each_other_are_arranged_by_their_width():
    figure = Figure("f", "F", "", "<svg/>", "alt", "wide")
    assert 'class="beside wide-left"' in render_block(Beside((figure, TABLE)).payload())
    assert 'class="beside wide-right"' in render_block(Beside((TABLE, figure)).payload())
    assert 'class="beside thirds"' in render_block(Beside((TABLE,) * 3).payload())
    assert 'class="beside halves"' in render_block(Beside((TABLE,) * 2).payload())


def test_text_is_escaped_in_every_place():
    evil = '"><script>x</script>'
    blocks = [
        Title(evil, evil),
        Note(evil),
        Findings(evil, (Finding(Cell(evil, evil, unit=evil), evil, evil, evil),)),
        Table(evil, evil, evil, (Column(evil, evil),), (Row((Cell(evil, evil, evil, unit=evil),)),), evil),
        Figure(evil, evil, evil, "<svg/>", evil, note=evil),
    ]
    assert "<script" not in "".join(block_to_html(block.payload()) for block in blocks)


def test_a_field_that_is_not_there_is_an_error_and_not_a_gap():
    with pytest.raises(UndefinedError):
        render_block({"kind": "note"})


def test_plain_text_has_every_figure_and_word():
    assert block_to_text(TABLE.payload()) == (
        "Revenue rose\n€m, Q3 2026\nKPI | Change | Status\nSales\nRevenue €m | +4.6% | Off "
        "track\nDays | −3 | No target\n"
        "Turnover | not computed: no inventory\nAll | +5.0 pp | On track\nBold changes are signals."
    )
    findings = Findings("What matters", (Finding(Cell("55%", unit="chance"), "It is close.", "€5m is missing."),))
    assert block_to_text(findings.payload()) == "What matters\n55% chance It is close. €5m is missing."
    assert block_to_text(Figure("f", "Up", "€m", "<svg/>", "Rises").payload()) == "Up\n€m\nRises"
