"""What is installed, what works here, and the command that brings what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kpi_analysis.core.errors import KpiError

if TYPE_CHECKING:
    from kpi_analysis.press.render.engines import Engine

State = Literal["ok", "missing", "broken"]

# beside the package's own requirements, which are read from its metadata where it is installed
_MAIN = (
    "babel", "duckdb", "ibis-framework", "ipykernel", "jinja2", "jupyterlab", "matplotlib", "nbclient",
    "nbconvert", "numpy", "pandas", "papermill", "pyarrow", "pydantic", "pyyaml", "rich", "scipy", "seaborn",
    "sqlglot", "typer", "typst",
)  # fmt: skip
_OLDEST, _TOO_NEW = (3, 11), (3, 14)
_SMALL = {
    "metadata": {},
    "cells": [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "# Does it print?\n\nWords, $a^2$ and\n\n| a table | of |\n|---|--:|\n| two columns | 2 |",
        }
    ],
}
_ENOUGH_MEMORY = 2 * 1024**3


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
    state : str
        ok, missing or broken.
    version : str
    detail : str
        What was found.
    remedy : str
        The command that mends it; empty where all is well.
    needed : bool
        Whether the standard reports (HTML, PDF) need it.
    """

    name: str
    state: State
    version: str = ""
    detail: str = ""
    remedy: str = ""
    needed: bool = True


def diagnose(reports: Path = Path("reports")) -> list[Diagnosis]:
    """Look at this machine and return what was found, the needed things first.

    Parameters
    ----------
    reports : path
        The folder that reports are written to; nothing is left in it.

    Examples
    --------
    >>> [found.name for found in diagnose()][:1]
    ['python']
    """
    found = [
        _python(),
        *_packages(),
        *_engines(),
        _kernels(),
        _cores(),
        _memory(),
        _folder(reports),
        _pandoc(),
    ]
    return sorted(found, key=lambda one: not one.needed)


def _python() -> Diagnosis:
    here = platform.python_version()
    running = tuple(int(part) for part in platform.python_version_tuple()[:2])
    if _OLDEST <= running < _TOO_NEW:
        return Diagnosis("python", "ok", here, platform.python_implementation())
    wanted = "3.11, 3.12 or 3.13"
    return Diagnosis("python", "broken", here, f"wanted {wanted}", "uv venv --python 3.12 && make report")


def _packages() -> Iterator[Diagnosis]:
    from packaging.requirements import Requirement

    try:
        listed = distribution("kpi-analysis").requires or []
    except PackageNotFoundError:
        listed = list(_MAIN)
    for requirement in map(Requirement, listed):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        remedy = "pip install --require-hashes -r requirements.lock"
        try:
            here = version(requirement.name)
        except PackageNotFoundError:
            yield Diagnosis(requirement.name, "missing", "", "not installed", remedy)
            continue
        if here in requirement.specifier:
            yield Diagnosis(requirement.name, "ok", here)
        else:
            yield Diagnosis(requirement.name, "broken", here, f"wanted {requirement.specifier}", remedy)


def _engines() -> list[Diagnosis]:
    """Print a small notebook with each engine, all at once: most of them wait for another program."""
    from kpi_analysis.press.render.engines import ENGINES

    with ThreadPoolExecutor() as pool:
        return list(pool.map(_engine, ENGINES))


def _engine(engine: Engine) -> Diagnosis:
    from kpi_analysis.press.render.document import read_document

    label, needed = f"engine {engine.name}", engine.standard
    missing = engine.check()
    if missing is not None:
        return Diagnosis(label, "missing", "", missing.message, missing.remedy or "", needed)
    form = "pdf" if "pdf" in engine.formats else engine.formats[0]
    try:
        printed = engine.make(read_document(_SMALL), form, timestamp=None, attachments={})
        number = _engine_version(engine)
    except (KpiError, ImportError, OSError, RuntimeError) as error:
        told = error if isinstance(error, KpiError) else KpiError(str(error))
        remedy = told.remedy or "pip install --require-hashes -r requirements.lock"
        return Diagnosis(label, "broken", "", told.message, remedy, needed)
    return Diagnosis(label, "ok", number, f"printed {form.upper()} of {len(printed) // 1024 + 1} KB", needed=needed)


def _engine_version(engine: Engine) -> str:
    if engine.distribution:
        return version(engine.distribution)
    program = engine.program() if engine.program is not None else None
    return _binary(engine.name, program, "").version if program else ""


def _pandoc() -> Diagnosis:
    binary = shutil.which("pandoc")
    if binary is None and importlib.util.find_spec("pypandoc") is not None:
        import pypandoc

        try:
            binary = pypandoc.get_pandoc_path()
        except OSError:
            binary = None
    return _binary("pandoc", binary, "pip install pypandoc-binary")


def _binary(name: str, binary: str | None, remedy: str) -> Diagnosis:
    """Run a program with --version and believe only its return code."""
    if not binary:
        return Diagnosis(name, "missing", "", "not found on the PATH", remedy, needed=False)
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Diagnosis(name, "broken", "", f"does not run: {error}", remedy, needed=False)
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        words = f"ended with code {answer.returncode}" + (f": {said[-1]}" if said else "")
        return Diagnosis(name, "broken", "", words, remedy, needed=False)
    number = next((word for word in answer.stdout.split() if word[:1].isdigit()), "")
    return Diagnosis(name, "ok", number, "answers", needed=False)


def _kernels() -> Diagnosis:
    from kpi_analysis.press.kernels.selection import kernel_names

    if importlib.util.find_spec("ipykernel") is None:
        return Diagnosis("kernels", "missing", "", "no Python kernel", "pip install ipykernel")
    return Diagnosis("kernels", "ok", version("ipykernel"), ", ".join(kernel_names()))


def _cores() -> Diagnosis:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Diagnosis("cores", "ok", "", str(usable))


def _memory() -> Diagnosis:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return Diagnosis("memory", "ok", "", "cannot be told on this system")
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    detail = f"{size / 1024**3:.1f} GB"
    if size < _ENOUGH_MEMORY:
        return Diagnosis("memory", "broken", "", f"{detail}, wanted 2 GB", "kpi batch --workers 1")
    return Diagnosis("memory", "ok", "", detail)


def _folder(reports: Path) -> Diagnosis:
    """Really write, because rights, quotas and read-only mounts show themselves no other way."""
    there = next(place for place in (reports.absolute(), *reports.absolute().parents) if place.exists())
    remedy = f"chmod u+w {there.name or there}, or kpi render --output-dir"
    if not there.is_dir():
        return Diagnosis("reports folder", "broken", "", f"{reports} is a file", f"mv {reports} {reports}.old")
    probe = there / f".kpi-doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"?")
        probe.unlink()
    except OSError as error:
        return Diagnosis("reports folder", "broken", "", f"{reports}: {error.strerror}", remedy)
    free = shutil.disk_usage(there).free
    return Diagnosis("reports folder", "ok", "", f"{reports} can be written to, {free / 1024**3:.1f} GB free")
