"""What kind of value stands where, and how text is read as a number, a day or a truth.

Text has one strict form for each of them, in every engine alike; see `text_values`.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from typing import Literal

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from kpi_analysis.metrics.sql.text_values import (
    DAY_OR_TIME,
    FIRST_DAY,
    NUMBER,
    text_to_day,
    text_to_moment,
    text_to_number,
    text_to_time,
)

Kind = Literal["text", "number", "boolean", "date", "timestamp", "null", "other"]

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


class Unfit(TypeError):
    """A value of a kind that cannot stand where it stands."""


def kind(value: ir.Value) -> Kind:
    """Return what kind of value this is."""
    dtype = value.type()
    tests: dict[Kind, bool] = {
        "text": dtype.is_string(),
        "boolean": dtype.is_boolean(),
        "number": dtype.is_numeric(),
        "date": dtype.is_date(),
        "timestamp": dtype.is_timestamp(),
        "null": dtype.is_null(),
    }
    return next((name for name, holds in tests.items() if holds), "other")


def to_type(value: ir.Value, dtype: str | dtypes.DataType) -> ir.Value:
    """Answer: what is this value as another type, with NULL for text that cannot be read so?

    Parameters
    ----------
    value : ibis value
        Text is read in its one strict form; anything else is cast.
    dtype : str or ibis data type
        The type wanted. Numbers become whole by rounding, timestamps become days by dropping the time.

    Returns
    -------
    ibis value

    Raises
    ------
    Unfit
        A TypeError: a literal that cannot be read (``'abc'`` as a number), or a number wanted as a day.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.memtable({"amount": ["12.50", "", "n/a"]})
    >>> float(to_type(table.amount, "float64").sum().execute())
    12.5
    """
    wanted = ibis.dtype(dtype)
    found = value.type()
    if found.copy(nullable=True) == wanted.copy(nullable=True):
        return value
    if found.is_string():
        return _read_literal(value, wanted) if is_literal(value) else _read(value, wanted)
    if found.is_null() or wanted.is_string():
        return value.cast(wanted)
    if found.is_temporal() or wanted.is_temporal():
        return _change_time(value, wanted)
    if wanted.is_boolean():
        return value != 0
    if found.is_boolean():
        return value.cast("int64").cast(wanted)
    if wanted.is_integer() and not found.is_integer():
        return value.round().cast(wanted)
    return value.cast(wanted)


def number(value: ir.Value) -> ir.Value:
    """Return the value as a number; text is read, true is 1."""
    if kind(value) == "number":
        return value
    return to_type(value, "int64" if kind(value) == "boolean" else "float64")


def real(value: ir.Value) -> ir.Value:
    """Return the value as float64, because engines round means and quotients of decimals."""
    return to_type(number(value), "float64")


def day(value: ir.Value) -> ir.Value:
    """Return the value as a date."""
    return to_type(value, "date")


def time_or_day(value: ir.Value) -> ir.Value:
    """Return a timestamp as it is, and anything else as a date."""
    return value if kind(value) == "timestamp" else day(value)


def truth(value: ir.Value) -> ir.Value:
    """Return the value as true or false; a number is refused, because databases disagree on it."""
    if kind(value) in ("boolean", "text", "null"):
        return to_type(value, "boolean")
    raise Unfit(f"a {kind(value)} stands where true or false is wanted; compare it with something")


def words(value: ir.Value) -> ir.Value:
    """Return the value as text; whole numbers and dates are written out."""
    if kind(value) in ("text", "date", "null") or value.type().is_integer():
        return to_type(value, "string")
    raise Unfit(f"a {kind(value)} stands where text is wanted; write cast(… as varchar)")


def alike(values: Sequence[ir.Value]) -> list[ir.Value]:
    """Return the values as one kind, so that they may be compared or stand for each other.

    Text gives way to numbers, days and truths; a date beside a timestamp becomes its midnight.
    """
    kinds = {kind(value) for value in values} - {"null"}
    beside_text = kinds - {"text"}
    if not beside_text:
        return [to_type(value, "string") for value in values] if kinds else list(values)
    if beside_text == {"boolean"}:
        return [truth(value) for value in values]
    if beside_text <= {"number", "boolean"}:
        return same_numbers([number(value) for value in values])
    if beside_text <= {"date", "timestamp"}:
        wanted = "timestamp" if "timestamp" in beside_text else "date"
        return [value if kind(value) == wanted else to_type(value, wanted) for value in values]
    raise Unfit(f"{' and '.join(f'a {name}' for name in sorted(beside_text))} do not go together")


def same_numbers(values: Sequence[ir.Value]) -> list[ir.Value]:
    """Return numbers that keep their digits together: decimals only beside the same decimals.

    Ibis types a decimal beside a float as that decimal, which would cut the result to its digits.
    """
    found = {value.type().copy(nullable=True) for value in values if not _is_whole_literal(value)}
    if len(found) > 1 and any(dtype.is_decimal() for dtype in found):
        return [value.cast("float64") for value in values]
    return list(values)


def is_literal(value: ir.Value) -> bool:
    """Return whether the value is written in the text itself."""
    return isinstance(value.op(), ops.Literal)


def on_duckdb(value: ir.Value) -> bool:
    """Return whether the value belongs to a table of DuckDB."""
    try:
        return bool(value.get_backend().name == "duckdb")
    except IbisError:
        return False


def _is_whole_literal(value: ir.Value) -> bool:
    return is_literal(value) and value.type().is_integer()


def _change_time(value: ir.Value, wanted: dtypes.DataType) -> ir.Value:
    if not (value.type().is_temporal() and wanted.is_temporal()):
        raise Unfit(f"a {kind(value)} cannot be read as {_name(wanted)}")
    return value.date() if wanted.is_date() else value.cast(wanted)


def _read(value: ir.Value, wanted: dtypes.DataType) -> ir.Value:
    if wanted.is_boolean():
        word = value.strip().lower()
        return ibis.cases((word.isin(_TRUE), True), (word.isin(_FALSE), False))
    here = on_duckdb(value)
    if wanted.is_date():
        return text_to_day(value, on_duckdb=here)
    if wanted.is_timestamp():
        return (text_to_time if wanted.timezone is None else text_to_moment)(value, on_duckdb=here)
    if wanted.is_integer() and not here:
        return text_to_number(value, dtypes.float64, on_duckdb=here).round().cast(wanted)
    return text_to_number(value, wanted, on_duckdb=here)


def _read_literal(value: ir.Value, wanted: dtypes.DataType) -> ir.Value:
    word = value.op().value.strip()
    try:
        return ibis.literal(_reader(wanted)(word), type=wanted)
    except (ValueError, ArithmeticError):
        hint = "; write it as '2026-01-31'" if wanted.is_temporal() else ""
        raise Unfit(f"'{word}' cannot be read as {_name(wanted)}{hint}") from None


def _reader(wanted: dtypes.DataType) -> Callable[[str], object]:
    if wanted.is_date():
        return lambda word: _read_time(word).date()
    if wanted.is_timestamp():
        return _read_time
    if wanted.is_boolean():
        return _read_truth
    if wanted.is_integer():
        return lambda word: round(_read_number(word))
    return _read_number


def _read_time(word: str) -> dt.datetime:
    if not re.match(DAY_OR_TIME, word) or word < FIRST_DAY:
        raise ValueError(word)
    return dt.datetime.fromisoformat(re.sub(" ?(UTC|GMT)$", "Z", word).replace(" +", "+")).replace(tzinfo=None)


def _read_number(word: str) -> float:
    if not re.match(NUMBER, word) or not math.isfinite(float(word)):
        raise ValueError(word)
    return float(word)


def _read_truth(word: str) -> bool:
    if word.lower() not in _TRUE + _FALSE:
        raise ValueError(word)
    return word.lower() in _TRUE


def _name(dtype: dtypes.DataType) -> str:
    if dtype.is_date():
        return "a date"
    if dtype.is_timestamp():
        return "a timestamp"
    return "true or false" if dtype.is_boolean() else "a number"
