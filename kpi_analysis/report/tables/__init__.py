"""The tidy KPI frame as tables: the scorecard, sorted values, definitions, and what is not shown and why.

Nothing is calculated here but the limits of usual variation, which decide how a change is printed.
"""

from kpi_analysis.report.tables.cells import DefinedMetric, MetricInfo
from kpi_analysis.report.tables.lists import Field, definitions_table, not_shown_table, value_table
from kpi_analysis.report.tables.scorecards import scorecard
from kpi_analysis.report.tables.smart import AssessedTarget, actions_table, targets_table

__all__ = [
    "AssessedTarget",
    "DefinedMetric",
    "Field",
    "MetricInfo",
    "actions_table",
    "definitions_table",
    "not_shown_table",
    "scorecard",
    "targets_table",
    "value_table",
]
