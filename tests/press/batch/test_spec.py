"""Which reports a batch is made of, and when one need not be made again; nothing runs here."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import kpi_analysis
from kpi_analysis.core.errors import ConfigError, EngineMissing, UsageError
from kpi_analysis.press.batch.fingerprint import is_up_to_date, report_fingerprint, why_out_of_date
from kpi_analysis.press.batch.spec import Batch, read_batch
from kpi_analysis.press.run.names import templated_folder
from kpi_analysis.press.run.publish import publish

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "reports_what_it_was_given.ipynb"
COMPANY = Path("params/company.yaml")
PACKAGE = Path(next(iter(kpi_analysis.__path__))).parent


@pytest.fixture(autouse=True)
def _workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    COMPANY.write_text("company: Tiny\n")
    (workspace / "notebooks" / NOTEBOOK.name).write_bytes(NOTEBOOK.read_bytes())


def batch(text: str) -> Batch:
    path = Path("params/batch.yaml")
    path.write_text(f"notebook: reports_what_it_was_given\n{text}")
    return read_batch(path, COMPANY)


def folders(found: Batch) -> list[str]:
    return [item.plan.folder.as_posix() for item in found.items if item.plan is not None]


def test_a_grid_is_a_product_and_each_is_a_list() -> None:
    stem = "reports/2026-Q3/reports_what_it_was_given"
    assert folders(batch("params: {period: 2026-Q3}\ngrid: {region: [null, EMEA], broken: [false, true]}\n")) == [
        stem, f"{stem}__true", f"{stem}__EMEA", f"{stem}__EMEA__true",
    ]  # fmt: skip
    found = batch("each: [{period: 2026-Q3, region: 007}, {period: 2026-Q2}]\noutput: out/all/{region}/{period}\n")
    assert folders(found) == ["out/all/007/2026-Q3", "out/all/none/2026-Q2"]
    assert found.root == Path("out/all")
    assert found.period == "2026-Q3"
    assert found.items[0].plan is not None and found.items[0].plan.values["region"] == "007"


def test_the_period_of_the_command_goes_before_that_of_the_file() -> None:
    Path("params/batch.yaml").write_text(
        "notebook: reports_what_it_was_given\nparams: {period: 2026-Q3}\ngrid: {region: [null, EMEA]}\n"
    )
    found = read_batch(Path("params/batch.yaml"), COMPANY, period="2026-Q1")
    stem = "reports/2026-Q1/reports_what_it_was_given"
    assert folders(found) == [stem, f"{stem}__EMEA"] and found.period == "2026-Q1"
    Path("params/batch.yaml").write_text("notebook: reports_what_it_was_given\neach: [{period: 2026-Q3}]\n")
    with pytest.raises(UsageError, match="gives reports periods of their own"):
        read_batch(Path("params/batch.yaml"), COMPANY, period="2026-Q1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grid: {region: [EMEA, emea]}\n", "two reports would lie in"),
        ("grid: {region: [EMEA, AMER]}\noutput: reports/{period}/same\n", r"Name what tells them apart.*\{region\}"),
        ("each: [{}, {}]\n", "they are the same"),
        ("output: ../{period}/x\n", "leads out of the workspace"),
        ("output: /etc/{period}\n", "leads out of the workspace"),
        ("output: reports/{regoin}\n", "Did you mean 'region'"),
        ("output: reports/{region.upper}\n", "is no parameter"),
        ("output: reports/{password}\n", "is secret"),
        ("output: '{period}/{notebook}'\n", "names no folder for each report"),
        ("grid: {region: []}\n", "no value of 'region'"),
        ("grid: {region: [a]}\neach: [{region: b}]\n", "both 'grid' and 'each'"),
        ("gird: {region: [a]}\n", "Did you mean 'grid'"),
        ("memory: much\n", "no amount of memory"),
        ("params: {region: '${HOME}'}\n", "does not keep it secret"),
        ("params: {password: '${NOT_SET_AT_ALL}'}\n", "NOT_SET_AT_ALL is not set"),
        ("params: {top: 1}\n", "There is no parameter 'top'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(text: str, words: str) -> None:
    with pytest.raises((ConfigError, UsageError), match=words) as caught:
        batch(text)
    assert caught.value.exit_code == 2
    assert not Path("reports/2026-Q3").exists()


def test_values_cannot_lead_out_of_the_reports() -> None:
    for value in ("../../etc", "/etc/passwd", "..", "a/../../b", "~root", "C:\\x"):
        root, place = templated_folder("reports/{period}/{region}", {"period": "2026-Q3", "region": value})
        assert root == Path("reports")
        assert len(place.parts) == 2 and ".." not in place.parts


def test_one_wrong_report_does_not_stop_the_others() -> None:
    found = batch("each: [{region: EMEA}, {region: EMEA, broken: maybe, password: tiger}]\n")
    assert [item.error is None for item in found.items] == [True, False]
    assert "'broken' is 'maybe'" in str(found.items[1].error)
    assert "tiger" not in found.items[1].name + str(found.items[1].error)


def test_a_key_changes_with_what_a_report_is_made_from_and_with_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def key(text: str = "grid: {region: [EMEA]}\n", data: str = "d") -> str:
        plan = batch(text).items[0].plan
        assert plan is not None
        return report_fingerprint(plan, COMPANY, data)

    first = key()
    COMPANY.touch()
    assert key() == first
    monkeypatch.setenv("WORD", "a password")
    assert key("params: {region: EMEA, password: '${WORD}'}\n") == key("params: {region: EMEA, password: other}\n")
    others = [key("grid: {region: [AMER]}\n"), key(data="e"), key("grid: {region: [EMEA]}\nto: [html]\n")]
    Path("params/targets.yaml").write_text("targets: []\n")
    others.append(key())
    COMPANY.write_text("company: Tiny\ncurrency: USD\n")
    others.append(key())
    assert len({first, *others}) == 6


def test_half_a_report_is_not_trusted() -> None:
    plan = batch("grid: {region: [EMEA]}\n").items[0].plan
    assert plan is not None
    plan = replace(plan, key="k")
    assert (is_up_to_date(plan), why_out_of_date(plan)) == (False, "new")
    told = {"key": "k", "files": {"report.html": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}}
    publish(plan.folder, {"report.html": b"x", "manifest.json": json.dumps(told).encode()})  # sha256 of x
    assert is_up_to_date(plan)
    assert not is_up_to_date(replace(plan, key="other"))
    (plan.folder / "report.html").write_bytes(b"")
    assert (is_up_to_date(plan), why_out_of_date(plan)) == (False, "its files were changed")
    (plan.folder / "manifest.json").write_text("{")
    assert (is_up_to_date(plan), why_out_of_date(plan)) == (False, "its manifest cannot be read")


def test_a_cluster_without_dask_names_the_command_that_brings_it() -> None:
    batch("grid: {region: [EMEA]}\n")
    hidden = "import sys; sys.modules['distributed'] = None; from kpi_analysis.cli.main import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", hidden, "batch", "params/batch.yaml", "--cluster", "tcp://127.0.0.1:8786"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )  # fmt: skip
    assert ended.returncode == EngineMissing("").exit_code == 2
    assert "A cluster needs Dask" in ended.stderr and "pip install 'kpi-analysis[dask]'" in ended.stderr
    assert not list(Path("reports").iterdir())
