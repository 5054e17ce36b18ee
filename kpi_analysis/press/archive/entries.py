"""What lies in a folder of reports: the published ones, those that failed, and what cannot be read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from kpi_analysis.design.blocks.model import is_derived
from kpi_analysis.press.archive.versions import Version, earlier_versions, utc_time

FILES = {
    "report.html": "HTML",
    "report.pdf": "PDF",
    "report.docx": "Word",
    "report.pptx": "Slides",
    "slides.html": "Slides (HTML)",
    "report.ipynb": "Notebook",
    "results.json": "Figures",
}
MAX_NOTEBOOK_BYTES = 20_000_000  # bytes: a failed notebook beyond that is linked, not read

_NOT_DONE = ("failed", "stopped", "not run")
_ADDED_TAGS = ("injected-parameters", "papermill-error-cell-tag")
_SET_BY_COMMAND = ("company", "period", "earlier")


@dataclass(frozen=True)
class FailedRun:
    """A run that made no report.

    Parameters
    ----------
    state : str
        failed, stopped, not run.
    cell : int, optional
        Where it failed, counted from 1.
    error : str
        What went wrong, as far as it is known.
    notebook : path, optional
        How far it came.
    period : str
    parameters : mapping
    ended : str
        When, as ISO text; empty where that is not known.
    """

    state: str = "failed"
    cell: int | None = None
    error: str = ""
    notebook: Path | None = None
    period: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ended: str = ""


@dataclass(frozen=True)
class Entry:
    """A place where a report is, or should be.

    Parameters
    ----------
    folder : path
    manifest : mapping
        What the published report says of itself; empty where there is none.
    values : sequence of mapping
        Its figures of the whole period, each of the whole company or of what the report is about.
    findings : sequence of mapping
    files : mapping of name to int
        Its files and their sizes in bytes.
    failure : FailedRun, optional
        The last run, where it failed.
    versions : sequence of Version
        Earlier versions, the latest first.
    """

    folder: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)
    values: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    failure: FailedRun | None = None
    versions: Sequence[Version] = ()

    def text(self, name: str) -> str:
        """One of the manifest's words; empty where it is missing or no text."""
        return as_text(self.manifest.get(name))

    @property
    def period(self) -> str:
        """The label of its period."""
        return self.text("period") or (self.failure.period if self.failure else "")

    @property
    def distinct(self) -> dict[str, Any]:
        """The parameters that tell this report from the default one."""
        if self.manifest or self.failure is None:
            return as_mapping(self.manifest.get("distinct"))
        given = self.failure.parameters.items()
        return {name: value for name, value in given if name not in _SET_BY_COMMAND and value is not None}


@dataclass(frozen=True)
class Archive:
    """All that lies in a folder of reports.

    Parameters
    ----------
    entries : tuple of Entry
        In the order of their places.
    left_out : tuple of str
        What is not listed, and why.
    """

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]


def read_archive(root: Path) -> Archive:
    """Return what lies in a folder of reports; only small files are read.

    Parameters
    ----------
    root : path
        The folder of all reports. Hidden folders hold no reports, nor does ``failed/``.
    """
    entries: dict[Path, Entry] = {}
    failures: dict[Path, FailedRun] = {}
    left_out: list[str] = []
    for folder, names in _folders(root):
        if "batch.json" in names:
            failures.update(_of_batch(root, folder / "batch.json"))
        if "manifest.json" in names:
            told = _read(folder / "manifest.json")
            if told is None:
                left_out.append(f"{folder.name}: its manifest cannot be read")
                continue
            results = _read(folder / "results.json")
            if results is None:
                left_out.append(f"{folder.name}: it is listed, but its figures cannot be read")
            entries[folder] = _entry(root, folder, told, results or {}, FILES.keys() & names)
        elif FILES.keys() & names:
            left_out.append(f"{folder.name}: it has no manifest, so it is no whole report")
    for place, failure in {**failures, **_failed_notebooks(root)}.items():
        entry = entries.get(place, Entry(place))
        if not _before(failure.ended, entry.text("finished")):
            entries[place] = replace(entry, failure=failure)
    return Archive(tuple(entries[place] for place in sorted(entries)), tuple(sorted(left_out)))


def as_text(value: Any) -> str:
    """Return a text or a number as text; empty for everything else.

    Examples
    --------
    >>> as_text("a"), as_text(3), as_text(None), as_text(["a"])
    ('a', '3', '', '')
    """
    return str(value) if isinstance(value, str | int | float) else ""


def as_mapping(value: Any) -> dict[str, Any]:
    """Return a mapping; an empty one for everything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def as_number(value: Any) -> float | None:
    """Return a finite number; None for everything else.

    Examples
    --------
    >>> as_number(3), as_number("3"), as_number(True), as_number(float("nan"))
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def as_objects(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of one list in JSON data.

    Examples
    --------
    >>> as_objects({"values": [{"id": "a"}, 3]}, "values"), as_objects({"values": 3}, "values")
    ([{'id': 'a'}], [])
    """
    return [item for item in _list(data.get(name)) if isinstance(item, dict)]


def kpis_of(values: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Return the rows of KPIs among the values of a report, without the figures derived from them."""
    return (row for row in values if not is_derived(row))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _folders(root: Path) -> Iterator[tuple[Path, set[str]]]:
    for path, folders, files in os.walk(root):
        folder = Path(path)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not (folder == root and f == "failed"))
        yield folder, set(files)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _entry(
    root: Path, folder: Path, told: Mapping[str, Any], results: Mapping[str, Any], names: Collection[str]
) -> Entry:
    # what is not shown is let go: the figures of some hundred reports are many
    values = (row for row in kpis_of(as_objects(results, "values")) if row.get("period") == told.get("period"))
    return Entry(
        folder,
        told,
        values=[row for row in values if not row.get("dimensions") and as_number(row.get("value")) is not None],
        findings=[row for row in as_objects(results, "findings") if as_text(row.get("claim"))],
        files={name: (folder / name).stat().st_size for name in FILES if name in names},
        versions=_earlier(root, folder, told),
    )


def _earlier(root: Path, folder: Path, told: Mapping[str, Any]) -> list[Version]:
    """Versions before this one: a run that was killed may have left the published one among them."""
    return [one for one in earlier_versions(root, folder) if _before(one.finished, told.get("finished"))]


def _before(one: Any, other: Any) -> bool:
    first, second = utc_time(one), utc_time(other)
    return first is not None and second is not None and first < second


def _of_batch(root: Path, path: Path) -> Iterator[tuple[Path, FailedRun]]:
    told = _read(path) or {}
    for item in as_objects(told, "items"):
        if item.get("state") not in _NOT_DONE:
            continue
        place = _place(root, as_text(item.get("folder")) or as_text(item.get("name")))
        if place is not None:
            given = as_mapping(item.get("parameters"))
            yield (
                place,
                FailedRun(
                    state=item["state"],
                    cell=item["cell"] if isinstance(item.get("cell"), int) else None,
                    error=as_text(item.get("error")),
                    period=as_text(given.get("period")),
                    parameters=given,
                    ended=as_text(told.get("finished")) or as_text(told.get("started")),
                ),
            )


def _place(root: Path, folder: str) -> Path | None:
    """Where a batch's folder lies today: it names it from its workspace, or from the folder of all reports."""
    parts = PurePosixPath(folder).parts
    if not parts or ".." in parts:
        return None
    if Path(folder).is_relative_to(root):
        return Path(folder)
    if root.name in parts:
        return root.joinpath(*parts[parts.index(root.name) + 1 :])
    return None if PurePosixPath(folder).is_absolute() else root / folder


def _failed_notebooks(root: Path) -> dict[Path, FailedRun]:
    found = {}
    for path in sorted((root / "failed").rglob("*.ipynb")):
        place = root / path.relative_to(root / "failed").with_suffix("")
        found[place] = _failure(path)
    return found


def _failure(path: Path) -> FailedRun:
    notebook = (_read(path) if path.stat().st_size <= MAX_NOTEBOOK_BYTES else None) or {}
    given = as_mapping(as_mapping(as_mapping(notebook.get("metadata")).get("papermill")).get("parameters"))
    failure = FailedRun(notebook=path, period=as_text(given.get("period")), parameters=given)
    own, marked = 0, False
    for position, cell in enumerate(as_objects(notebook, "cells")):
        tags = _list(as_mapping(cell.get("metadata")).get("tags"))
        if "papermill-error-cell-tag" in tags:
            marked = position > 0  # the first stands over the notebook, the second over the cell
        elif not any(tag in _ADDED_TAGS for tag in tags):
            own += 1
            if marked:
                return replace(failure, cell=own, error=_error(cell))
    return failure


def _error(cell: Mapping[str, Any]) -> str:
    for output in as_objects(cell, "outputs"):
        if output.get("output_type") == "error":
            lines = str(output.get("evalue", "")).strip().splitlines()
            return ": ".join([str(output.get("ename", "")), *lines[-1:]])
    return ""
