"""Media response: adstock and Hill curves of channels, their average and marginal returns.

Frames in, frames out. A curve fitted to history is an estimate under assumptions; only an experiment is a proof.
"""

from kpi_analysis.stats.response.curves import adstock, hill
from kpi_analysis.stats.response.estimation import fit_response
from kpi_analysis.stats.response.reallocation import reallocate, response_curve
from kpi_analysis.stats.response.response import FitQuality, Response

__all__ = ["FitQuality", "Response", "adstock", "fit_response", "hill", "reallocate", "response_curve"]
