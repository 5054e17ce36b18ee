"""What could have been read in another way, or was not read at all: header, sheets, signs of numbers, currencies."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import ibis.expr.types as ir
from babel.numbers import get_decimal_symbol

from kpi_analysis.core.errors import DataFinding, did_you_mean
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.format_checks import format_findings
from kpi_analysis.metrics.overlap_checks import overlap_findings
from kpi_analysis.metrics.skipped_rows import skipped_findings
from kpi_analysis.metrics.sources import Sources
from kpi_analysis.metrics.sources.column_formats import ColumnFormat
from kpi_analysis.metrics.sources.mapping import MappedColumn
from kpi_analysis.metrics.sources.preparation import PreparedSource
from kpi_analysis.metrics.sources.readers.file_read import FilePart, FileRead
from kpi_analysis.metrics.sources.row_places import example_rows
from kpi_analysis.metrics.sources.value_formats import NumberFormat
from kpi_analysis.metrics.sources.value_formats.finding import NOT_IN_THREES, THREE_DIGITS
from kpi_analysis.metrics.statement_checks import statement_findings
from kpi_analysis.metrics.value_advice import open_readings, origin

Inputs = Sequence[tuple[MappedColumn, Sequence[str]]]  # columns, and those of the source that each is made from

SHOWN_ROWS = 3
SAMPLE_ROWS = 1000
MAY_GIVE_NOTHING = r"(?i)\b(case|coalesce|nullif|try_cast)\b"  # an expression that says what to do where nothing is


def reading_findings(sources: Sources, name: str, wrong: Collection[str] = ()) -> list[DataFinding]:
    """Findings on how the files of a table, and the words in it, were read.

    Parameters
    ----------
    sources : Sources
        Tables of the company.
    name : str
        Of the canonical table.
    wrong : collection of str
        Columns that errors are known of: how they were read is not told of.

    Returns
    -------
    list of DataFinding
        Errors where a figure would depend on a guess, warnings where something was left out.
    """
    if name in sources.tables.written:
        return []
    prepared, mapped = sources.tables.prepared(name), sources.tables.mapping(name)
    raw = sources.tables.raw(name)
    inputs = [(column, _inputs(column, raw)) for column in mapped]
    if sources.tables.has_plain_words(name):
        found = [*_open_numbers(sources, name, inputs), *format_findings(sources, name, wrong)]
    else:
        found = _two_readings(sources, name, inputs, prepared.sources[0].read)
    for source in prepared.sources:
        if source.read is not None and source.turned is None and not source.is_further:
            found += _of_source(sources, name, source, mapped)
    found += statement_findings(sources, name)
    return [*found, *overlap_findings(sources, name)] if prepared.is_united else found


def _of_source(
    sources: Sources, name: str, source: PreparedSource, mapped: Sequence[MappedColumn]
) -> list[DataFinding]:
    """Findings on the files of one source, whose columns are looked for by their names in the files."""
    assert source.read is not None
    by_name = {column.column.name: column for column in mapped}
    columns = [replace(by_name[column.name], text=text) for column, text, _ in source.mapped] or list(mapped)
    known = {one for part in source.read.parts for one in part.columns}
    inputs = []
    for column in columns:
        theirs = [source.headers.get(one, one) for one in _inputs(column, source.raw)]
        inputs.append((column, [one for one in theirs if one in known]))
    return [*_of_files(name, inputs, source.read), *_nested(sources, name, inputs, source.read)]


def _of_files(name: str, inputs: Inputs, read: FileRead) -> list[DataFinding]:
    return [
        *_lacking(name, inputs, read), *_repeated_names(name, inputs, read), *_sheets(name, read),
        *_cells(name, inputs, read), *skipped_findings(name, read),
    ]  # fmt: skip


def _finding(
    level: Literal["error", "warning"],
    name: str,
    column: MappedColumn | None,
    words: str,
    remedy: str,
    file: Path | None,
    line: int | None = None,
) -> DataFinding:
    subject = f"table {name}" if column is None else f"table {name}, column {column.column.name}"
    columns = () if column is None else (column.column.name,)
    place = None if file is None else str(file)
    return DataFinding(level, subject, words, remedy, place, line, table=name, columns=columns)


def _inputs(column: MappedColumn, raw: ir.Table) -> list[str]:
    """The columns of the source that a canonical column is made from."""
    if column.text in raw.columns:
        return [column.text]
    words = {word.casefold() for word in sql.columns_of(column.text)}
    return [one for one in raw.columns if one.casefold() in words]


def _lacking(name: str, inputs: Inputs, read: FileRead) -> list[DataFinding]:
    """Files that lack a column which others of the same table have."""
    found = []
    for column, names in inputs:
        for used in names:
            without = [part for part in read.parts if used not in part.columns]
            if without and not re.search(MAY_GIVE_NOTHING, column.text):
                found.append(_lack(name, column, used, without, read))
    return found


def _lack(name: str, column: MappedColumn, used: str, without: Sequence[FilePart], read: FileRead) -> DataFinding:
    part = without[0]
    elsewhere = {one for other in read.parts if used in other.columns for one in other.columns}
    own = [one for one in part.columns if one not in elsewhere] or [one for one in part.columns if one != used]
    near = did_you_mean(used, own).removeprefix("Did you mean ").removesuffix("?").strip("'") or (
        own[0] if len(own) == 1 else ""
    )
    more = f" ({len(without) - 1} more files lack it)" if len(without) > 1 else ""
    words = f"{part.file.name} has no column '{used}', which other files have{more}"
    words += f"; it has '{near}'." if near else f"; it has {', '.join(part.columns)}."
    is_word = column.column.kind == "text" and not column.column.required
    remedy = (
        f"Call it alike in all files; or where these rows have none, say so: {column.column.name}: nullif({used}, '')"
    )
    return _finding("warning" if is_word else "error", name, column, words, remedy, part.file)


def _repeated_names(name: str, inputs: Inputs, read: FileRead) -> list[DataFinding]:
    """Names that stand several times in a header, where the first of them is taken without being asked for."""
    found = []
    for first, alike in read.repeated.items():
        for column, names in inputs:
            if first in names:
                times = "twice" if len(alike) == 2 else f"{len(alike)} times"
                file = read.parts[0].file
                others = " or ".join(alike[1:])
                found.append(
                    _finding(
                        "warning",
                        name,
                        column,
                        f"{file.name} has the column {first} {times}; which one is meant? The first is taken.",
                        f"Call them differently in the file, or name the other one: {column.column.name}: {others}",
                        file,
                        1,
                    )
                )
    return found


def _sheets(name: str, read: FileRead) -> list[DataFinding]:
    if not read.other_sheets:
        return []
    file = read.parts[0].file
    titles = [read.sheet or "", *read.other_sheets]
    listed = ", ".join(titles)
    return [
        _finding(
            "warning",
            name,
            None,
            f"{file.name} has {len(titles)} sheets of the same columns ({listed}), only {titles[0]} is read.",
            f"Say which one is meant, read: {{sheet: {titles[0]}}}, or put their rows into one sheet.",
            file,
        )
    ]


def _cells(name: str, inputs: Inputs, read: FileRead) -> list[DataFinding]:
    """Cells of a spreadsheet without a value: formulas that were never calculated, errors among words."""
    found = []
    file = read.parts[0].file
    for column, names in inputs:
        for used in names:
            formulas, errors = read.formulas.get(used, ()), read.errors.get(used, ())
            if formulas:
                shown = ", ".join(f"'{text}' in row {row}" for row, text in formulas[:SHOWN_ROWS])
                words = "a formula was" if len(formulas) == 1 else f"{len(formulas):,} formulas were"
                remedy = "Open the file in Excel or LibreOffice and save it; then the values are in it."
                found.append(
                    _finding("error", name, column, f"{words} never calculated: {shown}.", remedy, file, formulas[0][0])
                )
            if errors and column.column.kind == "text":  # a number or a day that is none is told anyhow
                shown = ", ".join(f"'{text}' in row {row}" for row, text in errors[:SHOWN_ROWS])
                words = "1 cell holds an error" if len(errors) == 1 else f"{len(errors):,} cells hold an error"
                remedy = "Mend the formulas, or empty the cells."
                found.append(
                    _finding("error", name, column, f"{words} for a value: {shown}.", remedy, file, errors[0][0])
                )
    return found


def _nested(sources: Sources, name: str, inputs: Inputs, read: FileRead) -> list[DataFinding]:
    """Lists and objects of JSON where a word or a number is wanted."""
    found = []
    for column, names in inputs:
        if column.text in names and column.text in read.nested:
            examples = example_rows(sources, name, column.raw, column.raw.re_search(r"^\s*[{\[]"), SHOWN_ROWS)
            if examples:
                words = f"'{column.text}' holds lists or objects of JSON: {', '.join(map(str, examples))}."
                remedy = "Write the part that is meant as a key of its own."
                found.append(_finding("error", name, column, words, remedy, examples[0].file, examples[0].row))
    return found


def _open_numbers(sources: Sources, name: str, inputs: Inputs) -> list[DataFinding]:
    """Columns of numbers such as 1.234 and 12.500 only, which are plain and could be meant otherwise all the same."""
    found = []
    told: set[tuple[str, str]] = set()
    for column, _ in inputs:
        for used in column.formats:
            form = used.form
            if (
                isinstance(form, NumberFormat)
                and form.open
                and form.is_plain
                and (used.source, used.column) not in told
            ):
                told.add((used.source, used.column))
                found.append(_ambiguous(sources, name, column, used, form.open[1]))
    return found


def _two_readings(sources: Sources, name: str, inputs: Inputs, read: FileRead | None) -> list[DataFinding]:
    """Columns of numbers such as 1.234 and 12.500 only, in data that may write thousands with a point."""
    spec, raw = sources.tables.mapped_by(name), sources.tables.raw(name)
    if spec.read.decimal is not None or not _may_be_decimal_comma(sources, inputs, read):
        return []
    typed = read.typed if read is not None else frozenset()
    numbers: dict[str, MappedColumn] = {}
    for column, names in inputs:
        if column.column.kind == "number":
            changed = frozenset() if column.text in raw.columns else sql.columns_replaced(column.text)
            for used in names:
                if raw[used].type().is_string() and used not in changed and used not in typed:
                    numbers.setdefault(used, column)
    if not numbers:
        return []
    sample = raw.select(*numbers).limit(SAMPLE_ROWS).to_pyarrow().to_pydict()
    open_ = [used for used in numbers if not any(_has_one_reading(text.strip()) for text in sample[used] if text)]
    if not open_:
        return []
    counts = raw.aggregate(**_counts(raw, open_)).to_pyarrow().to_pylist()[0]
    return [
        _ambiguous(
            sources, name, numbers[used], ColumnFormat(used, NumberFormat(), spec.read), int(counts[f"{place}.threes"])
        )
        for place, used in enumerate(open_)
        if counts[f"{place}.threes"] and not counts[f"{place}.others"]
    ]


def _has_one_reading(text: str) -> bool:
    return bool(re.match(NOT_IN_THREES, text)) and not re.match(THREE_DIGITS, text)


def _may_be_decimal_comma(sources: Sources, inputs: Inputs, read: FileRead | None) -> bool:
    """Whether anything says that the data may write decimals with a comma: locale, delimiter, other columns."""
    if get_decimal_symbol(sources.config.locale) != ".":
        return True
    if read is not None and (read.delimiter == ";" or read.has_decimal_commas):
        return True
    return any("','" in column.text and sql.columns_replaced(column.text) for column, _ in inputs)


def _counts(raw: ir.Table, columns: Sequence[str]) -> Mapping[str, ir.Scalar]:
    measures: dict[str, ir.Scalar] = {}
    for place, used in enumerate(columns):
        text = raw[used].strip()
        threes = text.re_search(THREE_DIGITS)
        measures[f"{place}.threes"] = threes.sum()
        measures[f"{place}.others"] = (text.re_search(NOT_IN_THREES) & ~threes).sum()
    return measures


def _ambiguous(sources: Sources, name: str, column: MappedColumn, used: ColumnFormat, count: int) -> DataFinding:
    raw = sources.tables.raw(name)
    text = (raw[used.column] if used.column in raw.columns else column.raw).strip()
    examples = example_rows(sources, name, text, text.re_search(THREE_DIGITS), SHOWN_ROWS)
    first = str(examples[0].value)
    (whole, apart), (_, points) = open_readings(used.column, NumberFormat(open=(first, count)), used.read)
    shown = ", ".join(str(one) for one in examples)
    words = "the one value with a point has" if count == 1 else f"all {count:,} values with a point have"
    return _finding(
        "error",
        name,
        column,
        f"{words} exactly three digits after it: {shown}. Is '{first}' {whole} or {first}?",
        f"Say it in the company file, under {origin(used.source)}: {apart} for {whole}, {points} for {first}.",
        examples[0].file,
        examples[0].row,
    )
