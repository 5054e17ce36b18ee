"""One batch at a time in a folder of reports."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from kpi_analysis.core.errors import RunError

BATCH_FOLDER = ".batch"  # the folder, among the reports, for what only batches need

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def batch_lock(root: Path, about: str) -> Iterator[Path]:
    """Hold a folder of reports for one batch, and give back a folder for what only the batch needs.

    The system lets go of the lock when its process ends, however it ends.

    Parameters
    ----------
    root : path
        The folder of all reports.
    about : str
        What to tell another batch that comes meanwhile.

    Raises
    ------
    RunError
        Another batch is at work there, or the folder cannot be written to.
    """
    place = root / BATCH_FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
        file = (place / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{root} cannot be written to: {error.strerror}.", remedy="Change its rights, or make room."
        ) from None
    with file:
        if not _acquire(file):
            raise RunError(
                f"Another batch is at work in {root}: {_holder(file)}.", remedy="Wait for it, or give another output."
            )
        with suppress(OSError):  # a full disk: others are refused all the same, only not told by whom
            file.truncate(0)
            os.write(file.fileno(), json.dumps({"pid": os.getpid(), "batch": about}).encode())
        yield place


def _acquire(file: IO[str]) -> bool:
    if fcntl is None:
        import msvcrt

        try:
            file.seek(1 << 20)  # beyond the text, which others must be able to read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        found = json.loads(file.read())
        return f"{found['batch']}, process {found['pid']}"
    except (ValueError, KeyError, TypeError):
        return "it has just begun"
