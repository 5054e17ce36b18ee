"""What a reader finds in a printed file: its words, its tables, the words of its pictures, its formulas."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


@dataclass(frozen=True)
class Found:
    """What stands in a file; `pictures` are their words."""

    words: str
    tables: int
    pictures: tuple[str, ...]
    formulas: int


def in_html(page: bytes) -> Found:
    text = re.sub(r"<style.*?</style>|<title>.*?</title>|<head>.*?</head>", "", page.decode(), flags=re.DOTALL)
    pictures = re.findall(r'<img alt="([^"]*)"|<svg role="img" aria-label="([^"]*)"', text)
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<math.*?</math>", "", text, flags=re.DOTALL))
    for code, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#34;", '"'), ("&amp;", "&")):
        plain = plain.replace(code, sign)
    return Found(_spaced(plain), text.count("<table"), tuple(a or b for a, b in pictures), text.count("<math"))


def in_pdf(data: bytes, folder: Path) -> Found:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not on this machine")
    file = folder / "read.pdf"
    file.write_bytes(data)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True).stdout.decode()
    with pikepdf.open(BytesIO(data)) as pdf:
        tagged = [(str(e.S), str(e.get("/Alt", ""))) for e in _elements(pdf.Root.StructTreeRoot)]
    kinds = [kind for kind, _ in tagged]
    pictures = tuple(alt for kind, alt in tagged if kind == "/Figure")
    return Found(_spaced(text), kinds.count("/Table"), pictures, kinds.count("/Formula"))


def in_docx(data: bytes) -> Found:
    with zipfile.ZipFile(BytesIO(data)) as file:
        body = ElementTree.fromstring(file.read("word/document.xml"))
        notes = ElementTree.fromstring(file.read("word/footnotes.xml"))
    lines = ["".join(text.text or "" for text in p.iter(f"{W}t")) for p in [*body.iter(f"{W}p"), *notes.iter(f"{W}p")]]
    pictures = tuple(p.get("descr", "") for p in body.iter(f"{WP}docPr"))
    return Found(
        _spaced("\n".join(lines)), len(list(body.iter(f"{W}tbl"))), pictures, len(list(body.iter(f"{M}oMath")))
    )


def slides(data: bytes) -> list[ElementTree.Element]:
    """The slides of a presentation in order; of two ways to read a shape, the first."""
    with zipfile.ZipFile(BytesIO(data)) as file:
        names = [name for name in file.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)]
        found = [
            ElementTree.fromstring(file.read(name)) for name in sorted(names, key=lambda n: int(n[16:].split(".")[0]))
        ]
    for slide in found:
        for either in slide.iter(f"{MC}AlternateContent"):
            either.remove(either[1])
    return found


def in_pptx(data: bytes) -> Found:
    found = slides(data)
    lines = ["".join(text.text or "" for text in p.iter(f"{A}t")) for slide in found for p in slide.iter(f"{A}p")]
    pictures = tuple(p.get("descr", "") for slide in found for pic in slide.iter(f"{P}pic") for p in [pic[0][0]])
    count = sum(len(list(slide.iter(f"{M}oMath"))) for slide in found)
    return Found(_spaced("\n".join(lines)), sum(len(list(s.iter(f"{A}tbl"))) for s in found), pictures, count)


def _elements(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    if isinstance(node, pikepdf.Array):
        for child in node:  # type: ignore[attr-defined]
            yield from _elements(child)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _elements(node.K)


def _spaced(text: str) -> str:
    return " ".join(text.split())
