"""The recipes of CONTRIBUTING.md on the wing report."""

from __future__ import annotations

from pathlib import Path

from support.recipes import follow, steps_of


def test_a_section_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("section", tmp_path)) == steps_of("section")


def test_a_chart_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("chart", tmp_path)) == steps_of("chart")


def test_a_notebook_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("notebook", tmp_path)) == steps_of("notebook")
