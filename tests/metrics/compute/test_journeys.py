"""Journeys from touchpoints, against plain pandas on the same rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.core.errors import ConfigError, UsageError
from kpi_analysis.metrics.compute.journeys import journeys
from kpi_analysis.metrics.session import OpenCompany

ROOT = Path(__file__).resolve().parents[3]
TOUCHES = """path_id,touched_at,channel,converted,value
a,2026-01-02 09:00,email,false,
a,2026-02-11 09:00,paid > video,false,
a,2026-02-11 08:00,organic,true,100
b,2026-02-20 09:00,email,true,40
c,2026-02-20 09:00,email,false,7
d,2026-03-01 09:00,email,false,
d,2026-03-01 09:00,organic,true,
e,2026-03-02 09:00,,true,5
,2026-03-02 09:00,email,true,5
f,,email,true,5
"""


@pytest.fixture
def company(tmp_path: Path) -> OpenCompany:
    return open_from(tmp_path, {"touchpoints": TOUCHES})


@pytest.fixture(scope="module")
def demo() -> OpenCompany:
    return shipped_company()


def by_path(frame: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    return {row.path: (row.conversions, row.value, row.nulls) for row in frame.itertuples()}


def test_paths_in_order_of_time_with_their_days(company: OpenCompany) -> None:
    found = journeys(company.sources)
    assert list(found.columns) == ["path", "conversions", "value", "nulls", "days"]
    assert found.values.tolist() == [
        ["email", 1.0, 40.0, 1.0, "0"],
        ["email > organic", 1.0, 0.0, 0.0, "0 > 0"],
        ["email > organic > paid › video", 1.0, 100.0, 0.0, "40 > 0 > 0"],
    ]


def test_a_period_a_lag_and_a_condition(company: OpenCompany) -> None:
    february = company.config.calendar.parse("2026-02")
    assert by_path(journeys(company.sources, period=february, lag_days=30)) == {
        "email": (1, 40, 1),
        "organic > paid › video": (1, 100, 0),
    }
    assert by_path(journeys(company.sources, where="channel <> 'email'", with_days=False)) == {
        "organic": (1, 0, 0),
        "organic > paid › video": (1, 100, 0),
    }


def test_without_values_there_is_no_such_column(tmp_path: Path) -> None:
    bare = "path_id,touched_at,channel\na,2026-02-11 09:00,paid\n"
    found = journeys(open_from(tmp_path, {"touchpoints": bare}).sources)
    assert found.to_dict("records") == [{"path": "paid", "conversions": 0.0, "nulls": 1.0, "days": "0"}]


def test_what_cannot_be_is_said(company: OpenCompany, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lag_days is -1"):
        journeys(company.sources, lag_days=-1)
    with pytest.raises(ConfigError, match="chanel"):
        journeys(company.sources, where="chanel = 'email'")
    with pytest.raises(ConfigError, match="touchpoints is not connected"):
        journeys(open_from(tmp_path, {"social": "posted_on,network\n2026-01-01,x\n"}).sources)


@pytest.mark.parametrize("lag_days", [14, 90])
def test_the_demo_company_against_plain_pandas(demo: OpenCompany, lag_days: int) -> None:
    rows = pd.read_csv(ROOT / "data" / "demo" / "touchpoints.csv.gz", parse_dates=["touched_at"])
    rows["day"] = rows.touched_at.dt.normalize()
    rows["ended"] = rows.groupby("path_id").day.transform("max")
    rows["won"] = rows.groupby("path_id").converted.transform("max")
    rows["worth"] = rows.groupby("path_id").value.transform("sum")
    rows["ago"] = (rows.ended - rows.day).dt.days
    rows = rows[(rows.ago <= lag_days) & rows.ended.between("2026-04-01", "2026-06-30")]
    rows = rows.sort_values(["path_id", "touched_at", "converted", "channel"], kind="stable")
    groups = rows.groupby("path_id")
    paths = pd.DataFrame(
        {
            "path": groups.channel.agg(" > ".join),
            "days": groups.ago.agg(lambda days: " > ".join(map(str, days))),
            "conversions": groups.won.max().astype(float),
            "value": groups.worth.max(),
            "nulls": 1.0 - groups.won.max(),
        }
    )
    wanted = paths.groupby(["path", "days"], as_index=False).sum()
    found = journeys(demo.sources, period=demo.config.calendar.parse("2026-Q2"), lag_days=lag_days)
    pd.testing.assert_frame_equal(found[list(wanted.columns)], wanted, check_dtype=False)
