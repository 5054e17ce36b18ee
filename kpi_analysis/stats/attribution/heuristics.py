"""Position-based attribution rules: each touchpoint has a weight, the weights of a journey sum to one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.attribution.journeys import Journeys, grouped_sums

MOST_HALVINGS = 1000.0  # a weight of less than a half to this power is nothing a computer can hold


def first_touch(journeys: Journeys, half_life: float) -> FloatArray:
    """First-touch weights: all to the first touchpoint."""
    return np.where(journeys.position == 0, 1.0, 0.0)


def last_touch(journeys: Journeys, half_life: float) -> FloatArray:
    """Last-touch weights: all to the last touchpoint."""
    return np.where(journeys.position == journeys.size - 1, 1.0, 0.0)


def linear(journeys: Journeys, half_life: float) -> FloatArray:
    """Linear weights: the same to each touchpoint."""
    return 1.0 / journeys.size


def time_decay(journeys: Journeys, half_life: float) -> FloatArray:
    """Time-decay weights: half for each half-life before the conversion; without days, a touch stands for a day."""
    days = journeys.days if journeys.days is not None else (journeys.size - 1 - journeys.position).astype(np.float64)
    weights = 0.5 ** np.minimum(days / half_life, MOST_HALVINGS)
    whole = grouped_sums(journeys.journey, weights, journeys.lengths.size)
    decayed: FloatArray = weights / np.repeat(whole, journeys.lengths)
    return decayed


def u_shaped(journeys: Journeys, half_life: float) -> FloatArray:
    """U-shaped weights: 40 % first, 40 % last, 20 % shared by those between; two touchpoints have a half each."""
    size, position = journeys.size, journeys.position
    end = (position == 0) | (position == size - 1)
    weights = np.where(end, 0.4, 0.2 / np.maximum(size - 2, 1))
    return np.where(size < 3, 1.0 / size, weights)


def w_shaped(journeys: Journeys, half_life: float) -> FloatArray:
    """W-shaped weights: 30 % first, middle and last, 10 % shared by the rest; up to three have the same each.

    The middle is the touch in the centre; of two in the centre, the earlier one.
    """
    size, position = journeys.size, journeys.position
    peak = (position == 0) | (position == (size - 1) // 2) | (position == size - 1)
    weights = np.where(peak, 0.3, 0.1 / np.maximum(size - 3, 1))
    return np.where(size < 4, 1.0 / size, weights)


POSITION_RULES: dict[str, Callable[[Journeys, float], FloatArray]] = {
    "first": first_touch,
    "last": last_touch,
    "linear": linear,
    "time_decay": time_decay,
    "u_shaped": u_shaped,
    "w_shaped": w_shaped,
}


def heuristic_credit(journeys: Journeys, rule: str, half_life: float, amounts: FloatArray) -> FloatArray:
    """Credit of each channel by a position-based rule."""
    return journeys.by_channel(POSITION_RULES[rule](journeys, half_life) * np.repeat(amounts, journeys.lengths))
