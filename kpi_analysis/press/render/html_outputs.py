"""HTML that an analyst's own output left → blocks. Only its words, lists, tables and pictures are taken.

Nothing of the HTML itself is passed on, so no script, no style and no event handler can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from typing import Any

from kpi_analysis.design.blocks.model import Cell, Column, Row, Table
from kpi_analysis.press.render.markdown import picture

Block = dict[str, Any]
Token = dict[str, Any]

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_CLOSES = {
    "li": {"li"},
    "p": {"p"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "tr": {"tr", "td", "th"},
    **{part: {"thead", "tbody", "tfoot", "tr", "td", "th"} for part in ("thead", "tbody", "tfoot")},
}
_SILENT = {"head", "link", "meta", "noscript", "script", "style", "template", "title"}
_UNSHOWN = {
    "audio",
    "video",
    "canvas",
    "svg",
    "iframe",
    "embed",
    "object",
    "form",
    "button",
    "input",
    "select",
}
_MARKS = {
    "b": "strong",
    "strong": "strong",
    "i": "emphasis",
    "em": "emphasis",
    "s": "strikethrough",
    "del": "strikethrough",
}
_MISSING = {"nan", "<na>", "nat", "none"}
_DEEPEST = 60
_LONG = 24
"""Characters from which a column's text wraps rather than widens the table."""


@dataclass
class _Element:
    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[_Element | str] = field(default_factory=list)

    def elements(self, *tags: str) -> Iterator[_Element]:
        """Every element of these tags below this one, but not those inside a table inside it."""
        for child in self.children:
            if isinstance(child, _Element):
                if child.tag in tags:
                    yield child
                elif child.tag != "table":
                    yield from child.elements(*tags)

    def words(self) -> str:
        if self.tag in _SILENT:
            return ""
        parts = (child if isinstance(child, str) else child.words() for child in self.children)
        return " " if self.tag == "br" else "".join(parts)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("body")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.open[-1].tag in _CLOSES.get(tag, ()):
            self.open.pop()
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID and len(self.open) < _DEEPEST:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_html(source: str) -> list[Block]:
    """Return the tables of HTML as ``table`` blocks, its pictures as ``image`` and its words as ``markdown``.

    An empty list says that there was nothing to print: a script, a widget, an embedded page.

    Examples
    --------
    >>> [block["kind"] for block in read_html("<p>Two</p><table><tr><td>1</td></tr></table>")]
    ['markdown', 'table']
    >>> read_html("<script>alert(1)</script>")
    []
    """
    builder = _Builder()
    builder.feed(source)
    builder.close()
    blocks: list[Block] = []
    for token in _flow(builder.root):
        if "kind" in token:
            blocks.append(token)
        elif blocks and blocks[-1]["kind"] == "markdown":
            blocks[-1]["tokens"].append(token)
        else:
            blocks.append({"kind": "markdown", "tokens": [token]})
    return blocks


def _flow(element: _Element) -> Iterator[Block | Token]:
    line: list[Token] = []
    for child in element.children:
        inline = _inline(child)
        if inline is not None:
            line.extend(inline)
            continue
        yield from _paragraph(line)
        line = []
        assert isinstance(child, _Element)
        yield from _block(child)
    yield from _paragraph(line)


def _paragraph(line: list[Token]) -> Iterator[Token]:
    if any(token["type"] != "text" or token["raw"].strip() for token in line):
        yield {"type": "paragraph", "children": line}


def _inline(child: _Element | str) -> list[Token] | None:
    """The tokens of what stands in a line, or None for what stands on its own."""
    if isinstance(child, str):
        return [{"type": "text", "raw": re.sub(r"\s+", " ", child)}] if child else []
    if child.tag in _SILENT | _UNSHOWN:
        return []
    if child.tag == "br":
        return [{"type": "linebreak"}]
    if child.tag == "code":
        return [{"type": "codespan", "raw": child.words()}]
    if child.tag in {"a", "span", "u", "small", "sub", "sup", "mark", "label", "font", *_MARKS}:
        parts = [_inline(grandchild) for grandchild in child.children]
        if any(part is None for part in parts):
            return None
        tokens = [token for part in parts for token in part or []]
        mark = _MARKS.get(child.tag)
        return [{"type": mark, "children": tokens}] if mark else tokens
    return None


def _block(element: _Element) -> Iterator[Block | Token]:
    tag = element.tag
    if tag == "table":
        table = _table(element)
        if table is not None:
            yield table
    elif tag == "img":
        found = re.match(r"data:(image/(?:png|jpeg));base64,(.+)", element.attrs.get("src", ""), re.DOTALL)
        alt = element.attrs.get("alt") or "Picture without a description"
        if found:
            yield {"kind": "image", "caption": "", **picture(found[1], found[2], alt)}
    elif re.fullmatch("h[1-6]", tag):
        text = {"type": "text", "raw": " ".join(element.words().split())}
        yield {"type": "heading", "attrs": {"level": int(tag[1])}, "children": [text]}
    elif tag in ("ul", "ol"):
        items = [
            {"type": "list_item", "children": [token for token in _flow(item) if "type" in token]}
            for item in element.elements("li")
        ]
        yield {"type": "list", "attrs": {"ordered": tag == "ol"}, "children": items}
    elif tag == "pre":
        yield {"type": "block_code", "raw": element.words()}
    elif tag == "hr":
        yield {"type": "thematic_break"}
    elif tag == "blockquote":
        yield {"type": "block_quote", "children": [token for token in _flow(element) if "type" in token]}
    else:
        yield from _flow(element)


def _table(element: _Element) -> Block | None:
    rows = list(element.elements("tr"))
    heads = 0
    while heads < len(rows) and _is_head(rows[heads], element):
        heads += 1
    head, body = _grid(rows[:heads], repeat=True), _grid(rows[heads:], repeat=False)
    count = max((len(row) for row in head + body), default=0)
    if count == 0:
        return None
    body = [row + [""] * (count - len(row)) for row in body]
    # what names a row stands at the left, be it a number
    named = min((sum(cell.tag == "th" for cell in row.elements("th", "td")) for row in rows[heads:]), default=0)
    columns = []
    for position in range(count):
        labels = [row[position] for row in head if position < len(row) and row[position]]
        texts = [row[position] for row in body]
        numeric = position >= named and all(map(_is_number, texts)) and any(texts)
        label = ", ".join(dict.fromkeys(labels))
        width = "1fr" if max(map(len, texts), default=0) > _LONG else "auto"
        columns.append(Column(label, align="right" if numeric else "left", width=width))
    caption = next((caption.words() for caption in element.elements("caption")), "")
    cells = [Row(tuple(Cell(_shown(text)) for text in row)) for row in body]
    table = Table("", "", " ".join(caption.split()), tuple(columns), tuple(cells))
    return {"kind": "table", **asdict(table)}


def _is_head(row: _Element, table: _Element) -> bool:
    if any(row in head.children for head in table.elements("thead")):
        return True
    cells = [child for child in row.children if isinstance(child, _Element)]
    return bool(cells) and all(cell.tag == "th" for cell in cells)


def _grid(rows: list[_Element], *, repeat: bool) -> list[list[str]]:
    """Cells with their spans laid out: a spanning label repeats in the head and stands once in the body."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        line: list[str] = []

        def hang(line: list[str] = line) -> None:
            while len(line) in hanging:
                rest, text = hanging.pop(len(line))
                if rest > 1:
                    hanging[len(line)] = (rest - 1, text)
                line.append(text)

        for cell in (child for child in row.children if isinstance(child, _Element)):
            if cell.tag not in ("td", "th"):
                continue
            hang()
            text = " ".join(cell.words().split())
            for step in range(_span(cell, "colspan")):
                shown = text if repeat or step == 0 else ""
                if _span(cell, "rowspan") > 1:
                    hanging[len(line)] = (_span(cell, "rowspan") - 1, "")
                line.append(shown)
        hang()
        grid.append(line)
    return grid


def _span(cell: _Element, name: str) -> int:
    text = cell.attrs.get(name, "1")
    return max(1, min(int(text), 1000)) if text.isdecimal() else 1


def _is_number(text: str) -> bool:
    return text.casefold() in {"", *_MISSING} or bool(re.fullmatch(r"[-+−]?[\d.,]+(e[-+]?\d+)?\s?%?", text))


def _shown(text: str) -> str:
    return "–" if text.casefold() in _MISSING else text
