"""Which schemas of a database a loader (dlt, Airbyte, Fivetran) keeps of a tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpi_analysis.cli.scaffold.inspect_files import Found, FoundTable
from kpi_analysis.cli.scaffold.source_draft import SourceDraft
from kpi_analysis.presets import loader_tables
from kpi_analysis.presets.loading import load_loaders

# Columns that a loader adds to each of its tables.
MARKS: Mapping[str, tuple[str, ...]] = {
    "Fivetran": ("_fivetran_synced", "_fivetran_deleted"),
    "Airbyte": ("_airbyte_extracted_at", "_airbyte_raw_id", "_airbyte_ab_id", "_airbyte_emitted_at"),
    "dlt": ("_dlt_id", "_dlt_load_id"),
}


def loader_sources(found: Sequence[Found]) -> tuple[list[SourceDraft], dict[str, str]]:
    """Return the sources that schemas of loaders give, and the line of each of their tables.

    Parameters
    ----------
    found : sequence of FoundTable or NotReadable

    Returns
    -------
    list of SourceDraft
    dict of str to str
        By the name of what was found.
    """
    drafts: list[SourceDraft] = []
    lines: dict[str, str] = {}
    filled: set[str] = set()
    for schema, tables in _schemas(found).items():
        best = _loader_of(schema, tables)
        if best is None:
            continue
        name, canonical = best
        new = [table for table in canonical if table not in filled]
        filled.update(new)
        drafts += [SourceDraft(table, {"preset": name, "schema": schema}, next(iter(tables.values()))) for table in new]
        needed: dict[str, list[str]] = {table: [] for table in tables}
        for table, spec in load_loaders()[name].tables.items():
            for need in spec.needs:
                if table in new:
                    needed.get(need.casefold(), []).append(table)
        for table, one in tables.items():
            use = f" ({', '.join(needed[table])})" if needed[table] else " (not needed)"
            lines[one.name] = f"{one.name}: recognised as {name}{use}"
    return drafts, lines


def _schemas(found: Sequence[Found]) -> dict[str, dict[str, FoundTable]]:
    schemas: dict[str, dict[str, FoundTable]] = {}
    for one in found:
        if isinstance(one, FoundTable) and one.table is not None and "." in one.table:
            schema, _, table = one.table.rpartition(".")
            schemas.setdefault(schema, {})[table.casefold()] = one
    return schemas


def _loader_of(schema: str, tables: Mapping[str, FoundTable]) -> tuple[str, list[str]] | None:
    """Name of the preset whose tables a schema holds, with the canonical ones it fills; the one that fills the most."""
    headers = {header.casefold() for one in tables.values() for header in one.headers}
    best: tuple[str, list[str]] | None = None
    for name, preset in load_loaders().items():
        if not headers & set(MARKS[preset.loader]):
            continue
        canonical = list(loader_tables(name, schema, present=list(tables)))
        if canonical and (best is None or len(canonical) > len(best[1])):
            best = name, canonical
    return best
