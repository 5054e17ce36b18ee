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
import yaml
from support.reasons import says

from kpi_analysis.cli.main import main
from kpi_analysis.cli.scaffold import commented_tables, new_workspace
from kpi_analysis.cli.scaffold.table_proposals import matched_columns, proposals, summarise_file
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
    files = {path.relative_to(tmp_path / "w").as_posix() for path in new_workspace(tmp_path / "w")}
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
    with pytest.raises(UsageError, match="no CSV and no Parquet"):
        new_workspace(tmp_path, tmp_path)
    assert not list(tmp_path.iterdir())
    assert len(new_workspace(tmp_path)) > 10


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


def test_an_export_is_proposed_with_its_columns_and_computes_once_the_marks_are_gone(tmp_path: Path) -> None:
    """The hand-written company file of the same export maps the same columns."""
    home = tmp_path / "w"
    new_workspace(home, ROOT / "data/crm_sales_opportunities/sales_pipeline.csv")
    path = home / "params/company.yaml"
    lines = path.read_text().split("# ---- What your files could be")[1].split("# -----")[0].splitlines()[2:]
    proposed = yaml.safe_load("\n".join(line.removeprefix("  # ") for line in lines))
    written = yaml.safe_load((ROOT / "params/crm_sales/company.yaml").read_text())["tables"]["opportunities"]
    columns = proposed["opportunities"]["columns"]
    told = {"created_on", "closed_on", "amount", "customer_id", "owner"}
    assert {name: columns[name] for name in told} == {name: written["columns"][name] for name in told}
    assert list(proposed) == ["opportunities"]
    assert (home / "params" / proposed["opportunities"]["path"]).resolve() == (
        ROOT / "data/crm_sales_opportunities/sales_pipeline.csv"
    )
    assert list(load_company(path).tables) == ["orders", "spend"], "a proposal decides nothing"


def test_deals_are_proposed_as_opportunities_and_not_as_spend(tmp_path: Path) -> None:
    """The day on which a deal was created is no day of spending, so that no amount of a deal becomes a cost."""
    found = proposals(Path(__file__).parents[2] / "data" / "cases" / "deals_as_spend", tmp_path)
    assert "# opportunities:" in found and "# spend:" not in found


def test_names_match_only_where_the_values_can_be_of_that_kind(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_text("Deal ID;Created;Amount;Status\n1;01.02.2026;many;won\n2;03.02.2026;few;lost\n")
    seen = summarise_file(path)
    looks = {"Deal ID": "number", "Created": "date", "Amount": "text", "Status": "text"}
    assert (seen.rows, seen.columns) == (2, looks)
    found = matched_columns(TABLES["opportunities"], seen)
    assert found.items() >= {"opportunity_id": "Deal ID", "created_on": "Created", "outcome": "Status"}.items()
    assert "amount" not in found


def test_parquet_is_looked_at_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    pd.DataFrame({"zzz": [1.5]}).to_parquet(tmp_path / "odd.parquet")
    said = proposals(tmp_path, tmp_path / "params")
    assert says(said, "odd.parquet", "1 rows", "zzz") and says(said, "like none")
    assert all(line.startswith("  #") for line in said.splitlines() if line)
    (tmp_path / "odd.parquet").write_text("no parquet")
    with pytest.raises(UsageError, match=r"odd\.parquet cannot be read"):
        proposals(tmp_path, tmp_path / "params")
