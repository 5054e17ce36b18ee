"""A document → one HTML page that holds everything it needs and asks no other host for anything."""

from __future__ import annotations

import copy
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from kpi_analysis.design.blocks.html import environment, render_block, stylesheet
from kpi_analysis.design.theme import Page, css_variables
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.equations import convert_formulas, formulas
from kpi_analysis.press.render.files import media_type
from kpi_analysis.press.render.fonts import font_faces

TEMPLATES = Path(__file__).parent / "templates"


def to_html(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> str:
    """Return a document as one HTML page.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    timestamp : datetime, optional
        When the report was made.
    attachments : mapping of name to bytes
        Files that the page offers for download; they are inside it.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Two < three"}], "metadata": {}}
    >>> "<title>Two &lt; three</title>" in to_html(read_document(nb), timestamp=None, attachments={})
    True
    """
    page = page_context(document, timestamp=timestamp, attachments=attachments)
    return _page(page)


def to_print_html(document: Document, *, timestamp: datetime | None) -> str:
    """Return a document as the same page for paper: without script, which has nothing to do there."""
    return _page({**page_context(document, timestamp=timestamp, attachments={}), "script": "", "policy": ""})


def _page(page: Mapping[str, Any]) -> str:
    return page_environment().get_template("index.html.j2").render(resources={"kpi": page})


def page_context(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the page's template reads, under the name ``resources.kpi``."""
    blocks = _with_mathml(document.blocks)
    facts, theme = document.facts, document.theme
    script, paper, language = _asset("tables.js"), _paper(theme.page), document.language
    return {
        "title": document.title,
        "language": language,
        "style": "\n".join((font_faces(theme.fonts), css_variables(theme), stylesheet(), _asset("page.css"), paper)),
        "script": script,
        "policy": f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'",
        "toc": document.toc,
        "body": [render_block(block, uid=f"b{number}", language=language) for number, block in enumerate(blocks, 1)],
        "logo": f"data:{theme.logo.media};base64,{b64encode(theme.logo.data).decode()}" if theme.logo else "",
        "company": facts.get("company") or "",
        "report": facts.get("report") or "",
        "period": facts.get("period_label") or facts.get("period") or "",
        "data_to": facts.get("data_to") or "",
        "provenance": facts.get("provenance") or "",
        "date": timestamp.isoformat() if timestamp else "",
        "files": [
            {"name": name, "url": f"data:{media_type(name)};base64,{b64encode(data).decode()}"}
            for name, data in attachments.items()
        ],
    }


@cache
def page_environment() -> Environment:
    """Return the template environment of the page, which is that of the blocks with another folder."""
    return environment().overlay(loader=FileSystemLoader(TEMPLATES / "kpi_html"))


@cache
def _asset(name: str) -> str:
    return (TEMPLATES / "kpi_html" / name).read_text(encoding="utf-8")


def _paper(page: Page) -> str:
    margin = f"{page.top:g}mm {page.left:g}mm {page.bottom:g}mm"
    return f"@page {{ size: {page.name}; margin: {margin}; }}"


def _with_mathml(blocks: tuple[dict[str, Any], ...]) -> Iterable[dict[str, Any]]:
    found = formulas(blocks)
    if not found:
        return blocks
    written = convert_formulas(found, "mathml")
    prepared = copy.deepcopy(blocks)
    _fill(prepared, written)
    return prepared


def _fill(nodes: Iterable[dict[str, Any]], written: Mapping[tuple[str, bool], str]) -> None:
    for node in nodes:
        if node.get("type") in ("inline_math", "block_math"):
            node["mathml"] = written.get((node["raw"], node["type"] == "block_math"), "")
        for part in ("tokens", "children", "blocks"):
            _fill(node.get(part, ()), written)
