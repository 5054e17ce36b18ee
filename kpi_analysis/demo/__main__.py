"""``python -m kpi_analysis.demo [FOLDER]`` writes the demo company, into data/demo unless told otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

from kpi_analysis.demo import write


def main(arguments: list[str]) -> int:
    """Write the files and name them; 2 where the arguments cannot be meant."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write("Found more than a folder. Write: python -m kpi_analysis.demo [FOLDER]\n")
        return 2
    for path in write(Path(arguments[0] if arguments else "data/demo")):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
