"""Validation of a history: checked here once, trusted afterwards."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray


def history_values(history: pd.Series[Any]) -> FloatArray:
    """Values of a history as an array, each gap as NaN at its own position.

    Parameters
    ----------
    history : pandas.Series
        One value a period, in time order; a missing value is a gap and never a zero.

    Returns
    -------
    ndarray of float, shape (n,)
        In the order of the history.

    Raises
    ------
    UsageError
        When it is no Series, or holds something other than numbers.
    DataError
        When it holds an infinite value.

    Examples
    --------
    >>> history_values(pd.Series([3, None, 5])).tolist()
    [3.0, nan, 5.0]
    """
    if not isinstance(history, pd.Series):
        raise UsageError(
            f"A history is a pandas Series, one value a period; found {type(history).__name__}.",
            remedy="Wrap the values in pandas.Series(values, index=periods).",
        )
    if not pd.api.types.is_numeric_dtype(history.dtype) and not all(map(_is_number_or_gap, history)):
        raise UsageError(
            f"A history holds numbers; found values of type {history.dtype}.",
            remedy="Convert it with pandas.to_numeric first.",
        )
    values = history.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        period = history.index[int(np.isinf(values).argmax())]
        raise DataError(
            f"The history is infinite in {period}; a finite number or a gap is wanted.",
            remedy="Leave a value that cannot be computed empty.",
        )
    return values


def _is_number_or_gap(value: object) -> bool:
    return isinstance(value, Real | Decimal) or value is None or value is pd.NA


def count_of_points(count: int) -> str:
    """Count of points in words.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    str
        With its noun, singular for 1.

    Examples
    --------
    >>> count_of_points(1), count_of_points(4)
    ('1 point', '4 points')
    """
    return f"{count} point" if count == 1 else f"{count} points"
