"""The charts by name: what the gallery and the tests walk through. A new chart is one class and one line here."""

from __future__ import annotations

from kpi_analysis.report.charts.base import Chart
from kpi_analysis.report.charts.columns import ColumnChart
from kpi_analysis.report.charts.distributions import DistributionChart
from kpi_analysis.report.charts.fans import FanChart
from kpi_analysis.report.charts.funnels import FunnelChart
from kpi_analysis.report.charts.lines import LineChart
from kpi_analysis.report.charts.multiples import MultiplesChart
from kpi_analysis.report.charts.probabilities import ChanceChart
from kpi_analysis.report.charts.rankings import RankingChart
from kpi_analysis.report.charts.response_curves import ResponseCurveChart
from kpi_analysis.report.charts.returns import ReturnsChart
from kpi_analysis.report.charts.survivals import SurvivalChart
from kpi_analysis.report.charts.trees import TreeChart
from kpi_analysis.report.charts.triangles import TriangleChart
from kpi_analysis.report.charts.waterfalls import WaterfallChart

CHARTS: dict[str, type[Chart]] = {
    "chances": ChanceChart,
    "columns": ColumnChart,
    "distribution": DistributionChart,
    "fan": FanChart,
    "funnel": FunnelChart,
    "line": LineChart,
    "multiples": MultiplesChart,
    "ranking": RankingChart,
    "response": ResponseCurveChart,
    "returns": ReturnsChart,
    "survival": SurvivalChart,
    "tree": TreeChart,
    "triangle": TriangleChart,
    "waterfall": WaterfallChart,
}
