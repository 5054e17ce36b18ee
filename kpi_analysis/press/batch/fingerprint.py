"""When a report need not be made again: one hash of all that it is made from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kpi_analysis.core.config.company import CompanyConfig, expand_secrets, load_company
from kpi_analysis.press.run.manifest import PACKAGES
from kpi_analysis.press.run.plan import Plan

BESIDE_COMPANY = ("kpis.yaml", "targets.yaml")


def report_fingerprint(plan: Plan, company: Path, data: str) -> str:
    """Return one hash of a report's parameters, notebook, data, company, catalogue, code and packages.

    Secret parameters are left out: a hash of a short password would give it away.

    Parameters
    ----------
    plan : Plan
        The report.
    company : path
        The company file.
    data : str
        The fingerprint of what the tables hold.
    """
    return _hash(
        {
            "parameters": plan.parameters,
            "notebook": _digest(plan.notebook),
            "data": data,
            "earlier": _earlier(plan),
            "company": [_digest(company), *(_digest(company.parent / name) for name in BESIDE_COMPANY)],
            "formats": plan.formats,
            "engine": plan.engine,
            "kernel": plan.kernel,
            "code": package_hash(),
            "packages": _packages(),
        }
    )


def data_fingerprint(company: Path) -> str | None:
    """Return one hash of all that a company's tables are read from; None where a database is among it.

    Where it is the same as before, the tables hold the same, and need not be read to know it. A file that is only
    touched leaves it as it is.

    Parameters
    ----------
    company : path
        The company file.

    Raises
    ------
    ConfigError
        The company file is wrong.
    """
    firm = load_company(company)
    specs = [*firm.tables.values(), *([firm.rates] if firm.rates else [])]
    paths = [spec.path for spec in specs if spec.path is not None]
    if len(paths) < len(specs):
        return None
    try:
        files = [[str(file), _digest(file)] for path in paths for file in _files(firm, path)]
    except OSError:
        return None
    return _hash({"company": _digest(company), "files": files, "code": package_hash(), "packages": _packages()})


def _files(firm: CompanyConfig, path: str) -> list[Path]:
    full = (firm.folder / expand_secrets(path, firm.path)).absolute()
    root = Path(full.anchor)
    return sorted(root.glob(str(full.relative_to(root))))


def _earlier(plan: Plan) -> str | None:
    """The report published before, whose figures are compared with today's."""
    folder = plan.values.get("earlier")
    return _digest(plan.notebook.parent / str(folder) / "results.json") if folder else None


def is_up_to_date(plan: Plan) -> bool:
    """Whether the folder holds this very report, whole: made from the same, and no file changed since."""
    try:
        found = json.loads((plan.folder / "manifest.json").read_text(encoding="utf-8"))
        files = found["files"].items()
        return (
            plan.key is not None and found["key"] == plan.key and all(_digest(plan.folder / n) == d for n, d in files)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def why_out_of_date(plan: Plan) -> str:
    """Return in words why a report has to be made."""
    if not plan.folder.exists():
        return "new"
    try:
        found = json.loads((plan.folder / "manifest.json").read_text(encoding="utf-8"))
        return "its files were changed" if found["key"] == plan.key else "what it is made from has changed"
    except (OSError, ValueError, KeyError, TypeError):
        return "its manifest cannot be read"


@cache
def package_hash() -> str:
    """Return one hash of every file of this package: code, catalogue, templates."""
    folder = Path(__file__).resolve().parents[2]
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _hash({path.relative_to(folder).as_posix(): _digest(path) for path in files})


@cache
def _packages() -> tuple[str, ...]:
    return (*(f"{name} {_version(name)}" for name in PACKAGES), platform.python_version())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
