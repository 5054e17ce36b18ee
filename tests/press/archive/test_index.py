"""The page that lists all reports: what it tells, in which order, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.reasons import says

from kpi_analysis.press.archive.index import index_page, write_index

REVENUE = {"kpi": "sales_revenue", "label": "Sales revenue", "unit": "currency"}
QUARTERS = {"2017-Q3": ("2017-07-01", "2017-09-30"), "2017-Q4": ("2017-10-01", "2017-12-31")}


def published(
    root: Path, place: str, *, values: list[dict[str, Any]] | None = None, claims: tuple[str, ...] = (), **facts: object
) -> Path:
    folder = root / place
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(facts))
    results = {"values": values or [], "findings": [{"claim": claim, "quoted": []} for claim in claims]}
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "report.html").write_text("")
    return folder


def quarter(root: Path, label: str, value: float | None, **changed: object) -> Path:
    start, end = QUARTERS[label]
    row = {"id": f"sales_revenue@{label}", "kpi": "sales_revenue", "period": label, "dimensions": {}, "value": value}
    beside = {"previous": 100_000, "year_ago": None}
    told: dict[str, Any] = {
        "report": "Sales", "notebook": "sales.ipynb", "company": "A", "distinct": {}, "headline": REVENUE,
        "period": label, "period_start": start, "period_end": end, "finished": "2018-01-05T08:00:00+00:00",
    }  # fmt: skip
    return published(root, f"{label}/sales", values=[{**row, **beside}], **(told | changed))


def failed(root: Path, place: str, *, cell: str = "1 / 0", **parameters: object) -> None:
    def code(source: str, outputs: list[Mapping[str, Any]], *tags: str) -> dict[str, Any]:
        return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": outputs}

    banner = {"cell_type": "markdown", "metadata": {"tags": ["papermill-error-cell-tag"]}, "source": "!"}
    error = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by <b>zero</b>"}
    cells = [banner, code("", [], "parameters"), code("", [], "injected-parameters"), banner, code(cell, [error])]
    notebook = {"cells": cells, "metadata": {"papermill": {"parameters": parameters}}}
    path = root / "failed" / f"{place}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))


def batch(root: Path, item: Mapping[str, Any], finished: str = "2018-01-06T08:00:00+00:00") -> None:
    (root / "2017-Q4").mkdir(parents=True, exist_ok=True)
    (root / "2017-Q4" / "batch.json").write_text(json.dumps({"finished": finished, "items": [item]}))


def test_the_newest_period_comes_first_whatever_its_grain(tmp_path: Path) -> None:
    published(tmp_path, "2017/a", title="The year", period="2017", period_end="2017-12-31")
    published(tmp_path, "2018-01/b", title="January", period="2018-01", period_end="2018-01-31")
    published(tmp_path, "2017-Q3/c", title="Third quarter", period="2017-Q3", period_end="2017-09-30")
    page = write_index(tmp_path).read_text()
    assert page.index("January") < page.index("The year") < page.index("Third quarter")


def test_words_of_users_are_escaped_and_links_are_quoted(tmp_path: Path) -> None:
    published(
        tmp_path,
        "2017-Q4/sales & more: #1",
        title="<script>x</script>",
        company="A & B",
        distinct={"r": "<b>", "many": ["<i>", 2]},
        claims=("<img src=x>",),
    )
    page = write_index(tmp_path).read_text()
    assert "<script>x" not in page and "<img" not in page and "<b><" not in page
    assert "A &amp; B" in page
    assert "r: &lt;b&gt;" in page and "many: &lt;i&gt;, 2" in page
    assert 'href="2017-Q4/sales%20%26%20more%3A%20%231/report.html"' in page


def test_it_asks_no_other_host(tmp_path: Path) -> None:
    published(tmp_path, "2017-Q4/a", title="A")
    page = write_index(tmp_path).read_text()
    assert "http:" not in page and "https:" not in page and "unsafe" not in page
    assert "--paper" in page


def test_hidden_folders_hold_no_reports(tmp_path: Path) -> None:
    published(tmp_path, "2017-Q4/.a.1.new", title="Half one")
    published(tmp_path, ".versions/2017-Q4/a/1", title="Former one")
    page = write_index(tmp_path).read_text()
    assert "Half one" not in page and "Former one" not in page
    assert says(page, "No report")


def test_what_cannot_be_read_is_left_out_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "2017-Q4" / "a").mkdir(parents=True)
    (tmp_path / "2017-Q4" / "a" / "manifest.json").write_text("{")
    (tmp_path / "2017-Q4" / "b").mkdir()
    (tmp_path / "2017-Q4" / "b" / "report.pdf").write_text("")
    (quarter(tmp_path, "2017-Q4", 1.0) / "results.json").write_text("[" * 100_000)
    page = write_index(tmp_path).read_text()
    assert says(page, "a: ", "manifest")
    assert says(page, "b: ", "no manifest")
    assert says(page, "sales: ", "figures cannot be read")
    assert page.count('class="report"') == 1


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [1], True, "\ud800", {"a": [None]}, float("nan")])
def test_a_manifest_may_hold_anything(tmp_path: Path, odd: object) -> None:
    folder = quarter(tmp_path, "2017-Q4", 1.0)
    for name in json.loads((folder / "manifest.json").read_text()):
        quarter(tmp_path / name, "2017-Q4", 1.0, **{"locale": odd, "currency": odd, "message": odd} | {name: odd})
    batch(tmp_path, {"state": "failed", "folder": odd, "parameters": odd, "error": odd, "cell": odd})
    page = write_index(tmp_path).read_text()
    assert page.count('class="report"') >= 10


def test_figures_may_be_anything(tmp_path: Path) -> None:
    rows: list[Any] = [{"kpi": 3, "period": "2017-Q4", "value": odd} for odd in (None, "x", True, 10**400, [])]
    published(tmp_path, "2017-Q4/a", title="A", period="2017-Q4", values=[*rows, "x", None])
    assert "A</bdi>" in write_index(tmp_path).read_text()


def test_a_report_tells_its_headline_with_unit_changes_and_findings(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q4", 120_000.0, claims=("One", "Two", "Three", "Four"), message="Unheard")
    page = index_page(tmp_path)
    assert "Sales revenue</p>" in page and "<b>€120k</b>" in page and "+20.0% on the period before" in page
    assert "on a year ago" not in page  # there is no value of that time
    assert "<li>Three</li>" in page and "<li>Four</li>" not in page and says(page, "1 more")
    assert "Unheard" not in page
    assert "5 Jan 2018, 08:00 UTC" in page


def test_a_report_without_findings_tells_its_message(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q4", 1.0, message="Sales revenue rose")
    assert '<p class="message">Sales revenue rose</p>' in index_page(tmp_path)


def test_where_no_unit_is_known_no_change_is_claimed(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q4", 0.25, headline=None)
    page = index_page(tmp_path)
    assert "<b>0.25</b>" in page and "100,000 the period before" in page and "%" not in page.split("<main>")[1]


def test_the_sparkline_is_drawn_through_the_reports_of_one_kind_up_to_each(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q3", 100_000.0)
    assert "<polyline" not in index_page(tmp_path)
    quarter(tmp_path, "2017-Q4", 120_000.0)
    latest, former = index_page(tmp_path).split("2017-Q3 <small>")
    assert '<polyline points="3,19 85,3"/>' in latest and "<polyline" not in former
    assert 'aria-label="Sales revenue in 2 reports, from €100k to €120k"' in latest
    folder = tmp_path / "2017-Q3" / "sales"
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "distinct": {"region": "EMEA"}}))
    assert "<polyline" not in index_page(tmp_path)


def test_a_failed_report_names_its_cell_and_links_to_its_notebook(tmp_path: Path) -> None:
    failed(tmp_path, "2017-Q4/sales__EMEA", period="2017-Q4", company="../params/company.yaml", region="EMEA")
    page = index_page(tmp_path)
    assert "Failed in cell 2" in page and "ZeroDivisionError: division by &lt;b&gt;zero" in page
    assert 'href="failed/2017-Q4/sales__EMEA.ipynb"' in page
    assert "region: EMEA" in page and "company.yaml" not in page and "> Done" not in page


def test_a_later_failure_stands_beside_the_last_good_report(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q4", 1.0)
    failed(tmp_path, "2017-Q4/sales", period="2017-Q4")
    page = index_page(tmp_path)
    assert says(page, "failed in cell 2") and "Done" in page and page.count('class="report"') == 1


def test_a_batch_tells_of_failures_without_a_notebook_until_they_are_mended(tmp_path: Path) -> None:
    root = tmp_path / "reports"
    error = "There was not enough memory to print the report."
    item = {"folder": "reports/2017-Q4/sales", "state": "failed", "error": error, "parameters": {"period": "2017-Q4"}}
    batch(root, item)
    assert error in index_page(root) and "Failed" in index_page(root)
    folder = quarter(root, "2017-Q4", 1.0)
    assert "A later run failed" in index_page(root)
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "finished": "2018-01-07T08:00:00+00:00"}))
    assert error not in index_page(root)
    batch(root, {**item, "folder": "../../elsewhere"})
    assert error not in index_page(root)


def test_the_same_folder_gives_the_same_page(tmp_path: Path) -> None:
    for period in QUARTERS:
        quarter(tmp_path, period, 1.0)
    first = write_index(tmp_path).read_bytes()
    assert write_index(tmp_path).read_bytes() == first
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["2017-Q3", "2017-Q4", "index.html"]


def test_an_unfinished_period_is_told(tmp_path: Path) -> None:
    quarter(tmp_path, "2017-Q4", 1.0, complete=False)
    assert "Done, period unfinished" in index_page(tmp_path)
