"""How Jupyter comes to warm kernels: a kernel provisioner, named in the kernelspec ``kpi``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import IO, Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from kpi_analysis.press.kernels.client import CannotFork, fork_kernel, own_server

_warned: set[str] = set()


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel from a process that has imported everything; where that fails, starts it as usual."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch a kernel with a command; see `LocalProvisioner`."""
        try:
            forked = await asyncio.to_thread(_forked, cmd, **kwargs)
        except CannotFork as error:
            if str(error) not in _warned:
                _warned.add(str(error))
                self.log.warning("Kernels are started cold, because %s.", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked
        self.pid = self.pgid = forked.pid  # it makes a session of its own
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info


def _forked(
    cmd: list[str],
    env: dict[str, str] | None = None,
    cwd: str | None = None,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    **_: Any,
) -> Any:
    if sys.platform == "win32":
        raise CannotFork("this system cannot fork processes")
    return fork_kernel(
        cmd,
        own_server(),
        env=os.environ if env is None else env,
        cwd=cwd,
        stdout=_descriptor(stdout),
        stderr=_descriptor(stderr),
    )


def _descriptor(stream: int | IO[Any] | None) -> int | None:
    if stream is None or (isinstance(stream, int) and stream >= 0):
        return stream
    if isinstance(stream, int):
        raise CannotFork("a pipe is wanted")
    return stream.fileno()
