"""What one more unit of money brings in each channel, beside what the average one brought, and where nobody can tell.

Frames in, frames out. A curve fitted to history is an estimate under assumptions; only an experiment is a proof.
"""

from kpi_analysis.response.curves import adstock, hill
from kpi_analysis.response.estimating import fit
from kpi_analysis.response.moving import response_curve, what_if
from kpi_analysis.response.response import FitQuality, Response

__all__ = ["FitQuality", "Response", "adstock", "fit", "hill", "response_curve", "what_if"]
