"""The recipes of CONTRIBUTING.md: read from the page, done in a copy of the repository, and run there.

A fenced block is a step where the line before it says so: ``<!-- recipe NAME: create PATH -->`` writes a file, ``append
PATH`` goes to the end of one, ``edit PATH`` is a diff of lines that stand once in the file, and ``run`` are commands.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STEP = re.compile(r"^<!-- recipe ([\w-]+): (create|append|edit|run) ?(\S*) -->\n+```\w*\n(.*?)^```$", re.M | re.S)
COPIED = ("kpi_analysis", "tests", "notebooks", "params")
LINKED = ("data", "pyproject.toml", "ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "CHANGELOG.md", "LICENSE")
# Each says first which package it imports.
SAYS = "import kpi_analysis, sys; print(kpi_analysis.__file__, flush=True); "
PROGRAMS = {
    ".venv/bin/python": ["-c", f"{SAYS}import pytest; sys.exit(pytest.main(sys.argv[1:]))"],
    ".venv/bin/kpi": ["-c", f"{SAYS}from kpi_analysis.cli.main import main; main()"],
    ".venv/bin/ruff": ["-m", "ruff"],
}


class StepFailed(Exception):
    """A step cannot be done, or a command of a recipe fails."""


@dataclass(frozen=True)
class Step:
    """One step: what is done, to which file, and the text of the block."""

    recipe: str
    action: str
    path: str
    text: str


def steps() -> list[Step]:
    """All steps of all recipes in the order of the page."""
    page = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return [Step(*match.groups()) for match in STEP.finditer(page)]


def steps_of(recipe: str) -> list[Step]:
    """The steps of one recipe."""
    return [step for step in steps() if step.recipe == recipe]


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what recipes change, with its compiled files, and link what they only read."""
    copy = folder / "repository"
    copy.mkdir()
    for name in COPIED:
        shutil.copytree(REPOSITORY / name, copy / name)
    for name in LINKED:
        (copy / name).symlink_to(REPOSITORY / name)
    (copy / "reports").mkdir()
    return copy


def do(step: Step, copy: Path) -> None:
    """Do a step in a copy of the repository."""
    path = copy / step.path
    if step.action == "run":
        for command in step.text.splitlines():
            run(command, copy)
    elif step.action == "create":
        if path.exists():
            raise StepFailed(f"{step.path} is there already.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")
    elif step.action == "append":
        path.write_text(path.read_text(encoding="utf-8") + step.text, encoding="utf-8")
    else:
        path.write_text(edited(path.read_text(encoding="utf-8"), step), encoding="utf-8")


def edited(text: str, step: Step) -> str:
    """The text of a file after the diffs of a block, which blank lines part."""
    for hunk in step.text.rstrip("\n").split("\n\n"):
        lines = hunk.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if line[0] != "+")
        after = "".join(f"{line[1:]}\n" for line in lines if line[0] != "-")
        if len(re.findall(f"^(?={re.escape(before)})", text, re.MULTILINE)) != 1:
            raise StepFailed(f"{step.path} has not just one place with\n{before}")
        text = text.replace(before, after)
    return text


def run(command: str, copy: Path) -> None:
    """Run a command of a recipe with the package of the copy, and fail where another one was imported."""
    program, *arguments = shlex.split(command)
    prefix = PROGRAMS[program]
    if program == ".venv/bin/python":
        if arguments[:2] != ["-m", "pytest"]:
            raise StepFailed(f"A recipe runs python -m pytest; found {command}")
        arguments = ["-q", "-p", "no:cacheprovider", *arguments[2:]]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take longer to load than most recipes to run
    done = subprocess.run(
        [sys.executable, *prefix, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepFailed(f"{command}\n{done.stdout[-6000:]}{done.stderr[-3000:]}")
    imported = done.stdout.splitlines()[0] if program != ".venv/bin/ruff" else str(copy)
    if not Path(imported).resolve().is_relative_to(copy.resolve()):
        raise StepFailed(f"{command} ran {imported}, which is not the copy.")


def follow(recipe: str, folder: Path) -> Iterator[Step]:
    """Do the steps of a recipe in a copy of the repository, and tell each one that is done."""
    copy = copy_of_the_repository(folder)
    for step in steps_of(recipe):
        do(step, copy)
        yield step
