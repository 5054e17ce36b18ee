"""Customer base analysis: retention, survival, purchase models and lifetime value.

Each takes finished numbers and returns a new object; none reads data or a clock. Where the customers are too few
for an answer, the result carries a `reason` in place of one.
"""

from kpi_analysis.stats.customers.bg_nbd import BgNbd, bg_nbd
from kpi_analysis.stats.customers.cohorts import cohorts
from kpi_analysis.stats.customers.gamma_gamma import GammaGamma, gamma_gamma
from kpi_analysis.stats.customers.lifetime_value import Holdout, holdout, lifetime_value
from kpi_analysis.stats.customers.rfm import SEGMENTS, Rfm, rfm
from kpi_analysis.stats.customers.sbg import ShiftedBetaGeometric, sbg
from kpi_analysis.stats.customers.survival import LogRank, Survival, log_rank, survival
from kpi_analysis.stats.customers.transactions import summarise

__all__ = [
    "SEGMENTS",
    "BgNbd",
    "GammaGamma",
    "Holdout",
    "LogRank",
    "Rfm",
    "ShiftedBetaGeometric",
    "Survival",
    "bg_nbd",
    "cohorts",
    "gamma_gamma",
    "holdout",
    "lifetime_value",
    "log_rank",
    "rfm",
    "sbg",
    "summarise",
    "survival",
]
