"""Attribution rules by name: the credit of each channel from paths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.attribution import heuristics, markov, shapley
from kpi_analysis.stats.attribution.journeys import Journeys, read_journeys

RULES = (*heuristics.POSITION_RULES, "shapley", "markov")


def attribute(paths: pd.DataFrame, rule: str, *, half_life: float = 7.0, order: int = 1) -> pd.DataFrame:
    """Multi-touch attribution by a rule: conversions and value that are credited to each channel.

    Parameters
    ----------
    paths : DataFrame
        One row a path; the same path may stand in several rows.

        - `path`: channels in order of time, ``"Email > Paid search"``; a channel may repeat. Blanks around it do
          not count.
        - `conversions`: how many journeys on this path converted, zero or more.
        - `value`: what they brought together. Without it, the value of the result is NaN.
        - `nulls`: how many journeys on this path did not convert; 0 where it is missing. Only `markov` uses it.
        - `days`: days of each touch before the conversion, ``"12 > 3 > 0"``. Only `time_decay` uses it; without it
          each touch counts as one day, and the last one as day 0.

    rule : str
        - first, last: all to that touch.
        - linear: the same to each touch; a channel that repeats counts each time.
        - time_decay: half as much for each `half_life` before the conversion.
        - u_shaped: 40 % first, 40 % last, 20 % shared by those between. Two touches have a half each.
        - w_shaped: 30 % first, 30 % middle, 30 % last, 10 % shared by the rest. The middle is the touch in the
          centre, of two the earlier one. Up to three touches have the same each.
        - shapley: the average of what a channel adds over all orders of channels, where a set of channels is worth
          what the journeys brought that touch no other one. Exact for any number of channels.
        - markov: in proportion to the removal effect, the share of the total that is lost without the channel.
          Solved exactly. Value has removal effects of its own.

    half_life : float
        Days, for time_decay.
    order : int
        How many touches back the next one depends on, for markov.

    Returns
    -------
    DataFrame
        `channel`, `conversions`, `value`: one row for each channel, by name. They sum to the totals of the paths.

    Raises
    ------
    UsageError
        The rule is unknown, a column is missing, no path converted, or a number cannot be.

    Notes
    -----
    It is credit, not incrementality: no rule says what would have happened without a channel.

    Examples
    --------
    >>> paths = pd.DataFrame({"path": ["A", "B", "A > B"], "conversions": [10, 20, 10], "value": [100, 200, 400]})
    >>> attribute(paths, "last").values.tolist()
    [['A', 10.0, 100.0], ['B', 30.0, 600.0]]
    >>> attribute(paths, "shapley").conversions.tolist()
    [15.0, 25.0]
    """
    check_rule(rule, half_life, order)
    return channel_credit(read_journeys(paths, with_days=rule == "time_decay"), rule, half_life, order)


def check_rule(rule: str, half_life: float, order: int) -> None:
    """Validation of an attribution rule and its settings.

    Parameters
    ----------
    rule : str
        One of `RULES`.
    half_life : float
        Days, above 0.
    order : int
        Whole number of touches, from 1.

    Raises
    ------
    UsageError
        The rule is unknown, or a setting cannot be.
    """
    if rule not in RULES:
        near = did_you_mean(str(rule), RULES) or f"There are: {', '.join(RULES)}."
        raise UsageError(f"there is no attribution rule '{rule}'.", remedy=near)
    if not half_life > 0:
        raise UsageError(f"half_life is {half_life}; it is a number of days above zero.", remedy="Take 7, for a week.")
    if order != int(order) or order < 1:
        raise UsageError(f"order is {order}; it is a whole number of touches.", remedy="Take 1: only the touch before.")


def channel_credit(journeys: Journeys, rule: str, half_life: float, order: int) -> pd.DataFrame:
    """Credit of each channel from journeys that were read."""
    if not journeys.conversions.sum() > 0:
        raise UsageError(
            "no path has a conversion, so there is nothing to credit.",
            remedy="Look at the column conversions, or take a longer period.",
        )
    value = journeys.value
    if rule == "markov" and ((value < 0) | ((value > 0) & (journeys.conversions == 0))).any():
        raise UsageError(
            "markov needs values of zero or more, and none without a conversion; some paths have others.",
            remedy="Take refunds off the value of the journey they belong to, or choose another rule.",
        )
    lacking = np.isnan(value).any()
    return pd.DataFrame(
        {
            "channel": list(journeys.channels),
            "conversions": _credit(journeys, rule, half_life, order, journeys.conversions),
            "value": np.nan if lacking else _credit(journeys, rule, half_life, order, value),
        }
    )


def _credit(journeys: Journeys, rule: str, half_life: float, order: int, amounts: FloatArray) -> FloatArray:
    if rule == "markov":
        return markov.markov_credit(journeys, amounts, order)
    if rule == "shapley":
        return shapley.shapley_credit(journeys, amounts)
    return heuristics.heuristic_credit(journeys, rule, half_life, amounts)
