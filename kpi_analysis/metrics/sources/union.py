"""Several sources of one table, each mapped by itself and put one under the other, with a dimension `source`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import CanonicalColumn, CanonicalTable
from kpi_analysis.metrics.sources.conversion import PLAIN
from kpi_analysis.metrics.sources.dialects import first_line
from kpi_analysis.metrics.sources.files import POSITION
from kpi_analysis.metrics.sources.mapping import mapped_expression, missing_column

if TYPE_CHECKING:
    from kpi_analysis.metrics.sources.preparation import PreparedSource

SOURCE_COLUMN = "source"


def united(config: CompanyConfig, local: Any, sources: Sequence[PreparedSource]) -> ir.Table:
    """Rows of all sources under canonical names, not converted yet, with the source and the place of each.

    A column that a source lacks is NULL in its rows. Where sources hold a column in different types, it becomes text,
    which is read like that of a file. What lies in a database is fetched into the DuckDB of the files.

    Parameters
    ----------
    config : CompanyConfig
    local : Ibis backend
        DuckDB of the files.
    sources : sequence of PreparedSource
        With their mapped columns.

    Returns
    -------
    Table

    Raises
    ------
    ConfigError
        When a database cannot be read.
    """
    values = [{column.name: value for column, _, value in source.mapped} for source in sources]
    names = dict.fromkeys(column for own in values for column in own)
    kinds = {column: _common_type([own[column].type() for own in values if column in own]) for column in names}
    parts = []
    for source, own in zip(sources, values, strict=True):
        chosen: dict[str, ir.Value] = {
            column: own[column].cast(kind) if column in own else ibis.null(kind) for column, kind in kinds.items()
        }
        if source.label:
            label = ibis.literal(source.label)
            named = own[SOURCE_COLUMN].cast("string") if SOURCE_COLUMN in own else label
            chosen[SOURCE_COLUMN] = ibis.coalesce(named, label)
        position = source.raw[POSITION] + source.offset if source.read is not None else ibis.null("int64")
        part = source.raw.select(**chosen, **{POSITION: position.cast("int64")})
        parts.append(part if part.get_backend() is local else _fetched(config, local, source, part))
    return ibis.union(parts[0], *parts[1:], distinct=False) if len(parts) > 1 else parts[0]


def mapped_columns(
    config: CompanyConfig, table: CanonicalTable, source: PreparedSource
) -> list[tuple[CanonicalColumn, str, ir.Value]]:
    """Columns of a source, what each is mapped from, and its values as they stand there.

    Parameters
    ----------
    config : CompanyConfig
    table : CanonicalTable
        With the columns of one's own.
    source : PreparedSource

    Returns
    -------
    list of (CanonicalColumn, str, Value)

    Raises
    ------
    ConfigError
        When the source lacks a column that the table needs, or an expression is wrong.
    """
    found = []
    raw, spec = source.raw, source.spec
    read = spec.read if source.formats is None else PLAIN
    for column in table.columns.values():
        text = spec.columns.get(column.name)
        if text is not None:
            found.append((column, text, mapped_expression(config, source.name, column, text, raw, read)))
        elif column.name in raw.columns:
            found.append((column, column.name, raw[column.name]))
        elif column.required:
            raise missing_column(config, source.name, column, raw)
    return found


def _common_type(kinds: Sequence[dtypes.DataType]) -> dtypes.DataType:
    """The type in which all sources hold a column; text where they differ."""
    known = [kind(nullable=True) for kind in kinds if not kind.is_null()]
    return known[0] if known and all(kind == known[0] for kind in known) else dtypes.string


def _fetched(config: CompanyConfig, local: Any, source: PreparedSource, part: ir.Table) -> ir.Table:
    """Rows of a database in the DuckDB of the files."""
    try:
        rows = part.to_pyarrow()
    except Exception as error:  # every driver has an error family of its own
        raise ConfigError(
            f"table {source.name} cannot be read: {first_line(error)}.",
            remedy="Check the table, the query and the columns.",
            file=config.path,
            line=config.line("tables", source.name),
        ) from None
    return local.create_table(f"raw_{source.name}", rows, temp=True)
