"""Advice on values that cannot be read: the very line for the company file, made from the values that stand there."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import ibis.expr.operations as ops

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sources.readers.sql_words import identifier, quoted
from kpi_analysis.metrics.sources.value_formats import DateFormat, NumberFormat, ValueFormat
from kpi_analysis.metrics.sources.value_formats.dates import date_format
from kpi_analysis.metrics.sources.value_formats.numbers import number_format, number_text
from kpi_analysis.metrics.sources.value_formats.shapes import shapes_of
from kpi_analysis.metrics.sql.date_words import AFTER_TIME, clean_date, clean_pattern
from kpi_analysis.metrics.word_guesses import guess_word

LISTED_VALUES = 12
LISTED_FAULTS = 5
PLAIN_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
Reading = tuple[str, str]  # what the value would be, and the line that says so


def read_line(read: ReadSpec, **changes: Any) -> str:
    """Line of the company file that says how a table is written: what is said already, and what is to be changed.

    Parameters
    ----------
    read : ReadSpec
        What is said.
    **changes : Any
        Its settings by name.

    Returns
    -------
    str

    Examples
    --------
    >>> read_line(ReadSpec(delimiter=";"), decimal=",", dates={"Create Date": "%d.%m.%Y"})
    'read: {delimiter: ";", decimal: ",", dates: {"Create Date": "%d.%m.%Y"}}'
    """
    said = {one: getattr(read, one) for one in type(read).model_fields if getattr(read, one) is not None}
    return f"read: {_flow(said | changes)}"


def column_line(name: str, expression: str) -> str:
    r"""Line of the company file that maps a column by an expression.

    Parameters
    ----------
    name : str
        Of the canonical column.
    expression : str
        SQL.

    Returns
    -------
    str

    Examples
    --------
    >>> print(column_line("amount", 'nullif("Net price", 0)'))
    amount: "nullif(\"Net price\", 0)"
    """
    return f"{name}: {json.dumps(expression, ensure_ascii=False)}"


def open_readings(column: str, found: ValueFormat, read: ReadSpec) -> list[Reading]:
    """How a value could be read that can be read in several ways.

    Parameters
    ----------
    column : str
        Of the source.
    found : NumberFormat or DateFormat
        How it is written.
    read : ReadSpec
        What the company file says.

    Returns
    -------
    list of (str, str)
        In words, and the line to write; empty where it can be read in one way.

    Examples
    --------
    >>> found = DateFormat(open=("03/04/2026", ("%d/%m/%Y", "%m/%d/%Y")))
    >>> open_readings("day", found, ReadSpec())[1]
    ('4 March 2026', 'read: {dates: "%m/%d/%Y"}')
    """
    if not found.open:
        return []
    if isinstance(found, NumberFormat):
        return _number_readings(found.open[0], read)
    example, patterns = found.open
    readings = []
    for pattern in patterns:
        day = _day(example, pattern)
        if day is not None:
            words = f"{day.day} {day:%B} {day.year}"
            readings.append((words, read_line(read, dates=_dates(read, column, pattern))))
    return readings


def advice_on_values(column: MappedColumn, values: Sequence[str], read: ReadSpec, source: str = "") -> str:
    """What to do about values that are no number, date or truth: the line to write, and what it does.

    Parameters
    ----------
    column : MappedColumn
        Of which some values cannot be read.
    values : sequence of str
        These values, the most frequent first.
    read : ReadSpec
        What the company file says of the source.
    source : str
        What the source is called, where it is one of several.

    Returns
    -------
    str
    """
    name, kind = column.column.name, column.column.kind
    for used in column.formats:
        readings = open_readings(used.column, used.form, used.read)
        if readings:
            said = ", ".join(f"{line} for {words}" for words, line in readings)
            return f"Say it in the company file, under {origin(used.source)}: {said}.{_century(used.form)}"
    if kind == "boolean":
        return _map_words(column, values, ("true", "false"), source)
    line = _other_format(column, values, read)
    if line is not None:
        return f"If they are meant so, say it in the company file, under {origin(source)}: {line}"
    if kind == "number" and (line := _each_by_itself(column, name, values)) is not None:
        return f"Mend the data; or read them so, under columns: of {origin(source)}: {line}"
    line = _as_nothing(column, name, values)
    return f"Mend the data; or read them as no value, under columns: of {origin(source)}: {line}"


def origin(source: str) -> str:
    """What a line of advice goes under: the table, or one of its several sources."""
    return f"the source '{source}' of the table" if source else "the table"


def advice_on_words(column: MappedColumn, values: Sequence[str], source: str = "") -> str:
    """What to do about words that are none of the known ones: the line that maps those that were found.

    Parameters
    ----------
    column : MappedColumn
        With `values` of its canonical column.
    values : sequence of str
        Words that are not known, the most frequent first.
    source : str
        What the source is called, where it is one of several.

    Returns
    -------
    str
    """
    return _map_words(column, values, column.column.values, source)


def _map_words(column: MappedColumn, values: Sequence[str], known: Sequence[str], source: str) -> str:
    is_truth = known == ("true", "false")
    subject = _subject(column)
    listed = list(values[:LISTED_VALUES])
    guesses = {one: guess_word(one, known) for one in listed}
    parts = [f"when {quoted(one)} then {_word(guesses[one], is_truth)}" for one in listed]
    if is_truth:
        otherwise = ""
    elif len(values) <= LISTED_VALUES:
        otherwise = f" else {subject}"
    else:
        parts += [f"when {quoted(one)} then {quoted(one)}" for one in known]
        otherwise = f" else {_word(guess_word('', known), is_truth)}"
    line = column_line(column.column.name, f"case {subject} {' '.join(parts)}{otherwise} end")
    return f"Map them under columns: of {origin(source)}, and look at each word after then: {line}"


def _word(word: str | None, is_truth: bool) -> str:
    return "null" if word is None else word if is_truth else quoted(word)


def _is_named(column: MappedColumn) -> bool:
    """Whether a column is mapped by its name, and by no expression."""
    return isinstance(column.raw.op(), ops.Field) and column.raw.get_name() == column.text


def _subject(column: MappedColumn) -> str:
    """What a canonical column is made from, as a part of an expression."""
    if _is_named(column):
        return column.text if re.fullmatch(PLAIN_NAME, column.text) else identifier(column.text)
    return f"({column.text})"


def _as_nothing(column: MappedColumn, name: str, values: Sequence[str]) -> str:
    """The line by which values that cannot be read are no values."""
    subject = _subject(column)
    inputs = [used.column for used in column.formats] if subject.startswith("(") else []
    tested = identifier(inputs[0]) if len(inputs) == 1 else subject
    if 0 < len(values) <= LISTED_FAULTS and (not subject.startswith("(") or inputs or column.is_converted):
        listed = ", ".join(quoted(one) for one in values)
        return column_line(name, f"case when {tested} in ({listed}) then null else {subject} end")
    kind = {"number": "double", "date": "date", "timestamp": "timestamp"}[column.column.kind]
    return column_line(name, f"try_cast({subject} as {kind})")


def _each_by_itself(column: MappedColumn, name: str, values: Sequence[str]) -> str | None:
    """The line for numbers that are written in another way than all others, each of which tells its own signs."""
    read = {one: number_format(shapes_of([one], of_numbers=True)) for one in values}
    if not 0 < len(values) <= LISTED_VALUES or not _is_named(column):
        return None
    parts = []
    for one, found in read.items():
        if found is None or found.open or found.percents or not found.proof:
            return None
        parts.append(f"when {quoted(one)} then {number_text(one, found)}")
    subject = _subject(column)
    return column_line(name, f"case {subject} {' '.join(parts)} else {subject} end")


def _other_format(column: MappedColumn, values: Sequence[str], read: ReadSpec) -> str | None:
    """The line that says how the values are written which cannot be read, where that is known for all of them."""
    if not _is_named(column):
        return None
    if column.column.kind == "number":
        return _other_signs(column, values, read)
    found = date_format(shapes_of(values))
    if found is None or found.unread or found.open or len(found.patterns) != 1:
        return None
    known = _form(column)
    if isinstance(known, DateFormat) and not known.is_declared:
        return None  # it was found for the others and does not fit these
    pattern = found.patterns[0]
    if any(_day(one, pattern) is None for one in values):
        return None
    return read_line(read, dates=_dates(read, column.text, pattern))


def _form(column: MappedColumn) -> ValueFormat | None:
    return next((used.form for used in column.formats if used.column == column.text), None)


def _other_signs(column: MappedColumn, values: Sequence[str], read: ReadSpec) -> str | None:
    found = number_format(shapes_of(values, of_numbers=True))
    known = _form(column)
    if found is None or found.unread or found.open or (known is not None and not known.is_declared):
        return None
    if found.decimal == (read.decimal or ".") and found.thousands == (read.thousands or ""):
        return None
    if found.affixes or found.percents or found.marks or len(found.thousands) > 1:
        return None
    return read_line(read, decimal=found.decimal, thousands=found.thousands or None)


def _number_readings(example: str, read: ReadSpec) -> list[Reading]:
    sign = next(one for one in ",." if one in example)
    digits = re.sub("[^0-9.,-]", "", example)
    whole, parts = digits.replace(sign, ""), digits.replace(sign, ".")
    other = "." if sign == "," else ","
    apart = read_line(read, decimal=other, thousands=sign)
    return [(whole, apart), (parts, read_line(read, decimal=sign))]


def _dates(read: ReadSpec, column: str, pattern: str) -> str | dict[str, str]:
    """What `dates` is to say: the pattern alone, or column by column where something is said already."""
    if isinstance(read.dates, dict):
        return read.dates | {column: pattern}
    if read.dates is not None or pattern == "excel":
        return {column: pattern}
    return pattern


def _century(found: ValueFormat) -> str:
    if isinstance(found, NumberFormat) or not found.open or not any("%y" in pattern for pattern in found.open[1]):
        return ""
    return " By it, the years 69 to 99 are 1969 to 1999, and the others 2000 to 2068."


def _day(text: str, pattern: str) -> dt.date | None:
    """A date in words as a pattern reads it; None where it does not fit."""
    if pattern == "excel":
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    with suppress(ValueError):
        cleaned = re.sub(AFTER_TIME, r"\1", clean_date(text))
        return dt.datetime.strptime(cleaned, clean_pattern(pattern)).date()
    return None


def _flow(value: Any) -> str:
    """A setting as YAML writes it on one line."""
    if isinstance(value, Mapping):
        keys = {one: one if re.fullmatch(PLAIN_NAME, one) else json.dumps(one, ensure_ascii=False) for one in value}
        return "{" + ", ".join(f"{keys[one]}: {_flow(own)}" for one, own in value.items() if own is not None) + "}"
    return json.dumps(value, ensure_ascii=False)
