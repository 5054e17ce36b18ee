"""Where a KPI is heading, how sure that is, and whether a target will be made."""

from kpi_analysis.projections.projecting import project, project_many
from kpi_analysis.projections.projection import Backtest, Projection, probability

__all__ = ["Backtest", "Projection", "probability", "project", "project_many"]
