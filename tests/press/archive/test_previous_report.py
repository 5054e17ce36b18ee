"""Which report was published before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kpi_analysis.core.periods import Calendar
from kpi_analysis.press.archive.previous_report import previous_report
from kpi_analysis.press.run.plan import plan_report

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


def leave(root: Path, place: str, period: str, **told: Any) -> Path:
    folder = root / place
    folder.mkdir(parents=True)
    start = Calendar().parse(period).start.isoformat()
    known = {"notebook": "sales.ipynb", "company": "A", "distinct": {}, "period": period, "period_start": start}
    (folder / "manifest.json").write_text(json.dumps(known | told))
    return folder


def found(root: Path, place: str = "2026-Q3/sales", period: str = "2026-Q3", **distinct: Any) -> Path | None:
    span = Calendar().parse(period)
    return previous_report(root, Path(place), span, notebook="sales.ipynb", company="A", distinct=distinct)


def test_the_latest_earlier_period_counts_and_neither_this_one_nor_a_later(tmp_path: Path) -> None:
    assert found(tmp_path) is None
    leave(tmp_path, "2025-Q4/sales", "2025-Q4")
    before = leave(tmp_path, "2026-Q1/sales", "2026-Q1")
    leave(tmp_path, "2026-Q3/sales", "2026-Q3")
    leave(tmp_path, "2026-Q4/sales", "2026-Q4")
    assert found(tmp_path) == before


@pytest.mark.parametrize(
    "told", [{"company": "B"}, {"notebook": "other.ipynb"}, {"distinct": {"region": "EMEA"}}]
)  # fmt: skip
def test_another_report_does_not_count(tmp_path: Path, told: dict[str, Any]) -> None:
    leave(tmp_path, "2026-Q2/sales", "2026-Q2", **told)
    assert found(tmp_path) is None


def test_a_month_is_not_the_report_before_a_quarter(tmp_path: Path) -> None:
    leave(tmp_path, "2026-06/sales", "2026-06")
    assert found(tmp_path) is None


def test_a_place_of_ones_own_is_searched_too_and_a_broken_manifest_is_passed_over(tmp_path: Path) -> None:
    before = leave(tmp_path, "sales/2026-Q2/[EMEA]", "2026-Q2", distinct={"region": "EMEA"})
    broken = leave(tmp_path, "sales/2026-Q1/[EMEA]", "2026-Q1")
    (broken / "manifest.json").write_text("{")
    assert found(tmp_path, "sales/2026-Q3/[EMEA]", region="EMEA") == before


def test_kpi_render_hands_it_to_a_notebook_that_declares_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "company.yaml").write_text("company: A\n")
    name = "quarterly_report"
    leave(tmp_path / "reports", f"2026-Q2/{name}", "2026-Q2", notebook=f"{name}.ipynb")

    def earlier(**options: Any) -> Any:
        plan = plan_report(NOTEBOOKS / f"{name}.ipynb", company=Path("company.yaml"), period="2026-Q3", **options)
        assert "earlier" not in plan.distinct and plan.folder.name == name
        return plan.values.get("earlier")

    assert (NOTEBOOKS / earlier()).resolve() == tmp_path / "reports" / "2026-Q2" / name
    assert earlier(given={"earlier": "../elsewhere"}) == "../elsewhere"
    assert earlier(output_dir=Path("others")) is None
