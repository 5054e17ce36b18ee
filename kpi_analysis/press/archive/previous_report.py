"""The report that was published before: the same one, of the latest earlier period."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kpi_analysis.core.periods import Period


def previous_report(
    root: Path, place: Path, period: Period, *, notebook: str, company: str, distinct: Mapping[str, Any]
) -> Path | None:
    """Return the folder of the same report of the latest earlier period of this grain; None where there is none.

    Parameters
    ----------
    root : path
        Where all reports lie.
    place : path
        Where this one will lie under it; the others lie where its place names another period.
    period : Period
    notebook, company : str
    distinct : mapping
        The parameters that tell it from its notebook's default report.
    """
    parts = ("*" if part == period.label else glob.escape(part) for part in place.parts)
    same = {"notebook": notebook, "company": company, "distinct": json.loads(json.dumps(dict(distinct)))}
    found: list[tuple[str, Path]] = []
    for path in sorted(root.glob(Path(*parts, "manifest.json").as_posix())):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            start, label = str(told["period_start"]), str(told["period"])
            fits = {name: told[name] for name in same} == same and _grain(label) == _grain(period.label)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if fits and start < period.start.isoformat():
            found.append((start, path.parent))
    return max(found)[1] if found else None


def _grain(label: str) -> str:
    """What kind of period a label names: its digits do not matter."""
    return "".join("0" if sign.isdigit() else sign for sign in label)
