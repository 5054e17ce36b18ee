"""Every chart on every edge case that the tests know, as one page of HTML and one PDF: ``make gallery``.

The cases are those of ``tests/report/charts``, where each one must keep its words inside, apart and legible. Here
they are for the eye.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kpi_analysis.design.blocks import MIME, Figure, Title
from kpi_analysis.press.render.document import read_document
from kpi_analysis.press.render.html import to_html
from kpi_analysis.press.render.typst import to_pdf
from kpi_analysis.report.charts import CHARTS

REPOSITORY = Path(__file__).parents[1]
CASES = REPOSITORY / "tests" / "report" / "charts"


def cases() -> Iterator[tuple[str, Mapping[str, Callable[[str], Figure]]]]:
    """The edge cases of each chart of the register."""
    sys.path[:0] = [str(CASES), str(CASES.parents[1])]
    modules = [importlib.import_module(path.stem) for path in sorted(CASES.glob("test_*.py"))]
    found = {name: make for module in modules for name, make in getattr(module, "CASES", {}).items()}
    for chart in CHARTS:
        yield chart, {name: make for name, make in found.items() if name.partition(",")[0] == chart}


def cell(block: Figure | Title) -> dict[str, Any]:
    """A cell of an executed notebook that shows a block."""
    output = {"output_type": "execute_result", "data": {MIME: block.payload()}, "metadata": {}}
    return {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}


def main() -> None:
    """Write the gallery into reports/gallery and say where it is."""
    facts = {"company": "kpi_analysis", "report": "Gallery of charts", "locale": "en_GB"}
    cells = [cell(Title("Every chart, on every edge case", "From the tests of the charts.", facts))]
    number = 0
    for group, makers in cases():
        cells.append({"cell_type": "markdown", "source": f"# {group.capitalize()}", "metadata": {}})
        for name, make in makers.items():
            number += 1
            figure = make(f"gallery-{number}")
            heading = {"cell_type": "markdown", "source": f"## {name.capitalize()}", "metadata": {}}
            cells += [heading, cell(figure)]
    document = read_document({"cells": cells, "metadata": {}})
    folder = REPOSITORY / "reports" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(to_html(document, timestamp=None, attachments={}), encoding="utf-8")
    (folder / "gallery.pdf").write_bytes(to_pdf(document, timestamp=None, attachments={}))
    print(f"{number} charts: {(folder / 'index.html').relative_to(REPOSITORY)}, gallery.pdf beside it")


if __name__ == "__main__":
    main()
