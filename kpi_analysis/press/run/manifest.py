"""What a report says of itself: ``results.json``, ``provenance.json`` inside the PDF, and ``manifest.json``."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kpi_analysis import __version__
from kpi_analysis.press.run.plan import Plan

PACKAGES = (
    "babel", "duckdb", "ibis-framework", "ipykernel", "matplotlib", "nbclient", "numpy", "pandas",
    "papermill", "pyarrow", "pydantic", "scipy", "seaborn", "sqlglot", "typst",
)  # fmt: skip

NUMERIC_FIELDS = (
    "value", "rows", "numerator", "denominator", "ci_low", "ci_high", "previous", "year_ago", "target",
    "pace",
)  # fmt: skip
NON_FINITE = ("nan", "inf", "-inf")


def results_json(values: Sequence[Mapping[str, Any]], facts: Mapping[str, Any] | None = None) -> bytes:
    """Return ``results.json``: every figure that the report quotes. What is not a number is null.

    `facts` are those of the report; its targets and projections stand beside the values, and what decided the last
    day that counts.

    Jupyter sends NaN and infinity as texts, because JSON has no such numbers.

    Examples
    --------
    >>> b'"value": null' in results_json([{"id": "a", "value": "nan"}])
    True
    """
    rows = [
        {name: None if name in NUMERIC_FIELDS and value in NON_FINITE else value for name, value in row.items()}
        for row in values
    ]
    told = facts or {}
    beside = {name: list(told.get(name, ())) for name in ("targets", "projections", "findings")}
    end = {"data_end": told["data_end"]} if told.get("data_end") else {}
    return canonical_json({"values": rows, **beside, **end})


def provenance(plan: Plan, facts: Mapping[str, Any], *, title: str) -> dict[str, Any]:
    """Return what a report was made from; without a clock, so that the same report always says the same."""
    period = plan.period
    return {
        "title": title,
        "report": facts.get("report") or title,
        "notebook": plan.notebook.name,
        "company": plan.company,
        "company_file": _company_file(plan),
        "period": period.label if period else None,
        "period_start": period.start.isoformat() if period else None,
        "period_end": period.end.isoformat() if period else None,
        "data_to": facts.get("data_to"),
        "as_of": facts.get("as_of"),
        "data_end": facts.get("data_end"),
        "where": facts.get("where"),
        "complete": facts.get("complete"),
        "parameters": plan.parameters,
        "distinct": plan.distinct,
        "sources": facts.get("sources", {}),
        "catalogue": facts.get("catalogue"),
        "made_from": facts.get("made_from"),
        "code": {
            "kpi-analysis": __version__,
            "notebook": "sha256:" + hashlib.sha256(plan.notebook.read_bytes()).hexdigest(),
            "analysis": facts.get("code"),
        },
    }


def _company_file(plan: Plan) -> str | None:
    """The company file as the workspace names it; of one elsewhere only its name, never a path of a machine."""
    given = plan.values.get("company")
    if given is None:
        return None
    path = Path(os.path.relpath(plan.notebook.parent / str(given)))
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def manifest_json(
    plan: Plan,
    nb: Any,
    facts: Mapping[str, Any],
    *,
    title: str,
    files: Mapping[str, bytes],
    started: datetime,
    finished: datetime,
) -> bytes:
    """Return ``manifest.json``: from what, with what, when and how the report was made.

    Parameters
    ----------
    plan : Plan
        What was asked for; secrets are hidden.
    nb : notebook
        The executed notebook, for the timings of its cells.
    facts : mapping
        What the report says of its data: sources, catalogue, the last day with data; its message, and the name and
        unit of its headline KPI.
    title : str
        The report's title.
    files : mapping of name to bytes
        What lies beside the manifest, so that it can be seen later whether it is still whole.
    started, finished : datetime
    """
    return canonical_json(
        {
            **provenance(plan, facts, title=title),
            **{name: facts.get(name) for name in ("message", "headline", "locale", "currency")},
            "packages": report_package_versions(),
            "python": platform.python_version(),
            "kernel": plan.kernel,
            "started": started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "formats": list(plan.formats),
            "engine": plan.engine,
            "cells": _timings(nb),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
            "key": plan.key,
            "snapshot": plan.snapshot,
        }
    )


@cache
def report_package_versions() -> dict[str, str | None]:
    """Return the versions of the packages that a report's numbers and looks depend on."""
    return {name: _version(name) for name in PACKAGES}


def canonical_json(data: Any) -> bytes:
    """Return data as strict JSON, its keys in order, so that equal data are equal bytes."""
    strict = _strict(data)
    text = json.dumps(strict, allow_nan=False, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    return f"{text}\n".encode()


def _strict(node: Any) -> Any:
    if isinstance(node, float):
        return node if math.isfinite(node) else None
    if isinstance(node, Mapping):
        return {str(key): _strict(value) for key, value in node.items()}
    return [_strict(value) for value in node] if isinstance(node, list | tuple) else node


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _timings(nb: Any) -> list[dict[str, Any]]:
    """Seconds of each code cell, counted as in the notebook that was run, so without the injected cell."""
    own = [cell for cell in nb["cells"] if "injected-parameters" not in cell["metadata"].get("tags", ())]
    return [
        {"cell": number, "seconds": round(cell["metadata"].get("papermill", {}).get("duration") or 0.0, 3)}
        for number, cell in enumerate(own, start=1)
        if cell["cell_type"] == "code"
    ]
