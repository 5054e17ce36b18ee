"""The rules that the repository keeps: dependencies, layers, clean files."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import kpi_analysis

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "kpi_analysis"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LONGEST = 400

# The only packages that conda-forge calls otherwise.
CONDA_NAMES = {
    "brotli": "brotli-python",
    "duckdb": "python-duckdb",
    "ibis-framework[duckdb]": "ibis-duckdb",
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
    "typst": "typst-py",
}
# What a conda environment needs over and above: the interpreter, pip for the rest, and Quarto's command line.
CONDA_ONLY = {"python", "pip", "quarto"}

A_MACHINES_PATH = re.compile(rb"(?<![\w.<~-])/(?:root|home/\w+|Users/\w+|work|tmp)/\w")
A_REGISTRY_HOST = re.compile(rb"\b(?:pypi\.org|pythonhosted\.org|anaconda\.org|npmjs\.\w+|registry\.\w+\.\w+)")


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


# --- dependencies


@cache
def project() -> dict[str, object]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> list[Requirement]:
    extras = project()["optional-dependencies"]["dev"]  # type: ignore[index]
    return [Requirement(text) for text in [*project()["dependencies"], *extras]]  # type: ignore[misc]


def conda_name(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return CONDA_NAMES.get(requirement.name + extras, requirement.name)


@cache
def locked() -> dict[str, list[tuple[Version, str]]]:
    """Each package of the lock with its versions and what stands under it, hashes and comments."""
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    entries: dict[str, list[tuple[Version, str]]] = {}
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
        entries.setdefault(canonicalize_name(name), []).append((Version(version), entry))
    return entries


def test_the_conda_environment_asks_for_what_pyproject_asks_for() -> None:
    listed = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    by_pip = {
        Requirement(text).name: Requirement(text).specifier
        for part in listed
        if isinstance(part, dict)
        for text in part["pip"]
    }
    by_conda = {Requirement(text).name: Requirement(text).specifier for text in listed if isinstance(text, str)}
    wanted = {conda_name(requirement): requirement.specifier for requirement in requirements()}
    assert {name: by_conda[name] for name in by_conda.keys() - CONDA_ONLY} | by_pip == wanted
    assert by_conda.keys() >= CONDA_ONLY
    assert by_conda["python"] == Requirement(f"python{project()['requires-python']}").specifier


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_the_lock_satisfies_pyproject(requirement: Requirement) -> None:
    versions = [version for version, _ in locked()[canonicalize_name(requirement.name)]]
    assert all(version in requirement.specifier for version in versions), versions


def test_the_lock_has_hashes_for_all_and_names_no_host_or_path() -> None:
    entries = [entry for versions in locked().values() for _, entry in versions]
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    assert re.findall(r"\w+://|--(?:extra-)?index-url|--find-links| @ |\bfile:", text) == []


def test_every_library_that_the_package_imports_is_a_dependency_of_its_own() -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in project()["dependencies"]}  # type: ignore[attr-defined]
    distributions = packages_distributions()
    undeclared = {
        f"{relative(path)}: {name}"
        for path in MODULES
        for name in {target.split(".")[0] for target in imported(path)}
        if name not in sys.stdlib_module_names
        and name not in ("kpi_analysis", "__future__")
        and not declared & {canonicalize_name(found) for found in distributions.get(name, [])}
    }
    assert undeclared == set()


# What is used without being imported: found by name, run as a program, or read by a checker.
USED_OTHERWISE = {
    "brotli": "fontTools writes WOFF2 by it",
    "font-source-sans-pro": "the files of the typeface, found as resources of the package",
    "jupyterlab": "make lab",
    "openpyxl": "pandas reads Excel by it",
    "editables": "the editable installation",
    "hatchling": "the build backend",
    "mypy": "make lint",
    "nbstripout": "pre-commit",
    "nbval": "make test",
    "pandas-stubs": "types for mypy",
    "pre-commit": "CONTRIBUTING.md",
    "pydoclint": "make lint",
    "pytest-xdist": "make test",
    "regex": "the SQLite backend of Ibis, which the tests connect to",
    "ruff": "make lint",
    "types-pyyaml": "types for mypy",
    "uv": "make setup and make lock",
}
TESTS_AND_TOOLS = sorted(
    path for name in ("tests", "tools", "benchmarks") for path in (REPOSITORY / name).rglob("*.py")
)


def unused(declared: list[str], modules: list[Path]) -> list[str]:
    """The requirements of which no module imports anything, at the top, in a function, or by name."""
    used = {name.split(".")[0] for path in modules for name in (*imported(path), *imported_by_name(path))}
    distributions = packages_distributions()
    found = {canonicalize_name(distribution) for name in used for distribution in distributions.get(name, [])}
    names = [canonicalize_name(Requirement(text).name) for text in declared]
    return [name for name in names if name not in found and name not in USED_OTHERWISE]


def imported_by_name(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
        if called in ("import_module", "importorskip") and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
            yield node.args[0].value  # type: ignore[attr-defined]


def test_every_dependency_is_used_by_the_package() -> None:
    assert unused(project()["dependencies"], MODULES) == []  # type: ignore[arg-type]


def test_every_dependency_for_development_is_used() -> None:
    extras = project()["optional-dependencies"]
    assert unused(extras["dev"], [*MODULES, *TESTS_AND_TOOLS]) == []  # type: ignore[index]


def test_a_dependency_that_nothing_imports_is_found() -> None:
    assert unused(["attrs>=1", "numpy>=2"], MODULES) == ["attrs"]
    assert {canonicalize_name(requirement.name) for requirement in requirements()} >= set(USED_OTHERWISE)


def test_the_version_stands_in_one_place_and_heads_the_changelog() -> None:
    about = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert about["project"]["dynamic"] == ["version"]
    assert about["tool"]["hatch"]["version"]["path"] == "kpi_analysis/__init__.py"
    sections = re.findall(r"^## (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] == kpi_analysis.__version__
    assert version("kpi-analysis") == kpi_analysis.__version__, "make setup brings the installed package up to date"


# --- layers


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too, but not those for type checkers alone."""
    package = path.relative_to(REPOSITORY).with_suffix("").parts[:-1]
    for node in running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            parent = ".".join([*base, *([node.module] if node.module else [])])
            # From the package itself come modules; from a module comes what it holds.
            yield from ((f"{parent}.{alias.name}" for alias in node.names) if parent == "kpi_analysis" else [parent])


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, but for the blocks `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from (below for other in child.orelse for below in running(other))
            continue
        yield child
        yield from running(child)


# Ten wings and the demo company. Each may import those named beside it, and what lies inside it.
WINGS = {
    "core": set(),
    "design": {"core"},
    "stats": {"core"},
    "presets": {"core"},
    "metrics": {"core", "design", "stats", "presets"},
    "insight": {"core", "design", "stats", "metrics"},
    "report": {"core", "design", "stats", "metrics", "insight"},
    "press": {"core", "design"},
    "cli": {"core", "design", "stats", "presets", "metrics", "insight", "report", "press"},
    "demo": {"core"},
}
ANALYSIS = {"stats", "metrics", "insight", "report"}


def wing(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def wings_imported(path: Path) -> set[str]:
    """The wings of this package that a file imports; what the package itself offers counts as the top."""
    parts = [name.split(".") for name in imported(path) if name.split(".")[0] == "kpi_analysis"]
    inner = [names for names in parts if names[1:] != ["__version__"]]
    return {names[1] if len(names) > 1 and names[1] in WINGS else "__init__" for names in inner}


IN_WINGS = [path for path in MODULES if wing(path) in WINGS and path.parent != PACKAGE]


def test_the_architecture_shows_these_wings() -> None:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    shown = {
        name: set(WINGS) - {name, "demo"} if may == "all of them" else set(re.findall(r"`(\w+)`", may))
        for name, may in rows
    }
    assert shown == WINGS
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(WINGS), "a folder beside the wings"
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "notebook.py"}


@pytest.mark.parametrize("path", IN_WINGS, ids=relative)
def test_a_module_imports_only_the_wings_that_its_own_may_import(path: Path) -> None:
    beyond = wings_imported(path) - WINGS[wing(path)] - {wing(path)}
    assert beyond == set(), f"{relative(path)} of {wing(path)} imports {sorted(beyond)}"


def test_the_press_starts_without_loading_the_analysis() -> None:
    paths = [path for path in IN_WINGS if wing(path) == "press"]
    names = [".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    script = (
        "import importlib, json, sys; [importlib.import_module(name) for name in sys.argv[1:]]; "
        "print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    loaded = {name.split(".")[1] for name in json.loads(done.stdout) if name.startswith("kpi_analysis.")}
    assert loaded & ANALYSIS == set()


# --- names

# Names that stand in several modules and mean the same there.
ONE_MEANING = {
    "main": "the entry of a program",
}


def public_names() -> dict[str, list[str]]:
    """The public functions and classes of the package, each with the modules that define it."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, kinds) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(relative(path))
    return homes


def test_a_public_name_has_one_meaning() -> None:
    twice = {name: homes for name, homes in public_names().items() if len(homes) > 1}
    assert {name: homes for name, homes in twice.items() if name not in ONE_MEANING} == {}


# --- files


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_stays_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{relative(path)} has {lines} lines and wants to be two modules"


def shipped_files() -> list[Path]:
    """The files that git tracks, or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this copy of the project is no git repository")
    paths = (REPOSITORY / name.decode() for name in done.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file() and path != Path(__file__).resolve()]


def test_no_file_names_a_path_of_one_machine_or_a_registry() -> None:
    found = [
        f"{relative(path)}: {match.decode()}"
        for path in shipped_files()
        for pattern in (A_MACHINES_PATH, A_REGISTRY_HOST)
        for match in pattern.findall(path.read_bytes() if path.suffix not in (".parquet", ".png", ".pdf") else b"")
    ]
    assert found == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=relative)
def test_a_notebook_has_no_outputs_and_defines_nothing(path: Path) -> None:
    code = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code if cell["outputs"]] == []
    assert [cell["execution_count"] for cell in code if cell["execution_count"] is not None] == []
    nodes = [node for cell in code for node in ast.walk(ast.parse("".join(cell["source"])))]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [ast.unparse(node) for node in nodes if isinstance(node, kinds)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=relative)
def test_a_notebook_has_one_cell_of_parameters(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in cells) == 1


TESTS = sorted((REPOSITORY / "tests").rglob("test_*.py"))
# Folders of tests that are about the whole and mirror no folder of the package.
BESIDE_THE_WINGS = {"oracles", "recipes", "soundness"}


def test_no_two_test_modules_share_a_name() -> None:
    names = [path.name for path in TESTS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_tests_lie_in_the_folders_of_what_they_test() -> None:
    folders = {path.parent.relative_to(REPOSITORY / "tests") for path in TESTS}
    mirrored = {folder for folder in folders if folder.parts and folder.parts[0] not in BESIDE_THE_WINGS}
    assert {folder.as_posix() for folder in mirrored if not (PACKAGE / folder).is_dir()} == set()


@pytest.mark.parametrize("path", sorted((REPOSITORY / "tests" / "reference").glob("*.py")), ids=relative)
def test_a_module_of_the_reference_stays_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
