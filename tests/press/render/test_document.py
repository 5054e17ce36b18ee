"""An executed notebook becomes a document: what is taken, what is hidden, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import nbformat
import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks import Beside, Note, Title
from kpi_analysis.press.render.document import collect_values, read_document

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FRAME = """<div><style scoped>.dataframe {}</style><table border="1" class="dataframe">
<thead><tr><th></th><th>channel</th><th>spend</th></tr></thead>
<tbody><tr><th>0</th><td>Email</td><td>14.2</td></tr><tr><th>1</th><td>Display</td><td>NaN</td></tr></tbody>
</table><p>2 rows × 2 columns</p></div>"""


def kinds(*cells: nbformat.NotebookNode, show_code: bool = False) -> list[str]:
    blocks = read_document(sample.notebook(sample.markdown("# Report"), *cells), show_code=show_code).blocks
    return [block["kind"] for block in blocks[1:]]


def error(name: str = "ValueError") -> nbformat.NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue="no", traceback=["\x1b[31mline 1\x1b[0m"])


def test_our_own_blocks_are_taken_as_they_are():
    note = Note("Method: ETS")
    block = read_document(sample.notebook(sample.cell_of(Title("Up")), sample.cell_of(note))).blocks[1]
    assert block == json.loads(json.dumps(note.payload()))


def test_a_block_of_an_unknown_kind_is_refused():
    output = nbformat.v4.new_output("display_data", data={"application/vnd.kpi-analysis.block+json": {"kind": "map"}})
    with pytest.raises(RunError, match="'map'"):
        read_document(sample.notebook(sample.code(output)))


def test_a_data_frame_becomes_a_table():
    table, words = read_document(
        sample.notebook(sample.markdown("# R"), sample.code(sample.shown(text_html=FRAME)))
    ).blocks[1:]
    assert [column["label"] for column in table["columns"]] == ["", "channel", "spend"]
    assert [column["align"] for column in table["columns"]] == ["left", "left", "right"]
    assert [[cell["text"] for cell in row["cells"]] for row in table["rows"]] == [
        ["0", "Email", "14.2"],
        ["1", "Display", "–"],
    ]
    assert words["kind"] == "markdown"


def test_spanning_heads_and_rows_of_a_frame_are_laid_out():
    html = (
        "<table><thead><tr><th></th><th "
        "colspan='2'>2026</th></tr><tr><th>region</th><th>Q1</th><th>Q2</th></tr></thead>"
        "<tbody><tr><th "
        "rowspan='2'>EMEA</th><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></tbody></table>"
    )
    table = read_document(sample.notebook(sample.code(sample.shown(text_html=html)))).blocks[1]
    assert [column["label"] for column in table["columns"]] == ["region", "2026, Q1", "2026, Q2"]
    assert [[cell["text"] for cell in row["cells"]] for row in table["rows"]] == [
        ["EMEA", "1", "2"],
        ["", "3", "4"],
    ]


def test_foreign_html_passes_its_words_and_nothing_that_acts():
    html = '<p onclick="steal()">Fine <b>words</b></p><script>steal()</script><iframe src="http://x"></iframe>'
    (block,) = read_document(sample.notebook(sample.markdown("# R"), sample.code(sample.shown(text_html=html)))).blocks[
        1:
    ]
    assert "steal" not in str(block) and "http" not in str(block)
    assert "words" in str(block)


def test_html_that_is_only_a_script_falls_back_to_its_text():
    output = sample.shown(text_html="<script>plot()</script>", text_plain="Plot of 3 points")
    assert (
        read_document(sample.notebook(sample.markdown("# R"), sample.code(output))).blocks[1]["text"]
        == "Plot of 3 points"
    )


def test_ten_thousand_nested_elements_are_read():
    assert kinds(sample.code(sample.shown(text_html="<div>" * 10_000 + "deep"))) == ["markdown"]


@pytest.mark.parametrize(
    ("metadata", "source", "said", "expected"),
    [
        ({"alt": "from the cell"}, "#| fig-alt: from the option\nplot()", {}, "from the cell"),
        (
            {},
            "#| fig-alt: 'from the option: yes'\n#| fig-cap: Caption\nplot()",
            {"alt": "x"},
            "from the option: yes",
        ),
        ({}, "#| fig-cap: Caption\nplot()", {"image/png": {"alt": "from the output"}}, "from the output"),
        ({}, "#| fig-cap: Caption\nplot()", {}, "Caption"),
        ({}, "plot()", {}, "Figure of cell 2, without a description"),
    ],
)
def test_alt_text_is_found_where_an_analyst_put_it(metadata, source, said, expected):
    output = nbformat.v4.new_output("display_data", data={"image/png": PNG}, metadata=said)
    cell = sample.code(output, source=source, **metadata)
    block = read_document(sample.notebook(sample.markdown("# R"), cell)).blocks[1]
    assert (block["kind"], block["alt"]) == ("image", expected)


def test_a_broken_picture_is_owned_up_to():
    assert kinds(sample.code(sample.shown(image_png="bm90IGEgcGljdHVyZQ=="))) == ["note"]


def test_streams_are_text_and_a_progress_bar_shows_its_end():
    output = nbformat.v4.new_output("stream", name="stdout", text="10%\r100%\n\x1b[1mdone\x1b[0m\n")
    document = read_document(sample.notebook(sample.markdown("# R"), sample.code(output)))
    assert document.blocks[1] == {"kind": "text", "text": "100%\ndone", "stream": "stdout"}


@pytest.mark.parametrize("tag", ["remove-cell", "remove-output", "parameters", "injected-parameters"])
def test_tags_hide_outputs(tag):
    assert kinds(sample.code(sample.shown(text_plain="x"), tags=(tag,))) == []


@pytest.mark.parametrize("tag", ["remove-input", "hide-input", "parameters", "injected-parameters"])
def test_tags_hide_code_even_where_code_is_shown(tag):
    assert "code" not in kinds(sample.code(tags=(tag,)), show_code=True)


def test_code_is_hidden_unless_asked_for():
    cell = sample.code(source="#| fig-cap: x\nplot()")
    assert kinds(cell) == []
    assert kinds(cell, show_code=True) == ["code"]


@pytest.mark.parametrize("tags", [(), ("remove-output",), ("remove-cell",)])
def test_an_error_is_never_a_clean_report(tags):
    with pytest.raises(RunError, match="Cell 1 of the notebook failed: ValueError: no"):
        read_document(sample.notebook(sample.code(error(), tags=tags)))


def test_a_silent_exit_is_an_error_too():
    with pytest.raises(RunError, match="SystemExit"):
        read_document(sample.notebook(sample.code(error("SystemExit"))))


def test_an_error_that_is_meant_is_shown():
    assert kinds(sample.code(error(), tags=("raises-exception",))) == ["error"]


def test_a_notebook_that_papermill_marked_as_failed_is_refused():
    banner = sample.markdown(
        "<span>An Exception was encountered</span>", metadata={"tags": ["papermill-error-cell-tag"]}
    )
    with pytest.raises(RunError, match="papermill"):
        read_document(sample.notebook(banner))


def test_headings_nest_from_the_first_level():
    document = read_document(sample.notebook(sample.markdown("### Deep\n\n##### Deeper\n\n## Wide")))
    assert [(heading.level, heading.title) for heading in document.toc] == [
        (1, "Report"),
        (2, "Deep"),
        (3, "Deeper"),
        (2, "Wide"),
    ]


def test_anchors_come_from_titles_and_never_clash():
    document = read_document(sample.notebook(sample.markdown("# Erlöse & Kosten\n\n## Kosten\n\n## Kosten\n\n## 漢")))
    assert [heading.anchor for heading in document.toc] == ["erlose-kosten", "kosten", "kosten-2", "section"]


def test_reading_a_notebook_leaves_it_as_it_was():
    nb = made_up.report()
    before = nbformat.writes(nb)
    read_document(nb)
    assert nbformat.writes(nb) == before


def test_language_title_and_date_come_from_the_notebook():
    document = read_document(made_up.report())
    assert document.language == "en-GB"
    assert document.title == "Northwind Bikes: Quarterly KPI report, 2026-Q3"
    front = nbformat.v4.new_raw_cell("---\ntitle: Umsatz\nlang: de\n---")
    run = {"papermill": {"end_time": "2026-10-02T08:00:00+00:00"}}
    document = read_document(sample.notebook(front, sample.markdown("# A"), **run))
    assert (document.title, document.language) == ("Umsatz", "de")
    assert document.finished == datetime(2026, 10, 2, 8, tzinfo=UTC)


def test_links_lead_to_the_web_or_into_the_document_and_nowhere_else():
    text = "# A\n\n[web](https://x.org) [in](#a) [gone](#nothing) [evil](javascript:alert(1)) "
    "[file](file:///etc)"
    tokens = read_document(sample.notebook(sample.markdown(text))).blocks[0]["tokens"]
    links = [token for token in tokens[1]["children"] if token["type"] == "link"]
    assert [link["attrs"] for link in links] == [{"url": "https://x.org"}, {"anchor": "a"}, {}]
    assert "javascript" not in str(tokens) and "file:" not in str(tokens)


def test_pictures_of_another_host_are_not_fetched():
    text = "# A\n\n![far](https://x.org/a.png) and ![near](attachment:a.png)"
    cell = sample.markdown(text, attachments={"a.png": {"image/png": PNG}})
    tokens = read_document(sample.notebook(cell)).blocks[0]["tokens"]
    assert "picture not in the notebook: far" in str(tokens) and PNG in str(tokens)


def test_money_is_no_formula():
    tokens = read_document(sample.notebook(sample.markdown("# A\n\nfrom $5 here to US $x, and $a^2$"))).blocks[0][
        "tokens"
    ]
    assert [token["type"] for token in tokens[1]["children"]].count("inline_math") == 1


def test_values_of_all_blocks_are_collected_once():
    values = collect_values(read_document(made_up.report()))
    assert [value["id"] for value in values] == ["sales_revenue@2026-Q3", "cost_per_lead@2026-Q3"]


def test_one_figure_with_two_values_is_refused():
    one, other = made_up.findings(), made_up.scorecard()
    changed = type(other)(**{**vars(other), "values": (sample.value("sales_revenue", 4.9),)})
    with pytest.raises(RunError, match=r"sales_revenue@2026-Q3 with two values: 4820000\.0 and 4\.9"):
        collect_values(read_document(sample.notebook(sample.cell_of(Beside((one, changed))))))


def test_the_press_loads_neither_the_analysis_nor_nbconvert():
    names = "ibis pandas duckdb matplotlib numpy nbconvert nbformat bleach bs4 kpi_analysis.metrics.sources "
    "kpi_analysis.report.charts"
    program = (
        "import sys; from kpi_analysis.press.render import render_html, render_pdf;"
        "nb = {'cells': [{'cell_type': 'markdown', 'source': '# A', 'metadata': {}}], 'metadata': {}};"
        f"render_html(nb); render_pdf(nb); print([name for name in {names.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
