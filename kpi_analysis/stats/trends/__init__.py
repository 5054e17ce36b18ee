"""Trend tests, process-behaviour charts and change-point tests of short KPI histories.

Each function takes a finished pandas Series in time order and returns a new object; none reads data or a clock.
"""

from kpi_analysis.stats.trends.change_point import ChangePoint, change_point
from kpi_analysis.stats.trends.direction import Trend, trend
from kpi_analysis.stats.trends.least_squares import LinearFit, least_squares
from kpi_analysis.stats.trends.multiple_testing import benjamini_hochberg
from kpi_analysis.stats.trends.xmr import signals, usual_variation

__all__ = [
    "ChangePoint",
    "LinearFit",
    "Trend",
    "benjamini_hochberg",
    "change_point",
    "least_squares",
    "signals",
    "trend",
    "usual_variation",
]
