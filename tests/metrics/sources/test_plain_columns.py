"""Plain columns: what is cast without a look at each value is what the strict reading makes of it."""

from __future__ import annotations

import ibis
import pytest

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.schema import CanonicalColumn
from kpi_analysis.metrics.sources.conversion import cast_plain, convert
from kpi_analysis.metrics.sources.plain_columns import plain_columns

COLUMNS = {
    "number": CanonicalColumn("number", "number"),
    "date": CanonicalColumn("date", "date"),
    "timestamp": CanonicalColumn("timestamp", "timestamp"),
    "text": CanonicalColumn("text", "text"),
    "word": CanonicalColumn("word", "text", values=("won", "lost")),
}
PLAIN = {"number": ["12", "-12.5", "007", "0.10"], "date": ["2026-09-14", "2026-02-30", "0000-01-01"],
         "timestamp": ["2026-09-14 13:30:00", "2026-09-14T13:30:00.25", "2026-09-14 25:00:00"],
         "text": ["Müller & Söhne", "a b", "1.0"], "word": ["won", "lost", "verlören"]}  # fmt: skip
ODD = [
    "", " ", " 12", "12 ", "1e5", "inf", "nan", "1_000", "1,5", "+5", "--5", "12.", ".5", "1" * 400, "13-09-26",
    "14.09.2026", "infinity", "2026-9-14", "2026-09-14Z", "2026-09-14 13:30", "2026-09-14 13:30:00+02:00",
    "2026-09-14 13:30:00 UTC", "Won", "a  b", "a\u00a0b", "a\u200bb", "\ta", "10000-01-01", "-0001-01-01",
]  # fmt: skip


def _raw(*texts: str) -> ibis.Table:
    connection = ibis.duckdb.connect()
    return connection.create_table("raw", ibis.memtable({"value": [*texts, None]}, schema={"value": "string"}))


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_plain_column_is_cast_to_what_the_strict_reading_makes_of_it(kind: str) -> None:
    column = COLUMNS[kind]
    for text in [*PLAIN[kind], *ODD]:
        raw = _raw(text)
        if plain_columns(raw, {"value": column}, ReadSpec()):
            cast, strict = cast_plain(raw.value, column), convert(raw.value, column, "UTC")
            found = raw.select(cast=cast, strict=strict).to_pyarrow().to_pylist()
            assert all(row["cast"] == row["strict"] for row in found), text


@pytest.mark.parametrize("kind", COLUMNS)
def test_usual_values_are_plain_and_one_odd_value_among_them_is_not(kind: str) -> None:
    column = COLUMNS[kind]
    usual = [text for text in PLAIN[kind] if text != "0000-01-01"]
    assert plain_columns(_raw(*usual), {"value": column}, ReadSpec()) == {column.name}
    for text in ("", " 12", "a  b", "a\u00a0b", "a\u200bb"):
        assert not plain_columns(_raw(*usual, text), {"value": column}, ReadSpec()), text


def test_numbers_and_days_that_the_company_file_writes_in_another_way_are_not_plain() -> None:
    assert not plain_columns(_raw("1.234"), {"value": COLUMNS["number"]}, ReadSpec(decimal=","))
    assert not plain_columns(_raw("2026-09-14"), {"value": COLUMNS["date"]}, ReadSpec(dates="%Y-%d-%m"))
