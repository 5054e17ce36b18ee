"""Faults around a batch that really happen: floods of output, a full disk, a database that is away, lost kernels."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from support.reasons import says
from test_batch import NOTEBOOK, PLACE, is_gone, items, lay_out, run, start, until

import kpi_analysis
from kpi_analysis.press.batch import plan_batch, read_batch
from kpi_analysis.press.batch.data_snapshot import DataSnapshot
from kpi_analysis.press.batch.fingerprint import data_fingerprint
from kpi_analysis.press.batch.worker import RETRY_PAUSES
from kpi_analysis.press.run.publish import publish

PACKAGE = Path(next(iter(kpi_analysis.__path__))).parent
LARGE = 1_000_000


def with_deeds(folder: Path, **deeds: str) -> Path:
    """Let the notebook of a workspace do further deeds, each some lines of code."""
    notebook = json.loads(NOTEBOOK.read_text())
    cases = "".join(f'\n    case "{name}":\n        {code}' for name, code in deeds.items())
    notebook["cells"][2]["source"] = "".join(notebook["cells"][2]["source"]) + cases
    (folder / "notebooks" / NOTEBOOK.name).write_text(json.dumps(notebook))
    return folder


def largest(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_flood_of_words_is_stopped_and_written_nowhere(tmp_path: Path) -> None:
    folder = with_deeds(
        lay_out(tmp_path, "grid: {deed: [lines, string, page, data, complain, one]}\n" + PLACE),
        lines="for _ in range(2_000): print('x' * 1_000_000)\n        time.sleep(600)",
        string="print('x' * 300_000_000)\n        time.sleep(600)",
        page="import IPython.display as to\n        to.display(to.HTML('x' * 300_000_000))\n        time.sleep(600)",
        data=(
            "import IPython.display as to\n"
            "        to.display({'application/json': {'a': ['x' * 1_000] * 60_000}}, raw=True)"
        ),
        complain="raise ValueError('no ' + 'x' * 300_000)",
    )
    peak = "open('/proc/self/status').read().split('VmHWM:')[1].split()[0]"
    told_peak = f"import sys\nfrom kpi_analysis.cli.main import main\ntry: main()\nfinally: print('peak', {peak})"
    ended = subprocess.run(
        [sys.executable, "-c", told_peak, "batch", "params/batch.yaml", "--workers", "2"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    told = items(folder)
    assert told["one"]["state"] == "done"
    for deed in ("lines", "string", "page", "data"):
        assert (told[deed]["state"], told[deed]["cell"], told[deed]["tries"]) == ("failed", 3, 1)
        assert "cell 3 of 4: OutputTooLarge: over 50 MB" in str(told[deed]["error"])
        until(lambda place=folder / "notebooks" / f"kernel-{deed}": is_gone(int(place.read_text())))  # type: ignore[misc]
    complaint = str(told["complain"]["error"])
    assert "cell 3 of 4: ValueError: no xxxxx" in complaint and "x… How far it came: " in complaint
    assert len(complaint) < 2_000
    assert len(list((folder / "reports" / "failed").rglob("*.ipynb"))) == 5
    assert largest(folder) < LARGE
    assert len(ended.stdout + ended.stderr) < 10_000
    assert int(ended.stdout.split("peak ")[1]) < 250_000  # kB: what a report says never passes through the batch


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The reports of a workspace on a disk of 4 MB."""
    reports = tmp_path / "reports"
    reports.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", reports], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a small disk can be mounted by root only: {made.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", reports], check=True)


def fill_up(disk: Path, *, left: int) -> Path:
    """Fill a disk with one file, but for some room."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), bytes(4096))
        except OSError:
            file.truncate(os.fstat(file.fileno()).st_size - left)
    return filler


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk of Linux")
def test_a_disk_that_is_full_leaves_the_old_reports(small_disk: Path) -> None:
    folder = lay_out(small_disk, "grid: {deed: [one, two]}\n" + PLACE)
    places = [folder / "reports" / "2017-Q4" / name for name in ("one", "two")]

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for place in places for path in place.iterdir()}

    assert run(folder, package=PACKAGE)[0] == 0
    before = contents()
    filler = fill_up(folder / "reports", left=96 * 1024)  # enough for what the batch itself writes
    code, out, err = run(folder, "--no-resume", "--workers", "1", package=PACKAGE)
    assert code == 1
    assert "0 done, 2 failed" in out and "Traceback" not in err
    for item in items(folder).values():
        assert item["state"] == "failed"
        assert "cannot be written: No space left on device. Make room" in str(item["error"])
    assert contents() == before
    assert not list((folder / "reports").rglob(".*.*"))

    filler.unlink()
    assert run(folder, "--no-resume", package=PACKAGE)[0] == 0
    assert not list((folder / "reports" / "failed").rglob("*.ipynb"))


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk of Linux")
def test_a_disk_that_fills_up_ends_no_batch_and_a_full_one_begins_none(small_disk: Path) -> None:
    folder = lay_out(small_disk, "grid: {deed: [wait, one]}\n" + PLACE)
    kernels = [folder / "notebooks" / f"kernel-{deed}" for deed in ("wait", "one")]
    words = "batch.json cannot be written: No space left on device. Make room"
    with start(folder, "--workers", "1", package=PACKAGE) as batch:
        until(lambda: kernels[0].exists())
        fill_up(folder / "reports", left=0)
        (folder / "notebooks" / "go").touch()
        _, err = batch.communicate(timeout=60)
    assert batch.returncode == 1
    assert words in err and "Traceback" not in err
    assert "2017-Q4/wait: failed" in err and "2017-Q4/one: failed" in err
    assert kernels[1].exists()  # that the summary could not be written did not end the batch
    assert not list((folder / "reports").rglob(".*.*"))

    kernels[1].unlink()
    code, out, err = run(folder, package=PACKAGE)
    assert (code, out) == (1, "")
    assert words in err and "Traceback" not in err
    assert not kernels[1].exists()


@contextmanager
def refusing_server() -> Iterator[tuple[int, list[float]]]:
    """A port on which somebody answers and hangs up at once; with the moments at which it was asked."""
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as entrance:

        def hang_up() -> None:
            while True:
                try:
                    line = entrance.accept()[0]
                except OSError:
                    return
                asked.append(time.monotonic())
                line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield entrance.getsockname()[1], asked
        entrance.shutdown(socket.SHUT_RDWR)
        thread.join()


def with_orders(folder: Path, source: str) -> Path:
    (folder / "params" / "company.yaml").write_text(
        f"company: Tiny\nsource: {source}\ntables:\n  orders: {{table: orders}}\n"
    )
    return folder


def test_a_database_that_is_away_is_asked_again_and_then_told(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg, the driver of PostgreSQL, is not installed")
    with refusing_server() as (port, asked):
        source = f"'postgres://kpi:${{SECRET_WORD}}@127.0.0.1:{port}/shop?sslmode=disable&gssencmode=disable'"
        folder = with_orders(lay_out(tmp_path, "grid: {deed: [one]}\n" + PLACE), source)
        code, out, err = run(folder, package=PACKAGE)
    assert (code, out) == (2, "")
    assert len(asked) == 3
    assert all(later - sooner >= pause for (sooner, later), pause in zip(pairwise(asked), RETRY_PAUSES, strict=True))
    assert "cannot be reached" in err and says(err, "Check the URL")
    assert "hunter2" not in err and "Traceback" not in err
    assert not (folder / "reports" / "2017-Q4").exists()


def reader_of(batch: subprocess.Popen[str], *, other_than: int = 0) -> int:
    """The process in which a batch reads the company's tables."""
    found: list[int] = []

    def is_there() -> bool:
        children = [child for child in psutil.Process(batch.pid).children() if child.pid != other_than]
        found[:] = [child.pid for child in children if "kpi_analysis.metrics.snapshot" in child.cmdline()]
        return bool(found)

    until(is_there)
    return found[0]


def test_a_database_that_comes_back_is_read(tmp_path: Path) -> None:
    shop = tmp_path / "shop.duckdb"
    load = (
        f"import duckdb, sys\nwith duckdb.connect({str(shop)!r}) as shop:\n"
        "    shop.sql(\"create table orders as select '1' as order_id, date '2017-10-05' as ordered_on,"
        " 'a' as customer_id, 10.0 as amount, 'web' as channel\")\n"
        "    print('loading', flush=True)\n    sys.stdin.read()"
    )
    folder = with_orders(lay_out(tmp_path, "grid: {deed: [one]}\n" + PLACE), f"duckdb://{shop}")
    with subprocess.Popen([sys.executable, "-c", load], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as loader:
        assert loader.stdout is not None and loader.stdout.readline() == b"loading\n"
        with start(folder, package=PACKAGE) as batch:
            first = reader_of(batch)
            until(lambda: is_gone(first))  # it found the database locked by who loads it
            assert loader.stdin is not None
            loader.stdin.close()
            assert reader_of(batch, other_than=first) != first
            out, err = batch.communicate(timeout=60)
    assert batch.returncode == 0, err
    assert "1 done, 0 failed" in out
    told = json.loads((folder / "reports" / "2017-Q4" / "batch.json").read_text())
    assert told["snapshot"] is not None and items(folder)["one"]["state"] == "done"


@pytest.mark.skipif(os.name != "posix", reason="the kernel is started by a shell")
def test_a_kernel_that_fails_once_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = tmp_path / "jupyter" / "kernels" / "flaky"
    specs.mkdir(parents=True)
    once = f'mkdir "{tmp_path}/failed-once" 2>/dev/null && echo no memory >&2 && exit 1; exec "$0" "$@"'
    argv = ["sh", "-c", once, sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (specs / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Flaky", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    folder = lay_out(tmp_path, "kernel: flaky\ngrid: {deed: [one]}\n" + PLACE)
    code, _, err = run(folder, package=PACKAGE)
    assert code == 0, err
    assert (tmp_path / "failed-once").is_dir()
    assert (items(folder)["one"]["state"], items(folder)["one"]["tries"]) == ("done", 2)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork, so there is no such server")
def test_a_batch_outlives_its_server_of_warm_kernels(tmp_path: Path) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [wait, one]}\n" + PLACE)
    kernel = folder / "notebooks" / "kernel-wait"
    with start(folder, "--workers", "1", package=PACKAGE) as batch:
        until(lambda: kernel.exists() and kernel.read_text() != "")
        children = psutil.Process(batch.pid).children()
        server = next(child for child in children if "kpi_analysis.press.kernels.server" in child.cmdline())
        server.send_signal(signal.SIGKILL)
        _, err = batch.communicate(timeout=60)
    assert batch.returncode == 1, err
    told = items(folder)
    assert (told["wait"]["state"], told["wait"]["tries"]) == ("failed", 1)
    assert "of 4: the kernel died" in str(told["wait"]["error"])
    assert told["one"]["state"] == "done"  # by a kernel that was started as usual
    assert is_gone(int(kernel.read_text()))


def test_data_are_read_only_where_a_file_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [one]}\n" + PLACE)
    company = Path("params/company.yaml")
    (folder / company).write_text('company: Tiny\ntables:\n  orders: {path: "../data/orders*.csv"}\n')
    orders = folder / "data" / "orders.csv"
    orders.parent.mkdir()
    orders.write_text("order_id,ordered_on,customer_id,amount\n1,2017-10-05,a,10\n")
    monkeypatch.chdir(folder)

    def planned() -> tuple[str, DataSnapshot]:
        results, snapshot = plan_batch(read_batch(Path("params/batch.yaml"), company), folder=Path("reports/.batch"))
        plan = results[0].item.plan
        assert snapshot is not None and plan is not None
        if results[0].state == "waiting":  # as if it had been made
            publish(plan.folder, {"manifest.json": json.dumps({"key": plan.key, "files": {}}).encode()})
        return results[0].state, snapshot

    Path("reports/.batch").mkdir(parents=True)
    state, first = planned()
    assert state == "waiting" and first.path is not None
    assert planned() == ("kept", DataSnapshot(None, first.fingerprint))
    orders.touch()
    assert planned() == ("kept", DataSnapshot(None, first.fingerprint))
    orders.write_text(orders.read_text().replace("2017-10-05,a", '2017-10-05,"a"'))
    state, again = planned()  # another file, but the same orders
    assert (state, again.fingerprint) == ("kept", first.fingerprint) and again.path is not None
    with orders.open("a") as file:
        file.write("2,2017-10-06,b,20\n")
    state, changed = planned()
    assert state == "waiting" and changed.fingerprint != first.fingerprint

    key = data_fingerprint(company)
    assert key is not None
    (folder / "data" / "orders-of-october.csv").write_bytes(orders.read_bytes())
    assert data_fingerprint(company) not in (None, key)
    (folder / company).write_text("company: Tiny\nsource: duckdb:///shop.duckdb\ntables: {orders: {table: orders}}\n")
    assert data_fingerprint(company) is None  # nobody knows what has changed in a database
