"""How fast does an executed notebook become HTML and PDF, beside what a user would use instead?

Run it with ``python benchmarks/render.py``; it renders the demo company's quarterly report once, and then prints the
executed notebook again and again: our HTML and PDF warm and in a process of their own, nbconvert's own HTML, that HTML
printed by Chromium, and Quarto, where these are installed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from kpi_analysis.press.render import chromium
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.html import to_html
from kpi_analysis.press.render.typst import to_pdf

REPOSITORY = Path(__file__).resolve().parents[1]
BAR = 0.3


def timed(do: Callable[[], object], times: int = 5) -> float:
    """The median of the seconds that a call takes, after one call that is not counted."""
    do()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def once(*command: str) -> float:
    """The seconds that a program takes; not a number where it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start if done.returncode == 0 else float("nan")


def executed(folder: Path) -> Path:
    """The quarterly report of the demo company as an executed notebook."""
    kpi = Path(sys.executable).with_name("kpi")
    report = ["render", "notebooks/quarterly_report.ipynb", "--period", "2026-Q3", "--to", "ipynb"]
    command = [str(kpi), *report, "--output-dir", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return next(folder.rglob("report.ipynb"))


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = executed(folder)
        content = json.loads(notebook.read_text(encoding="utf-8"))
        html = timed(lambda: to_html(read_document(content), timestamp=None, attachments={}))
        pdf = timed(lambda: to_pdf(read_document(content), timestamp=None, attachments={}))
        print(f"{'kpi_analysis, HTML, warm':44}{html:8.2f} s   (bar {BAR})")
        print(f"{'kpi_analysis, PDF, warm':44}{pdf:8.2f} s   (bar {BAR})")
        plain = once(sys.executable, "-m", "nbconvert", "--to", "html", str(notebook), "--output", "plain.html")
        print(f"{'nbconvert --to html, a process':44}{plain:8.2f} s")
        browser = chromium.find_browser()
        if browser is not None:
            page, made = next(folder.rglob("plain.html"), notebook).as_uri(), folder / "plain.pdf"
            flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
            printed = once(str(browser), *flags, f"--print-to-pdf={made}", page)
            print(f"{'and printed by Chromium, a process':44}{printed:8.2f} s")
        quarto = shutil.which("quarto")
        if quarto is None:
            print("Quarto: not installed")
        else:
            by_quarto = once(quarto, "render", str(notebook), "--to", "typst")
            print(f"{'quarto render --to typst, a process':44}{by_quarto:8.2f} s")
        print(f"bar: at most {BAR} s each, warm: {'met' if max(html, pdf) <= BAR else 'not met'}")


if __name__ == "__main__":
    main()
