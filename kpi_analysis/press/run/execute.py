"""One notebook, executed through papermill, and every way in which it can fail told apart."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from kpi_analysis.core import errors
from kpi_analysis.core.errors import KernelDied, KpiError, RunError, UsageError
from kpi_analysis.press.kernels.selection import KernelNotStarted, choose_kernel, running_kernel
from kpi_analysis.press.run.notebook_file import read_notebook
from kpi_analysis.press.run.secrets import REDACTED, redact, reveal, secret_texts

if TYPE_CHECKING:
    from kpi_analysis.press.run.engine import ExecutionStop

Progress = Callable[[int, int], None]


def execute_notebook(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    kernel: str | None = None,
    timeout: int | None = None,
    cwd: Path | None = None,
    progress: Progress = lambda done, total: None,
    secrets: Collection[str] = (),
    hidden: Collection[str] = (),
    failed: Path | None = None,
) -> Any:
    """Execute a notebook and return it with its outputs.

    Parameters
    ----------
    notebook : path
        The ``.ipynb`` file; it is not written to.
    parameters : mapping
        Checked values to inject behind the cell tagged ``parameters``.
    kernel : str, optional
        A kernelspec in place of the notebook's own.
    timeout : int, optional
        Seconds that one cell may take.
    cwd : path, optional
        Where the kernel runs: the notebook's own folder, unless told.
    progress : callable
        Called with (cells done, cells in all).
    secrets : collection of str
        Names of the parameters whose values must not be written down.
    hidden : collection of str
        Further texts to hide, such as secret defaults.
    failed : path, optional
        Where to keep the notebook, with papermill's banner, when it fails.

    Returns
    -------
    NotebookNode
        The executed notebook; secrets are hidden in it.

    Raises
    ------
    UsageError
        The kernel is not installed; nothing has run.
    KernelDied
        The kernel ended in the middle.
    RunError
        A cell failed, took too long, or ended the run before its last cell.
    ConfigError, DataError, UsageError
        A cell raised one of these of this package: it is raised again as it was.
    """
    data = read_notebook(notebook)
    name = choose_kernel(data, kernel)
    if timeout is not None and timeout <= 0:
        raise UsageError(f"The time-out is {timeout} s.", remedy="Give whole seconds, more than 0.")
    with running_kernel(name, cwd or notebook.parent) as process:
        with without_iri_grammar():
            from kpi_analysis.press.run import engine

        nb = engine.parameterized_notebook(data, name=notebook.name, injected=_source(parameters))
        try:
            stop = engine.execute_cells(nb, process.manager, name, timeout=timeout, progress=progress)
        except RuntimeError as error:
            words = process.last_words() or str(error)
            message = f"The kernel '{name}' did not start: {words.rstrip('.')}."
            raise KernelNotStarted(message, remedy="Try: kpi doctor") from None
        last_words = process.last_words()
    confidential = [*hidden, *(text for key in secrets for text in secret_texts(parameters.get(key)))]
    nb = redact(_hide_parameters(nb, parameters, secrets), confidential)
    if stop is None:
        return nb
    stop = replace(stop, evalue=redact(stop.evalue, confidential))
    numbered = [cell for cell in nb.cells[: stop.index + 3] if not _ADDED_TAGS & set(cell.metadata.get("tags", ()))]
    place = f"{notebook.name}, cell {len(numbered)} of {len(data['cells'])}"
    problem = _own_error(stop)
    if problem is None:
        problem = _failure(stop, place, timeout, redact(last_words, confidential), _keep_failed(nb, failed))
    problem.cell = len(numbered)
    raise problem


_ADDED_TAGS = {"injected-parameters", "papermill-error-cell-tag"}


def _source(parameters: Mapping[str, Any]) -> str | None:
    """Write the injected cell; `repr` gives back exactly what was checked."""
    if not parameters:
        return None
    lines = [
        f"{name} = SecretStr({reveal(value)!r})" if isinstance(value, SecretStr) else f"{name} = {value!r}"
        for name, value in parameters.items()
    ]
    return "\n".join(["# Parameters", *lines]) + "\n"


def _hide_parameters(nb: Any, parameters: Mapping[str, Any], secrets: Collection[str]) -> Any:
    shown: dict[str, Any] = {
        name: value if name not in secrets else SecretStr(REDACTED) if isinstance(value, SecretStr) else REDACTED
        for name, value in parameters.items()
    }
    for cell in nb.cells:
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.source = _source(shown)
    nb.metadata.papermill["parameters"] = {name: reveal(value) for name, value in shown.items()}
    return nb


def _own_error(stop: ExecutionStop) -> KpiError | None:
    """Return the error of this package that a cell raised because of the data or the configuration."""
    known = getattr(errors, stop.ename, None)
    if not (isinstance(known, type) and issubclass(known, KpiError) and not issubclass(known, RunError)):
        return None
    frames = re.findall(r"File (.+?):\d+", _COLOUR.sub("", "\n".join(stop.traceback)))
    if frames and "kpi_analysis" not in frames[-1]:
        return None  # another package's error of the same name: pandas too has a DataError
    return known(stop.evalue)


_MAX_MESSAGE = 1_000  # letters
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _failure(stop: ExecutionStop, place: str, timeout: int | None, last_words: str, kept: str) -> RunError:
    match stop.kind:
        case "dead":
            words = f" Its last words: {last_words}." if last_words else ""
            return KernelDied(
                f"{place}: the kernel died.{words}",
                remedy=f"A kernel that dies without a word has mostly run out of memory. {kept}".strip(),
            )
        case "timeout" if timeout is None:
            return RunError(
                f"{place}: what it showed did not arrive in time.",
                remedy=f"Let it show less, or run it when the machine is less busy. {kept}".strip(),
            )
        case "timeout":
            return RunError(
                f"{place}: it took longer than the time-out of {timeout} s.",
                remedy=f"Give it more time (--execution-timeout), or make it do less. {kept}".strip(),
            )
    lines = _COLOUR.sub("", stop.evalue).strip().splitlines()
    said = _shortened(f"{stop.ename}: {lines[-1].strip()}" if lines else stop.ename)
    return RunError(f"{place}: {said}" + "." * (said[-1] not in ".!?…"), remedy=kept or None)


def _shortened(said: str) -> str:
    """Shorten an error that quotes a whole table: the notebook that is kept has it in full."""
    return said if len(said) <= _MAX_MESSAGE else f"{said[:_MAX_MESSAGE]}…"


def _keep_failed(nb: Any, failed: Path | None) -> str:
    """Keep the notebook as far as it came; a full disk must not hide why it failed."""
    if failed is None:
        return ""
    try:
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.write_bytes(to_ipynb(nb))
    except OSError as error:
        return f"The notebook could not be kept as {failed}: {error.strerror}."
    return f"How far it came: {failed}"


def to_ipynb(nb: Any) -> bytes:
    """Return a notebook as the bytes of its file."""
    import nbformat

    # without line breaks the encoder in C writes it, ten times as fast
    text: str = nbformat.writes(nb, indent=None)  # type: ignore[no-untyped-call]
    return f"{text}\n".encode()


@contextmanager
def without_iri_grammar() -> Iterator[None]:
    """Spare jsonschema, which nbformat imports, a grammar for IRIs that takes it a second to compile.

    No notebook is checked for IRIs; where the grammar is missing, jsonschema leaves that one check out.
    """
    name = "rfc3987_syntax"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(name, None)
