"""A document in pandoc's own form: headings, native tables, pictures with their words, formulas, footnotes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi_analysis.design.blocks.svg import width_of
from kpi_analysis.design.theme import PAGE
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.equations import formula_node
from kpi_analysis.press.render.office import StyledText, cell_pieces, column_shares, head_text, positioned_cells
from kpi_analysis.press.render.pictures import as_png, drawings, picture_bytes

Node = dict[str, Any]
Token = Mapping[str, Any]

_MARKS = {"strong": "Strong", "emphasis": "Emph", "strikethrough": "Strikeout"}
_ALIGNED = {"left": "AlignLeft", "right": "AlignRight", "center": "AlignCenter"}
_PLAIN = ["", [], []]
_ROOM = PAGE.full / 139.7
"""Pandoc takes the lines of a Word file for 5.5 inches wide, whatever its page: ours are wider."""


def pandoc_blocks(document: Document, folder: Path, *, markdown: bool = False) -> list[Node]:
    """Return a document's blocks as pandoc wants them, with their pictures laid into a folder as files.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    folder : path
        Where the pictures go.
    markdown : bool
        Whether they will be written as Markdown, which knows no spanning cells and takes a picture's words
        as its caption unless they are called ``fig-alt``.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> [block["t"] for block in pandoc_blocks(read_document(nb), Path())]
    ['Header']
    """
    writer = _Writer(folder, as_png(drawings(document.blocks), document.theme), markdown)
    return [node for block in document.blocks for node in writer.block(block)]


def pandoc_text(text: str) -> list[Node]:
    """Return text as pandoc's words and spaces."""
    nodes: list[Node] = []
    for number, word in enumerate(text.replace("\n", " ").split(" ")):
        if number:
            nodes.append({"t": "Space"})
        if word:
            nodes.append({"t": "Str", "c": word})
    return nodes


def styled_div(style: str, blocks: list[Node]) -> Node:
    """Return blocks under a named style of the office file."""
    return {"t": "Div", "c": [["", [], [["custom-style", style]]], blocks]}


def _para(inlines: list[Node]) -> Node:
    return {"t": "Para", "c": inlines}


def _said(style: str, text: str) -> list[Node]:
    return [styled_div(style, [_para(pandoc_text(text))])] if text else []


def _header(level: int, anchor: str, inlines: list[Node]) -> Node:
    return {"t": "Header", "c": [level, [anchor, [], []], inlines]}


def _piece(piece: StyledText) -> Node:
    inlines = pandoc_text(piece.text)
    if piece.strong:
        inlines = [{"t": "Strong", "c": inlines}]
    style = piece.tone.capitalize()
    return {"t": "Span", "c": [["", [], [] if style == "Plain" else [["custom-style", style]]], inlines]}


@dataclass
class _Writer:
    folder: Path
    drawn: Mapping[str, bytes]
    markdown: bool
    notes: dict[int, list[Node]] = field(default_factory=dict)

    def block(self, block: Token) -> list[Node]:
        kind = block["kind"]
        if kind == "beside":
            return [node for inner in block["blocks"] for node in self.block(inner)]
        if kind == "markdown":
            return self.prose(block["tokens"])
        write: Callable[[Token], list[Node]] = getattr(self, f"_{kind}")
        return write(block)

    def _title(self, block: Token) -> list[Node]:
        return [_header(1, block.get("anchor", ""), pandoc_text(block["title"])), *_said("Deck", block["deck"])]

    def _headed(self, block: Token) -> list[Node]:
        head = [_header(2, block.get("anchor", ""), pandoc_text(block["title"]))] if block["title"] else []
        return head + _said("Measure", block["measure"])

    def _findings(self, block: Token) -> list[Node]:
        nodes = [_header(2, block.get("anchor", ""), pandoc_text(block["title"]))]
        for finding in block["findings"]:
            figure = {**finding["figure"], "strong": True}
            nodes.append(styled_div("Finding", [_para([_piece(piece) for piece in cell_pieces(figure)])]))
            said: list[Node] = [{"t": "Strong", "c": pandoc_text(finding["claim"])}]
            said += [{"t": "Space"}, *pandoc_text(finding["evidence"])] if finding["evidence"] else []
            if finding.get("anchor"):
                there = {"t": "Link", "c": [_PLAIN, pandoc_text(finding["see"]), [f"#{finding['anchor']}", ""]]}
                said += [{"t": "Space"}, *pandoc_text("See:"), {"t": "Space"}, there]
            nodes.append(_para(said))
        return nodes

    def _table(self, block: Token) -> list[Node]:
        return [*self._headed(block), self.table(block["columns"], block["rows"]), *_said("Note", block["note"])]

    def _figure(self, block: Token) -> list[Node]:
        picture = {"media": "image/svg+xml", "data": block["svg"], "alt": block["alt"]}
        return [*self._headed(block), *self._image({**picture, "caption": ""}), *_said("Note", block["note"])]

    def _note(self, block: Token) -> list[Node]:
        return _said("Note", block["text"])

    def _image(self, block: Token) -> list[Node]:
        return [_para([self.picture(block, alone=True)]), *_said("Note", block["caption"])]

    def _text(self, block: Token) -> list[Node]:
        return [{"t": "CodeBlock", "c": [_PLAIN, block["text"]]}]

    def _code(self, block: Token) -> list[Node]:
        return [{"t": "CodeBlock", "c": [_PLAIN, block["text"]]}]

    def _error(self, block: Token) -> list[Node]:
        told = [{"t": "Strong", "c": pandoc_text(block["name"])}, *pandoc_text(f": {block['message']}")]
        return [styled_div("Error", [_para(told)])]

    def picture(self, picture: Token, *, alone: bool = False) -> Node:
        """A picture as a file of the folder, as wide as its drawing says but never wider than the page."""
        ending, content = picture_bytes(picture, self.drawn)
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        (self.folder / name).write_bytes(content)
        width = width_of(picture["data"]) if picture["media"] == "image/svg+xml" else None
        sized = [["width", f"{min(width, PAGE.full):.1f}mm"]] if width else []
        if self.markdown:
            named = [["fig-alt", picture["alt"]]]
            return {
                "t": "Image",
                "c": [["", [], named + sized], [] if alone else pandoc_text(picture["alt"]), [name, ""]],
            }
        return {"t": "Image", "c": [["", [], sized], pandoc_text(picture["alt"]), [name, ""]]}

    def table(self, columns: Sequence[Token], rows: Sequence[Token]) -> Node:
        room = 1 if self.markdown else _ROOM
        shares = [{"t": "ColWidth", "c": share * room} for share in column_shares(columns, rows)]
        aligned = [{"t": _ALIGNED[column["align"]]} for column in columns]
        head = [self._cell("Table Head", pandoc_text(head_text(column)), 1) for column in columns]
        body = [self._row(row, len(columns)) for row in rows]
        return _native_table(list(map(list, zip(aligned, shares, strict=True))), head, body)

    def _row(self, row: Token, count: int) -> list[Any]:
        group = row["kind"] == "group"
        cells: list[Any] = []
        for cell, position in positioned_cells(row["cells"]):
            if position >= count:
                break
            span = count if group else min(cell["span"], count - position)
            style = "Table Group" if group else "Table Text"
            cells.append(self._cell(style, self._in_cell(cell, group or row["kind"] == "total"), span))
            cells += [self._cell(style, [], 1)] * (span - 1 if self.markdown else 0)
            if group:
                break
        taken = len(cells) if self.markdown else sum(cell[3] for cell in cells)
        return [_PLAIN, cells + [self._cell("Table Text", [], 1)] * (count - taken)]

    def _in_cell(self, cell: Token, strong: bool) -> list[Node]:
        if cell["svg"]:
            alt = cell["alt"] or "Small chart"
            return [self.picture({"media": "image/svg+xml", "data": cell["svg"], "alt": alt})]
        return [_piece(piece) for piece in cell_pieces({**cell, "strong": strong or cell["strong"]})]

    def _cell(self, style: str, inlines: list[Node], span: int) -> list[Any]:
        inside = [{"t": "Plain", "c": inlines}] if self.markdown else [styled_div(style, [_para(inlines)])]
        return [_PLAIN, {"t": "AlignDefault"}, 1, 1 if self.markdown else span, inside]

    # --- the tokens of Markdown

    def prose(self, tokens: Sequence[Token]) -> list[Node]:
        self.notes = {
            item["attrs"]["index"]: self.prose(item["children"])
            for token in tokens
            if token["type"] == "footnotes"
            for item in token["children"]
        } or self.notes
        return [node for token in tokens if (node := self._token(token)) is not None]

    def _token(self, token: Token) -> Node | None:
        kind, children = token["type"], token.get("children", [])
        if kind == "heading":
            return _header(token["attrs"]["level"], token.get("anchor", ""), self.inlines(children))
        if kind == "list":
            items = [self._item(item) for item in children]
            if token["attrs"].get("ordered"):
                return {
                    "t": "OrderedList",
                    "c": [[token["attrs"].get("start", 1), {"t": "Decimal"}, {"t": "Period"}], items],
                }
            return {"t": "BulletList", "c": items}
        if kind == "block_quote":
            return {"t": "BlockQuote", "c": self.prose(children)}
        if kind == "block_code":
            return {"t": "CodeBlock", "c": [_PLAIN, token["raw"].rstrip("\n")]}
        if kind == "block_math":
            return _para([formula_node(token["raw"], display=True)])
        if kind == "thematic_break":
            return {"t": "HorizontalRule"}
        if kind == "table":
            return self._markdown_table(children)
        if kind == "footnotes":
            return None
        inlines = self.inlines(children) if children else self.inlines([token])
        return {"t": "Plain" if kind == "block_text" else "Para", "c": inlines}

    def _item(self, item: Token) -> list[Node]:
        blocks = self.prose(item["children"])
        if item["type"] == "task_list_item" and blocks and blocks[0]["t"] in ("Plain", "Para"):
            sign = "☑" if item["attrs"]["checked"] else "☐"
            blocks[0] = {"t": blocks[0]["t"], "c": [*pandoc_text(f"{sign} "), *blocks[0]["c"]]}
        return blocks

    def _markdown_table(self, parts: Sequence[Token]) -> Node:
        head = next(part["children"] for part in parts if part["type"] == "table_head")
        lines = [line["children"] for part in parts if part["type"] == "table_body" for line in part["children"]]
        columns = [[{"t": _ALIGNED[cell["attrs"].get("align") or "left"]}, {"t": "ColWidthDefault"}] for cell in head]
        heads = [self._cell("Table Head", self.inlines(cell["children"]), 1) for cell in head]
        body = [[_PLAIN, [self._cell("Table Text", self.inlines(c["children"]), 1) for c in line]] for line in lines]
        return _native_table(columns, heads, body)

    def inlines(self, tokens: Sequence[Token]) -> list[Node]:
        return [node for token in tokens for node in self._inline(token)]

    def _inline(self, token: Token) -> list[Node]:
        kind, children = token["type"], token.get("children", [])
        if kind in ("inline_math", "block_math"):
            return [formula_node(token["raw"], display=kind == "block_math")]
        if kind in _MARKS:
            return [{"t": _MARKS[kind], "c": self.inlines(children)}]
        if kind == "codespan":
            return [{"t": "Code", "c": [_PLAIN, token["raw"]]}]
        if kind == "softbreak":
            return [{"t": "SoftBreak"}]
        if kind == "linebreak":
            return [{"t": "LineBreak"}]
        if kind == "image":
            return [self.picture(token["attrs"])]
        if kind == "footnote_ref":
            note = self.notes.get(token["attrs"]["index"])
            return [{"t": "Note", "c": note}] if note else []
        if kind == "link":
            attrs = token["attrs"]
            url = attrs.get("url") or (f"#{attrs['anchor']}" if "anchor" in attrs else "")
            inside = self.inlines(children)
            return [{"t": "Link", "c": [_PLAIN, inside, [url, ""]]}] if url else inside
        return pandoc_text(token.get("raw", "")) + self.inlines(children)


def _native_table(columns: list[Any], head: list[Any], rows: list[Any]) -> Node:
    head_rows = [[_PLAIN, head]]
    body = [[_PLAIN, 0, [], rows]]
    return {"t": "Table", "c": [_PLAIN, [None, []], columns, [_PLAIN, head_rows], body, [_PLAIN, []]]}
