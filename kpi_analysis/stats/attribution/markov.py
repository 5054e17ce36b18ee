"""Markov attribution: removal effects in an absorbing chain of the journeys, solved exactly."""

from __future__ import annotations

import numpy as np

from kpi_analysis.core.errors import UsageError
from kpi_analysis.stats.arrays import FloatArray, IntArray
from kpi_analysis.stats.attribution.journeys import Journeys, grouped_sums

MOST_STATES = 5_000


def markov_credit(journeys: Journeys, amounts: FloatArray, order: int) -> FloatArray:
    """Credit of each channel in proportion to its removal effect."""
    effects = removal_effects(journeys, amounts, order)
    total: float = amounts.sum()
    if total == 0:
        return np.zeros(len(journeys.channels))
    shared: FloatArray = effects / effects.sum() * total
    return shared


def removal_effects(journeys: Journeys, amounts: FloatArray, order: int = 1) -> FloatArray:
    """Removal effect of each channel: the share of the total that is lost when it is taken out.

    Journeys walk from state to state: the last `order` channels. From each state the next one follows as often as it
    did in the data, or the end: with a conversion, which is worth what conversions after that state were worth on
    average, or without. With N the visits to be expected from each state to each, the visits `v` from the start and
    the worth `f` ahead of each state, all that is ahead at the first visit to one of the states S of a channel is
    lost: v[S] N[S, S]⁻¹ f[S].

    Parameters
    ----------
    journeys : Journeys
        As `read_journeys` returns them.
    amounts : ndarray of float, one a journey
        What each journey brought, zero or more.
    order : int
        How many channels a state remembers.

    Returns
    -------
    ndarray of float, one a channel
        Shares from 0 to 1, in the order of the channels.

    Raises
    ------
    UsageError
        The chain has more than 5,000 states.

    References
    ----------
    Anderl, E., Becker, I., von Wangenheim, F. and Schumann, J. H. (2016). Mapping the customer journey: lessons
    learned from graph-based online attribution modeling. International Journal of Research in Marketing 33, 457-474.
    Kemeny, J. G. and Snell, J. L. (1976). Finite Markov Chains, chapter 3. Springer, New York.
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    walked = journeys.conversions + journeys.nulls
    state, channel_of = _states(journeys, order)
    many = channel_of.size
    if many > MOST_STATES:
        raise UsageError(
            f"a chain of order {order} over {len(journeys.channels)} channels has {many:,} states; "
            f"up to {MOST_STATES:,} are allowed.",
            remedy="Ask for a lower order, or group channels.",
        )
    start, end = journeys.position == 0, journeys.position == journeys.size - 1
    weight = np.repeat(walked, journeys.lengths)
    began, seen, brought = (
        grouped_sums(state[start], walked, many),
        grouped_sums(state, weight, many),
        grouped_sums(state[end], amounts, many),
    )
    lived = np.where(seen > 0, seen, 1.0)
    moves = sparse.coo_matrix((weight[~end], (state[~end], state[~start])), shape=(many, many))
    onwards = sparse.diags(1.0 / lived) @ moves.tocsr()
    chain = splu((sparse.identity(many) - onwards).tocsc())
    ahead, visits = chain.solve(brought / lived), chain.solve(began, trans="T")
    effects = np.zeros(len(journeys.channels))
    for channel in range(effects.size):
        mine = np.flatnonzero(channel_of == channel)
        starts = np.zeros((many, mine.size))
        starts[mine, np.arange(mine.size)] = 1.0
        between = chain.solve(starts)[mine]
        effects[channel] = visits[mine] @ np.linalg.solve(between, ahead[mine])
    total: FloatArray = began @ ahead
    lost: FloatArray = np.clip(effects / total, 0.0, 1.0) if total else np.zeros(effects.size)
    return lost


def _states(journeys: Journeys, order: int) -> tuple[IntArray, IntArray]:
    """State of each touchpoint, numbered: its channel and those just before; and the channel of each state."""
    many, start = len(journeys.channels), journeys.position == 0
    state = journeys.touches
    channel_of = np.arange(many)
    for _ in range(order - 1):
        before = np.r_[0, state[:-1] + 1]
        before[start] = 0
        pairs, state = np.unique(before * many + journeys.touches, return_inverse=True)
        channel_of = pairs % many
    return state, channel_of
