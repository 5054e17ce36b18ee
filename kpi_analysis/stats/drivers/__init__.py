"""Decomposition of a KPI's change into contributions of its operands and of its segments.

Each function takes finished numbers and returns a new object; none reads data or a clock.
"""

from kpi_analysis.stats.drivers.decompose import decompose
from kpi_analysis.stats.drivers.formula_terms import operand_name, operands
from kpi_analysis.stats.drivers.mix import SimpsonParadox, segment_effects, simpson_paradox

__all__ = ["SimpsonParadox", "decompose", "operand_name", "operands", "segment_effects", "simpson_paradox"]
