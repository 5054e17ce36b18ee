"""Reports made by the workers of a Dask cluster, through the same interface as by this machine.

The workers need the same workspace, and the snapshot of its data in ``reports/.batch``, under the same paths: a file
system that all machines share. What a report is given travels to them as it is, secrets too: in a network that
others can read, let the cluster speak ``tls://``.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import multiprocessing
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import EngineMissing, UsageError
from kpi_analysis.press.batch.data_snapshot import SNAPSHOT_VARIABLE
from kpi_analysis.press.batch.worker import Outcome, Task, run_task
from kpi_analysis.press.kernels.client import CannotFork, own_server
from kpi_analysis.press.kernels.selection import WARM_KERNELS_VARIABLE

MAX_TRIES = 2  # a report whose worker is lost is begun once more, on whichever worker is there
_CONNECT_TIMEOUT = "10s"
_POLL_INTERVAL = 0.2  # seconds
_DASK_LOGGERS = ("distributed", "distributed.batched", "distributed.client", "distributed.core", "tornado.application")

Begun = Callable[[], None]
Submit = Callable[[Task, Begun], "Future[Outcome]"]


def require_cluster(address: str) -> int:
    """Return how many workers a cluster has now.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786``.

    Raises
    ------
    EngineMissing
        Dask is not installed; the message names the command that brings it.
    UsageError
        The scheduler does not answer within ten seconds.
    """
    with _connected(address) as client:
        return len(client.nthreads())


@contextmanager
def cluster_pool(address: str) -> Iterator[Submit]:
    """Give back how a task is handed to a cluster: with what to call when a worker begins it.

    A report whose worker is lost is begun once more. Whatever still runs at the end, nobody waits for: it is ended.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Raises
    ------
    EngineMissing, UsageError
        There is no such cluster.
    """
    with _connected(address) as client:
        topic = f"kpi-{uuid.uuid4()}"
        handed: dict[str, _SubmittedReport] = {}
        client.subscribe_topic(topic, lambda event: handed[event[1]].begin())

        def submit(task: Task, begun: Begun) -> Future[Outcome]:
            key = f"report-{uuid.uuid4()}"
            handed[key] = _SubmittedReport(begun)
            asked = client.submit(run_on_worker, task, topic, key=key, pure=False, retries=0)
            handed[key].follow(asked)
            return handed[key].told

        yield submit


def run_on_worker(task: Task, topic: str) -> Outcome:
    """Make a report on a worker of a cluster, which keeps warm kernels as long as it lives.

    Parameters
    ----------
    task : Task
    topic : str
        Under which the batch is told that it has begun.
    """
    worker = importlib.import_module("distributed").get_worker()
    key = worker.get_current_task()
    worker.log_event(topic, key)
    unseen = _missing_path(task)
    if unseen is not None:
        words = f"The worker {worker.address} does not see {unseen}."
        return Outcome("failed", error=f"{words} Workers need the workspace under the same path: share its folder.")
    # Dask's nannies mark workers as processes that may have no children; ours end with their worker by themselves
    multiprocessing.current_process().daemon = False
    with suppress(CannotFork):
        task = replace(task, environment={**task.environment, WARM_KERNELS_VARIABLE: own_server()})
    with _event_when(lambda: not _is_wanted(worker, key)) as stop:
        return run_task(task, stop=stop)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    if importlib.util.find_spec("distributed") is None:
        raise EngineMissing(
            "A cluster needs Dask, which is not installed.", remedy="Run: pip install 'kpi-analysis[dask]'"
        )
    distributed = importlib.import_module("distributed")
    for name in _DASK_LOGGERS:  # the batch itself says what goes wrong
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=_CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # the last one where TLS is asked for and not set up
        raise UsageError(
            f"The cluster {address} does not answer: {str(error).rstrip('.')}.",
            remedy="Check the address: --cluster tcp://host:8786",
        ) from None
    with client:
        yield client


@dataclass
class _SubmittedReport:
    """A report in the hands of a cluster.

    Dask's own future is let go as soon as the outcome is here. A worker that is lost later would else be missed for
    it, and the report made again for nobody.
    """

    begun: Begun
    told: Future[Outcome] = field(default_factory=Future)
    tries: int = 0
    release: Callable[[], None] = lambda: None

    def follow(self, asked: Any) -> None:
        """Take over what becomes of Dask's future."""
        self.release = asked.release
        asked.add_done_callback(self._end)
        self.told.add_done_callback(self._release_dask_future)

    def begin(self) -> None:
        """Take note that a worker has begun it, perhaps after another one that was lost."""
        self.tries += 1
        if self.tries > MAX_TRIES:
            self._set_outcome(_lost_worker(MAX_TRIES))
        elif self.told.running() or self.told.set_running_or_notify_cancel():
            self.begun()

    def _end(self, asked: Any) -> None:
        try:
            outcome: Outcome = asked.result()
            outcome = replace(outcome, tries=outcome.tries + max(self.tries - 1, 0))
        except CancelledError:
            words = "The cluster was lost, or has forgotten this report. Run the batch again; what is done stays."
            outcome = Outcome("failed", error=words, tries=self.tries)
        except Exception as error:  # Dask's own, or what could not be sent
            killed = isinstance(error, importlib.import_module("distributed").KilledWorker)
            outcome = (
                _lost_worker(self.tries) if killed else Outcome("failed", error=f"{type(error).__name__}: {error}")
            )
        self._set_outcome(outcome)

    def _set_outcome(self, outcome: Outcome) -> None:
        with suppress(InvalidStateError):  # it was told already, or nobody waits any more
            self.told.set_result(outcome)

    def _release_dask_future(self, told: Future[Outcome]) -> None:
        if told.cancelled():
            told.set_running_or_notify_cancel()
        self.release()


def _lost_worker(tries: int) -> Outcome:
    times = {1: "once", 2: "twice"}.get(tries, f"{tries} times")
    return Outcome(
        "failed",
        error=f"The worker of the cluster that made this report was lost, {times}. "
        "One that is lost without a word has mostly run out of memory; look into the log of the worker.",
        tries=tries,
    )


def _missing_path(task: Task) -> Path | None:
    """Return the folder or file that a task needs and this machine does not have."""
    needed = [
        task.workspace,
        *(Path(task.environment[name]) for name in (SNAPSHOT_VARIABLE,) if name in task.environment),
    ]
    return next((path for path in needed if not path.exists()), None)


def _is_wanted(worker: Any, key: str) -> bool:
    """Whether anybody still waits for a task that this worker runs: no longer when the batch was ended."""
    known = worker.state.tasks.get(key)
    return known is not None and known.state != "cancelled"


@contextmanager
def _event_when(true: Callable[[], bool]) -> Iterator[threading.Event]:
    """Give back an event that is set as soon as something is true."""
    stop, over = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_INTERVAL):
            if true():
                stop.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        over.set()
        watcher.join()
