"""Batches on a real Dask cluster, whose workers are lost while they work."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from support.reasons import says
from test_batch import KPI, PLACE, is_gone, items, lay_out, until

import kpi_analysis
from kpi_analysis.press.batch.cluster import cluster_pool
from kpi_analysis.press.batch.data_snapshot import SNAPSHOT_VARIABLE
from kpi_analysis.press.batch.spec import read_batch
from kpi_analysis.press.batch.worker import Task

pytest.importorskip("distributed", reason="Dask is not installed")

PACKAGE = Path(next(iter(kpi_analysis.__path__))).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PACKAGE), "SECRET_WORD": "hunter2-öö", "NO_COLOR": "1"}
SCHEDULER = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
WORKER = ("worker", "--host", "127.0.0.1", "--no-dashboard", "--nthreads", "2")
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Cluster:
    """A scheduler and two workers with their nannies, as users start them."""

    address: str
    nannies: tuple[int, ...]
    folder: Path

    def worker_of(self, kernel: int) -> psutil.Process:
        """The process of the worker that a kernel descends from."""
        line = [psutil.Process(kernel), *psutil.Process(kernel).parents()]
        return next(one for one, parent in pairwise(line) if parent.pid in self.nannies)


@contextmanager
def program(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask; at the end it is gone, with all that it has started."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=folder, stdout=log, stderr=log, env=ENVIRONMENT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def log(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.log")))


def address(folder: Path) -> str:
    """Where a scheduler is to be found, from its log."""
    until(lambda: "Scheduler at:" in log(folder), STARTS_WITHIN)
    found = re.search(r"Scheduler at:\s+(tcp://\S+)\n", log(folder))
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    told = folder / "scheduler.json"
    with ExitStack() as kept:
        kept.enter_context(program(folder, "scheduler", *SCHEDULER, "--scheduler-file", str(told)))
        options = (*WORKER, "--scheduler-file", str(told), "--local-directory", str(folder))
        nannies = [kept.enter_context(program(folder, name, *options)).pid for name in ("first", "second")]
        until(lambda: log(folder).count("Registered to:") == 2, STARTS_WITHIN)
        yield Cluster(address(folder), tuple(nannies), folder)


@contextmanager
def batch(folder: Path, address: str) -> Iterator[subprocess.Popen[str]]:
    """The command `kpi batch` on a cluster; at the end it is gone."""
    with subprocess.Popen(
        [*KPI, "batch", "params/batch.yaml", "--cluster", address],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=ENVIRONMENT,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def unanswered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A batch for a scheduler that is not there; it waits for an answer while other tests run."""
    folder = lay_out(tmp_path_factory.mktemp("unanswered"), "grid: {deed: [one]}\n" + PLACE)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with batch(folder, f"tcp://127.0.0.1:{taken.getsockname()[1]}") as process:
            yield folder, process


def kernel_of(folder: Path, deed: str, *, other_than: int = 0) -> int:
    """The process number of the kernel that does a deed."""
    file = folder / "notebooks" / f"kernel-{deed}"
    until(lambda: file.exists() and file.read_text() not in ("", str(other_than)))
    return int(file.read_text())


def half_made(folder: Path) -> list[Path]:
    return [path for path in (folder / "reports").rglob(".*") if path.name != ".batch"]


@pytest.mark.usefixtures("unanswered")
def test_a_lost_worker_loses_no_report(cluster: Cluster, tmp_path: Path) -> None:
    folder = lay_out(
        tmp_path,
        "params: {period: 2017-Q4, password: '${SECRET_WORD}'}\n" + PLACE + "each:\n"
        + "".join(f"  - {{deed: {deed}}}\n" for deed in ("one", "raise", "wait", "two", "three")),
    )  # fmt: skip
    done = [folder / "reports" / "2017-Q4" / name / "manifest.json" for name in ("one", "two", "three")]
    with batch(folder, cluster.address) as process:
        kernel = kernel_of(folder, "wait")
        until(lambda: [item["state"] for item in items(folder).values()].count("done") == 3)
        made = [path.stat().st_mtime_ns for path in done]
        cluster.worker_of(kernel).kill()
        again = kernel_of(folder, "wait", other_than=kernel)
        (folder / "notebooks" / "go").touch()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 1, err
    assert "5 reports: 4 done, 1 failed" in out
    told = items(folder)
    assert {name: (item["state"], item["tries"]) for name, item in told.items()} == {
        "one": ("done", 1), "two": ("done", 1), "three": ("done", 1), "wait": ("done", 2), "raise": ("failed", 1),
    }  # fmt: skip
    assert (told["raise"]["cell"], "ValueError: no entry with **********" in str(told["raise"]["error"])) == (3, True)
    assert [path.stat().st_mtime_ns for path in done] == made  # what was done stays done, whoever made it
    assert not half_made(folder)
    until(lambda: is_gone(kernel) and is_gone(again))
    assert "Traceback" not in err
    assert "hunter2" not in out + err + log(cluster.folder)


def test_a_report_whose_workers_are_lost_fails_alone(cluster: Cluster, tmp_path: Path) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [wait, one]}\n" + PLACE)
    with batch(folder, cluster.address) as process:
        kernel = 0
        for _ in range(2):
            kernel = kernel_of(folder, "wait", other_than=kernel)
            cluster.worker_of(kernel).kill()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    told = items(folder)
    assert (told["one"]["state"], told["wait"]["state"], told["wait"]["tries"]) == ("done", "failed", 2)
    assert says(str(told["wait"]["error"]), "worker", "lost", "twice")
    assert not half_made(folder)
    until(lambda: is_gone(kernel))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_runs_ends_with_the_batch(cluster: Cluster, tmp_path: Path, number: signal.Signals) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [wait]}\n" + PLACE)
    with batch(folder, cluster.address) as process:
        kernel = kernel_of(folder, "wait")
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode == (130 if number == signal.SIGINT else -9)
    until(lambda: is_gone(kernel))
    assert not half_made(folder)
    if number == signal.SIGINT:
        assert items(folder)["wait"]["state"] == "not run"


def test_a_scheduler_that_does_not_answer_is_told_before_anything_runs(
    unanswered: tuple[Path, subprocess.Popen[str]],
) -> None:
    folder, process = unanswered
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert re.fullmatch(r"\S*\s*The cluster tcp://127\.0\.0\.1:\d+ does not answer: .*--cluster tcp://host:8786\n", err)
    assert not list((folder / "reports").glob("*"))


def test_a_worker_says_what_it_does_not_see_and_never_what_it_was_given(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out(tmp_path, "params: {password: '${SECRET_WORD}'}\ngrid: {deed: [one]}\n" + PLACE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SECRET_WORD", ENVIRONMENT["SECRET_WORD"])
    plan = read_batch(Path("params/batch.yaml"), Path("params/company.yaml")).items[0].plan
    assert plan is not None and plan.values["password"] == ENVIRONMENT["SECRET_WORD"]
    gone = folder / "gone"
    begun: list[str] = []
    with cluster_pool(cluster.address) as submit:
        here = submit(Task(plan, gone), lambda: begun.append("workspace"))
        data = submit(Task(plan, folder, environment={SNAPSHOT_VARIABLE: str(gone)}), lambda: begun.append("snapshot"))
        wrong = submit(Task(plan, folder, environment=None), lambda: begun.append("none"))  # type: ignore[arg-type]
        told = [future.result(30) for future in (here, data, wrong)]
    assert [outcome.state for outcome in told] == ["failed"] * 3
    for outcome in told[:2]:
        assert f"does not see {gone}. Workers need the workspace under the same path" in str(outcome.error)
    assert str(told[2].error).startswith("TypeError")
    assert sorted(begun) == ["none", "snapshot", "workspace"]
    assert "Compute Failed" in log(cluster.folder)
    assert "hunter2" not in log(cluster.folder) + str(told) + repr(Task(plan, folder))
    assert not (folder / "reports").exists()


def test_a_cluster_without_workers_is_waited_for_and_one_that_is_lost_is_not(tmp_path: Path) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [one, two]}\n" + PLACE)
    with program(tmp_path, "scheduler", *SCHEDULER) as scheduler:
        place = address(tmp_path)
        with batch(folder, place) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == f"The cluster {place} has no workers yet; the batch waits for one.\n"
            until(lambda: log(tmp_path).count("Receive client connection") == 2)
            scheduler.kill()
            out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "0 done, 2 failed" in out
    assert "Traceback" not in err
    assert all(str(item["error"]).startswith("The cluster was lost") for item in items(folder).values())
