"""HTML by templates of this package; it needs nothing beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.html import to_html

    return to_html(document, timestamp=timestamp, attachments=attachments).encode()


HTML = Engine("html", ("html",), _make, standard=True, selectable=False)
