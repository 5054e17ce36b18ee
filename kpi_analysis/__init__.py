"""KPIs, trends, targets and marketing ROI from a company's own tables.

Examples
--------
>>> from kpi_analysis import open_company
>>> company = open_company("params/crm_sales/company.yaml")
>>> frame = company.compute(["opportunity_to_win_ratio"], period="2017-Q4")
>>> round(float(frame.value[0]), 4)
0.6025
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kpi_analysis.metrics.session import OpenCompany, open_company

__all__ = ["OpenCompany", "__version__", "open_company"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the analysis only when it is asked for: the command line and the press start without it."""
    if name in ("OpenCompany", "open_company"):
        return getattr(import_module("kpi_analysis.metrics.session"), name)
    raise AttributeError(f"module 'kpi_analysis' has no attribute '{name}'")
