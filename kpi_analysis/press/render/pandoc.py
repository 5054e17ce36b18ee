"""Pandoc, the program: found where its Python package brings it, and run with its answer checked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import EngineMissing, RunError

PANDOC_TIMEOUT = 120
"""Seconds after which pandoc is given up."""


def run_pandoc(
    document: Mapping[str, Any], *options: str, wanted_for: str, folder: Path | None = None, epoch: int = 0
) -> bytes:
    """Return what pandoc makes of a document in its own JSON form.

    Parameters
    ----------
    document : mapping
        Pandoc's abstract syntax tree, see `pandoc_document`.
    options : str
        Of pandoc's command line: ``--to=html``, ``--mathml``.
    wanted_for : str
        What needs pandoc, as the beginning of a sentence: ``The notebook has formulas``.
    folder : path, optional
        Where pictures are looked for.
    epoch : int
        The date that the file says it was made, in seconds since 1970.

    Raises
    ------
    EngineMissing
        If pandoc is not there.
    RunError
        If it does not make the document.

    Examples
    --------
    >>> word = {"t": "Plain", "c": [{"t": "Emph", "c": [{"t": "Str", "c": "so"}]}]}
    >>> run_pandoc(pandoc_document([word]), "--to=markdown", wanted_for="The example").strip()
    b'*so*'
    """
    command = [pandoc_program(wanted_for), "--from=json", *options]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    try:
        result = subprocess.run(
            command, input=json.dumps(document).encode(), capture_output=True, cwd=folder, env=environment,
            timeout=PANDOC_TIMEOUT, check=False,
        )  # fmt: skip
    except OSError as problem:
        raise _missing(wanted_for, str(problem)) from problem
    except subprocess.TimeoutExpired as problem:
        raise RunError(f"{wanted_for}, and pandoc gave no answer in {PANDOC_TIMEOUT} s.") from problem
    if result.returncode:
        said = result.stderr.decode(errors="replace").strip()
        raise RunError(f"{wanted_for}, and pandoc ended with code {result.returncode}: {said or 'no word'}")
    return result.stdout


def pandoc_document(blocks: Sequence[Mapping[str, Any]], **meta: str) -> dict[str, Any]:
    """Return blocks of pandoc's own form as a document, with texts as its metadata."""
    told = {name: {"t": "MetaString", "c": text} for name, text in meta.items() if text}
    return {"pandoc-api-version": [1, 23], "meta": told, "blocks": list(blocks)}


def pandoc_program(wanted_for: str) -> str:
    """Return the path of pandoc, or raise `EngineMissing` with the command that installs it."""
    try:
        import pypandoc

        return str(pypandoc.get_pandoc_path())
    except (ImportError, OSError) as problem:
        raise _missing(wanted_for, str(problem).splitlines()[0]) from problem


def _missing(wanted_for: str, found: str) -> EngineMissing:
    return EngineMissing(
        f"{wanted_for}, and pandoc does not run: {found.rstrip('.')}.", remedy="Install it: pip install pypandoc_binary"
    )
