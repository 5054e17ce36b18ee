import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from kpi_analysis import open_company
from kpi_analysis.core.errors import DataError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.snapshot import write_snapshot
from kpi_analysis.metrics.sources.snapshot import PLACE

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def company(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "params" / "crm_sales", tmp_path / "params" / "crm_sales")
    shutil.copytree(REPOSITORY / "data" / "crm_sales_opportunities", tmp_path / "data" / "crm_sales_opportunities")
    return tmp_path / "params" / "crm_sales" / "company.yaml"


def test_all_numbers_are_the_same_from_a_snapshot_and_the_files_are_not_read(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[pd.DataFrame, pd.DataFrame, list[object], list[object]]:
        session = open_company(company)
        frame = session.compute(period="2017-Q4", last=3)
        sliced = session.compute(period="2017-Q4", by=["owner"])
        return frame, sliced, [one.record() for one in session.sources.fingerprints()], list(session.check())

    direct = told()
    write_snapshot(company, tmp_path / "all.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "all.duckdb"))
    for file in (tmp_path / "data").rglob("*.*"):
        file.unlink()
    copied = told()
    pd.testing.assert_frame_equal(copied[0], direct[0])
    pd.testing.assert_frame_equal(copied[1], direct[1])
    assert copied[2:] == direct[2:]


def test_a_touched_file_is_the_same_and_a_changed_row_is_not(company: Path, tmp_path: Path) -> None:
    first = write_snapshot(company, tmp_path / "1.duckdb")
    file = max((tmp_path / "data").rglob("*pipeline*"), key=lambda path: path.stat().st_size)
    os.utime(file, (1, 1))
    assert write_snapshot(company, tmp_path / "2.duckdb") == first
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join(rows[:-1]))
    assert write_snapshot(company, tmp_path / "3.duckdb") != first


def test_a_snapshot_of_another_company_is_left_alone(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_snapshot(company, tmp_path / "all.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "all.duckdb"))
    other = tmp_path / "other.yaml"
    other.write_text("company: Other\ntables: {spend: {path: spend.csv}}\n")
    (tmp_path / "spend.csv").write_text("spent_on,amount\n2026-01-01,3\n")
    assert open_company(other).table("spend").count().to_pyarrow().as_py() == 1


def test_wrong_data_are_told_as_without_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = tmp_path / "company.yaml"
    company.write_text("company: Wrong\ntables: {spend: {path: spend.csv}}\n")
    (tmp_path / "spend.csv").write_text("spent_on,amount\nnever,3\n")
    with pytest.raises(DataError) as direct:
        open_company(company).table("spend")
    write_snapshot(company, tmp_path / "all.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "all.duckdb"))
    with pytest.raises(DataError) as copied:
        open_company(company).table("spend")
    assert str(copied.value) == str(direct.value)


def test_a_snapshot_says_of_its_tables_what_their_sources_say(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = open_company(company).sources
    write_snapshot(company, tmp_path / "all.duckdb")
    monkeypatch.setenv(PLACE, str(tmp_path / "all.duckdb"))
    copied = open_company(company).sources
    for name in direct.connected:
        assert copied.table(name).schema() == direct.table(name).schema()
        assert copied.with_derived(name, copied.derived(name)).schema() == copied.local.table(name).schema()
        assert copied.days(name) == direct.days(name)
        for column in set(TABLES[name].dimensions) & set(direct.columns(name)):
            assert copied.distinct(name, column) == direct.distinct(name, column)
        assert copied.extent(name) == direct.extent(name)


def test_a_snapshot_can_lie_in_a_folder_with_an_apostrophe(company: Path, tmp_path: Path) -> None:
    (tmp_path / "it's").mkdir()
    write_snapshot(company, tmp_path / "it's" / "all.duckdb")
    assert (tmp_path / "it's" / "all.duckdb").stat().st_size > 0
