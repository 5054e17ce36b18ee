"""A document → a Word file by pandoc: native tables and formulas, pictures with their words, our own styles."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.docx_reference import reference_document
from kpi_analysis.press.render.pandoc import pandoc_document, run_pandoc
from kpi_analysis.press.render.pandoc_blocks import pandoc_blocks


def to_docx(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    """Return a document as a Word file whose tables, formulas and words can be edited.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    timestamp : datetime, optional
        When the report was made.
    attachments : mapping of name to bytes
        Left out: such a file carries none.

    Raises
    ------
    EngineMissing
        If pandoc is not there.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> to_docx(read_document(nb), timestamp=None, attachments={})[:2]
    b'PK'
    """
    moment = timestamp or datetime(1980, 1, 1, tzinfo=UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    facts = document.facts
    with tempfile.TemporaryDirectory(prefix="kpi-docx-") as name:
        folder = Path(name)
        (folder / "reference.docx").write_bytes(reference_document(facts, document.language, document.theme))
        blocks = pandoc_blocks(document, folder)
        told = pandoc_document(blocks, subject=str(facts.get("report") or ""), lang=document.language)
        written = run_pandoc(
            told, "--to=docx", "--output=-", "--reference-doc=reference.docx", "--highlight-style=monochrome",
            wanted_for="Word files are made by pandoc", folder=folder, epoch=int(moment.timestamp()),
        )  # fmt: skip
    return _finished(written, document.title)


def _finished(written: bytes, title: str) -> bytes:
    """The file with its title, which pandoc would also print, tables as wide as the page, and pictures at its margin.

    LibreOffice puts 3 mm around a picture that does not say how far it keeps from the words.
    """
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(written)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for part in given.infolist():
            content = given.read(part)
            if part.filename == "word/document.xml":
                content = re.sub(rb'(<w:tblW w:type="pct" w:w=")\d+', rb"\g<1>5000", content)
                content = content.replace(b"<wp:inline>", b'<wp:inline distT="0" distB="0" distL="0" distR="0">')
            if part.filename == "docProps/core.xml":
                titled = f"<dc:title>{escape(title)}</dc:title>".encode()
                content = content.replace(b"<dc:title></dc:title>", titled)
            file.writestr(part, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
