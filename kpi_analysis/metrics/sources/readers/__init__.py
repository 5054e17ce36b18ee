"""Readers of files: a module a kind; a new kind is a module and a line of the register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.metrics.sources.readers.csv_files import read_csv_files
from kpi_analysis.metrics.sources.readers.excel_files import read_excel_files
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.metrics.sources.readers.json_files import read_json_files
from kpi_analysis.metrics.sources.readers.parquet_files import read_parquet_files
from kpi_analysis.metrics.sources.readers.zip_files import read_zip_files

Reader = Callable[[Any, str, list[Path], TableSpec], tuple[ir.Table, FileRead]]

READERS: Mapping[str, Reader] = {
    "csv": read_csv_files,
    "excel": read_excel_files,
    "json": read_json_files,
    "parquet": read_parquet_files,
    "zip": read_zip_files,
}
