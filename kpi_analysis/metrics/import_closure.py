"""Import closure: the modules of this package that a module needs, found in their text without importing any."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parents[1]

# Only statements that import this package are parsed: to parse whole files takes as long as to write a small report.
_MEMBERS = r"\([^()\n]*\)|\((?:[^\n]*\n)+?[ \t]*\)"  # on one line, or down to a line that closes them
_STATEMENT = re.compile(rf"^[ \t]*(?:from|import)[ \t]+{PACKAGE}\b[^\n(]*(?:{_MEMBERS})?", re.MULTILINE)


def import_closure(entry_points: Iterable[str], *, without: Collection[str] = ()) -> dict[str, Path]:
    """Import closure of modules: every module of this package that they import, directly or through another one.

    Imports inside functions and those for type checkers count as well, so that nothing is missed; the packages in
    which a module lies count, because Python runs them before it, but for the outermost one.

    Parameters
    ----------
    entry_points : iterable of str
        Modules by their names below the package, such as ``metrics.compute``.
    without : collection of str
        Packages at which the walk stops, such as ``design``.

    Returns
    -------
    dict of str to Path
        File of each module by its name, in the order of the names; the entry points are among them.

    Raises
    ------
    ModuleNotFoundError
        When an entry point, or a module that is imported, does not exist.

    Examples
    --------
    >>> sorted(import_closure(["core.errors"]))
    ['core', 'core.errors']
    """
    found: dict[str, Path] = {}
    waiting = [*entry_points]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] in without:
            continue
        path = _file(name)
        if path is None:
            raise ModuleNotFoundError(f"No module named '{PACKAGE}.{name}'", name=f"{PACKAGE}.{name}")
        found[name] = path
        waiting += [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
        waiting += imported_modules(path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def imported_modules(source: str) -> Iterator[str]:
    """Modules of this package that a source text imports, by their names below the package."""
    for statement in _STATEMENT.findall(source):
        try:
            tree = ast.parse(textwrap.dedent(statement))
        except SyntaxError:  # a line of prose that begins like an import
            continue
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                module = str(node.module).removeprefix(PACKAGE).removeprefix(".")
                members = (".".join(filter(None, (module, alias.name))) for alias in node.names)
                yield from filter(None, (module, *(name for name in members if _file(name) is not None)))
            elif isinstance(node, ast.Import):
                names = (alias.name.removeprefix(PACKAGE).removeprefix(".") for alias in node.names)
                yield from filter(None, names)


def _file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
