"""A document as slides: one for each section, with words, tables and pictures in the order of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kpi_analysis.blocks.model import Cell, Column, Row
from kpi_analysis.blocks.svg import width_of
from kpi_analysis.render.document import Document
from kpi_analysis.render.markdown import plain_text
from kpi_analysis.render.maths import Formula
from kpi_analysis.render.office import cell_pieces
from kpi_analysis.render.pictures import picture_bytes

Token = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """Words in one look; `formula` marks TeX, `tone` is plain, good, bad, warn, muted or accent."""

    text: str
    tone: str = "plain"
    bold: bool = False
    italic: bool = False
    struck: bool = False
    mono: bool = False
    url: str = ""
    formula: Formula | None = None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: its type size in points, how deep it is indented, and what stands before it."""

    runs: tuple[Run, ...]
    size: float = 16
    level: int = 0
    bullet: str = ""

    @property
    def text(self) -> str:
        """The words without their look."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Words:
    """Paragraphs that stand in one box."""

    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Grid:
    """A table, by the columns and rows of a ``table`` block."""

    columns: tuple[Token, ...]
    rows: tuple[Token, ...]


@dataclass(frozen=True)
class Picture:
    """A picture with its words; `width` in millimetres where it is known."""

    content: bytes
    alt: str
    width: float | None = None


Item = Words | Grid | Picture


@dataclass
class Slide:
    """A section of the report."""

    title: str
    items: list[Item] = field(default_factory=list)


SMALL, BODY, LEAD = 10, 16, 20
LINE_BREAK = "\v"


def slides_of(document: Document, drawn: Mapping[str, bytes]) -> list[Slide]:
    """Return the slides of a document: a new one at each heading of the first or second level.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    drawn : mapping of str to bytes
        Its drawings as PNG, see `as_png`.

    Examples
    --------
    >>> from kpi_analysis.render.document import read_document
    >>> cell = {"cell_type": "markdown", "source": "# Orders rose\\n\\n## Why\\n\\nMore came."}
    >>> [slide.title for slide in slides_of(read_document({"cells": [cell], "metadata": {}}), {})]
    ['Orders rose', 'Why']
    """
    slides: list[Slide] = []
    for block in _flat(document.blocks):
        for part in _parts(block, drawn):
            if isinstance(part, str):
                slides.append(Slide(part))
                continue
            if not slides:  # code may stand before the first title
                slides.append(Slide(document.title))
            if isinstance(part, Words) and slides[-1].items and isinstance(slides[-1].items[-1], Words):
                slides[-1].items[-1] = Words(slides[-1].items[-1].paragraphs + part.paragraphs)
            else:
                slides[-1].items.append(part)
    return slides


def _flat(blocks: Iterable[Token]) -> Iterator[Token]:
    for block in blocks:
        if block["kind"] == "beside":
            yield from _flat(block["blocks"])
        else:
            yield block


def _said(text: str, size: float = BODY, **look: Any) -> Iterator[Words]:
    if text:
        yield Words((Paragraph((Run(text, **look),), size),))


def _parts(block: Token, drawn: Mapping[str, bytes]) -> Iterator[str | Item]:
    """A title, which begins a slide, and what stands on it."""
    kind = block["kind"]
    if kind == "markdown":
        yield from _prose(block["tokens"], drawn)
        return
    if block.get("title"):
        yield block["title"]
    if kind == "title":
        yield from _said(block["deck"], LEAD, tone="muted")
    elif kind == "findings":
        yield Words(tuple(part for finding in block["findings"] for part in _finding(finding)))
    elif kind == "table":
        yield from _said(block["measure"], SMALL + 2, tone="muted")
        yield Grid(tuple(block["columns"]), tuple(block["rows"]))
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


def _finding(finding: Token) -> Iterator[Paragraph]:
    figure = finding["figure"]
    pieces = cell_pieces({**figure, "strong": True})
    yield Paragraph(tuple(Run(piece.text, piece.tone, piece.strong) for piece in pieces), LEAD)
    evidence = f" {finding['evidence']}" if finding["evidence"] else ""
    yield Paragraph((Run(finding["claim"], bold=True), Run(evidence)), BODY - 2)


def _picture(picture: Token, drawn: Mapping[str, bytes]) -> Picture:
    _, content = picture_bytes(picture, drawn)
    width = width_of(picture["data"]) if picture["media"] == "image/svg+xml" else None
    return Picture(content, picture["alt"], width)


def _monospaced(text: str) -> Words:
    return Words(tuple(Paragraph((Run(line, mono=True),), SMALL + 1) for line in text.rstrip("\n").split("\n")))


def _prose(tokens: Sequence[Token], drawn: Mapping[str, bytes]) -> Iterator[str | Item]:
    for token in tokens:
        kind, children = token["type"], token.get("children", [])
        if kind == "heading" and token["attrs"]["level"] < 3:
            yield plain_text(children)
        elif kind == "block_code":
            yield _monospaced(token["raw"])
        elif kind == "table":
            yield _markdown_grid(children)
        else:
            for part in _paragraphs(token, 0):
                yield Words((part,))
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


def _runs(tokens: Sequence[Token], look: Run = Run("")) -> Iterator[Run]:
    for token in tokens:
        kind, children = token["type"], token.get("children", [])
        if kind == "strong":
            yield from _runs(children, replace(look, bold=True))
        elif kind == "emphasis":
            yield from _runs(children, replace(look, italic=True))
        elif kind == "strikethrough":
            yield from _runs(children, replace(look, struck=True))
        elif kind == "link":
            yield from _runs(children, replace(look, url=token["attrs"].get("url", "")))
        elif kind == "codespan":
            yield replace(look, text=token["raw"], mono=True)
        elif kind in ("inline_math", "block_math"):
            yield replace(look, text=token["raw"], formula=(token["raw"], kind == "block_math"))
        elif kind in ("softbreak", "linebreak"):
            yield replace(look, text=" " if kind == "softbreak" else LINE_BREAK)
        elif kind == "footnote_ref":
            yield replace(look, text=f" [{token['attrs']['index']}]", tone="muted")
        elif kind != "image":
            if token.get("raw"):
                yield replace(look, text=token["raw"])
            yield from _runs(children, look)


def _markdown_grid(parts: Sequence[Token]) -> Grid:
    head = next(part["children"] for part in parts if part["type"] == "table_head")
    lines = [line["children"] for part in parts if part["type"] == "table_body" for line in part["children"]]
    columns = [
        Column(plain_text(cell["children"]), align=cell["attrs"].get("align") or "left", width="auto") for cell in head
    ]
    rows = [Row(tuple(Cell(plain_text(cell["children"])) for cell in line)) for line in lines]
    return Grid(tuple(map(asdict, columns)), tuple(map(asdict, rows)))
