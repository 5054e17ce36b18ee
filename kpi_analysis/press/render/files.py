"""What a report carries along: how each file is called in the words of HTML and PDF."""

from __future__ import annotations

from pathlib import PurePosixPath

_MEDIA = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
_RELATIONS = {".csv": "data", ".json": "data", ".parquet": "data", ".ipynb": "source"}
_DESCRIPTIONS = {
    "results.json": "Every figure of this report with what it was made of",
    "provenance.json": "Parameters, sources, definitions and code that the figures of this report come from",
    "manifest.json": "Parameters, sources and versions behind this report",
    "report.ipynb": "The notebook that this report was printed from",
}


def media_type(name: str) -> str:
    """Return the media type of a file by the end of its name.

    Examples
    --------
    >>> media_type("results.json")
    'application/json'
    """
    return _MEDIA.get(PurePosixPath(name).suffix.casefold(), "application/octet-stream")


def attachment_relation(name: str) -> str:
    """Return what an attached file is to the report, in the words of PDF/A-3: data, source or supplement."""
    return _RELATIONS.get(PurePosixPath(name).suffix.casefold(), "supplement")


def attachment_description(name: str) -> str:
    """Return a sentence that says what an attached file holds."""
    if name.endswith(".csv"):
        return f"The table {name.removesuffix('.csv')} of this report as comma-separated values"
    return _DESCRIPTIONS.get(name, f"Attached file {name}")
