"""The tables of a company in each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.sample_tables import Rows, in_parquet, in_postgres, in_sqlite, tables

from kpi_analysis.metrics.session import OpenCompany


@pytest.fixture(scope="session")
def content() -> dict[str, Rows]:
    """The seventeen tables."""
    return tables()


@pytest.fixture(scope="session")
def on_duckdb(content: dict[str, Rows], tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    return in_parquet(tmp_path_factory.mktemp("parquet"), content)


@pytest.fixture(scope="session")
def on_postgres(
    postgres: str, content: dict[str, Rows], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenCompany]:
    company = in_postgres(tmp_path_factory.mktemp("postgres"), postgres, content)
    yield company
    company.sources.remote.disconnect()


@pytest.fixture(scope="session")
def on_sqlite(content: dict[str, Rows], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenCompany]:
    company = in_sqlite(tmp_path_factory.mktemp("sqlite"), content)
    yield company
    company.sources.remote.disconnect()
