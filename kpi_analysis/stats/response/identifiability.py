"""Identifiability of marginal returns: reasons to withhold them, before the fit and after it."""

from __future__ import annotations

import numpy as np

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.response.baseline_regressors import baseline_regressors, orthonormal_basis, residuals
from kpi_analysis.stats.response.curves import ResponseCurve, credible_interval
from kpi_analysis.stats.response.validation import ResponseData

FEWEST = 52
LEAST_VARIATION = 0.2
CLOSEST = 0.95
UNKNOWNS_OF_A_CHANNEL = 4
CERTAIN = 0.95


def why_no_fit(tables: ResponseData) -> str | None:
    """Reason why no channel can be fitted; None where it can."""
    if tables.periods < FEWEST:
        return f"fewer than {FEWEST} periods: {tables.periods}"
    if np.ptp(tables.outcome) <= 1e-9 * np.abs(tables.outcome).max():
        return "the outcome never changes"
    columns = orthonormal_basis(baseline_regressors(tables.periods, tables.season_length, tables.controls)).shape[1]
    unknowns = columns + UNKNOWNS_OF_A_CHANNEL * len(tables.names)
    if 2 * unknowns > tables.periods:
        return f"{unknowns} unknowns are too many for {tables.periods} periods"
    return None


def unidentifiable_channels(tables: ResponseData) -> dict[str, str]:
    """Channels whose spend can teach nothing of its own, each with the reason."""
    found = {}
    around = baseline_regressors(tables.periods, tables.season_length, tables.controls)
    for number, name in enumerate(tables.names):
        spend = tables.spend[number]
        others = np.delete(tables.spend, number, axis=0)
        if reason := _still(spend, tables.present[number]) or _alike(tables, number):
            found[name] = reason
        elif (share := _explained(spend, np.column_stack([around, others.T]))) > CLOSEST:
            found[name] = f"moves together with trend, season and the other channels (they explain {share:.0%} of it)"
    return found


def _still(spend: FloatArray, present: FloatArray) -> str | None:
    if not spend.any():
        return "no spend"
    if not present.any():
        return f"no spend in the last {present.size} periods"
    variation = float(spend.std() / spend.mean())
    if variation < LEAST_VARIATION:
        return f"spend hardly varied: coefficient of variation {variation:.2f}, below {LEAST_VARIATION:g}"
    return None


def _alike(tables: ResponseData, number: int) -> str | None:
    spread = tables.spend.std(axis=1)
    moving = [other for other in np.flatnonzero(spread > 0).tolist() if other != number]
    if not moving:
        return None
    correlations = {other: _correlation(tables.spend[number], tables.spend[other]) for other in moving}
    nearest = max(correlations, key=lambda other: abs(correlations[other]))
    if abs(correlations[nearest]) <= CLOSEST:
        return None
    return f"moves together with {tables.names[nearest]} (correlation {correlations[nearest]:.2f})"


def _correlation(one: FloatArray, other: FloatArray) -> float:
    centred, beside = one - one.mean(), other - other.mean()
    return float(centred @ beside / np.sqrt((centred @ centred) * (beside @ beside)))


def _explained(spend: FloatArray, columns: FloatArray) -> float:
    left = residuals(orthonormal_basis(columns), spend)
    return float(1 - (left @ left) / ((spend - spend.mean()) ** 2).sum())


def why_no_effect(curve: ResponseCurve) -> str | None:
    """Reason why a channel that was fitted is withheld wholly; None where it is not."""
    certain = float((curve.size > 0).mean())
    if certain < CERTAIN:
        return f"its effect is not distinguishable from none (chance of one {certain:.0%})"
    return None


def why_no_marginal(curve: ResponseCurve) -> str | None:
    """Reason why the marginal return of a channel, though not its average, is withheld; None where it is not."""
    average = credible_interval(curve.outcome() / curve.spend)[0]
    marginal, low, high = credible_interval(curve.marginal())
    if high - low > max(average, marginal):
        return f"range of marginal return spans {low:.3g} to {high:.3g}: wider than the return itself"
    return None
