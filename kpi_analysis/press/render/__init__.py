"""The press: an executed notebook in, one self-contained file out. It never runs a cell and never queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

__all__ = ["render_html", "render_pdf"]


def render_html(
    nb: Mapping[str, Any],
    *,
    timestamp: datetime | None = None,
    attachments: Mapping[str, bytes] | None = None,
    show_code: bool = False,
) -> str:
    """Return an executed notebook as one HTML page that asks no other host for anything.

    Parameters
    ----------
    nb : notebook
        An executed notebook, as nbformat reads it.
    timestamp : datetime, optional
        When the report was made; stands in the page's metadata.
    attachments : mapping of name to bytes, optional
        Files that the page carries along, such as ``results.json``.
    show_code : bool
        Whether the cells' code is printed too.

    Raises
    ------
    RunError
        If a cell of the notebook failed, or two blocks quote one figure with two values.

    Examples
    --------
    >>> page = render_html({"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}})
    >>> "<h1" in page and "http" not in page.split("</style>")[1]
    True
    """
    from kpi_analysis.press.render.document import read_document
    from kpi_analysis.press.render.html import to_html

    return to_html(read_document(nb, show_code=show_code), timestamp=timestamp, attachments=attachments or {})


def render_pdf(
    nb: Mapping[str, Any],
    *,
    timestamp: datetime | None = None,
    attachments: Mapping[str, bytes] | None = None,
    show_code: bool = False,
) -> bytes:
    """Return an executed notebook as a tagged PDF (PDF/UA-1 and PDF/A-3a); same input, same bytes.

    Parameters
    ----------
    nb : notebook
        An executed notebook, as nbformat reads it.
    timestamp : datetime, optional
        The date of the file. Without it, the end of the run that papermill noted, else 1 January 1980.
    attachments : mapping of name to bytes, optional
        Files attached to the PDF, such as ``results.json``.
    show_code : bool
        Whether the cells' code is printed too.

    Raises
    ------
    RunError
        If a cell of the notebook failed, or the document cannot be set.
    """
    from kpi_analysis.press.render.document import read_document
    from kpi_analysis.press.render.typst import to_pdf

    document = read_document(nb, show_code=show_code)
    return to_pdf(document, timestamp=timestamp or document.finished, attachments=attachments or {})
