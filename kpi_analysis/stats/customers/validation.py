"""Validation of customers' numbers and columns, and likelihood helpers of the customer models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kpi_analysis.core.errors import DataError, UsageError, did_you_mean
from kpi_analysis.stats.arrays import FloatArray


def finite_values(given: ArrayLike, name: str, *, least: float = 0.0) -> FloatArray:
    """Numbers as floats, all of them finite and none below `least`.

    Parameters
    ----------
    given : array_like
        One a customer.
    name : str
        What they are, for the message.
    least : float
        The smallest that is possible.

    Returns
    -------
    ndarray of float
        Of the same shape.

    Raises
    ------
    DataError
        When a value is missing, infinite or too small.

    Examples
    --------
    >>> finite_values([2, 1], "frequency").tolist()
    [2.0, 1.0]
    """
    numbers = np.asarray(given, dtype=np.float64)
    for wrong, wanted in ((~np.isfinite(numbers), "a finite number"), (numbers < least, f"at least {least:g}")):
        if wrong.any():
            place = int(np.argmax(wrong.ravel()))
            raise DataError(
                f"The {name} of customer {place + 1} is {numbers.ravel()[place]:g}; wanted {wanted}.",
                remedy="Mend or leave out the customer.",
            )
    return numbers


def customer_weights(weights: ArrayLike | None, count: int) -> FloatArray:
    """Number of customers behind each row: one, unless said otherwise."""
    known = np.ones(count) if weights is None else finite_values(weights, "weight")
    check_same_length(count, weights=known)
    return known


def check_same_length(count: int, **given: FloatArray) -> None:
    """Validation that columns have one value a customer.

    Parameters
    ----------
    count : int
        Customers.
    **given : ndarray of float
        Columns by their names.

    Raises
    ------
    UsageError
        One has another length.
    """
    for name, numbers in given.items():
        if numbers.ndim != 1 or len(numbers) != count:
            raise UsageError(f"Found {name} of shape {numbers.shape} for {count} customers. Wanted one value for each.")


def select_columns(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Named columns of a frame.

    Parameters
    ----------
    frame : DataFrame
        Any.
    *names : str
        The columns that are wanted.

    Returns
    -------
    DataFrame
        Each column once.

    Raises
    ------
    UsageError
        With the nearest name, when one is not there.
    """
    for name in names:
        if name not in frame.columns:
            known = [str(column) for column in frame.columns]
            raise UsageError(
                f"The frame has no column '{name}'.",
                remedy=did_you_mean(name, known) or f"It has: {', '.join(known)}.",
            )
    return frame.loc[:, list(dict.fromkeys(names))]


def with_days(frame: pd.DataFrame, date: str) -> pd.DataFrame:
    """Rows with their date as a day, without time of day or zone.

    Parameters
    ----------
    frame : DataFrame
        Any.
    date : str
        The column of the date.

    Returns
    -------
    DataFrame
        A new frame.

    Raises
    ------
    DataError
        A row has no date, or one that is none.
    """
    try:
        days = pd.to_datetime(frame[date]).dt.tz_localize(None).dt.normalize()
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"The column '{date}' holds what is no date.", remedy="Convert it first.") from error
    if days.isna().any():
        raise DataError(f"The column '{date}' has {int(days.isna().sum())} rows without a date.", remedy="Drop them.")
    return frame.assign(**{date: days})


def numerical_hessian(gradient: Callable[[FloatArray], FloatArray], at: FloatArray, step: float = 1e-5) -> FloatArray:
    """Hessian from central differences of the gradient."""
    steps = step * np.eye(len(at))
    matrix = np.array([(gradient(at + one) - gradient(at - one)) / (2 * step) for one in steps])
    return np.asarray((matrix + matrix.T) / 2)


def standard_errors(gradient: Callable[[FloatArray], FloatArray], logs: FloatArray) -> tuple[float, ...]:
    """Standard errors of parameters that were fitted in logs, by the delta method; NaN where flat."""
    matrix = numerical_hessian(gradient, logs)
    try:
        variances = np.diag(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        variances = np.full(len(logs), np.nan)
    errors = np.exp(logs) * np.sqrt(np.where(variances > 0, variances, np.nan))
    return tuple(float(error) for error in errors)


def boundary_reason(logs: FloatArray, bound: float, names: Sequence[str]) -> str:
    """Reason why there is no fit where parameters ran to the edge of what is tried; empty where none did."""
    lost = [name for name, log in zip(names, logs, strict=False) if abs(log) > bound - 0.01]
    return f"the data do not tell {' and '.join(lost)}: there is no single best fit" if lost else ""


def plural(count: float, what: str) -> str:
    """Count with its noun, singular for 1.

    Parameters
    ----------
    count : float
        How many.
    what : str
        The noun.

    Returns
    -------
    str
        Such as ``3 customers``.

    Examples
    --------
    >>> plural(1, "customer"), plural(3, "customer")
    ('1 customer', '3 customers')
    """
    return f"{count:g} {what}" if count == 1 else f"{count:g} {what}s"


def scalar_or_array(numbers: Any) -> Any:
    """Float for one customer and array for many, as numpy's own functions give."""
    return float(numbers) if np.ndim(numbers) == 0 else numbers
