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
    Quantity,
    compute_figures,
    figure_function,
    figure_values,
    of_slices,
    only,
    tidy,
    together,
    totals,
    wide,
)

__all__ = [
    "EXACT",
    "ITERATED",
    "REGISTER",
    "FigureFunction",
    "Quantity",
    "changes",
    "compute_figures",
    "contracts",
    "credit",
    "customers",
    "deals",
    "figure_function",
    "figure_values",
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
    "totals",
    "wide",
    "win_rates",
]
