"""What one report has read from a snapshot, the next one only looks up, and it is the same to the last digit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.companies import open_from, shipped_company

from kpi_analysis.metrics.compute import cached_execution, query_execution
from kpi_analysis.metrics.compute.kinds import Record, Request
from kpi_analysis.metrics.session import OpenCompany, open_company
from kpi_analysis.metrics.snapshot import write_snapshot
from kpi_analysis.metrics.sources.snapshot import PLACE

DEMO = Path(__file__).parents[3] / "params" / "company.yaml"
# flows, first rows, accounts, stocks, balances and pairs
KPIS = ["sales_revenue", "new_customers", "revenue_herfindahl", "pipeline_value", "social_followers", "mrr_expansion"]

Open = Callable[[], OpenCompany]


@pytest.fixture(scope="module", autouse=True)
def plain() -> OpenCompany:
    """The company as its files have it."""
    return shipped_company()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("snapshot") / "tables.duckdb"
    write_snapshot(DEMO, path)
    return path


@pytest.fixture
def fresh(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the company as a report of a batch does; what this test's reports answer is theirs alone."""
    mine = tmp_path / "mine.duckdb"
    mine.symlink_to(place)
    monkeypatch.setenv(PLACE, str(mine))
    return lambda: open_company(DEMO)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What is really read."""
    requests: list[Request] = []
    before = query_execution.execute

    def noted(request: Request, *others: Any) -> list[Record]:
        requests.append(request)
        return before(request, *others)

    monkeypatch.setattr(cached_execution, "execute", noted)
    return requests


@pytest.mark.parametrize("by", [(), ("region",)])
def test_the_next_report_reads_nothing(
    fresh: Open, plain: OpenCompany, read: list[Request], by: tuple[str, ...]
) -> None:
    kpis = [name for name in KPIS if not by or name != "social_followers"]
    first = fresh().compute(kpis, period="2026-Q3", last=3, by=by)
    assert read
    read.clear()
    again = fresh().compute(kpis, period="2026-Q3", last=3, by=by)
    earlier = fresh().compute(kpis, period="2025-Q4", last=2, by=by)
    months = fresh().compute(kpis, period="2026-06", last=30, by=by)
    assert not read
    pd.testing.assert_frame_equal(again, first)
    for frame, asked in ((earlier, {"period": "2025-Q4", "last": 2}), (months, {"period": "2026-06", "last": 30})):
        alone = plain.compute(kpis, by=by, **asked)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(frame, alone, rtol=1e-12)


def test_only_what_is_not_known_is_read(fresh: Open, plain: OpenCompany, read: list[Request]) -> None:
    fresh().compute(["opportunity_to_win_ratio"], period="2026-Q3")
    read.clear()
    both = ["opportunity_to_win_ratio", "average_deal_size"]
    frame = fresh().compute(both, period="2026-Q3")
    (request,) = read
    assert "won_amount" in request.aggregates and "won_deals" not in request.aggregates
    assert "lost_deals" not in request.aggregates
    pd.testing.assert_frame_equal(frame, plain.compute(both, period="2026-Q3"), rtol=1e-12)


@pytest.mark.parametrize(
    "other",
    [{"where": "region = 'EMEA'"}, {"where": "region = 'APAC'"}, {"as_of": "2026-05-17"}, {"by": ["channel"]}],
)
def test_another_condition_slice_or_day_is_another_question(
    fresh: Open, plain: OpenCompany, other: dict[str, Any]
) -> None:
    whole = fresh().compute(KPIS[:1], period="2026-Q2")
    part = fresh().compute(KPIS[:1], period="2026-Q2", **other)
    pd.testing.assert_frame_equal(part, plain.compute(KPIS[:1], period="2026-Q2", **other), rtol=1e-12)
    assert not part.value.equals(whole.value)


def test_without_a_snapshot_rows_are_read_each_time(plain: OpenCompany, read: list[Request]) -> None:
    for _ in range(2):
        plain.compute(KPIS[:1], period="2026-Q2")
    assert len(read) == 2


@pytest.mark.parametrize("ends", [None, "inclusive", "exclusive"])
def test_contracts_of_a_snapshot_end_on_the_days_on_which_those_of_the_files_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str | None
) -> None:
    rows = "customer_id,started_on,ended_on,mrr,plan\nold,2025-01-01,,1,basic\nz,2026-01-01,2026-06-30,9,basic\n"
    rows += (
        "a,2026-01-01,2026-06-30,10,basic\na,2026-07-01,,15,pro\nb,2026-01-01,2026-07-01,10,pro\nb,2026-07-01,,8,pro\n"
    )
    files = open_from(tmp_path, {"subscriptions": rows})
    file, said = tmp_path / "company.yaml", f"path: subscriptions.csv\n    ends: {ends}"
    if ends:
        file.write_text(file.read_text(encoding="utf-8").replace("path: subscriptions.csv", said), encoding="utf-8")
        files = open_company(file)
    write_snapshot(file, tmp_path / "tables.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "tables.duckdb"))
    kpis = ["monthly_recurring_revenue", "mrr_churned", "mrr_moved_in", "mrr_contraction", "churn_rate"]
    for as_of in ("2026-06-30", "2026-07-01", "2026-09-30", "2026-06-30"):
        for asked in ({"by": ["plan"]}, {"where": "plan = 'pro'"}, {}):
            kept, read_anew = (
                one.compute(kpis, period="2026-06-30", grain="month", last=2, as_of=as_of, **asked)  # type: ignore[arg-type]
                for one in (open_company(file), files)
            )
            pd.testing.assert_frame_equal(kept, read_anew, rtol=1e-12)
            assert kept.value.notna().any()
