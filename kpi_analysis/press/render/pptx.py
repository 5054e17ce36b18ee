"""A document → a PowerPoint file: a slide for each message, native tables and formulas, pictures with their words."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.util import Mm, Pt

from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.equations import Formula, formulas, office_formulas
from kpi_analysis.press.render.office import OFFICE_TYPEFACE, cell_pieces, column_shares, head_text, positioned_cells
from kpi_analysis.press.render.pictures import as_png, drawings
from kpi_analysis.press.render.slide_layout import (
    BOTTOM,
    HEADLINE,
    HEIGHT,
    LEFT,
    ROOM,
    SHARPNESS,
    TOP,
    WIDTH,
    Box,
    Headline,
    LaidOutSlide,
    lay_out_slides,
    row_heights,
    type_size,
)
from kpi_analysis.press.render.slide_model import LINE_BREAK, Paragraph, Picture, Run, SlideTable, TextBox
from kpi_analysis.press.render.slides import document_slides

_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_A14 = "http://schemas.microsoft.com/office/drawing/2010/main"
_DECORATIVE = (
    f'<a:extLst xmlns:a="{_A}"><a:ext uri="{{C183D7F6-B498-43B3-948B-1728B52AA6E4}}"><adec:decorative '
    'xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/decorative" val="1"/></a:ext></a:extLst>'
)
_TITLE_ONLY = 5
_KICKER, _LINE = 11, 140
_ALIGNED = {"left": PP_ALIGN.LEFT, "right": PP_ALIGN.RIGHT, "center": PP_ALIGN.CENTER}
_PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""The built-in style without fills and lines."""


def to_pptx(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    """Return a document as slides whose words, tables and formulas can be edited.

    The first title makes the cover; each further one stands above the titles of the slides of its section. What
    stands side by side in the report does so on a slide; what does not fit goes on the next one, under the same
    title. Small charts inside tables are left out, as no cell of such a table can hold one.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    timestamp : datetime, optional
        When the report was made.
    attachments : mapping of name to bytes
        Left out: such a file carries none.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> to_pptx(read_document(nb), timestamp=None, attachments={})[:2]
    b'PK'
    """
    written = office_formulas(formulas(document.blocks))
    deck = _Deck(document, timestamp or _EARLIEST, written)
    drawn = as_png(drawings(document.blocks), document.theme, sharpness=SHARPNESS)
    for page in lay_out_slides(document_slides(document, drawn)):
        deck.add(page)
    return _same_bytes(deck.saved())


class _Deck:
    """A presentation in the making."""

    def __init__(self, document: Document, moment: datetime, formulas: Mapping[Formula, str]) -> None:
        self.made = Presentation()
        self.formulas = formulas
        self.language = document.language
        self.palette = document.theme.light
        facts = document.facts
        told = [facts.get("company"), facts.get("report"), facts.get("period_label") or facts.get("period")]
        self.foot = "  ·  ".join(str(part) for part in told if part)
        properties = self.made.core_properties
        properties.title, properties.language = _legible(document.title), document.language
        properties.author = properties.last_modified_by = _legible(str(facts.get("company") or ""))
        properties.created = properties.modified = moment
        self._prepare()

    def _prepare(self) -> None:
        """A wide slide with its title at the top left and its number at the bottom right; no other layouts."""
        self.made.slide_width, self.made.slide_height = Mm(WIDTH), Mm(HEIGHT)
        layouts = self.made.slide_layouts
        self.layout = layouts[_TITLE_ONLY]
        for layout in list(layouts):
            if layout != self.layout:
                layouts.remove(layout)
        master = self.made.slide_master
        boxes = {"title": (LEFT, HEADLINE[0], ROOM, HEADLINE[1]), "body": (LEFT, TOP, ROOM, BOTTOM - TOP)}
        boxes |= {"ftr": (LEFT, 179, ROOM - 30, 7), "sldNum": (WIDTH - LEFT - 28, 179, 28, 7)}
        for holder in (master, self.layout):
            for shape in _placeholders(holder):
                kind = shape.element.ph.get("type")
                if kind == "dt":
                    shape.element.getparent().remove(shape.element)
                elif kind in boxes:
                    shape.left, shape.top, shape.width, shape.height = (Mm(length) for length in boxes[kind])
                    shape.text_frame.vertical_anchor = MSO_ANCHOR.TOP
                    _without_margins(shape.text_frame)
                    if kind == "ftr":
                        shape.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
        first = master.element.find(f".//{{*}}titleStyle/{{{_A}}}lvl1pPr")
        first.set("algn", "l")
        theme = first.find(f"{{{_A}}}defRPr")
        theme.set("sz", "2600")
        theme.set("b", "1")
        _fill(theme, self.palette.ink)

    def add(self, page: LaidOutSlide) -> None:
        """Add a slide: the words above its title, the title, and what stands below."""
        slide = self.made.slides.add_slide(self.layout)
        if page.cover:
            self._bar(slide)
        _place_title(slide.shapes.title, page.headline)
        kicker = self.foot if page.cover else page.kicker
        if kicker:
            self._kicker(slide, kicker, page.headline.top)
        for box in page.boxes:
            if isinstance(box.item, TextBox):
                self._words(slide, box.item, box)
            elif isinstance(box.item, SlideTable):
                self._table(slide, box.item, box)
            else:
                _picture(slide, box.item, box)
        self._foot(slide, "" if page.cover else self.foot)

    def _bar(self, slide: Any) -> None:
        """The accent along the left edge, which readers of the screen need not hear of."""
        bar = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, Mm(5), Mm(HEIGHT))
        bar.line.fill.background()
        bar.shadow.inherit = False
        _fill(bar.element.spPr, self.palette.accent, after=2)
        bar.element.nvSpPr.cNvPr.append(parse_xml(_DECORATIVE))
        slide.shapes.title.element.addprevious(bar.element)

    def _kicker(self, slide: Any, text: str, below: float) -> None:
        """One line in the accent colour above the title, and read before it."""
        line = TextBox((Paragraph((Run(_cut(text), "accent"),), _KICKER),))
        box = self._words(slide, line, Box(line, LEFT, below - 6, ROOM, 5.5))
        slide.shapes.title.element.addprevious(box.element)

    def _foot(self, slide: Any, told: str) -> None:
        """What is read last: the report, unless it is told above, and the number of the slide."""
        for shape in _placeholders(self.layout):
            kind = shape.element.ph.get("type")
            if kind == "sldNum" or (kind == "ftr" and told):
                copy = deepcopy(shape.element)
                slide.shapes._spTree.append(copy)
                if kind == "ftr":
                    slide.shapes[-1].text_frame.text = _legible(told)
                for run in slide.shapes[-1].text_frame._txBody.iter(f"{{{_A}}}rPr"):
                    run.set("sz", "1000")

    def saved(self) -> bytes:
        """Return the file."""
        written = BytesIO()
        self.made.save(written)
        return written.getvalue()

    def _words(self, slide: Any, words: TextBox, place: Box) -> Any:
        box = slide.shapes.add_textbox(Mm(place.left), Mm(place.top), Mm(place.width), Mm(place.height))
        frame = box.text_frame
        frame.word_wrap = True
        _without_margins(frame)
        told: list[Run] = []
        for number, paragraph in enumerate(words.paragraphs):
            line = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            line.space_after = Pt(paragraph.size * 0.4) if not _is_code(paragraph) else Pt(0)
            _indent(line, paragraph)
            for run in paragraph.runs:
                self._run(line, run, paragraph.size)
            told += [run for run in paragraph.runs if run.text != LINE_BREAK]
        if any(run.formula and run.formula in self.formulas for run in told):
            self._with_formulas(box.element, told)
        return box

    def _run(self, line: Any, run: Run, size: float) -> None:
        if run.text == LINE_BREAK:
            line.add_line_break()
            return
        made = line.add_run()
        made.text = _legible(run.text)
        font = made.font
        font.size, font.bold, font.italic = Pt(size), run.bold or None, run.italic or None
        font.name = "Consolas" if run.mono else OFFICE_TYPEFACE
        colour = getattr(self.palette, "ink" if run.tone == "plain" else run.tone)
        _fill(made._r.get_or_add_rPr(), colour)
        made._r.get_or_add_rPr().set("lang", self.language)
        if run.struck:
            made._r.get_or_add_rPr().set("strike", "sngStrike")
        if run.url:
            made.hyperlink.address = run.url

    def _with_formulas(self, shape: Any, told: Sequence[Run]) -> None:
        """Where formulas are known they are set; elsewhere their TeX is read."""
        choice = deepcopy(shape)
        for run, element in zip(told, list(choice.iter(f"{{{_A}}}r")), strict=True):
            if run.formula and run.formula in self.formulas:
                formula = parse_xml(f'<a14:m xmlns:a14="{_A14}">{self.formulas[run.formula]}</a14:m>')
                element.getparent().replace(element, formula)
        either = parse_xml(
            f'<mc:AlternateContent xmlns:mc="{_MC}" xmlns:a14="{_A14}">'
            '<mc:Choice Requires="a14"/><mc:Fallback/></mc:AlternateContent>'
        )
        shape.getparent().replace(shape, either)
        either[0].append(choice)
        either[1].append(shape)

    def _table(self, slide: Any, grid: SlideTable, box: Box) -> None:
        columns, rows = grid.columns, grid.rows
        shape = slide.shapes.add_table(
            len(rows) + 1, len(columns), Mm(box.left), Mm(box.top), Mm(box.width), Mm(box.height)
        )  # fmt: skip
        shape.element.nvGraphicFramePr.cNvPr.set("descr", f"Table: {_legible(grid.title) or slide.shapes.title.text}")
        table = shape.table
        shape.element.find(f".//{{{_A}}}tableStyleId").text = _PLAIN_TABLE
        table.horz_banding = False
        for column, share in zip(table.columns, column_shares(columns, rows), strict=True):
            column.width = Mm(box.width * share)
        needed = row_heights(grid, box.width)
        for row, high in zip(table.rows, needed, strict=True):
            row.height = Mm(high * min(1.0, box.height / sum(needed)))
        size = type_size(grid, box.width)
        for position, column in enumerate(columns):
            self._cell(table.cell(0, position), (Run(head_text(column), "muted", True),), size - 1, column["align"])
            _line_below(table.cell(0, position), 1.25, self.palette.ink)
        for number, row in enumerate(rows, 1):
            self._row(table, number, row, columns, size)

    def _row(self, table: Any, number: int, row: Mapping[str, Any], columns: Sequence[Any], size: float) -> None:
        group = row["kind"] == "group"
        for cell, position in positioned_cells(row["cells"]):
            if position >= len(columns):
                break
            span = len(columns) if group else min(cell["span"], len(columns) - position)
            target = table.cell(number, position)
            if span > 1:
                target.merge(table.cell(number, position + span - 1))
            strong = cell["strong"] or group or row["kind"] == "total"
            pieces = cell_pieces({**cell, "strong": strong, "tone": cell["tone"]})
            runs = tuple(Run(piece.text, "accent" if group else piece.tone, piece.strong) for piece in pieces)
            self._cell(target, runs, size, "left" if span > 1 else columns[position]["align"])
        for position in range(len(columns)):
            _line_below(table.cell(number, position), 0.5, self.palette.grid)

    def _cell(self, cell: Any, runs: Sequence[Run], size: float, align: str) -> None:
        cell.margin_left = cell.margin_right = Mm(1.5)
        cell.margin_top = cell.margin_bottom = Mm(0.8)
        cell.vertical_anchor = MSO_ANCHOR.MIDDLE
        line = cell.text_frame.paragraphs[0]
        line.alignment = _ALIGNED[align]
        for run in runs:
            self._run(line, run, size)
        if not runs:  # an empty line is as high as its type, too
            line._p.get_or_add_endParaRPr().set("sz", str(Pt(size).centipoints))


def _placeholders(holder: Any) -> list[Any]:
    return list(holder.placeholders)


def _place_title(title: Any, headline: Headline) -> None:
    title.text = _legible(headline.text)
    title.text_frame.paragraphs[0].font.size = Pt(headline.size)
    if (headline.top, headline.height) != HEADLINE:
        title.left, title.width = Mm(LEFT), Mm(ROOM)
        title.top, title.height = Mm(headline.top), Mm(headline.height)


def _picture(slide: Any, picture: Picture, box: Box) -> None:
    shape = slide.shapes.add_picture(
        BytesIO(picture.content), Mm(box.left), Mm(box.top), Mm(box.width), Mm(box.height)
    )  # fmt: skip
    shape.element.nvPicPr.cNvPr.set("descr", _legible(picture.alt))


def _without_margins(frame: Any) -> None:
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0


def _cut(text: str) -> str:
    """Text that stands on one line of a slide in small type."""
    return text if len(text) <= _LINE else f"{text[:_LINE].rsplit(' ', 1)[0].rstrip(' ,;:·')}…"


def _legible(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


def _is_code(paragraph: Paragraph) -> bool:
    return bool(paragraph.runs) and all(run.mono for run in paragraph.runs)


def _indent(line: Any, paragraph: Paragraph) -> None:
    properties = line._p.get_or_add_pPr()
    if paragraph.level:
        properties.set("marL", str(Mm(8 * paragraph.level)))
    if not paragraph.bullet:
        return
    properties.set("indent", str(-Mm(7)))
    number = paragraph.bullet.removesuffix(".")
    numbered = f'<a:buAutoNum xmlns:a="{_A}" type="arabicPeriod" startAt="{number}"/>'
    sign = f'<a:buChar xmlns:a="{_A}" char="{paragraph.bullet}"/>'
    properties.append(parse_xml(numbered if number.isdecimal() else sign))


def _fill(properties: Any, hex_: str, after: int = 0) -> None:
    for old in properties.findall(f"{{{_A}}}solidFill"):
        properties.remove(old)
    colour = hex_.removeprefix("#")
    properties.insert(after, parse_xml(f'<a:solidFill xmlns:a="{_A}"><a:srgbClr val="{colour}"/></a:solidFill>'))


def _line_below(cell: Any, points: float, hex_: str) -> None:
    line = parse_xml(f'<a:lnB xmlns:a="{_A}" w="{Pt(points)}"/>')
    _fill(line, hex_)
    cell._tc.get_or_add_tcPr().insert(0, line)


def _same_bytes(data: bytes) -> bytes:
    """The same file without the moment at which each of its parts was written."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in given.namelist():
            file.writestr(zipfile.ZipInfo(name), given.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()
