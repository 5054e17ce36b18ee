"""What a cell is worth is read back from how each locale prints it."""

from __future__ import annotations

import datetime as dt

import pytest

from kpi_analysis.design.blocks import Cell
from kpi_analysis.design.blocks.cell_values import cell_value, plain_number
from kpi_analysis.design.formats import Format


def value(cell: Cell, language: str = "en-GB") -> float | None:
    return cell_value(vars(cell), language)


@pytest.mark.parametrize("locale", ["en_GB", "en_US", "de_DE", "de_CH", "fr_FR", "sv_SE", "en_IN"])
@pytest.mark.parametrize("number", [0.0, -3.0, 47.0, -1234.5, 4_820_000.0, 999.9])
def test_numbers_come_back_as_they_were_printed(locale: str, number: float) -> None:
    printed = Format(locale).number(number, 1, signed=True)
    assert value(Cell(printed), locale.replace("_", "-")) == pytest.approx(number)
    plain = plain_number(printed, locale)
    assert plain is not None and float(plain) == pytest.approx(number)


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "fr_FR"])
@pytest.mark.parametrize("day", [dt.date(2026, 1, 9), dt.date(2026, 5, 31), dt.date(2025, 12, 24)])
def test_days_come_back_in_order(locale: str, day: dt.date) -> None:
    assert value(Cell(Format(locale).date(day)), locale) == day.toordinal()


@pytest.mark.parametrize(
    ("cell", "worth"),
    [
        (Cell("≤ 36.00"), 36.0),
        (Cell("19.00", "FY"), 19.0),
        (Cell("1.24", "m"), 1.24e6),
        (Cell("€4.82m"), 4.82e6),
        (Cell("−€123k"), -123e3),
        (Cell("CHF 4.82"), 4.82),
        (Cell("25.2 to 29.7"), 25.2),
        (Cell("55%"), 55.0),
        (Cell("5.2 : 1"), 5.2),
        (Cell("2026-Q3"), float(dt.date(2026, 7, 1).toordinal())),
        (Cell("Q3 2026"), float(dt.date(2026, 7, 1).toordinal())),
        (Cell("2026-09"), float(dt.date(2026, 9, 1).toordinal())),
        (Cell("2026-13"), 2026.0),
        (Cell("–"), None),
        (Cell(""), None),
        (Cell("EMEA"), None),
        (Cell("Customer 080"), None),
        (Cell("not computed: 12 rows"), None),
        (Cell("4.82", svg="<svg/>", alt="x"), None),
    ],
)
def test_limits_units_ranges_and_words(cell: Cell, worth: float | None) -> None:
    assert value(cell) == worth


def test_a_language_that_is_none_reads_as_english() -> None:
    assert value(Cell("1,234.5"), "xx-YY") == 1234.5


@pytest.mark.parametrize("words", ["09.01.2026", "1.2.3", "30 Sep 2026", "≤ 45", "1,5 %", ""])
def test_what_is_more_than_a_number_is_no_plain_number(words: str) -> None:
    assert plain_number(words, "de-DE") is None
