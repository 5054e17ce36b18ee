"""Presets: known exports of tools and loader tables, how they are recognised and how they map onto canonical tables."""

from __future__ import annotations

from kpi_analysis.presets.loader_tables import loader_tables
from kpi_analysis.presets.loading import find_preset, load_presets
from kpi_analysis.presets.model import LoaderPreset, Preset, PresetTable
from kpi_analysis.presets.recognition import Match, missing_headers, nearest_presets, recognise
from kpi_analysis.presets.resolution import ResolvedPreset, resolve

__all__ = [
    "LoaderPreset",
    "Match",
    "Preset",
    "PresetTable",
    "ResolvedPreset",
    "find_preset",
    "load_presets",
    "loader_tables",
    "missing_headers",
    "nearest_presets",
    "recognise",
    "resolve",
]
