"""Public names of the statistical methods say what they are: a term, parameters, result, and an example that runs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from kpi_analysis import stats

PACKAGES = [f"{stats.__name__}.{found.name}" for found in pkgutil.iter_modules(stats.__path__) if found.ispkg]
PUBLIC = [
    (package, name)
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    if inspect.isfunction(getattr(importlib.import_module(package), name))
    or inspect.isclass(getattr(importlib.import_module(package), name))
]
FUNCTIONS = [pair for pair in PUBLIC if inspect.isfunction(getattr(importlib.import_module(pair[0]), pair[1]))]
RESULTS = [pair for pair in PUBLIC if is_dataclass(getattr(importlib.import_module(pair[0]), pair[1]))]


def told(package: str, name: str) -> str:
    """Docstring of a public name."""
    return inspect.getdoc(getattr(importlib.import_module(package), name)) or ""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_which_names_are_public_and_has_them(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(module, name) for name in module.__all__)
    assert (module.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_the_first_line_is_a_term_and_neither_a_command_nor_a_question(package: str, name: str) -> None:
    first = told(package, name).splitlines()[0]
    assert first.endswith(".") and "?" not in first
    assert not re.match(r"(Return|Say|Tell|Fit the|Test whether|Give|Make|This)\b", first)


@pytest.mark.parametrize(("package", "name"), FUNCTIONS)
def test_a_function_tells_its_parameters_its_result_and_an_example(package: str, name: str) -> None:
    text = told(package, name)
    for section in ("Parameters", "Returns", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text
    documented = text.split("\nParameters\n")[1].split("\n\nReturns\n")[0]
    signature = inspect.signature(getattr(importlib.import_module(package), name))
    assert [arg for arg in signature.parameters if not re.search(rf"^{arg} : .", documented, re.MULTILINE)] == []


@pytest.mark.parametrize(("package", "name"), RESULTS)
def test_a_result_tells_each_of_its_fields(package: str, name: str) -> None:
    kind: Any = getattr(importlib.import_module(package), name)
    named = set(re.findall(r"\w+", " ".join(re.findall(r"^([\w, ]+) : ", told(package, name), re.MULTILINE))))
    assert {field.name for field in fields(kind)} <= named
