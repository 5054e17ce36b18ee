"""Probabilistic projection of a KPI from its history, its backtest, and the probability of reaching a target."""

from kpi_analysis.stats.projections.project_history import project, project_many
from kpi_analysis.stats.projections.projection import Backtest, Projection, probability
from kpi_analysis.stats.projections.uplift import needed_uplift, with_uplift

__all__ = ["Backtest", "Projection", "needed_uplift", "probability", "project", "project_many", "with_uplift"]
