"""Warm kernels: forked, and yet like kernels that were started."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

from kpi_analysis.press.kernels.client import CannotFork, fork_kernel, kernel_server
from kpi_analysis.press.kernels.provisioner import WarmProvisioner
from kpi_analysis.press.kernels.selection import WARM_KERNELS_VARIABLE

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
    pytest.mark.filterwarnings("ignore"),  # Jupyter's own, about sockets and loops
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with kernel_server(("numpy", "duckdb", "ipykernel.kernelapp")) as address:
        yield address


class Kernel:
    """A kernel of the kernelspec ``kpi`` and its client."""

    def __init__(self, **options: Any) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="kpi", **options)

    @property
    def process(self) -> Any:
        assert isinstance(self.manager, KernelManager) and isinstance(self.manager.provisioner, WarmProvisioner)
        return self.manager.provisioner.process

    def says(self, code: str) -> Any:
        """Run code and return what it printed, as JSON."""
        texts: list[str] = []
        reply = self.client.execute_interactive(
            code, timeout=30, output_hook=lambda message: texts.append(message["content"].get("text", ""))
        )
        return json.loads("".join(texts)) if reply["content"]["status"] == "ok" else reply["content"]["ename"]

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kernel]:
    monkeypatch.setenv(WARM_KERNELS_VARIABLE, server)
    kernel = Kernel(cwd=str(tmp_path), env={**os.environ, "OF_THIS_KERNEL": "yes", "PYTHONPATH": str(tmp_path)})
    yield kernel
    kernel.end()


def test_it_is_forked_and_looks_started(kernel: Kernel, tmp_path: Path) -> None:
    told = kernel.says(
        "import json, multiprocessing, os, resource, sys\n"
        "parent = f'/proc/{os.getppid()}'\n"
        "print(json.dumps([os.getpid(), os.getsid(0), os.getcwd(), os.environ['OF_THIS_KERNEL'], sys.path[0],"
        " 'duckdb' in sys.modules, multiprocessing.get_start_method(), sys.argv[0],"
        " open(parent + '/cmdline').read(), len(os.listdir(parent + '/task'))]))"
    )
    plain = subprocess.run(
        [sys.executable, "-c", "import multiprocessing; print(multiprocessing.get_start_method())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    pid = kernel.process.pid
    assert told[:8] == [pid, pid, str(tmp_path), "yes", str(tmp_path), True, plain, "ipykernel_launcher"]
    assert "multiprocessing.forkserver" in told[8]
    assert told[9] == 1  # nothing runs in the process that is forked


def test_nothing_is_inherited(kernel: Kernel, server: str, tmp_path: Path) -> None:
    other = Kernel(cwd=str(tmp_path))
    code = (
        "import json, random, numpy, duckdb\n"
        "rows = duckdb.sql('select sum(x) from range(1000000) t(x)').fetchall()[0][0]\n"
        "print(json.dumps([random.random(), numpy.random.rand(), int(rows)]))"
    )
    seeded = "import json, random, numpy\nrandom.seed(1); numpy.random.seed(1)\nprint(json.dumps([random.random(), numpy.random.rand()]))"  # noqa: E501
    try:
        one, two = kernel.says(code), other.says(code)
        assert one[2] == two[2] == 499999500000
        assert one[0] != two[0] and one[1] != two[1]
        assert kernel.says(seeded) == other.says(seeded)
    finally:
        other.end()


def test_kernels_of_reports_draw_and_run_nothing_beforehand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with kernel_server() as address:
        monkeypatch.setenv(WARM_KERNELS_VARIABLE, address)
        kernel = Kernel(cwd=str(tmp_path))
        try:
            told = kernel.says(
                "import json, os, sys\n"
                "print(json.dumps([len(os.listdir(f'/proc/{os.getppid()}/task')), 'seaborn' in sys.modules]))"
            )
            shown: list[str] = []
            kernel.client.execute_interactive(
                "import seaborn\nseaborn.lineplot(x=[1, 2], y=[3, 5]);",
                timeout=30,
                output_hook=lambda message: shown.extend(message["content"].get("data", {})),
            )
        finally:
            kernel.end()
    assert told == [1, True]
    assert "image/png" in shown


def test_interrupt_restart_and_death(kernel: Kernel) -> None:
    message = kernel.client.execute("import time\ntime.sleep(60)")
    time.sleep(0.5)
    kernel.manager.interrupt_kernel()
    while (reply := kernel.client.get_shell_msg(timeout=10))["parent_header"]["msg_id"] != message:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"

    before = kernel.process.pid
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=20)
    assert kernel.process.pid != before
    assert kernel.says("print('before' in globals() and 1 or 0)") == 0

    kernel.client.execute("import os\nos._exit(7)")
    assert kernel.process.wait(timeout=10) == 7
    assert not kernel.manager.is_alive()


def test_a_memory_limit_holds(server: str, tmp_path: Path) -> None:
    code = (
        "import resource, sys, json\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_kernels import Kernel\n"
        "kernel = Kernel()\n"
        "print(json.dumps(kernel.says('held = bytearray(3_000_000_000)')))\n"
        "kernel.end()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env={**os.environ, WARM_KERNELS_VARIABLE: server},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.stdout.strip() == '"MemoryError"', ended.stderr


def test_a_kernel_without_its_client_ends(server: str, tmp_path: Path) -> None:
    code = (
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_kernels import Kernel\n"
        "kernel = Kernel()\n"
        "print(kernel.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    client = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env={**os.environ, WARM_KERNELS_VARIABLE: server},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert client.stdout is not None
    with client.stdout:
        pid = int(client.stdout.readline())
    os.kill(pid, 0)
    client.send_signal(signal.SIGKILL)
    client.wait()
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_where_forking_fails_a_kernel_starts_as_usual(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(CannotFork, match="not the kernel of this Python"):
        fork_kernel(["/usr/bin/true", "-m", "ipykernel_launcher"], "nowhere", env={})
    monkeypatch.setenv(WARM_KERNELS_VARIABLE, str(tmp_path / "nobody"))
    for _ in range(2):
        kernel = Kernel(cwd=str(tmp_path))
        assert isinstance(kernel.process, subprocess.Popen)
        assert kernel.says("print(1 + 1)") == 2
        kernel.end()
    assert caplog.text.count("Kernels are started cold, because the server of warm kernels") == 1
