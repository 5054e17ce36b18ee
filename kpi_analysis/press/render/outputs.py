"""One output of a cell → the blocks that a report prints of it."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from kpi_analysis.core.errors import RunError
from kpi_analysis.design.blocks.model import MIME
from kpi_analysis.press.render.html_outputs import read_html
from kpi_analysis.press.render.markdown import picture, read_markdown

Block = dict[str, Any]

KINDS = ("title", "findings", "table", "figure", "note", "beside")

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class PictureText:
    """What a cell says about its pictures: their alt text and caption, and where the cell stands."""

    alt: str = ""
    caption: str = ""
    number: int = 0


def notebook_text(text: Any) -> str:
    """Return text of a notebook file, which may be a list of lines."""
    return "".join(text) if isinstance(text, list) else str(text)


def output_blocks(output: Mapping[str, Any], words: PictureText) -> list[Block]:
    """Return what is printed of one output, in the richest form that paper can hold.

    Parameters
    ----------
    output : mapping
        An output of nbformat 4.
    words : PictureText
        What its cell says about pictures.

    Raises
    ------
    RunError
        If the output is a block of a kind that this version does not know.

    Examples
    --------
    >>> output_blocks({"output_type": "stream", "name": "stdout", "text": "3 rows"}, PictureText())
    [{'kind': 'text', 'text': '3 rows', 'stream': 'stdout'}]
    """
    kind = output["output_type"]
    if kind == "stream":
        return _text(notebook_text(output["text"]), str(output.get("name", "")))
    if kind == "error":
        trace = _ANSI.sub("", "\n".join(output.get("traceback", [])))
        return [{"kind": "error", "name": output["ename"], "message": output["evalue"], "trace": trace}]
    return _rich(output.get("data", {}), output.get("metadata", {}), words)


def _rich(data: Mapping[str, Any], metadata: Mapping[str, Any], words: PictureText) -> list[Block]:
    if MIME in data:
        return [_own(data[MIME])]
    if _WIDGET in data:
        return []
    for media in ("image/svg+xml", *_SIGNATURES):
        if media in data:
            return [_image(media, notebook_text(data[media]), metadata, words)]
    if "text/markdown" in data:
        return [{"kind": "markdown", "tokens": read_markdown(notebook_text(data["text/markdown"]))}]
    if "text/html" in data:
        blocks = read_html(notebook_text(data["text/html"]))
        if blocks:
            return blocks
    if "text/latex" in data:
        return [{"kind": "markdown", "tokens": read_markdown(notebook_text(data["text/latex"]))}]
    if "text/plain" in data:
        return _text(notebook_text(data["text/plain"]), "")
    if not data:
        return []
    found = ", ".join(sorted(data))
    return [{"kind": "note", "text": f"Cell {words.number} shows {found}, which cannot be printed."}]


def _own(payload: Mapping[str, Any]) -> Block:
    kind = payload.get("kind")
    if kind not in KINDS:
        raise RunError(
            f"The notebook holds a block of the kind {kind!r}; known are {', '.join(KINDS)}.",
            remedy="Run the notebook again with the version that prints it.",
        )
    if kind == "beside":
        return {"kind": kind, "blocks": [_own(block) for block in payload["blocks"]]}
    return dict(payload)


def _text(text: str, stream: str) -> list[Block]:
    # a progress bar overwrites its line: only what it left last is read
    lines = [line.rsplit("\r", 1)[-1] for line in _ANSI.sub("", text).replace("\r\n", "\n").split("\n")]
    clean = "\n".join(lines).strip("\n")
    return [{"kind": "text", "text": clean, "stream": stream}] if clean.strip() else []


def _image(media: str, data: str, metadata: Mapping[str, Any], words: PictureText) -> Block:
    of_media = metadata.get(media)
    told = (of_media.get("alt") if isinstance(of_media, Mapping) else None) or metadata.get("alt")
    alt = words.alt or told or words.caption or f"Figure of cell {words.number}, without a description"
    if not _is_whole(media, data):
        return {"kind": "note", "text": f"The picture of cell {words.number} cannot be read: {alt}"}
    return {"kind": "image", "caption": words.caption, **picture(media, data, str(alt))}


def _is_whole(media: str, data: str) -> bool:
    try:
        if media == "image/svg+xml":
            return ElementTree.fromstring(data).tag.endswith("svg")
        return b64decode(data[:64]).startswith(_SIGNATURES[media])
    except (ElementTree.ParseError, Base64Error):
        return False
