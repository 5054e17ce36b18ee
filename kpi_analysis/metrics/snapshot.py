"""A snapshot of a company's tables for reports that shall all see the same.

    python -m kpi_analysis.metrics.snapshot COMPANY FILE

prints one line of JSON: the fingerprint of what the tables hold, or the error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kpi_analysis.core.errors import KpiError
from kpi_analysis.metrics.checks import check_sources, check_table
from kpi_analysis.metrics.session import open_company
from kpi_analysis.metrics.sources.snapshot import write_facts, write_tables


def write_snapshot(company: Path, path: Path) -> str:
    """Snapshot of a company: every source read once into a new DuckDB file.

    Parameters
    ----------
    company : Path
        The company file.
    path : Path
        The new file.

    Returns
    -------
    str
        Hash of what the tables hold.

    Raises
    ------
    ConfigError
        The company file is wrong, or a database does not answer.
    """
    sources = open_company(company).sources
    fingerprint = write_tables(sources, path)
    findings = check_sources(sources)
    checks = {name: check_table(sources, name) for name in sources.facts.examined}
    write_facts(sources, fingerprint, findings, checks)
    return fingerprint


def main(company: str, path: str) -> int:
    """Write a snapshot and say how it went."""
    try:
        answer = {"fingerprint": write_snapshot(Path(company), Path(path))}
    except KpiError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(answer))
    return int("error" in answer)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
