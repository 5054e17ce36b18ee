"""The recipes of CONTRIBUTING.md on the wing press."""

from __future__ import annotations

from pathlib import Path

from support.recipes import follow, steps_of


def test_an_engine_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("engine", tmp_path)) == steps_of("engine")
