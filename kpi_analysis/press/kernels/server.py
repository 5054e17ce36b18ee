"""The keeper of warm kernels: a small program that has kernels forked from a clean, preloaded process.

    python -m kpi_analysis.press.kernels.server SOCKET MODULE…

Each connection is one kernel: a `Launch` and two streams come in, the number of the process goes out, and later its
exit code. When the connection breaks before, the one who asked is gone, and the kernel is ended. The forking itself
is done by the forkserver of the standard library, in which nothing ever runs.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver, reduction
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from kpi_analysis.press.kernels import CLOSE_AND_FREEZE, PAUSE_GC
from kpi_analysis.press.kernels.kernel import Launch, run_kernel

STREAMS = 2


@dataclass(frozen=True)
class _Stream:
    """A file descriptor that goes along into the forked process."""

    descriptor: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _received_descriptor, (reduction.DupFd(self.descriptor),)


def _received_descriptor(sent: Any) -> int:
    return int(sent.detach())


@dataclass(frozen=True)
class _Kernel:
    process: Any
    asker: Connection

    def end(self) -> None:
        """End the kernel, with all processes that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()  # it may be so young that it has no group of its own


def serve(place: Path, modules: list[str]) -> None:
    """Serve kernels until standard input is closed: then the one who started this program is gone."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PAUSE_GC, *modules, run_kernel.__module__, CLOSE_AND_FREEZE])
    owner = sys.stdin.fileno()
    kernels: list[_Kernel] = []
    try:
        with socket.socket(socket.AF_UNIX) as entrance:
            entrance.bind(str(place))
            entrance.listen(128)
            forkserver.ensure_running()
            print("ready", flush=True)
            while True:
                places = [part for kernel in kernels for part in (kernel.asker, kernel.process.sentinel)]
                ready = wait([owner, entrance, *places])
                if owner in ready:
                    return
                if entrance in ready:
                    with suppress(OSError, EOFError):
                        kernels.append(_started(context, Connection(entrance.accept()[0].detach())))
                kernels = [kernel for kernel in kernels if not _is_over(kernel, ready)]
    finally:
        for kernel in kernels:
            kernel.end()
        shutil.rmtree(place.parent, ignore_errors=True)


def _started(context: Any, asker: Connection) -> _Kernel:
    """Fork a kernel for the one at the other end of a connection."""
    streams: list[int] = []
    try:
        launch: Launch = asker.recv()
        streams += [reduction.recv_handle(asker) for _ in range(STREAMS)]
        process = context.Process(target=run_kernel, args=(launch, *map(_Stream, streams)), name="kernel")
        process.start()
        asker.send(process.pid)
    except BaseException:
        asker.close()
        raise
    finally:
        for stream in streams:
            os.close(stream)
    return _Kernel(process, asker)


def _is_over(kernel: _Kernel, ready: list[Any]) -> bool:
    """Whether a kernel has ended, and is told so, or has to end because nobody wants it any more."""
    if kernel.process.sentinel in ready:
        kernel.process.join()
        with suppress(OSError):
            kernel.asker.send(kernel.process.exitcode)
    elif kernel.asker in ready:  # nothing more is ever said there, so it was closed
        kernel.end()
        kernel.process.join()
    else:
        return False
    kernel.asker.close()
    kernel.process.close()
    return True


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
