"""`tables:` of the company file: where each is read from, which rows and columns of it, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.schema import CanonicalColumn, CanonicalTable, ColumnKind
from kpi_analysis.core.yaml_file import StrictModel

SOURCE = ", source "  # between the name of a table and the number of a source of it
NAME = r"^[A-Za-z][A-Za-z0-9_]*$"  # of columns and tables of one's own, as SQL and formulas can name them


class ExtraColumn(StrictModel):
    """`extra:` of a table: a column of one's own, by a name of theirs or an SQL expression, under its own by default.

    Examples
    --------
    >>> ExtraColumn.model_validate({"from": "Gewicht", "type": "number"}).origin
    'Gewicht'
    """

    origin: str | None = Field(default=None, alias="from")
    type: ColumnKind = "text"


class UnpivotSpec(StrictModel):
    """`unpivot:` of a table: months stand in columns and become rows.

    Parameters
    ----------
    account : int or str
        The column of names, by its place from 1 or its name.
    months : str or list of str
        ``"B:"`` for all from a column on, ``"B:M"``, or their names.
    """

    account: int | str = 1
    months: str | tuple[str, ...] = "B:"

    @field_validator("account")
    @classmethod
    def _from_one(cls, value: int | str) -> int | str:
        if isinstance(value, int) and value < 1:
            raise ValueError(f"account is the place of a column, counted from 1, or its name; found {value}")
        return value

    @field_validator("months", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class TableSpec(StrictModel):
    """`tables:` of the company file: where one table is read from, and which of its columns are which.

    A list in the file is several sources of one table.

    Examples
    --------
    >>> spec = TableSpec.model_validate([{"path": "a.csv"}, {"path": "b.csv", "where": "amount > 0"}])
    >>> spec.path is None, [name for name, _ in spec.each("spend")]
    (True, ['spend, source 1', 'spend, source 2'])
    """

    path: str | None = None
    table: str | None = None
    sql: str | None = None
    preset: str | None = None
    schema_: str | None = Field(default=None, alias="schema")  # of a database, for a preset of loader tables
    source: str | None = None  # what its rows are called in the dimension `source`
    sheet: str | None = None
    read: ReadSpec = ReadSpec()
    where: str | None = None
    unpivot: UnpivotSpec | None = None
    accounts: dict[str, tuple[str, ...]] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    extra: dict[str, ExtraColumn] = Field(default_factory=dict)
    date: str | None = None  # of a table of one's own: the day on which a row happened
    key: str | None = None
    ends: Literal["inclusive", "exclusive"] | None = None  # of subscriptions: ended_on is the last day with, or not
    sources: tuple[TableSpec, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _list_of_sources(cls, given: Any) -> Any:
        if isinstance(given, list):
            if not given:
                raise ValueError("a list of sources has at least one")
            return {"sources": given}
        return given

    @field_validator("accounts", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {ours: (theirs,) if isinstance(theirs, str | int) else theirs for ours, theirs in value.items()}

    @field_validator("accounts", mode="after")
    @classmethod
    def _once(cls, value: dict[str, tuple[str, ...]] | None) -> dict[str, tuple[str, ...]] | None:
        seen: dict[str, str] = {}
        for ours, theirs in (value or {}).items():
            for account in theirs:
                if seen.setdefault(account.strip().casefold(), ours) != ours:
                    raise ValueError(
                        f"the account '{account}' is mapped twice, to {seen[account.strip().casefold()]} and {ours}"
                    )
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> TableSpec:
        if self.sources:
            if any(source.sources for source in self.sources):
                raise ValueError("a list of sources has no list in it")
            return self
        given = [name for name in ("path", "table", "sql") if getattr(self, name) is not None]
        if len(given) > 1 or (not given and (self.preset is None or self.schema_ is None)):
            found = " and ".join(given) or "none of them"
            raise ValueError(f"a table has one of path, table and sql; found {found}")
        if self.sheet is not None and self.read.sheet is not None:
            raise ValueError("the sheet is named twice; keep read: {sheet: …}")
        return self

    @property
    def sheet_name(self) -> str | None:
        """Sheet of an Excel file, by `read: {sheet: …}` or, shorter, `sheet: …`."""
        return self.read.sheet or self.sheet

    @property
    def is_prepared(self) -> bool:
        """Whether more is done with its rows than to map their columns."""
        parts = (self.preset, self.where, self.unpivot, self.accounts)
        return bool(self.sources) or any(part is not None for part in parts)

    @property
    def all_sources(self) -> tuple[TableSpec, ...]:
        """Its sources, which are itself where there is no list."""
        return self.sources or (self,)

    def each(self, name: str) -> Iterator[tuple[str, TableSpec]]:
        """Sources with the name of each for messages, which `CompanyConfig.line` finds in the file."""
        if not self.sources:
            yield name, self
        for number, source in enumerate(self.sources, start=1):
            yield f"{name}{SOURCE}{number}", source


def location_of(name: str) -> tuple[str | int, ...]:
    """Where a table, or one source of it, stands under `tables`.

    Parameters
    ----------
    name : str
        As `TableSpec.each` names it.

    Returns
    -------
    tuple of str or int
        The name, and the place of the source from 0.

    Examples
    --------
    >>> location_of("orders"), location_of("spend, source 2")
    (('orders',), ('spend', 1))
    """
    table, mark, number = name.partition(SOURCE)
    return (table, int(number) - 1) if mark and number.isdigit() else (table,)


def table_of_own(name: str, spec: TableSpec) -> CanonicalTable:
    """Table of one's own: its date, its key, and its columns under `extra`.

    Parameters
    ----------
    name : str
        Of the table.
    spec : TableSpec
        Which names a date.

    Returns
    -------
    CanonicalTable
        Without columns that only a shipped table can have, such as money in other currencies.

    Examples
    --------
    >>> spec = TableSpec(path="visits.csv", date="visited_on", extra={"guests": ExtraColumn(type="number")})
    >>> table = table_of_own("visits", spec)
    >>> table.date, list(table.columns), table.dimensions
    ('visited_on', ['visited_on', 'guests'], ())
    """
    date = next(str(one.date) for one in spec.all_sources if one.date is not None)
    key = next((one.key for one in spec.all_sources if one.key is not None), None)
    columns = {date: CanonicalColumn(date, "date", required=True)}
    if key is not None:
        columns[key] = CanonicalColumn(key, "text", required=True)
    return CanonicalTable(name, "one row", date, columns | _extra_columns(spec, columns), key)


def with_own_columns(table: CanonicalTable, spec: TableSpec) -> CanonicalTable:
    """Table with the columns of one's own that the company file gives it, and with `source` where it has several."""
    added = _extra_columns(spec, table.columns)
    if spec.sources and "source" not in table.columns:
        added["source"] = CanonicalColumn("source", "text")
    return replace(table, columns={**table.columns, **added}) if added else table


def _extra_columns(spec: TableSpec, known: Mapping[str, CanonicalColumn]) -> dict[str, CanonicalColumn]:
    """The columns under `extra`; their days say nothing of how far the data reach, as they may be plans."""
    return {
        name: CanonicalColumn(name, extra.type, planned=extra.type in ("date", "timestamp"))
        for one in spec.all_sources
        for name, extra in one.extra.items()
        if name not in known
    }
