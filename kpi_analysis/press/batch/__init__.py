"""Many reports in one go: side by side, each on its own, and none made twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kpi_analysis.core.config.company import load_company
from kpi_analysis.press.archive.index import write_index
from kpi_analysis.press.batch.cluster import cluster_pool, require_cluster
from kpi_analysis.press.batch.data_snapshot import SNAPSHOT_VARIABLE, DataSnapshot, take_snapshot, unchanged_snapshot
from kpi_analysis.press.batch.fingerprint import is_up_to_date, report_fingerprint, why_out_of_date
from kpi_analysis.press.batch.lock import BATCH_FOLDER, batch_lock
from kpi_analysis.press.batch.results import BatchProgress, Result, Summary
from kpi_analysis.press.batch.spec import Batch, Item, read_batch
from kpi_analysis.press.batch.worker import Outcome, Task, process_context, run_task
from kpi_analysis.press.kernels.client import CannotFork, starting_server
from kpi_analysis.press.kernels.selection import WARM_KERNELS_VARIABLE
from kpi_analysis.press.run.plan import Plan


def plan_batch(batch: Batch, *, resume: bool = True, folder: Path) -> tuple[list[Result], DataSnapshot | None]:
    """Say which reports have to be made, and why; the data are read once, unless nothing at all has changed.

    Parameters
    ----------
    batch : Batch
    resume : bool
        Leave alone what is there already, made from the same.
    folder : path
        Where the snapshot of the data may lie.
    """
    tables = load_company(batch.company).tables
    known = unchanged_snapshot(batch.company, batch.root / BATCH_FOLDER) if tables and resume else None
    if known is not None:
        results = [_planned_result(item, batch, known.fingerprint, resume) for item in batch.items]
        if all(result.state != "waiting" for result in results):
            return results, known
    snapshot = take_snapshot(batch.company, folder / "snapshot.duckdb") if tables else None
    data = snapshot.fingerprint if snapshot else ""
    return [_planned_result(item, batch, data, resume) for item in batch.items], snapshot


def run_batch(
    batch: Batch,
    *,
    clock: Callable[[], datetime],
    progress: BatchProgress,
    workers: int | None = None,
    cluster: str | None = None,
    resume: bool = True,
    fail_fast: bool = False,
) -> list[Result]:
    """Make the reports of a batch; the failure of one never touches the others.

    Parameters
    ----------
    batch : Batch
    clock : callable
        Says when the batch started and finished.
    progress : BatchProgress
        Is told what happens.
    workers : int, optional
        How many reports are made side by side; as many as there are processors.
    cluster : str, optional
        The address of a Dask scheduler that makes them instead.
    resume : bool
        Leave alone what is there already, made from the same.
    fail_fast : bool
        Begin no further report after a failure.

    Raises
    ------
    RunError
        Another batch is at work in the same folder, or nothing can be written there.
    EngineMissing, UsageError
        There is no such cluster; nothing was run.
    """
    if cluster is not None and not require_cluster(cluster):
        progress.note(f"The cluster {cluster} has no workers yet; the batch waits for one.")
    started = clock()
    with batch_lock(batch.root, batch.file.name) as place, _warm_kernels(progress, wanted=cluster is None) as kernels:
        results, snapshot = plan_batch(batch, resume=resume, folder=place)
        progress.planned(results)
        summary = Summary(batch, started.isoformat(timespec="seconds"), snapshot, results)
        try:
            summary.write()
            todo = [number for number, result in enumerate(results) if result.state == "waiting"]
            environment = kernels() if todo else {}
            if snapshot and snapshot.path:
                environment[SNAPSHOT_VARIABLE] = str(snapshot.path.resolve())
            for number, result in _run_waiting(
                results, todo, batch, environment, progress, workers, cluster, fail_fast
            ):
                results[number] = result
                summary.update()
        finally:
            if snapshot:
                snapshot.remove()  # first: it makes room for what is written now
            for number, result in enumerate(results):
                if result.state in ("waiting", "running"):
                    results[number] = replace(result, state="not run")
            summary.write(finished=clock().isoformat(timespec="seconds"))
            write_index(batch.root)
    return results


def _planned_result(item: Item, batch: Batch, data: str, resume: bool) -> Result:
    if item.plan is None:
        return Result(item, "failed")
    key = report_fingerprint(item.plan, batch.company, data)
    plan = replace(item.plan, key=key, snapshot=data or None)
    item = replace(item, plan=plan)
    if resume and is_up_to_date(plan):
        return Result(item, "kept")
    return Result(item, "waiting", why_out_of_date(plan) if resume else "asked for")


def _run_waiting(
    results: Sequence[Result],
    todo: Sequence[int],
    batch: Batch,
    environment: dict[str, str],
    progress: BatchProgress,
    workers: int | None,
    cluster: str | None,
    fail_fast: bool,
) -> Iterator[tuple[int, Result]]:
    """Yield each report that was to be made, with its place, as it ends."""
    if not todo:
        return
    stop = threading.Event()
    with _pool(cluster, min(workers or _processors(), len(todo)), environment) as pool:
        futures: dict[Future[Outcome], int] = {}
        try:
            for number in todo:
                task = Task(_plan(results[number]), Path.cwd(), batch.spec.memory, environment)
                futures[pool(task, results[number], progress, stop)] = number
            for future in as_completed(futures):
                if future.cancelled():
                    continue
                outcome = _outcome(future)
                result = replace(results[futures[future]], state=outcome.state, outcome=outcome)
                if fail_fast and outcome.state == "failed":
                    for other in futures:
                        other.cancel()
                progress.changed(result)
                yield futures[future], result
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


@contextmanager
def _warm_kernels(progress: BatchProgress, *, wanted: bool) -> Iterator[Callable[[], dict[str, str]]]:
    """Begin to warm kernels up, while the data are read; give back what returns the variables that lead to them.

    Where there are none, kernels start as usual.
    """
    with ExitStack() as kept:
        starting: Callable[[], str] | None = None
        if wanted:
            process_context()
            try:
                starting = kept.enter_context(starting_server())
            except CannotFork as error:
                _note_cold_start(progress, error)

        def environment() -> dict[str, str]:
            try:
                return {WARM_KERNELS_VARIABLE: starting()} if starting else {}
            except CannotFork as error:
                _note_cold_start(progress, error)
                return {}

        yield environment


def _note_cold_start(progress: BatchProgress, error: CannotFork) -> None:
    progress.note(f"Kernels are started cold, because {error}.")


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # a worker of a cluster may be lost, and with it one report
        return Outcome("failed", error=f"{type(error).__name__}: {error}")


def _plan(result: Result) -> Plan:
    assert result.item.plan is not None
    return result.item.plan


Submit = Callable[[Task, Result, BatchProgress, threading.Event], "Future[Outcome]"]


@contextmanager
def _pool(cluster: str | None, workers: int, environment: dict[str, str]) -> Iterator[Submit]:
    """Give back how a task is handed on: to processes of this machine or of a cluster."""
    if cluster is not None:
        with cluster_pool(cluster) as submit:
            yield lambda task, result, progress, stop: submit(
                task, lambda: progress.changed(replace(result, state="running"))
            )
        return

    def run(task: Task, result: Result, progress: BatchProgress, stop: threading.Event) -> Outcome:
        progress.changed(replace(result, state="running"))
        return run_task(task, told=lambda done, total: progress.cell(result.item.name, done, total), stop=stop)

    with ThreadPoolExecutor(workers) as executor:
        yield lambda task, result, progress, stop: executor.submit(run, task, result, progress, stop)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


__all__ = ["Batch", "BatchProgress", "Result", "plan_batch", "read_batch", "run_batch"]
