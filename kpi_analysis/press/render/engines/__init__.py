"""The register of render engines: which makes which format, and whether it can be used here.

A new engine is a file beside this one and a line in `ENGINES`; its formats, `kpi render --engine` and `kpi doctor`
follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.press.render.engines.chromium import CHROMIUM
from kpi_analysis.press.render.engines.docx import DOCX
from kpi_analysis.press.render.engines.engine import Engine
from kpi_analysis.press.render.engines.html import HTML
from kpi_analysis.press.render.engines.pptx import PPTX
from kpi_analysis.press.render.engines.quarto import QUARTO
from kpi_analysis.press.render.engines.typst import TYPST

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document

__all__ = ["ENGINES", "ENGINE_NAMES", "FORMATS", "Engine", "choose_engine", "engine_of", "file_name", "make"]

ENGINES: tuple[Engine, ...] = (
    HTML,
    TYPST,
    DOCX,
    PPTX,
    QUARTO,
    CHROMIUM,
)
"""All engines; the first that makes a format is its engine unless another one is asked for."""

ENGINE_NAMES = ("auto", *(engine.name for engine in ENGINES if engine.selectable))
"""What ``--engine`` takes; ``auto`` needs no program beside Python."""

FORMATS = (*dict.fromkeys(form for engine in ENGINES for form in engine.formats), "ipynb")
"""What ``--to`` takes; the notebook itself is published by no engine."""

_FILES = {"revealjs": "slides.html"}


def file_name(form: str) -> str:
    """Return what the file of a format is called.

    Examples
    --------
    >>> file_name("docx"), file_name("revealjs")
    ('report.docx', 'slides.html')
    """
    return _FILES.get(form, f"report.{form}")


def choose_engine(name: str, formats: Sequence[str]) -> str:
    """Return the name of the engine to use, after checking that all formats can be made here.

    Parameters
    ----------
    name : str
        Of `ENGINE_NAMES`.
    formats : sequence of str
        Of `FORMATS`.

    Raises
    ------
    UsageError
        If the engine is unknown, or makes none of the formats.
    EngineMissing
        If a program or package is not there; the remedy installs it.

    Examples
    --------
    >>> choose_engine("auto", ["html", "pdf"])
    'typst'
    """
    if name not in ENGINE_NAMES:
        hint = did_you_mean(name, ENGINE_NAMES)
        raise UsageError(
            f"The engine '{name}' cannot be used.",
            remedy=" ".join(part for part in (hint, f"Engines: {', '.join(ENGINE_NAMES)}.") if part),
        )
    named = next((engine for engine in ENGINES if engine.name == name), None)
    if named is not None and not set(formats) & set(named.formats):
        raise UsageError(
            f"The engine {name} makes {', '.join(named.formats)}; asked for was {', '.join(formats)}.",
            remedy=f"Add --to {named.formats[0]}, or leave --engine out.",
        )
    for form in formats:
        missing = None if form == "ipynb" else engine_of(form, name).check()
        if missing is not None:
            raise missing
    return engine_of("pdf", "auto").name if named is None else name


def engine_of(form: str, name: str) -> Engine:
    """Return the engine that makes a format: the named one if it can, else the first that does.

    Examples
    --------
    >>> [engine_of(form, "chromium").name for form in ("html", "pdf", "revealjs")]
    ['html', 'chromium', 'quarto']
    """
    able = [engine for engine in ENGINES if form in engine.formats]
    return next((engine for engine in able if engine.name == name), able[0])


def make(
    document: Document, form: str, name: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]
) -> bytes:
    """Return a document in a format, by the named engine where it makes that format.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> make(read_document(nb), "html", "auto", timestamp=None, attachments={})[:15]
    b'<!DOCTYPE html>'
    """
    return engine_of(form, name).make(document, form, timestamp=timestamp, attachments=attachments)
