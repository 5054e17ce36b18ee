from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from support.companies import open_from
from support.reasons import says

from kpi_analysis.core.errors import ConfigError
from kpi_analysis.metrics.session import open_company

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
        ("spend", "spent_on,amount\n2026-01-01,\"1,00.50\"\n", "error", "'1,00.50' in row 2"),
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


def test_a_value_that_cannot_be_computed_is_an_error_of_its_table(tmp_path: Path) -> None:
    columns = {"orders": {"segment": "cast(cast(amount as double) * 1e300 as int)"}}
    rows = "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,2\n"
    company = open_from(tmp_path, {"orders": rows}, columns=columns)
    (found,) = company.check()
    assert found.level == "error" and "a value cannot be computed" in found.message
    with pytest.raises(ConfigError, match=r"table orders: a value cannot be computed: .*out of range") as refused:
        company.compute(["sales_revenue"], period="2026-01")
    assert refused.value.file == company.config.path and refused.value.line is not None


ORDER = "order_id,ordered_on,customer_id,amount,cost\n"


@pytest.mark.parametrize(
    ("text", "mapped", "level"),
    [
        (ORDER + "1,2026-01-01,a,,5\n2,2026-01-02,a,,5\n", {}, "error"),
        (ORDER + "1,2026-01-01,a,5,\n2,2026-01-02,a,5,\n", {"cost": "cost"}, "error"),
        (ORDER + "1,2026-01-01,a,5,\n2,2026-01-02,a,5,\n", {}, "warning"),
    ],
)
def test_a_column_that_is_empty_in_every_row_is_told_once(
    tmp_path: Path, text: str, mapped: dict[str, str], level: str
) -> None:
    columns = {"orders": mapped} if mapped else {}
    (found,) = open_from(tmp_path, {"orders": text}, columns=columns).check()
    assert found.level == level and says(found.message, "empty in all 2 rows")


def test_nobody_has_left_is_a_fact_and_no_finding(tmp_path: Path) -> None:
    staff = "employee_id,hired_on,left_on,department\n1,2026-01-01,,\n2,2026-01-01,,\n"
    assert found(tmp_path, employees=staff) == []


def test_numbers_without_end_in_typed_sources_are_errors(tmp_path: Path) -> None:
    frame = pd.DataFrame({"spent_on": pd.to_datetime(["2026-01-01"] * 4), "amount": [1.0, math.inf, -math.inf, 2.0]})
    frame.to_parquet(tmp_path / "spend.parquet")
    file = tmp_path / "company.yaml"
    file.write_text("company: Test\ntables: {spend: {path: spend.parquet}}\n", encoding="utf-8")
    messages = [one.message for one in open_company(file).check() if one.level == "error"]
    assert any(says(message, "2 values are not a finite number", "row 2", "row 3") for message in messages)


def test_known_words_are_read_in_any_case_and_with_any_blanks(tmp_path: Path) -> None:
    deals = "opportunity_id,created_on,closed_on,outcome,amount\n" + "".join(
        f"{n},2026-01-01,2026-01-05,{word},10\n" for n, word in enumerate(["Won", "WON ", "\u00a0won", "Lost\u200b"])
    )
    company = open_from(tmp_path, {"opportunities": deals})
    assert company.check() == []
    found = company.compute(["opportunity_to_win_ratio", "average_deal_size"], period="2026-01")
    assert found.value.tolist() == [0.75, 10]


def test_blanks_that_do_not_show_make_no_other_word(tmp_path: Path) -> None:
    regions = ["North America", "North\u00a0America", "\ufeffNorth  America", "North America\u200b", "Zürich"]
    rows = "".join(f"{n},2026-01-01,{region}\n" for n, region in enumerate(regions))
    company = open_from(tmp_path, {"leads": "lead_id,created_on,region\n" + rows})
    frame = company.compute(["leads"], period="2026-01", by=["region"])
    assert dict(zip(frame.region, frame.value, strict=True)) == {"North America": 4, "Zürich": 1}


def test_one_word_in_several_cases_is_told_with_counts_and_not_merged(tmp_path: Path) -> None:
    rows = "".join(f"{n},2026-01-01,{region}\n" for n, region in enumerate(["EMEA", "EMEA", "emea", "Emea", "APAC"]))
    company = open_from(tmp_path, {"leads": "lead_id,created_on,region\n" + rows})
    (found,) = company.check()
    assert found.level == "warning" and says(found.message, "'EMEA' in 2", "'Emea' in 1", "'emea' in 1 rows")
    sliced = company.compute(["leads"], period="2026-01", by=["region"])
    assert len(sliced) == 4 and all(sliced.warnings.map(len) == 1)
    assert company.compute(["leads"], period="2026-01").warnings[0] == ()


def test_accounts_that_no_kpi_knows_are_told_with_their_amounts(tmp_path: Path) -> None:
    ledger = "booked_on,account,amount\n2026-01-31,revenue,100\n2026-01-31,Rent,40\n2026-01-31,Rent,2\n"
    company = open_from(tmp_path, {"ledger": ledger})
    (found,) = company.check()
    assert found.level == "warning" and says(found.message, "1 account", "'Rent' (42)")
    assert company.compute(["sales_revenue"], period="2026-01").warnings[0] != ()


def test_a_ledger_that_cannot_be_read_does_not_hide_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    for name, text in (
        ("ledger.csv", "booked_on,account,amount\n2026-01-31,revenue,100\n"),
        ("orders.csv", "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,none\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    company = tmp_path / "company.yaml"
    company.write_text(
        "company: X\ntables:\n  ledger: {path: ledger.csv, preset: nonesuch}\n  orders: {path: orders.csv}\n",
        encoding="utf-8",
    )
    errors = [str(found) for found in open_company(company).check() if found.level == "error"]
    assert any("nonesuch" in error for error in errors) and any("'none' in row 2" in error for error in errors)


def test_revenue_that_two_tables_could_give_is_told_until_the_company_chooses(tmp_path: Path) -> None:
    tables = {
        "orders": "order_id,ordered_on,customer_id,amount\n1,2026-01-01,a,5\n",
        "opportunities": "opportunity_id,created_on,closed_on,outcome,amount\n1,2026-01-01,2026-01-02,won,7\n",
    }
    company = open_from(tmp_path, tables)
    (found,) = company.check()
    assert found.level == "warning" and says(
        str(found), "revenue comes from orders", "opportunities", "revenue: orders"
    )
    chosen = open_from(tmp_path, tables, revenue="opportunities")
    assert chosen.check() == [] and chosen.compute(["sales_revenue"], period="2026-01").value[0] == 7
