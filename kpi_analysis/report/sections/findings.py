"""The findings of a report: what matters, as a block over the scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kpi_analysis.design.blocks import Cell, Findings, Note
from kpi_analysis.design.blocks.model import Finding
from kpi_analysis.insight.findings import Insight
from kpi_analysis.insight.key_findings import Insights
from kpi_analysis.report.sections.context import ReportContext

NOTHING = "Nothing moved beyond its usual variation."
TOO_SHORT = "No findings: a move is told from usual variation by the 12 complete months before it, which are not there."


def insights_of(context: ReportContext, targets: Sequence[Mapping[str, Any]]) -> Insights:
    """Return what matters in the period that is asked for, with its judged targets as records."""
    return Insights(context.company, context.period, context.as_of, context.format, targets, context.where)


def findings_block(insights: Insights) -> Findings | Note:
    """Return the findings with the rows that they quote, or the words that there are none."""
    if not insights.found:
        return Note(NOTHING if insights.is_told else TOO_SHORT)
    shown = tuple(_finding(one) for one in insights.found)
    return Findings("What matters", shown, insights.values, tuple(one.record() for one in insights.found))


def _finding(one: Insight) -> Finding:
    return Finding(Cell(one.figure, tone=one.tone, unit=one.figure_unit), one.claim, one.evidence)
