"""Resolution of a preset for one table: their headers by its aliases, and the columns that can be made of them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import TABLES, ColumnKind
from kpi_analysis.presets.expressions import aliases_in, needed_names
from kpi_analysis.presets.headers import find_headers, plain_header
from kpi_analysis.presets.loading import find_preset
from kpi_analysis.presets.model import FROM_FILE, LoaderPreset, Preset, PresetTable, UnpivotPart


@dataclass(frozen=True)
class ResolvedPreset:
    """Preset as it applies to one table of an export.

    Parameters
    ----------
    renames : mapping of str to str
        Their header by alias, of those that are there.
    where : str, optional
        Condition over the aliases: the rows that count.
    columns : mapping of str to str
        Expression over the aliases by canonical column, of those that can be made.
    kinds : mapping of str to str
        Kind by alias, of those that hold numbers, days or times.
    unpivot : UnpivotPart, optional
        Months in columns.
    accounts : mapping of str to tuple of str
        Their names of accounts by the canonical one.
    currency : str, optional
        As a header names it.
    also : tuple of ResolvedPreset
        Further rows of the same table, made from the same rows of the export.
    """

    renames: Mapping[str, str]
    columns: Mapping[str, str]
    where: str | None = None
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    unpivot: UnpivotPart | None = None
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    currency: str | None = None
    also: tuple[ResolvedPreset, ...] = ()


def resolve(name: str, table: str, headers: Sequence[str], overridden: Sequence[str] = ()) -> ResolvedPreset:
    """Preset as it applies to a table with these headers.

    Parameters
    ----------
    name : str
        Of the preset.
    table : str
        The canonical table that it is to fill.
    headers : sequence of str
        Of the export, as they stand.
    overridden : sequence of str
        Canonical columns that the company file maps itself; the preset need not find what it makes them of.

    Returns
    -------
    ResolvedPreset

    Raises
    ------
    ConfigError
        No such preset; it does not fill this table; or a header that it needs is not there, with the nearest one.

    Examples
    --------
    >>> resolved = resolve("meta_ads", "spend", ["Day", "Campaign name", "Amount spent (USD)", "Impressions"])
    >>> resolved.renames["amount"], resolved.columns["currency"], "clicks" in resolved.columns
    ('Amount spent (USD)', "'USD'", False)
    """
    preset = find_preset(name)
    if isinstance(preset, LoaderPreset):
        raise ConfigError(
            f"preset {name} is of tables in a database, and a file was given.",
            remedy=f"Write {{preset: {name}, schema: {preset.schema_}}} without a path.",
        )
    if table not in preset.tables:
        fills = ", ".join(preset.tables) or f"no table: {preset.reason}"
        raise ConfigError(
            f"preset {name} does not fill the table {table}. It fills {fills}.",
            remedy=f"Read its notes with: kpi presets show {name}",
        )
    found = find_headers(preset.headers, headers)
    unused = [header for header in headers if header not in found.by_alias.values()]
    part = preset.table(table)
    main = _resolved_part(name, preset, table, part, found.by_alias, found.currency, unused, overridden)
    also = tuple(
        _resolved_part(name, preset, table, one, found.by_alias, found.currency, unused, overridden)
        for one in part.also
        if _all_there(table, one, found.by_alias)
    )
    return ResolvedPreset(**{**vars(main), "also": also})


def _all_there(table: str, part: PresetTable, found: Mapping[str, str]) -> bool:
    """Whether what a further part needs is there; it makes no rows where it is not."""
    texts = [text for column, text in part.columns.items() if TABLES[table].columns[column].required]
    return all(needed_names(text) <= {*found, *FROM_FILE} for text in (*texts, *([part.where] if part.where else [])))


def _resolved_part(
    name: str,
    preset: Preset,
    table: str,
    part: PresetTable,
    found: Mapping[str, str],
    currency: str | None,
    unused: Sequence[str],
    overridden: Sequence[str],
) -> ResolvedPreset:
    """Resolve one part of a table: leave out optional columns that cannot be made, refuse where a needed one is."""
    known = TABLES[table].columns
    there = {*found, *FROM_FILE}
    columns: dict[str, str] = {}
    for column, text in part.columns.items():
        if column in overridden:
            continue
        names = aliases_in(text)
        absent = sorted(needed_names(text) - there)
        if (names and not names & there) or absent:
            if known[column].required:
                raise _renamed(name, preset, table, column, (absent or sorted(names))[0], unused)
            continue
        columns[column] = text
    if part.where:
        for alias in sorted(needed_names(part.where) - there):
            raise _renamed(name, preset, table, "", alias, unused)
    if currency is not None and "currency" in known and "currency" not in {*columns, *overridden}:
        columns["currency"] = f"'{currency}'"
    kinds = {alias: kind for alias, kind in preset.kinds.items() if alias in found}
    return ResolvedPreset(dict(found), columns, part.where, kinds, part.unpivot, dict(part.accounts), currency)


def _renamed(name: str, preset: Preset, table: str, column: str, alias: str, unused: Sequence[str]) -> ConfigError:
    """Return the error of an export whose tool has renamed a header that the preset needs."""
    spellings = preset.headers.get(alias, (alias,))
    near = _nearest_header(spellings, unused)
    hint = f"Did {preset.tool} rename it to '{near}'?" if near else ""
    shown = " or ".join(f"'{spelling}'" for spelling in spellings[:3])
    use = f"column {column}" if column else "its where"
    line = f'Map it: columns: {{{column}: "{near or "…"}"}}.' if column else ""
    others = ", ".join(unused[:12])
    return ConfigError(
        f"preset {name}, table {table}: no header {shown} was found, which {use} is made of. "
        f"Headers that the preset does not know: {others or 'none'}.",
        remedy=f"{hint} {line}".strip(),
    )


def _nearest_header(spellings: Sequence[str], unused: Sequence[str]) -> str:
    """Header that is spelled most like one that was looked for, or has most of its words; empty where none is near."""

    def likeness(spelling: str, header: str) -> float:
        ours, theirs = (plain_header(text.split("(")[0]) for text in (spelling, header))
        common = set(ours.split()) & set(theirs.split())
        return difflib.SequenceMatcher(None, ours, theirs).ratio() + len(common) / max(len(ours.split()), 1)

    ranked = [(likeness(spelling, header), header) for spelling in spellings for header in unused]
    best = max(ranked, default=(0.0, ""))
    return best[1] if best[0] >= 0.7 else ""
