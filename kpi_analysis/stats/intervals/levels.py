"""Confidence levels and their quantiles, shared by the intervals."""

from __future__ import annotations

from math import inf, isinf
from statistics import NormalDist

from kpi_analysis.core.errors import DataError

# scipy.special is imported where it is needed: it costs 0.2 s, and most reports need Wilson only.
Interval = tuple[float, float]
UNBOUNDED: Interval = (-inf, inf)


class NoEstimate(DataError, ValueError):
    """Error of an interval: numbers of which no rate, ratio or mean can be made."""


def tail_probability(level: float) -> float:
    """Tail probability of a two-sided level: (1 − level) / 2."""
    if not 0 < level < 1:
        raise NoEstimate(f"A level of {level} is no share.", remedy="Give a share between 0 and 1, as 0.95.")
    return (1 - level) / 2


def normal_quantile(level: float) -> float:
    """Normal quantile of a two-sided level: 1.96 for 0.95."""
    return -NormalDist().inv_cdf(tail_probability(level))


def student_quantile(level: float, degrees: float) -> float:
    """Quantile of Student's t of a two-sided level; the normal one for infinite degrees of freedom."""
    if isinf(degrees):
        return normal_quantile(level)
    from scipy.special import stdtrit

    return -float(stdtrit(degrees, tail_probability(level)))
