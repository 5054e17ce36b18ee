"""Docstrings against signatures, by pydoclint: arguments and their order, returns, raises (``make lint``).

Not held are the types of arguments, which numpydoc writes with shapes and units (``array_like, shape (n,)``), and a
"Raises" section that names what a function called raises. The paths stand in ``[tool.pydoclint]``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LEFT_OUT = ("DOC105", "DOC111", "DOC502")
RAISES = re.compile(
    r"Raised exceptions in the docstring: \[(?P<told>.*?)\]\. Raised exceptions in the body: \[(?P<raised>.*?)\]"
)


def is_held(message: str) -> bool:
    """Whether a message of pydoclint counts.

    Examples
    --------
    >>> is_held("12: DOC101: Function `f`: Docstring contains fewer arguments than in function signature.")
    True
    >>> is_held("12: DOC105: Function `f`: Argument names match, but type hints in these args do not match: x")
    False
    """
    if not re.search(r"\bDOC\d+", message) or any(code in message for code in LEFT_OUT):
        return False
    found = RAISES.search(message)
    return found is None or not _names(found["raised"]) <= _names(found["told"])


def _names(text: str) -> set[str]:
    """Names of exceptions; a private function that builds one has its own docstring."""
    names = {name.strip(" '\"") for name in text.split(",")}
    return {name for name in names if name and not name.startswith("_") and name[0].isupper()}


def main(paths: list[str]) -> int:
    """Messages about the docstrings of files and folders, printed; 1 where there are any."""
    program = Path(sys.executable).with_name("pydoclint")
    options = ["--quiet", "--show-filenames-in-every-violation-message", "True", "--config", "pyproject.toml"]
    run = subprocess.run([program, *options, *paths], capture_output=True, text=True, check=False)
    lines = (run.stdout + run.stderr).splitlines()
    held = [line.strip() for line in lines if is_held(line)]
    print("\n".join(held), end="\n" if held else "")
    if run.returncode and not any("DOC" in line for line in lines):
        print("\n".join(lines), file=sys.stderr)
        return 2
    return 1 if held else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
