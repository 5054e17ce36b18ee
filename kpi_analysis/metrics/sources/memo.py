"""Memo: values that are worked out once for the tables of one company."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Memo:
    """Memo of values by key, which lives as long as the sources that it belongs to.

    Examples
    --------
    >>> memo = Memo()
    >>> memo.get("answer", lambda: 42), memo.get("answer", lambda: 43)
    (42, 42)
    """

    _values: dict[Hashable, Any] = field(default_factory=dict)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Value of a key; it is made when it is asked for the first time."""
        if key not in self._values:
            self._values[key] = make()
        value: T = self._values[key]
        return value
