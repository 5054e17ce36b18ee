"""A quarter's reports in one go, side by side with what a user would script instead.

    python benchmarks/batch.py [--reports 24] [--sample 8]

Ours makes all reports; the others make some of them (`--sample`), spread evenly over periods and regions, and their
time is scaled up to all.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PERIODS = ("2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")
REGIONS = ("null", "EMEA", "AMER", "APAC")
MARK = "KPI_BENCHMARK=batch"
ONE_BY_HAND = """set -eu
region=""; [ "$2" = null ] || region="-p region $2"
papermill quarterly_report.ipynb "$3/$1-$2.ipynb" -p period "$1" $region --log-level ERROR --no-progress-bar >/dev/null
jupyter nbconvert --log-level ERROR --to html "$3/$1-$2.ipynb"
chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf="$3/$1-$2.pdf" "$3/$1-$2.html"
"""
BARE = """
import ast, json, os, sys, time
import kpi_analysis.report.preload, matplotlib_inline.backend_inline, IPython.core.formatters
book = json.load(open("quarterly_report.ipynb"))
for period, region in json.loads(sys.argv[1]):
    if os.fork() == 0:
        begun, names = time.perf_counter(), {}
        for cell in book["cells"]:
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if "parameters" in cell["metadata"].get("tags", ()):
                names |= {"period": period, "region": None if region == "null" else region}
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
            if hasattr(shown, "_repr_mimebundle_"):
                shown._repr_mimebundle_()
        print(time.perf_counter() - begun, flush=True)
        os._exit(0)
    os.wait()
"""


class Memory(threading.Thread):
    """The most memory that all processes of a batch take together, each page counted once."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.over = 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.peak = max(self.peak, sum(map(self._size, Path("/proc").glob("[0-9]*"))))

    def _size(self, process: Path) -> int:
        try:
            if MARK.encode() not in (process / "environ").read_bytes():
                return 0
            lines = (process / "smaps_rollup").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            return 0


def main() -> None:
    """Print a table of times."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, default=24)
    options.add_argument("--sample", type=int, default=8)
    asked = options.parse_args()
    reports = list(itertools.product(PERIODS, REGIONS))[: asked.reports]
    sample = reports[:: max(1, len(reports) // asked.sample)][: asked.sample]
    with tempfile.TemporaryDirectory(prefix="kpi-") as folder:
        place = Path(folder)
        for name in ("notebooks", "params", "data"):
            shutil.copytree(HERE / name, place / name)
        first = batch(place, reports, "all")
        few, more = (batch(place, reports[:count], f"one{count}", "--workers", "1") for count in (2, 5))
        bare = run_bare(place, reports[2:5], os.environ)
        shared = run_bare(place, reports[2:5], {**os.environ, "KPI_SNAPSHOT": take_snapshot(place)})
        scale = len(reports) / len(sample)
        loop = by_hand(place, sample, 1) * scale
        pair = by_hand(place, sample, 2) * scale
        ploomber = with_ploomber(place, sample)
        second = batch(place, reports, "again")
        memory = Memory()  # to look at it takes time of the processors
        memory.start()
        batch(place, reports[:8], "watched")
        memory.over.set()
    ours = (first + second) / 2
    print(
        f"{len(reports)} quarterly reports to HTML and PDF, {os.cpu_count()} processors; "
        f"the others scaled from {len(sample)}"
    )
    print(f"{f'kpi batch, before the others {first:.1f} s and after them {second:.1f} s':<58}{ours:8.1f} s")
    print(f"{'(a) papermill, nbconvert, Chromium in a loop':<58}{loop:8.1f} s{loop / ours:7.1f} ×   (bar 10)")
    print(f"{'(b) the same with xargs -P 2':<58}{pair:8.1f} s{pair / ours:7.1f} ×   (bar 5)")
    if ploomber is None:
        print("(c) papermill's API with ploomber-engine: not installed")
    else:
        told = f"{ploomber * scale:8.1f} s{ploomber * scale / ours:7.1f} ×   (bar 2)"
        print(f"{'(c) papermill API with ploomber-engine, notebooks only':<58}{told}")
    marginal = (more - few) / 3
    print(f"one more report, one worker {marginal:.2f} s; its cells' code in a bare process {bare:.2f} s: "
          f"{marginal / bare:.2f} ×   (bar 1.3)")  # fmt: skip
    print(f"{'':<35}the same where that process reads the batch's snapshot {shared:.2f} s: {marginal / shared:.2f} ×")
    whole = memory.peak / 1e6
    print(f"memory at most {whole:,.0f} MB in all, {whole / (os.cpu_count() or 1):,.0f} MB a report side by side")


def batch(place: Path, reports: list[tuple[str, str]], name: str, *options: str) -> float:
    """Return how long `kpi batch` takes."""
    entries = "".join(f"  - {{period: {period}, region: {region}}}\n" for period, region in reports)
    file = place / "params" / f"{name}.yaml"
    file.write_text(f"notebook: quarterly_report\noutput: {name}/{{period}}/{{region}}\neach:\n{entries}")
    return timed(
        [BIN / "kpi", "batch", file, "--no-resume", *options], place, env={**os.environ, **dict([MARK.split("=")])}
    )


def by_hand(place: Path, reports: list[tuple[str, str]], side_by_side: int) -> float:
    """Return how long papermill, nbconvert and Chromium take."""
    out = place / f"by-hand-{side_by_side}"
    out.mkdir()
    (place / "one.sh").write_text(ONE_BY_HAND)
    lines = "".join(f"{period} {region} {out}\n" for period, region in reports)
    command = ["xargs", "-P", str(side_by_side), "-n", "3", "sh", str(place / "one.sh")]
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    seconds = timed(command, place / "notebooks", env=env, text=lines)
    assert len(list(out.glob("*.pdf"))) == len(reports)
    return seconds


def with_ploomber(place: Path, reports: list[tuple[str, str]]) -> float | None:
    """Return how long papermill's API takes with ploomber-engine; None where it is not installed."""
    if importlib.util.find_spec("ploomber_engine") is None:
        return None
    code = (
        "import json, sys, papermill\n"
        "for period, region in json.loads(sys.argv[1]):\n"
        "    given = {'period': period} | ({} if region == 'null' else {'region': region})\n"
        "    papermill.execute_notebook('quarterly_report.ipynb', f'{period}-{region}.out.ipynb', given,"
        " engine_name='embedded', progress_bar=False)\n"
    )
    return timed([sys.executable, "-c", code, json.dumps(reports)], place / "notebooks", env=dict(os.environ))


def take_snapshot(place: Path) -> str:
    """Return the place of a snapshot as a batch takes it."""
    file = place / "bare.duckdb"
    command = [sys.executable, "-m", "kpi_analysis.metrics.snapshot", "params/company.yaml", str(file)]
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    return str(file)


def run_bare(place: Path, reports: list[tuple[str, str]], env: Mapping[str, str]) -> float:
    """Return the mean time of the cells' code where everything is imported already."""
    told = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(reports)], cwd=place / "notebooks", capture_output=True, text=True,
        check=True, env=dict(env),
    ).stdout.split()  # fmt: skip
    return sum(map(float, told)) / len(told)


def timed(command: list[str | Path], place: Path, *, env: dict[str, str], text: str | None = None) -> float:
    """Return how long a command takes."""
    begun = time.perf_counter()
    ended = subprocess.run([str(c) for c in command], cwd=place, env=env, input=text, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{command[0]} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
