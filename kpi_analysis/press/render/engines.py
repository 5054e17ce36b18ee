"""Which engine makes which format, and whether it can be used here."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kpi_analysis.core.errors import EngineMissing, UsageError, did_you_mean

if TYPE_CHECKING:
    from kpi_analysis.press.render.document import Document

FORMATS = ("html", "pdf", "docx", "pptx", "revealjs", "ipynb")
ENGINES = ("auto", "typst", "quarto", "chromium")

# An engine: its formats, and the function of this package that makes each. The first that makes a format is its
# engine unless another one is asked for. All have one signature: (document, *, timestamp, attachments).
_MAKERS: dict[str, dict[str, str]] = {
    "kit": {"html": "html:to_html", "docx": "docx:to_docx", "pptx": "pptx:to_pptx"},
    "typst": {"pdf": "typst:to_pdf"},
    "quarto": {name: f"quarto:to_{name}" for name in ("html", "pdf", "docx", "pptx", "revealjs")},
    "chromium": {"pdf": "chromium:to_pdf"},
}
_FILES = {"revealjs": "slides.html"}


def file_name(form: str) -> str:
    """Return what the file of a format is called.

    Examples
    --------
    >>> file_name("docx"), file_name("revealjs")
    ('report.docx', 'slides.html')
    """
    return _FILES.get(form, f"report.{form}")


def choose_engine(engine: str, formats: Sequence[str]) -> str:
    """Return the engine to use, after checking that all formats can be made here.

    Parameters
    ----------
    engine : str
        Of `ENGINES`; ``auto`` takes what needs no other program.
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
    if engine not in ENGINES:
        hint = did_you_mean(engine, ENGINES)
        raise UsageError(
            f"The engine '{engine}' cannot be used.",
            remedy=" ".join(part for part in (hint, f"Engines: {', '.join(ENGINES)}.") if part),
        )
    if engine != "auto" and not set(formats) & _MAKERS[engine].keys():
        makes = ", ".join(_MAKERS[engine])
        raise UsageError(
            f"The engine {engine} makes {makes}; asked for was {', '.join(formats)}.",
            remedy=f"Add --to {next(iter(_MAKERS[engine]))}, or leave --engine out.",
        )
    for form in formats:
        if form != "ipynb":
            check_engine(engine_of(form, engine), form)
    return "typst" if engine == "auto" else engine


def engine_of(form: str, engine: str) -> str:
    """Return the engine that makes a format: the given one if it can, else the first that does.

    Examples
    --------
    >>> [engine_of(form, "chromium") for form in ("html", "pdf", "revealjs")]
    ['kit', 'chromium', 'quarto']
    """
    if form in _MAKERS.get(engine, {}):
        return engine
    return next(name for name, makes in _MAKERS.items() if form in makes)


def check_engine(engine: str, form: str) -> None:
    """Raise `EngineMissing` where an engine lacks what it needs for a format; nothing is started."""
    if engine == "typst" and importlib.util.find_spec("typst") is None:
        raise EngineMissing("PDF needs typst, which is not installed.", remedy="Install it: pip install typst")
    if form == "pptx" and engine == "kit" and importlib.util.find_spec("pptx") is None:
        raise EngineMissing(
            "Slides need python-pptx, which is not installed.", remedy="Install it: pip install python-pptx"
        )
    if engine == "quarto" or (engine == "kit" and form == "docx"):
        from kpi_analysis.press.render.pandoc import pandoc_program

        pandoc_program(f"{form} by the engine {engine} is written by pandoc")
    if engine == "quarto":
        from kpi_analysis.press.render.quarto import required_quarto

        required_quarto()
    if engine == "chromium":
        from kpi_analysis.press.render.chromium import required_browser

        required_browser()


def make(
    document: Document, form: str, engine: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]
) -> bytes:
    """Return a document in a format, by the given engine where it makes that format.

    Examples
    --------
    >>> from kpi_analysis.press.render.document import read_document
    >>> nb = {"cells": [{"cell_type": "markdown", "source": "# Orders rose"}], "metadata": {}}
    >>> make(read_document(nb), "html", "auto", timestamp=None, attachments={})[:15]
    b'<!DOCTYPE html>'
    """
    module, _, function = _MAKERS[engine_of(form, engine)][form].partition(":")
    maker: Callable[..., bytes | str] = getattr(
        importlib.import_module(f"kpi_analysis.press.render.{module}"), function
    )
    made = maker(document, timestamp=timestamp, attachments=attachments)
    return made.encode() if isinstance(made, str) else made
