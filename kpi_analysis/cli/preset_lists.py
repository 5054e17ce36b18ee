"""The known exports and loader tables on a terminal: all of them as a list, one of them whole."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kpi_analysis.presets import LoaderPreset, Preset, find_preset
from kpi_analysis.presets.loading import load_loaders, load_presets
from kpi_analysis.presets.model import PresetTable


def print_presets() -> None:
    """Print all presets: name, tool, file or tables, what they fill, and how they are recognised."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("preset", "tool", "export or tables", "fills", "recognised by"):
        table.add_column(head, overflow="fold")
    for name, preset in load_presets().items():
        cells = (name, preset.tool, preset.title, ", ".join(preset.fills) or "nothing", recognised_words(preset))
        table.add_row(*map(escape, cells))
    for name, loader in load_loaders().items():
        title = f"{loader.loader}: {', '.join(loader.source_tables)}"
        table.add_row(*map(escape, (name, loader.tool, title, ", ".join(loader.fills), "its tables")))
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def recognised_words(preset: Preset) -> str:
    """How a preset is recognised: the headers that must be there, in their first spelling.

    Parameters
    ----------
    preset : Preset

    Returns
    -------
    str

    Examples
    --------
    >>> preset = find_preset("meta_ads")
    >>> recognised_words(preset) if isinstance(preset, Preset) else ""  # doctest: +NORMALIZE_WHITESPACE
    'Day, Amount spent ({currency}); one of Campaign name, Reporting starts, Reporting ends, Campaign delivery;
    one of Impressions, Reach, Link clicks, Clicks (all)'
    """
    words = [", ".join(preset.headers[alias][0] for alias in preset.recognised_by)] if preset.recognised_by else []
    words += ["one of " + ", ".join(preset.headers[alias][0] for alias in group) for group in preset.any_of]
    words += ["months as columns"] if preset.months else []
    words += ["a line " + " or ".join(f"'{label}'" for label in group) for group in preset.labels]
    return "; ".join(words)


def print_preset(name: str) -> None:
    """Print one preset whole: where its layout was seen, its headers, what it fills and how, and its notes.

    Parameters
    ----------
    name : str
        Of the preset.

    Raises
    ------
    ConfigError
        Where there is none, with the nearest name.
    """
    preset = find_preset(name)
    _say(f"[bold]{escape(name)}[/]  {escape(preset.tool)}: {escape(preset.title)}")
    _say(f"layout seen: {escape(preset.seen.words)}")
    for note in preset.notes:
        _say(f"- {escape(note)}")
    if isinstance(preset, LoaderPreset):
        _say_loader(name, preset)
        return
    _say("\n[bold]recognised by[/]")
    _say(f"  {escape(recognised_words(preset))}")
    if preset.told_by is not None:
        _say(f"  rows in which {escape(' '.join(preset.told_by.split()))}")
    if preset.headers:
        _say("\n[bold]headers[/], by the short name that expressions use")
    for alias, known in preset.headers.items():
        _say(f"  {alias}: {escape(' | '.join(known))}")
    for table in preset.tables:
        part = preset.table(table)
        _say(f"\n[bold]{table}[/]")
        for one in (part, *part.also):
            _say_part(one, further=one is not part)
    if preset.reason is not None:
        _say(f"\nfills nothing: {escape(preset.reason)}.")
    if preset.tables:
        table = next(iter(preset.tables))
        _say(f"\ntables:\n  {table}: {{path: …, preset: {name}}}", markup=False)


def _say(text: str, *, markup: bool = True) -> None:
    """Print a line that is not cut, whatever the width of the terminal."""
    Console(highlight=False, soft_wrap=True).print(text, markup=markup)


def _say_part(part: PresetTable, *, further: bool) -> None:
    if further:
        _say("  and of the same rows")
    if part.where is not None:
        _say(f"  rows: {escape(part.where)}")
    if part.unpivot is not None:
        place = f"accounts stand in column {part.unpivot.account}"
        _say(f"  months in the columns {part.unpivot.months} become rows; {place}")
    for column, text in part.columns.items():
        _say(f"  {column}: {escape(' '.join(text.split()))}")


def _say_loader(name: str, preset: LoaderPreset) -> None:
    for table, spec in preset.tables.items():
        _say(f"\n[bold]{table}[/], from {', '.join(spec.needs)}")
        _say(escape(spec.sql.strip()))
    line = f"{{preset: {name}, schema: {preset.schema_}}}"
    _say("\ntables:", markup=False)
    for table in preset.tables:
        _say(f"  {table}: {line}", markup=False)
