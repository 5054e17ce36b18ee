"""A source of a table before it is written into the company file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kpi_analysis.cli.scaffold.inspect_files import FoundTable


@dataclass(frozen=True)
class SourceDraft:
    """Source of a table, as the company file shall say it.

    Parameters
    ----------
    table : str
        Canonical.
    said : mapping of str to object
        Keys of the company file, in their order.
    origin : FoundTable
    is_active : bool
        Whether it is read at once; a comment otherwise.
    note : str
        Why it is a comment, or what it was found to be.
    """

    table: str
    said: Mapping[str, Any]
    origin: FoundTable
    is_active: bool = True
    note: str = ""
