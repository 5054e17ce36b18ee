"""Which channels earn the credit for what journeys brought, by eight rules: credit, not incrementality.

Frames in, frames out. None of the rules says what would have happened without a channel; only an experiment does.
"""

from kpi_analysis.stats.attribution.attribute import RULES, attribute
from kpi_analysis.stats.attribution.sensitivity import sensitivity
from kpi_analysis.stats.attribution.shapley import shapley_values

__all__ = ["RULES", "attribute", "sensitivity", "shapley_values"]
