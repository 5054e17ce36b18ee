"""From what a file or a database holds to one raw table: rows are dropped, months turned, several sources united."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import SOURCE, TableSpec
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.schema import CanonicalColumn, CanonicalTable, ColumnKind
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.accounts import ACCOUNT, OUR_ACCOUNT, with_accounts
from kpi_analysis.metrics.sources.connections import Connections
from kpi_analysis.metrics.sources.files import HIDDEN, POSITION, is_text, keep_plain
from kpi_analysis.metrics.sources.preset_sources import under_aliases, with_loader_query
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.metrics.sources.union import mapped_columns, united
from kpi_analysis.metrics.sources.unpivot import Turned, columns_of_months, turn_months
from kpi_analysis.metrics.sources.value_formats import ValueFormat, reading_hints, wanted_kinds, write_plainly


@dataclass(frozen=True)
class PreparedSource:
    """One source of a table, ready to be mapped.

    Parameters
    ----------
    name : str
        For messages and for lines of the company file.
    label : str
        What its rows are called in the dimension `source`; empty where the table has but one.
    spec : TableSpec
        With what its preset says.
    raw : Table
        Its rows under their own column names, or the aliases of its preset.
    read : FileRead, optional
        What is to be known of its files.
    offset : int
        How many rows stand before it in the files of the table.
    dropped : (int, int), optional
        How many rows `where` has dropped, and of how many.
    formats : mapping of str to ValueFormat, optional
        How columns are written in its files, as far as that is not plain; None where it has none, and the words of a
        database are read as they stand.
    headers : mapping of str to str
        What a column is called in its files, where that is something else.
    turned : Turned, optional
        Where its months stood in columns, what was found there.
    is_further : bool
        Whether its rows are those of the source before it, which have two sides.
    mapped : sequence of (CanonicalColumn, str, Value)
        Of one of several sources: its columns, what they are mapped from, and as they stand there.
    """

    name: str
    label: str
    spec: TableSpec
    raw: ir.Table
    read: FileRead | None = None
    offset: int = 0
    dropped: tuple[int, int] | None = None
    formats: Mapping[str, ValueFormat] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    turned: Turned | None = None
    is_further: bool = False
    mapped: Sequence[tuple[CanonicalColumn, str, ir.Value]] = ()

    @property
    def rows(self) -> int:
        """How many rows its files have."""
        return 0 if self.read is None else self.read.rows


@dataclass(frozen=True)
class PreparedTable:
    """A table, ready to be mapped: that of its one source, or several united.

    Parameters
    ----------
    raw : Table
        Where it is united, under canonical names.
    spec : TableSpec
        How its columns are mapped.
    sources : sequence of PreparedSource
    """

    raw: ir.Table
    spec: TableSpec
    sources: Sequence[PreparedSource]

    @property
    def is_united(self) -> bool:
        """Whether its rows are of several sources, or of several sides of one."""
        return len(self.sources) > 1

    def place(self, position: int) -> tuple[PreparedSource, int]:
        """The source of a row of a file, and the place of the row in it."""
        for source in self.sources:
            if source.offset <= position < source.offset + source.rows:
                return source, position - source.offset
        return self.sources[-1], position


def prepare_table(
    config: CompanyConfig, connections: Connections, table: CanonicalTable, spec: TableSpec
) -> PreparedTable:
    """Table as it stands in its sources, with what the company file says of its rows done.

    Parameters
    ----------
    config : CompanyConfig
    connections : Connections
    table : CanonicalTable
        With the columns of one's own.
    spec : TableSpec
        What the company file says of the table.

    Returns
    -------
    PreparedTable

    Raises
    ------
    ConfigError
        When a source cannot be read, or a text of the company file is wrong.
    """
    sources: list[PreparedSource] = []
    offset = 0
    for (name, one), label in zip(spec.each(table.name), source_labels(spec), strict=True):
        sources += _prepare_source(config, connections, table, name, one, label, offset)
        offset += sources[-1].rows
    if len(sources) == 1 and not spec.sources:
        return PreparedTable(sources[0].raw, sources[0].spec, sources)
    reads = {source.name: source.read for source in sources if source.read is not None}
    if reads:
        connections.reads[table.name] = FileRead(tuple(part for one in reads.values() for part in one.parts))
    sources = [replace(source, mapped=mapped_columns(config, table, source)) for source in sources]
    plain = TableSpec(sources=(spec,)) if not spec.sources else spec
    return PreparedTable(united(config, connections.local, sources), plain, sources)


def _prepare_source(
    config: CompanyConfig,
    connections: Connections,
    table: CanonicalTable,
    name: str,
    spec: TableSpec,
    label: str,
    offset: int,
) -> list[PreparedSource]:
    """One source, or the several sides of its rows where its preset tells of such."""
    spec = with_extra(with_loader_query(config, table.name, name, spec))
    raw = connections.open(name, spec)
    read = connections.reads.get(name)
    is_plain = not (spec.is_prepared or label)
    if read is not None and not is_plain:
        raw = raw.mutate(**{POSITION: ibis.row_number()})
    found = under_aliases(config, table.name, name, spec, raw, read)
    raw, spec = found.raw, found.parts[0].spec
    formats: Mapping[str, ValueFormat] | None = None
    if spec.path is not None:
        conditions = [spec.where, *(part.where for part in found.parts)]
        raw, formats = _written_plainly(config, connections, table, name, spec, raw, found.kinds, conditions)
    if is_plain:
        return [PreparedSource(name, label, spec, raw, read, formats=formats)]
    sources = []
    for place, part in enumerate(found.parts):
        rows = raw
        for text in (part.where, spec.where):
            rows = rows if text is None else rows.filter(_condition(config, name, text, rows))
        own, headers, turned, kept_rows = part.spec, dict(found.headers), None, rows
        if own.unpivot is not None:
            turned = turn_months(config, connections.local, name, own, rows, read)
            rows = turned.rows
        elif own.accounts is not None:
            if own.columns.get(ACCOUNT, ACCOUNT) in raw.columns:
                headers[OUR_ACCOUNT] = own.columns.get(ACCOUNT, ACCOUNT)
            rows, own = with_accounts(config, name, own, rows)
        dropped = _dropped(raw, kept_rows, read) if part.where or spec.where else None
        kept = name if len(found.parts) == 1 or SOURCE in name else f"{name}{SOURCE}1"
        if kept != name and read is not None:
            connections.reads[kept] = read
        sources.append(
            PreparedSource(
                kept, label, own, rows, read, offset, dropped, formats, headers, turned, is_further=place > 0
            )
        )
    return sources


def _written_plainly(
    config: CompanyConfig,
    connections: Connections,
    table: CanonicalTable,
    name: str,
    spec: TableSpec,
    raw: ir.Table,
    known: Mapping[str, ColumnKind],
    conditions: Sequence[str | None],
) -> tuple[ir.Table, Mapping[str, ValueFormat]]:
    """Raw table of files in which numbers and dates are written in one form, and how they were written."""
    read = connections.reads.get(name)
    hints = reading_hints(config.locale, read, spec.columns.values())
    wanted = wanted_kinds(table.columns.values(), spec.columns, raw.columns, conditions)
    kinds: dict[str, ColumnKind] = {**wanted, **known}
    if spec.unpivot is not None:
        kinds |= dict.fromkeys(columns_of_months(config, name, spec.unpivot, plain_columns_of(raw)), "number")
    plain, formats = write_plainly(raw, kinds, spec.read, hints)
    has_texts = read is not None and is_text([part.file for part in read.parts])
    return (plain if plain is raw or not has_texts else keep_plain(connections.local, name, plain)), formats


def with_extra(spec: TableSpec) -> TableSpec:
    """Source with its columns under `extra` among the mapped ones."""
    own = {name: extra.origin for name, extra in spec.extra.items() if extra.origin is not None}
    return spec.model_copy(update={"columns": own | spec.columns}) if own else spec


def source_labels(spec: TableSpec) -> list[str]:
    """What the rows of each source are called; nothing where there is but one.

    Parameters
    ----------
    spec : TableSpec

    Returns
    -------
    list of str
        Its `source`, its preset, the name of its file, its table, or its number; each once.

    Examples
    --------
    >>> spec = TableSpec.model_validate([{"path": "a/google.csv"}, {"path": "meta.csv.gz"}, {"table": "ads.bing"}])
    >>> source_labels(spec), source_labels(TableSpec(path="a.csv"))
    (['google', 'meta', 'ads.bing'], [''])
    """
    if not spec.sources:
        return [""]
    presets = [one.preset for one in spec.sources]
    found: list[str] = []
    for number, one in enumerate(spec.sources, start=1):
        stem = None if one.path is None else Path(one.path).name.split(".")[0].strip("*?[]_- ")
        alone = one.preset if one.preset is not None and presets.count(one.preset) == 1 else None
        label = one.source or alone or stem or one.table or one.preset or f"source {number}"
        found.append(label if label not in found else f"{label} {number}")
    return found


def plain_columns_of(raw: ir.Table) -> list[str]:
    """The columns of a raw table that stand in its source."""
    return [column for column in raw.columns if not column.startswith(HIDDEN)]


def _condition(config: CompanyConfig, name: str, text: str, raw: ir.Table) -> ir.BooleanValue:
    """Condition over the columns of a source; a row for which it cannot be said is dropped."""
    try:
        return sql.condition(text, raw).fill_null(False)
    except sql.MissingColumn as error:
        own = plain_columns_of(raw)
        missing = next((one for one in sorted(sql.columns_of(text)) if one not in own), "")
        hint = did_you_mean(missing, own) or f"Its columns: {', '.join(own)}."
        raise ConfigError(
            f"table {name}, where: {error.message}", remedy=hint, file=config.path,
            line=config.line("tables", name, "where"),
        ) from None  # fmt: skip
    except ConfigError as error:
        raise ConfigError(
            f"table {name}, where: {error.message}", remedy=error.remedy, file=config.path,
            line=config.line("tables", name, "where"),
        ) from None  # fmt: skip


def _dropped(raw: ir.Table, rows: ir.Table, read: FileRead | None) -> tuple[int, int]:
    """How many rows a condition has dropped, and of how many; counted here, as texts are not kept for long."""
    whole = int(raw.count().to_pyarrow().as_py()) if read is None else read.rows
    return whole - int(rows.count().to_pyarrow().as_py()), whole
