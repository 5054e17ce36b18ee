"""Finished numbers as figures: each chart with its alt text and the table of what it draws."""

from kpi_analysis.charts.base import Caption, Sheet, draw
from kpi_analysis.charts.chances import chances
from kpi_analysis.charts.columns import columns_over_time
from kpi_analysis.charts.fans import fan
from kpi_analysis.charts.funnels import funnel
from kpi_analysis.charts.lines import line_over_time
from kpi_analysis.charts.rankings import ranking
from kpi_analysis.charts.sparklines import sparkline, sparkline_alt
from kpi_analysis.charts.waterfalls import waterfall

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
