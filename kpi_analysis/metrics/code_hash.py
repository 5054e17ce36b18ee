"""Code hash: one digest of all modules that compute figures, and the versions of the libraries they compute with."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version

from kpi_analysis.metrics.import_closure import import_closure

# where figures begin to be computed
ENTRY_POINTS = ("metrics.session", "insight.figures", "insight.outlook", "insight.scope", "insight.targets")
LOOKS = ("design",)  # which the session knows, but which changes no figure
LIBRARIES = ("duckdb", "ibis-framework", "numpy", "pandas", "scipy", "sqlglot")


@cache
def code_hash() -> str:
    """Code hash: one digest of all modules that compute figures.

    These are the import closure of `ENTRY_POINTS`. How a report looks does not count, nor do the catalogue's files:
    what a KPI is made of is told by `kpi_analysis.metrics.lineage.definition_hash`.
    """
    whole = hashlib.sha256()
    for name, path in import_closure(ENTRY_POINTS, without=LOOKS).items():
        whole.update(name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


@cache
def package_versions() -> dict[str, str]:
    """Versions of the libraries that figures are computed with, by name."""
    return {name: version(name) for name in LIBRARIES}
