"""Queries as text, kept for the next time that the same is asked of the same tables."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MOST = 5_000  # files, of 20 kB as a rule


@dataclass
class Texts:
    """Queries by what they ask.

    Parameters
    ----------
    folder : path, optional
        Where they are kept for other processes that read the same snapshot; only in memory by default.

    Examples
    --------
    >>> texts = Texts()
    >>> texts.get("orders") is None
    True
    >>> texts.keep("orders", "SELECT 1") == texts.get("orders")
    True
    """

    folder: Path | None = None
    _known: dict[str, str] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        """Whether there is a folder, and not so much in it that a batch of very many conditions would fill a disk."""
        try:
            return self.folder is not None and sum(1 for _ in os.scandir(self.folder)) < MOST
        except OSError:
            return self.folder is not None  # which is made when something is kept

    def get(self, key: str) -> str | None:
        """Return a query, or nothing where it was never kept."""
        if key not in self._known and self.folder is not None:
            with suppress(OSError):
                self._known[key] = self._file(self.folder, key).read_text(encoding="utf-8")
        return self._known.get(key)

    def keep(self, key: str, text: str) -> str:
        """Keep a query and return it; where there is no room on the disk, it is kept in memory only."""
        self._known[key] = text
        if self.folder is not None:
            file = self._file(self.folder, key)
            half = file.with_suffix(f".{os.getpid()}")
            with suppress(OSError):
                file.parent.mkdir(exist_ok=True)
                half.write_text(text, encoding="utf-8")
                half.replace(file)  # so that nobody reads half of it
        return text

    def _file(self, folder: Path, key: str) -> Path:
        return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.sql"
