"""Word by pandoc, from its Python package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.docx import to_docx

    return to_docx(document, timestamp=timestamp, attachments=attachments)


def _required_pandoc() -> None:
    from kpi_analysis.press.render.pandoc import pandoc_program

    pandoc_program("Word files are made by pandoc")


DOCX = Engine("docx", ("docx",), _make, requires=(_required_pandoc,), distribution="pypandoc-binary", selectable=False)
