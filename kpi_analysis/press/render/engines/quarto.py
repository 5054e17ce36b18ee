"""Five formats by Quarto's command line, which is handed Markdown that pandoc writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.quarto import render_with_quarto

    return render_with_quarto(document, form, timestamp=timestamp, attachments=attachments)


def _required_pandoc() -> None:
    from kpi_analysis.press.render.pandoc import pandoc_program

    pandoc_program("Quarto is handed Markdown that pandoc writes")


def _required_quarto() -> None:
    from kpi_analysis.press.render.quarto import required_quarto

    required_quarto()


def _program() -> str | None:
    from kpi_analysis.press.render.quarto import find_quarto

    return find_quarto()


QUARTO = Engine(
    "quarto",
    ("html", "pdf", "docx", "pptx", "revealjs"),
    _make,
    requires=(_required_pandoc, _required_quarto),
    program=_program,
)
