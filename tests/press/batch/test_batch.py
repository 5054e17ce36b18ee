"""Batches with faults that really happen: each report fails alone, and nothing is lost or done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import kpi_analysis

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "does_what_it_is_told.ipynb"
KPI = [sys.executable, "-c", "from kpi_analysis.cli.main import main; main()"]
PLACE = "output: reports/{period}/{deed}\n"


@pytest.fixture(scope="module")
def package() -> Path:
    return Path(next(iter(kpi_analysis.__path__))).parent


def lay_out(folder: Path, batch: str) -> Path:
    for name in ("params", "notebooks"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "params" / "company.yaml").write_text("company: Tiny\n")
    (folder / "notebooks" / NOTEBOOK.name).write_bytes(NOTEBOOK.read_bytes())
    (folder / "params" / "batch.yaml").write_text(f"notebook: does_what_it_is_told\nto: [html]\n{batch}")
    return folder


def start(folder: Path, *options: str, package: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*KPI, "batch", "params/batch.yaml", *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(package), "SECRET_WORD": "hunter2-öö", "NO_COLOR": "1"},
    )  # fmt: skip


def run(folder: Path, *options: str, package: Path) -> tuple[int, str, str]:
    process = start(folder, *options, package=package)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def items(folder: Path, period: str = "2017-Q4") -> dict[str, dict[str, object]]:
    told = json.loads((folder / "reports" / period / "batch.json").read_text())
    return {str(item["name"]).removeprefix(f"{period}/"): item for item in told["items"]}


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory, package: Path) -> tuple[Path, int, str, str]:
    """One batch in which all but three reports fail, each in its own way."""
    folder = lay_out(
        tmp_path_factory.mktemp("faults"),
        "params: {period: 2017-Q4, password: '${SECRET_WORD}'}\n"
        "timeout: 6\nmemory: 3 GB\n" + PLACE + "each:\n"
        + "".join(f"  - {{deed: {deed}}}\n" for deed in ("one", "raise", "die", "exit", "hang", "print", "fill", "two"))
        + "  - {deed: odd, top: many}\n  - {deed: blocked}\n  - {deed: three}\n",
    )  # fmt: skip
    (folder / "reports" / "2017-Q4").mkdir(parents=True)
    (folder / "reports" / "2017-Q4" / "blocked").write_text("a file is in the way")
    return folder, *run(folder, "--workers", "3", package=package)


def test_a_fault_touches_no_other_report(faults: tuple[Path, int, str, str]) -> None:
    folder, code, out, err = faults
    assert code == 1, err
    states = {name: item["state"] for name, item in items(folder).items()}
    assert {name for name, state in states.items() if state == "done"} == {"one", "two", "three"}
    assert set(states.values()) == {"done", "failed"}
    assert "11 reports: 3 done, 8 failed" in out
    for name, state in states.items():
        place = folder / "reports" / "2017-Q4" / name
        assert (place / "report.html").is_file() == (state == "done")
        assert not place.is_dir() or (place / "manifest.json").is_file()
    assert not [path for path in (folder / "reports").rglob(".*") if path.name != ".batch"]


@pytest.mark.parametrize(
    ("name", "cell", "words"),
    [
        ("raise", 3, "ValueError: no entry with **********"),
        ("die", 3, "cell 3 of 4: the kernel died"),
        ("exit", 3, "the cell ended the run, and 1 later cell never ran"),
        ("hang", 3, "longer than the time-out of 6 s"),
        ("print", 3, "OutputTooLarge: over 50 MB"),
        ("fill", 3, "MemoryError"),
        ("blocked", None, "is a file, wanted a folder"),
        ("deed odd, top many", None, "'top' is 'many', wanted a whole number"),
    ],
)
def test_each_fault_is_told_with_its_cell(
    faults: tuple[Path, int, str, str], name: str, cell: int | None, words: str
) -> None:
    found = {
        key.removeprefix("deed ") if key == "deed blocked" else key: item for key, item in items(faults[0]).items()
    }
    assert words in str(found[name]["error"])
    assert found[name]["cell"] == cell


def test_a_secret_is_nowhere(faults: tuple[Path, int, str, str]) -> None:
    folder, _, out, err = faults
    assert "hunter2" not in out + err
    written = [path for path in (folder / "reports").rglob("*") if path.is_file()]
    assert len(written) > 15
    assert not [path for path in written if b"hunter2" in path.read_bytes()]


def test_no_two_reports_draw_the_same_numbers(faults: tuple[Path, int, str, str]) -> None:
    reports = [faults[0] / "reports" / "2017-Q4" / name / "results.json" for name in ("one", "two", "three")]
    values = [{v["id"]: v["value"] for v in json.loads(path.read_text())["values"]} for path in reports]
    assert len({found["random"] for found in values}) == 3
    assert len({found["numpy"] for found in values}) == 3


def test_a_batch_that_was_ended_goes_on(tmp_path: Path, package: Path) -> None:
    folder = lay_out(tmp_path, "grid: {deed: [one, wait]}\n" + PLACE)
    kernel = folder / "notebooks" / "kernel-wait"
    made = folder / "reports" / "2017-Q4" / "one" / "manifest.json"
    first = 0
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        kernel.unlink(missing_ok=True)
        process = start(folder, "--workers", "1", package=package)
        until(lambda: kernel.exists() and kernel.read_text() != "")
        first = first or made.stat().st_mtime_ns
        if number == signal.SIGTERM:
            refused, _, err = run(folder, package=package)
            assert refused == 1
            assert f"Another batch is at work in reports: batch.yaml, process {process.pid}. Wait for it" in err
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == code
        until(lambda: is_gone(int(kernel.read_text())))
        if number != signal.SIGKILL:
            assert items(folder)["wait"]["state"] == "not run"
        assert not (folder / "reports" / "2017-Q4" / "wait").exists()

    (folder / "notebooks" / "go").touch()
    made_again, _, err = run(folder, package=package)
    assert made_again == 0, err
    assert {name: item["state"] for name, item in items(folder).items()} == {"one": "kept", "wait": "done"}
    assert made.stat().st_mtime_ns == first


def test_a_full_disk_leaves_the_old_report(faults: tuple[Path, int, str, str], package: Path) -> None:
    folder = faults[0]
    report = folder / "reports" / "2017-Q4" / "one"
    before = {path.name: path.read_bytes() for path in report.iterdir()}
    (folder / "params" / "one.yaml").write_text(f"notebook: does_what_it_is_told\ngrid: {{deed: [one]}}\n{PLACE}")
    command = f"{sys.executable} -c 'from kpi_analysis.cli.main import main; main()' batch params/one.yaml"
    ended = subprocess.run(
        ["bash", "-c", f"ulimit -f 8; exec {command}"], cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(package)},
    )  # fmt: skip
    assert ended.returncode == 1
    assert "written" in str(items(folder)["one"]["error"]) and "File too large" in str(items(folder)["one"]["error"])
    assert {path.name: path.read_bytes() for path in report.iterdir()} == before
