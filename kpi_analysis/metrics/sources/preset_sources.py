"""Sources whose company file names a preset: their headers become its aliases, its expressions the columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec, UnpivotSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import CanonicalTable, ColumnKind
from kpi_analysis.metrics.sources.files import HIDDEN, POSITION
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.presets import ResolvedPreset, resolve
from kpi_analysis.presets.expressions import aliases_in, with_names

TITLE_LINE = "title_line"  # the alias of the first line of a file, above its header


@dataclass(frozen=True)
class PresetSource:
    """Source of a preset, before its rows are looked at.

    Parameters
    ----------
    raw : Table
        Its columns under the aliases of the preset; those that the preset does not know under their own names.
    spec : TableSpec
        With what the preset says and the company file does not.
    kinds : mapping of str to str
        Kind by alias, of those that hold numbers, days or times.
    aliases : frozenset of str
        Of the columns that the preset knows.
    also : sequence of TableSpec
        Of further rows that are made from the same rows.
    read : FileRead, optional
        What is to be known of its files, of which columns are known by their aliases.
    """

    raw: ir.Table
    spec: TableSpec
    kinds: Mapping[str, ColumnKind]
    aliases: frozenset[str]
    also: Sequence[TableSpec] = ()
    read: FileRead | None = None


def with_preset(
    config: CompanyConfig, table: CanonicalTable, name: str, spec: TableSpec, raw: ir.Table, read: FileRead | None
) -> PresetSource:
    """Source of a preset: its columns by alias, and what the company file says laid over what the preset says.

    Parameters
    ----------
    config : CompanyConfig
    table : CanonicalTable
    name : str
        Of the source, for messages.
    spec : TableSpec
        What the company file says.
    raw : Table
        As the file has it.
    read : FileRead, optional
        What its reader says.

    Returns
    -------
    PresetSource

    Raises
    ------
    ConfigError
        With file and line: no such preset, it does not fill this table, or a header that it needs is not there.
    """
    headers = [column for column in raw.columns if not column.startswith(HIDDEN)]
    try:
        resolved = resolve(str(spec.preset), table.name, headers, tuple(spec.columns))
    except ConfigError as error:
        line = config.line("tables", name, "preset")
        raise ConfigError(error.message, remedy=error.remedy, file=config.path, line=line) from None
    alias_of = {header: alias for alias, header in resolved.renames.items()}
    taken = {alias.casefold() for alias in resolved.renames}
    kept = [column for column in raw.columns if column not in alias_of and column.casefold() not in taken]
    under_alias = raw.select(**{alias: raw[header] for alias, header in resolved.renames.items()}, **_same(raw, kept))
    own = spec.model_copy(
        update={
            "columns": {column: _over_aliases(text, alias_of, kept) for column, text in spec.columns.items()},
            "where": None if spec.where is None else _over_aliases(spec.where, alias_of, kept),
        }
    )
    also = tuple(_laid_over(own, part) for part in resolved.also)
    by_alias = None if read is None else _read_by_alias(read, alias_of, tuple(table.columns) if also else ())
    return PresetSource(under_alias, _laid_over(own, resolved), resolved.kinds, frozenset(taken), also, by_alias)


def _read_by_alias(read: FileRead, alias_of: Mapping[str, str], made: Sequence[str]) -> FileRead:
    """What is to be known of files whose columns are called by the aliases of a preset from now on."""

    def renamed(columns: Iterable[str]) -> list[str]:
        return [alias_of.get(column, column) for column in columns]

    return replace(
        read,
        parts=tuple(replace(part, columns=(*renamed(part.columns), *made)) for part in read.parts),
        typed=frozenset(renamed(read.typed)),
        nested=frozenset(renamed(read.nested)),
        formulas={alias_of.get(column, column): rows for column, rows in read.formulas.items()},
        errors={alias_of.get(column, column): rows for column, rows in read.errors.items()},
    )


def _same(raw: ir.Table, columns: Sequence[str]) -> dict[str, ir.Value]:
    return {column: raw[column] for column in columns}


def _over_aliases(text: str, alias_of: Mapping[str, str], kept: Sequence[str]) -> str:
    """What the company file says over their headers, said over the aliases of the preset."""
    if text in alias_of:
        return alias_of[text]
    if text in kept:
        return text
    try:
        names = {header: alias for header, alias in alias_of.items() if header in aliases_in(text)}
        return with_names(text, names) if names else text
    except ValueError:  # it is no SQL, which is told where it is used
        return text


def _laid_over(own: TableSpec, resolved: ResolvedPreset) -> TableSpec:
    """What the company file says of a source, and for the rest what its preset says."""
    both = " and ".join(f"({text})" for text in (resolved.where, own.where) if text is not None)
    unpivot = own.unpivot
    if unpivot is None and resolved.unpivot is not None:
        unpivot = UnpivotSpec(account=resolved.unpivot.account, months=resolved.unpivot.months)
    return own.model_copy(
        update={
            "columns": {**resolved.columns, **own.columns},
            "where": both or None,
            "unpivot": unpivot,
            "accounts": own.accounts if own.accounts is not None else (dict(resolved.accounts) or None),
        }
    )


def with_title_line(raw: ir.Table, specs: Sequence[TableSpec], read: FileRead | None) -> ir.Table:
    """Table with the first line of each of its files as a column, where an expression of a preset needs it.

    Parameters
    ----------
    raw : Table
        With the place of each row.
    specs : sequence of TableSpec
        Whose expressions are looked at.
    read : FileRead, optional
        With the lines above the header of each file.

    Returns
    -------
    Table
    """
    texts = [text for spec in specs for text in (*spec.columns.values(), *([spec.where] if spec.where else []))]
    if TITLE_LINE in raw.columns or not any(TITLE_LINE in text and TITLE_LINE in aliases_in(text) for text in texts):
        return raw
    if read is None or POSITION not in raw.columns:
        return raw.mutate(**{TITLE_LINE: ibis.literal("")})
    branches, before = [], 0
    for part in read.parts:
        before += part.rows
        line = ";".join(part.heads[0]) if part.heads else ""
        branches.append((raw[POSITION] < before, ibis.literal(line)))
    return raw.mutate(**{TITLE_LINE: ibis.cases(*branches, else_="")})


def with_further_rows(raw: ir.Table, parts: Sequence[tuple[ir.Table, Mapping[str, ir.Value]]]) -> ir.Table:
    """Rows of all parts under canonical names, one part under the other, each with the place of its row.

    Parameters
    ----------
    raw : Table
        For its place of the rows.
    parts : sequence of (Table, mapping of str to Value)
        The rows of each part, and its columns by canonical name.

    Returns
    -------
    Table
    """
    names = dict.fromkeys(column for _, values in parts for column in values)
    chosen = []
    for rows, values in parts:
        columns = {
            column: values[column].cast("string") if column in values else ibis.null("string") for column in names
        }
        place = {POSITION: rows[POSITION]} if POSITION in raw.columns else {}
        chosen.append(rows.select(**columns, **place))
    return reduce(lambda above, below: above.union(below, distinct=False), chosen)
