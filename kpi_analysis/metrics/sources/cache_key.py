"""Cache key: all that a cached query or result depends on, as canonical JSON and its SHA-256."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal


@dataclass(frozen=True)
class CacheScope:
    """What all keys of a cache share.

    Parameters
    ----------
    snapshot : str
        Fingerprint of the data; empty where nothing is kept beyond the process.
    code : str
        Hash of the modules that compute.
    packages : mapping of str to str
        Versions of the libraries that they compute with.
    """

    snapshot: str = ""
    code: str = ""
    packages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CacheKey:
    """Key of a cached query or result.

    Parameters
    ----------
    kind : {"query", "result"}
    scope : CacheScope
        Data, code and packages.
    definition : mapping
        What is asked: definitions of the catalogue, slices, condition, settings and day.

    Examples
    --------
    >>> one = CacheKey("query", CacheScope(), {"by": ["region"], "where": None})
    >>> other = CacheKey("query", CacheScope(), {"where": None, "by": ["region"]})
    >>> one.digest == other.digest, one.digest == CacheKey("result", CacheScope(), {"by": ["region"]}).digest
    (True, False)
    """

    kind: Literal["query", "result"]
    scope: CacheScope
    definition: Mapping[str, Any]

    @cached_property
    def text(self) -> str:
        """The key as canonical JSON: sorted, without blanks.

        Returns
        -------
        str
            The same for equal keys, in every process.

        Raises
        ------
        TypeError
            When a part has no canonical form.
        """
        scope = [self.scope.snapshot, self.scope.code, self.scope.packages]
        return json.dumps([self.kind, scope, self.definition], sort_keys=True, separators=(",", ":"), default=_plain)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical form in a cache key")
