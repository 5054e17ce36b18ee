"""A block as HTML and as plain text: in JupyterLab, and in the page that the press makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kpi_analysis.design.blocks.cell_values import cell_value
from kpi_analysis.design.blocks.svg import fills_column, inline_svg
from kpi_analysis.design.theme import DEFAULT_THEME, Theme, css_variables

Payload = Mapping[str, Any]

_FOLDER = Path(__file__).parent


def block_to_html(payload: Payload, theme: Theme = DEFAULT_THEME) -> str:
    """Return a block as HTML that brings its own look, for a notebook's output.

    Parameters
    ----------
    payload : mapping
        A block as JSON-ready data (`Block.payload`).
    theme : Theme
        In whose colours and typeface.

    Returns
    -------
    str
        HTML without scripts; whatever text the block holds is shown as text.

    Examples
    --------
    >>> "Rows are &lt;b&gt;orders" in block_to_html({"kind": "note", "text": "Rows are <b>orders"})
    True
    """
    style = css_variables(theme).replace(":root", ".kpi") + stylesheet()
    return f'<div class="kpi"><style>\n{style}</style>\n{render_block(payload)}</div>'


def render_block(payload: Payload, *, uid: str = "b", language: str = "") -> Markup:
    """Return a block as bare HTML for a page that brings the look itself.

    Parameters
    ----------
    payload : mapping
        A block, or one of the simple kinds of an analyst's notebook (markdown, image, text, code, error).
    uid : str
        A prefix for ids that only this block needs (footnotes).
    language : str
        In which numbers are written (``en-GB``): then each cell of a table tells its value, by which it sorts.
    """
    template = environment().get_template("block.html.j2")
    return Markup(template.render(block=payload, uid=uid, language=language))


def block_to_text(payload: Payload) -> str:
    """Return a block as plain text: its title, then its rows, one a line.

    Examples
    --------
    >>> print(block_to_text({"kind": "title", "title": "Orders rose", "deck": "Third quarter"}))
    Orders rose
    Third quarter
    """
    return "\n".join(line for line in _lines(payload) if line)


def stylesheet() -> str:
    """Return the rules for blocks, all of them under the class ``kpi``."""
    return _read("blocks.css")


@cache
def environment() -> Environment:
    """Return the one template environment: all text is escaped, a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["svg"] = inline_svg
    made.filters["laid_out"] = laid_out
    made.filters["arrangement"] = arrangement
    return made


def laid_out(block: Payload, language: str = "") -> list[dict[str, Any]]:
    """Return a table's rows, each cell with its column, its value, and whether it has a slot or fills it."""
    columns = block["columns"]
    slots = [False] * len(columns)
    for row in block["rows"]:
        for cell, position in _placed(row["cells"]):
            if position < len(columns) and cell["suffix"] and cell["span"] == 1:
                slots[position] = True
    fallback = {"label": "", "unit": "", "align": "left", "width": "auto"}
    rows = []
    for row in block["rows"]:
        cells = []
        for cell, position in _placed(row["cells"]):
            column = columns[position] if position < len(columns) else fallback
            slot = position < len(columns) and slots[position] and cell["span"] == 1
            fills = fills_column(cell["svg"], column["width"])
            value = cell_value(cell, language) if language else None
            cells.append({"cell": cell, "column": column, "slot": slot, "fills": fills, "value": value})
        rows.append({"kind": row["kind"], "cells": cells})
    return rows


def arrangement(blocks: list[Payload]) -> str:
    """Return how blocks share a line: ``halves``, ``thirds``, ``wide-left`` or ``wide-right``.

    Examples
    --------
    >>> arrangement([{"kind": "figure", "width": "wide"}, {"kind": "table"}])
    'wide-left'
    """
    if len(blocks) > 2:
        return "thirds"
    wide = [block.get("width") == "wide" for block in blocks]
    if any(wide) and not all(wide):
        return "wide-left" if wide[0] else "wide-right"
    return "halves"


def _placed(cells: list[Payload]) -> Iterator[tuple[Payload, int]]:
    position = 0
    for cell in cells:
        yield cell, position
        position += cell["span"]


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _lines(payload: Payload) -> Iterator[str]:
    kind = payload["kind"]
    if kind == "beside":
        for block in payload["blocks"]:
            yield from _lines(block)
        return
    yield payload.get("title", "")
    yield payload.get("deck", "") or payload.get("measure", "")
    for finding in payload.get("findings", ()):
        figure = finding["figure"]
        yield " ".join(part for part in (_cell(figure), finding["claim"], finding["evidence"]) if part)
    yield payload.get("alt", "")
    if payload.get("rows"):
        yield " | ".join(" ".join(filter(None, (c["label"], c["unit"]))) for c in payload["columns"])
        for row in payload["rows"]:
            yield " | ".join(_cell(cell) for cell in row["cells"])
    yield payload.get("note", "") or payload.get("text", "")


def _cell(cell: Payload) -> str:
    if cell["svg"]:
        return str(cell["alt"])
    space = " " if cell["suffix"][:1].isalpha() else ""
    return " ".join(part for part in (f"{cell['text']}{space}{cell['suffix']}", cell["unit"]) if part)
