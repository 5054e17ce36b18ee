"""How dates are written is found from all values of a column, and asked for where they do not tell."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.metrics.sources.value_formats import DateFormat, write_plainly

CONNECTION = ibis.duckdb.connect()
NOTHING_SAID = ReadSpec()


def plain(
    values: list[str],
    read: ReadSpec = NOTHING_SAID,
    **others: list[str],
) -> tuple[list[str], DateFormat | None]:
    """The dates of a column as they are written plainly, and how they were written."""
    rows = max(map(len, (values, *others.values())))
    padded = {name: (own * rows)[:rows] for name, own in {"x": values, **others}.items()}
    raw = CONNECTION.create_table(ibis.util.gen_name("dates"), padded)
    table, formats = write_plainly(raw, {"x": "date"}, read)
    form: Any = formats.get("x")
    return table.select("x").to_pyarrow()["x"].to_pylist()[: len(values)], form


FOUND: list[tuple[list[str], list[str]]] = [
    (["31.12.2025", "1.2.2026"], ["2025-12-31", "2026-02-01"]),
    (["05.06.2026"], ["2026-06-05"]),
    (["9.14.2026", "1.2.2026"], ["2026-09-14", "2026-01-02"]),
    (["03/04/2026", "31/12/2025"], ["2026-04-03", "2025-12-31"]),
    (["3/4/2026", "12/31/2025"], ["2026-03-04", "2025-12-31"]),
    (["03-04-2026", "31-12-2025"], ["2026-04-03", "2025-12-31"]),
    (["2026/01/02", "2026.1.2"], ["2026-01-02", "2026-01-02"]),
    (["20240101"], ["2024-01-01"]),
    (["31122024"], ["2024-12-31"]),
    (["01/01/2026", "02/02/2026"], ["2026-01-01", "2026-02-02"]),
    (["Jan 5, 2024", "May 6, 2024"], ["2024-01-05", "2024-05-06"]),
    (["5 Jan 2024", "05-JAN-2024"], ["2024-01-05", "2024-01-05"]),
    (["January 5, 2024 3:04 PM", "May 1st, 2024 12:00 a.m."], ["2024-01-05 15:04:00", "2024-05-01 00:00:00"]),
    (["5. März 2024", "6. Dezember 2024", "7. Mai 2024"], ["2024-03-05", "2024-12-06", "2024-05-07"]),
    (["5 janvier 2024", "6 août 2024"], ["2024-01-05", "2024-08-06"]),
    (["Mrz 2024", "Okt 2024"], ["2024-03-01", "2024-10-01"]),
    (["202403"], ["2024-03-01"]),
    (["1700000000"], ["2023-11-14 22:13:20+00:00"]),
    (["1700000000123"], ["2023-11-14 22:13:20+00:00"]),
    (["09/24/2025 09:24:00 AM"], ["2025-09-24 09:24:00"]),
    (["24.09.2025 09:24 Uhr"], ["2025-09-24 09:24:00"]),
    (["5/13/2026, 10:35"], ["2026-05-13 10:35:00"]),
    (["9/24/2025 23:30 +0000", "9/24/2025 23:30:10.25 +02:00"],
     ["2025-09-24 23:30:00+0000", "2025-09-24 23:30:10+02:00"]),
    (["Tue, 05 Jan 2024 23:30:00 GMT"], ["2024-01-05 23:30:00GMT"]),
    (["2024-01-05 9:05"], ["2024-01-05 09:05:00"]),
    (["2026-09-14", "13.09.2026"], ["2026-09-14", "2026-09-13"]),
    (["2026-09-14\u00a0", "2026-09-15"], ["2026-09-14", "2026-09-15"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def all_found() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Every column of `FOUND`, read in one table: they decide by themselves."""
    columns = {f"x{place}": (values * 3)[:3] for place, (values, _) in enumerate(FOUND)}
    raw = CONNECTION.create_table(ibis.util.gen_name("dates"), columns)
    table, formats = write_plainly(raw, dict.fromkeys(columns, "date"))
    return table.to_pyarrow().to_pydict(), formats


@pytest.mark.parametrize("place", range(len(FOUND)), ids=[values[0] for values, _ in FOUND])
def test_the_form_of_a_column_is_found(place: int, all_found: tuple[dict[str, list[str]], dict[str, Any]]) -> None:
    found, formats = all_found
    wanted, form = FOUND[place][1], formats[f"x{place}"]
    assert found[f"x{place}"][: len(wanted)] == wanted and not form.open and not form.unread


@pytest.mark.parametrize(
    "values",
    [
        ["2026-09-14", ""], ["2026-09-14 10:35"], ["2026-09-14T10:35:00Z"], ["2026-09-14 10:35:00 +0200"],
        ["2026-09-14 10:35:00.123 UTC"], ["2026-09-14T10:35:00.123456+02:00"],
    ],
)  # fmt: skip
def test_what_is_written_by_iso_8601_is_not_looked_at(values: list[str]) -> None:
    assert plain(values) == (values, None)


@pytest.mark.parametrize(
    ("value", "patterns"),
    [
        ("03/04/2026", ("%d/%m/%Y", "%m/%d/%Y")),
        ("3-4-2026 10:00", ("%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M")),
        ("31.12.99", ("%d.%m.%y",)),
        ("13-09-26", ("%d-%m-%y", "%y-%m-%d")),
        ("9/14/26", ("%m/%d/%y",)),
        ("05-Jan-24", ("%d-%b-%y",)),
    ],
)
def test_what_could_be_read_in_several_ways_is_asked_for(value: str, patterns: tuple[str, ...]) -> None:
    found, form = plain([value])
    assert found == [value] and form is not None and form.open == (value, patterns)


@pytest.mark.parametrize(
    ("value", "other", "wanted"),
    [
        ("3/4/2026", "12/31/2025", "2026-03-04"),
        ("3/4/2026 10:05", "31/12/2025", "2026-04-03 10:05:00"),
        ("05-Jan-24", "2024-02-01", "2024-01-05"),
        ("31.12.24", "1.1.2025", "2024-12-31"),
        ("13-09-26", "2026-10-01", "2026-09-13"),
    ],
)
def test_another_column_of_the_file_tells(value: str, other: str, wanted: str) -> None:
    found, form = plain([value], closed=[other])
    assert found == [wanted] and form is not None and form.proved_by == "closed"


def test_a_column_whose_days_and_months_are_alike_tells_nothing_of_another() -> None:
    _, form = plain(["3/4/2026"], closed=["1/1/2026"])
    assert form is not None and form.open


def test_other_columns_that_contradict_each_other_tell_nothing() -> None:
    _, form = plain(["3/4/2026"], one=["12/31/2025"], other=["31/12/2025"])
    assert form is not None and form.open


def test_days_above_12_on_both_sides_leave_the_others_open() -> None:
    _, form = plain(["3/4/2026", "13/4/2026", "4/13/2026"])
    assert form is not None and form.open


@pytest.mark.parametrize(
    ("read", "value", "wanted"),
    [
        (ReadSpec(dates="%m/%d/%Y"), "3/4/2026", "2026-03-04"),
        (ReadSpec(dates="%m/%d/%Y"), "3/4/2026 1:05 PM", "2026-03-04 13:05:00"),
        (ReadSpec(dates="%m/%d/%Y"), "04.03.2026", "2026-03-04"),
        (ReadSpec(dates="%m/%d/%Y"), "2026-03-04", "2026-03-04"),
        (ReadSpec(dates={"x": "%d/%m/%Y"}), "3/4/2026", "2026-04-03"),
        (ReadSpec(dates="%d. %B %Y"), "5. März 2026", "2026-03-05"),
        (ReadSpec(dates="%d.%m.%y"), "31.12.99", "1999-12-31"),
        (ReadSpec(dates="excel"), "45292", "2024-01-01"),
        (ReadSpec(dates="excel"), "45292.5", "2024-01-01 12:00:00"),
        (ReadSpec(dates="%d%m", year=2024), "3112", "2024-12-31"),
        (ReadSpec(dates="%d%m", year=2024), "101", "2024-01-01"),
        (ReadSpec(dates="%Y-%d-%m"), "2026-13-09", "2026-09-13"),
        (ReadSpec(dates="epoch"), "0", "1970-01-01 00:00:00+00:00"),
    ],
)
def test_the_company_file_decides(read: ReadSpec, value: str, wanted: str) -> None:
    assert plain([value], read)[0] == [wanted]


@pytest.mark.parametrize("value", ["soon", "31.02.2026", "13/13/2026", "KW 37/2026", "99999999", "10:35"])
def test_what_is_no_date_is_left_as_it_stands(value: str) -> None:
    assert plain([value, "2026-01-01"])[0] == [value, "2026-01-01"]
