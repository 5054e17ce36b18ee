"""PowerPoint by python-pptx."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine, required_module

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.pptx import to_pptx

    return to_pptx(document, timestamp=timestamp, attachments=attachments)


PPTX = Engine(
    "pptx",
    ("pptx",),
    _make,
    requires=(partial(required_module, "pptx", "python-pptx", "Slides need"),),
    distribution="python-pptx",
    selectable=False,
)
