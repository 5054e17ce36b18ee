"""``reports/index.html``: every report in a folder, the newest period first, as one page that asks for nothing else."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Iterable
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kpi_analysis.design.formats import Format
from kpi_analysis.design.theme import css_variables
from kpi_analysis.press.archive.entries import FILES, Entry, as_number, read_archive
from kpi_analysis.press.archive.headline import (
    Histories,
    formatted_value,
    headline_summary,
    kpi_histories,
    kpi_label,
    leading_value,
)
from kpi_analysis.press.archive.versions import Version, utc_time
from kpi_analysis.press.run.publish import write_atomically

FINDINGS_SHOWN = 3

_FOLDER = Path(__file__).parent / "templates"


def write_index(root: Path) -> Path:
    """Rebuild the list of the reports in a folder.

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
    write_atomically(path, index_page(root).encode(errors="replace"))
    return path


def index_page(root: Path) -> str:
    """Return the page that lists the reports in a folder; the same folder always gives the same page."""
    from kpi_analysis.design.blocks.html import environment

    archive = read_archive(root)
    histories = kpi_histories(archive.entries)
    ordered = sorted(archive.entries, key=_newest_first)
    groups = [
        {
            "period": period or "Undated",
            "days": _days(entries),
            "reports": [_entry_context(root, e, histories) for e in entries],
        }
        for period, entries in ((period, list(found)) for period, found in groupby(ordered, key=lambda e: e.period))
    ]
    from jinja2 import FileSystemLoader

    template = environment().overlay(loader=FileSystemLoader(_FOLDER)).get_template("page.html.j2")
    style, script = css_variables() + _asset("page.css"), _asset("search.js")
    return template.render(
        groups=groups,
        count=len(ordered),
        left_out=archive.left_out,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


@cache
def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


# ---------------------------------------------------------------------- order


def _newest_first(entry: Entry) -> tuple[int, str, str, str, str]:
    told = (entry.text("company").casefold(), entry.text("report").casefold(), str(entry.folder))
    return (-_end(entry), entry.period, *told)


def _end(entry: Entry) -> int:
    """The last day of the period as a number; the end of the year in its label where it is not known."""
    day = _day(entry.text("period_end"))
    if day is not None:
        return day.toordinal()
    year = entry.period[:4]
    return date(int(year), 12, 31).toordinal() if year.isascii() and year.isdigit() and year > "0000" else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days(entries: Iterable[Entry]) -> str:
    """The days of a period, where all its reports agree on them."""
    spans = {(_day(e.text("period_start")), _day(e.text("period_end"))) for e in entries if e.manifest}
    start, end = spans.pop() if len(spans) == 1 else (None, None)
    return f"{Format().date(start)} to {Format().date(end)}" if start and end else ""


# ---------------------------------------------------------------------- one report


def _entry_context(root: Path, entry: Entry, histories: Histories) -> dict[str, Any]:
    """Return what the template says of one report; every word in it is text."""
    links = [
        {"words": FILES[name], "href": _href(root, entry.folder / name), "size": _size(size)}
        for name, size in entry.files.items()
    ]
    title = entry.text("report") or entry.text("title") or entry.folder.name
    claims = [str(row["claim"]) for row in entry.findings]
    finished = utc_time(entry.text("finished"))
    failure = entry.failure
    return {
        "title": title,
        "href": links[0]["href"] if links else "",
        "company": entry.text("company"),
        "parameters": [f"{name}: {_plain(value)}" for name, value in entry.distinct.items()],
        "claims": claims[:FINDINGS_SHOWN],
        "more": max(0, len(claims) - FINDINGS_SHOWN),
        "message": "" if claims else entry.text("message"),
        "headline": headline_summary(entry, histories),
        "published": bool(entry.manifest),
        "unfinished": entry.manifest.get("complete") is False,
        "failure": failure,
        "failed_href": _href(root, failure.notebook) if failure and failure.notebook else "",
        "links": links,
        "finished": finished.isoformat() if finished else "",
        "finished_words": f"{Format().date(finished)}, {finished:%H:%M} UTC" if finished else "",
        "versions": [_version(root, entry, version) for version in entry.versions],
    }


def _href(root: Path, path: Path) -> str:
    return quote(os.fsencode(path.relative_to(root).as_posix()))


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 999_500 else f"{max(1, round(size / 1e3))} kB"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _version(root: Path, entry: Entry, version: Version) -> dict[str, Any]:
    finished = utc_time(version.finished)
    row = leading_value(entry)
    moved = next((one for one in version.restated if row and one.get("id") == row.get("id")), {})
    then = as_number(moved.get("then"))
    return {
        "finished": f"{Format().date(finished)}, {finished:%H:%M} UTC" if finished else version.finished,
        "restated": len(version.restated),
        "figures": version.values,
        "headline": f"{kpi_label(entry, row)} {formatted_value(entry, row, then)}" if row and then is not None else "",
        "links": [
            {"words": called, "href": _href(root, version.folder / name)}
            for name, called in (("results.json", "Figures"), ("manifest.json", "Manifest"))
        ],
    }
