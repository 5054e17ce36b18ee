import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from support.reasons import says

import kpi_analysis
from kpi_analysis.core.errors import ConfigError, RunError, UsageError
from kpi_analysis.press.run.parameter_values import UntypedText, merge_parameters
from kpi_analysis.press.run.plan import plan_report
from kpi_analysis.press.run.report import PublishedReport, render_report
from kpi_analysis.press.run.secrets import redact

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SECRETS = ("hunter2-öö", 'to"ken')


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(next(iter(kpi_analysis.__path__))).parent))
    monkeypatch.chdir(tmp_path)
    for folder in ("params", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "params" / "company.yaml").write_text("company: Tiny\n")
    name = "reports_what_it_was_given.ipynb"
    (tmp_path / "notebooks" / name).write_bytes((NOTEBOOKS / name).read_bytes())


def clock() -> Callable[[], datetime]:
    def ticks() -> Iterator[datetime]:
        now = datetime(2018, 1, 5, 8, 0, tzinfo=UTC)
        while True:
            yield now
            now += timedelta(seconds=2)

    times = ticks()
    return lambda: next(times)


def render(**given: str) -> PublishedReport:
    return render_report(
        "reports_what_it_was_given",
        period="2017-Q4",
        given=merge_parameters(p=list(given.items())),
        clock=clock(),
    )


def test_a_report_appears_whole_and_survives_a_failing_one() -> None:
    report = render(region="North America", password=SECRETS[0], api_token=SECRETS[1])
    assert report.folder == Path("reports/2017-Q4/reports_what_it_was_given__North-America")
    assert [path.name for path in report.files] == [
        "report.html", "report.pdf", "report.ipynb", "results.json", "manifest.json",
    ]  # fmt: skip
    before = {path: path.read_bytes() for path in report.files}

    manifest = json.loads(before[report.folder / "manifest.json"])
    assert manifest["parameters"] == {
        "company": "../params/company.yaml", "period": "2017-Q4", "region": "North America",
        "password": "**********", "api_token": "**********", "broken": False,
    }  # fmt: skip
    assert manifest["sources"]["orders"]["rows"] == 2
    assert (manifest["catalogue"], manifest["engine"], manifest["formats"]) == (
        "sha256:cd",
        "typst",
        ["html", "pdf"],
    )
    assert (manifest["started"], manifest["finished"]) == (
        "2018-01-05T08:00:00+00:00",
        "2018-01-05T08:00:02+00:00",
    )
    assert [cell["cell"] for cell in manifest["cells"]] == [1, 2, 3, 4, 5]
    assert manifest["packages"]["papermill"]

    results = json.loads(before[report.folder / "results.json"])
    assert [value["value"] for value in results["values"]] == [2, None]
    assert {key: results[key] for key in results if key != "values"} == {
        "findings": [], "projections": [], "targets": [],
    }  # fmt: skip
    with pikepdf.open(report.folder / "report.pdf") as pdf:
        attached = {Path(name).name: spec.get_file().read_bytes() for name, spec in pdf.attachments.items()}
    assert attached["results.json"] == before[report.folder / "results.json"]
    assert attached.keys() == {"results.json", "provenance.json"}
    told = json.loads(attached["provenance.json"])
    assert told == {name: manifest[name] for name in told} and not {"started", "finished"} & told.keys()
    assert told["company_file"] == "params/company.yaml"

    for path, content in before.items():
        for secret in SECRETS:
            assert secret not in content.decode("utf-8", errors="ignore"), path
    printed = json.loads(before[report.folder / "report.ipynb"])
    stream = "".join(
        text for cell in printed["cells"] for out in cell.get("outputs", ()) for text in out.get("text", "")
    )
    assert "logged in with ********** and **********" in stream
    assert "../params/company.yaml" in stream  # so the kernel ran in the notebook's folder
    assert "North America in 2017-Q4" in Path("reports/2017-Q4").joinpath(report.folder.name, "report.html").read_text()
    assert "What was given</bdi></a>" in Path("reports/index.html").read_text()
    assert "<bdi>region: North America</bdi>" in Path("reports/index.html").read_text()
    assert "reports_what_it_was_given__North-America/report.pdf" in Path("reports/index.html").read_text()

    broken = NOTEBOOKS / "reports_what_it_was_given.ipynb"
    source = broken.read_text().replace("broken: bool = False", "broken: bool = True")
    Path("notebooks/reports_what_it_was_given.ipynb").write_text(source)
    with pytest.raises(RunError, match="cell 5 of 5: AssertionError: asked to break"):
        render(region="North America", password=SECRETS[0])
    assert {path: path.read_bytes() for path in report.files} == before
    failed = Path("reports/failed/2017-Q4/reports_what_it_was_given__North-America.ipynb")
    assert "An Exception was encountered" in failed.read_text()
    assert says(Path("reports/index.html").read_text(), "failed in cell 5")
    assert SECRETS[0] not in failed.read_text()


def test_everything_wrong_is_told_before_a_kernel_starts_and_nothing_is_written() -> None:
    def refuse(error: type[Exception], said: str, **changed: object) -> None:
        options: dict[str, object] = {"notebook": "reports_what_it_was_given", "period": "2017-Q4"}
        with pytest.raises(error, match=said):
            plan_report(**(options | changed))  # type: ignore[arg-type]

    refuse(UsageError, "Did you mean 'reports_what_it_was_given'", notebook="report_what_it_was_given")
    refuse(ConfigError, "nowhere.yaml", company=Path("nowhere.yaml"))
    refuse(UsageError, "2017-Q5", period="2017-Q5")
    refuse(UsageError, "Did you mean 'region'", given={"regoin": "EMEA"})
    refuse(UsageError, "'broken' is 'perhaps'", given={"broken": UntypedText("perhaps")})
    refuse(UsageError, "format 'pdff' cannot be made. Did you mean 'pdf'", formats=("pdff",))
    refuse(UsageError, "engine 'word' cannot be used", engine="word")
    refuse(UsageError, "kernel 'pyton3'", kernel="pyton3")
    refuse(UsageError, "Use --company FILE", given={"company": "x.yaml"})
    refuse(UsageError, "given twice: 2017-Q4 and 2017-Q3", given={"period": UntypedText("2017-Q3")})
    refuse(UsageError, "time-out is -1 s", timeout=-1)
    Path("in_the_way").write_text("")
    refuse(RunError, "in_the_way is a file", output_dir=Path("in_the_way"))
    Path("notebooks/torn.ipynb").write_text('{"cells": [\n')
    refuse(ConfigError, "torn.ipynb:2: The notebook is not valid JSON", notebook="torn")
    assert not Path("reports").exists()


def test_another_companys_report_is_not_overwritten() -> None:
    plan = plan_report("reports_what_it_was_given", period="2017-Q4")
    plan.folder.mkdir(parents=True)
    (plan.folder / "manifest.json").write_text(json.dumps({"company": "Other", "distinct": {}}))
    with pytest.raises(UsageError, match="holds another report"):
        plan_report("reports_what_it_was_given", period="2017-Q4")
    assert plan_report("reports_what_it_was_given", period="2017-Q4", output_dir=Path("mine")).folder.parts[0] == "mine"


def test_a_period_that_is_not_given_is_the_notebooks_own() -> None:
    plan = plan_report("reports_what_it_was_given")
    assert plan.period is not None
    assert plan.period.label == "2017-Q4"
    assert plan.folder == Path("reports/2017-Q4/reports_what_it_was_given")


def test_a_value_that_is_the_default_does_not_rename_the_report() -> None:
    plan = plan_report(
        "reports_what_it_was_given", given={"broken": UntypedText("false"), "password": UntypedText("x")}
    )
    assert plan.folder.name == "reports_what_it_was_given"


def test_secrets_are_hidden_however_they_are_written_but_pictures_stay() -> None:
    found = redact(
        {"text/plain": "p=a%22b%20c", "text/html": "a&quot;b c", "image/png": 'a"b c', "x": ["'a\"b c'"]},
        ['a"b c'],
    )
    assert found == {
        "text/plain": "p=**********", "text/html": "**********", "image/png": 'a"b c', "x": ["'**********'"],
    }  # fmt: skip
