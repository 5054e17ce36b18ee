"""Shapley attribution: what each channel adds, averaged over all orders in which channels come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from math import comb

import numpy as np

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.attribution.journeys import Journeys, grouped_sums

MOST_PLAYERS = 20  # a million coalitions


def shapley_credit(journeys: Journeys, amounts: FloatArray) -> FloatArray:
    """Shapley credit of each channel: each journey is shared equally by its different channels.

    A coalition of channels is worth what the journeys brought that touch no other channel. In that game the Shapley
    value is exactly this, for any number of channels: each journey is a game of its own in which all its channels
    are needed and none else, which splits equally by symmetry, and the value of a sum of games is the sum of their
    values (Shapley 1953).
    """
    from scipy import sparse

    ends = np.r_[0, np.cumsum(journeys.lengths)]
    shape = (journeys.lengths.size, len(journeys.channels))
    touched = sparse.csr_matrix((np.ones(journeys.touches.size), journeys.touches, ends), shape=shape)
    touched.sum_duplicates()
    different = np.diff(touched.indptr)
    return grouped_sums(touched.indices, np.repeat(amounts / different, different), shape[1])


def shapley_values(worth: Mapping[Iterable[str] | str, float]) -> dict[str, float]:
    """Shapley value of each player of a cooperative game, from the worth of its coalitions.

    Parameters
    ----------
    worth : mapping
        From a coalition (a channel, or a frozenset or tuple of channels) to what it brings. One that is not named
        is worth nothing; nobody brings nothing.

    Returns
    -------
    dict of str to float
        They sum to the worth of all channels together.

    Raises
    ------
    UsageError
        For more than 20 channels, whose coalitions are too many. `attribute` has no such limit.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.

    Examples
    --------
    >>> shapley_values({"A": 10, "B": 20, ("A", "B"): 40})
    {'A': 15.0, 'B': 25.0}
    """
    known = {_coalition(members): float(value) for members, value in worth.items()}
    players = sorted(set().union(*known))
    if not players:
        raise UsageError("there are no channels.", remedy="Give what each coalition brings: {'A': 10, ('A', 'B'): 40}.")
    if len(players) > MOST_PLAYERS:
        raise UsageError(
            f"{len(players)} channels have {2 ** len(players):,} coalitions; at most {MOST_PLAYERS} channels go.",
            remedy="Give journeys to attribute(paths, 'shapley'), which is exact for any number of channels.",
        )
    size = len(players)
    values = {}
    for player in players:
        others = [one for one in players if one != player]
        added = 0.0
        for joined in range(size):
            gains = [
                known.get(frozenset({*coalition, player}), 0.0) - known.get(frozenset(coalition), 0.0)
                for coalition in combinations(others, joined)
            ]
            added += sum(gains) / (size * comb(size - 1, joined))
        values[player] = added
    return values


def _coalition(members: Iterable[str] | str) -> frozenset[str]:
    return frozenset({members}) if isinstance(members, str) else frozenset(members)
