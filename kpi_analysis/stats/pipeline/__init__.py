"""Sales pipeline analysis: win probabilities by age, ageing, forecasts, and rates of sellers.

A frame of deals has a row for each one known on a day: created, closed (no date while it is open), won and amount
(none where nobody wrote one down). Where the deals are too few for an answer, the result carries a `reason`.
"""

from kpi_analysis.stats.pipeline.ages import (
    SLIPPAGE_QUANTILE,
    WinProbabilities,
    deal_ageing,
    deals_as_of,
    sales_cycle,
    slippage,
    win_probabilities,
)
from kpi_analysis.stats.pipeline.forecasts import Forecast, PastForecast, forecast
from kpi_analysis.stats.pipeline.rates import ShrunkenRates, shrunken_rates

__all__ = [
    "SLIPPAGE_QUANTILE",
    "Forecast",
    "PastForecast",
    "ShrunkenRates",
    "WinProbabilities",
    "deal_ageing",
    "deals_as_of",
    "forecast",
    "sales_cycle",
    "shrunken_rates",
    "slippage",
    "win_probabilities",
]
