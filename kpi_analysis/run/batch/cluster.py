"""Reports made by the workers of a Dask cluster, through the same interface as by this machine."""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace

from kpi_analysis.errors import EngineMissing, UsageError
from kpi_analysis.run.batch.work import Outcome, Task, run_task
from kpi_analysis.run.kernels import WARM_KERNELS
from kpi_analysis.run.warm.client import CannotFork, own_server


def require_dask() -> None:
    """Raise where Dask is not installed.

    Raises
    ------
    EngineMissing
        With the command that brings it.
    """
    if importlib.util.find_spec("distributed") is None:
        raise EngineMissing(
            "A cluster needs Dask, which is not installed.", remedy="Run: pip install 'kpi-analysis[dask]'"
        )


@contextmanager
def cluster_executor(address: str) -> Iterator[Executor]:
    """Give back an executor of a cluster, whose workers see the same workspace under the same paths.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786``.

    Raises
    ------
    UsageError
        The scheduler does not answer.
    """
    distributed = importlib.import_module("distributed")
    try:
        client = distributed.Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The cluster {address} does not answer: {error}.", remedy="Check the address: --cluster tcp://host:8786"
        ) from None
    with client, client.get_executor(pure=False, retries=0) as executor:
        yield executor


def run_on_worker(task: Task) -> Outcome:
    """Make a report on a worker of a cluster, which keeps warm kernels as long as it lives."""
    # Dask's nannies mark workers as processes that may have no children; ours end with their worker by themselves
    multiprocessing.current_process().daemon = False
    try:
        address = own_server()
    except CannotFork:
        return run_task(task)
    return run_task(replace(task, environment={**task.environment, WARM_KERNELS: address}))
