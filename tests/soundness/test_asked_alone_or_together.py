"""No figure depends on what is asked beside it: every KPI alone is what it is among all the others."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pytest
from support.sample_tables import in_parquet, tables

from kpi_analysis.metrics.session import OpenCompany

ASKED: list[dict[str, Any]] = [
    {"period": "2025-Q4", "last": 2},
    {"period": "2026-01", "by": ["region"]},
    {"period": "2026-Q1", "by": ["channel"], "where": "region <> 'EMEA'", "as_of": "2026-01-31"},
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> OpenCompany:
    """A company with all tables."""
    return in_parquet(tmp_path_factory.mktemp("parquet"), tables(rows=120))


def answer(company: OpenCompany, kpis: list[str] | None, asked: dict[str, Any]) -> tuple[pd.DataFrame, set[str]]:
    """The frame, and what was said about the call."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = company.compute(kpis, **asked)
    return frame, set(frame.attrs["warnings"])


def of_kpi(frame: pd.DataFrame, kpi: str) -> pd.DataFrame:
    found = frame[frame.kpi == kpi].reset_index(drop=True)
    found.attrs = {}
    return found


ALL, THOROUGH = slice(None), pytest.mark.thorough


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (ASKED[0], ALL), (ASKED[1], slice(0, None, 2)), (ASKED[2], slice(1, None, 2)),
        pytest.param(ASKED[1], ALL, marks=THOROUGH), pytest.param(ASKED[2], ALL, marks=THOROUGH),
    ],
    ids=["quarters", "regions", "channels", "all regions", "all channels"],
)  # fmt: skip
def test_every_kpi_alone_is_what_it_is_among_all(company: OpenCompany, asked: dict[str, Any], part: slice) -> None:
    """Slices and conditions are asked of every second KPI."""
    together, said = answer(company, None, asked)
    assert together.value.notna().sum() > 50
    said_alone: set[str] = set()
    for kpi in list(company.catalogue.metrics)[part]:
        alone, words = answer(company, [kpi], asked)
        pd.testing.assert_frame_equal(of_kpi(alone, kpi), of_kpi(together, kpi), obj=kpi, check_exact=True)
        said_alone |= words
    assert said_alone == said, "what is odd about a call is said whatever is asked"


def test_kpis_are_the_same_in_any_order_and_company(company: OpenCompany) -> None:
    names = sorted(company.catalogue.metrics)
    whole, _ = answer(company, None, ASKED[1])
    for some in (names[::-1], names[::7], names[3::11]):
        frame, _ = answer(company, some, ASKED[1])
        assert list(dict.fromkeys(frame.kpi)) == some
        for kpi in some:
            pd.testing.assert_frame_equal(of_kpi(frame, kpi), of_kpi(whole, kpi), obj=kpi, check_exact=True)
