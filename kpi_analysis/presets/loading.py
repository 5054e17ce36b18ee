"""Presets read from their files, one YAML file a tool, in the folder `files`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from kpi_analysis.core.errors import ConfigError, did_you_mean
from kpi_analysis.core.yaml_file import YamlFile, load_model, read_yaml
from kpi_analysis.presets.model import LoaderPreset, Preset, PresetFile

FOLDER = Path(__file__).parent / "files"


@lru_cache(maxsize=1)
def load_presets() -> Mapping[str, Preset]:
    """Presets of exports by their names, in the order of the names.

    Returns
    -------
    mapping of str to Preset

    Raises
    ------
    ConfigError
        With file and line, where a file of presets is wrong.

    Examples
    --------
    >>> load_presets()["google_ads_campaigns"].fills
    ('spend',)
    """
    return MappingProxyType(dict(sorted(_load()[0].items())))


@lru_cache(maxsize=1)
def load_loaders() -> Mapping[str, LoaderPreset]:
    """Presets of loader tables by their names, in the order of the names.

    Returns
    -------
    mapping of str to LoaderPreset

    Raises
    ------
    ConfigError
        With file and line, where a file of presets is wrong.
    """
    return MappingProxyType(dict(sorted(_load()[1].items())))


def find_preset(name: str) -> Preset | LoaderPreset:
    """Preset of a name.

    Parameters
    ----------
    name : str
        Such as ``hubspot_deals``.

    Returns
    -------
    Preset or LoaderPreset

    Raises
    ------
    ConfigError
        Where there is none, with the nearest name.

    Examples
    --------
    >>> find_preset("hubspot_deals").title
    'Deals (export of the CRM)'
    """
    for path in sorted(FOLDER.glob("*.yaml")):  # most need one preset, and the files of others are not read for it
        if f"\n  {name}:\n" in path.read_text(encoding="utf-8"):
            presets, loaders = _load_file(path)
            if name in presets or name in loaders:
                return presets[name] if name in presets else loaders[name]
    known: dict[str, Preset | LoaderPreset] = {**load_presets(), **load_loaders()}
    if name not in known:
        hint = did_you_mean(name, known) or "kpi presets lists them."
        raise ConfigError(f"there is no preset '{name}'.", remedy=hint)
    return known[name]


@lru_cache(maxsize=1)
def _load() -> tuple[dict[str, Preset], dict[str, LoaderPreset]]:
    presets: dict[str, Preset] = {}
    loaders: dict[str, LoaderPreset] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        own, of_databases = _load_file(path)
        presets |= own
        loaders |= of_databases
    return presets, loaders


@lru_cache
def _load_file(path: Path) -> tuple[dict[str, Preset], dict[str, LoaderPreset]]:
    file = read_yaml(path)
    content = load_model(file, PresetFile)
    presets = {
        name: load_model(_part(file, {"tool": content.tool, **one}, ("presets", name)), Preset)
        for name, one in content.presets.items()
    }
    loaders = {
        name: load_model(_part(file, {"tool": content.tool, **one}, ("loaders", name)), LoaderPreset)
        for name, one in content.loaders.items()
    }
    return presets, loaders


def _part(file: YamlFile, data: dict[str, object], at: tuple[str, str]) -> YamlFile:
    """Part of a file as a file of its own, whose lines are those of the whole."""
    lines = {place[2:]: line for place, line in file.lines.items() if place[:2] == at}
    return YamlFile(file.path, data, lines)
