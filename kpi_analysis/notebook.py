"""The names that notebooks of workspaces made before import from here; new ones take them from `kpi_analysis`."""

from kpi_analysis.report.notebook import Report, open_report

__all__ = ["Report", "open_report"]
