"""The recipes of CONTRIBUTING.md on the wing stats."""

from __future__ import annotations

from pathlib import Path

from support.recipes import follow, steps_of


def test_a_method_by_its_recipe(tmp_path: Path) -> None:
    assert list(follow("method", tmp_path)) == steps_of("method")
