"""What a reason or a sentence says, whatever its words: the names, numbers and turns that make its meaning."""

from __future__ import annotations


def says(text: object, *facts: str) -> bool:
    """Whether a text tells each of these facts, one after the other.

    Examples
    --------
    >>> says("table spend is not connected", "spend", "not connected")
    True
    >>> says("table spend is not connected", "leads", "not connected")
    False
    """
    rest = str(text)
    for fact in facts:
        if fact not in rest:
            return False
        rest = rest.partition(fact)[2]
    return True
