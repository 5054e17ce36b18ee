"""papermill's engine, with an answer to dead kernels, time-outs and cells that end the run.

This module imports papermill, which takes a while: `execute` imports it while the kernel is starting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import nbformat.v4
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors, remove_error_markers
from papermill.version import version

_v4: Any = nbformat.v4  # it has no types
_from_dict: Any = nbformat.from_dict

Progress = Callable[[int, int], None]
MAX_OUTPUT = 50_000_000  # letters; more is no report but a loop that prints
_KEPT_CHARACTERS = 10_000
_IOPUB_TIMEOUT = 60  # seconds that outputs may come after the end of their cell, on a machine that is busy

_SILENT_LOG = logging.getLogger("kpi_analysis.kernel")
_SILENT_LOG.addHandler(logging.NullHandler())
_SILENT_LOG.propagate = False


@dataclass(frozen=True)
class ExecutionStop:
    """Why a notebook did not reach its end: the cell's place from 0, and the error as Jupyter names it."""

    index: int
    kind: Literal["error", "timeout", "dead"]
    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()


def parameterized_notebook(data: dict[str, Any], *, name: str, injected: str | None) -> Any:
    """Return plain notebook data as a notebook with papermill's facts and its cell of parameters."""
    nb = remove_error_markers(_v4.upgrade(_from_dict(data)))
    nb.cells = [cell for cell in nb.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(nb.cells, start=1):
        cell.setdefault("id", f"cell-{number}")  # hand-written notebooks may lack it, and are invalid without
        cell.metadata.setdefault("tags", [])
    if injected is not None:
        tags = [cell.metadata.tags for cell in nb.cells]
        place = next((index + 1 for index, found in enumerate(tags) if "parameters" in found), 0)
        cell = _v4.new_code_cell(injected, id="injected-parameters")
        cell.metadata["tags"] = ["injected-parameters"]
        nb.cells.insert(place, cell)
    nb.metadata["papermill"] = {
        "default_parameters": {},
        "environment_variables": {},
        "input_path": name,
        "output_path": "report.ipynb",
        "parameters": {},
        "version": version,
    }
    return _from_dict(nb)


def execute_cells(
    nb: Any, manager: Any, kernel: str, *, timeout: int | None, progress: Progress
) -> ExecutionStop | None:
    """Execute the cells in place; return why it stopped early, or None."""
    run = NotebookExecutionManager(nb, progress_bar=False, autosave_cell_every=0)
    client = _Client(run, progress, km=manager, kernel_name=kernel, timeout=timeout, log=_SILENT_LOG)
    client.iopub_timeout = _IOPUB_TIMEOUT
    run.notebook_start()
    try:
        client.execute(cleanup_kc=True)
    finally:
        run.notebook_complete()
    if client.stop is not None:
        # papermill's own banner: users know to look for it, and no press takes such a notebook for a report
        with suppress(PapermillExecutionError):
            raise_for_execution_errors(nb, None)
    return client.stop


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    stop: ExecutionStop | None = None
    written = 0
    output_overflow: asyncio.Future[Any] | None = None

    def __init__(self, run: Any, progress: Progress, **options: Any) -> None:
        super().__init__(run, **options)
        self.progress = progress

    def execute(self, **options: Any) -> Any:
        self.reset_execution_trackers()
        with self.setup_kernel(**options):
            self._run_all()
            if self.stop is not None:
                self.shutdown_kernel = "immediate"
            else:
                with suppress(DeadKernelError):  # it died when all was done, so nothing is missing
                    info = self.wait_for_reply(self.kc.kernel_info())
                    self.nb.metadata["language_info"] = info["content"]["language_info"]
                self.set_widgets_metadata()
        return self.nb

    def _run_all(self) -> None:
        cells = self.nb.cells
        for index, cell in enumerate(cells):
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                if self.output_overflow is not None:
                    self.stop = _with_error(cell, index, "error", "OutputTooLarge", f"over {MAX_OUTPUT // 10**6} MB")
                elif isinstance(error, CellExecutionError):
                    self.stop = _stop_of(cells, index, error)
                elif isinstance(error, CellTimeoutError):
                    self.stop = _with_error(cell, index, "timeout", "CellTimeoutError", f"over {self.timeout} s")
                else:
                    self.stop = _with_error(cell, index, "dead", "DeadKernelError", "the kernel died")
            if self.stop is not None:
                self.nb_man.cell_exception(cells[index], cell_index=index)
            self.nb_man.cell_complete(cells[index], cell_index=index)
            self.progress(index + 1, len(cells))
            if self.stop is not None:
                return

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take in what the kernel says; end it when it does not stop writing."""
        self.written += _character_count(msg["content"]) + sum(map(len, msg.get("buffers") or ()))
        if self.written <= MAX_OUTPUT:
            return super().process_message(msg, cell, cell_index)
        if self.output_overflow is None:
            self.output_overflow = asyncio.ensure_future(self.km.provisioner.kill())
            cell.outputs = [out for out in cell.outputs if out.output_type == "stream"]
            for out in cell.outputs:
                out.text = out.text[:_KEPT_CHARACTERS]
        return None


def _character_count(node: Any) -> int:
    """How many letters a message holds: in texts, pictures, JSON, its metadata and errors."""
    if isinstance(node, dict):
        return sum(map(_character_count, node.values()))
    if isinstance(node, list):
        return sum(map(_character_count, node))
    return len(node) if isinstance(node, str) else 0


def _stop_of(cells: list[Any], index: int, error: CellExecutionError) -> ExecutionStop | None:
    """Tell a failure from a clean ``sys.exit()``, which is clean only where nothing comes after it."""
    output: Any = next((out for out in reversed(cells[index].outputs) if out.output_type == "error"), None)
    if output is None:
        return _with_error(cells[index], index, "error", error.ename, error.evalue)
    if output.ename == "SystemExit" and output.evalue in ("", "0", "None"):
        left = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells[index + 1 :])
        if not left:
            cells[index].outputs = [out for out in cells[index].outputs if not _is_exit_message(out)]
            return None
        output.evalue = f"the cell ended the run, and {left} later cell{'s' * (left > 1)} never ran"
    return ExecutionStop(index, "error", output.ename, output.evalue, tuple(output.traceback))


def _is_exit_message(output: Any) -> bool:
    """Whether an output only says that the cell left by ``sys.exit()``; a report need not print that."""
    if output.output_type == "error":
        return bool(output.ename == "SystemExit")
    return output.output_type == "stream" and "To exit: use 'exit'" in output.text


def _with_error(
    cell: Any, index: int, kind: Literal["error", "timeout", "dead"], ename: str, evalue: str
) -> ExecutionStop:
    """Leave an error that the kernel could not report in the cell, as if it had."""
    trace = [f"{ename}: {evalue}"]
    cell.outputs.append(_v4.new_output("error", ename=ename, evalue=evalue, traceback=trace))
    return ExecutionStop(index, kind, ename, evalue)
