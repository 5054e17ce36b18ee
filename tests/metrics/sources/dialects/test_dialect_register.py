"""The register of dialects: what an engine does in its own way, and engines that do nothing so."""

from types import SimpleNamespace

import ibis
import pytest

from kpi_analysis.metrics.sources.dialects import DIALECTS, dialect_of, in_byte_order


def test_a_dialect_stands_under_the_name_of_its_backend() -> None:
    assert {name: dialect.name for name, dialect in DIALECTS.items()} == {name: name for name in DIALECTS}


@pytest.mark.parametrize(("name", "label"), [("postgres", "PostgreSQL"), ("pyspark", "Spark"), ("trino", "trino")])
def test_an_engine_is_called_as_its_makers_write_it(name: str, label: str) -> None:
    assert dialect_of(SimpleNamespace(name=name)).label == label


def test_words_of_duckdb_sort_as_they_are() -> None:
    table = ibis.duckdb.connect().create_table("words", ibis.memtable({"word": ["b", "A", "é"]}))
    assert table.order_by(in_byte_order(table.word)).word.to_pyarrow().to_pylist() == ["A", "b", "é"]
