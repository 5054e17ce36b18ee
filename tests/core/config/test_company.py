from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpi_analysis.core.config.company import load_company
from kpi_analysis.core.errors import ConfigError


def load(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    file = tmp_path / "company.yaml"
    file.write_text(text, encoding="utf-8")
    return load_company(file)


def refused(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return caught.value


def test_a_full_company_file_is_read(tmp_path: Path) -> None:
    company = load(
        tmp_path,
        "company: Northwind Bikes\ncurrency: EUR\nlocale: de_DE\ncalendar: {type: gregorian, year_starts: 4}\n"
        "timezone: Europe/Berlin\nsource: duckdb://\ninbound_channels: [organic]\ngross_margin: 0.62\n"
        "tables:\n  orders: {path: orders.csv, columns: {amount: net + tax}}\n",
    )
    assert company.gross_margin == 0.62
    assert company.calendar.parse("2026-Q1").start == date(2025, 4, 1)
    assert company.tables["orders"].columns == {"amount": "net + tax"}
    assert company.folder == tmp_path


def test_a_week_calendar_starts_on_a_day(tmp_path: Path) -> None:
    company = load(tmp_path, "company: A\ncalendar: {type: 4-4-5, year_starts: 2025-02-02}\n")
    assert company.calendar.parse("2025").start == date(2025, 2, 2)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("company: A\ncurency: EUR\n", 2, "Did you mean 'currency'"),
        ("company: A\ncurrency: EURO\n", 2, "ISO 4217"),
        ("company: A\nlocale: xx_YY\n", 2, "no locale"),
        ("company: A\ntimezone: Europe/Berlni\n", 2, "Did you mean 'Europe/Berlin'"),
        ("company: A\ngross_margin: 62\n", 2, "less than or equal to 1"),
        ("company: A\ncalendar: {type: gregorian, year_starts: 13}\n", 2, "month from 1 to 12"),
        ("company: A\ncalendar: {type: 4-4-5, year_starts: 2}\n", 2, "first day of a year"),
        ("company: A\ntables:\n  oders: {path: a.csv}\n", 3, "Did you mean 'orders'"),
        (
            "company: A\ntables:\n  orders:\n    path: a.csv\n    columns:\n      ammount: x\n",
            6,
            "Did you mean 'amount'",
        ),
        ("company: A\ntables:\n  orders: {path: a.csv, sql: select 1}\n", 3, "path and sql"),
        ("company: A\ntables:\n  orders: {columns: {}}\n", 3, "none of them"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    error = refused(tmp_path, text)
    assert words in str(error)
    assert error.line == line


def test_a_secret_comes_from_the_environment_and_is_not_in_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = load(tmp_path, "company: A\nsource: postgres://me:${DB_PASSWORD}@localhost/shop\n")
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    assert company.connection_url == "postgres://me:hunter2@localhost/shop"
    assert "hunter2" not in repr(company)
    monkeypatch.delenv("DB_PASSWORD")
    with pytest.raises(ConfigError, match="DB_PASSWORD is not set") as caught:
        _ = company.connection_url
    assert caught.value.line == 2
