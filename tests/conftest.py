"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.companies import changed_companies
from support.postgres_server import postgres  # noqa: F401 - a fixture of all tests

REPOSITORY = Path(__file__).resolve().parent.parent

# Tests render these themselves, and some of them fail on purpose: nbval must not run them.
collect_ignore_glob = ["notebooks/*.ipynb"]


@pytest.fixture(scope="session", autouse=True)
def shared_companies_stay_as_they_are() -> Iterator[None]:
    """Companies that tests share are for reading only: whoever changes one spoils the tests after it."""
    yield
    assert changed_companies() == []


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets with published results, which are too large to ship."""
    named = os.environ.get("KPI_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the data sets with published results are not here; name their folder in KPI_SHARED_DATA")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace: params, notebooks, reports."""
    for name in ("params", "notebooks", "reports"):
        (tmp_path / name).mkdir()
    return tmp_path
