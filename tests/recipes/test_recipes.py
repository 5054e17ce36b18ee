"""Every recipe of CONTRIBUTING.md is one that a test follows, and a step that is left out is missed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.recipes import REPOSITORY, Step, StepFailed, edited, steps, steps_of


def test_every_recipe_of_the_page_is_followed_by_a_test() -> None:
    followed = {
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r'follow\("([\w-]+)"', path.read_text(encoding="utf-8"))
    }
    assert followed == {step.recipe for step in steps()}


def test_every_block_under_a_heading_with_a_recipe_is_a_step() -> None:
    page = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^```\w+$", page, re.M)) == len(steps())


@pytest.mark.parametrize("recipe", sorted({step.recipe for step in steps()}))
def test_a_recipe_ends_with_what_is_run(recipe: str) -> None:
    assert [step.action for step in steps_of(recipe)].index("run") == len(steps_of(recipe)) - 1


def test_a_diff_whose_lines_are_not_in_the_file_is_refused() -> None:
    step = Step("kpi", "edit", "a.py", "-x = 1\n+x = 2\n")
    assert edited("x = 1\ny = 1\n", step) == "x = 2\ny = 1\n"
    for text in ("y = 1\n", "x = 1\nx = 1\n"):
        with pytest.raises(StepFailed, match=r"a\.py"):
            edited(text, step)
