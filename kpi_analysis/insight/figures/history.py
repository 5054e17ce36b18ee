"""Which periods of a tidy frame are told: from the first with data to the last."""

from __future__ import annotations

import pandas as pd


def with_data(frame: pd.DataFrame, reported: str) -> pd.DataFrame:
    """Leave out periods before the data, and earlier values that are incomplete: they would look like falls."""
    shown = frame.copy()
    shown.loc[~shown.complete & (shown.period != reported), ["value", "previous", "year_ago"]] = float("nan")
    first = shown.loc[shown.value.notna() | (shown.period == reported), "period_start"].min()
    told: pd.DataFrame = shown.loc[shown.period_start >= first].reset_index(drop=True)
    return told


def from_first_complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out the periods before the first one that is complete: there the data begin, or were too young to tell."""
    complete = frame["complete"].to_numpy(bool) & frame["value"].notna().to_numpy()
    first = int(complete.argmax()) if complete.any() else 0
    return frame.iloc[first:].reset_index(drop=True)


def last_with_data(frame: pd.DataFrame) -> str:
    """Return the label of the last period of a tidy frame that has a value, else that of the last period."""
    told = frame[frame["value"].notna()]
    rows = (told if len(told) else frame).sort_values("period_start")
    return str(rows["period"].iloc[-1])
