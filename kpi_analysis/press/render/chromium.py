"""A document → PDF by a Chromium browser, which prints our HTML: tagged, with bookmarks and page numbers.

The browser is shut in: its own empty profile, no network, and its sandbox wherever the system lets it have one.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from kpi_analysis.core.errors import EngineMissing, RunError
from kpi_analysis.press.render.attachments import attach_files
from kpi_analysis.press.render.document import Document
from kpi_analysis.press.render.html import to_print_html
from kpi_analysis.press.render.subprocesses import last_words, run_program
from kpi_analysis.press.render.table_files import table_files

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
REMEDY = "Install it: apt-get install chromium  (macOS: brew install --cask chromium)"

_PRINT_CSS = """
@page { @bottom-right { content: counter(page) " / " counter(pages); font: 8pt 'Source Sans Pro', sans-serif;
  color: #55616D; } }
/* bookmarks lose the spaces at which a heading wraps, unless they are kept, and say a heading twice that stands
   flush with the top of its page */
.kpi :is(h1, h2, h3, h4) { white-space: pre-wrap; }
.kpi :is(h1, h2, h3, h4, .title) { padding-top: 2px; }
"""
_ISOLATION_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--disable-dev-shm-usage", "--no-pings", "--metrics-recording-only", "--mute-audio",
    # no name leads anywhere, and what names an address goes to a proxy that is not there, loopback too
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://0.0.0.0:9", "--proxy-bypass-list=<-loopback>",
)  # fmt: skip
_log = logging.getLogger(__name__)


def print_pdf(document: Document, *, timestamp: datetime | None, attachments: Mapping[str, bytes]) -> bytes:
    """Return a document as the PDF that a browser prints of its HTML.

    Parameters
    ----------
    document : Document
        What `read_document` gives.
    timestamp : datetime, optional
        The date of the file; 1 January 1980 where nobody noted one.
    attachments : mapping of name to bytes
        Files to attach; a CSV of each table is attached beside them.

    Raises
    ------
    EngineMissing
        If no browser is found.
    RunError
        If it fails, gives no PDF, or takes too long.
    """
    page = to_print_html(document, timestamp=timestamp)
    page = page.replace("</style>\n</head>", f"{_PRINT_CSS}</style>\n</head>", 1)
    browser = required_browser()
    with tempfile.TemporaryDirectory(prefix="kpi-chromium-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "report.html").write_text(page, encoding="utf-8")
        printed = _printed(browser, folder)
    return attach_files(printed, {**attachments, **table_files(document)}, timestamp)


def find_browser() -> str | None:
    """Return the path of a browser that prints, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def required_browser() -> str:
    """Return the path of the browser, or raise `EngineMissing` with the command that installs one."""
    browser = find_browser()
    if browser is None:
        raise EngineMissing("The engine chromium needs a browser, and none is on the PATH.", remedy=REMEDY)
    return browser


def sandboxed() -> bool:
    """Return whether the browser keeps its sandbox: root cannot have one."""
    return not hasattr(os, "geteuid") or os.geteuid() != 0


def _printed(browser: str, folder: Path) -> bytes:
    made = folder / "report.pdf"
    command = [
        browser, *_ISOLATION_FLAGS, *([] if sandboxed() else ["--no-sandbox"]),
        f"--user-data-dir={folder / 'profile'}", "--no-pdf-header-footer", "--generate-pdf-document-outline",
        "--export-tagged-pdf", f"--print-to-pdf={made}", (folder / "report.html").as_uri(),
    ]  # fmt: skip
    if not sandboxed():
        _log.warning("The browser prints without its sandbox, which root cannot have; it runs no script.")
    code, said = run_program(command, folder=folder, remedy=REMEDY)
    if code:
        raise RunError(f"{browser} ended with code {code}: {last_words(said)}", remedy="Try: kpi doctor")
    if not made.is_file() or not made.read_bytes().startswith(b"%PDF"):
        raise RunError(f"{browser} printed no PDF: {last_words(said)}", remedy="Try: kpi doctor")
    return made.read_bytes()
