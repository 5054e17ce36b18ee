"""Lists of names as people give them: one name, several in one text, or a list."""

from __future__ import annotations

from collections.abc import Iterable


def as_names(given: str | Iterable[str] | None) -> list[str]:
    """Names as a list, each once, however they are given.

    Parameters
    ----------
    given : str or iterable of str, optional
        ``"leads"``, ``"leads, sqls"`` or ``["leads", "sqls"]``.

    Returns
    -------
    list of str
        In the order given; empty for nothing.

    Examples
    --------
    >>> as_names("leads"), as_names("leads, sqls"), as_names(("leads", "leads")), as_names(None)
    (['leads'], ['leads', 'sqls'], ['leads'], [])
    """
    if given is None:
        return []
    names = given.split(",") if isinstance(given, str) else given
    return list(dict.fromkeys(name for one in names if (name := one.strip())))
