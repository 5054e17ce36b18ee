"""Response curves read at other levels of spend, and with budget reallocated."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.response.curves import FARTHEST, credible_interval
from kpi_analysis.stats.response.response import Response

ASSUMPTION = "assumption, not a finding: the curves hold, and nothing else changes when the money moves"
POINTS = 25


def reallocate(response: Response, amount: float) -> pd.DataFrame:
    """Budget reallocation: the change of the outcome if money moved from the lowest to the highest marginal return.

    A what-if and no forecast: lowest and highest by marginal return, and the same spend over the season in shape.

    Parameters
    ----------
    response : Response
        From `fit_response`.
    amount : float
        Money a period, above zero.

    Returns
    -------
    DataFrame
        One row: `from_channel`, `to_channel`, `amount`, `change` of the outcome a period, once carry-over has worked
        itself in, its 95 % limits `low` and `high`, `label` and `reason`. The numbers are NaN, and the reason says
        why, where fewer than two channels have a marginal return, where the limits of the two overlap, and where a
        channel would get more than 1.2 times the largest spend of a period that was seen, or give more than it has.

    Raises
    ------
    UsageError
        The amount is not above zero.

    Examples
    --------
    >>> nothing = Response(pd.DataFrame({"channel": ["a"], "marginal_return": [nan], "reason": ["no spend"]}))
    >>> reallocate(nothing, 100.0).reason.tolist()
    ['fewer than two channels have a marginal return']
    """
    if not isfinite(amount) or amount <= 0:
        raise UsageError(f"`amount` is {amount}; wanted money a period, above zero.")
    estimated = response.channels.dropna(subset=["marginal_return"])
    if len(estimated) < 2:
        return _row(None, None, amount, "fewer than two channels have a marginal return")
    ranked = estimated.sort_values("marginal_return")
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    source, target = str(worst["channel"]), str(best["channel"])
    if worst["marginal_high"] >= best["marginal_low"]:
        reason = (
            f"the marginal returns of {source} and {target} cannot be told apart: "
            f"{worst['marginal_low']:.3g} to {worst['marginal_high']:.3g} "
            f"against {best['marginal_low']:.3g} to {best['marginal_high']:.3g}"
        )
        return _row(source, target, amount, reason)
    giver, taker = response.curves[source], response.curves[target]
    periods = giver.pattern.size
    had, has = giver.spend / periods, taker.spend / periods
    if amount > had:
        return _row(source, target, amount, f"{source} spends only {had:.4g} a period")
    room = (taker.most - 1) * has
    if amount > room:
        reason = f"{target} would go beyond {FARTHEST:g} times its largest spend of a period, {taker.largest:.4g}; " + (
            f"up to {room:.4g} can be moved" if room > 0 else "nothing can be moved"
        )
        return _row(source, target, amount, reason)
    change = giver.outcome(1 - amount / had) - giver.outcome() + taker.outcome(1 + amount / has) - taker.outcome()
    return _row(source, target, amount, "", credible_interval(change / periods))


def _row(
    source: str | None,
    target: str | None,
    amount: float,
    reason: str,
    change: tuple[float, float, float] = (nan, nan, nan),
) -> pd.DataFrame:
    middle, low, high = change
    row = {
        "from_channel": source,
        "to_channel": target,
        "amount": float(amount),
        "change": middle,
        "low": low,
        "high": high,
        "label": ASSUMPTION,
        "reason": reason,
    }
    return pd.DataFrame([row])


def response_curve(response: Response, channel: str) -> pd.DataFrame:
    """Response curve of a channel from no spend to 1.2 times the largest that was seen, with 95 % limits.

    Parameters
    ----------
    response : Response
        From `fit_response`.
    channel : str
        One that is not withheld.

    Returns
    -------
    DataFrame
        `spend` and `outcome`, both a period on average over the season, and 95 % limits `low` and `high`.

    Raises
    ------
    UsageError
        The channel has no curve.

    Examples
    --------
    >>> from kpi_analysis.stats.response.curves import ResponseCurve
    >>> steady = ResponseCurve(np.full(52, 10.0), 10.0, *(np.array([value]) for value in (0.5, 10.0, 1.0, 100.0)))
    >>> found = response_curve(Response(pd.DataFrame(), curves={"tv": steady}), "tv")
    >>> found.iloc[[0, -1]][["spend", "outcome"]].round(1).values.tolist()
    [[0.0, 0.0], [12.0, 54.5]]
    """
    if channel not in response.curves:
        near = did_you_mean(channel, response.curves) or "Its row in `channels` says why."
        raise UsageError(f"there is no response curve of '{channel}'.", remedy=near)
    curve = response.curves[channel]
    periods = curve.pattern.size
    rows = []
    for multiple in np.linspace(0.0, curve.most, POINTS).tolist():
        middle, low, high = credible_interval(curve.outcome(multiple) / periods)
        rows.append({"spend": multiple * curve.spend / periods, "outcome": middle, "low": low, "high": high})
    return pd.DataFrame(rows)
