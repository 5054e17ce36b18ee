"""What all tables share: rows as plain records, numbers as cells, and points one above the other."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from kpi_analysis.design.blocks import Cell
from kpi_analysis.design.formats import Format, Scale

Record = dict[str, Any]
NOTHING = Cell("–", tone="muted")


class MetricInfo(Protocol):
    """What a table asks of a KPI of the catalogue."""

    @property
    def label(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def better(self) -> str: ...
    @property
    def category(self) -> str: ...


class DefinedMetric(MetricInfo, Protocol):
    """A KPI that can say how it is computed."""

    @property
    def formula(self) -> str: ...


def reason_of(row: Record) -> str:
    return str(row.get("reason") or "no value, and no reason was given")


def number_cell(value: float, unit: str, scale: Scale | None, f: Format) -> Cell:
    """Return a number as a cell; the word of a million goes to the slot for suffixes, so that points align.

    Examples
    --------
    >>> cell = number_cell(1_240_000, "count", None, Format())
    >>> cell.text, cell.suffix
    ('1.24', 'm')
    """
    text = f.value(value, unit, scale)
    digits = re.sub(r"\D+$", "", text)
    return Cell(digits, suffix=text[len(digits) :])


def aligned(lines: Mapping[str, Sequence[Cell]], numeric: Collection[int], point: str) -> dict[str, list[Cell]]:
    """Return rows with pads in their numeric columns, so that decimal points stand one above the other.

    Parameters
    ----------
    lines : mapping of str to sequence of Cell
        Rows of equal length.
    numeric : collection of int
        Which columns hold numbers.
    point : str
        The decimal separator.
    """
    columns = [
        _padded(column, point) if i in numeric else list(column)
        for i, column in enumerate(zip(*lines.values(), strict=True))
    ]
    return {name: [column[row] for column in columns] for row, name in enumerate(lines)}


def _padded(cells: Sequence[Cell], point: str) -> list[Cell]:
    decimals = [len(c.text.rpartition(point)[2]) if point in c.text else 0 for c in cells]
    most = max(decimals, default=0)

    def pad(cell: Cell, decimals: int) -> str:
        if not cell.text[-1:].isdigit() or decimals == most:
            return ""
        return ("" if decimals else point) + "0" * (most - decimals)

    return [replace(cell, pad=pad(cell, d)) for cell, d in zip(cells, decimals, strict=True)]
