"""Drawings as pixels, for the files that hold no SVG: each drawn by Typst in the typeface of the report."""

from __future__ import annotations

import json
import tempfile
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typst

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.theme import DEFAULT_THEME, Theme, branded
from kpi_analysis.press.render.fonts import staged_fonts
from kpi_analysis.press.render.glyphs import covered

SHARPNESS = 240
"""Pixels an inch: two and a half times those of a screen, so that print is crisp too."""

_PAGES = """#set page(width: auto, height: auto, margin: 0pt, fill: none)
#for (number, drawing) in json(bytes(sys.inputs.drawings)).enumerate() {
  if number > 0 { pagebreak() }
  image(bytes(drawing), format: "svg")
}"""


def drawings(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the SVG texts of a document's blocks, each once, in order."""
    return list(dict.fromkeys(_drawings(blocks)))


def _drawings(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node.get("svg"):
            yield node["svg"]
        if node.get("media") == "image/svg+xml":
            yield node["data"]
        if "attrs" in node:
            yield from _drawings([node["attrs"]])
        if node.get("kind") != "figure":  # the table of a chart's figures stands in HTML only
            for row in node.get("rows", ()):
                yield from _drawings(row["cells"])
        for part in ("blocks", "tokens", "children"):
            yield from _drawings(node.get(part, ()))


def as_png(svgs: list[str], theme: Theme = DEFAULT_THEME, sharpness: float = SHARPNESS) -> dict[str, bytes]:
    """Return drawings as PNG, all of them in one go.

    Parameters
    ----------
    svgs : list of str
        The texts of SVG files. Nothing outside them is read.
    theme : Theme
        Whose colours and typeface they are drawn in.
    sharpness : float
        Pixels an inch.

    Returns
    -------
    dict of str to bytes
        From each text to its picture.

    Raises
    ------
    RunError
        If one cannot be drawn.

    Examples
    --------
    >>> svg = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="9pt"><path d="M0 0H72V9Z"/></svg>'
    >>> as_png([svg])[svg][1:4]
    b'PNG'
    """
    if not svgs:
        return {}
    clean: list[str] = covered([branded(svg, theme) for svg in svgs], set(), theme.fonts)
    with tempfile.TemporaryDirectory(prefix="kpi-pictures-") as name:
        main = Path(name) / "pictures.typ"
        main.write_text(_PAGES, encoding="utf-8")
        try:
            pages = typst.compile(
                main, root=main.parent, format="png", ppi=sharpness, sys_inputs={"drawings": json.dumps(clean)},
                font_paths=typst.Fonts(include_system_fonts=False, font_paths=[staged_fonts(theme.fonts)]),
                ignore_system_fonts=True,
            )  # fmt: skip
        except typst.TypstError as problem:
            raise RunError(f"A drawing of the report cannot be drawn: {problem.message}.") from problem
    return dict(zip(svgs, pages if isinstance(pages, list) else [pages], strict=True))


def picture_bytes(picture: Mapping[str, Any], drawn: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return a picture's file ending and content; a drawing is taken from those already drawn."""
    if picture["media"] == "image/svg+xml":
        return "png", drawn[picture["data"]]
    return picture["media"].removeprefix("image/"), b64decode(picture["data"])
