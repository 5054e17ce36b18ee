"""Small parts for made-up reports: drawings, rows, cells and notebooks."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode

from kpi_analysis.design.blocks import MIME, Block, Cell, Row

MM = 72 / 25.4
FACTS = {
    "company": "Northwind Bikes",
    "report": "Quarterly KPI report",
    "period": "2026-Q3",
    "period_label": "2026-Q3",
    "data_to": "30 Sep 2026",
    "complete": True,
    "locale": "en_GB",
    "currency": "EUR",
    "provenance": "Prepared from the company's own tables; every figure can be recomputed from results.json",
}


def svg(width: float, height: float, body: str) -> str:
    """A drawing of this size in mm, with its coordinates in mm."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * MM:.2f}pt" height="{height * MM:.2f}pt" '
        f'viewBox="0 0 {width} {height}">{body}</svg>'
    )


def chart(width: float, height: float, bars: int = 8) -> str:
    step = (width - 12) / bars
    drawn = "".join(
        f'<rect x="{10 + step * i:.2f}" y="{height - 8 - (i + 4) * (height - 20) / (bars + 4):.2f}" '
        f'width="{step * 0.66:.2f}" height="{(i + 4) * (height - 20) / (bars + 4):.2f}" fill="#B4BEC7"/>'
        f'<text x="{10 + step * i + step * 0.33:.2f}" y="{height - 3:.2f}" text-anchor="middle" '
        f"style=\"font: 2.7px 'Source Sans Pro'; fill: #55616D\">Q{i % 4 + 1}</text>"
        for i in range(bars)
    )
    line = f'<path id="base" d="M8 {height - 8}H{width}" stroke="#B8C1C9" stroke-width=".2"/>'
    return svg(width, height, f"<style>*{{stroke-linejoin: round}}</style>{drawn}{line}")


def spark(seed: int) -> str:
    points = " ".join(f"{1 + i * 1.8:.2f},{4.4 - (i * 0.27 + (i * seed * 7 % 5) * 0.12):.2f}" for i in range(12))
    last = points.split()[-1].split(",")
    return svg(
        22,
        5.2,
        f'<polyline points="{points}" fill="none" stroke="#55616D" stroke-width=".36"/>'
        f'<circle cx="{last[0]}" cy="{last[1]}" r=".8" fill="#0B5A94"/>',
    )


def dots(position: float) -> str:
    return svg(
        62,
        7,
        '<path d="M7 0V7" stroke="#B3360C" stroke-width=".3"/><path d="M22 0V7M43 0V7" stroke="#87929D" '
        f'stroke-width=".25"/><path d="M{position - 5} 3.5h10" stroke="#9CC3E0" stroke-width="1"/>'
        f'<circle cx="{position}" cy="3.5" r="1.1" fill="#0B5A94"/>',
    )


def value(kpi: str, number: float) -> dict[str, Any]:
    return {"id": f"{kpi}@2026-Q3", "kpi": kpi, "grain": "quarter", "period": "2026-Q3", "value": number}


WORDS = {"on": "On track", "risk": "At risk", "off": "Off track", "none": "No target"}


def score(name: str, unit: str, now: Cell, before: Cell, year: Cell, target: Cell, chance: str, status: Any) -> Row:
    return Row(
        (
            Cell(name, unit=unit),
            Cell(svg=spark(len(name)), alt=f"{name}, 12 quarters, rising"),
            now,
            before,
            year,
            target,
            Cell(chance),
            Cell(WORDS[status], status=status),
        )
    )


def n(text: str, suffix: str = "", tone: Any = "plain", pad: str = "") -> Cell:
    return Cell(text, suffix, pad, tone, strong=tone in ("good", "bad"))


def b(text: str) -> Cell:
    return Cell(text, strong=True)


def group(label: str) -> Row:
    return Row((Cell(label, span=8),), "group")


def cell_of(block: Block) -> NotebookNode:
    data = {MIME: block.payload(), "text/plain": "…"}
    output = nbformat.v4.new_output("display_data", data=data)
    return nbformat.v4.new_code_cell("show()", outputs=[output])


def notebook(*cells: NotebookNode, **metadata: Any) -> NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)


def markdown(text: str, **kept: Any) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text, **kept)


def code(*outputs: NotebookNode, source: str = "work()", tags: tuple[str, ...] = (), **metadata: Any) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags), **metadata})


def shown(**data: str) -> NotebookNode:
    """An output with these media types: ``shown(text_html="<p>")``."""
    return nbformat.v4.new_output("display_data", data={key.replace("_", "/", 1): text for key, text in data.items()})
