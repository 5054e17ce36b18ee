"""A document → a tagged PDF, set by Typst from data: no Typst markup is ever made of text."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks.svg import fills_column
from kpi_analysis.design.theme import DEFAULT_THEME, Font, Theme, branded, typst_tokens
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.equations import Formula, convert_formulas, formulas
from kpi_analysis.press.render.files import attachment_description, attachment_relation, media_type
from kpi_analysis.press.render.fonts import staged_fonts
from kpi_analysis.press.render.glyphs import covered, missing_note
from kpi_analysis.press.render.table_files import table_files

TEMPLATES = Path(__file__).parent / "typst"

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)


def to_pdf(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    """Return a document as a PDF that is both PDF/UA-1 and PDF/A-3a; the same input gives the same bytes.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    timestamp : datetime, optional
        The date of the file; 1 January 1980 where nobody noted one.
    attachments : mapping of name to bytes
        Files to attach; a CSV of each table is attached beside them.

    Raises
    ------
    RunError
        If the document cannot be set.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> to_pdf(read_document(nb), timestamp=None, attachments={})[:5]
    b'%PDF-'
    """
    moment = timestamp or _EPOCH
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    found = formulas(document.blocks)
    written = convert_formulas(found, "typst")
    if written:
        written = {formula: source for formula, source in written.items() if _sets(formula, source)}
    with tempfile.TemporaryDirectory(prefix="kpi-pdf-") as name:
        folder = Path(name)
        shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
        data = _data(document, written, folder, {**attachments, **table_files(document)})
        return _compile(folder / "report.typ", data, moment, document.theme.fonts)


def _data(
    document: Document, written: Mapping[Formula, str], folder: Path, attachments: Mapping[str, bytes]
) -> dict[str, Any]:
    """Everything that the templates read, with pictures and attachments laid beside them as files."""
    facts = document.facts
    language, _, region = document.language.partition("-")
    missing: set[str] = set()
    theme = document.theme
    prepared = [_prepared(block, written, folder, f"b{number}", theme) for number, block in enumerate(document.blocks)]
    for title in [block for block in prepared if block["kind"] == "title"][1:]:
        title["new_page"] = True
    text = {
        "blocks": prepared,
        "meta": {
            "title": document.title,
            "company": str(facts.get("company") or ""),
            "report": str(facts.get("report") or ""),
            "period": str(facts.get("period_label") or facts.get("period") or ""),
            "data_to": f"data to {facts['data_to']}" if facts.get("data_to") else "",
            "provenance": str(facts.get("provenance") or ""),
            "keywords": [str(facts[key]) for key in ("period", "report") if facts.get(key)],
        },
    }
    data: dict[str, Any] = covered(text, missing, theme.fonts)
    if missing:
        data["blocks"].append({"kind": "note", "text": missing_note(missing)})
    data["meta"]["lang"] = language.casefold() if re.fullmatch("[A-Za-z]{2,3}", language) else "en"
    data["meta"]["region"] = region.upper() if re.fullmatch("[A-Za-z]{2}", region) else None
    data["style"] = typst_tokens(theme)
    data["logo"] = _laid_out_logo(theme, folder)
    data["files"] = []
    for number, (name, content) in enumerate(attachments.items()):
        (folder / f"attached-{number}").write_bytes(content)
        data["files"].append(
            {
                "name": name,
                "path": f"/attached-{number}",
                "media": media_type(name),
                "relation": attachment_relation(name),
                "description": attachment_description(name),
            }
        )
    return data


def _prepared(
    node: Mapping[str, Any], written: Mapping[Formula, str], folder: Path, uid: str, theme: Theme
) -> dict[str, Any]:
    """A block or token with what the templates need beside it; the document itself stays as it is."""
    made = dict(node)
    made.pop("values", None)
    made.pop("svg_narrow", None)
    if made.get("type") in ("inline_math", "block_math"):
        made["typst"] = written.get((made["raw"], made["type"] == "block_math"), "")
    if made.get("media", "image/svg+xml") != "image/svg+xml":
        made["path"] = _laid_out_picture(made, folder)
        del made["data"]
    if made.get("kind") == "figure":
        # the table of a chart's figures is HTML's; on paper the chart stands alone
        made["rows"] = []
        made["svg"] = branded(made["svg"], theme)
    if "rows" in made:
        made["columns"] = [{**column, "width": _width(column["width"])} for column in made["columns"]]
        made["rows"] = [_row(row, made["columns"], theme) for row in made["rows"]]
    if "attrs" in made:
        made["attrs"] = _prepared(made["attrs"], written, folder, uid, theme)
    for part in ("blocks", "tokens", "children"):
        if part in made:
            made[part] = [_prepared(child, written, folder, uid, theme) for child in made[part]]
    if "tokens" in made:
        _hand_out_footnotes(made["tokens"], uid)
    return made


def _laid_out_picture(picture: Mapping[str, Any], folder: Path) -> str:
    ending = picture["media"].removeprefix("image/")
    file = folder / f"picture-{len(list(folder.glob('picture-*')))}.{ending}"
    file.write_bytes(b64decode(picture["data"]))
    return f"/{file.name}"


def _laid_out_logo(theme: Theme, folder: Path) -> str | None:
    if theme.logo is None:
        return None
    file = folder / f"logo.{'svg' if 'svg' in theme.logo.media else 'png'}"
    file.write_bytes(theme.logo.data)
    return f"/{file.name}"


def _width(width: str) -> str:
    return width if re.fullmatch(r"auto|\d+(\.\d+)?(mm|fr)", width) else "auto"


def _row(row: Mapping[str, Any], columns: list[dict[str, Any]], theme: Theme) -> dict[str, Any]:
    """A row whose pictures, if as wide as their column, fill it, so that lines run through the rows."""
    cells, position = [], 0
    for cell in row["cells"]:
        width = columns[position]["width"] if position < len(columns) else "auto"
        drawn = branded(cell["svg"], theme)
        cells.append({**cell, "svg": drawn, "flush": fills_column(drawn, width), "alt": cell["alt"] or "Small chart"})
        position += cell["span"]
    return {**row, "cells": cells}


def _hand_out_footnotes(tokens: list[dict[str, Any]], uid: str) -> None:
    """Put the words of each footnote where it is first called, as Typst wants them."""
    notes = {
        item["attrs"]["index"]: item for token in tokens if token["type"] == "footnotes" for item in token["children"]
    }
    for reference in _references(tokens):
        index = reference["attrs"]["index"]
        reference["attrs"] = {"label": f"{uid}-note-{index}"}
        item = notes.pop(index, None)
        if item is not None:
            reference["children"] = [part for block in item["children"] for part in block.get("children", [])]


def _references(tokens: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for token in tokens:
        if token["type"] == "footnote_ref":
            yield token
        elif token["type"] != "footnotes":
            yield from _references(token.get("children", []))


@cache
def _fonts(fonts: tuple[Font, ...] = DEFAULT_THEME.fonts) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[staged_fonts(fonts)])


@cache
def _sets(formula: Formula, source: str) -> bool:
    """Whether Typst sets a formula; one that it does not is printed as TeX rather than stop the report."""
    line = json.dumps({"source": source})
    trial = b'#let it = json(bytes(sys.inputs.it))\n#math.equation(alt: "x", eval(it.source, mode: "math"))'
    try:
        typst.compile(trial, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"it": line})
    except typst.TypstError:
        return False
    return True


def _compile(main: Path, data: Mapping[str, Any], moment: datetime, families: tuple[Font, ...]) -> bytes:
    try:
        pdf, warnings = typst.compile_with_warnings(
            main,
            root=main.parent,
            font_paths=_fonts(families),
            ignore_system_fonts=True,
            sys_inputs={"document": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["ua-1", "a-3a"],
            timestamp=int(moment.timestamp()),
        )
    except typst.TypstError as problem:
        hints = " ".join(problem.hints)
        raise RunError(f"The PDF cannot be set: {problem.message}. {hints}".strip()) from problem
    fonts = [warning.message for warning in warnings if "font" in warning.message]
    if fonts:
        raise RunError(
            f"The PDF lacks its typeface: {fonts[0]}.",
            remedy="Install it again: pip install --force-reinstall font-source-sans-pro. One of your own is named in "
            "brand: of the company file, by the family that its files name.",
        )
    return pdf
