"""PDF by Typst, from its Python package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine, required_module

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.typst import to_pdf

    return to_pdf(document, timestamp=timestamp, attachments=attachments)


TYPST = Engine(
    "typst",
    ("pdf",),
    _make,
    requires=(partial(required_module, "typst", "typst", "PDF needs"),),
    distribution="typst",
    standard=True,
)
