"""Parameters: the words of a condition that are bound when its query runs, so that queries differ in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import ibis
import ibis.expr.types as ir
from sqlglot import exp

from kpi_analysis.metrics.sql.scope import NameScope
from kpi_analysis.metrics.sql.text import parse
from kpi_analysis.metrics.sql.visitor import rule

FUNCTION = "kpi_parameter"  # stands for a parameter in an Ibis expression, which has none that are bound by an engine


class BoundWord(exp.Expression):
    """A word of a condition whose value comes later; no text can be written that is read as one."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


@ibis.udf.scalar.builtin(name=FUNCTION, signature=(("string",), "string"))
def _parameter(number):  # type: ignore[no-untyped-def]
    """Stand-in for a parameter, by its name."""


@dataclass(frozen=True)
class Template:
    """Template of a condition: its tree with parameters in place of words.

    Parameters
    ----------
    tree : Expression
    text : str
        The template as SQL: the same for all conditions that differ in these words only.
    words : mapping of str to str
        Value of each parameter by its name.
    """

    tree: exp.Expression
    text: str
    words: Mapping[str, str]


def template(text: str, is_text: Callable[[str], bool]) -> Template | None:
    """Template of a condition: every word that is compared with a text column becomes a parameter.

    Parameters
    ----------
    text : str
        A condition in SQL.
    is_text : callable
        Whether a column, by its name, holds text. Words beside days and numbers stay: they are read with the query.

    Returns
    -------
    Template, or None where no word can be bound.

    Raises
    ------
    ConfigError
        The text cannot be parsed.

    Examples
    --------
    >>> made = template("region = 'EMEA' and amount > 10", lambda name: name == "region")
    >>> made.text, dict(made.words)
    ('region = $kpi_0 AND amount > 10', {'kpi_0': 'EMEA'})
    """
    tree = parse(text)
    words: dict[str, str] = {}
    for literal in [word for node in tree.walk() for word in _compared_words(node, is_text)]:
        name = f"kpi_{len(words)}"
        words[name] = literal.name
        literal.replace(BoundWord(this=name))
    if not words:
        return None
    shown = tree.transform(lambda node: exp.Placeholder(this=node.this) if isinstance(node, BoundWord) else node)
    return Template(tree, shown.sql("duckdb"), words)


def put_placeholders(query: exp.Expression) -> frozenset[str]:
    """Put placeholders into a compiled query, in place of the stand-ins of parameters; returns their names."""
    stand_ins = [node for node in query.find_all(exp.Anonymous) if node.name.lower() == FUNCTION]
    for node in stand_ins:
        node.replace(exp.Placeholder(this=node.expressions[0].name))
    return frozenset(node.expressions[0].name for node in stand_ins)


@rule("this", BoundWord)
def bound_word(node: exp.Expression, scope: NameScope) -> ir.Value:
    return _parameter(node.this)


def _compared_words(node: object, is_text: Callable[[str], bool]) -> list[exp.Literal]:
    """The words that a node compares with a text column by = <> or in (…)."""
    if isinstance(node, exp.EQ | exp.NEQ):
        sides = [node.this, node.expression]
    elif isinstance(node, exp.In):
        sides = [node.this, *node.expressions]
    else:
        return []
    words = [side for side in sides if isinstance(side, exp.Literal) and side.is_string]
    columns = [side for side in sides if isinstance(side, exp.Column)]
    alike = len(columns) == 1 and len(words) == len(sides) - 1 and is_text(columns[0].name)
    return words if alike else []
