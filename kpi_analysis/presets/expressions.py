"""Expressions of presets: which aliases they name, and which of them a table may lack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp


@lru_cache(maxsize=4096)
def aliases_in(text: str) -> frozenset[str]:
    """Aliases that an expression names.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> sorted(aliases_in("coalesce(ended, canceled) || day"))
    ['canceled', 'day', 'ended']
    """
    return frozenset(column.name for column in _tree(text).find_all(exp.Column))


@lru_cache(maxsize=4096)
def needed_names(text: str) -> frozenset[str]:
    """Aliases that an expression cannot do without: those that stand outside ``coalesce(…)``.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> sorted(needed_names("amount - coalesce(refunded, 0)"))
    ['amount']
    """
    columns = _tree(text).find_all(exp.Column)
    return frozenset(column.name for column in columns if not column.find_ancestor(exp.Coalesce))


@lru_cache(maxsize=4096)
def expanded(text: str) -> str:
    """Expression with what only presets may write written out: ``utc(x)``, a time in UTC that does not say so.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    str
        As the company file could say it: the time with its offset, where it is a time without one.

    Examples
    --------
    >>> expanded("utc(paid)")
    "CASE WHEN LENGTH(paid) IN (16, 19) THEN paid || '+00:00' ELSE paid END"
    >>> expanded("lower( plan )")
    'lower( plan )'
    """
    if "utc(" not in text:
        return text
    return _tree(text).transform(_written_out).sql(dialect="duckdb")


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Expression with the names that a preset gives to parts of it written out.

    Parameters
    ----------
    text : str
        SQL expression.
    names : mapping of str to str
        Expression by name; a later one may use an earlier one.

    Returns
    -------
    str

    Examples
    --------
    >>> with_names("-gross", {"rate": "tax / 100", "gross": "net * (1 + rate)"})
    '-(net * (1 + (tax / 100)))'
    """
    return _replaced(text, names).sql(dialect="duckdb") if aliases_in(text) & set(names) else text


def _replaced(text: str, names: Mapping[str, str]) -> exp.Expr:
    """Tree of an expression in whose place of each name its own expression stands."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    for column in list(tree.find_all(exp.Column)):
        if column.name in names:
            part = exp.paren(_replaced(names[column.name], names), copy=False)
            if column is tree:
                return part
            column.replace(part)
    return tree


def _written_out(node: exp.Expr) -> exp.Expr:
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "utc"):
        return node
    (time,) = node.expressions
    name = time.sql(dialect="duckdb")
    return _tree(f"case when length({name}) in (16, 19) then {name} || '+00:00' else {name} end")


@lru_cache(maxsize=4096)
def _tree(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="duckdb")
