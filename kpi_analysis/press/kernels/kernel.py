"""What happens in a forked process until it is a Jupyter kernel like any other."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

# As it was when the server started: without the paths that its own environment had added.
_OWN_PATH = [place for place in sys.path if place and place not in os.environ.get("PYTHONPATH", "").split(os.pathsep)]


@dataclass(frozen=True)
class Launch:
    """What a kernel is launched with, as `subprocess.Popen` would be told.

    Parameters
    ----------
    arguments : tuple of str
        Those behind ``python -m ipykernel_launcher``.
    cwd : str
    env : mapping
    limits : mapping
        Resource limits of the process that asks, by number.
    umask : int
    """

    arguments: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    limits: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    umask: int = 0o022


def run_kernel(launch: Launch, *streams: int) -> None:
    """Become a kernel; runs in the forked process and returns when the kernel has ended.

    Parameters
    ----------
    launch : Launch
    streams : int
        File descriptors to be standard output and standard error.
    """
    import resource

    os.setsid()
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.umask(launch.umask)
    for kind, limit in launch.limits.items():
        resource.setrlimit(kind, limit)
    os.chdir(launch.cwd)
    os.environ.clear()
    # ipykernel ends itself when this process is gone
    os.environ.update(launch.env, JPY_PARENT_PID=str(os.getppid()))
    time.tzset()
    _detach(launch)
    _reseed()
    try:
        from ipykernel.kernelapp import IPKernelApp

        # told as an argument, for ipykernel read the environment when it was imported
        IPKernelApp.launch_instance(argv=[*launch.arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    finally:
        atexit._run_exitfuncs()  # multiprocessing does not


def _detach(launch: Launch) -> None:
    """Undo what tells a child of multiprocessing from a program that was started."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    multiprocessing.set_start_method(None, force=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    added = [place for place in launch.env.get("PYTHONPATH", "").split(os.pathsep) if place]
    sys.path[:] = [*added, *_OWN_PATH]
    sys.argv = ["ipykernel_launcher", *launch.arguments]
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is not None:  # it read the environment when it was imported, and ipykernel adds to it later
        matplotlib.rcParams["backend"] = launch.env.get("MPLBACKEND", "module://matplotlib_inline.backend_inline")


def _end_with_server() -> None:
    """End when the server is gone, however it went; nobody would be left to end this kernel."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _reseed() -> None:
    """Forked processes are equal to the last bit: let no two draw the same numbers."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
