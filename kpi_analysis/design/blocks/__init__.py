"""What a report is made of, as plain data, and how that shows itself as HTML."""

from kpi_analysis.design.blocks.model import (
    MIME,
    Beside,
    Block,
    Cell,
    Column,
    Figure,
    Finding,
    Findings,
    Note,
    Row,
    Table,
    Title,
    forget_shown,
    shown_kpis,
)

__all__ = [
    "MIME",
    "Beside",
    "Block",
    "Cell",
    "Column",
    "Figure",
    "Finding",
    "Findings",
    "Note",
    "Row",
    "Table",
    "Title",
    "forget_shown",
    "shown_kpis",
]
