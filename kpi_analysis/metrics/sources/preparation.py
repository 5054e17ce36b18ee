"""From what a file or a database holds to one raw table: rows are dropped, months turned, several sources united."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.config.company import CompanyConfig
from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.schema import CanonicalColumn, CanonicalTable
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.connections import Connections
from kpi_analysis.metrics.sources.files import HIDDEN, POSITION, is_text, keep_plain
from kpi_analysis.metrics.sources.preset_sources import (
    PresetSource,
    with_further_rows,
    with_preset,
    with_title_line,
)
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.metrics.sources.union import mapped_columns, united
from kpi_analysis.metrics.sources.value_formats import ValueFormat, reading_hints, wanted_kinds, write_plainly


@dataclass(frozen=True)
class PreparedSource:
    """One source of a table, ready to be mapped.

    Parameters
    ----------
    name : str
        For messages and for lines of the company file.
    label : str
        What its rows are called in the dimension `source`.
    spec : TableSpec
        With what its preset says.
    raw : Table
        Its rows under their own column names.
    read : FileRead, optional
        What is to be known of its files.
    whole : Table, optional
        Its rows before `where` dropped some.
    formats : mapping of str to ValueFormat, optional
        How columns are written in its files, as far as that is not plain; None where it has none, and the words of a
        database are read as they stand.
    mapped : sequence of (CanonicalColumn, str, Value)
        Of one of several sources: its columns, what they are mapped from, and as they stand there.
    """

    name: str
    label: str
    spec: TableSpec
    raw: ir.Table
    read: FileRead | None = None
    whole: ir.Table | None = None
    formats: Mapping[str, ValueFormat] | None = None
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
    read : FileRead, optional
        What is to be known of all files, in the order of the rows.
    sources : sequence of PreparedSource
    """

    raw: ir.Table
    spec: TableSpec
    read: FileRead | None
    sources: Sequence[PreparedSource]

    def place(self, position: int) -> tuple[PreparedSource, int]:
        """The source of a row of a file, and the place of the row in it."""
        for source in self.sources:
            if position < source.rows:
                return source, position
            position -= source.rows
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
    labels = source_labels(spec)
    sources = [
        _prepare_source(config, connections, table, name, one, label)
        for (name, one), label in zip(spec.each(table.name), labels, strict=True)
    ]
    if not spec.sources:
        return PreparedTable(sources[0].raw, sources[0].spec, sources[0].read, sources)
    reads = [source.read for source in sources if source.read is not None]
    read = FileRead(tuple(part for one in reads for part in one.parts)) if reads else None
    if read is not None:
        connections.reads[table.name] = read
    sources = [replace(source, mapped=mapped_columns(config, table, source)) for source in sources]
    return PreparedTable(united(config, connections.local, sources), spec, read, sources)


def _prepare_source(
    config: CompanyConfig, connections: Connections, table: CanonicalTable, name: str, spec: TableSpec, label: str
) -> PreparedSource:
    raw = connections.open(name, spec)
    spec = with_extra(spec)
    read = connections.reads.get(name)
    formats: Mapping[str, ValueFormat] | None = None
    preset = None
    if spec.preset is not None and spec.path is not None:
        preset = with_preset(config, table, name, spec, raw, read)
        raw, spec, read = preset.raw, preset.spec, preset.read
        if read is not None:
            connections.reads[name] = read
    if spec.path is not None:
        raw, formats = _written_plainly(config, connections, table, name, spec, raw, preset)
    if not spec.is_prepared and label == "":
        return PreparedSource(name, label, spec, raw, read, formats=formats)
    if read is not None:
        raw = raw.mutate(**{POSITION: ibis.row_number()})
    if preset is not None:
        raw = with_title_line(raw, (spec, *preset.also), read)
    whole = None
    if spec.where is not None:
        whole, raw = raw, raw.filter(_condition(config, name, spec.where, raw))
    source = PreparedSource(name, label, spec, raw, read, whole, formats)
    return source if preset is None or not preset.also else _with_further_rows(config, table, source, preset.also)


def _with_further_rows(
    config: CompanyConfig, table: CanonicalTable, source: PreparedSource, also: Sequence[TableSpec]
) -> PreparedSource:
    """Source with the further rows that its preset makes of the same rows, under canonical names."""
    whole = source.raw if source.whole is None else source.whole
    parts = [source]
    for spec in also:
        rows = whole if spec.where is None else whole.filter(_condition(config, source.name, spec.where, whole))
        parts.append(replace(source, spec=spec, raw=rows))
    values = [{column.name: value for column, _, value in mapped_columns(config, table, part)} for part in parts]
    pairs = [(part.raw, own) for part, own in zip(parts, values, strict=True)]
    raw = with_further_rows(source.raw, pairs)
    return replace(source, raw=raw, spec=source.spec.model_copy(update={"columns": {}}))


def _written_plainly(
    config: CompanyConfig,
    connections: Connections,
    table: CanonicalTable,
    name: str,
    spec: TableSpec,
    raw: ir.Table,
    preset: PresetSource | None = None,
) -> tuple[ir.Table, Mapping[str, ValueFormat]]:
    """Raw table of files in which numbers and dates are written in one form, and how they were written."""
    read = connections.reads.get(name)
    hints = reading_hints(config.locale, read, spec.columns.values())
    kinds = wanted_kinds(table.columns.values(), spec.columns, raw.columns)
    if preset is not None:
        kinds = {one: kind for one, kind in kinds.items() if one not in preset.aliases} | dict(preset.kinds)
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


def dropped_rows(table: PreparedTable) -> Mapping[str, tuple[int, int]]:
    """How many rows `where` has dropped, and of how many, by the name of the source."""
    found = {}
    for source in table.sources:
        if source.whole is not None:
            before = int(source.whole.count().to_pyarrow().as_py())
            found[source.name] = (before - int(source.raw.count().to_pyarrow().as_py()), before)
    return found
