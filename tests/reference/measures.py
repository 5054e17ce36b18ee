"""The kinds of measures as loops over rows: flows, stocks, balances and first times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from reference.periods import DAY, Period, day_of
from reference.rows import NotConnected, NoValue, Row, Selection, Test

Number = Callable[[Selection], float]


def total(values: Iterable[float | None], *, nothing: float | None = 0.0) -> float:
    """The sum of what is known; unknown where there are values and none is known."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    if listed and not known:
        raise NoValue
    if not listed and nothing is None:
        raise NoValue
    return float(sum(known))


def where_known(value: Callable[[Row], float], *columns: str) -> Callable[[Row], float | None]:
    """A calculation that gives nothing where one of its columns is empty."""
    return lambda row: None if any(row[name] is None for name in columns) else value(row)


def rows_in_period(
    selection: Selection,
    table: str,
    date: str,
    *needs: str,
    where: Test = lambda row: True,
    account: str | None = None,
) -> list[Row]:
    """The rows of a flow: those of the slice, and of an account, whose date lies in the period."""
    rows = [row for row in selection.rows(table, date, *needs) if account is None or row["account"] == account]
    selection.check_reach(table, date, flow=True, account=account)
    period = selection.period
    return [
        row
        for row in rows
        if row[date] is not None
        and period.start <= day_of(row[date]) <= period.last
        and selection.in_slice(row)
        and where(row)
    ]


def flow(
    selection: Selection,
    table: str,
    date: str,
    value: str,
    *needs: str,
    where: Test = lambda row: True,
    account: str | None = None,
) -> float:
    """The sum of an amount over the rows of a period."""
    rows = rows_in_period(selection, table, date, value, *needs, where=where, account=account)
    return total(row[value] for row in rows)


def count(selection: Selection, table: str, date: str, *needs: str, where: Test = lambda row: True) -> float:
    """The number of rows of a period."""
    return float(len(rows_in_period(selection, table, date, *needs, where=where)))


def open_rows(selection: Selection, table: str, begin: str, end: str | None, *needs: str) -> list[Row]:
    """The rows of a stock: those that have begun by its day and have not ended by then."""
    rows = selection.rows(table, begin, *((end,) if end else ()), *needs)
    selection.check_reach(table, begin, flow=False)
    return [row for row in rows if selection.in_slice(row) and is_open(row, begin, end, selection.stock_day)]


def is_open(row: Row, begin: str, end: str | None, on: dt.date) -> bool:
    """Whether a row has begun by a day and has not ended by then."""
    if row[begin] is None or row[begin] > on:
        return False
    return end is None or row[end] is None or row[end] > on


def average_of_stock(selection: Selection, stock: Number) -> float:
    """The mean of a stock on the day before the period and at its end."""
    before = replace(selection, period=Period.around("day", selection.period.start - DAY), seen=[])
    return (stock(before) + stock(selection)) / 2


def latest_balances(
    selection: Selection, table: str, key: str, date: str, *needs: str, account: str | None = None
) -> list[list[Row]]:
    """A balance: for each key the rows of its last date up to the day, as far as they lie in the slice."""
    rows = [row for row in selection.rows(table, date, key, *needs) if account is None or row["account"] == account]
    selection.check_reach(table, date, flow=False, account=account)
    rows = [row for row in rows if row[key] is not None and row[date] is not None and row[date] <= selection.stock_day]
    found = []
    for one in sorted({row[key] for row in rows}):
        its = sorted((row for row in rows if row[key] == one), key=lambda row: row[date])
        found.append([row for row in its if row[date] == its[-1][date] and selection.in_slice(row)])
    return [rows for rows in found if rows]


def first_times(selection: Selection, table: str, key: str, date: str, *order: str, where: Test) -> float:
    """The number of keys whose first row lies in the period and slice; of rows of one day the smallest is first."""
    everybody = [row for row in selection.all_rows(table, key, date) if where(row)]
    selection.check_reach(table, date, flow=True)
    everybody = [row for row in everybody if row[key] is not None and row[date] is not None]
    columns = [name for name in order if name in selection.company.columns[table]]
    period, found = selection.period, 0
    for one in {row[key] for row in everybody}:
        its = [row for row in everybody if row[key] == one]
        first = min(its, key=lambda row: (row[date], [(row[name] is None, row[name] or 0) for name in columns]))
        found += period.start <= first[date] <= period.last and selection.where(first) and selection.in_slice(first)
    return float(found)


def first_connected(selection: Selection, *definitions: Number) -> float:
    """The first definition that the company's tables allow, whatever the slice: a slice changes no definition."""
    everything = replace(selection, by=(), group=None, where=lambda row: True, where_columns=(), seen=[])
    for definition in definitions[:-1]:
        try:
            definition(everything)
        except NotConnected:
            continue
        except NoValue:
            pass
        return definition(selection)
    return definitions[-1](selection)


def growth(now: float, base: float) -> float:
    """The relative change; over a base of nothing or less there is none."""
    if base <= 0:
        raise NoValue
    return now / base - 1
