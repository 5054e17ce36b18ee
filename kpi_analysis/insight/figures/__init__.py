"""Figures that reports print and that are no KPI of the catalogue: pure functions of a scope, tidy frames with ids.

A module a domain. Each function is registered by its decorator, so that `kpi verify` can compute it anew; sections of
reports only lay its rows out and word them.
"""

from kpi_analysis.insight.figures import (
    changes,
    contracts,
    credit,
    customers,
    deals,
    finance,
    marketing,
    operations,
    outlook,
    pipeline,
    response,
    slices,
    win_rates,
)
from kpi_analysis.insight.figures.tidy import (
    EXACT,
    ITERATED,
    REGISTER,
    FigureFunction,
    Measure,
    compute_figures,
    figure_values,
    figures,
    of_slices,
    only,
    tidy,
    together,
    whole,
    wide,
)

__all__ = [
    "EXACT",
    "ITERATED",
    "REGISTER",
    "FigureFunction",
    "Measure",
    "changes",
    "compute_figures",
    "contracts",
    "credit",
    "customers",
    "deals",
    "figure_values",
    "figures",
    "finance",
    "marketing",
    "of_slices",
    "only",
    "operations",
    "outlook",
    "pipeline",
    "response",
    "slices",
    "tidy",
    "together",
    "whole",
    "wide",
    "win_rates",
]
