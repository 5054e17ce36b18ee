"""Validation of spend, outcome and controls: checked here once, trusted afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.core.errors import DataError, UsageError
from kpi_analysis.stats.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class ResponseData:
    """Spend (channels, n), outcome (n) and controls (n, k) of the same periods."""

    names: tuple[str, ...]
    spend: FloatArray
    outcome: FloatArray
    controls: FloatArray
    season_length: int

    @property
    def periods(self) -> int:
        """Number of periods."""
        return self.outcome.size

    @property
    def present(self) -> FloatArray:
        """Spend (channels, periods) of the last full season, or of the last year of weeks where there is none."""
        return self.spend[:, -(self.season_length if self.season_length > 1 else 52) :]


def read_response_data(
    spend: pd.DataFrame, outcome: pd.Series[Any], controls: pd.DataFrame | None, season_length: int
) -> ResponseData:
    """Spend, outcome and controls as arrays, validated.

    Parameters
    ----------
    spend : DataFrame
        One row a period, one column a channel; money.
    outcome : Series
        Of the same periods.
    controls : DataFrame, optional
        Of the same periods.
    season_length : int
        Periods in a full cycle, from 1.

    Returns
    -------
    ResponseData
        Arrays of the same periods.

    Raises
    ------
    UsageError
        They are no tables, name the same channel twice, or are not of the same periods.
    DataError
        A number is missing, infinite, or below zero where it is money.
    """
    if not isinstance(season_length, int | np.integer) or season_length < 1:
        raise UsageError(
            f"A season has a whole number of periods, from 1; found {season_length!r}.",
            remedy="Say 52 for weeks, 12 for months, 1 for no season.",
        )
    if not isinstance(spend, pd.DataFrame) or not isinstance(outcome, pd.Series):
        raise UsageError(
            f"Spend is a DataFrame and outcome a Series; found {type(spend).__name__} and {type(outcome).__name__}.",
            remedy="Give one row a period and one column a channel, and the outcome of the same periods.",
        )
    names = tuple(str(name) for name in spend.columns)
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        found = f"The spend names '{twice[0]}' twice." if twice else "The spend has no channel."
        raise UsageError(found, remedy="Give each channel one column of its own.")
    others = pd.DataFrame(index=spend.index) if controls is None else controls
    for what, table in (("outcome", outcome), ("controls", others)):
        if not table.index.equals(spend.index):
            raise UsageError(
                f"The {what} and the spend are not of the same periods: {len(table)} and {len(spend)} of them.",
                remedy="Give all tables the same index, in time order.",
            )
    money = _numbers("spend", spend)
    if (money < 0).any():
        row, column = np.argwhere(money < 0)[0].tolist()
        raise DataError(
            f"The spend of '{names[column]}' is {money[row, column]:g} in {spend.index[row]}; money is zero or more.",
            remedy="Book refunds in the period of the spend they belong to.",
        )
    values = _numbers("outcome", outcome.to_frame())[:, 0]
    return ResponseData(names, money.T.copy(), values, _numbers("controls", others), int(season_length))


def _numbers(what: str, table: pd.DataFrame) -> FloatArray:
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise UsageError(
                f"The {what} holds values of type {column.dtype} in '{name}'; numbers are wanted.",
                remedy="Convert it with pandas.to_numeric first.",
            )
    numbers = table.to_numpy(dtype=float, na_value=np.nan)
    lacking = ~np.isfinite(numbers)
    if lacking.any():
        row, column = np.argwhere(lacking)[0].tolist()
        raise DataError(
            f"The {what} has no number for '{table.columns[column]}' in {table.index[row]}.",
            remedy="Say 0 where nothing was spent; leave out periods at the ends that are not known.",
        )
    return numbers
