"""Parts of a condition: the words that it compares columns with, its conjuncts, and what it does to missing values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis.expr.types as ir
from sqlglot import exp

from kpi_analysis.metrics.sql.scope import Constant, NameScope
from kpi_analysis.metrics.sql.text import parse
from kpi_analysis.metrics.sql.visitor import translate_condition

# a row without a value is in none of these, and nobody expects it there
_NAMED = (exp.EQ, exp.In, exp.Is, exp.Like, exp.ILike, exp.StartsWith, exp.EndsWith, exp.Contains)


def compared_words(text: str) -> list[tuple[str, str]]:
    """Words that a condition compares columns with, each with its column.

    Parameters
    ----------
    text : str
        Condition in SQL.

    Returns
    -------
    list of (str, str)
        Column and word, in the order of the text.

    Examples
    --------
    >>> compared_words("region <> 'EMEA' and channel in ('email', 'search') and amount > 5")
    [('region', 'EMEA'), ('channel', 'email'), ('channel', 'search')]
    """
    found = []
    for column, others in _comparisons(text):
        found += [(column.name, other.name) for other in others if isinstance(other, exp.Literal) and other.is_string]
    return found


def compared_names(text: str) -> list[tuple[str, str]]:
    """Pairs of names that a condition compares, as where the quotes around a word are missing.

    Parameters
    ----------
    text : str
        Condition in SQL.

    Returns
    -------
    list of (str, str)
        Both ways round.

    Examples
    --------
    >>> compared_names("channel = email and region in ('EMEA', APAC)")
    [('channel', 'email'), ('email', 'channel'), ('region', 'APAC')]
    """
    found = []
    for column, others in _comparisons(text):
        found += [(column.name, other.name) for other in others if isinstance(other, exp.Column)]
    return found


def conjuncts(text: str | None) -> frozenset[str]:
    """Conjuncts of a condition, so that two ways of writing the same one can be told to be the same.

    Parameters
    ----------
    text : str, optional
        Condition in SQL.

    Returns
    -------
    frozenset of str
        The parts that are joined by ``and``; none without a condition.

    Examples
    --------
    >>> conjuncts("region='EMEA'  AND (channel = 'email')") == conjuncts("channel = 'email' and region = 'EMEA'")
    True
    """
    return frozenset() if text is None or not text.strip() else frozenset(_conjuncts(parse(text)))


def slice_of(text: str) -> tuple[str, str | None] | None:
    """Slice that a condition selects: the dimension and its word, None for rows without one.

    Parameters
    ----------
    text : str
        Condition in SQL.

    Returns
    -------
    (str, str or None) or None
        None where the condition is not that of one slice.

    Examples
    --------
    >>> slice_of("region = 'EMEA'"), slice_of("region is null"), slice_of("amount > 5")
    (('region', 'EMEA'), ('region', None), None)
    """
    tree = parse(text)
    if not isinstance(tree, exp.EQ | exp.Is) or not isinstance(tree.this, exp.Column):
        return None
    word = tree.expression
    if isinstance(tree, exp.Is):
        return (tree.this.name, None) if isinstance(word, exp.Null) else None
    return (tree.this.name, word.name) if isinstance(word, exp.Literal) and word.is_string else None


def left_out_without_value(
    text: str, table: ir.Table, *, constants: Mapping[str, Constant] | None = None
) -> ir.BooleanValue | None:
    """Rows that a condition leaves out only because they have no value, though it seems to ask for them.

    ``region <> 'EMEA'`` leaves out a row without a region, and so do ``amount > 5`` and ``not`` before anything. That
    ``region = 'EMEA'`` does is what everybody expects, and does not count.

    Parameters
    ----------
    text : str
        Condition in SQL.
    table : Table
        It has the columns of the condition.
    constants : mapping, optional
        Settings of the company by name.

    Returns
    -------
    BooleanValue or None
        None where the condition cannot leave out such rows.

    Examples
    --------
    >>> import ibis
    >>> orders = ibis.memtable({"region": ["EMEA", "AMER", None]})
    >>> orders.filter(left_out_without_value("region <> 'EMEA'", orders)).count().execute()
    1
    >>> left_out_without_value("region = 'EMEA'", orders) is None
    True
    """
    tree = parse(text)
    if all(isinstance(node, _NAMED) and not node.args.get("negate") for node in _predicates(tree)) and not any(
        _negations(tree)
    ):
        return None
    scope = NameScope(table, constants or {})
    kept = translate_condition(tree, scope).fill_null(False)
    wanted = translate_condition(_with_missing_as_another_word(tree), scope).fill_null(True)
    return ~kept & wanted


def _comparisons(text: str) -> Iterator[tuple[exp.Column, list[exp.Expression]]]:
    """Each column that is compared, with what it is compared with by = <> or in (…)."""
    for node in parse(text).walk():
        if isinstance(node, exp.EQ | exp.NEQ):
            sides = [node.this, node.expression]
            yield from ((side, [sides[1 - at]]) for at, side in enumerate(sides) if isinstance(side, exp.Column))
        elif isinstance(node, exp.In) and isinstance(node.this, exp.Column):
            yield node.this, node.expressions


def _conjuncts(tree: exp.Expression) -> Iterator[str]:
    if isinstance(tree, exp.Paren):
        yield from _conjuncts(tree.this)
    elif isinstance(tree, exp.And):
        yield from _conjuncts(tree.this)
        yield from _conjuncts(tree.expression)
    else:
        yield tree.sql("duckdb", normalize=True)


def _predicates(tree: exp.Expression) -> Iterator[exp.Expression]:
    """The parts that logic joins: neither and, or, not nor brackets."""
    if isinstance(tree, exp.And | exp.Or):
        yield from _predicates(tree.this)
        yield from _predicates(tree.expression)
    elif isinstance(tree, exp.Paren | exp.Not):
        yield from _predicates(tree.this)
    else:
        yield tree


def _negations(tree: exp.Expression) -> Iterator[bool]:
    """For each ``not`` of the logic, whether it stands before anything that can be unknown."""
    if isinstance(tree, exp.And | exp.Or):
        yield from _negations(tree.this)
        yield from _negations(tree.expression)
    elif isinstance(tree, exp.Paren):
        yield from _negations(tree.this)
    elif isinstance(tree, exp.Not):
        yield any(not isinstance(node, exp.Is) for node in _predicates(tree.this))


def _with_missing_as_another_word(tree: exp.Expression) -> exp.Expression:
    """The condition as it would be if a missing value were a word like any other that it does not name."""
    match tree:
        case exp.And() | exp.Or():
            left, right = map(_with_missing_as_another_word, (tree.this, tree.expression))
            return type(tree)(this=left, expression=right)
        case exp.Paren() | exp.Not():
            return type(tree)(this=_with_missing_as_another_word(tree.this))
        case exp.Expression() if isinstance(tree, _NAMED) and not tree.args.get("negate"):
            return exp.Coalesce(this=tree.copy(), expressions=[exp.false()])
    return tree.copy()
