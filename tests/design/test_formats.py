"""Numbers as words: the table of the design, locale by locale, and the edges."""

from __future__ import annotations

import datetime as dt

import pytest

from kpi_analysis.design.formats import NBSP, Format, Scale, scale_for
from kpi_analysis.design.units import difference

GB = Format("en_GB", "EUR")


@pytest.mark.parametrize(
    ("x", "unit", "wanted"),
    [
        (41.2, "currency", "41.20"),
        (186.35, "currency", "186"),
        (0.274, "percent", "27.4"),
        (10.8, "percent", "1,080"),
        (-0.26, "percent", "−26.0"),
        (0.0004, "percent", "0.04"),
        (5.2, "ratio", "5.2"),
        (1500, "count", "1,500"),
        (999_999, "count", "999,999"),
        (1_240_000, "count", "1.24m"),
        (12_400_000, "count", "12.4m"),
        (2_000_000_000, "count", "2.00bn"),
        (47.3, "days", "47"),
        (7.9, "days", "7.9"),
        (7.9, "hours", "7.9"),
        (38, "points", "38"),
        (3.3, "months", "3.3"),
        (5.1, "turns", "5.1"),
        (0.0, "days", "0"),
        (41.2, "currency/day", "41.20"),
    ],
)
def test_a_value_is_written_as_the_design_says(x: float, unit: str, wanted: str) -> None:
    assert GB.value(x, unit) == wanted


@pytest.mark.parametrize(
    ("x", "unit", "wanted"),
    [
        (4_824_000, "currency", "€4.82m"),
        (-4_824_000, "currency", "−€4.82m"),
        (10_700, "currency", "€10.7k"),
        (1_240, "currency", "€1,240"),
        (41.2, "currency", "€41.20"),
        (0.004, "currency", "€0.0040"),
        (1_200_000, "currency/month", "€1.20m a month"),
        (12, "currency/hour", "€12.00 an hour"),
        (0.24, "percent", "24%"),
        (0.274, "percent", "27.4%"),
        (5.2, "ratio", "5.2 : 1"),
        (47, "days", "47 days"),
        (1, "days", "1 day"),
        (1500, "count", "1,500"),
    ],
)
def test_prose_carries_the_unit_and_never_breaks(x: float, unit: str, wanted: str) -> None:
    text = GB.prose(x, unit)
    assert " " not in text
    assert text.replace(NBSP, " ") == wanted


@pytest.mark.parametrize(
    ("now", "before", "unit", "wanted"),
    [
        (4.82, 4.4224, "currency", ("+9.0", "%")),
        (412, 388, "count", ("+6.2", "%")),
        (0, 388, "count", ("−100.0", "%")),
        (5000, 40, "count", ("+12,400", "%")),
        (5, 1, "count", ("+4", "")),
        (5000, 4, "count", ("+4,996", "")),
        (4, 0, "count", ("+4", "")),
        (0, 0, "count", ("0", "")),
        (0, 19, "count", ("−19", "")),
        (21, 20, "count", ("+5.0", "%")),
        (2.5, 2, "count", ("+25.0", "%")),
        (2, 1, "count/day", ("+100.0", "%")),
        (3.59, 3.57, "points", ("+0.02", "")),
        (3.6, 3.2, "points", ("+0.4", "")),
        (4.012, 4.003, "ratio", ("+0.01", "")),
        (5.2, 5.2001, "ratio", ("0.0", "")),
        (47, 46.8, "days", ("+0.2", "")),
        (0.00019, 0.00014, "percent", ("+0.01", " pp")),
        (0.274, 0.262, "percent", ("+1.2", " pp")),
        (5.2, 5.6, "ratio", ("−0.4", "")),
        (47, 50, "days", ("−3", "")),
        (7.9, 8.4, "days", ("−0.5", "")),
        (38, 36, "points", ("+2", "")),
        (100, 100, "count", ("0.0", "%")),
    ],
)
def test_a_change_has_a_sign_and_its_own_unit(now: float, before: float, unit: str, wanted: tuple[str, str]) -> None:
    assert GB.change(now, before, unit) == wanted


@pytest.mark.parametrize(("now", "before"), [(5, 0), (5, -2), (None, 3), (3, None), (3, float("nan"))])
def test_growth_from_nothing_from_a_loss_or_from_the_unknown_is_no_number(
    now: float | None, before: float | None
) -> None:
    assert GB.change(now, before, "currency") is None
    assert difference(now, before, "currency") is None


def test_a_loss_that_shrinks_is_compared_where_units_are_subtracted() -> None:
    assert GB.change(-0.02, -0.05, "percent") == ("+3.0", " pp")


@pytest.mark.parametrize("x", [None, float("nan"), float("inf"), float("-inf")])
def test_a_missing_value_is_refused(x: float | None) -> None:
    for call in (GB.value, GB.prose):
        with pytest.raises(ValueError, match="reason"):
            call(x, "count")  # type: ignore[arg-type]


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="percent"):
        GB.value(1, "furlongs")


def test_a_column_of_money_has_one_scale() -> None:
    scale = GB.scale([14_200, 21_000, 295_800, None, float("nan")], "currency")
    assert scale == Scale(1000.0, "€k", 1)
    assert [GB.value(x, "currency", scale) for x in (14_200, 295_800, 1_532_800)] == [
        "14.2",
        "295.8",
        "1,532.8",
    ]
    assert GB.unit_label("currency", scale) == "€k"


def test_one_large_value_does_not_flatten_the_others_to_zero() -> None:
    assert GB.scale([90_000, 80_000, 4_800_000], "currency").divisor == 1000


def test_a_column_without_values_has_a_scale_all_the_same() -> None:
    assert scale_for([None, 0.0], "EUR", "en_GB") == Scale(1.0, "€", 0)
    assert GB.scale([], "days") == Scale()


def test_a_column_of_large_percentages_has_no_decimals() -> None:
    scale = GB.scale([0.2, 1.9, 10.8], "percent")
    assert [GB.value(x, "percent", scale) for x in (0.2, 10.8)] == ["20", "1,080"]


def test_zero_has_no_sign() -> None:
    assert GB.number(-0.0) == "0"
    assert GB.number(-0.04, 1, signed=True) == "0.0"
    assert GB.prose(-0.0, "currency") == "€0"


def test_halves_are_rounded_as_people_round_them() -> None:
    assert GB.number(2.675, 2) == "2.68"
    assert GB.number(-0.5) == "−1"


def test_the_minus_is_as_wide_as_a_digit() -> None:
    assert GB.value(-3, "count") == "\u22123"


def test_a_chance_is_never_certain() -> None:
    assert [GB.chance(p) for p in (0.0, 0.55, 1.0)] == ["1%", "55%", "99%"]


@pytest.mark.parametrize(
    ("now", "befores", "unit", "wanted"),
    [
        (3.59, [3.57, 3.2], "points", "3.59"),
        (3.59, [3.2, None], "points", "3.6"),
        (38.0, [36.0], "points", "38"),
        (47, [50], "days", "47"),
        (47, [46.8], "days", "47.0"),
        (5, [1], "count", "5"),
        (0.274, [0.2739], "percent", "27.4"),
    ],
)
def test_a_value_has_the_decimals_in_which_its_changes_show(
    now: float, befores: list[float | None], unit: str, wanted: str
) -> None:
    assert GB.value(now, unit, GB.scale_of_change(now, befores, unit)) == wanted


def test_a_mean_of_counts_is_no_whole_number() -> None:
    assert [GB.value(x, "count") for x in (3.4, 4.0, 68.4)] == ["3.4", "4", "68"]
    assert GB.scale([3.4, 8.0], "count").decimals == 1 and GB.scale([3.4, 80.0], "count").decimals == 0
    assert GB.scale([3.0, 8.0], "count").decimals == 0 and GB.scale([3.6, 4.0], "points").decimals == 1


def test_a_range_has_the_same_decimals_at_both_ends() -> None:
    scale = GB.scale([5_200_000], "currency")
    assert GB.interval(4_590_000, 5_810_000, "currency", scale) == "4.59 to 5.81"
    assert GB.interval(0.252, 0.297, "percent") == "25.2 to 29.7"
    assert GB.interval(-0.01, 0.02, "percent") == "−1.0 to 2.0"


def test_an_arrow_says_that_lower_is_better() -> None:
    assert GB.unit_label("days", better="lower") == f"days{NBSP}↓"
    assert GB.unit_label("days", better="higher") == "days"


@pytest.mark.parametrize(
    ("locale", "currency", "money", "share", "count", "day"),
    [
        ("en_GB", "EUR", "€4.82m", "27.4%", "1,500", "30 Sep 2026"),
        ("en_US", "USD", "$4.82m", "27.4%", "1,500", "Sep 30, 2026"),
        ("de_DE", "EUR", "4,82 Mio. €", "27,4 %", "1.500", "30.09.2026"),
        ("fr_FR", "EUR", "4,82 M €", "27,4 %", "1\u202f500", "30 sept. 2026"),
        ("ar", "EUR", "4.82 مليون €", "27.4%", "1,500", "30/09/2026"),
        ("hi_IN", "INR", "₹48,24,000", "27.4%", "1,500", "30 सित॰ 2026"),
        ("ja_JP", "JPY", "￥4,824,000", "27.4%", "1,500", "2026/09/30"),
    ],
)
def test_every_locale_writes_its_own_way(
    locale: str, currency: str, money: str, share: str, count: str, day: str
) -> None:
    f = Format(locale, currency)
    assert f.prose(4_824_000, "currency").replace(NBSP, " ") == money
    assert f.prose(0.274, "percent").replace(NBSP, " ") == share
    assert f.value(1500, "count") == count
    assert f.date(dt.date(2026, 9, 30)) == day


def test_a_locale_without_a_word_for_a_million_writes_counts_in_full() -> None:
    assert Format("ja_JP", "JPY").value(1_240_000, "count") == "1,240,000"


def test_a_currency_without_cents_has_none() -> None:
    assert Format("en_GB", "JPY").value(41.2, "currency") == "41"


def test_huge_and_tiny_values_are_written_too() -> None:
    assert GB.value(-1e30, "ratio") == "−1.00e+30"
    assert GB.value(1e17, "days") == "100,000,000,000,000,000"
    assert GB.value(5e-300, "ratio") == "0.0000"


def test_months_are_short() -> None:
    assert GB.month(dt.date(2026, 9, 1)) == f"Sep{NBSP}2026"
    assert Format("de_DE").month_name(3) == "März"
