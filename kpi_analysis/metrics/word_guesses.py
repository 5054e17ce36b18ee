"""What words of other tools and languages stand for, among the few that a column knows: a guess to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MEANINGS: Mapping[str, Sequence[str]] = {
    "won": ("won", "gewonn", "gagn", "ganad", "vint", "success", "erfolg", "auftrag"),
    "lost": ("lost", "verlor", "perdu", "perdid", "persa", "abgelehnt", "abgesagt", "storniert", "disqualif",
             "cancel", "abandon", "rejected", "absage"),
    "open": (),
    "sales": ("sale", "vertrieb", "vente"),
    "marketing": ("",),
    "csat": ("csat", "satisf", "zufrieden"),
    "nps": ("nps", "promot", "empfehl", "recommend"),
    "true": ("true", "yes", "ja", "oui", "si", "sí", "wahr", "x", "on", "checked", "good", "1"),
    "false": ("false", "no", "nein", "non", "falsch", "off", "unchecked", "bad", "0"),
}  # fmt: skip
OTHERWISE = {"won": "open", "marketing": "marketing"}  # by the first of the known words
WHOLE = ("true", "false")


def guess_word(word: str, known: Sequence[str]) -> str | None:
    """Which of the known words one of another tool may stand for.

    Parameters
    ----------
    word : str
        As it stands in the source.
    known : sequence of str
        What the column knows.

    Returns
    -------
    str or None
        None where there is no guess.

    Examples
    --------
    >>> [guess_word(one, ("won", "lost", "open")) for one in ("Closed Won", "Verloren", "Negotiation")]
    ['won', 'lost', 'open']
    """
    plain = word.strip().casefold()
    for one in known:
        for part in MEANINGS.get(one, ()):
            if plain == part or (part and one not in WHOLE and part in plain):
                return one
    return OTHERWISE.get(known[0]) if known else None
