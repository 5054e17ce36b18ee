"""DuckDB: reads the files of a company, and is the reference of all other dialects."""

from __future__ import annotations

import ibis

from kpi_analysis.metrics.sources.dialects.dialect import Dialect


@ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
def hash_text(text):  # type: ignore[no-untyped-def]
    """DuckDB's hash of a text, as the number that it is."""


DUCKDB = Dialect("duckdb", "DuckDB", hash_text=hash_text, collects_days=True, runs_compiled=True)
