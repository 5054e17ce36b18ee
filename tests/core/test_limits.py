from __future__ import annotations

from pathlib import Path

import pytest
from support.reasons import says

from kpi_analysis.core.config.company import load_company, settings
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.limits import LIMITS, OPERATORS, ROW_IDENTITY, SCALES, Limit
from kpi_analysis.core.schema import TABLES


def company_file(folder: Path, text: str) -> Path:
    file = folder / "company.yaml"
    file.write_text(f"company: Test\n{text}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.table} {limit.words}")
def test_a_limit_speaks_of_columns_that_its_table_has(limit: Limit) -> None:
    columns = TABLES[limit.table].columns
    named = {*limit.columns, *limit.touched, *(condition.column for condition in limit.conditions)}
    assert named <= columns.keys() and (not limit.money or limit.money in columns)
    assert all(condition.operator in OPERATORS for condition in limit.conditions)


def test_the_words_of_a_limit_are_those_that_its_column_knows() -> None:
    for limit in LIMITS:
        for condition in (one for one in limit.conditions if one.operator == "="):
            known = TABLES[limit.table].columns[condition.column].values
            words = set(condition.operand.split("|")) - {"missing"}
            assert not known or words <= set(known), limit


def test_rows_are_known_again_by_a_column_of_a_table_without_a_key() -> None:
    for table, column in ROW_IDENTITY.items():
        assert TABLES[table].key is None and TABLES[table].columns[column].required


@pytest.mark.parametrize("kind", SCALES)
def test_answers_that_count_as_good_and_as_bad_lie_on_their_scale_and_apart(kind: str) -> None:
    for highest, scale in SCALES[kind].items():
        assert scale.lowest <= scale.bad < scale.good <= scale.highest == highest


def test_the_standard_scales_are_those_of_the_field() -> None:
    nps, csat = SCALES["nps"][10], SCALES["csat"][5]
    assert (nps.lowest, nps.bad, nps.good) == (0, 6, 9) and (csat.lowest, csat.good) == (1, 4)


def test_a_scale_of_the_company_file_says_which_answers_are_good(tmp_path: Path) -> None:
    config = load_company(company_file(tmp_path, "scales: {csat: 7, nps: 100}"))
    found = settings(config)
    assert (found["csat_good"], found["nps_good"], found["nps_bad"]) == (6, 90, 60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scales: {csat: 4}", "csat has no scale that ends with 4; known are 3, 5, 7, 10, 100"),
        ("scales: {npss: 10}", "'npss' is no kind of survey. Did you mean 'nps'?"),
        ("revenue: invoices", "revenue"),
    ],
)
def test_a_scale_or_a_source_of_revenue_that_is_unknown_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_company(company_file(tmp_path, text))
    assert says(str(refused.value), words) and refused.value.line == 2


@pytest.mark.parametrize("key", ["revenue", "revenue_from"])
def test_the_source_of_revenue_has_two_names_in_the_company_file(tmp_path: Path, key: str) -> None:
    assert load_company(company_file(tmp_path, f"{key}: ledger")).revenue_from == "ledger"
