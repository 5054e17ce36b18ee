"""Finished numbers as figures: each chart with its alt text and the table of what it draws."""

from kpi_analysis.report.charts.base import Caption, Sheet, draw
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.fans import fan
from kpi_analysis.report.charts.funnels import funnel
from kpi_analysis.report.charts.lines import line_over_time
from kpi_analysis.report.charts.probabilities import chances
from kpi_analysis.report.charts.rankings import ranking
from kpi_analysis.report.charts.sparklines import sparkline, sparkline_alt
from kpi_analysis.report.charts.waterfalls import waterfall

__all__ = [
    "Caption",
    "Sheet",
    "chances",
    "columns_over_time",
    "draw",
    "fan",
    "funnel",
    "line_over_time",
    "ranking",
    "sparkline",
    "sparkline_alt",
    "waterfall",
]
