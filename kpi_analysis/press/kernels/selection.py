"""Kernels: which are installed, which one a notebook wants, and one that is running."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import KernelDied, UsageError, did_you_mean

OWN_KERNEL = "python3"
WARM_PROVISIONER = "kpi-warm"
WARM_KERNELS_VARIABLE = "KPI_WARM_KERNELS"  # the address of a server of warm kernels, where there is one
_LONGEST_SOCKET_FOLDER = 80  # the path of a socket may have 104 to 108 characters


class KernelNotStarted(KernelDied):
    """A kernel did not come up; the same may work a little later."""


@dataclass(frozen=True)
class RunningKernel:
    """A kernel process that has been started, perhaps not yet ready.

    Parameters
    ----------
    name : str
        Its kernelspec.
    manager : Any
        Jupyter's asynchronous kernel manager.
    log : path
        What the process itself wrote: the only trace that a crash leaves.
    """

    name: str
    manager: Any
    log: Path

    def last_words(self) -> str:
        """Return the last line that the process wrote, or nothing."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def kernel_names() -> tuple[str, ...]:
    """Return the names of the installed kernels; ``python3`` is always the interpreter that runs us."""
    return tuple(sorted({OWN_KERNEL, *_specs().find_kernel_specs()}))


def choose_kernel(notebook: Mapping[str, Any], kernel: str | None = None) -> str:
    """Return the kernel to run a notebook with: the one asked for, else the notebook's own, else ``python3``.

    Parameters
    ----------
    notebook : mapping
        The notebook as plain data.
    kernel : str, optional
        The name asked for.

    Raises
    ------
    UsageError
        There is no such kernel; the message lists the installed ones.
    """
    wanted = kernel or notebook.get("metadata", {}).get("kernelspec", {}).get("name") or OWN_KERNEL
    installed = kernel_names()
    if wanted.lower() not in installed:
        origin = "" if kernel else " that the notebook names"
        hint = did_you_mean(wanted, installed)
        raise UsageError(
            f"The kernel '{wanted}'{origin} is not installed.",
            remedy=" ".join(part for part in (hint, f"Installed: {', '.join(installed)}.") if part),
        )
    return str(wanted)


@contextmanager
def running_kernel(name: str, cwd: Path) -> Iterator[RunningKernel]:
    """Start a kernel in a folder; at the end it is certainly gone.

    It is given back as soon as its process exists, so that the caller can import what is needed meanwhile.
    It talks over sockets in a private folder rather than over network ports: nobody else can listen, and
    kernels that start at the same moment cannot take each other's port.
    """
    from jupyter_core.utils import run_sync

    from kpi_analysis.press.kernels.manager import PromptManager

    with tempfile.TemporaryDirectory(prefix="kpi-", ignore_cleanup_errors=True) as folder:
        manager = PromptManager(kernel_name=name, kernel_spec_manager=_specs())
        if os.name == "posix" and len(folder) < _LONGEST_SOCKET_FOLDER:
            manager.transport = "ipc"
            manager.connection_file = str(Path(folder) / "kernel.json")
        log = Path(folder) / "kernel.log"
        history = ["--HistoryManager.hist_file=:memory:"] if manager.ipykernel else []
        with log.open("wb") as written:
            try:
                run_sync(manager.start_kernel)(
                    extra_arguments=history,
                    cwd=str(cwd),
                    env={**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
                    stdout=written,
                    stderr=written,
                )
            except (OSError, ValueError) as error:
                message = f"The kernel '{name}' cannot be started: {error}."
                raise KernelNotStarted(message, remedy="Try: kpi doctor") from None
        try:
            yield RunningKernel(name, manager, log)
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)
            manager.cleanup_connection_file()


def _specs() -> Any:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class OwnInterpreter(KernelSpecManager):
        """A user's own ``python3`` kernelspec may point at an environment without this package."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            if kernel_name != OWN_KERNEL:
                return super().get_kernel_spec(kernel_name)
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            warm = (
                {"kernel_provisioner": {"provisioner_name": WARM_PROVISIONER}}
                if os.environ.get(WARM_KERNELS_VARIABLE)
                else {}
            )
            return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=warm)

    return OwnInterpreter()
