"""Asking for warm kernels: a server for this process and those that it starts, and kernels forked by it."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_all_start_methods, reduction
from multiprocessing.connection import Connection
from pathlib import Path

from kpi_analysis.press.kernels.kernel import Launch
from kpi_analysis.press.kernels.selection import WARM_KERNELS_VARIABLE

# Without matplotlib_inline: while it is imported it looks for the kernel whose cells shall show figures.
PRELOAD = (
    "kpi_analysis.report.preload",
    "seaborn",
    "matplotlib.backends.backend_agg",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.extensions.storemagic",
    "IPython.core.completer",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "tornado.platform.asyncio",
)
# Libraries that start threads of their own when they are imported are asked not to: forking would lose the threads.
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
LAUNCHER = ("-m", "ipykernel_launcher")
_LOCK = threading.Lock()


class CannotFork(Exception):
    """A kernel cannot be forked here; it can be started as usual."""


class ForkedProcess:
    """A forked kernel, with the face of a `subprocess.Popen`; it ends when this object is forgotten."""

    stdin = stdout = stderr = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.pid = int(connection.recv())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs."""
        if self.returncode is None and self._connection.poll():
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the kernel has ended."""
        if self.returncode is None:
            if not self._connection.poll(timeout):
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
            try:
                self.returncode = int(self._connection.recv())
            except (EOFError, OSError):  # the server is gone, and the kernel with it
                self.returncode = -signal.SIGKILL
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


@contextmanager
def kernel_server(modules: Sequence[str] = PRELOAD) -> Iterator[str]:
    """Keep a server of warm kernels; give back its address.

    Raises
    ------
    CannotFork
        The system cannot fork, or the server does not start.
    """
    with starting_server(modules) as ready:
        yield ready()


@contextmanager
def starting_server(modules: Sequence[str] = PRELOAD) -> Iterator[Callable[[], str]]:
    """Begin to start a server of warm kernels; give back what waits for it and returns its address.

    Raises
    ------
    CannotFork
        The system cannot fork, or, from what is given back, the server has not started.
    """
    if "forkserver" not in get_all_start_methods():
        raise CannotFork("this system cannot fork processes")
    folder = Path(tempfile.mkdtemp(prefix="kpi-"))
    place = folder / "kernels"
    try:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "kpi_analysis.press.kernels.server", str(place), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is not meant for it
            env={**_NO_THREADS, "PYDEVD_DISABLE_FILE_VALIDATION": "1", **os.environ},
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotFork(f"the server of warm kernels does not start: {error}") from None
    stdin, stdout = server.stdin, server.stdout
    assert stdin is not None and stdout is not None
    asked = False

    def ready() -> str:
        nonlocal asked
        asked = True
        if not stdout.readline():
            raise CannotFork(f"the server of warm kernels ended with code {server.wait()}")
        return str(place)

    try:
        yield ready
    finally:
        if not asked:  # nobody has a kernel of it
            server.kill()
        stdin.close()
        stdout.close()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def own_server() -> str:
    """Return the address of the server that this process was given, or of one that is kept as long as it lives."""
    with _LOCK:
        return os.environ.get(WARM_KERNELS_VARIABLE) or _process_server()


@cache
def _process_server() -> str:
    server = kernel_server()
    address = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return address


def fork_kernel(
    command: Sequence[str],
    address: str,
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> ForkedProcess:
    """Have a kernel forked that behaves as if it had been started by a command.

    Parameters
    ----------
    command : sequence of str
        ``python -m ipykernel_launcher …``.
    address : str
        Of the server.
    env : mapping
    cwd : str, optional
    stdout, stderr : int, optional
        File descriptors; those of this process by default.

    Raises
    ------
    CannotFork
        The command is another one, or the server does not answer.
    """
    if tuple(command[1:3]) != LAUNCHER or Path(command[0]).resolve() != Path(sys.executable).resolve():
        raise CannotFork(f"'{' '.join(command[:3])}' is not the kernel of this Python")
    import resource

    kinds = {int(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    umask = os.umask(0o022)
    os.umask(umask)
    launch = Launch(
        arguments=tuple(command[3:]),
        cwd=str(Path(cwd or Path.cwd()).absolute()),  # the server may lie in another folder
        env=dict(env),
        limits={kind: resource.getrlimit(kind) for kind in kinds},
        umask=umask,
    )
    connection = None
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(address)
            connection = Connection(line.detach())
        connection.send(launch)
        for stream, own in ((stdout, 1), (stderr, 2)):
            reduction.send_handle(connection, own if stream is None else stream, 0)
        return ForkedProcess(connection)
    except (OSError, EOFError) as error:
        if connection is not None:
            connection.close()
        raise CannotFork(f"the server of warm kernels does not answer: {error}") from None
