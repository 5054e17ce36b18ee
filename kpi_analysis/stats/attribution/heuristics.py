"""Rules that look at the places of the touches in a journey: each touch has a weight, each journey sums to one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kpi_analysis.stats.attribution.journeys import FloatArray, Journeys, grouped_sums

MOST_HALVINGS = 1000.0  # a weight of less than a half to this power is nothing a computer can hold


def first_touch(journeys: Journeys, half_life: float) -> FloatArray:
    """All to the first touch."""
    return np.where(journeys.position == 0, 1.0, 0.0)


def last_touch(journeys: Journeys, half_life: float) -> FloatArray:
    """All to the last touch."""
    return np.where(journeys.position == journeys.size - 1, 1.0, 0.0)


def linear(journeys: Journeys, half_life: float) -> FloatArray:
    """The same to each touch."""
    return 1.0 / journeys.size


def time_decay(journeys: Journeys, half_life: float) -> FloatArray:
    """Half as much for each half-life before the conversion; without days, a touch stands for a day."""
    days = journeys.days if journeys.days is not None else (journeys.size - 1 - journeys.position).astype(np.float64)
    weights = 0.5 ** np.minimum(days / half_life, MOST_HALVINGS)
    whole = grouped_sums(journeys.journey, weights, journeys.lengths.size)
    decayed: FloatArray = weights / np.repeat(whole, journeys.lengths)
    return decayed


def u_shaped(journeys: Journeys, half_life: float) -> FloatArray:
    """40 % to the first, 40 % to the last, and 20 % shared by those between; two touches have a half each."""
    size, position = journeys.size, journeys.position
    end = (position == 0) | (position == size - 1)
    weights = np.where(end, 0.4, 0.2 / np.maximum(size - 2, 1))
    return np.where(size < 3, 1.0 / size, weights)


def w_shaped(journeys: Journeys, half_life: float) -> FloatArray:
    """30 % each to first, middle and last, and 10 % shared by the rest; up to three touches have the same each.

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
    """Share out an amount of each journey, and add up what each channel gets."""
    return journeys.by_channel(POSITION_RULES[rule](journeys, half_life) * np.repeat(amounts, journeys.lengths))
