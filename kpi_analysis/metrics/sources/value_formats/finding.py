"""The signs of numbers and dates in the columns of a raw table, found from their values, and the table without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import ibis.expr.types as ir
from babel.numbers import get_decimal_symbol

from kpi_analysis.core.config.reading import ReadSpec
from kpi_analysis.core.errors import ConfigError
from kpi_analysis.core.schema import CanonicalColumn, ColumnKind
from kpi_analysis.metrics import sql
from kpi_analysis.metrics.sources.readers.file_read import FileRead
from kpi_analysis.metrics.sources.value_formats.date_shapes import Order, is_meant_for
from kpi_analysis.metrics.sources.value_formats.dates import DateEvidence, DateFormat, date_format
from kpi_analysis.metrics.sources.value_formats.numbers import Decimal, NumberFormat, Proof, number_format
from kpi_analysis.metrics.sources.value_formats.rewriting import changed_columns, plain_dates, plain_numbers
from kpi_analysis.metrics.sources.value_formats.shapes import TextShape, odd_columns, text_shapes

ValueFormat = NumberFormat | DateFormat

WITNESS_ROWS = 20_000  # of columns that are asked only what they say of another one
WITNESS_COLUMNS = 60
SAMPLE_ROWS = 1000
THREE_DIGITS = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"  # 1.234, which is 1234 or a little more than 1
NOT_IN_THREES = r"^[+-]?([0-9]{4,}(\.[0-9]*)?|[0-9]*\.[0-9]*([eE].*)?)$"  # 12500, 12.5 and 0.125 have none


@dataclass(frozen=True)
class ReadingHints:
    """What is known of a file beside its values.

    Parameters
    ----------
    has_decimal_commas : bool
        Whether anything says that decimals may be written with a comma: locale, delimiter, other columns.
    typed : frozenset of str
        Columns of numbers that are not written in words.
    """

    has_decimal_commas: bool = False
    typed: frozenset[str] = frozenset()


NO_HINTS = ReadingHints()


def reading_hints(locale: str, read: FileRead | None, texts: Iterable[str] = ()) -> ReadingHints:
    """What is known of a file beside its values.

    Parameters
    ----------
    locale : str
        Of the company.
    read : FileRead, optional
        What its reader says.
    texts : iterable of str
        Names and expressions that its columns are mapped from.

    Returns
    -------
    ReadingHints

    Examples
    --------
    >>> reading_hints("de_DE", None).has_decimal_commas, reading_hints("en_GB", None).has_decimal_commas
    (True, False)
    """
    commas = get_decimal_symbol(locale) != "."
    commas = commas or (read is not None and (read.delimiter == ";" or read.has_decimal_commas))
    commas = commas or any("','" in text and sql.columns_replaced(text) for text in texts if "replace" in text.lower())
    return ReadingHints(commas, frozenset() if read is None else read.typed)


def wanted_kinds(
    columns: Iterable[CanonicalColumn],
    texts: Mapping[str, str],
    raw_columns: Sequence[str],
    conditions: Iterable[str | None] = (),
) -> dict[str, ColumnKind]:
    """Columns of a raw table that numbers, days and times are made from.

    Parameters
    ----------
    columns : iterable of CanonicalColumn
        What is wanted.
    texts : mapping of str to str
        From canonical names to a name or an expression of theirs; what is not in it is called alike.
    raw_columns : sequence of str
        What there is.
    conditions : iterable of str
        Of rows; what they compare with numbers and days is wanted as well.

    Returns
    -------
    dict of str to str
        Without columns that an expression takes as text.

    Examples
    --------
    >>> wanted_kinds([], {}, ["net", "stage"], ["net > 100 and stage = 'Won'"])
    {'net': 'number'}
    >>> amount, day = CanonicalColumn("amount", "number"), CanonicalColumn("day", "date")
    >>> wanted_kinds([amount, day], {"amount": "net + tax", "day": "strptime(d, '%d.%m.%Y')"}, ["net", "tax", "d"])
    {'net': 'number', 'tax': 'number'}
    """
    kinds: dict[str, ColumnKind] = {}
    computed: dict[str, ColumnKind] = {}
    expressions = [text for text in conditions if text is not None]
    for column in columns:
        text = texts.get(column.name, column.name)
        is_value = column.kind in ("number", "date", "timestamp")
        if text in raw_columns:
            kinds |= {text: column.kind} if is_value else {}
        elif column.name in texts:
            expressions.append(text)
            computed |= dict.fromkeys(_computed_with(text, raw_columns), column.kind) if is_value else {}
    for text in expressions:
        inputs = _computed_with(text, raw_columns)
        computed |= {one: kind for one, kind in _compared(text).items() if one in inputs}
    return computed | kinds


def _computed_with(text: str, raw_columns: Sequence[str]) -> list[str]:
    """The columns that an expression computes with, other than those it takes as text."""
    with suppress(ConfigError):  # which is told with its line where the expression is used
        inputs = sql.columns_of(text) - sql.columns_taken_as_text(text)
        return [one for one in raw_columns if one in inputs]
    return []


def _compared(text: str) -> Mapping[str, ColumnKind]:
    with suppress(ConfigError):
        return sql.columns_compared(text)
    return {}


def find_formats(
    raw: ir.Table,
    kinds: Mapping[str, ColumnKind],
    read: ReadSpec = ReadSpec(),  # noqa: B008 - it is frozen
    hints: ReadingHints = NO_HINTS,
) -> dict[str, ValueFormat]:
    """How numbers and dates are written in a raw table, found from all values of each column.

    Columns that are written plainly are passed over by one query of the whole table. Where the values of a column do
    not tell, those of the others may; where they do not either, the format says that it is open.

    Parameters
    ----------
    raw : Table
        Of DuckDB.
    kinds : mapping of str to str
        Which of its columns are wanted as number, date or timestamp.
    read : ReadSpec
        What the company file says of it.
    hints : ReadingHints
        What else is known.

    Returns
    -------
    dict of str to NumberFormat or DateFormat
        Of the columns that are not plain, or could be read in two ways.
    """
    types = raw.schema()
    texts = {one: kind for one, kind in kinds.items() if one in types and types[one].is_string()}
    odd = odd_columns(raw, texts)
    numbers = [one for one, kind in texts.items() if kind == "number"]
    days = [one for one, kind in texts.items() if kind != "number"]
    return {**_numbers(raw, numbers, odd, read, hints), **_dates(raw, days, odd, read)}


def write_plainly(
    raw: ir.Table,
    kinds: Mapping[str, ColumnKind],
    read: ReadSpec = ReadSpec(),  # noqa: B008 - it is frozen
    hints: ReadingHints = NO_HINTS,
) -> tuple[ir.Table, dict[str, ValueFormat]]:
    """Raw table in which numbers and dates are written in the one form that needs no look, and how they were written.

    Parameters
    ----------
    raw : Table
        Of DuckDB.
    kinds : mapping of str to str
        Which of its columns are wanted as number, date or timestamp.
    read : ReadSpec
        What the company file says of it.
    hints : ReadingHints
        What else is known.

    Returns
    -------
    Table
        The same one where all is plain. What cannot be read, or could be read in two ways, stays as it stands.
    dict of str to NumberFormat or DateFormat
        As `find_formats` gives them.
    """
    formats = find_formats(raw, kinds, read, hints)
    changed = {}
    for one in changed_columns(raw, formats):
        found = formats[one]
        changed[one] = plain_dates(raw[one], found) if isinstance(found, DateFormat) else plain_numbers(raw[one], found)
    return (raw.mutate(**changed) if changed else raw), formats


def _numbers(
    raw: ir.Table, columns: Sequence[str], odd: set[str], read: ReadSpec, hints: ReadingHints
) -> dict[str, ValueFormat]:
    declared: dict[str, Any] = {}
    if read.decimal is not None or read.thousands is not None:
        declared = {"decimal": read.decimal or ".", "thousands": read.thousands}
    looked = [one for one in columns if one in odd or read.has_own_numbers]
    if hints.has_decimal_commas and not declared:
        looked += _may_be_in_threes(raw, [one for one in columns if one not in looked and one not in hints.typed])
    shapes = {one: text_shapes(raw, one, of_numbers=True) for one in looked}
    found = {one: number_format(own, **declared) for one, own in shapes.items()}
    known = {one: form for one, form in found.items() if form is not None}
    if not declared:
        for one in [one for one, form in known.items() if form.open]:
            told = _sign_of_others(raw, one, known, hints)
            if told is not None:
                settled = number_format(shapes[one], decimal=told[0])
                proof: Proof = "strong" if told[2] else "weak"
                known[one] = replace(settled or known[one], proof=proof, proved_by=told[1], is_declared=False)
    return dict(known)


def _may_be_in_threes(raw: ir.Table, columns: Sequence[str]) -> list[str]:
    """Columns of plain numbers whose first values do not tell whether ``1.234`` is more than a thousand."""
    if not columns:
        return []
    sample = raw.select(*columns).limit(SAMPLE_ROWS).to_pyarrow().to_pydict()
    return [one for one in columns if not any(_has_one_reading(text.strip()) for text in sample[one] if text)]


def _has_one_reading(text: str) -> bool:
    return bool(re.match(NOT_IN_THREES, text)) and not re.match(THREE_DIGITS, text)


def _sign_of_others(
    raw: ir.Table, column: str, known: Mapping[str, NumberFormat], hints: ReadingHints
) -> tuple[Decimal, str, bool] | None:
    """The sign of decimals that the other columns prove, the surest first, one of them, and whether it is sure."""
    others = {one: form for one, form in known.items() if one != column}
    for one in _other_texts(raw, {column, *others, *hints.typed}):
        form = number_format(text_shapes(raw, one, of_numbers=True, rows=WITNESS_ROWS))
        if form is not None and not form.unread:
            others[one] = form
    ranks: list[list[tuple[Decimal, str]]] = [[], [], []]
    for one, form in others.items():
        if form.proof and not form.open:
            rank = 2 if form.percents else 0 if form.proof == "strong" else 1
            ranks[rank].append((form.decimal, one))
    told = next((rank for rank in ranks if rank), [])
    return (*told[0], bool(ranks[0])) if len({sign for sign, _ in told}) == 1 else None


def _other_texts(raw: ir.Table, without: set[str]) -> list[str]:
    texts = [one for one, kind in raw.schema().items() if kind.is_string() and one not in without]
    return texts[:WITNESS_COLUMNS]


def _dates(raw: ir.Table, columns: Sequence[str], odd: set[str], read: ReadSpec) -> dict[str, ValueFormat]:
    declared = {one: read.dates_of(one) for one in columns}
    looked = [one for one in columns if one in odd or (declared[one] or "").startswith("%Y-")]
    shapes = {one: text_shapes(raw, one) for one in looked}
    found = {one: _date_format(own, declared[one], read) for one, own in shapes.items()}
    known = {one: form for one, form in found.items() if form is not None}
    open_ = [one for one, form in known.items() if form.open]
    if open_:
        witnesses = dict(shapes)
        for one in _other_texts(raw, set(shapes)):
            witnesses[one] = text_shapes(raw, one, rows=WITNESS_ROWS)
        for one in open_:
            evidence = date_evidence({other: own for other, own in witnesses.items() if other != one})
            again = _date_format(shapes[one], declared[one], read, evidence)
            known[one] = again or known[one]
    return dict(known)


def _date_format(
    shapes: Sequence[TextShape],
    declared: str | None,
    read: ReadSpec,
    evidence: DateEvidence = DateEvidence(),  # noqa: B008
) -> DateFormat | None:
    """Format of a column; a pattern that none of its values fits is not meant for it."""
    if declared is not None and isinstance(read.dates, str):
        alone = date_format(shapes, evidence)
        is_sure = alone is not None and not alone.open and not alone.unread
        swapped = declared.startswith("%Y-%d")  # which has the shape of a day by ISO 8601
        if is_sure and not swapped and not is_meant_for(declared, shapes):
            declared = None
    found = date_format(shapes, evidence, declared=declared)
    return found if found is None or read.year is None else replace(found, year=read.year)


def date_evidence(columns: Mapping[str, Sequence[TextShape]]) -> DateEvidence:
    """What columns say of the dates in others of the same file.

    Parameters
    ----------
    columns : mapping of str to sequence of TextShape
        The shapes of each.

    Returns
    -------
    DateEvidence
        Without an order that two columns contradict each other about.
    """
    orders: dict[str, tuple[Order, str]] = {}
    contradicted: set[str] = set()
    years: list[tuple[int, int, str]] = []
    for one, shapes in columns.items():
        found = date_format(shapes)
        if found is None or found.unread:
            continue
        for family, order in found.orders.items():
            contradicted |= {family} if orders.get(family, (order, ""))[0] != order else set()
            orders.setdefault(family, (order, one))
        spans = [shape.years for shape in shapes if shape.years is not None]
        if spans and not found.open:
            years.append((min(first for first, _ in spans), max(last for _, last in spans), one))
    kept = {family: told for family, told in orders.items() if family not in contradicted}
    if not years:
        return DateEvidence(kept)
    return DateEvidence(kept, (min(one[0] for one in years), max(one[1] for one in years)), years[0][2])
