"""Attribution rules by key: their words, and whether KPIs can be computed by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AttributionRule:
    """Attribution rule: its words in a sentence and over a column, and what it can do.

    Parameters
    ----------
    words : str
        As it is named in a sentence.
    head : str
        As it heads a column.
    splits : bool
        Whether it splits each journey by the places of its touches, so that KPIs can be computed by it; the others need
        all journeys at once.
    """

    words: str
    head: str
    splits: bool = True


ATTRIBUTION_RULES = {
    "first": AttributionRule("first touch", "First"),
    "last": AttributionRule("last touch", "Last"),
    "linear": AttributionRule("linear", "Linear"),
    "time_decay": AttributionRule("time decay", "Decay"),
    "u_shaped": AttributionRule("U-shaped", "U-shaped"),
    "w_shaped": AttributionRule("W-shaped", "W-shaped"),
    "shapley": AttributionRule("Shapley", "Shapley", splits=False),
    "markov": AttributionRule("Markov", "Markov", splits=False),
}
SPLITTING_RULES = tuple(key for key, rule in ATTRIBUTION_RULES.items() if rule.splits)
