from __future__ import annotations

from pathlib import Path

import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import ConfigError

GOOD = "lead_id,created_on,mql_on\n1,2026-01-01,2026-01-02\n2,2026-01-03,\n"


def found(folder: Path, **tables: str) -> list[str]:
    return [f"{finding.level}: {finding}" for finding in open_from(folder, tables).check()]


def test_good_data_give_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, leads=GOOD) == []


@pytest.mark.parametrize(
    ("table", "text", "level", "words"),
    [
        ("leads", "lead_id,created_on\n1,2026-01-01\n2,31-02-2021\n", "error", "'31-02-2021' in row 3"),
        ("leads", "lead_id,created_on\n1,2026-02-31\n", "error", "1 value is not a date like 2026-09-14"),
        ("spend", "spent_on,amount\n2026-01-01,ten\n2026-01-02,5\n", "error", "'ten' in row 2"),
        ("spend", "spent_on,amount\n2026-01-01,\"1,000.50\"\n", "error", "'1,000.50' in row 2"),
        ("spend", "spent_on,amount\n2026-01-01,-5\n", "error", "below 0"),
        ("opportunities", "opportunity_id,created_on,outcome\n1,2026-01-01,Gewonnen\n", "error", "not 'won' or 'lost'"),
        ("leads", "lead_id,created_on\n1,2026-01-01\n1,2026-01-02\n", "error", "'1' 2 times"),
        ("leads", "lead_id,created_on\n1,\n2,2026-01-02\n", "warning", "1 of 2 rows have no created_on"),
        ("leads", "lead_id,created_on,mql_on\n1,2026-01-05,2026-01-02\n", "warning", "mql_on before created_on"),
        ("leads", "lead_id,created_on\n", "warning", "it has no rows"),
    ],
)  # fmt: skip
def test_each_defect_is_found_with_its_row(tmp_path: Path, table: str, text: str, level: str, words: str) -> None:
    (line,) = found(tmp_path, **{table: text})
    assert line.startswith(level) and words in line


def test_all_findings_are_told_and_not_only_the_first(tmp_path: Path) -> None:
    lines = found(
        tmp_path,
        leads="lead_id,created_on\n1,x\n1,2026-01-01\n",
        spend="spent_on,amount\n2026-01-01,-1\ny,z\n",
        orders="order_id\n1\n",
    )
    assert len([line for line in lines if line.startswith("error")]) == 6, lines


def test_the_file_and_the_row_stand_before_the_message(tmp_path: Path) -> None:
    (line,) = found(tmp_path, spend="spent_on,amount\n2026-01-01,1\n2026-01-02,x\n")
    assert line.startswith(f"error: {tmp_path / 'spend.csv'}:3: table spend, column amount:")


def test_an_expression_that_fails_on_a_row_is_found(tmp_path: Path) -> None:
    text = (
        "order_id,ordered_on,customer_id,price,quantity\n1,2026-01-01,a,2,3\n2,2026-01-01,a,two,3\n3,2026-01-01,a,,3\n"
    )
    company = open_from(tmp_path, {"orders": text}, columns={"orders": {"amount": "price * quantity"}})
    errors = [finding for finding in company.check() if finding.level == "error"]
    assert len(errors) == 1 and says(errors[0].message, "'two'", "row 3")


def test_a_table_that_ends_long_before_the_others_is_a_warning(tmp_path: Path) -> None:
    (line,) = found(tmp_path, leads=GOOD, spend="spent_on,amount\n2025-01-01,1\n")
    assert line.startswith("warning") and "ends on 2025-01-01" in line


def test_a_row_that_stands_twice_is_a_warning_also_where_cells_are_empty(tmp_path: Path) -> None:
    head = "order_id,ordered_on,customer_id,amount,region\n"
    (line,) = found(tmp_path, orders=head + "A,2026-01-01,c,1,\nA,2026-01-01,c,1,\nA,2026-01-01,c,1,EMEA\n")
    assert line.startswith("warning") and says(line, "1 row", "same as another", "'A' 2 times")


def test_equal_rows_of_an_aggregated_export_are_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, spend="spent_on,amount,region\n2026-01-01,1,\n2026-01-01,1,\n2026-01-01,1,EMEA\n") == []


def test_a_value_that_cannot_be_computed_stops_who_needs_it_and_not_the_check(tmp_path: Path) -> None:
    columns = {"orders": {"segment": "cast(cast(amount as double) * 1e300 as int)"}}
    rows = "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,2\n"
    company = open_from(tmp_path, {"orders": rows}, columns=columns)
    assert company.check() == []
    with pytest.raises(ConfigError, match=r"table orders: a value cannot be computed: .*out of range") as refused:
        company.compute(["sales_revenue"], period="2026-01")
    assert refused.value.file == company.config.path and refused.value.line is not None
