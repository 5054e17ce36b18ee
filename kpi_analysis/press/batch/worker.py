"""One report of a batch in a process of its own, so that nothing it does can touch the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal

from kpi_analysis.core.errors import KpiError, SourceUnreachable
from kpi_analysis.press.kernels import CLOSE_AND_FREEZE, PAUSE_GC
from kpi_analysis.press.kernels.selection import KernelNotStarted
from kpi_analysis.press.run.execute import Progress
from kpi_analysis.press.run.plan import Plan
from kpi_analysis.press.run.report import run_report
from kpi_analysis.press.run.secrets import redact, secret_texts

PRELOAD = (PAUSE_GC, "kpi_analysis.press.batch.preload", CLOSE_AND_FREEZE)
RETRY_PAUSES = (0.5, 2.0)  # seconds before the second and the third try
_EXIT_TIMEOUT = 10.0  # seconds for a process to end by itself when its work is done
_TERMINATE_TIMEOUT = 1.0  # seconds for one that is told to end
_POLL_INTERVAL = 0.2


@dataclass(frozen=True)
class Task:
    """One report to be made.

    Parameters
    ----------
    plan : Plan
    workspace : path
        To which its paths are relative.
    memory : int, optional
        Bytes that its processes may take.
    environment : mapping
        Variables that its processes shall see.
    """

    plan: Plan = field(repr=False)  # logs of a cluster show what a task is given, and a plan holds secrets
    workspace: Path
    memory: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How the making of a report ended.

    Parameters
    ----------
    state : str
    seconds : float
    error : str, optional
        What went wrong, with what to do.
    cell : int, optional
        In which cell, counted from 1.
    transient : bool
        Whether the same may well succeed a little later.
    tries : int
    """

    state: Literal["done", "failed", "stopped"]
    seconds: float = 0.0
    error: str | None = None
    cell: int | None = None
    transient: bool = False
    tries: int = 1


def run_task(task: Task, *, told: Progress = lambda done, total: None, stop: threading.Event | None = None) -> Outcome:
    """Make a report in a process of its own, again after a pause where the failure may pass.

    Parameters
    ----------
    task : Task
    told : callable
        Called with (cells done, cells in all).
    stop : event, optional
        When it is set, the process is ended.
    """
    stop = stop or threading.Event()
    outcome = _run_in_process(task, told, stop)
    for number, pause in enumerate(RETRY_PAUSES, start=2):
        if not outcome.transient or stop.wait(pause):
            break
        outcome = replace(_run_in_process(task, told, stop), tries=number)
    return outcome


def process_context() -> Any:
    """Return how processes are started: forked, where the system can do that, from a server that is started now."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    forkserver.ensure_running()
    return context


def _run_in_process(task: Task, told: Progress, stop: threading.Event) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="kpi-", ignore_cleanup_errors=True) as folder:
        context = process_context()
        begun = time.monotonic()
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_child_main, args=(theirs, task, folder))
        process.start()
        theirs.close()
        try:
            with ours:
                outcome = _wait_for_outcome(ours, process, told, stop)
            process.join(_EXIT_TIMEOUT if outcome is not None and outcome.state != "stopped" else 0)
        finally:
            _stop_process(process)
    if outcome is not None:
        return outcome
    code = process.exitcode
    words = f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
    return Outcome(
        "failed",
        time.monotonic() - begun,
        f"The process of this report ended by {words}. One that ends without a word has mostly run out of memory.",
    )


def _wait_for_outcome(ours: Connection, process: Any, told: Progress, stop: threading.Event) -> Outcome | None:
    begun = time.monotonic()
    while not stop.is_set():
        ready = wait([ours, process.sentinel], timeout=_POLL_INTERVAL)
        if ours in ready:
            try:
                message = ours.recv()
            except EOFError:
                return None
            if isinstance(message, Outcome):
                return message
            told(*message)
        elif ready:
            return None
    return Outcome("stopped", time.monotonic() - begun, "The batch was stopped.")


def _stop_process(process: Any) -> None:
    """See to it that a process is gone: asked first, so that it can end its kernel."""
    for ask in (process.terminate, process.kill):
        if process.is_alive():
            ask()
            process.join(_TERMINATE_TIMEOUT)
    process.join()


def _child_main(theirs: Connection, task: Task, folder: str) -> None:
    """Run in the process of one report; `folder` takes its temporary files, and is removed with them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches every process of the terminal; ours is told to end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(task.environment, TMPDIR=folder)
    tempfile.tempdir = folder
    os.chdir(task.workspace)
    _limit_memory(task.memory)
    begun = time.monotonic()

    def told(done: int, total: int) -> None:
        with suppress(OSError):
            theirs.send((done, total))

    outcome = _outcome_of(task.plan, told)
    theirs.send(replace(outcome, seconds=time.monotonic() - begun))


def _outcome_of(plan: Plan, told: Progress) -> Outcome:
    try:
        run_report(plan, clock=lambda: datetime.now(UTC), progress=told, listed=False)
    except KpiError as error:
        transient = isinstance(error, KernelNotStarted | SourceUnreachable)
        return Outcome("failed", error=str(error), cell=error.cell, transient=transient)
    except MemoryError:
        return Outcome("failed", error="There was not enough memory to print the report.")
    except OSError as error:
        words = f"A file could not be written or read: {error.strerror or error}."
        return Outcome("failed", error=f"{words} Make room, or change its rights. What was there is unchanged.")
    except Exception as error:  # whatever it is, it must not take the batch with it
        secrets = [*plan.hidden, *(text for name in plan.secrets for text in secret_texts(plan.values.get(name)))]
        return Outcome("failed", error=str(redact(f"{type(error).__name__}: {error}", secrets)))
    return Outcome("done")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(size: int | None) -> None:
    if size is None or os.name != "posix":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
