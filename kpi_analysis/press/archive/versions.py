"""The figures of reports that were replaced: a few of the last ones, small, beside the reports."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kpi_analysis.press.run.manifest import canonical_json
from kpi_analysis.press.run.publish import publish

VERSIONS = ".versions"
VERSIONS_KEPT = 5  # of each report: with their figures only, some hundred kilobytes
RELATIVE_TOLERANCE = 0.0005  # of the earlier value: less is not seen in a report

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_WHAT = ("results.json", "manifest.json")


@dataclass(frozen=True)
class Version:
    """A report that was replaced by another one in the same place.

    Parameters
    ----------
    folder : path
        Where its ``results.json`` and ``manifest.json`` are kept.
    finished : str
        When it was made, as ISO text.
    values : int
        How many figures it quoted.
    restated : tuple of mapping
        Its figures that were others in the report that replaced it: ``id``, ``then`` and ``now``.
    """

    folder: Path
    finished: str
    values: int
    restated: tuple[Mapping[str, Any], ...]


def keep_version(root: Path, folder: Path, files: Mapping[str, bytes], *, kept: int = VERSIONS_KEPT) -> None:
    """Keep the figures of the report that is about to be replaced, if the new one says anything else.

    It is called before the new report is published: if that then fails, there is one version that is no earlier one,
    and nothing is lost.

    Parameters
    ----------
    root : path
        The folder of all reports.
    folder : path
        Of the report, below `root`.
    files : mapping of name to bytes
        What will lie there.
    kept : int
        How many versions stay; older ones are removed.

    Raises
    ------
    RunError
        The place cannot be written to.
    """
    try:
        old = {name: (folder / name).read_bytes() for name in _WHAT}
        told, values = json.loads(old["manifest.json"]), _values(old["results.json"])
        finished = utc_time(told["finished"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return  # no report, or one that nobody can read
    if finished is None or old["results.json"] == files["results.json"]:
        return
    restated = _restated(values, _values(files["results.json"]))
    summary = {"finished": finished.isoformat(), "values": len(values), "restated": restated}
    name = f"{finished:%Y%m%dT%H%M%SZ}-{hashlib.sha256(old['results.json']).hexdigest()[:8]}"
    place = root / VERSIONS / folder.relative_to(root)
    publish(place / name, {**old, "restated.json": canonical_json(summary)})
    for stale in _folders(place)[kept:]:
        shutil.rmtree(stale, ignore_errors=True)


def earlier_versions(root: Path, folder: Path) -> list[Version]:
    """Return the earlier versions of a report that are kept, the latest first; one that cannot be read is left out."""
    found = []
    for path in _folders(root / VERSIONS / folder.relative_to(root)):
        try:
            told = json.loads((path / "restated.json").read_text(encoding="utf-8"))
            found.append(Version(path, str(told["finished"]), int(told["values"]), tuple(map(dict, told["restated"]))))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def utc_time(text: Any) -> datetime | None:
    """Return the time that an ISO text says, in UTC; None where it says none.

    Examples
    --------
    >>> utc_time("2026-10-01T08:00:00+02:00").isoformat(), utc_time("soon")
    ('2026-10-01T06:00:00+00:00', None)
    """
    try:
        told = datetime.fromisoformat(str(text))
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _folders(place: Path) -> list[Path]:
    """The latest first: their names begin with the time in UTC."""
    if not place.is_dir():
        return []
    return sorted((path for path in place.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def _values(results: bytes) -> dict[str, Any]:
    return {str(row["id"]): row["value"] for row in json.loads(results)["values"]}


def _restated(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    both = sorted(then.keys() & now.keys())
    return [{"id": name, "then": then[name], "now": now[name]} for name in both if not _same(then[name], now[name])]


def _same(then: Any, now: Any) -> bool:
    if isinstance(then, int | float) and isinstance(now, int | float):
        return math.isclose(then, now, rel_tol=RELATIVE_TOLERANCE)
    return bool(then == now)
