"""Confidence intervals of proportions, differences, counts, ratios, scores and means.

Every interval is a pair `(low, high)`, and `level` is how often such intervals hold the truth. An infinite end means
that the data set no bound there: a report prints "not estimable" for `UNBOUNDED`, and "at least …" where only the upper
end is infinite. Numbers that contradict each other, or are missing, raise `NoEstimate`.
"""

from kpi_analysis.stats.intervals.levels import UNBOUNDED, Interval, NoEstimate
from kpi_analysis.stats.intervals.means import net_promoter, student_t, welch_t
from kpi_analysis.stats.intervals.proportions import (
    FEW_EVENTS,
    FEW_TRIALS,
    SMALL_SAMPLE,
    jeffreys,
    newcombe,
    proportion,
    same_rate,
    too_few,
    wilson,
)
from kpi_analysis.stats.intervals.ratios import fieller, garwood, rate_per, ratio_of_sums

__all__ = [
    "FEW_EVENTS", "FEW_TRIALS", "SMALL_SAMPLE", "UNBOUNDED", "Interval", "NoEstimate", "fieller", "garwood", "jeffreys",
    "net_promoter", "newcombe", "proportion", "rate_per", "ratio_of_sums", "same_rate", "student_t", "too_few",
    "welch_t", "wilson",
]  # fmt: skip
