"""What files hold is read as it is meant, or refused with its row: cases that once went wrong without a word."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from support.companies import open_from

from kpi_analysis.core.errors import ConfigError, DataError, DataFinding, KpiError
from kpi_analysis.metrics.session import OpenCompany, open_company

CASES = Path(__file__).parents[2] / "data" / "cases"
HEAD = "order_id,ordered_on,customer_id,amount\n"
NAMES = HEAD.strip().split(",")


def says(text: str, *parts: str) -> bool:
    """Whether all parts stand in a text, with their quotes."""
    return all(part in text for part in parts)


def case(name: str) -> OpenCompany:
    return open_company(CASES / name / "company.yaml")


def value(company: OpenCompany, kpi: str = "sales_revenue", period: str = "2026-Q3") -> float:
    return float(company.compute([kpi], period=period).value.iloc[0])


def findings(company: OpenCompany, level: str) -> list[DataFinding]:
    return [finding for finding in company.check() if finding.level == level]


def orders(folder: Path, content: str | bytes, name: str = "orders.csv", **spec: Any) -> OpenCompany:
    """Company of one file of orders, with what its company file says of it."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    settings = {"timezone": "Europe/Berlin"} | spec.pop("settings", {})
    file = folder / "company.yaml"
    file.write_text(yaml.safe_dump({"company": "T", "tables": {"orders": {"path": name} | spec}} | settings))
    return open_company(file)


def refused(company: OpenCompany) -> KpiError:
    with pytest.raises(KpiError) as caught:
        company.compute(["sales_revenue"], period="2026-Q3")
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("cat_wider", 7, ("row 7", "repeats the header", "5 names")),
        ("ragged", 4, ("row 4", "5 values", "header 4 names")),
        ("date_dmy", 3, ("'13-09-26' in row 3", "not a date like 2026-09-14")),
        ("date_dmyslash", 3, ("'13/09/26' in row 3", "not a date")),
        ("date_infd", 3, ("'infinity' in row 3", "not a date")),
        ("j_num2", 2, ("'abc' in row 2", "not a number")),
        ("de_thousands", 2, ("'1.234' in row 2", "1234 or 1.234", "thousands")),
        ("xl_err", 3, ("'#N/A' in row 3", "not a number")),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_row(name: str, line: int, words: tuple[str, ...]) -> None:
    error = refused(case(name))
    assert says(str(error), *words) and error.line == line
    assert error.file is not None and error.file.parent == CASES / name
    assert any(finding.line == line for finding in findings(case(name), "error"))


def test_a_file_that_lacks_a_column_is_named_with_the_nearest_one() -> None:
    error = refused(case("multi2"))
    assert says(str(error), "2026-08.csv", "no column 'amount'", "'net_amount'")


def test_a_formula_that_was_never_calculated_is_no_empty_cell() -> None:
    assert any(says(f.message, "never calculated", "'=100+200' in row 4") for f in findings(case("xl_err"), "error"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dup_head", ("orders.csv", "column amount twice", "which one")),
        ("xl_sheets", ("o.xlsx has 3 sheets", "Jul, Aug, Sep", "only Jul")),
        ("cur_stale", ("2,741 days old", "USD")),
    ],
)
def test_what_may_be_meant_otherwise_is_a_warning(name: str, words: tuple[str, ...]) -> None:
    assert any(says(str(finding), *words) for finding in findings(case(name), "warning"))


@pytest.mark.parametrize(("name", "wanted"), [("json_tz", 200), ("z_utc", 100), ("xl_na_csv", 1000), ("xl_na", 1000)])
def test_a_moment_belongs_to_the_day_of_the_company(name: str, wanted: float) -> None:
    assert value(case(name)) == wanted


def test_a_word_of_a_spreadsheet_stays_a_word_as_in_a_csv() -> None:
    frames = [case(name).compute(["sales_revenue", "new_customers"], period="2026-Q3", by=["region"])
              for name in ("xl_na", "xl_na_csv")]  # fmt: skip
    for frame in frames:
        revenue = frame[frame.kpi == "sales_revenue"].set_index("region").value
        assert revenue["NA"] == 500 and frame[frame.kpi == "new_customers"].value.sum() == 4


def test_the_same_rows_as_csv_and_as_json_give_the_same_figure(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (CASES / "json_tz" / "o.jsonl").read_text().splitlines()]
    text = HEAD + "".join(",".join(str(line[name]) for name in NAMES) + "\n" for line in lines)
    assert value(orders(tmp_path, text)) == value(case("json_tz")) == 200


# ---------------------------------------------------------------------- what the company file says of a file


def test_german_numbers_are_read_as_the_company_file_says(tmp_path: Path) -> None:
    text = (CASES / "de_thousands" / "orders.csv").read_text()
    german = orders(tmp_path, text, read={"decimal": ",", "thousands": "."}, settings={"locale": "de_DE"})
    assert value(german) == 1234 + 12500 + 950
    english = orders(tmp_path, text, read={"decimal": "."}, settings={"locale": "de_DE"})
    assert value(english) == pytest.approx(1.234 + 12.5 + 950)


@pytest.mark.parametrize("cost", ["Kosten", "replace(Kosten, ',', '.')", "Kosten * 1"])
def test_numbers_that_are_computed_with_are_read_by_the_same_rule(tmp_path: Path, cost: str) -> None:
    file = CASES / "german_thousands" / "german_thousands.csv"
    columns = {"spent_on": "Tag", "amount": cost, "impressions": '"Impr."', "clicks": "Klicks"}
    read = {"decimal": ",", "thousands": ".", "dates": "%d.%m.%Y"}
    spec = {"path": str(file), "columns": columns, "read": read}
    (tmp_path / "company.yaml").write_text(yaml.safe_dump({"company": "T", "tables": {"spend": spec}}))
    company = open_company(tmp_path / "company.yaml")
    assert findings(company, "error") == []
    frame = company.table("spend").to_pandas()
    assert frame.impressions.sum() == 7364 and frame.amount.sum() == pytest.approx(764.16 + 91.78 + 47.12)
    assert value(company, "click_through_rate") == pytest.approx(983 / 7364)


def test_an_expression_of_ambiguous_numbers_is_asked_for_too(tmp_path: Path) -> None:
    text = "order_id;ordered_on;customer_id;price\n1;2026-07-01;a;1.250\n2;2026-07-02;a;2.500\n"
    error = refused(orders(tmp_path, text, columns={"amount": "price * 2"}))
    assert says(str(error), "'1.250' in row 2", "1250 or 1.250")


@pytest.mark.parametrize("others", ["0.125", "12.5", "12500", "1.2345"])
def test_one_value_that_can_be_read_one_way_only_settles_the_column(tmp_path: Path, others: str) -> None:
    text = f"order_id;ordered_on;customer_id;amount\n1;2026-07-01;a;1.250\n2;2026-07-02;a;{others}\n"
    assert value(orders(tmp_path, text)) == pytest.approx(1.25 + float(others))


def test_nothing_is_asked_where_nothing_hints_at_commas(tmp_path: Path) -> None:
    assert value(orders(tmp_path, HEAD + "1,2026-07-01,a,1.250\n2,2026-07-02,a,2.500\n")) == 3.75


def test_a_number_against_its_signs_is_refused(tmp_path: Path) -> None:
    text = "order_id;ordered_on;customer_id;amount\n1;2026-07-01;a;1.234,50\n2;2026-07-02;a;12.5\n"
    error = refused(orders(tmp_path, text, read={"decimal": ",", "thousands": "."}))
    assert says(str(error), "'12.5' in row 3", "not a number")


@pytest.mark.parametrize(("encoding", "written"), [("cp1252", "cp1252"), ("latin-1", "latin-1"), ("utf-16", "utf-16"),
                                                   (None, "utf-16"), (None, "utf-8-sig")])  # fmt: skip
def test_a_file_of_another_encoding_is_read_as_it_was_written(
    tmp_path: Path, encoding: str | None, written: str
) -> None:
    text = HEAD.strip() + ",product\n1,2026-07-01,Zoë,100,Café\n2,2026-07-02,b,200,Tee\n"
    read = {} if encoding is None else {"read": {"encoding": encoding}}
    company = orders(tmp_path, text.encode(written), **read)
    assert sorted(company.table("orders").to_pandas()["product"]) == ["Café", "Tee"]
    assert value(company) == 300


def test_days_are_read_by_the_pattern_of_the_company_file(tmp_path: Path) -> None:
    text = HEAD + "1,01.07.2026,a,100\n2,2.7.2026,a,200\n3,03.07.26,a,400\n"
    error = refused(orders(tmp_path, text, read={"dates": "%d.%m.%Y"}))
    assert says(str(error), "'03.07.26' in row 4")
    assert value(orders(tmp_path, text.replace("03.07.26", "03.07.2026"), read={"dates": "%d.%m.%Y"})) == 700


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"encoding": "utf-88"}, "no encoding"),
        ({"dates": "dd.mm.yyyy"}, "no pattern of a day"),
        ({"decimal": ",", "thousands": ","}, "cannot both be ','"),
        ({"sheet": "Q3"}, "sheet"),
        ({"decimals": ","}, "decimals"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, read: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        orders(tmp_path, HEAD + "1,2026-07-01,a,1\n", read=read).compute(["sales_revenue"], period="2026-Q3")
    assert caught.value.line is not None


# ---------------------------------------------------------------------- spreadsheets


def written_book(folder: Path, *sheets: tuple[str, list[list[Any]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "o.xlsx")


ROWS = [["1", dt.datetime(2026, 7, 1), "a", 1.25], ["2", dt.datetime(2026, 7, 2, 23, 30), "b", 12.5]]


def test_typed_cells_are_what_they_are_however_words_are_written(tmp_path: Path) -> None:
    written_book(tmp_path, ("Jul", [NAMES, *ROWS, [], ["3", "03.07.2026", "c", "1.234,5"]]))
    content = (tmp_path / "o.xlsx").read_bytes()
    read = {"decimal": ",", "thousands": ".", "dates": "%d.%m.%Y"}
    frame = orders(tmp_path, content, "o.xlsx", read=read).table("orders").to_pandas()
    assert frame.amount.tolist() == [1.25, 12.5, 1234.5]
    assert [str(day)[:10] for day in frame.ordered_on] == ["2026-07-01", "2026-07-02", "2026-07-03"]


def test_a_typed_number_of_three_digits_is_not_asked_for(tmp_path: Path) -> None:
    written_book(tmp_path, ("Jul", [NAMES, ["1", dt.datetime(2026, 7, 1), "a", 1.234]]))
    content = (tmp_path / "o.xlsx").read_bytes()
    assert value(orders(tmp_path, content, "o.xlsx", settings={"locale": "de_DE"})) == 1.234


def test_a_row_of_a_sheet_is_named_as_the_sheet_counts_it(tmp_path: Path) -> None:
    written_book(tmp_path, ("Jul", [NAMES, ROWS[0], [], [], ["2", "soon", "b", 2]]))
    error = refused(orders(tmp_path, (tmp_path / "o.xlsx").read_bytes(), "o.xlsx"))
    assert error.line == 5 and says(str(error), "'soon' in row 5")


def test_the_sheet_is_the_one_that_is_named(tmp_path: Path) -> None:
    written_book(tmp_path, ("Jul", [NAMES, ROWS[0]]), ("Aug", [NAMES, ROWS[1]]), ("Notes", [["nothing"]]))
    content = (tmp_path / "o.xlsx").read_bytes()
    named = orders(tmp_path, content, "o.xlsx", read={"sheet": "Aug"})
    assert value(named) == 12.5 and findings(named, "warning") == []
    with pytest.raises(DataError, match="Did you mean 'Aug'"):
        value(orders(tmp_path, content, "o.xlsx", read={"sheet": "Augu"}))


# ---------------------------------------------------------------------- JSON lines


def test_a_key_that_few_lines_have_is_a_column(tmp_path: Path) -> None:
    lines = [{"order_id": str(n), "ordered_on": "2026-07-01", "customer_id": "a", "amount": n} for n in range(3000)]
    lines[-1]["region"] = "EMEA"
    content = "\n".join(json.dumps(line) for line in lines)
    frame = orders(tmp_path, content, "o.jsonl").table("orders").to_pandas()
    assert frame.region.dropna().tolist() == ["EMEA"] and frame.amount.sum() == sum(range(3000))


def test_a_long_number_that_names_something_keeps_its_digits(tmp_path: Path) -> None:
    line = (
        '{"order_id": 9007199254740993, "ordered_on": "2026-07-01", "customer_id": 12345678901234567890, "amount": 1}\n'
    )
    frame = orders(tmp_path, line, "o.jsonl").table("orders").to_pandas()
    assert frame.order_id.tolist() == ["9007199254740993"] and frame.customer_id.tolist() == ["12345678901234567890"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"order_id": "2", "ordered_on": ', "row 3 of o.jsonl is no JSON"),
        ("[1, 2]", "row 3 of o.jsonl is no JSON object"),
        (
            '{"order_id": "2", "ordered_on": "2026-07-01", "customer_id": {"id": 1}, "amount": 2}',
            "holds lists or objects",
        ),
        ('{"order_id": "2", "ordered_on": "2026-07-01", "customer_id": "a", "amount": NaN}', "'NaN' in row 3"),
        ('{"order_id": "2", "ordered_on": "2026-07-01", "customer_id": "a", "amount": "12 %"}', "'12 %' in row 3"),
    ],
)
def test_a_line_that_is_no_row_is_refused(tmp_path: Path, line: str, words: str) -> None:
    good = '{"order_id": "1", "ordered_on": "2026-07-01", "customer_id": "a", "amount": 1}\n\n'
    errors = findings(orders(tmp_path, good + line + "\n", "o.jsonl"), "error")
    assert any(words in str(error) for error in errors), errors


# ---------------------------------------------------------------------- several files


def test_a_row_is_named_with_its_file_where_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "part-1.csv").write_text(HEAD + "1,2026-07-01,a,1\n2,2026-07-01,a,1\n")
    error = refused(orders(tmp_path, HEAD + "3,2026-07-01,a,1\n4,soon,a,1\n", "part-2.csv", path="part-*.csv"))
    assert says(str(error), "'soon' in row 3 of part-2.csv") and (error.file, error.line) == (
        tmp_path / "part-2.csv",
        3,
    )


def test_a_column_that_some_files_do_not_have_may_be_said_to_be_empty_there(tmp_path: Path) -> None:
    (tmp_path / "part-1.csv").write_text(HEAD + "1,2026-07-01,a,1\n")
    text = HEAD.strip() + ",cost\n2,2026-07-01,a,2,1\n"
    (error,) = findings(orders(tmp_path, text, "part-2.csv", path="part-*.csv"), "error")
    assert says(str(error), "part-1.csv has no column 'cost'") and error.columns == ("cost",)
    assert value(orders(tmp_path, text, "part-2.csv", path="part-*.csv", columns={"cost": "nullif(cost, '')"})) == 3


def test_files_of_different_signs_are_read_each_by_its_own(tmp_path: Path) -> None:
    (tmp_path / "part-1.csv").write_text(HEAD + "1,2026-07-01,a,1\n")
    assert value(orders(tmp_path, HEAD.replace(",", ";") + "2;2026-07-01;a;2\n", "part-2.csv", path="part-*.csv")) == 3


# ---------------------------------------------------------------------- currencies


def in_currencies(folder: Path, rows: str, rates: str) -> OpenCompany:
    (folder / "rates.csv").write_text(rates)
    return open_from(folder, {"orders": HEAD.strip() + ",currency\n" + rows}, rates={"path": "rates.csv"})


def test_a_rate_of_the_quarter_before_is_new_enough(tmp_path: Path) -> None:
    company = in_currencies(tmp_path, "1,2026-07-02,a,1,USD\n", "date,currency,rate\n2026-04-02,USD,0.9\n")
    assert company.check() == []


def test_rows_without_a_currency_are_named_with_what_they_carry(tmp_path: Path) -> None:
    rows = "1,2026-07-02,a,100,USD\n2,2026-07-02,a,40,\n3,2026-07-02,a,2,\n"
    (finding,) = in_currencies(tmp_path, rows, "date,currency,rate\n2026-07-01,USD,0.5\n").check()
    assert finding.level == "warning" and says(finding.message, "2 rows have no currency", "42", "'40' in row 3", "EUR")


@pytest.mark.parametrize("day", ["0013-01-01", "9999-12-31", "1066-10-14"])
def test_a_rate_of_an_impossible_day_is_named_with_its_row(tmp_path: Path, day: str) -> None:
    rates = f"date,currency,rate\n2026-07-01,USD,0.5\n{day},USD,0.7\n"
    company = in_currencies(tmp_path, "1,2026-07-02,a,100,USD\n", rates)
    assert any(says(str(f), "rates, row 3", day) for f in findings(company, "warning"))
    assert value(company) == 50


@pytest.mark.parametrize("row", ["infinity,USD,1", "13-09-26,USD,1", "2026-07-01,USD,1e400", "2026-07-01,,1",
                                 "2026-07-01,USD,0"])  # fmt: skip
def test_a_rate_that_is_none_is_refused_with_its_row(tmp_path: Path, row: str) -> None:
    rates = f"date,currency,rate\n2026-07-01,GBP,1.1\n{row}\n"
    error = refused(in_currencies(tmp_path, "1,2026-07-02,a,100,USD\n", rates))
    assert says(str(error), "rates, row 3") and error.line == 3
    assert error.file == tmp_path / "rates.csv"
