"""The figures of replaced reports: which are kept, how many, and that nothing is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.reasons import says

from kpi_analysis.core.errors import RunError
from kpi_analysis.press.archive.index import index_page
from kpi_analysis.press.archive.versions import earlier_versions, keep_version
from kpi_analysis.press.run.publish import publish


def report(day: int, **values: float | None) -> dict[str, bytes]:
    rows = [{"id": f"{kpi}@2017", "kpi": kpi, "period": "2017", "value": value} for kpi, value in values.items()]
    told = {"period": "2017", "finished": f"2018-01-{day:02}T09:00:00+01:00"}
    results: dict[str, Any] = {"values": rows}
    return {
        "results.json": json.dumps(results).encode(),
        "manifest.json": json.dumps(told).encode(),
        "report.pdf": b"large",
    }


def replace_with(root: Path, files: dict[str, bytes], place: str = "2017/sales") -> Path:
    folder = root / place
    keep_version(root, folder, files)
    publish(folder, files)
    return folder


def test_a_replaced_report_leaves_its_figures_and_what_moved(tmp_path: Path) -> None:
    replace_with(tmp_path, report(1, sales=100.0, orders=5.0, leads=None, gone=1.0))
    folder = replace_with(tmp_path, report(2, sales=110.0, orders=5.001, leads=7.0))
    (version,) = earlier_versions(tmp_path, folder)
    assert version.finished == "2018-01-01T08:00:00+00:00"
    assert version.values == 4
    assert version.restated == (
        {"id": "leads@2017", "then": None, "now": 7.0},
        {"id": "sales@2017", "then": 100.0, "now": 110.0},
    )
    assert sorted(path.name for path in version.folder.iterdir()) == ["manifest.json", "restated.json", "results.json"]
    assert (version.folder / "results.json").read_bytes() == report(1, sales=100.0, orders=5.0, leads=None, gone=1.0)[
        "results.json"
    ]
    page = index_page(tmp_path)
    assert "1 previous version<" in page and says(page, "2 of 4", "Sales 100") and "1 Jan 2018, 08:00 UTC" in page
    assert f'href=".versions/2017/sales/{version.folder.name}/results.json"' in page


def test_a_report_that_says_the_same_leaves_nothing(tmp_path: Path) -> None:
    replace_with(tmp_path, report(1, sales=1.0))
    folder = replace_with(tmp_path, report(2, sales=1.0))
    assert earlier_versions(tmp_path, folder) == []
    assert [path.name for path in tmp_path.iterdir()] == ["2017"]


def test_the_last_five_stay_the_latest_first(tmp_path: Path) -> None:
    for day in range(1, 9):
        folder = replace_with(tmp_path, report(day, sales=float(day)))
    assert [version.finished[8:10] for version in earlier_versions(tmp_path, folder)] == ["07", "06", "05", "04", "03"]
    assert len(list((tmp_path / ".versions" / "2017" / "sales").iterdir())) == 5


def test_versions_of_a_report_in_the_folder_of_another_are_its_own(tmp_path: Path) -> None:
    for day in range(1, 9):
        replace_with(tmp_path, report(day, sales=float(day)), "2017")
        replace_with(tmp_path, report(day, sales=-float(day)), "2018/sales")
    inner = tmp_path / ".versions" / "2017" / "sales"
    inner.mkdir()
    replace_with(tmp_path, report(9, sales=9.0), "2017")
    assert inner.is_dir()


def test_a_run_that_fails_after_keeping_shows_no_version_of_what_still_stands(tmp_path: Path) -> None:
    folder = replace_with(tmp_path, report(1, sales=1.0))
    keep_version(tmp_path, folder, report(2, sales=2.0))  # and then the disk is full
    assert json.loads((folder / "results.json").read_bytes())["values"][0]["value"] == 1.0
    assert "previous version" not in index_page(tmp_path)
    replace_with(tmp_path, report(3, sales=3.0))
    assert [version.restated[0]["now"] for version in earlier_versions(tmp_path, folder)] == [3.0]


def test_where_no_version_can_be_kept_the_report_is_as_it_was(tmp_path: Path) -> None:
    folder = replace_with(tmp_path, report(1, sales=1.0))
    (tmp_path / ".versions").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written"):
        keep_version(tmp_path, folder, report(2, sales=2.0))
    assert (folder / "results.json").read_bytes() == report(1, sales=1.0)["results.json"]


@pytest.mark.parametrize("told", [b"{", b"[]", b"{}", b'{"finished": "../../x"}', b'{"finished": 3}'])
def test_a_report_that_nobody_can_read_is_no_version(tmp_path: Path, told: bytes) -> None:
    folder = replace_with(tmp_path, {**report(1, sales=1.0), "manifest.json": told})
    replace_with(tmp_path, report(2, sales=2.0))
    assert earlier_versions(tmp_path, folder) == []


def test_a_version_that_was_damaged_is_passed_over(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        folder = replace_with(tmp_path, report(day, sales=float(day)))
    latest, former = earlier_versions(tmp_path, folder)
    (latest.folder / "restated.json").write_text('{"finished": "x", "values": "many", "restated": [3]}')
    assert earlier_versions(tmp_path, folder) == [former]
