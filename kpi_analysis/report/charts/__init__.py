"""Finished numbers as figures: each chart with its alt text and the table of what it draws."""

from kpi_analysis.report.charts.base import Caption, Chart
from kpi_analysis.report.charts.columns import columns_over_time
from kpi_analysis.report.charts.distributions import Sample, distribution
from kpi_analysis.report.charts.fans import fan
from kpi_analysis.report.charts.funnels import Steps, funnel
from kpi_analysis.report.charts.lines import line_over_time
from kpi_analysis.report.charts.multiples import Panels, small_multiples
from kpi_analysis.report.charts.probabilities import TargetChances, chances
from kpi_analysis.report.charts.projection_bands import ProjectionBands, TargetPoint
from kpi_analysis.report.charts.rankings import Reference, ranking
from kpi_analysis.report.charts.register import CHARTS
from kpi_analysis.report.charts.response_curves import ChannelCurve, response_curves
from kpi_analysis.report.charts.returns import Numbers, Total, returns
from kpi_analysis.report.charts.series import Groups, TimeSeries
from kpi_analysis.report.charts.sheet import Sheet, sheet_svg
from kpi_analysis.report.charts.sparklines import sparkline, sparkline_alt
from kpi_analysis.report.charts.survivals import Curve, survival_curves
from kpi_analysis.report.charts.trees import Branch, tree
from kpi_analysis.report.charts.triangles import Cohorts, retention_triangle
from kpi_analysis.report.charts.waterfalls import Bridge, waterfall

__all__ = [
    "CHARTS",
    "Branch",
    "Bridge",
    "Caption",
    "ChannelCurve",
    "Chart",
    "Cohorts",
    "Curve",
    "Groups",
    "Numbers",
    "Panels",
    "ProjectionBands",
    "Reference",
    "Sample",
    "Sheet",
    "Steps",
    "TargetChances",
    "TargetPoint",
    "TimeSeries",
    "Total",
    "chances",
    "columns_over_time",
    "distribution",
    "fan",
    "funnel",
    "line_over_time",
    "ranking",
    "response_curves",
    "retention_triangle",
    "returns",
    "sheet_svg",
    "small_multiples",
    "sparkline",
    "sparkline_alt",
    "survival_curves",
    "tree",
    "waterfall",
]
