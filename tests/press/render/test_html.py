"""The HTML page: self-contained, accessible, and safe whatever text the data hold."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.design.blocks import Cell, Column, Figure, Note, Row, Table, Title
from kpi_analysis.design.blocks.html import block_to_html
from kpi_analysis.press.render import render_html
from kpi_analysis.press.render.document import read_document

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "#panic()",
    "$x$",
    "*bold*",
    "[link](javascript:alert(1))",
    "{{ 7*7 }}",
    "</style></svg><iframe src='https://x.org'>",
]


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.scripts = re.findall("<script>(.*?)</script>", page, re.DOTALL)
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(made_up.report(), attachments={"results.json": b"[1]"})


def is_harmless(page: Page) -> bool:
    """Nothing acts but the one script, which the policy knows by its hash."""
    acting = {"iframe", "object", "embed", "base", "form", "link"}
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    hashed = b64encode(sha256("".join(page.scripts).encode()).digest()).decode()
    handlers = [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    sources = [
        value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href", "xlink:href")
    ]
    return (
        not handlers
        and page.all("script") == [{}]
        and f"script-src 'sha256-{hashed}'; " in policy
        and not acting & {tag for tag, _ in page.tags}
        and all(source.startswith(("#", "data:")) for source in sources)
    )


def test_the_page_asks_no_host_and_runs_no_script_but_its_own(page):
    assert is_harmless(Page(page))
    assert not re.search(r"@import|url\((?!#|[\"']?data:)", re.sub(r"url\(#[^)]*\)", "", page))
    policy = next(meta["content"] for meta in Page(page).all("meta") if "http-equiv" in meta)
    assert re.fullmatch(
        "default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'",
        policy,
    )


def test_language_title_and_landmarks_are_there(page):
    found = Page(page)
    assert found.all("html") == [{"lang": "en-GB"}]
    assert "<title>Northwind Bikes: Quarterly KPI report, 2026-Q3</title>" in page
    assert found.all("nav") == [{"aria-label": "Contents"}] and found.all("main") == [{"id": "content"}]
    assert {"class": "skip", "href": "#content"} in found.all("a")


def test_every_inner_link_leads_somewhere_and_no_id_stands_twice(page):
    found = Page(page)
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    links = {attrs["href"][1:] for attrs in found.all("a") if attrs["href"].startswith("#")}
    assert links <= set(ids)
    svg_free = Page(re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    plain = [attrs["id"] for _, attrs in svg_free.tags if "id" in attrs]
    assert len(plain) == len(set(plain))


def test_every_chart_has_words_a_title_and_its_figures(page):
    found = Page(page)
    drawings = [svg for svg in found.all("svg") if svg.get("role") == "img"]
    assert drawings and all(svg["aria-label"] for svg in drawings)
    assert page.count("<figure") == 8 and page.count("<details><summary>The figures of this chart") == 8
    assert page.count('<div class="drawing narrow">') == 1


def test_tables_have_scopes_and_a_status_is_a_shape_and_a_word(page):
    found = Page(page)
    assert all("scope" in attrs for attrs in found.all("th"))
    assert '<svg class="mark off"' in page and "Off track" in found.text
    assert page.count('class="mark') == 11


def test_colours_follow_the_mode_and_print_has_margins(page):
    assert 'fill="var(--previous, #B4BEC7)"' in page
    assert "prefers-color-scheme: dark" in page and "@page { size: A4; margin: 23mm 18mm 19mm; }" in page
    assert page.count("@font-face") == 3 and page.count("data:font/woff2") == 3


def test_attachments_travel_inside(page):
    assert {"download": "results.json", "href": "data:application/json;base64,WzFd"} in Page(page).all("a")


def test_the_same_notebook_gives_the_same_page(page):
    assert render_html(made_up.report(), attachments={"results.json": b"[1]"}) == page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text):
    table = Table("t", text, text, (Column(text, text),), (Row((Cell(text, text, text, unit=text, alt=text),)),), text)
    blocks = [Title(text, text, {"company": text, "report": text, "data_to": text}), Note(text), table]
    found = Page(render_html(sample.notebook(*(sample.cell_of(block) for block in blocks))))
    assert is_harmless(found)
    assert found.text.count(text) >= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_does_nothing(text):
    found = Page(
        render_html(sample.notebook(sample.markdown(f"# Title\n\n{text}\n\n- {text}\n\n| {text} |\n|--|\n| {text} |")))
    )
    assert is_harmless(found)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onload="alert(1)"/>',
        "<foreignObject><body/></foreignObject>",
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<image href="https://x.org/a.png"/>',
        "<style>@import url(https://x.org/a.css)</style>",
        "<g>",
        "</svg><iframe/>",
    ],
)
def test_an_svg_that_could_act_is_shown_as_a_picture(inside):
    figure = Figure("f", "Chart", "", sample.svg(10, 10, inside), 'A "chart"')
    found = Page(render_html(sample.notebook(sample.cell_of(Title("A")), sample.cell_of(figure))))
    assert is_harmless(found)
    assert found.all("img")[0]["alt"] == 'A "chart"'


def test_formulas_become_mathml_and_bad_ones_stay_as_they_were_typed():
    page = render_html(sample.notebook(sample.markdown("# A\n\n$a^2$ and $\\nonsense{$\n\n$$\n\\frac{a}{b}\n$$\n")))
    assert page.count("<math") == 2 and "<code>\\nonsense{</code>" in page


def test_a_finding_refers_to_its_chart_by_a_link():
    assert {"href": "#every-region-grew-on-last-year"} in Page(render_html(made_up.report())).all("a")


def test_nbconvert_makes_the_same_page_and_pdf_through_its_template_folder(page):
    from kpi_analysis.press.render import render_pdf
    from kpi_analysis.press.render.exporters import KpiHtmlExporter, TypstPdfExporter

    nb = made_up.report()
    made, resources = KpiHtmlExporter().from_notebook_node(nb)
    assert made == render_html(nb) and resources["output_extension"] == ".html"
    pdf, resources = TypstPdfExporter().from_notebook_node(nb)
    assert pdf == render_pdf(nb) and resources["output_extension"] == ".pdf"


def test_a_template_folder_of_ones_own_can_stand_in(tmp_path):
    from kpi_analysis.press.render.exporters import KpiHtmlExporter

    (tmp_path / "kpi_html").mkdir()
    (tmp_path / "kpi_html" / "index.html.j2").write_text("<p>{{ resources.kpi.title }}</p>")
    exporter = KpiHtmlExporter(extra_template_basedirs=[str(tmp_path)])
    assert exporter.from_notebook_node(sample.notebook(sample.markdown("# A < B")))[0] == "<p>A &lt; B</p>"


def test_the_document_of_the_sample_has_all_its_titles():
    assert [heading.level for heading in read_document(made_up.report()).toc].count(1) == 4


def test_a_card_on_a_small_screen_says_the_unit_and_leaves_out_what_is_empty() -> None:
    columns = (Column("Channel"), Column("Spend", "€k", align="right"), Column("95% range", "%"))
    html = block_to_html(Table("t", "Spend", "", columns, (Row((Cell("Email"), Cell("4.2"), Cell())),)).payload())
    assert 'data-label="Spend €k"' in html
    assert re.search(r'<td [^>]*class="left empty"[^>]*data-label="95% range %"', html)
