"""A notebook on disk: finding it and reading it, without executing it and without importing Jupyter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import ConfigError, UsageError, did_you_mean


def find_notebook(name: str | Path, *, folder: Path = Path("notebooks")) -> Path:
    """Return the notebook that is meant by a path, or by its bare name in the folder of notebooks.

    Parameters
    ----------
    name : str or path
        ``notebooks/sales.ipynb``, ``sales.ipynb`` or ``sales``.
    folder : path
        Where bare names are looked up.

    Raises
    ------
    UsageError
        There is no such notebook; the message names the nearest one.
    """
    path = Path(name)
    for candidate in (path, path.with_name(f"{path.name}.ipynb"), folder / path, folder / f"{path}.ipynb"):
        if candidate.is_file() and candidate.suffix == ".ipynb":
            return candidate
    if path.is_file():
        raise UsageError(f"{path} is not a notebook.", remedy="A notebook's name ends in .ipynb.")
    known = [found for place in (path.parent, folder) for found in sorted(place.glob("*.ipynb"))]
    hint = did_you_mean(path.stem, [found.stem for found in known])
    listing = ", ".join(dict.fromkeys(found.stem for found in known)) or "none"
    raise UsageError(
        f"There is no notebook {path}.",
        remedy=" ".join(part for part in (hint, f"Notebooks there: {listing}.") if part),
    )


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook as plain data; each cell's source becomes one text.

    Raises
    ------
    UsageError
        There is no such file.
    ConfigError
        The file is not a notebook of format 4.
    """
    if not path.is_file():
        path = find_notebook(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"The notebook is not valid JSON: {error.msg}.",
            remedy="Open it in JupyterLab and save it again, or restore it from version control.",
            file=path,
            line=error.lineno,
        ) from None
    except UnicodeDecodeError:
        raise ConfigError("The notebook is not UTF-8 text.", remedy="Save it again.", file=path) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ConfigError(
            "This is not a notebook of format 4: it has no list of cells.",
            remedy="Open it in JupyterLab and save it again.",
            file=path,
        )
    for number, cell in enumerate(notebook["cells"], start=1):
        if not isinstance(cell, dict) or "cell_type" not in cell:
            raise ConfigError(f"Cell {number} is not a notebook cell.", remedy="Save it again.", file=path)
        source = cell.get("source", "")
        cell["source"] = "".join(source) if isinstance(source, list) else str(source)
        cell.setdefault("metadata", {})
    return notebook
