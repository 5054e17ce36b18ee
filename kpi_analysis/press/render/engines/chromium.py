"""PDF by a Chromium browser, which prints our HTML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.press.render.engines.engine import Engine

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document


def _make(document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    from kpi_analysis.press.render.chromium import print_pdf

    return print_pdf(document, timestamp=timestamp, attachments=attachments)


def _required_browser() -> None:
    from kpi_analysis.press.render.chromium import required_browser

    required_browser()


def _program() -> str | None:
    from kpi_analysis.press.render.chromium import find_browser

    return find_browser()


CHROMIUM = Engine("chromium", ("pdf",), _make, requires=(_required_browser,), program=_program)
