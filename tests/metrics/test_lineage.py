"""Lineage: the hash of the code covers all that computes, whatever module it lies in."""

import ast
import sys
from pathlib import Path

import pytest

import kpi_analysis
from kpi_analysis.metrics.code_hash import ENTRY_POINTS, LOOKS
from kpi_analysis.metrics.import_closure import import_closure, imported_modules

PACKAGE = Path(kpi_analysis.__file__).parent


@pytest.mark.parametrize(
    "module",
    ["core.formula", "core.schema", "metrics.sql.aggregates", "metrics.compute.evaluate", "metrics.compute.execution",
     "metrics.sources.currencies", "stats.intervals", "stats.customers.bg_nbd", "stats.projections.project_history",
     "stats.drivers.decompose", "insight.targets"],
)  # fmt: skip
def test_what_compute_imports_at_whatever_distance_is_part_of_the_code(module: str) -> None:
    assert module in import_closure(ENTRY_POINTS, without=LOOKS)


@pytest.mark.parametrize("wing", ["design", "report", "press", "cli", "demo"])
def test_how_a_report_looks_is_no_part_of_the_code(wing: str) -> None:
    assert not [name for name in import_closure(ENTRY_POINTS, without=LOOKS) if name.partition(".")[0] == wing]


def test_every_module_that_python_loads_for_them_is_found() -> None:
    """By the second route: what a Python of its own has loaded after it imported the entry points."""
    import subprocess

    names = ", ".join(f"kpi_analysis.{name}" for name in ENTRY_POINTS)
    shown = "print(*(name for name in sys.modules if name.startswith('kpi_analysis.')))"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys, {names}; {shown}"], capture_output=True, text=True, check=True
    )
    loaded = {name.removeprefix("kpi_analysis.") for name in run.stdout.split()}
    assert loaded <= set(import_closure(ENTRY_POINTS))


def test_imports_are_found_as_pythons_own_parser_finds_them() -> None:
    missed = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        wanted = set()
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            wanted |= {name.removeprefix("kpi_analysis.") for name in names if name.startswith("kpi_analysis.")}
        missed[path.name] = wanted - set(imported_modules(path.read_text(encoding="utf-8")))
    assert not {name: modules for name, modules in missed.items() if modules}


def test_a_module_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"metrics\.nothing"):
        import_closure(["metrics.nothing"])
