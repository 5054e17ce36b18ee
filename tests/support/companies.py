"""Companies made of a few rows, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from kpi_analysis.metrics.session import OpenCompany, open_company


def open_from(folder: Path, tables: dict[str, Any], **settings: Any) -> OpenCompany:
    """Write tables (frames, or text of a CSV) and a company file into a folder, and open the company."""
    specs: dict[str, Any] = {}
    for name, content in tables.items():
        path = folder / f"{name}.csv"
        if isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False)
        else:
            path.write_text(content, encoding="utf-8")
        specs[name] = {"path": path.name}
    for name, columns in settings.pop("columns", {}).items():
        specs[name]["columns"] = columns
    content = {"company": "Test", "currency": "EUR", "tables": specs} | settings
    file = folder / "company.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return open_company(file)


_opened: dict[str, tuple[OpenCompany, str]] = {}


def shipped_company(name: str = "") -> OpenCompany:
    """Open a company of the repository, the demo company by default, once for all tests: nothing changes it."""
    if name not in _opened:
        company = open_company(Path(__file__).parents[2] / "params" / name / "company.yaml")
        _opened[name] = company, facts(company)
    return _opened[name][0]


def facts(company: OpenCompany) -> str:
    """What a company is and says of itself, in a form that any change would change."""
    config = company.config.model_dump_json()
    tables = {name: list(company.sources.columns(name)) for name in sorted(company.sources.connected)}
    return repr((config, company.catalogue.hash, company.targets, company.theme, tables))


def changed_companies() -> list[str]:
    """The shared companies that a test has changed."""
    return [name or "demo" for name, (company, before) in _opened.items() if facts(company) != before]
