"""What all reports of a batch share: one snapshot of the company's tables, taken once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kpi_analysis import errors
from kpi_analysis.errors import KpiError, RunError
from kpi_analysis.run.batch.work import PAUSES

MODULE = "kpi_analysis.snapshot"
SNAPSHOT = "KPI_SNAPSHOT"  # where the analysis finds the snapshot


@dataclass(frozen=True)
class Snapshot:
    """The company's tables as all reports of a batch see them.

    Parameters
    ----------
    path : path
        A DuckDB file.
    fingerprint : str
        One hash of what the tables hold.
    """

    path: Path
    fingerprint: str


def take_snapshot(company: Path, path: Path) -> Snapshot:
    """Read every source of a company once, in a process of its own; a source that does not answer is asked again.

    Raises
    ------
    ConfigError, DataError
        What the analysis found wrong.
    RunError
        The process ended without an answer.
    """
    for pause in (*PAUSES, None):
        path.unlink(missing_ok=True)
        ended = subprocess.run(
            [sys.executable, "-m", MODULE, str(company), str(path)],
            env={name: value for name, value in os.environ.items() if name != SNAPSHOT},
            capture_output=True,
            text=True,
            check=False,
        )
        told = _told(ended.stdout)
        if "fingerprint" in told:
            return Snapshot(path, told["fingerprint"])
        if told.get("error") != "SourceUnreachable" or pause is None:
            break
        time.sleep(pause)
    kind = getattr(errors, told.get("error", ""), None)
    if isinstance(kind, type) and issubclass(kind, KpiError):
        raise kind(told["message"])
    last = (ended.stderr.strip().splitlines() or [f"code {ended.returncode}"])[-1]
    raise RunError(f"The company's tables could not be read: {last}", remedy="Try: kpi check")


def _told(text: str) -> dict[str, str]:
    try:
        told = json.loads((text.strip().splitlines() or ["{}"])[-1])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
