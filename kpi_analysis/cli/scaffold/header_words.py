"""What columns are called by the systems that people export from, in English, German, French and Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

# Words that say of which kind a column or a file is, whatever else it says.
WON = frozenset((
    "won", "closed won", "gewonnen", "win", "gagné", "gagne", "gagnée", "ganado", "ganada", "erfolgreich", "beauftragt",
    "abgeschlossen gewonnen", "auftrag", "closedwon", "deal won", "vinto",
))  # fmt: skip
LOST = frozenset((
    "lost", "closed lost", "verloren", "perdu", "perdue", "perdido", "perdida", "abgesagt", "abgelehnt", "storniert",
    "abgeschlossen verloren", "closedlost", "deal lost", "perso", "cancelled", "canceled", "rejected",
))  # fmt: skip


@lru_cache(maxsize=1)
def header_names() -> Mapping[str, tuple[str, ...]]:
    """Return the usual headers of each canonical column, the likeliest first.

    Returns
    -------
    mapping of str to tuple of str
        By ``table.column``, or ``column`` where they hold for all tables.

    Examples
    --------
    >>> header_names()["opportunities.amount"][:2]
    ('amount', 'deal value')
    """
    text = (Path(__file__).parent / "header_names.yaml").read_text(encoding="utf-8")
    return {column: tuple(names) for column, names in yaml.safe_load(text).items()}


def plain_words(name: str) -> str:
    """Return a header in plain words: without case, signs, and units in brackets.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> [plain_words(name) for name in ("CloseDate", "close_date", "Wert (€)", "Vorgangs-Nr.", "Created At (UTC)")]
    ['close date', 'close date', 'wert', 'vorgangs nr', 'created at']
    """
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", name)
    bare = re.sub(r"(?<=[a-zäöü])(?=[A-Z])", " ", bare if bare.strip() else name)
    return re.sub(r"[\W_]+", " ", bare).casefold().strip()


def header_rank(table: str, column: str, header: str) -> int | None:
    """Place of a header among the usual names of a column, 0 the likeliest; None where it is none of them.

    Parameters
    ----------
    table, column : str
        Canonical.
    header : str
        As it stands in the file.

    Returns
    -------
    int or None

    Examples
    --------
    >>> header_rank("opportunities", "created_on", "Angelegt am"), header_rank("spend", "amount", "Wert")
    (11, None)
    """
    words = plain_words(header)
    known = header_names().get(f"{table}.{column}") or header_names().get(column, ())
    if words == column.replace("_", " "):
        return 0
    for place, name in enumerate(known):
        if words in (name, f"{table.removesuffix('s')} {name}", name.replace(" ", "")):
            return place
    return None


def outcome_of(word: str) -> str:
    """Whether a state of a deal is won, lost or neither.

    Parameters
    ----------
    word : str
        As it stands in the file.

    Returns
    -------
    str
        won, lost or open.

    Examples
    --------
    >>> [outcome_of(word) for word in ("Gewonnen", "7 - Closed Lost", "Angebot", "not won")]
    ['won', 'lost', 'open', 'open']
    """
    words = re.sub(r"^\d+\s*", "", plain_words(word))
    return "won" if words in WON else "lost" if words in LOST else "open"
