"""The day of closing of an open opportunity is a plan: it stands where plans stand."""

from __future__ import annotations

import datetime as dt

import ibis
import pyarrow as pa

from kpi_analysis.metrics.sources.expected_days import expected_columns, has_expected_days, with_expected_days

MAY, JUNE, JULY = dt.date(2026, 5, 1), dt.date(2026, 6, 1), dt.date(2026, 7, 1)
Row = tuple[str | None, dt.date | None, dt.date | None]


def split(*rows: Row, has_expected: bool = True) -> list[tuple[dt.date | None, dt.date | None]]:
    """Days of closing and expected days that come of outcomes, days of closing and expected days."""
    outcome, closed, expected = zip(*rows, strict=True)
    columns = {"outcome": pa.array(outcome, pa.string()), "closed_on": pa.array(closed, pa.date32())}
    columns |= {"expected_on": pa.array(expected, pa.date32())} if has_expected else {}
    table = ibis.memtable(pa.table(columns))
    found = table.select(**with_expected_days("opportunities", {name: table[name] for name in columns})).to_pyarrow()
    assert found.column("outcome").to_pylist() == list(outcome)
    return list(zip(found["closed_on"].to_pylist(), found["expected_on"].to_pylist(), strict=True))


def test_an_open_opportunity_has_no_day_of_closing_and_the_others_have_theirs() -> None:
    rows: list[Row] = [(outcome, MAY, None) for outcome in ("won", "lost", "open", None)]
    assert split(*rows, has_expected=False) == [(MAY, None), (MAY, None), (None, MAY), (MAY, None)]
    assert split(*rows) == [(MAY, None), (MAY, None), (None, MAY), (MAY, None)]


def test_an_expected_day_of_its_own_goes_before_the_day_of_closing() -> None:
    assert split(("open", MAY, JUNE), ("won", MAY, JULY), ("open", None, JULY), ("open", None, None)) == [
        (None, JUNE), (MAY, JULY), (None, JULY), (None, None),
    ]  # fmt: skip


def test_only_opportunities_with_outcomes_and_days_of_closing_have_expected_days() -> None:
    assert has_expected_days("opportunities", ("outcome", "closed_on"))
    assert not has_expected_days("opportunities", ("outcome", "created_on"))
    assert not has_expected_days("opportunities", ("closed_on", "created_on"))
    assert not has_expected_days("leads", ("outcome", "closed_on"))
    values = {"created_on": ibis.literal(MAY)}
    assert with_expected_days("leads", values) == values


def test_the_expected_day_is_a_column_once() -> None:
    assert expected_columns("opportunities", ("outcome", "closed_on")) == ("outcome", "closed_on", "expected_on")
    all_three = ("outcome", "closed_on", "expected_on")
    assert expected_columns("opportunities", all_three) == all_three
    assert expected_columns("opportunities", ("outcome", "created_on")) == ("outcome", "created_on")
    assert expected_columns("leads", ("created_on",)) == ("created_on",)
