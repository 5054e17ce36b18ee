"""Multi-touch attribution: credit of each channel by eight rules, and how it depends on them.

Credit, not incrementality: no rule says what would have happened without a channel; only an experiment does. Frames in,
frames out.
"""

from kpi_analysis.stats.attribution.attribute import RULES, attribute
from kpi_analysis.stats.attribution.sensitivity import sensitivity
from kpi_analysis.stats.attribution.shapley import shapley_values

__all__ = ["RULES", "attribute", "sensitivity", "shapley_values"]
