"""Parquet files: read in place by DuckDB, with the rows and columns of each file from its footer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow.parquet as pq

from kpi_analysis.core.config.table_spec import TableSpec
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead


def read_parquet_files(connection: Any, name: str, files: list[Path], spec: TableSpec) -> tuple[ir.Table, FileRead]:
    """Raw table of Parquet files, whose columns are joined by name.

    Parameters
    ----------
    connection : Any
        Of DuckDB.
    name : str
        Of the new table; DuckDB makes a view of its own.
    files : list of Path
    spec : TableSpec
        What the company file says of the table.

    Returns
    -------
    Table, FileRead
        With the columns as they are named there, and what is to be known of the files.
    """
    footers = [pq.read_metadata(file) for file in files]
    columns = [tuple(dict.fromkeys(one.schema.to_arrow_schema().names)) for one in footers]
    options = {"union_by_name": True} if len(set(columns)) > 1 else {}
    table = connection.read_parquet([str(file) for file in files], **options)
    parts = [FilePart(file, one.num_rows, own) for file, one, own in zip(files, footers, columns, strict=True)]
    return table, FileRead(tuple(parts))
