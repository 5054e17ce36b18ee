"""The examples of docs/schedulers.md, read from the page and run as a user would run them.

Airflow and jupyter-scheduler are no dependencies. Their examples run where this Python has them, or in the Python that
KPI_AIRFLOW_PYTHON or KPI_JUPYTER_SCHEDULER_PYTHON names.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import nbformat
import pytest
from jinja2 import Environment

from kpi_analysis.press.run.parameters import read_parameters

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/schedulers.md").read_text(encoding="utf-8")
WORKSPACE = "/srv/reports"
DECLARED = {parameter.name: parameter for parameter in read_parameters(ROOT / "notebooks/quarterly_report.ipynb")}
SMALL_NOTEBOOK = (
    'company: str = "../params/company.yaml"\nperiod: str = "2026-Q1"\nregion: str | None = "EMEA"',
    "import json, os\nfrom pathlib import Path\n"
    'assert Path(company).resolve(strict=True).name == "company.yaml"\n'
    'print(json.dumps([period, region, os.environ.get("CRM_PASSWORD")]))',
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the examples are for a POSIX shell")


def examples(chapter: str, language: str) -> list[str]:
    """The fenced blocks of one language in one chapter of the page."""
    text = PAGE.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


CRONTAB = [line for line in examples("cron", "cron")[0].splitlines() if not line.startswith("#")]
CRON_LINES = [line for line in CRONTAB if line[0] in "*0123456789"]
CRON_VARIABLES = dict(line.split("=", 1) for line in CRONTAB if line not in CRON_LINES)
DAGS = {re.findall(r'DAG\(\s*"(\w+)"', text)[0]: text for text in examples("Airflow", "python")}
JOB: dict[str, Any] = json.loads(examples("jupyter-scheduler", "json")[0])


@pytest.fixture
def reports(workspace: Path) -> Path:
    """A workspace as the page has it, with a small notebook in the place of the large one."""
    (workspace / ".venv").symlink_to(sys.prefix)
    (workspace / "params/company.yaml").write_text("company: Tiny\ntables: {orders: {path: orders.csv}}\n")
    (workspace / "params/orders.csv").write_text("order_id,customer_id,ordered_on,amount\n1,1,2026-07-01,10\n")
    (workspace / "params/batch.yaml").write_text("notebook: quarterly_report\nparams: {period: 2026-Q3}\nto: [html]\n")
    cells: list[Any] = [nbformat.v4.new_code_cell(source) for source in SMALL_NOTEBOOK]  # type: ignore[no-untyped-call]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})  # type: ignore[no-untyped-call]
    nbformat.write(book, workspace / "notebooks/quarterly_report.ipynb")  # type: ignore[no-untyped-call]
    return workspace


def run(command: str | list[str], folder: Path, **environment: str) -> None:
    """Run a command, for a shell if it is text, with as little environment as cron gives."""
    words = ["/bin/sh", "-ec", command.replace(WORKSPACE, str(folder))] if isinstance(command, str) else command
    ended = subprocess.run(
        words, cwd=folder, env=bare(folder) | environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]


def bare(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def told(notebook: Path) -> list[str | None]:
    """What the small notebook found: its period, its region, and the secret in its environment."""
    cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    found: list[str | None] = json.loads("".join(output["text"] for output in cells[-1].outputs))
    return found


def quarter_before(day: date) -> str:
    """The calendar quarter in which the day before lies."""
    day -= timedelta(days=1)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def constants(text: str) -> dict[str, Any]:
    """The names that a module gives to constants."""
    named: dict[str, Any] = {}
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign):
            exec(compile(ast.Module([statement], []), "docs/schedulers.md", "exec"), named)
    return named


def test_crontab_lines_have_five_fields_and_no_bare_percent() -> None:
    assert len(CRON_LINES) == 2
    for line in CRON_LINES:
        *times, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"\*|\d+([-,]\d+)*", field) for field in times)
        assert re.search(r"(?<!\\)%", command) is None  # cron ends a command there


def test_the_batch_of_the_crontab_runs_in_the_environment_of_cron(reports: Path) -> None:
    run(CRON_LINES[0].split(maxsplit=5)[5], reports, **CRON_VARIABLES)
    assert told(reports / "reports/2026-Q3/quarterly_report/report.ipynb") == ["2026-Q3", "EMEA", "change-me"]


def test_the_report_of_the_crontab_is_of_the_quarter_that_ended(reports: Path) -> None:
    if subprocess.run(["date", "-d", "yesterday", "+%q"], capture_output=True, check=False).returncode:
        pytest.skip("the date of this system is not GNU's")
    quarters = {quarter_before(date.today())}
    run(CRON_LINES[1].split(maxsplit=5)[5].replace(r"\%", "%"), reports, **CRON_VARIABLES)
    quarters.add(quarter_before(date.today()))  # midnight may have passed
    (made,) = (reports / "reports").glob("*/quarterly_report/report.ipynb")
    assert told(made) == [made.parts[-3], "EMEA", "change-me"]
    assert made.parts[-3] in quarters
    assert made.with_name("report.pdf").is_file()


def test_papermill_runs_a_notebook_and_nbconvert_prints_it(reports: Path) -> None:
    run(examples("papermill", "sh")[0], reports)
    assert told(reports / "out/quarterly_report.ipynb") == ["2026-Q3", None, None]
    assert (reports / "out/quarterly_report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", DAGS)
def test_a_dag_names_the_quarter_before_its_run(name: str) -> None:
    template = Environment().from_string(constants(DAGS[name])["QUARTER"])
    for day in (
        datetime(2026, 1, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 12, 31, tzinfo=UTC),
    ):
        for logical in (day, None):  # a run begun by hand has no logical date
            other = datetime(2031, 8, 1, tzinfo=UTC) if logical else day
            given = SimpleNamespace(logical_date=logical, run_after=other)
            assert template.render(dag_run=given, macros=SimpleNamespace(timedelta=timedelta)) == quarter_before(day)


def test_what_the_examples_name_is_there() -> None:
    tree = [node for text in DAGS.values() for node in ast.walk(ast.parse(text))]
    texts = [node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    files = [
        text.removeprefix(f"{WORKSPACE}/") for text in texts if text.startswith((f"{WORKSPACE}/no", f"{WORKSPACE}/pa"))
    ]
    assert sorted(files) == ["notebooks/quarterly_report.ipynb", "params/company.yaml"]
    assert all((ROOT / file).is_file() for file in [*files, JOB["input_uri"], "params/batch.yaml"])
    (given,) = (node.value for node in tree if isinstance(node, ast.keyword) and node.arg == "parameters")
    assert isinstance(given, ast.Dict)
    assert {key.value for key in given.keys if isinstance(key, ast.Constant)} <= DECLARED.keys()


def test_the_parameters_of_a_notebook_job_are_python_of_the_declared_types() -> None:
    assert set(JOB["output_formats"]) == {"ipynb", "html"}
    given = {name: ast.literal_eval(value) for name, value in JOB["parameters"].items()}
    assert given == {"company": f"{WORKSPACE}/params/company.yaml", "period": "2026-Q3", "region": None}
    for name, value in given.items():
        assert isinstance(value, DECLARED[name].type)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of Airflow with an empty database."""
    home = tmp_path_factory.mktemp("airflow")
    python = python_with("airflow.providers.papermill", "KPI_AIRFLOW_PYTHON")
    run([python, "-m", "airflow", "db", "migrate"], home, AIRFLOW_HOME=str(home))
    return home


@pytest.mark.parametrize("name", DAGS)
def test_airflow_runs_a_dag(name: str, airflow: Path, reports: Path) -> None:
    python = python_with("airflow.providers.papermill", "KPI_AIRFLOW_PYTHON")
    run(examples("Airflow", "sh")[0].replace("/opt/airflow", str(reports)), reports)
    (reports / "dags").mkdir()
    (reports / "dags" / f"{name}.py").write_text(DAGS[name].replace(WORKSPACE, str(reports)))
    run(
        [python, "-m", "airflow", "dags", "test", name, "2026-07-01"],
        reports,
        AIRFLOW_HOME=str(airflow),
        AIRFLOW__CORE__DAGS_FOLDER=str(reports / "dags"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW_CONN_CRM=json.dumps({"conn_type": "generic", "password": "change-me"}),
        JUPYTER_PATH=str(reports / "share/jupyter"),
    )
    if name == "quarterly_report":
        assert told(reports / "reports/2026-Q2/quarterly_report/report.ipynb") == ["2026-Q2", "EMEA", "change-me"]
    else:
        assert told(reports / "out/2026-Q2.ipynb") == ["2026-Q2", None, None]
        assert (reports / "out/2026-Q2.pdf").read_bytes().startswith(b"%PDF")


def test_jupyter_scheduler_runs_a_job(reports: Path) -> None:
    python = python_with("jupyter_scheduler", "KPI_JUPYTER_SCHEDULER_PYTHON")
    body = json.dumps(JOB).replace(WORKSPACE, str(reports)).encode()
    with jupyter_server(python, reports) as ask:
        job = json.loads(ask("jobs", body))["job_id"]
        end = time.monotonic() + 120
        while (state := json.loads(ask(f"jobs/{job}")))["status"] not in ("COMPLETED", "FAILED"):
            assert time.monotonic() < end
            time.sleep(0.3)
        assert state["status"] == "COMPLETED", state["status_message"]
        ask(f"jobs/{job}/download_files")
    (made,) = reports.glob("jobs/*/quarterly_report-*.ipynb")
    assert told(made) == ["2026-Q3", None, "change-me"]
    assert made.with_suffix(".html").is_file()


@contextmanager
def jupyter_server(python: str, folder: Path) -> Iterator[Any]:
    """A Jupyter server on a folder, as a function that asks its scheduler."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"ip": "127.0.0.1", "port": port, "port_retries": 0, "allow_root": True, "open_browser": False}
    words = [f"--ServerApp.{name}={value}" for name, value in settings.items()]

    def ask(path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/scheduler/{path}", data=body, headers={"Authorization": "token of-this-test"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            read: bytes = answer.read()
            return read

    known = bare(folder) | {"JUPYTER_TOKEN": "of-this-test", "CRM_PASSWORD": "change-me"}
    log = folder / "server.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [python, "-m", "jupyter_server", *words], cwd=folder, env=known, stdout=written, stderr=written
        ) as server,
    ):
        try:
            for _ in range(300):
                try:
                    ask("config")
                    break
                except URLError:
                    assert server.poll() is None, log.read_text()[-3000:]
                    time.sleep(0.2)
            yield ask
        finally:
            server.terminate()


def python_with(module: str, variable: str) -> str:
    """The Python that a variable names, or this one if it has a module; the test is skipped without."""
    if named := os.environ.get(variable):
        return named
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip(f"{module} is not here; name a Python that has it in {variable}")
    return sys.executable
