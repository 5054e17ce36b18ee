"""How blocks share the pages of a PDF: nothing stands alone, and what belongs together stays so."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import report_parts as sample
from support import sample_report as made_up

from kpi_analysis.design.blocks import Beside, Block, Cell, Column, Figure, Note, Row, Table, Title
from kpi_analysis.design.theme import PAGE, PAGES
from kpi_analysis.press.render import render_pdf

WHEN = datetime(2026, 10, 2, 8, tzinfo=UTC)
MM = 25.4 / 72
PAPERS = sorted(PAGES)


@dataclass(frozen=True)
class Word:
    """A word on a page; millimetres from its top."""

    text: str
    page: int
    top: float
    bottom: float


def words(tmp_path: Path, *blocks: Block, paper: str = "A4") -> list[Word]:
    """The words below the head of each page and above its foot, in the order of reading."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not on this machine")
    first = Title("What happened", facts=dict(sample.FACTS, brand={"paper": paper}))
    nb = sample.notebook(*(sample.cell_of(block) for block in (first, *blocks)))
    file = tmp_path / "pages.pdf"
    file.write_bytes(render_pdf(nb, timestamp=WHEN))
    told = subprocess.run(["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True).stdout.decode()
    page, found = 0, []
    for line in told.splitlines():
        page += "<page " in line
        if match := re.search(r'yMin="([\d.]+)".*yMax="([\d.]+)">(.*)</word>', line):
            top, bottom = float(match[1]) * MM, float(match[2]) * MM
            if PAGES[paper].header_y + 5 < top < PAGES[paper].height - PAGES[paper].bottom:
                found.append(Word(match[3], page, top, bottom))
    return found


def pages(found: list[Word], *texts: str) -> list[int]:
    return [next(word.page for word in found if word.text == text) for text in texts]


def table(rows: int, title: str = "Many", note: str = "") -> Table:
    lines = tuple(Row((Cell(f"row{number}"), Cell(str(number)))) for number in range(rows))
    return Table("t", title, "", (Column("Name"), Column("Value", align="right", width="20mm")), lines, note=note)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_short_message_leaves_room_for_the_next_and_a_long_one_does_not(tmp_path: Path, paper: str) -> None:
    short = words(tmp_path, table(5), Title("Second"), table(5), paper=paper)
    assert pages(short, "Second") == [1]
    long = words(tmp_path, table(30), Title("Second"), table(5), paper=paper)
    assert pages(long, "row29", "Second") == [1, 2]


@pytest.mark.parametrize("rows", range(22, 42, 3))
def test_every_page_but_the_last_is_at_least_half_full(tmp_path: Path, rows: int) -> None:
    content = [block for number in range(4) for block in (Title(f"Message {number}", "A deck."), table(rows % 17 + 3))]
    found = words(tmp_path, table(rows), *content)
    for page in range(1, max(word.page for word in found)):
        assert max(word.bottom for word in found if word.page == page) > PAGE.height / 2


@pytest.mark.parametrize("above", range(27, 43, 3))
def test_a_heading_and_the_note_stay_with_their_table(tmp_path: Path, above: int) -> None:
    found = words(tmp_path, table(above, "Above"), table(6, "Heading", note="Footnoted"))
    heading, note = pages(found, "Heading", "Footnoted")
    assert heading == note == [word.page for word in found if word.text == "row5"][-1]


@pytest.mark.parametrize("above", range(38, 47))
def test_a_long_table_does_not_begin_with_a_row_or_two_at_the_end_of_a_page(tmp_path: Path, above: int) -> None:
    long = replace(table(60, "Heading"), rows=tuple(Row((Cell(f"long{n}"), Cell(str(n)))) for n in range(60)))
    found = words(tmp_path, table(above, "Above"), long)
    (page,) = pages(found, "Heading")
    assert pages(found, "long0", "long1", "long2") == [page] * 3


def test_a_message_and_its_deck_stay_with_what_they_are_about(tmp_path: Path) -> None:
    tall = Figure("f", "Tall", "", sample.chart(174, 150), "A tall chart.")
    found = words(tmp_path, table(14, "Above"), Title("Message", "Deck."), tall)
    assert pages(found, "Above", "Message", "Deck.", "Tall") == [1, 2, 2, 2]


def test_blocks_side_by_side_begin_at_one_height_under_titles_of_one_and_two_lines(tmp_path: Path) -> None:
    short, long = (
        table(3, "Short"),
        table(3, "A title that takes a second line because it has so very many words to say"),
    )
    found = words(tmp_path, Beside((short, long)))
    heads = [word.top for word in found if word.text == "Name"]
    assert len(heads) == 2
    assert heads[0] == pytest.approx(heads[1], abs=0.1)


def test_a_small_note_under_the_first_message_keeps_its_distance(tmp_path: Path) -> None:
    found = words(tmp_path, Title("Second", "The deck"), Note("Small words"))
    deck = next(word for word in found if word.text == "deck")
    small = next(word for word in found if word.text == "Small")
    assert small.top - deck.bottom > 1


def test_a_number_with_its_unit_stands_on_the_line_of_its_row(tmp_path: Path) -> None:
    """The strut of a row with small charts and a number that may shrink are set side by side."""
    card = made_up.scorecard()
    last = replace(card, columns=card.columns[:4], rows=tuple(replace(r, cells=r.cells[:4]) for r in card.rows[1:3]))
    cells = (*last.rows[0].cells[:3], Cell("−100.0", suffix="%"))
    found = words(tmp_path, replace(last, rows=(Row(cells),)))
    (number,) = (word for word in found if word.text.startswith("−100.0"))
    (name,) = (word for word in found if word.text == "revenue")
    assert number.top == pytest.approx(name.top, abs=1)
