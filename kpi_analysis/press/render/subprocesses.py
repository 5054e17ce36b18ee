"""Other programs, run in a group of their own: none of their processes outlives the wait for them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kpi_analysis.core.errors import EngineMissing, RunError

TIMEOUT = 180
"""Seconds after which a program is ended."""


def run_program(command: Sequence[str], *, folder: Path, remedy: str, patience: float = TIMEOUT) -> tuple[int, str]:
    """Run a program and return its code and what it said on standard error.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments; no shell reads them.
    folder : path
        Where it runs.
    remedy : str
        The command that installs it, for the error if it does not start.
    patience : float
        Seconds after which it is ended.

    Raises
    ------
    EngineMissing
        If it does not start.
    RunError
        If it takes too long.

    Examples
    --------
    >>> import sys
    >>> run_program([sys.executable, "-c", "exit('no')"], folder=Path(), remedy="")
    (1, 'no\\n')
    """
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
    except OSError as problem:
        raise EngineMissing(f"{command[0]} does not start: {problem.strerror}.", remedy=remedy) from problem
    try:
        _, words = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise RunError(
            f"{command[0]} was not done in {patience:g} s, and was ended.", remedy="Try: kpi doctor"
        ) from None
    finally:
        _end_group(process)
    return process.returncode, words.decode(errors="replace")


def last_words(said: str) -> str:
    """Return the line of a program's words that says most: its last error, else its last line.

    Examples
    --------
    >>> last_words("ERROR: no such file\\nat main.ts\\n")
    'ERROR: no such file'
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1]


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):  # the usual case: all of them ended by themselves
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
