"""Names and texts as DuckDB's SQL writes them."""

from __future__ import annotations


def quoted(text: object) -> str:
    """SQL literal of a text.

    Parameters
    ----------
    text : object
        Any.

    Returns
    -------
    str
        In single quotes.

    Examples
    --------
    >>> quoted("Q1's.csv")
    "'Q1''s.csv'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Name of a column or a table in SQL.

    Parameters
    ----------
    name : str
        Any.

    Returns
    -------
    str
        In double quotes.

    Examples
    --------
    >>> identifier("order id")
    '"order id"'
    """
    return '"' + name.replace('"', '""') + '"'
