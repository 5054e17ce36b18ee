"""The brand of a company file: what it accepts, what it refuses and where, and that it survives the notebook."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from pathlib import Path

import matplotlib
import pytest

from kpi_analysis.core.colour import contrast
from kpi_analysis.core.config.company import CompanyConfig, load_company
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.design.blocks import MIME, Display, Note
from kpi_analysis.design.brand import company_theme, payload, theme_of
from kpi_analysis.design.palette import DARK, LIGHT, palettes
from kpi_analysis.design.theme import DEFAULT_THEME, branded, css_variables
from kpi_analysis.press.render.docx_reference import reference_document
from kpi_analysis.report.charts.sheet import sheet_svg
from kpi_analysis.report.charts.text import text_width

FACES = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10" fill="#7A1FA2"/></svg>'
FULL = (
    "company: A\nbrand:\n  logo: logo.svg\n  accent: '#7A1FA2'\n  font: {family: DejaVu Sans, folder: fonts}\n"
    "  paper: Letter\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fonts").mkdir()
    for name in ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"):
        shutil.copy(FACES / f"{name}.ttf", tmp_path / "fonts")
    (tmp_path / "logo.svg").write_text(LOGO)
    return tmp_path


def load(folder: Path, text: str) -> CompanyConfig:
    file = folder / "company.yaml"
    file.write_text(text, encoding="utf-8")
    return load_company(file)


def test_a_company_without_a_brand_looks_like_the_house(folder: Path) -> None:
    company = load(folder, "company: A\n")
    assert company_theme(company) == DEFAULT_THEME and payload(company_theme(company)) == {}


def test_a_brand_is_read_whole(folder: Path) -> None:
    theme = company_theme(load(folder, FULL))
    assert theme.light.accent == "#7A1FA2" and theme.light.ink == LIGHT.ink and theme.light.good == LIGHT.good
    assert (theme.page.name, theme.page.width, theme.page.height) == ("Letter", 215.9, 279.4)
    assert theme.page.width - theme.page.left - theme.page.right == pytest.approx(174), "columns stay as they are"
    assert theme.families == ("DejaVu Sans", "Source Sans Pro")
    assert theme.font is not None and 0.8 < theme.font.scale < 0.95, "it runs wider, so it is set smaller"
    assert theme.font.semibold.name == "DejaVuSans-Bold.ttf", "bold stands in where there is no semibold"
    assert theme.logo is not None and theme.logo.media == "image/svg+xml"


def test_the_facts_of_a_report_carry_the_brand_through_json(folder: Path) -> None:
    theme = company_theme(load(folder, FULL))
    again = theme_of(json.loads(json.dumps(payload(theme))))
    assert (again.light, again.dark, again.page, again.logo) == (theme.light, theme.dark, theme.page, theme.logo)
    assert again.font is not None and theme.font is not None and again.font.scale == theme.font.scale
    assert [path.read_bytes() for path in again.font.files.values()] == [
        path.read_bytes() for path in theme.font.files.values()
    ]


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("  accent: '#8FB8DE'", 3, "contrast of 2.08 : 1 on white, and words in it need 4.5 : 1"),
        ("  accent: #0B5A94", 3, "a # begins a comment in YAML"),
        ("  accent: blue", 3, "found 'blue', wanted # and six digits"),
        ("  paper: A5", 3, "'A4' or 'Letter'"),
        ("  colour: '#0B5A94'", 3, "unknown key 'colour'"),
        ("  paper: A4\n  logo: gone.svg", 4, "there is no file"),
        ("  logo: company.yaml", 3, "neither SVG nor PNG"),
        ("  font: {family: DejaVu Sans}", 3, "a folder or a list of files; found neither"),
        ('  font:\n    family: "x\'; }"\n    folder: fonts', 4, "no name of a typeface"),
        ("  font: {family: DejaVu Sans, folder: gone}", 3, "holds no TrueType file"),
        ("  font: {family: Dejavu Snas, folder: fonts}", 3, "Did you mean 'DejaVu Sans'"),
        (
            "  font:\n    family: DejaVu Sans\n    files: [fonts/DejaVuSans.ttf, fonts/DejaVuSans-Oblique.ttf]",
            3,
            "has no semibold face (weight 600, or else 700): found 400, 400 italic. Add its file. Or leave font: out",
        ),
        ("  font: {family: A, files: [logo.svg]}", 3, "logo.svg is no TrueType font"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(folder: Path, lines: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        company_theme(load(folder, f"company: A\nbrand:\n{lines}\n"))
    assert words in str(caught.value)
    assert (caught.value.file, caught.value.line) == (folder / "company.yaml", line)


def test_the_remedy_for_a_pale_accent_is_one_that_passes(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(folder, "company: A\nbrand: {accent: '#8FB8DE'}\n")
    proposed = str(caught.value).split("Take a darker one: ")[1][:7]
    assert company_theme(load(folder, f"company: A\nbrand: {{accent: '{proposed}'}}\n")).light.accent == proposed


def test_any_legible_accent_gives_legible_tints_in_light_and_dark() -> None:
    drawn = random.Random(0)
    colours = ["#000000", "#0B5A94", *(f"#{drawn.randrange(1 << 24):06X}" for _ in range(400))]
    for light, dark in (palettes(colour) for colour in colours if contrast(colour, "#FFFFFF") >= 4.5):
        assert contrast(dark.accent, DARK.paper) >= 4.5
        assert min(contrast(light.ink, step) for step in light.sequence) >= 4.5
        assert min(contrast(dark.ink, step) for step in dark.sequence) >= 4.5


def test_charts_keep_the_colours_of_the_house_until_they_are_shown(folder: Path) -> None:
    theme = company_theme(load(folder, FULL))
    svg = '<path fill="#0B5A94" stroke="#D6E6F2"/><text fill="#17212B">#0B5A94</text>'
    shown = branded(svg, theme)
    assert shown == f'<path fill="#7A1FA2" stroke="{theme.light.fan_95}"/><text fill="#17212B">#0B5A94</text>'
    assert branded(svg, DEFAULT_THEME) == svg
    assert "--accent: #7A1FA2;" in css_variables(theme) and "--font: 'DejaVu Sans', 'Source" in css_variables(theme)


def test_charts_measure_and_write_in_the_typeface_of_their_theme(folder: Path) -> None:
    brand = company_theme(load(folder, FULL))
    assert text_width("Revenue 2026", 8, theme=brand) != text_width("Revenue 2026", 8)
    svg = sheet_svg(40, 9, "x", lambda sheet: sheet.text(1, 4, "Revenue", bold=True), brand)
    assert "font-family: 'DejaVu Sans', 'Source Sans Pro', system-ui, sans-serif" in svg
    again = sheet_svg(40, 9, "x", lambda sheet: sheet.text(1, 4, "Revenue", bold=True))
    assert "DejaVu" not in again, "nothing is left of a brand when another report is drawn"


def test_a_block_shows_itself_in_the_brand_of_its_report(folder: Path) -> None:
    brand = Display(company_theme(load(folder, FULL)))
    of_the_house, of_the_brand = (note._repr_mimebundle_() for note in (Note("x"), Note("x").on(brand)))
    assert "--accent: #7A1FA2;" in of_the_brand["text/html"] and "--accent: #7A1FA2;" not in of_the_house["text/html"]
    assert of_the_brand[MIME] == of_the_house[MIME] == {"kind": "note", "text": "x", "values": ()}


def test_other_formats_take_accent_and_paper(folder: Path) -> None:
    theme = company_theme(load(folder, FULL))
    with zipfile.ZipFile(io.BytesIO(reference_document({}, "en-GB", theme))) as file:
        page, styles = (file.read(f"word/{name}.xml").decode() for name in ("document", "styles"))
    assert 'w:w="12240" w:h="15840"' in page, "Letter in twentieths of a point"
    assert "7A1FA2" in styles and "0B5A94" not in styles
