"""XmR process-behaviour chart: limits of routine variation and run rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kpi_analysis.stats.arrays import BoolArray, FloatArray
from kpi_analysis.stats.trends.validation import history_values

# Three standard deviations, of which a mean moving range is 1.128: in print, and on the scorecard, rounded to 2.66.
SCALE, PRINTED_SCALE = 3 / 1.128, 2.66
FEWEST_CHANGES = 6
NEEDED_RANGES = 4
RUN = 8
NEAR = 3
NEAR_OF = 4


def signals(history: pd.Series[Any]) -> pd.DataFrame:
    """XmR chart (individuals and moving ranges): limits of routine variation, and the periods beyond it.

    The limits are the mean ± 2.66 mean moving ranges. A period gets a word when, with it, one of Wheeler's rules is
    met: it lies beyond a limit; it is the eighth or a later one in a row on one side of the centre; or three of the
    last four lie nearer to a limit than to the centre, it among them. Where several are met, the first of these is
    named.

    Parameters
    ----------
    history : pandas.Series
        One value a period, in time order, indexed by period. A missing value is a gap: no moving range and no
        run spans it. Leave out the unfinished period, and take out a season first: it is no routine variation.

    Returns
    -------
    pandas.DataFrame
        period, value, centre, lower, upper, signal, one row a period. `signal` is "above the limits", "below the
        limits", "eight in a row above the centre", "eight in a row below the centre", "three of four near the
        upper limit", "three of four near the lower limit", or "". Below four moving ranges (five periods in a
        row) the limits are missing and nothing is a signal.

    Raises
    ------
    UsageError
        When the history is not a Series of numbers.
    DataError
        When a value is infinite.

    References
    ----------
    Wheeler, D. J. (2000). Understanding Variation: The Key to Managing Chaos, 2nd edition. SPC Press, Knoxville.

    Examples
    --------
    >>> leads = pd.Series([50, 54, 49, 53, 51, 54, 49, 53, 70], index=[f"2026-0{month}" for month in range(1, 10)])
    >>> found = signals(leads)
    >>> found.loc[found["signal"] != "", ["period", "signal"]].values.tolist()
    [['2026-09', 'above the limits']]
    """
    values = history_values(history)
    centre = reach = slack = np.nan
    if (limits := _process_limits(values, scale=SCALE, needed_ranges=NEEDED_RANGES)) is not None:
        centre, reach = limits
        # The mean of equal values can differ from them by a rounding error, which is no side of the centre.
        slack = 1e-12 * float(np.nanmax(np.abs(values)))
    return pd.DataFrame(
        {
            "period": history.index,
            "value": values,
            "centre": centre,
            "lower": centre - reach,
            "upper": centre + reach,
            "signal": _words(values - centre, reach, slack),
        }
    )


def usual_variation(changes: Sequence[float]) -> tuple[float, float] | None:
    """XmR limits of a KPI's changes: the range within which they usually stay; None with fewer than six.

    Parameters
    ----------
    changes : sequence of float
        Earlier changes in time order, without the one to be judged.

    Returns
    -------
    (float, float) or None
        The mean ∓ 2.66 times the mean moving range; None with fewer than six changes.

    References
    ----------
    Wheeler, D. J. (2000). Understanding Variation: The Key to Managing Chaos. SPC Press.

    Examples
    --------
    >>> usual_variation([0, 2, 0, 2, 0, 2])
    (-4.32, 6.32)
    >>> usual_variation([1, 2, 1]) is None
    True
    """
    limits = _process_limits(np.asarray(changes, dtype=float), scale=PRINTED_SCALE, needed_ranges=FEWEST_CHANGES - 1)
    return None if limits is None else (limits[0] - limits[1], limits[0] + limits[1])


def _process_limits(values: FloatArray, *, scale: float, needed_ranges: int) -> tuple[float, float] | None:
    """Centre of an XmR chart and how far its limits lie from it; None with fewer moving ranges."""
    ranges = np.abs(np.diff(values))
    ranges = ranges[~np.isnan(ranges)]
    if ranges.size < max(needed_ranges, 1):
        return None
    return float(np.nanmean(values)), scale * float(ranges.mean())


def _words(offsets: FloatArray, reach: float, slack: float) -> list[str]:
    """Name the rule that each period meets, given how far it lies off the centre."""
    rules: dict[str, BoolArray] = {
        "above the limits": offsets > reach + slack,
        "below the limits": offsets < -reach - slack,
        "eight in a row above the centre": _row_of(offsets > slack, RUN),
        "eight in a row below the centre": _row_of(offsets < -slack, RUN),
        "three of four near the upper limit": _most_of(offsets, offsets > reach / 2 + slack),
        "three of four near the lower limit": _most_of(offsets, offsets < -reach / 2 - slack),
    }
    return [next((word for word, met in rules.items() if met[at]), "") for at in range(offsets.size)]


def _row_of(flags: BoolArray, length: int) -> BoolArray:
    """Mark each period with which a row of `length` flagged periods is complete."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    full = np.zeros(flags.size, dtype=np.bool_)
    full[length - 1 :] = sums[length:] - sums[:-length] == length
    return full


def _most_of(offsets: FloatArray, near: BoolArray) -> BoolArray:
    """Mark each flagged period that closes three of four, none of them across a gap."""
    met = np.zeros(near.size, dtype=np.bool_)
    since = 0
    for at in np.flatnonzero(near):
        gaps = np.flatnonzero(np.isnan(offsets[since:at]))
        since = since + int(gaps[-1]) + 1 if gaps.size else since
        met[at] = near[max(since, at - NEAR_OF + 1) : at + 1].sum() >= NEAR
    return met
