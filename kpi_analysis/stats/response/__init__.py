"""What one more unit of money brings in each channel, beside what the average one brought, and where nobody can tell.

Frames in, frames out. A curve fitted to history is an estimate under assumptions; only an experiment is a proof.
"""

from kpi_analysis.stats.response.curves import adstock, hill
from kpi_analysis.stats.response.estimation import fit
from kpi_analysis.stats.response.reallocation import response_curve, what_if
from kpi_analysis.stats.response.response import FitQuality, Response

__all__ = ["FitQuality", "Response", "adstock", "fit", "hill", "response_curve", "what_if"]
