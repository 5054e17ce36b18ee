"""What presets say of a source: their headers under its aliases, its columns, conditions and ways of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec, UnpivotSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import ColumnKind
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.files import HIDDEN, POSITION
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.presets import LoaderPreset, ResolvedPreset, find_preset, loader_tables, resolve

TITLE_LINE = "title_line"


@dataclass(frozen=True)
class PresetPart:
    """What a preset makes of the rows of a source: once as a rule, twice where bookings have two sides.

    Parameters
    ----------
    spec : TableSpec
        With the columns of the preset.
    where : str, optional
        Condition of the preset, over its aliases.
    """

    spec: TableSpec
    where: str | None = None


@dataclass(frozen=True)
class PresetSource:
    """A source under the aliases of its preset.

    Parameters
    ----------
    raw : Table
        Whose columns have the names of aliases, where the preset knows them.
    parts : sequence of PresetPart
    headers : mapping of str to str
        Their headers by alias.
    kinds : mapping of str to str
        Of columns that hold numbers, days and times.
    """

    raw: ir.Table
    parts: Sequence[PresetPart]
    headers: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)


def with_loader_query(config: CompanyConfig, table: str, name: str, spec: TableSpec) -> TableSpec:
    """Source of a preset of loader tables as the query that the preset makes; others are as they are.

    Parameters
    ----------
    config : CompanyConfig
    table : str
        The canonical table.
    name : str
        Of the source, for messages.
    spec : TableSpec
        What the company file says of it.

    Returns
    -------
    TableSpec
        Columns of the company file go before those of the preset.

    Raises
    ------
    ConfigError
        When there is no such preset, or it does not fill this table.
    """
    if spec.preset is None:
        return spec
    try:
        preset = find_preset(spec.preset)
        if isinstance(preset, LoaderPreset):
            if any((spec.path, spec.table, spec.sql)):
                raise ConfigError(
                    f"preset {spec.preset} is of tables in a database, and a path, table or sql was given.",
                    remedy=f"Write {{preset: {spec.preset}, schema: {preset.schema_}}}.",
                )
            queries = loader_tables(spec.preset, spec.schema_)
            if table not in queries:
                raise ConfigError(
                    f"preset {spec.preset} does not fill the table {table}.",
                    remedy=f"It fills {', '.join(queries)}.",
                )
            query = queries[table]
            columns = {**query.columns, **spec.columns}
            return spec.model_copy(update={"sql": query.sql, "columns": columns, "preset": None, "schema_": None})
    except ConfigError as error:
        raise _placed(config, name, error) from None
    return spec


def under_aliases(
    config: CompanyConfig, table: str, name: str, spec: TableSpec, raw: ir.Table, read: FileRead | None
) -> PresetSource:
    """Source under the aliases of its preset, with the columns and conditions that the preset makes of them.

    Parameters
    ----------
    config : CompanyConfig
    table : str
        The canonical table.
    name : str
        Of the source, for messages.
    spec : TableSpec
        As `with_loader_query` returns it.
    raw : Table
        Under their headers.
    read : FileRead, optional
        What is to be known of its files.

    Returns
    -------
    PresetSource
        As it is where there is no preset.

    Raises
    ------
    ConfigError
        When a header that is needed is not there, with the nearest.
    """
    if spec.preset is None:
        return PresetSource(raw, [PresetPart(spec)])
    headers = [one for one in raw.columns if not one.startswith(HIDDEN)]
    try:
        found = resolve(spec.preset, table, headers, tuple(spec.columns))
    except ConfigError as error:
        raise _placed(config, name, error) from None
    renamed = _renamed(raw, found.renames, _named_by(spec, headers))
    if any(TITLE_LINE in sql.columns_of(text) for part in (found, *found.also) for text in part.columns.values()):
        renamed = renamed.mutate(**{TITLE_LINE: _title_line(renamed, read)})
    read_spec = spec.read
    if isinstance(read_spec.dates, dict):
        by_header = {header: alias for alias, header in found.renames.items()}
        dates = {by_header.get(one, one): pattern for one, pattern in read_spec.dates.items()}
        spec = spec.model_copy(update={"read": read_spec.model_copy(update={"dates": dates})})
    parts = [_part(spec, one) for one in (found, *found.also)]
    return PresetSource(renamed, parts, dict(found.renames), dict(found.kinds))


def _part(spec: TableSpec, found: ResolvedPreset) -> PresetPart:
    unpivot = None if found.unpivot is None else UnpivotSpec(account=found.unpivot.account, months=found.unpivot.months)
    changed = {
        "columns": {**found.columns, **spec.columns},
        "unpivot": spec.unpivot or unpivot,
        "accounts": spec.accounts or (dict(found.accounts) or None),
    }
    return PresetPart(spec.model_copy(update=changed), found.where)


def _renamed(raw: ir.Table, renames: Mapping[str, str], named: frozenset[str]) -> ir.Table:
    """Raw table under aliases; a header that the company file names itself stays beside its alias."""
    taken = {alias.casefold() for alias in renames}
    chosen = {alias: raw[header] for alias, header in renames.items() if header in raw.columns}
    aliased = set(renames.values())
    for one in raw.columns:
        if one.casefold() not in taken and (one not in aliased or one in named):
            chosen[one] = raw[one]
    return raw.select(**chosen)


def _named_by(spec: TableSpec, headers: Sequence[str]) -> frozenset[str]:
    """Headers that the company file names in its own texts."""
    texts = [*spec.columns.values(), *(one.origin for one in spec.extra.values() if one.origin is not None)]
    texts += [spec.where] if spec.where is not None else []
    named = {text for text in texts if text in headers}
    words = {word.casefold() for text in texts if text not in headers for word in sql.columns_of(text)}
    return frozenset(named | {one for one in headers if one.casefold() in words})


def _title_line(raw: ir.Table, read: FileRead | None) -> ir.Value:
    """The first line above the header line of the file that a row stands in."""
    if read is None:
        return ibis.null("string")
    ends, cases = 0, []
    position = raw[POSITION] if POSITION in raw.columns else ibis.row_number()
    for part in read.parts:
        ends += part.rows
        heads = getattr(part, "heads", ())
        line = (read.delimiter or ";").join(heads[0]) if heads else ""
        cases.append((position < ends, ibis.literal(line)))
    return ibis.cases(*cases, else_=ibis.null("string"))


def _placed(config: CompanyConfig, name: str, error: ConfigError) -> ConfigError:
    return ConfigError(
        f"table {name}: {error.message}", remedy=error.remedy, file=config.path,
        line=config.line("tables", name, "preset"),
    )  # fmt: skip
