"""Status of a target: its kinds, and the probabilities that part them."""

from __future__ import annotations

from typing import Literal

Status = Literal["on", "risk", "off", "none", "hit", "missed"]

ON_TRACK, AT_RISK = 0.70, 0.30  # the least chance of each


def status_of_chance(chance: float) -> Status:
    """Status of a target by the probability that it is reached by its deadline: on, risk or off.

    Parameters
    ----------
    chance : float
        Probability, from 0 to 1.

    Returns
    -------
    {"on", "risk", "off"}
        On track from .70, at risk from .30.

    Examples
    --------
    >>> [status_of_chance(chance) for chance in (0.70, 0.69, 0.29)]
    ['on', 'risk', 'off']
    """
    return "on" if chance >= ON_TRACK else "risk" if chance >= AT_RISK else "off"
