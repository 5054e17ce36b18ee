"""Why a number moved: contributions of its drivers and of its segments, which add up to the change.

Each function takes finished numbers and returns a new object; none reads data or a clock.
"""

from kpi_analysis.stats.drivers.decomposing import decompose
from kpi_analysis.stats.drivers.formula_terms import leaf_name, leaves
from kpi_analysis.stats.drivers.mix import Paradox, segments, simpson

__all__ = ["Paradox", "decompose", "leaf_name", "leaves", "segments", "simpson"]
