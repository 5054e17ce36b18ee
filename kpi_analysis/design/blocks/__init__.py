"""What a report is made of, as plain data, and how that shows itself as HTML."""

from kpi_analysis.design.blocks.model import (
    DERIVED,
    MIME,
    Beside,
    Block,
    Cell,
    Column,
    Display,
    Figure,
    Finding,
    Findings,
    Note,
    Row,
    Table,
    Title,
    is_derived,
)

__all__ = [
    "DERIVED",
    "MIME",
    "Beside",
    "Block",
    "Cell",
    "Column",
    "Display",
    "Figure",
    "Finding",
    "Findings",
    "Note",
    "Row",
    "Table",
    "Title",
    "is_derived",
]
