"""Formulas: TeX → MathML for HTML, TeX → Typst for PDF, through pandoc, and only where a document has one."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

from kpi_analysis.press.render.pandoc import pandoc_document, run_pandoc

Formula = tuple[str, bool]
"""TeX, and whether it stands on a line of its own."""


def formulas(blocks: Iterable[Mapping[str, Any]]) -> list[Formula]:
    """Return the formulas of a document's Markdown, each once, in order."""
    found: dict[Formula, None] = {}
    for token in _tokens(blocks):
        if token["type"] in ("inline_math", "block_math"):
            found[token["raw"], token["type"] == "block_math"] = None
    return list(found)


def _tokens(nodes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        if "type" in node:
            yield node
        for part in ("tokens", "children", "blocks"):
            yield from _tokens(node.get(part, ()))


def convert_formulas(found: list[Formula], to: Literal["mathml", "typst"]) -> dict[Formula, str]:
    """Return formulas in another notation; one that pandoc does not understand is left out.

    Raises
    ------
    EngineMissing
        If pandoc is not there.

    Examples
    --------
    >>> convert_formulas([("a^2", False)], "typst")
    {('a^2', False): 'a^2'}
    """
    if not found:
        return {}
    return dict(_converted(tuple(found), to))


@lru_cache(maxsize=64)
def _converted(found: tuple[Formula, ...], to: str) -> tuple[tuple[Formula, str], ...]:
    pattern = r"<p>(<math.*</math>)</p>" if to == "mathml" else r"\$\s?(.*?)\s?\$"
    paragraphs = _paragraphs(_pandoc(found, to))
    if len(paragraphs) != len(found):
        # a formula that holds an empty line cannot be told from two: each goes alone then
        paragraphs = [_pandoc((formula,), to) for formula in found]
    pairs = []
    for formula, paragraph in zip(found, paragraphs, strict=True):
        match = re.fullmatch(pattern, paragraph.strip(), re.DOTALL)
        if match:
            pairs.append((formula, match[1]))
    return tuple(pairs)


def office_formulas(found: list[Formula]) -> dict[Formula, str]:
    """Return formulas as an office suite holds them, so that they can be edited there: the XML of each.

    Examples
    --------
    >>> office_formulas([("a^2", False)])["a^2", False][:28]
    '<m:oMath xmlns:m="http://sch'
    """
    blocks = [{"t": "Para", "c": [formula_node(tex, display=False)]} for tex, _ in found]
    if not blocks:
        return {}
    wanted_for = "The notebook has formulas"
    made = run_pandoc(pandoc_document(blocks), "--to=docx", "--output=-", wanted_for=wanted_for)
    with zipfile.ZipFile(BytesIO(made)) as file:
        text = file.read("word/document.xml").decode()
    paragraphs = re.findall(r"<w:p>(.*?)</w:p>", text, re.DOTALL)
    space = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    written = {}
    for formula, paragraph in zip(found, paragraphs, strict=True):
        match = re.search(r"<m:oMath>(.*)</m:oMath>", paragraph, re.DOTALL)
        if match:  # one that pandoc does not understand stays the TeX that it is
            written[formula] = f"<m:oMath {space}>{match[1]}</m:oMath>"
    return written


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n\n|(?<=</p>)\n", text.strip())


def _pandoc(found: tuple[Formula, ...], to: str) -> str:
    target = ["--to=html", "--mathml"] if to == "mathml" else ["--to=typst"]
    blocks = [{"t": "Para", "c": [formula_node(tex, display=display)]} for tex, display in found]
    made = run_pandoc(pandoc_document(blocks), "--wrap=none", *target, wanted_for="The notebook has formulas")
    return made.decode()


def formula_node(tex: str, *, display: bool) -> dict[str, Any]:
    """Return a formula in pandoc's own form."""
    return {"t": "Math", "c": [{"t": "DisplayMath" if display else "InlineMath"}, tex]}
