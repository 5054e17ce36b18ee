"""What a reader says of the files it has read: their rows, their columns, and what could be meant otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SkippedKind = Literal["title", "second_header", "total", "empty", "footer"]
SKIPPED_NAMES: Mapping[SkippedKind, tuple[str, str]] = {
    "title": ("line above the header", "lines above the header"),
    "second_header": ("second header line", "second header lines"),
    "total": ("total row", "total rows"),
    "empty": ("row without a value", "rows without a value"),
    "footer": ("line at the foot", "lines at the foot"),
}


@dataclass(frozen=True)
class SkippedRows:
    """Rows of a file that are no rows of the table.

    Parameters
    ----------
    kind : str
        What they are.
    rows : int
        How many.
    row : int
        The first of them in the file, counted from 1.
    text : str
        What stands in that row first.
    """

    kind: SkippedKind
    rows: int
    row: int
    text: str = ""

    def __str__(self) -> str:
        name = SKIPPED_NAMES[self.kind][self.rows != 1]
        shown = f" ('{shortened(self.text)}')" if self.text else ""
        return f"{self.rows:,} {name}{shown}"


@dataclass(frozen=True)
class FilePart:
    """Rows of a table that come from one file.

    Parameters
    ----------
    file : Path
    rows : int
        How many of them are in the table.
    columns : tuple of str
        Of this file.
    first : int
        Row of the file in which the first of them stands, counted from 1: 2 where a row of names is above it.
    numbers : tuple of int, optional
        The row of each of them, where rows of the file were left out because they are empty.
    left_out : tuple of int
        Rows that were read and then left out of the table, as positions among all that were read, counted from 0.
    find_row : callable, optional
        Row of the file by the position of a row that was read, where it takes a look into the file.
    member : str, optional
        The file within a zip file.
    encoding : str
        Of a text.
    heads : tuple of tuple of str
        The rows above the header, as they stand there.
    skipped : tuple of SkippedRows
        Rows of the file that are no rows of the table.
    """

    file: Path
    rows: int
    columns: tuple[str, ...]
    first: int = 1
    numbers: tuple[int, ...] | None = None
    left_out: tuple[int, ...] = ()
    find_row: Callable[[int], int] | None = None
    member: str | None = None
    encoding: str = "utf-8"
    heads: tuple[tuple[str, ...], ...] = ()
    skipped: tuple[SkippedRows, ...] = ()

    @property
    def place(self) -> Path:
        """The file, or that within a zip file, for messages."""
        return self.file if self.member is None else self.file / self.member

    def row(self, position: int) -> int:
        """Row of the file, counted from 1, of a row of the table, counted from 0 among those of this file."""
        for one in self.left_out:
            position += one <= position
        if self.find_row is not None:
            return self.find_row(position)
        return self.first + position if self.numbers is None else self.numbers[position]


@dataclass(frozen=True)
class FileRead:
    """What a reader says of the files of one table.

    Parameters
    ----------
    parts : tuple of FilePart
        In the order in which their rows stand in the table.
    repeated : mapping of str to sequence of str
        Names that stand several times in a header, and what these columns are called in the table.
    delimiter : str, optional
        Of a CSV.
    has_decimal_commas : bool
        Whether there are texts like ``764,16`` among the first rows.
    typed : frozenset of str
        Columns of numbers, which are not written in words that could be read two ways.
    nested : frozenset[str]
        Columns in which there may be lists or objects of JSON.
    other_sheets : tuple of str
        Sheets of the same columns that were not read, where none was asked for.
    sheet : str, optional
        The sheet that was read.
    formulas : mapping of str to sequence of (int, str)
        Column by column the rows in which a formula stands that was never calculated.
    errors : mapping of str to sequence of (int, str)
        Column by column the rows in which a spreadsheet has an error such as ``#N/A`` for a value.
    doubtful : tuple of (Path, int, str)
        Rows that are called a total and are not the sum of the others: file, row and text.
    changed : tuple of Path
        Files that were written to while they were read.
    """

    parts: tuple[FilePart, ...]
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    delimiter: str | None = None
    has_decimal_commas: bool = False
    typed: frozenset[str] = frozenset()
    nested: frozenset[str] = frozenset()
    other_sheets: tuple[str, ...] = ()
    sheet: str | None = None
    formulas: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    errors: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    doubtful: tuple[tuple[Path, int, str], ...] = ()
    changed: tuple[Path, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows all files together have."""
        return sum(part.rows for part in self.parts)

    def place(self, position: int) -> tuple[Path, int]:
        """File and row, counted from 1, of a row of the table, counted from 0.

        Parameters
        ----------
        position : int
            Of the row of the table.

        Returns
        -------
        Path, int
            As the file counts its rows, those included that are no rows of the table.

        Examples
        --------
        >>> parts = (FilePart(Path("a.csv"), 2, ("x",), first=2), FilePart(Path("b.csv"), 1, ("x",), left_out=(0,)))
        >>> FileRead(parts).place(1)[1], FileRead(parts).place(2)
        (3, (PosixPath('b.csv'), 2))
        """
        for part in self.parts:
            if position < part.rows:
                return part.place, part.row(position)
            position -= part.rows
        return self.parts[-1].place, position + 1


def shortened(text: str, length: int = 60) -> str:
    r"""Text on one line, cut where it is long.

    Parameters
    ----------
    text : str
        Any.
    length : int
        Signs that are kept at most.

    Returns
    -------
    str

    Examples
    --------
    >>> shortened("Campaign  report\nof Q3"), shortened("abcdef", 4)
    ('Campaign report of Q3', 'abc…')
    """
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def unique_names(names: Sequence[str | None]) -> tuple[list[str], dict[str, list[str]]]:
    """Names of columns, each once, and which of them stood several times.

    Parameters
    ----------
    names : sequence of str or None
        As they stand in the header.

    Returns
    -------
    list of str
        The second ``amount`` is ``amount_1``, a column without a name is ``column3`` by its place from 0.
    dict of str to list of str
        What the columns of a name that is repeated are called.

    Examples
    --------
    >>> unique_names(["id", "amount", "amount", None])
    (['id', 'amount', 'amount_1', 'column3'], {'amount': ['amount', 'amount_1']})
    """
    given = [(name or "").strip() for name in names]
    taken = {name.casefold() for name in given if name}
    found: list[str] = []
    used: set[str] = set()
    repeated: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for place, name in enumerate(given):
        chosen = name or f"column{place}"
        number = 0
        while chosen.casefold() in used or (number and chosen.casefold() in taken):
            number += 1
            chosen = f"{name or f'column{place}'}_{number}"
        if name and name.casefold() in first:
            original = first[name.casefold()]
            repeated.setdefault(original, [original]).append(chosen)
        elif name:
            first[name.casefold()] = chosen
        used.add(chosen.casefold())
        found.append(chosen)
    return found, repeated
