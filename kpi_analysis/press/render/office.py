"""What the files of an office suite share: how a cell reads, how wide a column is, which face they name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpi_analysis.design.theme import PAGE

OFFICE_TYPEFACE = "Calibri"
"""Their readers open them with their own typefaces: one that every office has, or replaces by a twin as wide."""

STATUS_SIGNS = {
    "on": ("●", "good"),
    "risk": ("◆", "warn"),
    "off": ("✕", "bad"),
    "none": ("○", "muted"),
    "hit": ("✓", "good"),
    "missed": ("✕", "bad"),
}
_NARROWEST, _WIDEST = 4, 40


@dataclass(frozen=True)
class StyledText:
    """Words that look alike: their tone (plain, good, bad, warn, muted), and whether they are strong."""

    text: str
    tone: str = "plain"
    strong: bool = False


def cell_pieces(cell: Mapping[str, Any]) -> list[StyledText]:
    """Return what stands in a cell, without its picture: the status sign, the words, the unit.

    Examples
    --------
    >>> from dataclasses import asdict
    >>> from kpi_analysis.design.blocks.model import Cell
    >>> [piece.text for piece in cell_pieces(asdict(Cell("At risk", status="risk")))]
    ['◆ ', 'At risk']
    >>> cell_pieces(asdict(Cell("+1.2", "pp", tone="good", strong=True)))
    [StyledText(text='+1.2\\xa0pp', tone='good', strong=True)]
    """
    pieces = []
    if cell["status"]:
        sign, tone = STATUS_SIGNS[cell["status"]]
        pieces.append(StyledText(f"{sign} ", tone))
    alarming = cell["status"] in ("off", "missed")
    space = "\N{NO-BREAK SPACE}" if cell["suffix"][:1].isalpha() else ""
    words = f"{cell['text']}{space}{cell['suffix']}"
    tone = "bad" if alarming and cell["tone"] == "plain" else cell["tone"]
    if words:
        pieces.append(StyledText(words, tone, cell["strong"] or alarming))
    if cell["unit"]:
        pieces.append(StyledText(f" {cell['unit']}", "muted"))
    return pieces


def cell_text(cell: Mapping[str, Any]) -> str:
    """Return the words of a cell, those of its picture where it has one."""
    return str(cell["alt"]) if cell["svg"] else "".join(piece.text for piece in cell_pieces(cell))


def head_text(column: Mapping[str, Any]) -> str:
    """Return a column's head with its unit.

    Examples
    --------
    >>> head_text({"label": "Revenue", "unit": "€m"})
    'Revenue, €m'
    """
    return ", ".join(part for part in (column["label"], column["unit"]) if part)


def column_shares(columns: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the part of a table's width that each column takes; together 1.

    Columns in millimetres keep their part of a page's width; the others share the rest by their words.

    Examples
    --------
    >>> columns = [{"label": "Channel", "unit": "", "width": "1fr"}, {"label": "Spend", "unit": "", "width": "58mm"}]
    >>> [round(share, 2) for share in column_shares(columns, [])]
    [0.67, 0.33]
    """
    longest = [max((len(word) for word in head_text(column).split()), default=1) for column in columns]
    for row in rows:
        for cell, position in positioned_cells(row["cells"]):
            if cell["span"] == 1 and position < len(columns) and not cell["svg"]:
                longest[position] = max(longest[position], len(cell_text(cell)))
    fixed = {
        position: float(found[1]) / PAGE.full
        for position, column in enumerate(columns)
        if (found := re.fullmatch(r"([\d.]+)mm", column["width"]))
    }
    weights = [min(max(length, _NARROWEST), _WIDEST) for length in longest]
    free = sum(weight for position, weight in enumerate(weights) if position not in fixed)
    rest = max(1 - sum(fixed.values()), 0.2) if free else 0
    parts = [fixed.get(position, rest * weight / max(free, 1)) for position, weight in enumerate(weights)]
    return [part / sum(parts) for part in parts]


def positioned_cells(cells: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """Return the cells of a row, each with the column where it begins."""
    found, position = [], 0
    for cell in cells:
        found.append((cell, position))
        position += cell["span"]
    return found
