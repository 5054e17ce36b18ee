"""Formulas: TeX → MathML for HTML, TeX → Typst for PDF, through pandoc, and only where a document has one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

from kpi_analysis.errors import EngineMissing

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


def converted(found: list[Formula], to: Literal["mathml", "typst"]) -> dict[Formula, str]:
    """Return formulas in another notation; one that pandoc does not understand is left out.

    Raises
    ------
    EngineMissing
        If pandoc is not there.

    Examples
    --------
    >>> converted([("a^2", False)], "typst")
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


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n\n|(?<=</p>)\n", text.strip())


def _pandoc(found: tuple[Formula, ...], to: str) -> str:
    import pypandoc

    blocks = [
        {"t": "Para", "c": [{"t": "Math", "c": [{"t": "DisplayMath" if display else "InlineMath"}, tex]}]}
        for tex, display in found
    ]
    document = {"pandoc-api-version": [1, 23], "meta": {}, "blocks": blocks}
    target = ["--to=html", "--mathml"] if to == "mathml" else ["--to=typst"]
    try:
        result = subprocess.run(
            [pypandoc.get_pandoc_path(), "--from=json", "--wrap=none", *target],
            input=json.dumps(document),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise EngineMissing(
            f"The notebook has formulas, and pandoc does not run: {problem}.",
            remedy="Install it: pip install pypandoc_binary",
        ) from problem
    return result.stdout
