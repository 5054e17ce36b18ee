"""Workbooks that openpyxl does not read (.xls, .xlsb, .ods), with the few attributes of its own that are needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_analysis.core.errors import DataError


@dataclass(frozen=True)
class OldCell:
    """A cell: what it holds, and ``n`` for its kind, as errors and formulas cannot be told here.

    Parameters
    ----------
    value : object
    data_type : str
    """

    value: Any
    data_type: str = "n"


@dataclass(frozen=True)
class OldSheet:
    """A sheet of cells.

    Parameters
    ----------
    title : str
    rows : sequence of sequence of object
        From the first row and column on.
    """

    title: str
    rows: Sequence[Sequence[Any]]

    def reset_dimensions(self) -> None:
        """Do nothing: all cells are there."""

    def iter_rows(
        self,
        min_row: int | None = None,
        max_row: int | None = None,
        min_col: int | None = None,
        max_col: int | None = None,
    ) -> Iterator[tuple[OldCell, ...]]:
        """Go through rows, those of a range where one is given; places are counted from 1."""
        for row in self.rows[(min_row or 1) - 1 : max_row]:
            yield tuple(OldCell(_value(value)) for value in row[(min_col or 1) - 1 : max_col])


@dataclass(frozen=True)
class OldBook:
    """A workbook.

    Parameters
    ----------
    worksheets : sequence of OldSheet
    """

    worksheets: Sequence[OldSheet]

    def __getitem__(self, title: str) -> OldSheet:
        return next(sheet for sheet in self.worksheets if sheet.title == title)

    def close(self) -> None:
        """Do nothing: it was read as a whole."""


def open_old_book(file: Path) -> OldBook:
    """Read a workbook of an older or another format.

    Parameters
    ----------
    file : Path

    Returns
    -------
    OldBook

    Raises
    ------
    DataError
        When it is protected by a password, damaged or no workbook.
    """
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(file))
        return OldBook(
            tuple(
                OldSheet(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
                for name in book.sheet_names
            )
        )
    except python_calamine.PasswordError:
        words = f"{file.name} is protected by a password."
        remedy = "Open it in Excel and save it without one."
    except Exception as error:  # whatever the broken part of a file gives
        is_modern = file.suffix.lower() in (".xlsx", ".xlsm")  # a protected one is no zip file
        words = f"{file.name} is protected by a password, or damaged" if is_modern else f"{file.name} cannot be read"
        words += f": {(str(error).splitlines() or [type(error).__name__])[0].rstrip('.')}."
        remedy = "Open it in Excel and save it as .xlsx without a password."
    raise DataError(words, remedy=remedy, file=file)


def _value(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value
