"""What all reports of a batch share: one snapshot of the company's tables, taken once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kpi_analysis.core import errors
from kpi_analysis.core.errors import KpiError, RunError
from kpi_analysis.press.batch.fingerprint import data_fingerprint
from kpi_analysis.press.batch.worker import RETRY_PAUSES
from kpi_analysis.press.run.publish import write_atomically

SNAPSHOT_MODULE = "kpi_analysis.metrics.snapshot"
SNAPSHOT_VARIABLE = "KPI_SNAPSHOT"  # where the analysis finds the snapshot
QUERY_CACHE_SUFFIX = ".texts"  # beside it, the queries that reports asked of it
SNAPSHOT_RECORD = "data.json"  # beside it, what it was made from, for the next batch


@dataclass(frozen=True)
class DataSnapshot:
    """The company's tables as all reports of a batch see them.

    Parameters
    ----------
    path : path, optional
        A DuckDB file; None where nothing need be read, because no file of a source has changed.
    fingerprint : str
        One hash of what the tables hold.
    """

    path: Path | None
    fingerprint: str

    def remove(self) -> None:
        """Take it away, with what was kept beside it."""
        if self.path is not None:
            _remove(self.path)


def take_snapshot(company: Path, path: Path) -> DataSnapshot:
    """Read every source of a company once, in a process of its own; a source that does not answer is asked again.

    Raises
    ------
    ConfigError, DataError
        What the analysis found wrong.
    RunError
        The process ended without an answer.
    """
    made_from = data_fingerprint(company)
    for pause in (*RETRY_PAUSES, None):
        _remove(path)
        ended = subprocess.run(
            [sys.executable, "-m", SNAPSHOT_MODULE, str(company), str(path)],
            env={name: value for name, value in os.environ.items() if name != SNAPSHOT_VARIABLE},
            capture_output=True,
            text=True,
            check=False,
        )
        told = _parsed_answer(ended.stdout)
        if "fingerprint" in told:
            if made_from is not None and made_from == data_fingerprint(company):
                _write_record(path.with_name(SNAPSHOT_RECORD), made_from, told["fingerprint"])
            return DataSnapshot(path, told["fingerprint"])
        if told.get("error") != "SourceUnreachable" or pause is None:
            break
        time.sleep(pause)
    kind = getattr(errors, told.get("error", ""), None)
    if isinstance(kind, type) and issubclass(kind, KpiError):
        raise kind(told["message"])
    last = (ended.stderr.strip().splitlines() or [f"code {ended.returncode}"])[-1]
    raise RunError(f"The company's tables could not be read: {last}", remedy="Try: kpi check")


def unchanged_snapshot(company: Path, folder: Path) -> DataSnapshot | None:
    """Return what a snapshot would show, where every source is a file and none has changed since the last one.

    Parameters
    ----------
    company : path
        The company file.
    folder : path
        Where the last snapshot lay.
    """
    try:
        known = json.loads((folder / SNAPSHOT_RECORD).read_text(encoding="utf-8"))
        same = known["made_from"] == data_fingerprint(company)
        return DataSnapshot(None, str(known["fingerprint"])) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_record(file: Path, made_from: str, fingerprint: str) -> None:
    with suppress(RunError):  # where it cannot be written, the data are read again
        write_atomically(file, json.dumps({"made_from": made_from, "fingerprint": fingerprint}).encode())


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    shutil.rmtree(f"{path}{QUERY_CACHE_SUFFIX}", ignore_errors=True)


def _parsed_answer(text: str) -> dict[str, str]:
    try:
        told = json.loads((text.strip().splitlines() or ["{}"])[-1])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
