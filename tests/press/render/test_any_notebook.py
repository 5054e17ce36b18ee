"""Notebooks that know nothing of this package: their words, tables, pictures and formulas stand in every format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from support import printed_files as reading

from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.engines import make

NOTEBOOKS = Path(__file__).parents[2] / "notebooks" / "any"


@dataclass(frozen=True)
class Wanted:
    """What must stand in a printed notebook, and what must not."""

    words: tuple[str, ...] = ()
    tables: int = 0
    pictures: tuple[str, ...] = ()
    formulas: int = 0
    absent: tuple[str, ...] = ()


WANTED = {
    "draws_with_matplotlib": Wanted(
        ("Two pictures", "Returns fell"),
        pictures=(
            "Two bars: three orders in the first quarter, five in the second",
            "A line that falls from three to one",
        ),
        absent=("<Figure size",),
    ),
    "draws_with_plotly": Wanted(
        ("A chart made for a screen", "which cannot be printed"), pictures=("Email returns 11.8, search 5.2",)
    ),
    "draws_with_seaborn": Wanted(("Spread of deal sizes",), pictures=("Deals in EMEA are larger than in AMER",)),
    "hides_its_working": Wanted(("The answer is 42",), absent=("noise", "never seen", "the working")),
    "holds_widgets": Wanted(("Choose a region", "10 rows read"), absent=("Dropdown(",)),
    "means_an_error": Wanted(("ZeroDivisionError: division by zero", "and it goes on")),
    "prints_long_text": Wanted(("row 000: word word", "row 119: word word")),
    "sets_a_great_table": Wanted(("Email", "14,200", "62,100", "11.8", "Source: the ledger"), tables=1),
    "shows_data_frames": Wanted(("EMEA", "1204", "39120.25", "–", "2408", "Name: orders, dtype: int64"), tables=2),
    "shows_pictures_in_html": Wanted(
        ("From a tool", "Up by nine percent & steady.", "first", "second"),
        pictures=("A blue square", "A bar of ninety"),
        absent=("taken over",),
    ),
    "speaks_many_languages": Wanted(("Grüße aus Köln", "Ελλάδα", "Müller & Söhne, O’Neill", "a < b > c", "€1.204,50")),
    "styles_a_frame": Wanted(("Margin by channel", "62.1%", "-4.8%"), tables=1, absent=("color: red", "0.6213")),
    "writes_formulas": Wanted(("It costs $5 a month, not $10, and a sign",), formulas=5),
    "writes_markdown": Wanted(
        (
            "What was done",
            "left out",
            "the warehouse",
            "signed off",
            "1,187",
            "Doubt the data first.",
            "select count(*) from orders",
            "Its footnote.",
            "The sign of the house",
        ),
        tables=1,
        pictures=("A blue square",),
    ),
}


def printed(name: str, form: str, *, show_code: bool = False) -> bytes:
    nb = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    return make(read_document(nb, show_code=show_code), form, "auto", timestamp=None, attachments={})


def found_in(name: str, form: str, folder: Path, *, show_code: bool = False) -> reading.Found:
    data = printed(name, form, show_code=show_code)
    if form == "pdf":
        return reading.in_pdf(data, folder)
    return {"html": reading.in_html, "docx": reading.in_docx, "pptx": reading.in_pptx}[form](data)


def test_each_notebook_is_looked_at():
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == WANTED.keys()


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "pptx"])
@pytest.mark.parametrize("name", WANTED)
def test_a_notebook_is_printed_whole(name: str, form: str, tmp_path: Path):
    wanted, found = WANTED[name], found_in(name, form, tmp_path)
    assert [words for words in wanted.words if words not in found.words] == []
    assert [words for words in wanted.absent if words in found.words] == []
    assert (found.tables, found.pictures, found.formulas) == (wanted.tables, wanted.pictures, wanted.formulas)


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "pptx"])
def test_code_is_hidden_unless_asked_for(form: str, tmp_path: Path):
    code = "import pandas as pd"
    assert code not in found_in("styles_a_frame", form, tmp_path).words
    assert code in found_in("styles_a_frame", form, tmp_path, show_code=True).words


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "pptx"])
def test_code_that_its_author_hides_stays_hidden(form: str, tmp_path: Path):
    found = found_in("hides_its_working", form, tmp_path, show_code=True)
    assert "the working" not in found.words and "never seen" not in found.words
    assert 'print(f"The answer is {answer}")' in found.words


def test_nothing_of_a_notebook_can_act_in_a_page():
    for name in WANTED:
        page = printed(name, "html").decode()
        assert page.count("<script") == 1 and "http-equiv" in page, "the one of the page itself"
