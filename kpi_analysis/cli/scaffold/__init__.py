"""A new workspace for a user's own data: commented files, the notebooks, and a sample that renders at once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kpi_analysis.cli.scaffold.table_proposals import proposals
from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.schema import TABLES, CanonicalTable

FILES = Path(__file__).parent / "files"
NOTEBOOKS = (Path(__file__).parent / "notebooks", Path(__file__).parents[3] / "notebooks")  # installed, and as cloned
IGNORED = "/reports/*\n.ipynb_checkpoints/\n"


def new_workspace(folder: Path, data: Path | None = None) -> list[Path]:
    """Make a workspace in a new or empty folder, whole or not at all.

    Parameters
    ----------
    folder : path
        Where it shall lie.
    data : path, optional
        A user's file or folder of files: the company file then says, in comments, which table each could be.

    Returns
    -------
    list of path
        The files, sorted.

    Raises
    ------
    UsageError
        The folder is not empty or cannot be made, or there are no data to look at.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty.", remedy="Name a new folder: nothing of yours is written over.")
    proposed = proposals(data, folder / "params") if data is not None else ""
    place = folder.resolve()
    new = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(new, proposed)
        if place.exists():
            place.rmdir()  # empty: a folder is only renamed onto nothing everywhere
        new.rename(place)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.", remedy="Name another folder.") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def commented_tables() -> str:
    """Return every canonical table as comments of a company file, to be filled in."""
    return "\n".join(_commented(table) for table in TABLES.values())


def _write(folder: Path, proposed: str) -> None:
    shutil.copytree(FILES, folder)
    notebooks = next(place for place in NOTEBOOKS if any(place.glob("*.ipynb")))
    (folder / "notebooks").mkdir()
    for path in sorted(notebooks.glob("*.ipynb")):
        shutil.copyfile(path, folder / "notebooks" / path.name)
    (folder / "reports").mkdir()
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    with (folder / "params" / "company.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{proposed}\n{_GUIDE}{commented_tables()}")


_GUIDE = """  # ---------------------------------------------------------------------------------------------------
  # All tables, in one form: take the marks away from those that you have. Columns with a star are needed; delete the
  # others that you do not have. In place of path (CSV, also .gz, Parquet, Excel, JSON lines; "../data/*.csv" for
  # several):   table: schema.name   or   sql: select … from …
"""


_ENDS = (
    "  # ends: inclusive".ljust(42) + "# where ended_on is the last day with the contract; exclusive: the first",
    " " * 42 + "# without. Left out, the changes of plan tell it: see kpi check",
)


def _commented(table: CanonicalTable) -> str:
    lines = [f"{table.name}:".ljust(42) + f"# {table.row}", f"  path: ../data/{table.name}.csv"]
    if "ended_on" in table.columns:
        lines += _ENDS
    lines.append("  columns:")
    for column in table.columns.values():
        star = "*" if column.required else " "
        kind = " or ".join(column.values) or column.kind
        lines.append(f"    {column.name}: …".ljust(42) + f"# {star} {kind}")
    return "".join(f"  # {line}\n" for line in lines)
