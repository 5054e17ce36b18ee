"""A brand in HTML and PDF, American paper, and documents at the edges: nothing spills, clips or vanishes."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import pikepdf
import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.core.config.brand import BrandSpec, FontSpec
from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks import Block, Cell, Column, Finding, Findings, Table, Title
from kpi_analysis.design.brand import payload, read_theme
from kpi_analysis.design.theme import PAGES
from kpi_analysis.press.render import render_html, render_pdf

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10" fill="#7A1FA2"/></svg>'
ACCENT = "#7A1FA2"
COMPOUND = "Donaudampfschifffahrtsgesellschaftskapitänsversorgungsrückstellungen"
GERMAN = {
    "locale": "de_DE",
    "company": "Internationale Fahrradmanufaktur und Vertriebsgesellschaft Nordwind & Söhne GmbH & Co. KGaA",
    "report": "Quartalsbericht Kennzahlen und Ausblick auf das laufende Geschäftsjahr mit Anhang",
    "data_to": "30. Sept. 2026",
    "provenance": "Erstellt aus den eigenen Tabellen; jede Zahl lässt sich aus results.json nachrechnen " * 2,
}
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not on this machine")


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("brand")
    (folder / "logo.svg").write_text(LOGO)
    faces = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    files = tuple(str(faces / f"{name}.ttf") for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"))
    font = FontSpec(family="DejaVu Sans", files=files)
    return payload(read_theme(BrandSpec(accent=ACCENT, logo="logo.svg", font=font), folder))


def report(brand: dict[str, Any] | None = None, blocks: list[Block] | None = None, **facts: str) -> Any:
    title, *others = blocks or made_up.blocks()
    assert isinstance(title, Title)
    told = replace(title, facts={**sample.FACTS, **facts, "brand": brand or {}})
    return sample.notebook(*(sample.cell_of(block) for block in (told, *others)))


def words_by_page(data: bytes, tmp_path: Path) -> Iterator[list[tuple[str, float, float, float, float]]]:
    """Every word with its box in points, page by page, by a reader of its own."""
    file = tmp_path / "read.pdf"
    file.write_bytes(data)
    done = subprocess.run(["pdftotext", "-bbox", str(file), "-"], capture_output=True, text=True, check=True)
    for page in done.stdout.split("<page ")[1:]:
        found = re.findall(
            r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>', page
        )
        yield [(text, *map(float, box)) for *box, text in found]


def spilled(data: bytes, paper: str, tmp_path: Path) -> list[str]:
    """Words that leave the columns of their page, by more than half a millimetre."""
    page, point = PAGES[paper], 72 / 25.4
    left, right = (page.left - 0.5) * point, (page.width - page.right + 0.5) * point
    return [
        word
        for found in words_by_page(data, tmp_path)
        for word, x0, top, x1, bottom in found
        if x0 < left or x1 > right or top < 0 or bottom > page.height * point
    ]


def touching(data: bytes, tmp_path: Path) -> list[tuple[str, str]]:
    """Pairs of words on one line that lie over each other by more than a point."""
    pairs = []
    for found in words_by_page(data, tmp_path):
        for i, (one, x0, top, x1, bottom) in enumerate(found):
            for other, a0, a_top, a1, a_bottom in found[i + 1 :]:
                beside = min(x1, a1) - max(x0, a0)
                over = min(bottom, a_bottom) - max(top, a_top)
                if beside > 1 and over > 0.35 * min(bottom - top, a_bottom - a_top):
                    pairs.append((one, other))
    return pairs


def test_accent_typeface_and_logo_stand_in_the_page(brand: dict[str, Any]) -> None:
    page = render_html(report(brand))
    assert f"--accent: {ACCENT};" in page and "--font: 'DejaVu Sans', 'Source Sans Pro'" in page
    assert page.count("font-family:'DejaVu Sans'") == 3
    picture = f"data:image/svg+xml;base64,{b64encode(LOGO.encode()).decode()}"
    assert f'<img class="logo" alt="Northwind Bikes" src="{picture}">' in page


def test_accent_typeface_and_logo_stand_in_the_pdf(brand: dict[str, Any]) -> None:
    data = render_pdf(report(brand))
    assert data == render_pdf(report(brand))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        drawn = b"".join(page.Contents.read_bytes() for page in pdf.pages)
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.Font.values()}
        alts = [str(e.Alt) for e in pdf.objects if isinstance(e, pikepdf.Dictionary) and "/Alt" in e]
        about = pdf.open_metadata()
        assert (about["pdfaid:part"], about["pdfuaid:part"]) == ("3", "1")
    assert {name.split("+")[1] for name in fonts} >= {"DejaVuSans", "DejaVuSans-Bold"}
    assert alts.count("Northwind Bikes") == 1, "words once; on later pages the logo is a repetition"
    house, own = (" ".join(f"{int(c[i : i + 2], 16) / 255:.4f}"[:6] for i in (1, 3, 5)) for c in ("#0B5A94", ACCENT))
    assert re.search(re.escape(own[:5]).encode(), drawn) and not re.search(re.escape(house).encode(), drawn)


def test_a_report_without_a_brand_is_that_of_the_house() -> None:
    assert render_pdf(report()) == render_pdf(made_up.report())
    assert 'class="logo"' not in render_html(report())


@pytest.mark.parametrize(
    "said",
    [
        {"accent": "red;}</style>"},
        {"paper": "A5"},
        {"font": {"family": "x'}</style>", "faces": {}}},
        {"font": {"family": "DejaVu Sans", "faces": {"400": ""}}},
        {"logo": {"kind": "html", "data": ""}},
    ],
)
def test_a_notebook_cannot_smuggle_style_through_its_brand(said: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="The brand that the notebook tells cannot be used"):
        render_html(report(said))


@needs_poppler
def test_the_same_report_fits_both_papers(brand: dict[str, Any], tmp_path: Path) -> None:
    pages = {}
    for paper, size in (("A4", (595.28, 841.89)), ("Letter", (612, 792))):
        data = render_pdf(report({"paper": paper}))
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages[paper] = len(pdf.pages)
            assert [float(x) for x in pdf.pages[0].MediaBox][2:] == pytest.approx(size, abs=0.05)
        assert spilled(data, paper, tmp_path) == [] and touching(data, tmp_path) == []
    assert abs(pages["Letter"] - pages["A4"]) <= 1
    assert "@page { size: Letter; margin: 20mm 20.95mm 14mm; }" in render_html(report({"paper": "Letter"}))
    wide = render_pdf(report(brand))
    assert spilled(wide, "A4", tmp_path) == [] and touching(wide, tmp_path) == []


def scorecard(names: list[str], unit: str = "Mio. €") -> Table:
    columns = made_up.scorecard().columns
    statuses = ("risk", "off", "on", "none")
    rows = [
        sample.score(
            name,
            unit,
            sample.b("−1.234,56" if i % 3 == 0 else "4,82"),
            sample.n("−1.204,6", "%", "bad"),
            sample.n("+9,0", "%", "good"),
            sample.n("≥ 19.000,00", "GJ"),
            "55 %",
            statuses[i % 4],
        )
        for i, name in enumerate(names)
    ]
    return Table("scorecard", "Kennzahlen", "", columns, (sample.group("Vertrieb in Deutschland"), *rows), "Chance.")


EDGES: dict[str, list[Block]] = {
    "german and long": [
        Title(f"Umsatz fiel um 9 % auf −1.234,56 Mio. €, und {COMPOUND} stiegen"),
        Findings(
            "Was zählt",
            (
                Finding(
                    Cell("−1.204,6 Mio. €", unit="Umsatz gegenüber dem Vorjahresquartal, Sparte International"),
                    "Der Umsatz der internationalen Sparte brach ein.",
                    f"{COMPOUND} stiegen auf 4,82 Mio. €.",
                    COMPOUND,
                ),
                Finding(Cell("−€1,204,000k", unit="x"), "Claim.", "Evidence."),
            ),
        ),
        scorecard([f"{COMPOUND} je Quartal", "Wiederkehrender Umsatz aus Unternehmensverträgen", "Auftragseingang"]),
    ],
    "fifteen KPIs": [Title("Fünfzehn"), scorecard([f"Kennzahl Nummer {i} mit Namen" for i in range(15)])],
    "one KPI": [Title("Umsatz fiel auf −1,2 Mio. €"), scorecard(["Umsatz"])],
    "what is no word": [
        Title("A"),
        scorecard(["https://shop.example.org/kampagne/2026/herbst?utm_source=x&id=4711", "SKU4711X" * 7]),
    ],
    "no row": [Title("A"), Table("t", "T", "", (Column("A"), Column("B")), ())],
}


@needs_poppler
@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_edges_neither_spill_nor_touch(name: str, paper: str, tmp_path: Path) -> None:
    facts = GERMAN if name == "german and long" else {}
    data = render_pdf(report({"paper": paper}, EDGES[name], **facts))
    assert spilled(data, paper, tmp_path) == []
    assert touching(data, tmp_path) == []
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 1
    assert "<table" in render_html(report({"paper": paper}, EDGES[name], **facts))
