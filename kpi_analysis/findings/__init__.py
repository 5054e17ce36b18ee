"""What matters in a period: ranked findings, from data only, and none where nothing is real.

Frames and records go in, findings come out; nothing here reads data or a clock.
"""

from kpi_analysis.findings.choosing import Group, ranked, real
from kpi_analysis.findings.insight import Candidate, Insight, Quoted
from kpi_analysis.findings.scanning import Days, Series, scan, scan_days
from kpi_analysis.findings.targets import aimed
from kpi_analysis.findings.wording import gap, told

__all__ = [
    "Candidate",
    "Days",
    "Group",
    "Insight",
    "Quoted",
    "Series",
    "aimed",
    "gap",
    "ranked",
    "real",
    "scan",
    "scan_days",
    "told",
]
