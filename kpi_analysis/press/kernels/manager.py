"""Jupyter's manager of a kernel, without the pauses that it makes for every kernel that starts and ends."""

from __future__ import annotations

import time
from contextlib import suppress
from queue import Empty

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

_RETRY_AFTER = 1.0  # seconds until a kernel that does not answer is asked once more
_IOPUB_TIMEOUT = 0.2  # seconds that the channel of outputs may take to be connected
_POLL_INTERVAL = 0.01  # seconds between two looks whether it has ended


class PromptClient(AsyncKernelClient):
    """A client that goes on as soon as the kernel has answered.

    Jupyter's own waits until the kernel has been silent for 0.2 s, to be rid of what it said while it started. Who
    runs notebooks with nbclient need not be: it takes in only what answers its own messages.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive.

        Raises
        ------
        RuntimeError
            It has died, or the time is up.
        """
        latest = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            self.kernel_info()
            with suppress(Empty):
                reply = await self.get_shell_msg(timeout=_RETRY_AFTER)
                if reply["msg_type"] == "kernel_info_reply":
                    await self.get_iopub_msg(timeout=_IOPUB_TIMEOUT)
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > latest:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")


class PromptManager(AsyncKernelManager):
    """A manager that notices at once that a kernel has ended."""

    client_factory = PromptClient

    async def _async_wait(self, pollinterval: float = _POLL_INTERVAL) -> None:
        await super()._async_wait(pollinterval=min(pollinterval, _POLL_INTERVAL))
