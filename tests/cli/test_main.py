"""The command line as a user meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.cli.main import main
from kpi_analysis.core.errors import DataError

DEALS = """opportunity_id,created_on,closed_on,outcome,amount,owner
1,2026-01-01,2026-01-31,won,1000,Ann
2,2026-01-10,2026-02-10,lost,0,Ann
3,2026-01-15,2026-02-15,won,3000,Bob
4,2026-02-01,2026-03-30,lost,0,Bob
"""


@pytest.fixture
def company(tmp_path: Path) -> list[str]:
    open_from(tmp_path, {"opportunities": DEALS})
    return ["--company", str(tmp_path / "company.yaml")]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return int(caught.value.code or 0)


def test_compute_prints_a_table(company: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compute", "opportunity_to_win_ratio", "cost_per_lead", "--period", "2026-Q1", *company) == 0
    printed = capsys.readouterr().out
    assert "50.0" in printed and says(printed, "spend", "not connected")


def test_compute_gives_json_without_nan(company: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compute", "--period", "2026-Q1", "--format", "json", *company) == 0
    records = {record["id"]: record for record in json.loads(capsys.readouterr().out)}
    assert records["opportunity_to_win_ratio@2026-Q1"]["value"] == 0.5
    assert records["leads@2026-Q1"]["value"] is None
    assert says(records["leads@2026-Q1"]["reason"], "leads", "not connected")


def test_compute_writes_files(company: list[str], tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        target = tmp_path / f"out.{form}"
        words = ["--by", "owner", "--format", form, "--output", str(target)]
        assert run("compute", "sales_revenue", "--period", "2026-Q1", *words, *company) == 0
        frame = pd.read_csv(target) if form == "csv" else pd.read_parquet(target)
        assert dict(zip(frame.owner, frame.value, strict=True)) == {"Ann": 1000, "Bob": 3000}
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compute", "sales_revenu", "--period", "2026-Q1"], "Did you mean 'sales_revenue'"),
        (["compute", "--period", "2026-Q9"], "'2026-Q9' is not a period"),
        (["compute", "--period", "2026-Q1", "--format", "cvs"], "Did you mean 'csv'"),
        (["compute", "--period", "2026-Q1", "--format", "parquet"], "--output"),
        (["compute", "--period", "2026-Q1", "--as-of", "31.01.2026"], "2026-09-14"),
        (["compute", "--period", "2026-Q1", "--by", "ownr"], "Did you mean 'owner'"),
        (["compute", "--period", "2026-Q1", "--where", "1; drop table x"], "drop"),
        (["compute", "leads", "--period", "2026-Q1", "--format", "csv", "--output", "no/folder/a.csv"], "cannot write"),
        (["compute"], "--period"),
        (["show", "nothing_like_it"], "kpi list"),
        (["list", "--category", "salse"], "Did you mean 'sales'"),
        (["render", "no_such_notebook", "--period", "2026-Q1"], "no_such_notebook"),
        (["render", "quarterly_report", "-p", "period"], "a name and a value"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_message_on_standard_error_and_exit_code_2(
    company: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    takes_company = arguments[0] in ("compute", "render")
    assert run(arguments[0], *(company if takes_company else []), *arguments[1:]) == 2
    printed = capsys.readouterr()
    assert words.lower() in printed.err.lower() and printed.out == ""
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("company: [1\n", "company.yaml:2: not valid YAML"),
        ("company: A\ntabels: {}\n", "company.yaml:2: unknown key 'tabels'. Did you mean 'tables'"),
        ("company: A\ntables:\n  orders: {path: gone.csv}\n", "company.yaml:3: table orders: there is no file"),
    ],
)
def test_a_wrong_company_file_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (tmp_path / "company.yaml").write_text(text)
    assert run("compute", "--period", "2026-Q1", "--company", str(tmp_path / "company.yaml")) == 2
    assert words in capsys.readouterr().err.replace("\n", " ")


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    open_from(tmp_path, {"spend": "spent_on,amount\n2026-01-01,ten\n"})
    with pytest.raises(DataError):
        main(["--debug", "compute", "--period", "2026-Q1", "--company", str(tmp_path / "company.yaml")])


def test_check_tells_errors_and_warnings_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_from(tmp_path, {"spend": "spent_on,amount\n2026-01-01,ten\n,5\n"})
    assert run("check", "--company", str(tmp_path / "company.yaml"), "--notebooks", str(tmp_path)) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("error: ") and lines[1].startswith("warning: ")
    assert lines[-1] == "1 errors, 1 warnings"


def test_check_passes_on_good_data(company: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", *company) == 0
    assert "0 errors" in capsys.readouterr().out


def test_list_and_show_know_every_kpi(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "opportunity_to_win_ratio" in capsys.readouterr().out
    assert run("show", "opportunity_to_win_ratio") == 0
    printed = capsys.readouterr().out
    assert "won deals ÷ (won deals + lost deals)" in printed and "0.4" in printed


@pytest.mark.parametrize("command", ["compute", "list", "show", "check", "render", "verify", "init", "send", "doctor"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"kpi {command}" in capsys.readouterr().out.split("Example")[1]


def test_help_starts_without_loading_the_analysis() -> None:
    script = "import sys; from kpi_analysis import cli; print('pandas' in sys.modules, 'ibis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_no_color_is_honoured(company: list[str]) -> None:
    command = [
        sys.executable,
        "-c",
        "from kpi_analysis.cli.main import main; main()",
        "compute",
        "x",
        "--period",
        "2026",
    ]
    done = subprocess.run(
        [*command, *company], capture_output=True, text=True, env={"NO_COLOR": "1", "FORCE_COLOR": "1", "PATH": ""}
    )
    assert done.returncode == 2 and "\x1b[3" not in done.stderr


BROKEN_COST = "order_id,ordered_on,customer_id,amount,cost\n1,2026-01-01,a,10,x\n2,2026-01-02,b,,4\n"


def test_check_names_the_kpis_that_a_finding_touches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_from(tmp_path, {"orders": BROKEN_COST}, gross_margin=0.5)
    assert run("check", "--company", str(tmp_path / "company.yaml"), "--notebooks", str(tmp_path)) == 2
    error, warning, *_ = capsys.readouterr().out.splitlines()
    assert "'x' in row 2" in error and " Withholds gross_profit_margin" in error
    assert "1 of 2 rows have no amount" in warning and " Touches " in warning and warning.endswith("more.")


def test_compute_tells_the_worst_on_standard_error_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_from(tmp_path, {"orders": BROKEN_COST}, gross_margin=0.5)
    asked = ["compute", "sales_revenue", "gross_profit_margin", "--period", "2026-01", "--company"]
    assert run(*asked, str(tmp_path / "company.yaml"), "--format", "csv") == 0
    told = capsys.readouterr()
    assert told.err.startswith("error: table orders, column cost") and "1 of 2 figures is withheld" in told.err
    revenue, margin = list(csv.DictReader(io.StringIO(told.out)))
    assert revenue["value"] == "10.0" and "1 of 2 rows have no amount" in revenue["warnings"]
    assert margin["value"] == "" and margin["reason"].startswith("withheld: ")


def test_compute_with_nothing_left_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_from(tmp_path, {"orders": BROKEN_COST}, gross_margin=0.5)
    company = ["--company", str(tmp_path / "company.yaml")]
    assert run("compute", "gross_profit_margin", "--period", "2026-01", *company) == 2
    assert "'x' in row 2" in capsys.readouterr().err


def test_warnings_are_a_list_in_json_and_a_mark_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_from(tmp_path, {"orders": BROKEN_COST})
    asked = ["compute", "sales_revenue", "--period", "2026-01", "--company", str(tmp_path / "company.yaml")]
    assert run(*asked, "--format", "json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)[0]["warnings"] == ["table orders, column amount: 1 of 2 rows have no amount"]
    assert told.err.startswith("warning: ") and "1 of 1 figures" in told.err
    assert run(*asked) == 0
    assert "10.00*" in capsys.readouterr().out
    assert run(*asked, "--format", "parquet", "--output", str(tmp_path / "kpis.parquet")) == 0
    assert list(pd.read_parquet(tmp_path / "kpis.parquet").warnings[0]) == json.loads(told.out)[0]["warnings"]
