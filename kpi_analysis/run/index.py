"""``reports/index.html``: every published report, the newest period first, read from the manifests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kpi_analysis.run.publish import write_whole
from kpi_analysis.style import css_variables

_NAMES = {
    "report.html": "HTML",
    "report.pdf": "PDF",
    "report.docx": "Word",
    "report.pptx": "Slides",
    "slides.html": "Slides (HTML)",
    "report.ipynb": "Notebook",
    "results.json": "Figures",
}

_LOOK = """
body { margin: 2.5rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 var(--font); }
h1 { font-size: 1.6rem; margin: 0 0 1.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; border-bottom: 1px solid; padding: .3rem .8rem .3rem 0; }
td { border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent);
  padding: .45rem .8rem .45rem 0; vertical-align: top; }
small { display: block; opacity: .75; }
a { color: inherit; margin-right: .7rem; }
div { overflow-x: auto; }
"""


def write_index(root: Path) -> Path:
    """Rebuild the list of the reports under a folder.

    Parameters
    ----------
    root : path
        The folder of all reports.

    Returns
    -------
    path
        ``index.html`` in it.

    Raises
    ------
    RunError
        It cannot be written.
    """
    path = root / "index.html"
    write_whole(path, index_page(root).encode())
    return path


def index_page(root: Path) -> str:
    """Return the page that lists the reports under a folder; self-contained."""
    reports = sorted(_published(root), key=_newest_first)
    rows = "\n".join(_row(root, folder, facts) for folder, facts in reports)
    body = (
        "<div><table>\n<thead><tr><th>Report</th><th>Company</th><th>Period</th><th>Files</th><th>Finished</th>"
        f"</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
        if rows
        else "<p>No report has been made yet.</p>"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Reports</title>\n'
        f"<style>\n{css_variables()}{_LOOK}</style>\n</head>\n<body>\n<main>\n<h1>Reports</h1>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _published(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for found in sorted(root.rglob("manifest.json")):
        folder = found.parent
        parts = folder.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or parts[:1] == ("failed",):
            continue
        try:
            facts = json.loads(found.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = None
        if not isinstance(facts, dict):
            facts = {"title": f"{folder.name}: its manifest cannot be read"}
        yield folder, facts


def _newest_first(published: tuple[Path, dict[str, Any]]) -> tuple[int, str, str]:
    folder, facts = published
    day = str(facts.get("period_end") or "").replace("-", "")
    return (-int(day) if day.isdigit() else 0, str(facts.get("period")), str(folder))


def _row(root: Path, folder: Path, facts: dict[str, Any]) -> str:
    title = str(facts.get("report") or facts.get("title") or folder.name)
    distinct = facts.get("distinct")
    told = [f"{name}: {value}" for name, value in distinct.items()] if isinstance(distinct, dict) else []
    links = "".join(
        f'<a href="{escape(quote((folder / name).relative_to(root).as_posix()))}">{words}</a>'
        for name, words in _NAMES.items()
        if (folder / name).is_file()
    )
    finished = str(facts.get("finished") or "")[:16].replace("T", " ")
    small = f"<small>{escape(', '.join(told))}</small>" if told else ""
    cells = [f"{escape(title)}{small}", *(escape(str(facts.get(key) or "")) for key in ("company", "period"))]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in [*cells, links, escape(finished)]) + "</tr>"
