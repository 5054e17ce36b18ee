"""A folder that appears whole or not at all, and keeps its last good content when anything goes wrong."""

from __future__ import annotations

import glob
import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kpi_analysis.core.errors import RunError

_HOST = re.sub(r"\W", "_", platform.node())  # its process numbers say nothing about those of other machines


def publish(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Put files into a folder in one step: beside it first, safely on the disk, then swapped by rename.

    Parameters
    ----------
    folder : path
        Where they shall lie; what lay there is replaced as a whole.
    files : mapping of name to bytes

    Returns
    -------
    tuple of path
        The files, in the order given.

    Raises
    ------
    RunError
        The place cannot be written to. The old folder is as it was.
    """
    new, old = _sibling(folder, "new"), _sibling(folder, "old")
    with _as_run_error(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        recover(folder)
        try:
            new.mkdir()
            for name, content in files.items():
                _write(new / name, content)
            _sync(new)
            _swap(folder, new, old)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
    return tuple(folder / name for name in files)


def recover(folder: Path) -> None:
    """Clear away what a killed run left beside a folder or file; what it had moved aside comes back.

    Raises
    ------
    RunError
        The place cannot be written to.
    """
    with _as_run_error(folder):
        for left in sorted(folder.parent.glob(f".{glob.escape(folder.name)}.*.*")):
            owner, _, kind = left.name.removeprefix(f".{folder.name}.").partition(".")
            pid, _, host = owner.partition("-")
            if kind not in ("new", "old") or not pid.isdigit() or host not in ("", _HOST) or _others(int(pid)):
                continue
            if kind == "old" and not folder.exists():
                left.rename(folder)
            elif left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def check_writable(folder: Path) -> None:
    """Raise RunError where a folder cannot come to be; makes nothing.

    Raises
    ------
    RunError
        A file is in the way, or the nearest folder that there is may not be written to.
    """
    for place in (folder, *folder.absolute().parents):
        if place.exists():
            if not place.is_dir():
                remedy = "Move it away, or give another place with --output-dir."
                raise RunError(f"{place} is a file, wanted a folder.", remedy=remedy)
            if not os.access(place, os.W_OK | os.X_OK):
                remedy = "Change its rights, or give another place with --output-dir."
                raise RunError(f"{place} cannot be written to.", remedy=remedy)
            return


def write_atomically(path: Path, content: bytes) -> None:
    """Write one file so that nobody ever sees half of it.

    Raises
    ------
    RunError
        The place cannot be written to. The old file is as it was.
    """
    new = _sibling(path, "new")
    with _as_run_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        try:
            _write(new, content)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


def _swap(folder: Path, new: Path, old: Path) -> None:
    if not folder.exists():
        new.rename(folder)
        return
    if not folder.is_dir():
        raise NotADirectoryError(0, "a file is in the way")
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise


def _sibling(path: Path, kind: str) -> Path:
    """Beside it, so that a rename stays on one file system; with our number and machine, so that runs do not meet."""
    return path.with_name(f".{path.name}.{os.getpid()}-{_HOST}.{kind}")


def _others(pid: int) -> bool:
    """Whether a process of that number, other than ours, is alive."""
    if pid == os.getpid():
        return False
    if os.name != "posix":
        return True  # there, asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_run_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}.",
            remedy="Make room or change its rights, or give --output-dir. What was there is unchanged.",
        ) from None
