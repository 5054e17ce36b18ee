"""Customer journeys as flat arrays of touchpoints, so that no rule loops over journeys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kpi_analysis.core.errors import UsageError, did_you_mean
from kpi_analysis.stats.arrays import FloatArray, IntArray

SEPARATOR = ">"
COLUMNS = ("path", "conversions", "value", "nulls", "days")
SHOWN_ROWS = 3


@dataclass(frozen=True)
class Journeys:
    """Customer journeys, touchpoint by touchpoint.

    Parameters
    ----------
    channels : tuple of str
        Names of all channels, sorted.
    lengths : ndarray of int, one a journey
        How many touches each has.
    touches : ndarray of int, one a touch
        The position in `channels` of each touch, journey after journey, each in order of time.
    conversions, value, nulls : ndarray of float, one a journey
        How often the journey converted, what that brought, and how often it did not.
    days : ndarray of float, one a touch, optional
        Days before the conversion.
    """

    channels: tuple[str, ...]
    lengths: IntArray
    touches: IntArray
    conversions: FloatArray
    value: FloatArray
    nulls: FloatArray
    days: FloatArray | None = None

    @property
    def journey(self) -> IntArray:
        """Journey of each touchpoint, from 0."""
        return np.repeat(np.arange(self.lengths.size), self.lengths)

    @property
    def position(self) -> IntArray:
        """Position of each touchpoint in its journey, from 0."""
        starts = np.cumsum(self.lengths) - self.lengths
        return np.arange(self.touches.size) - np.repeat(starts, self.lengths)

    @property
    def size(self) -> IntArray:
        """Number of touchpoints in the journey of each touchpoint."""
        return np.repeat(self.lengths, self.lengths)

    def by_channel(self, weights: FloatArray) -> FloatArray:
        """Sum of a number of each touchpoint, channel by channel."""
        return grouped_sums(self.touches, weights, len(self.channels))

    def within(self, lag_days: float) -> Journeys:
        """Journeys without the touchpoints of earlier days; what has none left is left out."""
        assert self.days is not None
        kept = self.days <= lag_days
        lengths = np.bincount(self.journey[kept], minlength=self.lengths.size).astype(np.int64)
        some = lengths > 0
        return replace(
            self,
            lengths=lengths[some],
            touches=self.touches[kept],
            conversions=self.conversions[some],
            value=self.value[some],
            nulls=self.nulls[some],
            days=self.days[kept],
        )


def grouped_sums(place: IntArray, amounts: FloatArray, size: int) -> FloatArray:
    """Sums of amounts by group, groups being numbered from 0."""
    added: FloatArray = np.bincount(place, weights=amounts, minlength=size).astype(np.float64)
    return added


def read_journeys(paths: pd.DataFrame, *, with_days: bool) -> Journeys:
    """Journeys of a frame of paths, validated; the same path in several rows becomes one journey.

    Parameters
    ----------
    paths : DataFrame
        With the columns of `attribute`.
    with_days : bool
        Whether the days before the conversion are wanted where there are any.

    Returns
    -------
    Journeys
        One journey for each different path.

    Raises
    ------
    UsageError
        A column is missing, a path or a channel is empty, or a number cannot be.
    """
    _check_columns(paths)
    keys = _as_text(paths["path"])
    if keys.null_count:
        raise _no_channel(pc.is_null(keys), keys)
    numbers = {name: _counts(paths, name) for name in ("conversions", "nulls")}
    numbers["value"] = _numbers(paths, "value")
    timed = with_days and "days" in paths.columns
    days = _as_text(paths["days"]) if timed else None
    if days is not None and days.null_count:
        raise _wrong(pc.is_null(days), keys, "days", "is empty", "Give the days of every touch: 12 > 3 > 0.")
    both = keys if days is None else pc.binary_join_element_wise(keys, days, pa.scalar("\x00", pa.large_string()))
    encoded = both.dictionary_encode()
    code = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = len(encoded.dictionary)
    first = np.empty(distinct, dtype=np.int64)
    first[code[::-1]] = np.arange(code.size)[::-1]
    channels, lengths, touches = _split(keys.take(pa.array(first)))
    added = {name: grouped_sums(code, one, distinct) for name, one in numbers.items()}
    days_before = None if days is None else _split_days(days.take(pa.array(first)), lengths, keys.take(pa.array(first)))
    return Journeys(channels, lengths, touches, days=days_before, **added)


def _check_columns(paths: pd.DataFrame) -> None:
    for name in ("path", "conversions"):
        if name not in paths.columns:
            near = did_you_mean(name, [str(column) for column in paths.columns])
            found = ", ".join(str(column) for column in paths.columns) or "none"
            raise UsageError(
                f"paths have no column '{name}'. Found: {found}.",
                remedy=f"{near} They need path and conversions, and may have value, nulls and days.".strip(),
            )
    if paths.empty:
        raise UsageError("there are no paths.", remedy="Give one row for each path, as 'Email > Paid search'.")


def _as_text(column: pd.Series) -> pa.StringArray:
    array = pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array.cast(pa.large_string())


def _no_channel(bad: pa.BooleanArray, keys: pa.StringArray) -> UsageError:
    return _wrong(bad, keys, "path", "lacks a channel", "Write each as channels in order: Email > Paid search.")


def _counts(paths: pd.DataFrame, name: str) -> FloatArray:
    counts = _numbers(paths, name)
    if (counts < 0).any():
        remedy = "A count is zero or more; a refund lowers the value of a journey, not its count."
        raise _wrong(pa.array(counts < 0), _as_text(paths["path"]), name, "is below zero", remedy)
    return counts


def _numbers(paths: pd.DataFrame, name: str) -> FloatArray:
    if name not in paths.columns:
        return np.full(len(paths), np.nan) if name == "value" else np.zeros(len(paths))
    try:
        numbers: FloatArray = paths[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise UsageError(
            f"column '{name}' of the paths does not hold numbers but {paths[name].dtype}.",
            remedy="Convert it before: pandas.to_numeric.",
        ) from None
    if not np.isfinite(numbers).all():
        remedy = "Write 0 where there was none."
        raise _wrong(pa.array(~np.isfinite(numbers)), _as_text(paths["path"]), name, "is not a number", remedy)
    return numbers


def _split(keys: pa.StringArray) -> tuple[tuple[str, ...], IntArray, IntArray]:
    """Cut paths into touches: the channels, how many touches each path has, and the channel of each touch."""
    parts = pc.split_pattern(keys, SEPARATOR)
    lengths = pc.list_value_length(parts).to_numpy(zero_copy_only=False).astype(np.int64)
    words = parts.flatten().dictionary_encode()
    names = [word.strip() for word in words.dictionary.to_pylist()]
    if "" in names:
        trimmed = pc.replace_substring_regex(keys, r"\s+", "")
        raise _no_channel(pc.match_substring_regex(trimmed, "^$|^>|>$|>>"), keys)
    channels = tuple(sorted(set(names)))
    place = {name: index for index, name in enumerate(channels)}
    code = np.array([place[name] for name in names], dtype=np.int64)
    return channels, lengths, code[words.indices.to_numpy(zero_copy_only=False)]


def _split_days(days: pa.StringArray, lengths: IntArray, keys: pa.StringArray) -> FloatArray:
    parts = pc.split_pattern(days, SEPARATOR)
    given = pc.list_value_length(parts).to_numpy(zero_copy_only=False)
    if (given != lengths).any():
        remedy = "Give as many days as the path has touches: 12 > 3 > 0."
        raise _wrong(pa.array(given != lengths), keys, "days", "does not fit the path", remedy)
    try:
        numbers: FloatArray = pc.utf8_trim_whitespace(parts.flatten()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise UsageError(f"column 'days' of the paths: {error}.", remedy="Write numbers: 12 > 3 > 0.") from None
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        bad = np.zeros(lengths.size, dtype=bool)
        bad[np.repeat(np.arange(lengths.size), lengths)[~(np.isfinite(numbers) & (numbers >= 0))]] = True
        raise _wrong(pa.array(bad), keys, "days", "is below zero", "Days count backwards from the conversion.")
    return numbers


def _wrong(bad: pa.BooleanArray, keys: pa.StringArray, name: str, words: str, remedy: str) -> UsageError:
    found: Iterable[int] = np.flatnonzero(bad.to_numpy(zero_copy_only=False))
    rows = [(int(row), keys[int(row)].as_py()) for row in found]
    shown = ", ".join("an empty path" if not key else f"'{key}'" for _, key in rows[:SHOWN_ROWS])
    many = "1 path" if len(rows) == 1 else f"{len(rows):,} paths"
    return UsageError(f"{name} {words} in {many}: {shown}.", remedy=remedy)
