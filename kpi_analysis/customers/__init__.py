"""Who comes back, how long they stay and what they will be worth: pure functions of frames and counts.

Each takes finished numbers and returns a new object; none reads data or a clock. Where the customers are too few
for an answer, the result carries a `reason` in place of one.
"""

from kpi_analysis.customers.contracts import ShiftedBetaGeometric, sbg
from kpi_analysis.customers.endings import LogRank, Survival, log_rank, survival
from kpi_analysis.customers.lifetimes import Holdout, holdout, lifetime_value
from kpi_analysis.customers.purchases import BgNbd, bg_nbd
from kpi_analysis.customers.segments import SEGMENTS, Rfm, rfm
from kpi_analysis.customers.spending import GammaGamma, gamma_gamma
from kpi_analysis.customers.summaries import summarise
from kpi_analysis.customers.triangles import cohorts

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
