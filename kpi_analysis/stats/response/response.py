"""Result of a media response fit: returns by channel, fit quality, and why numbers are withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kpi_analysis.stats.response.curves import ResponseCurve

COLUMNS = (
    "channel",
    "spend",
    "contribution",
    "average_return",
    "average_low",
    "average_high",
    "marginal_return",
    "marginal_low",
    "marginal_high",
    "decay",
    "reason",
)


@dataclass(frozen=True)
class FitQuality:
    """Fit quality of a response model, in sample and on held-out periods.

    Parameters
    ----------
    r_squared : float
        Share of the outcome's variance that the model follows.
    error : float
        Mean absolute error on the held-out periods, their spend being known, in units of the outcome.
    naive_error : float
        The same of repeating the season before.
    periods : int
        How many held-out periods that is measured on.
    """

    r_squared: float
    error: float
    naive_error: float
    periods: int

    @property
    def reason(self) -> str | None:
        """Reason why nothing may be read off the model; None where it does better than repeating the season before."""
        if self.error < self.naive_error:
            return None
        return (
            f"the model misses held-out periods by {self.error:.4g} on average, "
            f"repeating the season before misses by {self.naive_error:.4g}"
        )


@dataclass(frozen=True, eq=False)
class Response:
    """Media response by channel: what its money brings on average, and what one more unit of it would bring.

    Parameters
    ----------
    channels : DataFrame
        One row a channel, in the order of the spend. All of it is about the last full season, the present:

        - `channel`; `spend`: its money.
        - `contribution`: what that money brings, carry-over included, if the same is spent season after season.
        - `average_return`, `average_low`, `average_high`: contribution per unit of money, and its 95 % limits.
        - `marginal_return`, `marginal_low`, `marginal_high`: extra outcome per extra unit of money that is spread
          over the season as the present spend is, and its 95 % limits.
        - `decay`: the share of money that is still at work one period later.
        - `reason`: why numbers are NaN; empty where none is.

    fit_quality : FitQuality, optional
        None where nothing was fitted.
    reason : str, optional
        Why all channels are withheld.
    curves : mapping of str to ResponseCurve
        The channels that are not withheld.

    Notes
    -----
    The middle of the draws is shown, so that contributions need not sum to that of all channels together.
    """

    channels: pd.DataFrame
    fit_quality: FitQuality | None = None
    reason: str | None = None
    curves: Mapping[str, ResponseCurve] = field(default_factory=dict)
