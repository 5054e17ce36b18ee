"""How numbers are written is found from all values of a column, and asked for where they do not tell."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.metrics.sources.value_formats import NumberFormat, ReadingHints, write_plainly

CONNECTION = ibis.duckdb.connect()
NOTHING_SAID = ReadSpec()
NO_HINTS = ReadingHints()


def plain(
    values: list[str],
    read: ReadSpec = NOTHING_SAID,
    hints: ReadingHints = NO_HINTS,
    **others: list[str],
) -> tuple[list[float | None], NumberFormat | None]:
    """The numbers of a column as the kit reads them, and how they were written."""
    rows = max(map(len, (values, *others.values())))
    columns = {"x": values, **others}
    padded = {name: (own * rows)[:rows] for name, own in columns.items()}
    raw = CONNECTION.create_table(ibis.util.gen_name("numbers"), padded)
    table, formats = write_plainly(raw, {"x": "number"}, read, hints)
    found = table.select(x=table.x.try_cast("float64")).to_pyarrow()["x"].to_pylist()
    form: Any = formats.get("x")
    return found[: len(values)], form


FOUND: list[tuple[list[str], list[float | None]]] = [
    (["1,234.56", "5"], [1234.56, 5]),
    (["1,000", "1,000.50"], [1000, 1000.5]),
    (["1.234,56", "12,50"], [1234.56, 12.5]),
    (["1.234.567", "5"], [1234567, 5]),
    (["1 234,56", "1\u00a0234\u00a0567", "1\u202f234,5"], [1234.56, 1234567, 1234.5]),
    (["1'234.56", "1\u2019234"], [1234.56, 1234]),
    (["12,34,567.89", "1,00,000"], [1234567.89, 100000]),
    (["€ 512.40", "€512.40"], [512.4, 512.4]),
    (["512,40 €", "1.512,40 €"], [512.4, 1512.4]),
    (["EUR 1.234,56", "1.234,56 EUR"], [1234.56, 1234.56]),
    (["$1,234", "-$5.50", "$-5.50", "US$ 7.00"], [1234, -5.5, -5.5, 7]),
    (["R$ 1.234,50", "CHF 1'234,50"], [1234.5, 1234.5]),
    (["4.99%", "100 %"], [0.0499, 1]),
    (["(1,234.50)", "(€5.00)", "2.50"], [-1234.5, -5, 2.5]),
    (["1.234,50-", "2,50"], [-1234.5, 2.5]),
    (["\u22125.5", "+5.5", "- 5.5"], [-5.5, 5.5, -5.5]),
    (["1.5e5", "2E-2", "7"], [150000, 0.02, 7]),
    (["0,125", "1,250"], [0.125, 1.25]),
    (["--", " --", "-", "n/a", "< 10%", "34.5%"], [None, None, None, None, None, 0.345]),
    (["--", "-"], [None, None]),
    (["007.50", "12.00", " 3 "], [7.5, 12, 3]),
]


@pytest.fixture(scope="module")
def all_found() -> tuple[dict[str, list[float | None]], dict[str, Any]]:
    """Every column of `FOUND`, read in one table: they decide by themselves."""
    columns = {f"x{place}": (values * 6)[:6] for place, (values, _) in enumerate(FOUND)}
    raw = CONNECTION.create_table(ibis.util.gen_name("numbers"), columns)
    table, formats = write_plainly(raw, dict.fromkeys(columns, "number"))
    return table.select(**{one: table[one].try_cast("float64") for one in columns}).to_pyarrow().to_pydict(), formats


@pytest.mark.parametrize("place", range(len(FOUND)), ids=[values[0] for values, _ in FOUND])
def test_the_signs_of_a_column_are_found(
    place: int, all_found: tuple[dict[str, list[float | None]], dict[str, Any]]
) -> None:
    found, formats = all_found
    wanted, form = FOUND[place][1], formats.get(f"x{place}")
    assert found[f"x{place}"][: len(wanted)] == (wanted if None in wanted else pytest.approx(wanted))
    assert form is None or (not form.open and not form.unread)


@pytest.mark.parametrize("values", [["1,234", "542"], ["$1,234"], ["1,234", "12500"]])
def test_three_digits_after_a_comma_are_asked_for(values: list[str]) -> None:
    found, form = plain(values)
    assert form is not None and form.open == (values[0], 1) and found[0] is None


@pytest.mark.parametrize(
    ("other", "sign", "number"),
    [
        (["12.50"], ".", 1234),
        (["1,012.86"], ".", 1234),
        (["12,50"], ",", 1.234),
        (["1.012,86"], ",", 1.234),
        (["764,16", "5"], ",", 1.234),
    ],
)
def test_another_column_of_the_file_tells(other: list[str], sign: str, number: float) -> None:
    found, form = plain(["1,234", "542"], price=other, share=["34.5%"])
    assert form is not None and (form.decimal, form.proved_by, form.open) == (sign, "price", ())
    assert found == [number, 542]


def test_other_columns_that_contradict_each_other_tell_nothing() -> None:
    _, form = plain(["1,234"], one=["12.50"], other=["12,50"])
    assert form is not None and form.open


def test_three_digits_after_a_point_are_asked_for_where_commas_are_likely_and_only_there() -> None:
    german = ReadingHints(has_decimal_commas=True)
    assert plain(["1.234", "12.500"])[1] is None
    _, form = plain(["1.234", "950"], hints=german)
    assert form is not None and form.open == ("1.234", 1)
    assert plain(["1.234", "950"], hints=german, price=["1.012,86"])[0] == [1234, 950]
    assert plain(["1.234", "12.5"], hints=german)[1] is None


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        (ReadSpec(decimal=",", thousands="."), [1234, 12.5, None]),
        (ReadSpec(decimal=","), [1234, 12.5, None]),
        (ReadSpec(decimal=".", thousands=","), [1.234, None, 7.5]),
    ],
)
def test_the_company_file_decides_and_what_is_against_it_is_not_read(read: ReadSpec, wanted: list[float]) -> None:
    assert plain(["1.234", "12,5", "7.5"], read)[0] == wanted


@pytest.mark.parametrize("values", [["12.5", "3.5", "1.234,50"], ["12,5", "3,5", "1,234.50"]])
def test_what_is_written_in_another_way_than_most_is_not_read(values: list[str]) -> None:
    found, form = plain(values)
    assert found == [12.5, 3.5, None] and form is not None and form.unread == 1


@pytest.mark.parametrize("values", [["12 kg"], ["--5"], ["1,23,45"], ["1.2.3.4"], ["1.234,5,6"], ["12 %", "5", "6"]])
def test_what_is_no_number_is_left_as_it_stands(values: list[str]) -> None:
    assert plain(values)[0][0] is None


def test_percent_among_plain_numbers_is_not_read_and_plain_numbers_among_percents_are_not_either() -> None:
    assert plain(["5%", "6", "7"])[0] == [None, 6, 7]
    assert plain(["5%", "6%", "8%", "7", "0"])[0] == [0.05, 0.06, 0.08, None, 0]


def test_plain_numbers_are_not_looked_at() -> None:
    found, form = plain(["1234.5", "-3", "", "1e3"])
    assert form is None and found == [1234.5, -3, None, 1000]
