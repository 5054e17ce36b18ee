"""What matters in a period: ranked findings, from data only, and none where nothing is real.

Frames and records go in, findings come out; nothing here reads data or a clock.
"""

from kpi_analysis.insight.findings.detect import Days, Series, scan, scan_days
from kpi_analysis.insight.findings.insight import Candidate, Insight, Quoted
from kpi_analysis.insight.findings.narrate import gap, told
from kpi_analysis.insight.findings.select import Group, rank_findings, significant
from kpi_analysis.insight.findings.target_findings import aimed

__all__ = [
    "Candidate",
    "Days",
    "Group",
    "Insight",
    "Quoted",
    "Series",
    "aimed",
    "gap",
    "rank_findings",
    "scan",
    "scan_days",
    "significant",
    "told",
]
