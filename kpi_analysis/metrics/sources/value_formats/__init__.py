"""How numbers and dates are written in a column, found from all of its values, and the column written plainly."""

from kpi_analysis.metrics.sources.value_formats.dates import DateFormat
from kpi_analysis.metrics.sources.value_formats.finding import (
    ReadingHints,
    ValueFormat,
    find_formats,
    reading_hints,
    wanted_kinds,
    write_plainly,
)
from kpi_analysis.metrics.sources.value_formats.numbers import NumberFormat

__all__ = [
    "DateFormat",
    "NumberFormat",
    "ReadingHints",
    "ValueFormat",
    "find_formats",
    "reading_hints",
    "wanted_kinds",
    "write_plainly",
]
