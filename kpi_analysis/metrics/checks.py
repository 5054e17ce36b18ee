"""The connected tables against the canonical schema: everything that is wrong, with the rows where it stands.

One aggregate query a table finds what is wrong; only where something is, a second one fetches the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import or_
from string import whitespace
from typing import Any

import ibis.expr.types as ir

from kpi_analysis.core.errors import DataError, DataFinding, KpiError
from kpi_analysis.core.limits import ROW_IDENTITY
from kpi_analysis.metrics.currency_checks import currency_findings, rate_findings
from kpi_analysis.metrics.date_checks import date_findings, expected_findings
from kpi_analysis.metrics.empty_columns import empty_columns, filled_measures
from kpi_analysis.metrics.limit_tests import answer_measures, limit_tests, narrow_answers
from kpi_analysis.metrics.reading_checks import reading_findings
from kpi_analysis.metrics.repeated_rows import count_repeated, duplicate_keys, repeated_rows
from kpi_analysis.metrics.row_examples import failed_tests
from kpi_analysis.metrics.row_tests import RowTest, column_tests
from kpi_analysis.metrics.sources import Sources, TableCheck
from kpi_analysis.metrics.sources.conversion import outside_years, refusing
from kpi_analysis.metrics.sources.dialects import dialect_of
from kpi_analysis.metrics.sources.event_days import SUFFIX, Days, day_measures, distinct_days, read_days
from kpi_analysis.metrics.sources.files import is_text
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sources.words import has_odd_blanks
from kpi_analysis.metrics.sql.types import on_duckdb
from kpi_analysis.metrics.word_checks import check_words, wordy_columns

LATE_DAYS = 31
FEW_ROWS = 300_000  # which take no time beside what is computed from them


def check_sources(sources: Sources) -> list[DataFinding]:
    """Check every connected table and go through all findings instead of stopping at the first."""
    if sources.facts.known.findings is not None:
        return list(sources.facts.known.findings)
    findings: list[DataFinding] = []
    sound = True
    for name in sources.connected:
        try:
            found = [*check_table(sources, name), *further_findings(sources, name)]
            found += expected_findings(sources, name)
        except KpiError as error:
            found = [DataFinding.of(f"table {name}", error, name)]
        findings += found
        sound = sound and not any(finding.level == "error" for finding in found)
    return [*findings, *rate_findings(sources), *(_late_tables(sources) if sound else [])]


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
        words = "it has no rows"
        empty = DataFinding(
            "warning", f"table {name}", f"{words}.", "Check the file or the query.", table=name, summary=words
        )
        return TableCheck((empty,), rows, days)
    failed = [(test, int(counts[f"test{i}"])) for i, test in enumerate(tests) if counts[f"test{i}"]]
    without = empty_columns(sources, name, mapped, counts, {test.column for test, _ in failed if test.has_examples})
    told = {finding.columns[0] for finding in without}
    failed = [(test, count) for test, count in failed if test.has_examples or test.column not in told]
    findings = failed_tests(sources, name, failed, rows)
    findings += [*without, *narrow_answers(name, counts, sources.config.scales)]
    if days is None:
        dates = [
            c for c in sources.tables.columns(name) if sources.schemas[name].columns[c].kind in ("date", "timestamp")
        ]
        days = {column: distinct_days(sources.tables.unchecked(name), column) for column in dates}
    wrong = {column for finding in findings if finding.level == "error" for column in finding.columns}
    findings += [
        *date_findings(sources, name, days), *reading_findings(sources, name, wrong), *currency_findings(sources, name),
    ]  # fmt: skip
    key = _key(sources, name, mapped)
    if key is not None and counts.get("hashes", -1) != counts["keys"]:
        repeated = count_repeated(sources.tables.raw(name), key)
        findings += [duplicate_keys(sources, name, key, repeated, rows)] if repeated else []
    return TableCheck(tuple(findings), rows, days)


def further_findings(sources: Sources, name: str, columns: Collection[str] | None = None) -> list[DataFinding]:
    """Findings that take queries of their own, and stop nothing: rows that stand twice, words that look alike.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    columns : collection of str, optional
        Where figures are computed, the columns that they need: only their words are looked at, and rows that stand
        twice only in tables of up to `FEW_ROWS`. By default all is looked at.

    Returns
    -------
    list of DataFinding
        Warnings.
    """
    if sources.facts.known.findings is not None:
        return [f for f in sources.facts.known.findings if f.table == name and f.level == "warning"]
    findings = []
    rows = sources.facts.check(name, lambda: _examine(sources, name)).rows
    if name in ROW_IDENTITY and (columns is None or (rows is not None and rows <= FEW_ROWS)):
        findings += sources.facts.further(name, "", lambda: repeated_rows(sources, name, ROW_IDENTITY[name]))
    wordy = [one for one in wordy_columns(sources, name) if columns is None or one in columns]
    unknown = [one for one in wordy if not sources.facts.has_further(name, one)]
    found = check_words(sources, name, unknown) if unknown else []
    for column in wordy:
        findings += sources.facts.further(name, column, lambda: [f for f in found if column in f.columns])  # noqa: B023
    return findings


def _untidy(sources: Sources, name: str) -> dict[str, ir.BooleanValue]:
    """Where words have blanks around or odd ones within, or are known in other cases, and days lie out of all years.

    To trim every word in every query costs DuckDB more than to add up the numbers beside them, so that words are taken
    as they are where none is untidy. Text files are left out, for they are converted once.
    """
    words = {
        c.column.name: c.raw
        for c in sources.tables.mapping(name)
        if c.column.kind == "text" and c.raw.type().is_string()
    }
    if is_text(sources.tables.files(name)):
        return {}
    days = {
        c.column.name: outside_years(c.raw.min()) | outside_years(c.raw.max())
        for c in sources.tables.mapping(name)
        if c.raw.type().is_temporal()
    }
    if not words or not on_duckdb(next(iter(words.values()))):
        return days
    known = {c.column.name for c in sources.tables.mapping(name) if c.column.values}
    return {
        key: reduce(
            or_,
            [word < "!", has_odd_blanks(word), *(word.endswith(s) for s in whitespace)]
            + ([word.lower() != word] if key in known else []),
        )
        for key, word in words.items()
    } | days


def _count(
    sources: Sources, name: str, untidy: Mapping[str, ir.BooleanValue]
) -> tuple[list[MappedColumn], list[RowTest], dict[str, Any], dict[str, Days] | None]:
    """Return in how many rows each test finds something wrong, with the days that have rows, in one scan.

    Where an engine has fast hashes, those of the key are counted as well: where all of them differ, so do the keys, and
    hashes take half the memory of words.
    """
    table, mapped = sources.tables.raw(name), sources.tables.mapping(name)
    tests = [test for column in mapped for test in column_tests(name, column, table, mapped)]
    tests += limit_tests(name, mapped, sources.config.scales)
    measures: dict[str, ir.Scalar] = {"rows": table.count()}
    measures |= {f"test{i}": test.wrong.fill_null(False).sum() for i, test in enumerate(tests)}
    measures |= {f"untidy_{key}": one.sum() if isinstance(one, ir.Column) else one for key, one in untidy.items()}
    measures |= answer_measures(name, mapped) | filled_measures(mapped)
    collects_days = dialect_of(table.get_backend()).collects_days
    values = {
        column: value
        for column, value in sources.tables.values(name).items()
        if column in sources.schemas[name].columns
    }
    measures |= day_measures(values) if collects_days else {}
    key = _key(sources, name, mapped)
    if key is not None:
        hash_text = dialect_of(key.get_backend()).hash_text
        measures |= {"keys": key.count()} | ({"hashes": hash_text(key).nunique()} if hash_text is not None else {})
    with refusing(sources.config, name):
        found = table.aggregate(**measures).to_pyarrow()
    days = read_days(found) if collects_days else None
    counts = found.select([column for column in found.column_names if not column.endswith(SUFFIX)])
    return mapped, tests, counts.to_pylist()[0], days


def refuse_errors(sources: Sources, name: str) -> None:
    """Validation of a table before it is used: raises a `DataError` where it contradicts its schema."""
    errors = [finding for finding in check_table(sources, name) if finding.level == "error"]
    if errors:
        raise as_error(errors)


def as_error(errors: Sequence[DataFinding]) -> DataError:
    """Error of the first of several findings, which says how many more there are.

    Parameters
    ----------
    errors : sequence of DataFinding
        At least one.

    Returns
    -------
    DataError
        With its file and line.

    Examples
    --------
    >>> str(as_error([DataFinding("error", "table orders", "it has a fault.", "Mend it.")] * 2))
    'table orders: it has a fault. Mend it. There are 1 more; see all with: kpi check'
    """
    first = errors[0]
    more = f" There are {len(errors) - 1} more; see all with: kpi check" if len(errors) > 1 else ""
    return DataError(f"{first.subject}: {first.message}", remedy=first.remedy + more, file=first.file, line=first.line)


def _key(sources: Sources, name: str, mapped: list[MappedColumn]) -> ir.StringValue | None:
    return next((column.value for column in mapped if column.column.name == sources.schemas[name].key), None)


def _late_tables(sources: Sources) -> list[DataFinding]:
    """Tables that end long before the others: their figures for the last period would be too low."""
    last = sources.last_day()
    found = []
    for name in sources.readable:
        found_last = sources.facts.last_event(name)
        newest = None if found_last is None else found_last[0]
        if last and newest and (last - newest).days > LATE_DAYS and not sources.schemas[name].is_register:
            found.append(
                DataFinding("warning", f"table {name}", f"it ends on {newest}, other tables reach {last}.",
                        "Later periods of its KPIs have no value or a low one.", table=name)
            )  # fmt: skip
    return found
