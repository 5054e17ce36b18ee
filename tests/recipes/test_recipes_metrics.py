"""The recipes of CONTRIBUTING.md on the wing metrics."""

from __future__ import annotations

from pathlib import Path

from support.recipes import follow, steps_of


def test_a_kpi_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("kpi", tmp_path)) == steps_of("kpi")


def test_a_measure_kind_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("kind", tmp_path)) == steps_of("kind")


def test_a_column_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("column", tmp_path)) == steps_of("column")


def test_a_dialect_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("dialect", tmp_path)) == steps_of("dialect")
