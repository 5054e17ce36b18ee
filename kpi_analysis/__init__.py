"""Package kpi_analysis: KPIs, trends, targets and marketing ROI from a company's own tables.

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
    from kpi_analysis.report.notebook import Report, open_report

__all__ = ["OpenCompany", "Report", "__version__", "open_company", "open_report"]

__version__ = "0.5.0"

_HOMES = {
    "OpenCompany": "kpi_analysis.metrics.session",
    "open_company": "kpi_analysis.metrics.session",
    "Report": "kpi_analysis.report.notebook",
    "open_report": "kpi_analysis.report.notebook",
}


def __getattr__(name: str) -> Any:
    """Import the analysis only when it is asked for: the command line and the press start without it."""
    if name in _HOMES:
        import_module("kpi_analysis.insight.target_fields")  # which enters itself as the judge of targets
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'kpi_analysis' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
