"""Sensitivity of attribution to the rule, the lag and the scope of costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.attribution.attribute import RULES, channel_credit, check_rule
from kpi_analysis.stats.attribution.journeys import Journeys, read_journeys

LAGS = (0, 7, 30, 90)
NO_SPEND = "no spend"
NO_VALUE = "the paths have no value"


def sensitivity(
    paths: pd.DataFrame,
    costs: pd.DataFrame,
    *,
    rules: Sequence[str] = RULES,
    lags: Sequence[float] = LAGS,
    gross_margin: float | None = None,
    half_life: float = 7.0,
    order: int = 1,
) -> pd.DataFrame:
    """Sensitivity table of attribution: credit and return of each channel by rule, lag and scope of costs.

    Parameters
    ----------
    paths : DataFrame
        As for `attribute`, with `days`: a lag needs to know when a touch was.
    costs : DataFrame
        `scope` (such as ``"media"`` or ``"media and people"``), `channel` and `cost`; rows of one scope and channel
        are added up.
    rules : sequence of str
        Of `RULES`.
    lags : sequence of float
        Days: touches longer before the conversion count for nothing, and the rule is applied to those that are left.
        A journey without any has no credit to give, so that totals may fall with a shorter lag.
    gross_margin : float, optional
        What is left of a unit of value, for the return on margin.
    half_life : float
        Days, as for `attribute`.
    order : int
        Touches that a state remembers, as for `attribute`.

    Returns
    -------
    DataFrame
        `rule`, `lag_days`, `scope`, `channel`, `conversions`, `value`, `cost`, `ratio` (value ÷ cost), `roi`
        ((value − cost) ÷ cost), `margin_roi` ((value × margin − cost) ÷ cost) and `reason`, which says why the last
        three are NaN.

    Raises
    ------
    UsageError
        As for `attribute`, and where days, a scope or a cost are missing.

    Notes
    -----
    It is credit, not incrementality.

    Examples
    --------
    >>> paths = pd.DataFrame({"path": ["A > B"], "conversions": [2], "value": [500], "days": ["40 > 0"]})
    >>> costs = pd.DataFrame({"scope": "media", "channel": ["A", "B"], "cost": [50, 100]})
    >>> table = sensitivity(paths, costs, rules=["linear"], lags=[30, 90], gross_margin=0.4)
    >>> table[["lag_days", "channel", "roi", "margin_roi"]].values.tolist()
    [[30, 'A', -1.0, -1.0], [30, 'B', 4.0, 1.0], [90, 'A', 4.0, 1.0], [90, 'B', 1.5, 0.0]]
    """
    for rule in rules:
        check_rule(rule, half_life, order)
    if "days" not in paths.columns:
        raise UsageError(
            "paths have no column 'days', so that nothing is known of the lag.",
            remedy="Add the days of each touch before the conversion: 12 > 3 > 0.",
        )
    journeys = read_journeys(paths, with_days=True)
    spent = _costs_by_scope(costs)
    parts = [
        _within(journeys, rule, lag, half_life, order).assign(rule=rule, lag_days=lag) for rule in rules for lag in lags
    ]
    scopes = [_with_costs(part, scope, cost) for part in parts for scope, cost in spent.items()]
    return _returns(pd.concat(scopes, ignore_index=True), gross_margin)


def _within(journeys: Journeys, rule: str, lag: float, half_life: float, order: int) -> pd.DataFrame:
    near = journeys.within(lag)
    if near.conversions.sum() > 0:
        return channel_credit(near, rule, half_life, order)
    value = np.nan if np.isnan(journeys.value).any() else 0.0
    return pd.DataFrame({"channel": list(journeys.channels), "conversions": 0.0, "value": value})


def _costs_by_scope(costs: pd.DataFrame) -> dict[str, pd.Series]:
    """Cost of each channel, scope by scope, in the order in which the scopes stand."""
    for name in ("scope", "channel", "cost"):
        if name not in costs.columns:
            near = did_you_mean(name, [str(column) for column in costs.columns])
            raise UsageError(
                f"costs have no column '{name}'.", remedy=f"{near} They need scope, channel and cost.".strip()
            )
    if costs[["scope", "channel", "cost"]].isna().any(axis=None) or (costs["cost"] < 0).any():
        raise UsageError(
            "costs have rows without a scope, a channel or a cost, or with one below zero.",
            remedy="Leave such rows out, or spread them over the channels.",
        )
    scopes = costs.groupby("scope", sort=False)
    return {str(scope): rows.groupby("channel")["cost"].sum() for scope, rows in scopes}


def _with_costs(credit: pd.DataFrame, scope: str, cost: pd.Series) -> pd.DataFrame:
    """Credit beside the cost of each channel; one that costs and touched nobody has no credit."""
    both = credit.set_index("channel").join(cost.rename("cost"), how="outer").reset_index(names="channel")
    rule, lag = credit["rule"].iloc[0], credit["lag_days"].iloc[0]
    nothing = 0.0 if credit["value"].notna().all() else np.nan
    filled = both.fillna({"conversions": 0.0, "value": nothing, "cost": 0.0})
    return filled.assign(rule=rule, lag_days=lag, scope=scope)


def _returns(table: pd.DataFrame, gross_margin: float | None) -> pd.DataFrame:
    cost = table["cost"].where(table["cost"] > 0)
    profit = table["value"] * (np.nan if gross_margin is None else gross_margin)
    table["ratio"] = table["value"] / cost
    table["roi"] = (table["value"] - cost) / cost
    table["margin_roi"] = (profit - cost) / cost
    table["reason"] = np.select([cost.isna(), table["value"].isna()], [NO_SPEND, NO_VALUE], "")
    columns = ["rule", "lag_days", "scope", "channel", "conversions", "value", "cost", "ratio", "roi", "margin_roi"]
    return table[[*columns, "reason"]]
