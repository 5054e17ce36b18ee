"""Files of presets as strict models: tool, headers with their spellings, and how they map onto canonical tables."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from kpi_analysis.core.errors import did_you_mean
from kpi_analysis.core.schema import TABLES, ColumnKind
from kpi_analysis.core.yaml_file import StrictModel
from kpi_analysis.presets.expressions import aliases_in, expanded, with_names


class SeenSpec(StrictModel):
    """`seen:` of a preset: where its layout was looked up and on which day, or that it is general knowledge."""

    where: str | None = None
    on: date | None = None
    general_knowledge: bool = False

    @model_validator(mode="after")
    def _says_where(self) -> SeenSpec:
        if self.general_knowledge == (self.where is not None) or (self.where is None) != (self.on is None):
            raise ValueError("a preset says where its layout was seen and on which day, or general_knowledge: true")
        return self

    @property
    def words(self) -> str:
        """Where the layout was seen, in words."""
        return "general knowledge" if self.where is None else f"{self.where}, {self.on}"


class UnpivotPart(StrictModel):
    """`unpivot:` of a preset: the column of the accounts, and those of the months."""

    account: int | str = 1
    months: str | tuple[str, ...] = "B:"


class PresetTable(StrictModel):
    """How a known export fills one canonical table; expressions are over the aliases of the preset's headers.

    `also` are further rows that the same rows of the export make, such as refunds beside orders.
    """

    where: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    unpivot: UnpivotPart | None = None
    accounts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    also: tuple[PresetTable, ...] = ()


class Preset(StrictModel):
    """Known export of a tool: its headers in every language, how it is recognised, and what it fills.

    Parameters
    ----------
    tool, title : str
        The tool, and which of its exports this is.
    seen : SeenSpec
        Where the layout was looked up.
    headers : mapping of str to sequence of str
        Spellings by alias. ``{currency}`` stands for a currency code, ``...`` for any words.
    recognised_by : sequence of str
        Aliases that must all be there.
    any_of : sequence of sequences of str
        Of each group one alias must be there.
    never_with : sequence of str
        Headers with which it is another tool's.
    first_lines : sequence of str
        Words, one of which stands above the header line.
    told_by : str, optional
        Condition over the aliases that some row must meet, where headers alone do not tell.
    months : bool
        Whether its columns are months.
    labels : sequence of sequences of str
        Of each group one must stand in the first column.
    never_labels : sequence of str
        Values of the first column with which it is another statement.
    kinds : mapping of str to str
        Kind by alias, of those that hold numbers, days or times.
    names : mapping of str to str
        Names for parts of expressions; a later one may use an earlier one.
    tables : mapping of str to PresetTable
        How it fills canonical tables.
    reason : str, optional
        Why it fills none.
    notes : sequence of str
        What an analyst must know.

    Examples
    --------
    >>> headers, columns = {"day": ["Day"], "paid": ["Paid"]}, {"spent_on": "day", "amount": "paid"}
    >>> Preset(tool="Till", title="Costs", seen={"general_knowledge": True}, headers=headers,
    ...        recognised_by=["day", "paid"], tables={"spend": {"columns": columns}}).fills
    ('spend',)
    """

    tool: str
    title: str
    seen: SeenSpec
    headers: dict[str, tuple[str, ...]]
    recognised_by: tuple[str, ...]
    any_of: tuple[tuple[str, ...], ...] = ()
    never_with: tuple[str, ...] = ()
    first_lines: tuple[str, ...] = ()
    told_by: str | None = None
    months: bool = False
    labels: tuple[tuple[str, ...], ...] = ()
    never_labels: tuple[str, ...] = ()
    kinds: dict[str, ColumnKind] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, PresetTable] = Field(default_factory=dict)
    reason: str | None = None
    notes: tuple[str, ...] = ()

    @field_validator("headers", mode="before")
    @classmethod
    def _one_spelling(cls, value: dict[str, str | list[str]]) -> dict[str, list[str]]:
        return {alias: [known] if isinstance(known, str) else known for alias, known in value.items()}

    @model_validator(mode="after")
    def _holds_together(self) -> Preset:
        aliases = set(self.headers)
        asked = {*self.recognised_by, *self.kinds, *(alias for group in self.any_of for alias in group)}
        for alias in sorted(asked - aliases):
            raise ValueError(f"'{alias}' is no alias of its headers. {did_you_mean(alias, aliases)}".strip())
        for name in self.tables:
            if name not in TABLES:
                raise ValueError(f"unknown table '{name}'. {did_you_mean(name, TABLES)}".strip())
        if not self.tables and self.reason is None:
            raise ValueError("a preset fills a table, or says in reason: why it fills none")
        return self

    def table(self, name: str) -> PresetTable:
        """How it fills a table, with the names of parts of expressions written out.

        Parameters
        ----------
        name : str
            Of a canonical table that it fills.

        Returns
        -------
        PresetTable
            Its expressions are over aliases alone.
        """
        return _written_out(self.tables[name], self.names)

    def check(self) -> None:
        """Check that each table has its required columns, and that all expressions are over known aliases.

        The shipped presets are checked by their tests, so that nobody waits for it.

        Raises
        ------
        ValueError
            Says what is wrong.
        """
        for name in self.tables:
            _check_table(name, self.table(name), set(self.headers) | set(FROM_FILE))

    @property
    def fills(self) -> tuple[str, ...]:
        """Canonical tables that it fills."""
        return tuple(self.tables)


FROM_FILE = ("title_line",)  # aliases that a preset may use beside its headers: the first line above the header line


def _written_out(table: PresetTable, names: dict[str, str]) -> PresetTable:
    """Table of a preset whose expressions are over aliases alone."""
    return table.model_copy(
        update={
            "where": None if table.where is None else expanded(with_names(table.where, names)),
            "columns": {column: expanded(with_names(text, names)) for column, text in table.columns.items()},
            "also": tuple(_written_out(part, names) for part in table.also),
        }
    )


def _check_table(name: str, table: PresetTable, aliases: set[str]) -> None:
    """Raise where a table of a preset names what is not there, or lacks a required column."""
    known = TABLES[name].columns
    for part in (table, *table.also):
        for column in part.columns:
            if column not in known:
                raise ValueError(f"table {name} has no column '{column}'. {did_you_mean(column, known)}".strip())
        made = {"booked_on", "account", "amount"} if part.unpivot is not None else set()
        for wanted in known.values():
            if wanted.required and wanted.name not in {*part.columns, *made}:
                raise ValueError(f"table {name} has no '{wanted.name}', which it needs")
        for text in (*part.columns.values(), *([part.where] if part.where else [])):
            for alias in sorted(aliases_in(text) - aliases):
                raise ValueError(f"'{text}': '{alias}' is no alias of its headers. {did_you_mean(alias, aliases)}")


class LoaderTable(StrictModel):
    """How a canonical table is made from the tables of a loader: `sql` over ``{schema}``."""

    needs: tuple[str, ...]
    sql: str
    columns: dict[str, str] = Field(default_factory=dict)


class LoaderPreset(StrictModel):
    """Tables that a loader (dlt, Airbyte, Fivetran) keeps of a tool in a database, and what they fill."""

    tool: str
    title: str
    loader: Literal["Fivetran", "Airbyte", "dlt"]
    seen: SeenSpec
    schema_: str = Field(alias="schema")
    tables: dict[str, LoaderTable]
    notes: tuple[str, ...] = ()

    @property
    def fills(self) -> tuple[str, ...]:
        """Canonical tables that it fills."""
        return tuple(self.tables)

    @property
    def source_tables(self) -> tuple[str, ...]:
        """Tables of the loader that it reads."""
        return tuple(dict.fromkeys(table for spec in self.tables.values() for table in spec.needs))

    @model_validator(mode="after")
    def _canonical(self) -> LoaderPreset:
        for name, table in self.tables.items():
            if name not in TABLES:
                raise ValueError(f"unknown table '{name}'. {did_you_mean(name, TABLES)}".strip())
            for column in table.columns:
                if column not in TABLES[name].columns:
                    raise ValueError(f"table {name} has no column '{column}'")
        return self


class PresetFile(StrictModel):
    """File of presets: one a tool."""

    tool: str
    presets: dict[str, dict[str, object]] = Field(default_factory=dict)
    loaders: dict[str, dict[str, object]] = Field(default_factory=dict)
