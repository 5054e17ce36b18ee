"""A document as slides: a cover, then one for each message, with words, tables and pictures in the report's order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from kpi_analysis.design.blocks.model import Cell, Column, Row
from kpi_analysis.design.blocks.svg import width_of
from kpi_analysis.design.theme import PAGE
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.markdown import plain_text
from kpi_analysis.press.render.office import cell_pieces
from kpi_analysis.press.render.pictures import picture_bytes
from kpi_analysis.press.render.slide_model import (
    BODY,
    LEAD,
    LINE_BREAK,
    SMALL,
    Paragraph,
    Picture,
    Run,
    SideBySide,
    Slide,
    SlideContent,
    SlideHeading,
    SlideItem,
    SlideTable,
    TextBox,
    Token,
)

_BESIDE = {"table", "figure", "image", "note"}
_FINDING = (0.25, 0.75)
_PLAIN = Run("")


def document_slides(document: Document, drawn: Mapping[str, bytes]) -> list[Slide]:
    """Return the slides of a document.

    The first title makes the cover, with the findings below it or else the titles of the sections. Each further
    title stands above the slides of its section, which begin at headings of the second level and at whatever
    stands side by side.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    drawn : mapping of str to bytes
        Its drawings as PNG, see `as_png`.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> cell = {"cell_type": "markdown", "source": "# Orders rose\\n\\n## Why\\n\\nMore came.\\n\\n# Costs\\n\\n## Ads"}
    >>> slides = document_slides(read_document({"cells": [cell], "metadata": {}}), {})
    >>> [(slide.kicker, slide.title) for slide in slides]
    [('', 'Orders rose'), ('', 'Why'), ('Costs', 'Ads')]
    """
    made = _Sections(document.title)
    for block in document.blocks:
        if block["kind"] == "beside":
            made.beside(block["blocks"], drawn)
        elif block["kind"] == "findings" and made.at_cover:
            made.findings(block, drawn)
        elif block["kind"] == "title":
            made.section(block["title"], block["deck"])
        else:
            made.parts(_parts(block, drawn))
    made.close()
    _list_sections(made.slides, [heading.title for heading in document.toc if heading.level == 1][1:])
    return made.slides


class _Sections:
    """Slides in the making, and the section that they belong to."""

    def __init__(self, title: str) -> None:
        self.slides: list[Slide] = []
        self.title = title
        self.deck: tuple[TextBox, ...] = ()
        self.kicker = ""
        self.waiting = False  # the title of a section has no slide yet

    @property
    def at_cover(self) -> bool:
        """Whether nothing follows the first title so far."""
        return len(self.slides) == 1 and self.slides[0].cover and not self.slides[0].instead

    def section(self, title: str, deck: str = "") -> None:
        self.close()
        self.title = title
        if not self.slides:
            self.slides.append(Slide(title, [*_said(deck, BODY, tone="muted")], cover=True))
            return
        self.kicker, self.deck, self.waiting = title, tuple(_said(deck, BODY - 2, tone="muted")), True

    def close(self) -> None:
        """A section that holds nothing keeps a slide of its own."""
        if self.waiting:
            self.slides.append(self.slide(self.title))

    def slide(self, title: str) -> Slide:
        """A slide of the section; the words below the section's title stand on its first one."""
        made = Slide(title, [*self.deck], kicker="" if title == self.kicker else self.kicker)
        self.deck, self.waiting = (), False
        return made

    def parts(self, parts: Iterable[SlideHeading | SlideContent | SideBySide]) -> None:
        for part in parts:
            if isinstance(part, SlideHeading):
                if part.level == 1:
                    self.section(part.title)
                else:
                    self.slides.append(self.slide(part.title))
                continue
            if self.waiting or not self.slides:  # code may stand before the first title
                self.slides.append(self.slide(self.title))
            self.slides[-1].add(part)

    def findings(self, block: Token, drawn: Mapping[str, bytes]) -> None:
        """Findings stand on the cover where there is room for them."""
        cover = self.slides[0]
        bare, apart = replace(cover, items=[*cover.items]), self.slide(block["title"])
        cover.items.append(_heading(block["title"]))
        for part in _parts(block, drawn):
            if not isinstance(part, SlideHeading):
                cover.add(part)
                apart.add(part)
        cover.instead = (bare, apart)

    def beside(self, blocks: Sequence[Token], drawn: Mapping[str, bytes]) -> None:
        """Blocks side by side make one slide, or one each."""
        if any(block["kind"] not in _BESIDE for block in blocks):
            for block in blocks:
                if block["kind"] == "beside":
                    self.beside(block["blocks"], drawn)
                else:
                    self.parts(_parts(block, drawn))
            return
        deck = self.deck
        together = self.slide(self.title)
        widths = _widths(blocks)
        columns = (_column(block, width, drawn) for block, width in zip(blocks, widths, strict=True))
        together.add(SideBySide(tuple(columns), widths))
        each = _Sections(self.title)
        each.kicker, each.deck, each.waiting = self.kicker, deck, True
        for block in blocks:
            each.parts(_parts(block, drawn))
        together.instead = tuple(each.slides)
        self.slides.append(together)


def _list_sections(slides: Sequence[Slide], titles: Sequence[str]) -> None:
    """A cover without findings says what follows."""
    cover = next((slide for slide in slides[:1] if slide.cover), None)
    if cover is None or len(titles) < 2:
        return
    bare = cover.instead[0] if cover.instead else cover
    if all(isinstance(item, TextBox) for item in bare.items):
        listed = TextBox(tuple(Paragraph((Run(title),), BODY, level=1, bullet="•") for title in titles))
        plain = replace(bare, items=[*bare.items])
        bare.items.append(listed)
        bare.instead = (plain,)


def _column(block: Token, width: float, drawn: Mapping[str, bytes]) -> tuple[SlideContent, ...]:
    """A block as a column: its heading and its measure in one box, then the others."""
    column = Slide(block.get("title", ""))
    if column.title:
        column.add(_heading(column.title))
    for part in _parts(block, drawn):
        if isinstance(part, SlideTable):
            column.add(replace(part, title=column.title, columns=tuple(_widened(part.columns, PAGE.full / width))))
        elif not isinstance(part, SlideHeading):
            column.add(part)
    return tuple(item for item in column.items if not isinstance(item, SideBySide))


def _widths(blocks: Sequence[Token]) -> tuple[float, ...]:
    """The columns of the page: halves, thirds, or a wide one and a narrow one."""
    wide = [block.get("width") == "wide" for block in blocks]
    if len(blocks) == 2 and wide[0] != wide[1]:
        return tuple(PAGE.wide if is_wide else PAGE.narrow for is_wide in wide)
    return (PAGE.half if len(blocks) < 3 else PAGE.third,) * len(blocks)


def _widened(columns: Iterable[Token], factor: float) -> Iterator[Token]:
    """Columns whose millimetres are those of a narrow table, as parts of a page."""
    for column in columns:
        found = re.fullmatch(r"([\d.]+)mm", column["width"])
        yield {**column, "width": f"{float(found[1]) * factor:.2f}mm"} if found else column


def _heading(text: str) -> TextBox:
    return TextBox((Paragraph((Run(text, bold=True),), BODY - 2),))


def _said(text: str, size: float = BODY, **theme: Any) -> Iterator[TextBox]:
    if text:
        yield TextBox((Paragraph((Run(text, **theme),), size),))


def _parts(block: Token, drawn: Mapping[str, bytes]) -> Iterator[SlideHeading | SlideItem]:
    """A heading, which begins a slide, and what stands on it."""
    kind = block["kind"]
    if kind == "markdown":
        yield from _prose(block["tokens"], drawn)
        return
    if block.get("title"):
        yield SlideHeading(block["title"], 1 if kind == "title" else 2)
    if kind == "findings":
        for finding in block["findings"]:
            yield _finding(finding)
    elif kind == "table":
        yield from _said(block["measure"], SMALL + 2, tone="muted")
        yield SlideTable(tuple(block["columns"]), tuple(block["rows"]))
        yield from _said(block["note"], SMALL, tone="muted")
    elif kind == "figure":
        yield from _said(block["measure"], SMALL + 2, tone="muted")
        yield _picture({"media": "image/svg+xml", "data": block["svg"], "alt": block["alt"]}, drawn)
        yield from _said(block["note"], SMALL, tone="muted")
    elif kind == "image":
        yield _picture(block, drawn)
        yield from _said(block["caption"], SMALL, tone="muted")
    elif kind == "error":
        yield from _said(f"{block['name']}: {block['message']}", tone="bad")
    elif kind == "note":
        yield from _said(block["text"], SMALL, tone="muted")
    else:
        yield _monospaced(block["text"])


def _finding(finding: Token) -> SideBySide:
    """The figure with what it is on the left, the claim with its evidence on the right."""
    figure = finding["figure"]
    pieces = cell_pieces({**figure, "unit": "", "strong": True})
    told = [Paragraph(tuple(Run(piece.text, piece.tone, piece.strong) for piece in pieces), LEAD - 2)]
    if figure["unit"]:
        told.append(Paragraph((Run(figure["unit"], "muted"),), SMALL + 2))
    said = [Paragraph((Run(finding["claim"], bold=True),), BODY - 2)]
    if finding["evidence"]:
        said.append(Paragraph((Run(finding["evidence"]),), SMALL + 2))
    return SideBySide(((TextBox(tuple(told)),), (TextBox(tuple(said)),)), _FINDING)


def _picture(picture: Token, drawn: Mapping[str, bytes]) -> Picture:
    _, content = picture_bytes(picture, drawn)
    width = width_of(picture["data"]) if picture["media"] == "image/svg+xml" else None
    return Picture(content, picture["alt"], width)


def _monospaced(text: str) -> TextBox:
    return TextBox(tuple(Paragraph((Run(line, mono=True),), SMALL + 1) for line in text.rstrip("\n").split("\n")))


def _prose(tokens: Sequence[Token], drawn: Mapping[str, bytes]) -> Iterator[SlideHeading | SlideItem]:
    for token in tokens:
        kind, children = token["type"], token.get("children", [])
        if kind == "heading" and token["attrs"]["level"] < 3:
            yield SlideHeading(plain_text(children), token["attrs"]["level"])
        elif kind == "block_code":
            yield _monospaced(token["raw"])
        elif kind == "table":
            yield _markdown_grid(children)
        else:
            for part in _paragraphs(token, 0):
                yield TextBox((part,))
            for picture in _pictures(token):
                yield _picture(picture, drawn)


def _pictures(token: Token) -> Iterator[Token]:
    if token["type"] == "image":
        yield token["attrs"]
    for child in token.get("children", []):
        yield from _pictures(child)


def _paragraphs(token: Token, level: int) -> Iterator[Paragraph]:
    """The paragraphs of a token that stands on its own, lists and quotes with their indent."""
    kind, children = token["type"], token.get("children", [])
    if kind == "heading":
        yield Paragraph(tuple(replace(run, bold=True) for run in _runs(children)))
    elif kind == "list":
        first = token["attrs"].get("start", 1)
        for number, item in enumerate(children, first):
            bullet = f"{number}." if token["attrs"].get("ordered") else "•"
            if item["type"] == "task_list_item":
                bullet = "☑" if item["attrs"]["checked"] else "☐"
            for position, part in enumerate(p for child in item["children"] for p in _paragraphs(child, level + 1)):
                yield replace(part, bullet=bullet) if position == 0 else part
    elif kind in ("block_quote", "footnotes", "footnote_item"):
        size = SMALL if kind != "block_quote" else BODY
        for child in children:
            for part in _paragraphs(child, level + 1):
                yield replace(part, size=size, runs=tuple(replace(run, tone="muted") for run in part.runs))
    elif kind == "block_math":
        yield Paragraph((Run(token["raw"].strip(), formula=(token["raw"], True)),), LEAD, level)
    elif kind == "block_code":
        yield Paragraph((Run(token["raw"].rstrip("\n"), mono=True),), SMALL + 1, level)
    elif kind != "thematic_break":
        runs = tuple(_runs(children if children else [token]))
        if any(run.text.strip() for run in runs):
            yield Paragraph(runs, BODY, level)


def _runs(tokens: Sequence[Token], theme: Run = _PLAIN) -> Iterator[Run]:
    for token in tokens:
        kind, children = token["type"], token.get("children", [])
        if kind == "strong":
            yield from _runs(children, replace(theme, bold=True))
        elif kind == "emphasis":
            yield from _runs(children, replace(theme, italic=True))
        elif kind == "strikethrough":
            yield from _runs(children, replace(theme, struck=True))
        elif kind == "link":
            yield from _runs(children, replace(theme, url=token["attrs"].get("url", "")))
        elif kind == "codespan":
            yield replace(theme, text=token["raw"], mono=True)
        elif kind in ("inline_math", "block_math"):
            yield replace(theme, text=token["raw"], formula=(token["raw"], kind == "block_math"))
        elif kind in ("softbreak", "linebreak"):
            yield replace(theme, text=" " if kind == "softbreak" else LINE_BREAK)
        elif kind == "footnote_ref":
            yield replace(theme, text=f" [{token['attrs']['index']}]", tone="muted")
        elif kind != "image":
            if token.get("raw"):
                yield replace(theme, text=token["raw"])
            yield from _runs(children, theme)


def _markdown_grid(parts: Sequence[Token]) -> SlideTable:
    head = next(part["children"] for part in parts if part["type"] == "table_head")
    lines = [line["children"] for part in parts if part["type"] == "table_body" for line in part["children"]]
    columns = [
        Column(plain_text(cell["children"]), align=cell["attrs"].get("align") or "left", width="auto") for cell in head
    ]
    rows = [Row(tuple(Cell(plain_text(cell["children"])) for cell in line)) for line in lines]
    return SlideTable(tuple(map(asdict, columns)), tuple(map(asdict, rows)))
