"""PostgreSQL: sorts text by the rules of a language, unless it is asked for its bytes."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from kpi_analysis.metrics.sources.dialects.dialect import Dialect


@ibis.udf.scalar.builtin(signature=(("string", "string"), "binary"))
def convert_to(text, encoding):  # type: ignore[no-untyped-def]
    """Postgres's text as bytes."""


def utf8_bytes(text: ir.Value) -> ir.Value:
    """Text as its bytes in UTF-8, which sort as other engines sort it."""
    bytes_: ir.Value = convert_to(text, "UTF8")
    return bytes_


POSTGRES = Dialect("postgres", "PostgreSQL", in_byte_order=utf8_bytes, collects_days=True)
