"""A new workspace: it works at once, its comments are true, and it never touches what is there."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from kpi_analysis.cli.main import main
from kpi_analysis.cli.scaffold import new_workspace
from kpi_analysis.cli.scaffold.company_file import commented_tables
from kpi_analysis.core.config.company import load_company
from kpi_analysis.core.errors import UsageError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics.session import open_company
from kpi_analysis.press.run.report import render_report

ROOT = Path(__file__).parents[3]
NOW = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return int(caught.value.code or 0)


PRINTED = ("report.html", "report.pdf", "results.json")


def printed(home: Path, seed: str, day: dt.datetime) -> dict[str, bytes]:
    """Render the shipped report in a workspace, as its user would: there, and with kernels of another hash seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("PYTHONHASHSEED", seed)
        report = render_report("quarterly_report", period="2026-Q3", clock=lambda: day)
        return {name: (report.folder / name).read_bytes() for name in PRINTED}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A new workspace and its first report."""
    home = tmp_path_factory.mktemp("first") / "new" / "home"
    assert run("init", str(home)) == 0
    return home, printed(home, "1", NOW)


def test_a_new_workspace_checks_and_renders_at_once(
    first: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, files = first
    monkeypatch.chdir(home)
    assert run("check") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 errors, 0 warnings"
    figures = {row["id"]: row for row in json.loads(files["results.json"])["values"]}
    orders = pd.read_csv("data/orders.csv", parse_dates=["Date"])
    quarter = orders[orders.Date.between("2026-07-01", "2026-09-30")]
    assert figures["sales_revenue@2026-Q3"]["value"] == pytest.approx(quarter.Total.sum())


def test_the_same_inputs_print_the_same_bytes_elsewhere_and_on_another_day(
    first: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    _, files = first
    new_workspace(tmp_path / "again")
    again = printed(tmp_path / "again", "2", NOW + dt.timedelta(days=40))
    assert [name for name in PRINTED if files[name] != again[name]] == []
    assert b"2026-10-02" not in files["report.html"] and b"2026-09-30" in files["report.html"]


def test_the_workspace_has_what_the_repository_has(tmp_path: Path) -> None:
    files = {path.relative_to(tmp_path / "w").as_posix() for path in new_workspace(tmp_path / "w").files}
    assert files >= {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert files >= {f"params/{name}.yaml" for name in ("company", "targets", "kpis", "batch")} | {"README.md"}
    assert (tmp_path / "w" / "reports").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["w"], "nothing is left beside it"


def test_an_installed_package_brings_the_notebooks_along(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    script = (
        "import sys; from pathlib import Path; from kpi_analysis.cli.scaffold import *; "
        "new_workspace(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "w")], cwd=tmp_path, check=True, env=environment)
    copied = {path.name: path.read_bytes() for path in (tmp_path / "w/notebooks").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in (ROOT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("there", ["a file in it", "a file in its place"])
def test_what_is_there_is_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    home = tmp_path / "home"
    kept = home / "mine.txt" if there == "a file in it" else home
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    assert run("init", str(home)) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept] and kept.read_text() == "mine"


def test_an_empty_folder_is_taken_and_wrong_data_leave_it_empty(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file in"):
        new_workspace(tmp_path, tmp_path)
    assert not list(tmp_path.iterdir())
    assert len(new_workspace(tmp_path).files) > 10


def test_every_table_stands_there_and_the_marks_can_be_taken_away(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^  # ", "  ", commented_tables())
    (tmp_path / "company.yaml").write_text(f"company: A\ntables:\n{text}", encoding="utf-8")
    tables = load_company(tmp_path / "company.yaml").tables
    assert {name: tuple(spec.columns) for name, spec in tables.items()} == {
        name: tuple(table.columns) for name, table in TABLES.items()
    }


def test_the_example_of_an_own_kpi_works_when_the_marks_are_taken_away(tmp_path: Path) -> None:
    new_workspace(tmp_path / "w")
    path = tmp_path / "w/params/kpis.yaml"
    text = re.sub(r"(?m)^#   ", "  ", path.read_text()).replace("measures: {}", "measures:")
    path.write_text(text.replace("metrics: []", "metrics:"))
    frame = open_company(tmp_path / "w/params/company.yaml").compute(["big_order_share"], period="2026-Q3")
    assert 0 < frame.value[0] < 1
