"""Compiled-query cache: queries as SQL, kept for the next time that the same is asked of the same tables."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kpi_analysis.metrics.sources.cache_key import CacheKey, CacheScope

MOST = 5_000  # files, of 20 kB as a rule


@dataclass
class CompiledQueryCache:
    """Compiled-query cache: texts by their keys, in memory and, beside a snapshot, on the disk.

    Parameters
    ----------
    folder : path, optional
        Where they are kept for other processes that read the same snapshot; only in memory by default.
    scope : CacheScope
        What all its keys share.

    Examples
    --------
    >>> cache = CompiledQueryCache()
    >>> key = CacheKey("query", cache.scope, {"table": "orders"})
    >>> cache.get(key) is None
    True
    >>> cache.keep(key, "SELECT 1") == cache.get(key)
    True
    """

    folder: Path | None = None
    scope: CacheScope = field(default_factory=CacheScope)
    _known: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def has_room(self) -> bool:
        """Whether there is a folder, and not so much in it that a batch of very many conditions would fill a disk."""
        try:
            return self.folder is not None and sum(1 for _ in os.scandir(self.folder)) < MOST
        except OSError:
            return self.folder is not None  # which is made when something is kept

    def get(self, key: CacheKey) -> str | None:
        """Text of a key, or nothing where it was never kept."""
        if key.digest not in self._known and self.folder is not None:
            with suppress(OSError):
                self._known[key.digest] = self._file(self.folder, key).read_text(encoding="utf-8")
        return self._known.get(key.digest)

    def keep(self, key: CacheKey, text: str) -> str:
        """Keep a text and return it; where there is no room on the disk, it is kept in memory only."""
        self._known[key.digest] = text
        if self.folder is not None:
            file = self._file(self.folder, key)
            half = file.with_suffix(f".{os.getpid()}")
            with suppress(OSError):
                file.parent.mkdir(exist_ok=True)
                half.write_text(text, encoding="utf-8")
                half.replace(file)  # so that nobody reads half of it
        return text

    def _file(self, folder: Path, key: CacheKey) -> Path:
        return folder / f"{key.digest}.sql"
