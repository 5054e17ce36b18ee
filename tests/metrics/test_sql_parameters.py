"""Words of a condition become parameters: queries that differ in them only are the same query."""

import ibis
import pytest

from kpi_analysis.metrics import sql

TEXTS = {"region", "channel"}
ROWS = {"region": ["EMEA", "APAC", "it's", None], "channel": ["web", "mail", "web", "web"], "amount": [1, 2, 4, 8]}


@pytest.mark.parametrize(
    ("text", "template", "words"),
    [
        ("region = 'EMEA'", "region = $kpi_0", ["EMEA"]),
        ("'EMEA' = region", "$kpi_0 = region", ["EMEA"]),
        ("region in ('EMEA', 'APAC')", "region IN ($kpi_0, $kpi_1)", ["EMEA", "APAC"]),
        ("region <> 'it''s' and amount > 2", "region <> $kpi_0 AND amount > 2", ["it's"]),
        ("not (region = 'EMEA' or channel = 'web')", "NOT (region = $kpi_0 OR channel = $kpi_1)", ["EMEA", "web"]),
    ],
)
def test_words_beside_text_columns_are_bound(text: str, template: str, words: list[str]) -> None:
    made = sql.template(text, TEXTS.__contains__)
    assert made is not None
    assert (made.text, list(made.words.values())) == (template, words)


@pytest.mark.parametrize(
    "text",
    ["amount > 2", "ordered_on >= '2026-01-01'", "region like 'E%'", "lower(region) = 'emea'", "region = channel",
     "region is null", "amount = '2'"],
)  # fmt: skip
def test_what_is_read_with_the_query_stays_in_it(text: str) -> None:
    assert sql.template(text, TEXTS.__contains__) is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [("region = 'EMEA'", 1), ("region in ('EMEA', 'APAC')", 3), ("region = 'it''s'", 4),
     ("region = '$kpi_0'", None), ("region <> 'EMEA' and channel = 'web'", 4), ("region = 'x'' or ''1'' = ''1'", None)],
)  # fmt: skip
def test_a_bound_word_means_what_it_says(text: str, amount: int | None) -> None:
    connection = ibis.duckdb.connect()
    table = connection.create_table("orders", ibis.memtable(ROWS))
    made = sql.template(text, TEXTS.__contains__)
    assert made is not None
    rows = table.filter(sql.template_condition(made, table))
    tree = connection.compiler.to_sqlglot(rows.aggregate(total=rows.amount.sum()))
    assert sql.put_placeholders(tree) == made.words.keys()
    compiled = tree.sql(dialect=connection.dialect)
    assert not any(word in compiled for word in made.words.values() if not word.startswith("$"))
    assert connection.con.execute(compiled, dict(made.words)).fetchone() == (amount,)


@pytest.mark.parametrize(
    "text", ["region = $kpi_0", "region = ?", "region = :kpi_0", "region = kpi_parameter('kpi_0')"]
)
def test_nobody_can_write_a_parameter(text: str) -> None:
    from kpi_analysis.core.errors import ConfigError

    with pytest.raises(ConfigError):
        sql.condition(text, ibis.memtable(ROWS))
