"""SQL text → a sqlglot tree, within limits; and the names that a text needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError, SqlglotError

from kpi_analysis.core.errors import ConfigError

MAX_CHARACTERS = 10_000
MAX_DEPTH = 100

_DUCKDB = Dialect.get_or_raise("duckdb")
_BALANCED = re.compile(r"""(?:[^'"]|'(?:[^']|'')*'(?!')|"(?:[^"]|"")*"(?!"))*""")
_ONE_THING = "Write one SQL expression, without a semicolon and without comments."


def parse(text: str, *, where: str = "") -> exp.Expression:
    """Tree of one SQL expression, or an error that says what stands in the way and at which character.

    Parameters
    ----------
    text : str
        SQL expression.
    where : str
        What the text is, for the message.

    Returns
    -------
    Expression
        Of sqlglot.

    Raises
    ------
    ConfigError
        The text is empty, too long, nested too deeply, unbalanced, has a comment, or is not one expression.
    """
    if not text.strip():
        raise problem(where, "The SQL expression is empty.", "Write a column name or an expression.")
    if len(text) > MAX_CHARACTERS:
        raise problem(
            where,
            f"The SQL expression has {len(text):,} characters; {MAX_CHARACTERS:,} are allowed.",
            "Prepare the column in the source, with `sql:` in the company file.",
        )
    balanced = _BALANCED.match(text)
    if balanced and balanced.end() < len(text):
        at = balanced.end()
        raise problem(
            where,
            f"The quote at {position(text, at)} of '{shorten(text)}' is never closed: {shorten(text[at:])}.",
            "Close it; a quote inside a text is written twice: 'it''s'.",
        )
    try:
        _refuse_comments(text, where)
        trees = _DUCKDB.parse_into(exp.Condition, text)
        tree = trees[0]
        if len(trees) != 1 or not isinstance(tree, exp.Expression):
            raise problem(where, f"'{shorten(text)}' is more than one statement.", _ONE_THING)
        if _deeper_than(tree, MAX_DEPTH):
            raise too_deep(where, text)
        return tree
    except RecursionError:
        raise too_deep(where, text) from None
    except ParseError as error:
        quotes = "" if "'" in text else " A word stands in single quotes, as in region = 'EMEA'."
        raise problem(where, _say_where(text, error), _ONE_THING + quotes) from None
    except SqlglotError:
        raise problem(where, f"'{shorten(text)}' cannot be read as SQL.", _ONE_THING) from None


@lru_cache(maxsize=4096)
def columns_of(text: str) -> frozenset[str]:
    """Names that a text needs: columns and settings, as written.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str
        Each once.

    Examples
    --------
    >>> sorted(columns_of('coalesce(cost, amount * (1 - gross_margin)) + "Shipping fee"'))
    ['Shipping fee', 'amount', 'cost', 'gross_margin']
    """
    return frozenset(column.name for column in parse(text).find_all(exp.Column))


@lru_cache(maxsize=4096)
def optional_columns_of(text: str) -> frozenset[str]:
    """Names that occur only inside ``coalesce(…)``, which a table may lack.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str
        Each once.

    Examples
    --------
    >>> sorted(optional_columns_of("amount - coalesce(cost, amount * 0.4)"))
    ['cost']
    """
    tree = parse(text)
    needed = {column.name for column in tree.find_all(exp.Column) if not column.find_ancestor(exp.Coalesce)}
    return columns_of(text) - needed


def columns_replaced(text: str) -> frozenset[str]:
    """Columns whose signs a text replaces by others.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str
        Each once.

    Examples
    --------
    >>> sorted(columns_replaced("replace(cost, ',', '.') * rate"))
    ['cost']
    """
    calls = [call for call in parse(text).walk() if isinstance(call, exp.Replace) or call.name.lower() == "replace"]
    return frozenset(column.name for call in calls for column in call.find_all(exp.Column))


_TAKEN_AS_TEXT = (
    exp.Replace, exp.StrToTime, exp.Substring, exp.Left, exp.Right, exp.SplitPart, exp.Lower, exp.Upper, exp.Length,
    exp.Like, exp.ILike, exp.DPipe, exp.Concat, exp.StartsWith, exp.EndsWith, exp.Contains, exp.Trim,
)  # fmt: skip
_NAMED_AS_TEXT = ("replace", "try_strptime", "to_date", "ltrim", "rtrim")


@lru_cache(maxsize=4096)
def columns_taken_as_text(text: str) -> frozenset[str]:
    """Columns whose words an expression takes apart, or reads by a pattern of its own.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str
        Each once.

    Examples
    --------
    >>> sorted(columns_taken_as_text("date(strptime(day || '2026', '%d%m%Y')) + cast(shift as int)"))
    ['day']
    """
    calls = [one for one in parse(text).walk() if isinstance(one, _TAKEN_AS_TEXT) or one.name.lower() in _NAMED_AS_TEXT]
    return frozenset(column.name for call in calls for column in call.find_all(exp.Column))


_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC = (exp.Column, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Literal, exp.Identifier)


@lru_cache(maxsize=4096)
def columns_compared(text: str) -> Mapping[str, Literal["number", "date"]]:
    """Columns that a text compares with a number or a day that is written in it.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    mapping of str to str
        By the name of the column.

    Examples
    --------
    >>> columns_compared("(net + tax) > 100 and day >= date '2026-01-01' and stage = 'Won' and age between 1 and 9")
    {'net': 'number', 'tax': 'number', 'day': 'date', 'age': 'number'}
    """
    found: dict[str, Literal["number", "date"]] = {}
    for node in parse(text).walk(bfs=False):
        sides: list[tuple[exp.Expression, exp.Expression]] = []
        if isinstance(node, _COMPARISONS):
            sides = [(node.this, node.expression), (node.expression, node.this)]
        elif isinstance(node, exp.Between):
            sides = [(node.this, node.args["low"])]
        for one, other in sides:
            kind = _kind_written(other)
            if kind is not None and all(isinstance(part, _ARITHMETIC) for part in one.walk()):
                found |= {column.name: kind for column in one.find_all(exp.Column)}
    return found


def _kind_written(node: exp.Expression) -> Literal["number", "date"] | None:
    """What kind of value is written out here: a number, a day, or neither."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return "date" if node.to.this in (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP) else None
    inner = node.this if isinstance(node, exp.Neg) else node
    return "number" if isinstance(inner, exp.Literal) and not inner.is_string else None


@lru_cache(maxsize=4096)
def words_of(text: str) -> frozenset[str]:
    """Words that stand in quotes in a text.

    Parameters
    ----------
    text : str
        SQL expression.

    Returns
    -------
    frozenset of str
        Each once.

    Examples
    --------
    >>> sorted(words_of("account = 'fees' or account in ('rent', 'fees')"))
    ['fees', 'rent']
    """
    return frozenset(literal.name for literal in parse(text).find_all(exp.Literal) if literal.is_string)


def problem(where: str, message: str, remedy: str | None = None) -> ConfigError:
    """Return the error, with the place where the text stands in front."""
    return ConfigError(f"{where}: {message}" if where else message, remedy=remedy)


def too_deep(where: str, text: str) -> ConfigError:
    """Return the error for brackets, cases or chains that go on for too long."""
    return problem(
        where,
        f"'{shorten(text)}' is nested too deeply, or is a chain of more than {MAX_DEPTH} parts.",
        "Use `in (…)` for a long chain of `or`, or prepare the column in the source.",
    )


def shorten(text: str, limit: int = 60) -> str:
    """Return the text on one line, cut to a length that fits an error."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def position(text: str, offset: int) -> str:
    r"""Place of a character in a text, in words, counted from 1.

    Parameters
    ----------
    text : str
        Any.
    offset : int
        From 0.

    Returns
    -------
    str
        Line and character, or the character alone where there is one line.

    Examples
    --------
    >>> position("amount +", 7), position("case when\nx", 10)
    ('character 8', 'line 2, character 1')
    """
    line = text.count("\n", 0, offset) + 1
    character = offset - text.rfind("\n", 0, offset)
    return f"line {line}, character {character}" if "\n" in text else f"character {character}"


def _refuse_comments(text: str, where: str) -> None:
    tokens = _DUCKDB.tokenize(text)
    comments = [comment for token in tokens for comment in token.comments]
    if comments or not tokens:
        what = shorten(comments[0] if comments else text)
        message = f"'{shorten(text)}' holds a comment: {what}"
        raise problem(where, message, "Put it beside the text, after a #.")


def _deeper_than(tree: exp.Expression, limit: int) -> bool:
    level: list[exp.Expression] = [tree]
    for _ in range(limit):
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            return False
    return True


def _say_where(text: str, error: ParseError) -> str:
    detail = error.errors[0] if error.errors else {}
    line, column = detail.get("line"), detail.get("col")
    if not line or not column:
        return f"'{shorten(text)}' cannot be read as SQL."
    piece = detail.get("highlight") or ""
    # sqlglot counts to the last character of the piece.
    start = sum(len(row) + 1 for row in text.split("\n")[: line - 1]) + column - max(len(piece), 1)
    return f"'{shorten(text)}' cannot be read as SQL at {position(text, start)}, near '{piece}'."
