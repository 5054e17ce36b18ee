"""SMART targets: written down, and judged by data."""

from kpi_analysis.core.config.targets import Goal, Target, load_targets, parse_goal
from kpi_analysis.targets.judge import Judged, expected_by_now, next_review, reached, smart, status_of

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
