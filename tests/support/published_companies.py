"""Companies that read published data sets where they lie, with measures and formulas of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from kpi_analysis.metrics.session import OpenCompany, open_company


def open_at(
    folder: Path,
    tables: Mapping[str, Mapping[str, Any]],
    *,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
    formulas: Mapping[str, str] | None = None,
    **settings: Any,
) -> OpenCompany:
    """Write a company file, and the KPIs of its own beside it, and open the company."""
    company = {"company": "Published", "currency": "USD", "tables": dict(tables)} | settings
    _write(folder / "company.yaml", company)
    if formulas:
        metrics = [
            {
                "name": name,
                "label": name.replace("_", " ").capitalize(),
                "question": f"How large is {name.replace('_', ' ')}?",
                "formula": formula,
                "unit": "ratio",
                "better": "neutral",
                "level": "operational",
                "category": "published",
            }
            for name, formula in formulas.items()
        ]
        _write(folder / "kpis.yaml", {"measures": dict(measures or {}), "metrics": metrics})
    return open_company(folder / "company.yaml")


def values(frame: pd.DataFrame, *keys: str) -> pd.Series:
    """Return the values of a tidy frame by its keys: the KPI, the period, or dimensions."""
    return frame.set_index(list(keys)).value.sort_index()


def months(dates: pd.Series) -> pd.Series:
    """Return days as labels of their months: 2019-08."""
    return pd.to_datetime(dates).dt.strftime("%Y-%m")


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")
