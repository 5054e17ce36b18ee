"""A document → HTML, PDF, Word, PowerPoint or reveal.js by Quarto's command line, under our brand.

Quarto is handed the document as Markdown with its pictures beside it, so that all its formats say the same, and
nothing in it can run: no code cell, no shortcode.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from kpi_analysis.core.errors import EngineMissing, RunError
from kpi_analysis.design.theme import TYPE, Page, Theme
from kpi_analysis.press.render.attachments import attach_files
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.docx_reference import reference_document
from kpi_analysis.press.render.pandoc import pandoc_document, run_pandoc
from kpi_analysis.press.render.pandoc_blocks import pandoc_blocks
from kpi_analysis.press.render.subprocesses import last_words, run_program
from kpi_analysis.press.render.table_files import table_files

REMEDY = "Install it: conda install -c conda-forge quarto  (elsewhere: set QUARTO_PATH to the program)"

_EXTENSIONS = {"html": "html", "typst": "pdf", "docx": "docx", "pptx": "pptx", "revealjs": "html"}
_SIGNATURES = {"typst": b"%PDF", "docx": b"PK", "pptx": b"PK", "html": b"<", "revealjs": b"<"}


def find_quarto() -> str | None:
    """Return the program that the `quarto` package locates: at ``QUARTO_PATH``, else on the PATH; or None."""
    try:
        import quarto
    except ImportError:
        return shutil.which("quarto")
    found = quarto.path()
    return str(found) if found else None


def required_quarto() -> str:
    """Return the program, or raise `EngineMissing` with the command that installs it."""
    program = find_quarto()
    if program is None:
        raise EngineMissing("The engine quarto needs its command line, which is not on the PATH.", remedy=REMEDY)
    if shutil.which(program) is None:
        raise EngineMissing(f"QUARTO_PATH leads to {program}, which is no program.", remedy=REMEDY)
    return program


def render_with_quarto(
    document: Document, form: str, *, timestamp: datetime | None, attachments: Mapping[str, bytes]
) -> bytes:
    """Return a document in one of Quarto's formats; a PDF carries its attachments and a CSV of each table.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    form : str
        html, pdf, docx, pptx or revealjs.
    timestamp : datetime, optional
        When the report was made.
    attachments : mapping of name to bytes
        Files to attach to a PDF; other formats carry none.

    Raises
    ------
    EngineMissing
        If Quarto or pandoc is not there.
    RunError
        If Quarto fails, says so or not, or leaves no file of that format.
    """
    program = required_quarto()
    target = "typst" if form == "pdf" else form
    with tempfile.TemporaryDirectory(prefix="kpi-quarto-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_project(document, folder, timestamp)
        made = _rendered(program, target, folder)
    files = {**attachments, **table_files(document)}
    return attach_files(made, files, timestamp) if form == "pdf" else made


def write_project(document: Document, folder: Path, timestamp: datetime | None = None) -> None:
    """Write what Quarto renders: ``report.qmd``, its pictures, ``_quarto.yml``, ``_brand.yml`` and the fonts."""
    blocks = pandoc_blocks(document, folder, markdown=True)
    title = document.title
    if blocks[0]["t"] == "Header":
        title = document.toc[0].title
        del blocks[0]
    body = run_pandoc(
        pandoc_document(blocks), "--to=markdown-raw_html-raw_attribute", "--wrap=none",
        wanted_for="Quarto is handed Markdown that pandoc writes", folder=folder,
    ).decode()  # fmt: skip
    facts, theme = document.facts, document.theme
    head = {"title": title, "pagetitle": document.title, "author": facts.get("company"), "lang": document.language}
    head["engine"] = "markdown"  # nothing in it is a cell to run, whatever it looks like
    head |= {"date": timestamp.astimezone(UTC).date().isoformat() if timestamp else None}
    # text that looks like a shortcode stays text: it is not for Quarto to read files or the environment for it
    text = body.replace("{{<", "{{\N{WORD JOINER}<")
    told = _yaml({key: value for key, value in head.items() if value})
    (folder / "report.qmd").write_text(f"---\n{told}---\n\n{text}", encoding="utf-8")
    (folder / "_quarto.yml").write_text(_yaml(_project(theme.page)), encoding="utf-8")
    (folder / "_brand.yml").write_text(_yaml(_brand(theme)), encoding="utf-8")
    (folder / "reference.docx").write_bytes(reference_document(facts, document.language, theme))
    for file in theme.fonts[0].files.values():
        shutil.copy(file, folder)


def quarto_command(program: str, target: str) -> list[str]:
    """Return the command that renders ``report.qmd``.

    Examples
    --------
    >>> quarto_command("quarto", "typst")[1:]
    ['render', 'report.qmd', '--to', 'typst', '--output', 'report.pdf', '--no-execute']
    """
    return [
        program,
        "render",
        "report.qmd",
        "--to",
        target,
        "--output",
        f"report.{_EXTENSIONS[target]}",
        "--no-execute",
    ]


def _rendered(program: str, target: str, folder: Path) -> bytes:
    """Believe neither the code nor the words alone: the file must be there, and be what was asked for."""
    code, said = run_program(quarto_command(program, target), folder=folder, remedy=REMEDY)
    if code:
        raise RunError(f"Quarto ended with code {code}: {last_words(said)}", remedy="Try: quarto check")
    made = folder / f"report.{_EXTENSIONS[target]}"
    content = made.read_bytes() if made.is_file() else b""
    if not content.lstrip().startswith(_SIGNATURES[target]):
        found = "left no file" if not content else "left a file of another kind"
        raise RunError(f"Quarto was asked for {target} and {found}: {last_words(said)}", remedy="Try: quarto check")
    return content


def _yaml(data: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    return text


def _project(page: Page) -> dict[str, Any]:
    margin = {
        "left": f"{page.left}mm",
        "right": f"{page.right}mm",
        "top": f"{page.top}mm",
        "bottom": f"{page.bottom}mm",
    }
    paper = "us-letter" if page.name == "Letter" else "a4"
    web = {"embed-resources": True, "html-math-method": "mathml"}
    return {
        "project": {"type": "default"},
        "execute": {"enabled": False},
        "format": {
            "html": {**web, "toc": True, "minimal": False},
            "typst": {
                "papersize": paper,
                "margin": margin,
                "fontsize": f"{TYPE.body}pt",
            },
            "docx": {"reference-doc": "reference.docx"},
            "pptx": {"slide-level": 2},
            "revealjs": {**web, "slide-level": 2, "scrollable": True, "smaller": True},
        },
    }


def _brand(theme: Theme) -> dict[str, Any]:
    looks: dict[str, dict[str, Any]] = {"400": {}, "600": {"weight": 600}, "italic": {"style": "italic"}}
    font, colours = theme.fonts[0], theme.light
    files = [{"path": file.name, **looks[face]} for face, file in font.files.items()]
    return {
        "color": {
            "palette": {"ink": colours.ink, "accent": colours.accent, "muted": colours.muted, "paper": colours.paper},
            "foreground": "ink",
            "background": "paper",
            "primary": "accent",
            "secondary": "muted",
        },
        "typography": {
            "fonts": [{"family": font.family, "source": "file", "files": files}],
            "base": {"family": font.family},
            "headings": {"family": font.family, "weight": 600},
            "link": {"color": "accent"},
        },
    }
