"""Loader tables: presets of a database's schema turned into the SQL of canonical tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.presets.loading import find_preset, load_loaders
from kpi_analysis.presets.model import LoaderPreset

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")


@dataclass(frozen=True)
class LoaderQuery:
    """Query of a canonical table over the tables of a loader.

    Parameters
    ----------
    sql : str
        One select whose columns are canonical.
    columns : mapping of str to str
        What `columns:` of the company file would say.
    """

    sql: str
    columns: Mapping[str, str]


def loader_tables(
    name: str, schema: str | None = None, present: Collection[str] | None = None
) -> dict[str, LoaderQuery]:
    """Canonical tables that a preset of loader tables fills, as SQL over a schema.

    Parameters
    ----------
    name : str
        Of the preset, such as ``fivetran_hubspot``.
    schema : str, optional
        Where the loader writes; by default the one that it writes to by itself.
    present : collection of str, optional
        Tables of the schema that are there: a canonical table whose tables are not is left out.

    Returns
    -------
    dict of str to LoaderQuery

    Raises
    ------
    ConfigError
        No such preset, or a schema that is no name.

    Examples
    --------
    >>> sorted(loader_tables("fivetran_hubspot", "crm", present=["deal", "deal_pipeline_stage"]))
    ['opportunities']
    """
    preset = find_preset(name)
    if not isinstance(preset, LoaderPreset):
        hint = did_you_mean(name, load_loaders()) or f"Write {{path: …, preset: {name}}}."
        raise ConfigError(f"preset {name} is of an exported file, not of tables in a database.", remedy=hint)
    where = schema or preset.schema_
    if _NAME.fullmatch(where) is None:
        raise ConfigError(f"'{where}' is no name of a schema.", remedy=f"Write schema: {preset.schema_}, for example.")
    there = None if present is None else {table.casefold() for table in present}
    return {
        table: LoaderQuery(spec.sql.replace("{schema}", where).strip(), dict(spec.columns))
        for table, spec in preset.tables.items()
        if there is None or set(spec.needs) <= there
    }
