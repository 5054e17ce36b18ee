"""SQL dialect: what an engine does in a way of its own, where it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True)
class Dialect:
    """SQL dialect of an engine.

    Parameters
    ----------
    name : str
        As Ibis calls its backend.
    label : str
        As its makers write it.
    in_byte_order : callable
        Takes text, returns what sorts by its bytes, as other engines sort it.
    next_day : callable
        Takes a date, returns the day after it.
    hash_text : callable, optional
        Takes text, returns its hash as a whole number; None where the engine has none that is fast.
    prepare : callable
        Takes a new connection and adds the functions that the queries use and the engine lacks.
    collects_days : bool
        Whether one query can collect the distinct days of many columns.
    runs_compiled : bool
        Whether a compiled query is kept as text and run again with other days and words bound to it.

    Examples
    --------
    >>> Dialect("mysql", "MySQL").runs_compiled
    False
    """

    name: str
    label: str
    in_byte_order: Callable[[ir.Value], ir.Value] = lambda text: text
    next_day: Callable[[ir.Value], ir.Value] = lambda day: day + ibis.interval(days=1)
    hash_text: Callable[[ir.Value], ir.Value] | None = None
    prepare: Callable[[Any], None] = lambda connection: None
    collects_days: bool = False
    runs_compiled: bool = False
