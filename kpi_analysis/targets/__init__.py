"""SMART targets: written down, and judged by data."""

from kpi_analysis.targets.judge import Judged, expected_by_now, next_review, reached, smart, status_of
from kpi_analysis.targets.spec import Goal, Target, load_targets, parse_goal

__all__ = [
    "Goal",
    "Judged",
    "Target",
    "expected_by_now",
    "load_targets",
    "next_review",
    "parse_goal",
    "reached",
    "smart",
    "status_of",
]
