"""The notebooks of a workspace: can their parameters be read and typed?"""

from __future__ import annotations

from pathlib import Path

from kpi_analysis.core.errors import DataFinding, KpiError
from kpi_analysis.press.run.parameters import read_parameters


def check_notebooks(folder: Path) -> list[DataFinding]:
    """Return what is wrong with the parameters of the notebooks of a folder; nothing is run."""
    findings = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            read_parameters(path)
        except KpiError as error:
            findings.append(DataFinding.of(path.name, error))
    return findings
