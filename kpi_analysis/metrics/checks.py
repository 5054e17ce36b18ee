"""The connected tables against the canonical schema: everything that is wrong, with the rows where it stands.

One aggregate query a table finds what is wrong; only where something is, a second one fetches the rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from string import whitespace
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from kpi_analysis.core.errors import DataError, DataFinding, KpiError
from kpi_analysis.core.schema import TABLES
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.date_checks import date_findings, expected_findings
from kpi_analysis.metrics.sources import Sources, TableCheck
from kpi_analysis.metrics.sources.dialects import dialect_of
from kpi_analysis.metrics.sources.event_days import SUFFIX, Days, day_measures, distinct_days, read_days
from kpi_analysis.metrics.sources.files import READ, has_head, is_text
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sql.types import on_duckdb

SHOWN_ROWS = 5
LATE_DAYS = 31
CONDITIONAL = r"(?i)\b(case|coalesce|nullif|try_cast)\b"  # such an expression may mean to give nothing


@dataclass(frozen=True)
class _Test:
    """A condition under which a row is wrong, and the words for it."""

    column: MappedColumn
    level: Literal["error", "warning"]
    wrong: ir.BooleanValue
    shown: ir.Value
    words: Callable[[int, int], str]
    remedy: str


def check_sources(sources: Sources) -> list[DataFinding]:
    """Check every connected table and go through all findings instead of stopping at the first."""
    if sources.facts.known.findings is not None:
        return list(sources.facts.known.findings)
    findings: list[DataFinding] = []
    sound = True
    for name in sources.connected:
        try:
            found = [*check_table(sources, name), *_repeated_rows(sources, name)]
            found += expected_findings(sources, name)
        except KpiError as error:
            found = [DataFinding.of(f"table {name}", error)]
        findings += found
        sound = sound and not any(finding.level == "error" for finding in found)
    return findings + (_late_tables(sources) if sound else [])


def check_table(sources: Sources, name: str) -> list[DataFinding]:
    """Findings about one table: conversions, required values, ranges, known words, unique keys, order in time.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.

    Returns
    -------
    list of DataFinding
        Errors and warnings; empty where all is well.

    Raises
    ------
    ConfigError
        When the table cannot be read at all.
    """
    return list(sources.facts.check(name, lambda: _examine(sources, name)).findings)


def _examine(sources: Sources, name: str) -> TableCheck:
    untidy = _untidy(sources, name)
    if untidy:
        sources.tables.take_as_tidy(name, untidy)
    sources.tables.convert_once(name)
    mapped, tests, counts, days = _count(sources, name, untidy)
    blanks = {column for column in untidy if counts[f"untidy_{column}"]}
    if blanks:  # which is rare, so that one scan is enough as a rule
        sources.tables.take_as_tidy(name, set(untidy) - blanks)
        mapped, tests, counts, days = _count(sources, name, {})
    rows = int(counts["rows"])
    if rows == 0:
        empty = DataFinding("warning", f"table {name}", "it has no rows.", "Check the file or the query.")
        return TableCheck((empty,), rows, days)
    findings = [
        _finding(sources, name, test, int(counts[f"test{i}"]), rows)
        for i, test in enumerate(tests)
        if counts[f"test{i}"]
    ]
    if days is None:
        dates = [c for c in sources.tables.columns(name) if TABLES[name].columns[c].kind in ("date", "timestamp")]
        days = {column: distinct_days(sources.tables.unchecked(name), column) for column in dates}
    findings += date_findings(sources, name, days)
    key = _key(name, mapped)
    repeated = (
        0 if key is None or counts.get("hashes", -1) == counts["keys"] else _repeated(sources.tables.raw(name), key)
    )
    if key is not None and repeated:
        findings.append(_duplicates(sources, name, key, repeated))
    return TableCheck(tuple(findings), rows, days)


def _untidy(sources: Sources, name: str) -> dict[str, ir.BooleanValue]:
    """Where words have blanks around them or are empty, column by column.

    To trim every word in every query costs DuckDB more than to add up the numbers beside them, so that words are taken
    as they are where none is untidy. Text files are left out, for they are converted once.
    """
    words = {
        c.column.name: c.raw
        for c in sources.tables.mapping(name)
        if c.column.kind == "text" and c.raw.type().is_string()
    }
    if not words or is_text(sources.tables.files(name)) or not on_duckdb(next(iter(words.values()))):
        return {}
    return {key: reduce(or_, [word < "!", *(word.endswith(s) for s in whitespace)]) for key, word in words.items()}


def _count(
    sources: Sources, name: str, untidy: Mapping[str, ir.BooleanValue]
) -> tuple[list[MappedColumn], list[_Test], dict[str, Any], dict[str, Days] | None]:
    """Return in how many rows each test finds something wrong, with the days that have rows, in one scan.

    Where an engine has fast hashes, those of the key are counted as well: where all of them differ, so do the keys, and
    hashes take half the memory of words.
    """
    table, mapped = sources.tables.raw(name), sources.tables.mapping(name)
    tests = [test for column in mapped for test in _tests(name, column, table, mapped)]
    measures: dict[str, ir.Scalar] = {"rows": table.count()}
    measures |= {f"test{i}": test.wrong.fill_null(False).sum() for i, test in enumerate(tests)}
    measures |= {f"untidy_{column}": wrong.sum() for column, wrong in untidy.items()}
    collects_days = dialect_of(table.get_backend()).collects_days
    values = {column: value for column, value in sources.tables.values(name).items() if column in TABLES[name].columns}
    measures |= day_measures(values) if collects_days else {}
    key = _key(name, mapped)
    if key is not None:
        hash_text = dialect_of(key.get_backend()).hash_text
        measures |= {"keys": key.count()} | ({"hashes": hash_text(key).nunique()} if hash_text is not None else {})
    found = table.aggregate(**measures).to_pyarrow()
    days = read_days(found) if collects_days else None
    counts = found.select([column for column in found.column_names if not column.endswith(SUFFIX)])
    return mapped, tests, counts.to_pylist()[0], days


def refuse_errors(sources: Sources, name: str) -> None:
    """Validation of a table before it is used: raises a `DataError` where it contradicts its schema."""
    errors = [finding for finding in check_table(sources, name) if finding.level == "error"]
    if errors:
        first = errors[0]
        more = f" There are {len(errors) - 1} more; see all with: kpi check" if len(errors) > 1 else ""
        raise DataError(
            f"{first.subject}: {first.message}", remedy=first.remedy + more, file=first.file, line=first.line
        )


def _tests(name: str, column: MappedColumn, table: ir.Table, mapped: list[MappedColumn]) -> list[_Test]:
    schema, value = column.column, column.value
    tests = []
    failed = _failed(column, table)
    wanted = {"date": "a date like 2026-09-14", "timestamp": "a time like 2026-09-14 13:30", "number": "a number",
              "boolean": "true or false"}.get(schema.kind, "")  # fmt: skip
    if failed is not None:
        shown = column.raw if column.is_converted else _inputs(column, table)[0]
        remedy = f"Mend the data, or map it: {schema.name}: {_suggestion(column)}"
        tests.append(_Test(column, "error", failed, shown, lambda n, _: f"{_values(n)} not {wanted}", remedy))
    if schema.required:
        missing = value.isnull() if failed is None else value.isnull() & ~failed.fill_null(False)
        effect = "They are in no period." if schema.kind == "date" else "They are left out where it is needed."
        tests.append(
            _Test(column, "warning", missing, value,
                  lambda n, rows: f"{n:,} of {rows:,} rows have no {schema.name}.", effect)
        )  # fmt: skip
    if schema.minimum is not None:
        low = value < schema.minimum
        tests.append(
            _Test(column, "error", low, value, lambda n, _: f"{_values(n)} below {schema.minimum:g}, which cannot be",
                  f"Mend the data, or map it: {schema.name}: case when … end")
        )  # fmt: skip
    if schema.values:
        unknown = value.notin(schema.values)
        words = " or ".join(f"'{word}'" for word in schema.values)
        tests.append(
            _Test(column, "error", unknown, value, lambda n, _: f"{_values(n)} not {words}",
                  f"Map it: {schema.name}: case {column.text} when … then '{schema.values[0]}' … end")
        )  # fmt: skip
    by_name = {other.column.name: other for other in mapped}
    for earlier, later in TABLES[name].order:
        if later == schema.name and earlier in by_name:
            reversed_ = value < by_name[earlier].value
            tests.append(
                _Test(column, "warning", reversed_, value,
                      lambda n, _, earlier=earlier: f"{n:,} rows have {schema.name} before {earlier}",  # type: ignore[misc]
                      "Check these rows.")
            )  # fmt: skip
    return tests


def _failed(column: MappedColumn, table: ir.Table) -> ir.BooleanValue | None:
    """Where a value stood and could not be read. None where nothing can fail."""
    if column.is_converted:
        return column.value.isnull() & (column.raw.strip().length() > 0)
    if column.column.kind == "text" or column.text in table.columns or re.search(CONDITIONAL, column.text):
        return None
    inputs = _inputs(column, table)
    if not inputs:
        return None
    return column.value.isnull() & reduce(and_, [value.strip().length() > 0 for value in inputs])


def _inputs(column: MappedColumn, table: ir.Table) -> list[ir.Value]:
    names = [name for name in sql.columns_of(column.text) if name in table.columns]
    return [table[name] for name in sorted(names) if table[name].type().is_string()]


def _suggestion(column: MappedColumn) -> str:
    if column.column.kind in ("date", "timestamp"):
        return f"strptime({column.text}, '%d.%m.%Y')" if "(" not in column.text else "strptime(…, '%d.%m.%Y')"
    return "an expression that gives it"


def _values(count: int) -> str:
    return "1 value is" if count == 1 else f"{count:,} values are"


def _finding(sources: Sources, name: str, test: _Test, count: int, rows: int) -> DataFinding:
    words = test.words(count, rows)
    subject = f"table {name}, column {test.column.column.name}"
    file, line = _data_file(sources, name), None
    if test.level == "error" or "before" in words:
        examples = _examples(sources, name, test)
        line = examples[0][0] if examples else None
        words += f": {', '.join(_example(row, value) for row, value in examples)}."
    return DataFinding(test.level, subject, words, test.remedy, file, line)


def _examples(sources: Sources, name: str, test: _Test) -> list[tuple[int | None, Any]]:
    table = sources.tables.raw(name)
    numbered = len(sources.tables.files(name)) == 1
    columns = {"shown": test.shown, "wrong": test.wrong}
    if numbered:
        columns["row"] = ibis.row_number()
    found = table.select(**columns).filter(lambda t: t.wrong.fill_null(False)).limit(SHOWN_ROWS)
    rows = found.to_pyarrow().to_pylist()
    head = 1 if sources.tables.files(name) and has_head(sources.tables.files(name)[0]) else 0
    return [(int(row["row"]) + 1 + head if numbered else None, row["shown"]) for row in rows]


def _example(row: int | None, value: Any) -> str:
    shown = value.isoformat() if isinstance(value, dt.date) else value
    return f"'{shown}'" if row is None else f"'{shown}' in row {row}"


def _data_file(sources: Sources, name: str) -> str | None:
    files = sources.tables.files(name)
    return str(files[0]) if len(files) == 1 else None


def _key(name: str, mapped: list[MappedColumn]) -> ir.StringValue | None:
    return next((column.value for column in mapped if column.column.name == TABLES[name].key), None)


def _repeated(table: ir.Table, key: ir.Value) -> int:
    """How many rows repeat a key that stood before."""
    found = table.aggregate(rows=key.count(), distinct=key.nunique()).to_pyarrow().to_pylist()[0]
    return int(found["rows"] - found["distinct"])


def _duplicates(sources: Sources, name: str, key: ir.Value, count: int) -> DataFinding:
    column = str(TABLES[name].key)
    keys = sources.tables.raw(name).select(key=key).filter(lambda t: t.key.notnull())
    counted = keys.group_by("key").aggregate(times=lambda t: t.count()).filter(lambda t: t.times > 1)
    top = counted.order_by([ibis.desc("times"), "key"]).limit(3).to_pyarrow().to_pylist()
    shown = ", ".join(f"'{row['key']}' {row['times']} times" for row in top)
    return DataFinding(
        "error",
        f"table {name}, column {column}",
        f"it must be unique, but {count:,} rows repeat one: {shown}.",
        "Take the duplicates out, or connect a query that does.",
        _data_file(sources, name),
    )


def _repeated_rows(sources: Sources, name: str) -> list[DataFinding]:
    """Rows that are the same in every column, where no key forbids them: two exports that overlap look like that."""
    if TABLES[name].key is not None:
        return []
    raw = sources.tables.raw(name)
    own = raw.select([column for column in raw.columns if not column.startswith(READ)])
    alike = own.group_by(own.columns).aggregate(kpi_times=own.count())
    found = alike.aggregate(rows=alike.kpi_times.sum(), distinct=alike.count()).to_pyarrow().to_pylist()[0]
    repeated = int(found["rows"] or 0) - int(found["distinct"])
    if not repeated:
        return []
    words = "1 row is" if repeated == 1 else f"{repeated:,} rows are"
    remedy = "Take them out if they are the same ones twice."
    return [DataFinding("warning", f"table {name}", f"{words} the same as another in every column.", remedy)]


def _late_tables(sources: Sources) -> list[DataFinding]:
    """Tables that end long before the others: their figures for the last period would be too low."""
    last = sources.last_day()
    found = []
    for name in sources.connected:
        found_last = sources.facts.last_event(name)
        newest = None if found_last is None else found_last[0]
        if last and newest and (last - newest).days > LATE_DAYS and not TABLES[name].is_register:
            found.append(
                DataFinding("warning", f"table {name}", f"it ends on {newest}, other tables reach {last}.",
                        "Later periods of its KPIs have no value or a low one.")
            )  # fmt: skip
    return found
