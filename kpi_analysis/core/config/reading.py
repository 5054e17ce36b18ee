"""`read:` of a table: how its files are written, where that cannot be seen or could be seen two ways."""

from __future__ import annotations

import codecs
import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from kpi_analysis.core.yaml_file import StrictModel

DIRECTIVES = "YymdHMSfIpbB"  # of strptime, which DuckDB reads as Python does
CELLS = r"([A-Z]{1,3})?([1-9][0-9]*)?(?::([A-Z]{1,3})?([1-9][0-9]*)?)?"
DATE_NUMBERS = ("epoch", "epoch_ms", "epoch_us", "excel")  # seconds since 1970 and their parts, days since 1899-12-30


class ReadSpec(StrictModel):
    """`read:` of a table: how texts, numbers and days are written in it.

    What is left out is found in the file, and a number is ``1234.5``, a day ``2026-09-14``.

    Examples
    --------
    >>> ReadSpec(decimal=",").thousands is None, ReadSpec(thousands=".").decimal
    (True, ',')
    """

    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    dates: str | dict[str, str] | None = None  # of all columns, or column by column under their own names
    year: int | None = Field(default=None, ge=1900, le=2100)  # of dates that are written without one
    sheet: str | None = None  # of an Excel file, or a file within a zip file
    skip: int | None = Field(default=None, ge=0)  # rows above the header
    footer: int | None = Field(default=None, ge=0)  # lines at the foot that are no rows
    range: str | None = None  # cells of an Excel file

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            return value if value is None else codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"'{value}' is no encoding such as utf-8, cp1252, latin-1 or utf-16") from None

    @field_validator("range")
    @classmethod
    def _is_range(cls, value: str | None) -> str | None:
        if value is not None and re.fullmatch(CELLS, value.replace("$", "").upper()) is None:
            raise ValueError(f"'{value}' is no range of cells such as A4:H900, A4 or B:H")
        return value

    @field_validator("dates")
    @classmethod
    def _is_pattern(cls, value: str | dict[str, str] | None) -> str | dict[str, str] | None:
        for pattern in value.values() if isinstance(value, dict) else [value]:
            signs = re.findall("%(.?)", pattern) if pattern is not None else ["Y"]
            if pattern in DATE_NUMBERS:
                continue
            if not signs or any(sign not in DIRECTIVES for sign in signs) or not {*"YymbB"} & set(signs):
                raise ValueError(f"'{pattern}' is no pattern of a day such as '%d.%m.%Y' or '%m/%d/%Y'")
        return value

    @model_validator(mode="before")
    @classmethod
    def _other_sign(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("decimal") is None and given.get("thousands") in (".", ","):
            return given | {"decimal": "," if given["thousands"] == "." else "."}
        return given

    @model_validator(mode="after")
    def _two_signs(self) -> ReadSpec:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands cannot both be '{self.decimal}'")
        return self

    @property
    def has_own_numbers(self) -> bool:
        """Whether numbers are written in another way than ``1234.5``."""
        return self.decimal == "," or self.thousands is not None

    def dates_of(self, column: str) -> str | None:
        """Pattern of the days of a column, where the company file says one.

        Parameters
        ----------
        column : str
            By its name in the file.

        Returns
        -------
        str or None

        Examples
        --------
        >>> read = ReadSpec(dates={"Close Date": "%m/%d/%Y"})
        >>> read.dates_of("Close Date"), read.dates_of("Create Date")
        ('%m/%d/%Y', None)
        """
        return self.dates.get(column) if isinstance(self.dates, dict) else self.dates
