"""What the months of a period would usually have been, from the months before them alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kpi_analysis.trends.autocorrelation import lag_one

Values = npt.NDArray[np.float64]

NEEDED = 12
HARMONICS = 3
SEASON_NEEDED = 24
SURE = 0.01  # of a slope and of a season
LEAST_CORRELATION = 0.3  # an estimate from two dozen months cannot tell it from 0, and too low a one cries wolf
YEAR = 12
EVIDENT = 1.5  # standard deviations that a month must have been off a year ago to look like a season
CLIP = 2.5  # robust standard deviations: beyond them a month is an event and not noise


@dataclass(frozen=True)
class Expected:
    """A forecast of the last months, and how far off they were.

    Parameters
    ----------
    centre : ndarray
        What was to be expected of each month.
    errors : ndarray
        Actual minus expected; NaN where a month has no value.
    one : ndarray
        Standard error of each month's forecast.
    mean : float
        Standard error of the mean of the known errors.
    freedom : float
        Degrees of freedom of the errors' scale.
    echo : ndarray
        How far off the same months were a year before; 0 where that was little or is not known.
    lowest, highest : float
        The second furthest that an earlier month was off, below and above: one event may have been there before.
    """

    centre: Values
    errors: Values
    one: Values
    mean: float
    freedom: float
    echo: Values
    lowest: float
    highest: float


def expect(values: Values, months: int) -> Expected | None:
    """Forecast the last months of a history from the months before them.

    A level is fitted to the earlier months, with a slope where they rise or fall beyond doubt, and with a season
    where there are two years of them and it shows. What is left
    follows itself from month to month (a first-order process), which widens every error. An outlier among the earlier
    months is drawn in to 2.5 robust standard deviations, so that one event does not hide the next.

    Parameters
    ----------
    values : ndarray
        On a scale on which noise adds up, such as the logarithm; a gap is NaN.
    months : int
        How many of the last ones are forecast.

    Returns
    -------
    Expected or None
        None where fewer than 12 earlier months are known, or they do not vary.

    Examples
    --------
    >>> noise = np.tile([0.1, -0.1, 0.05, -0.05, -0.1, 0.1], 5)
    >>> found = expect(np.append(10 + noise, [12.0, 12.0, 12.0]), 3)
    >>> bool(found is not None and (found.errors > 5 * found.one).all())
    True
    """
    size = values.size
    at = np.arange(size)
    before = at[: size - months]
    known = before[~np.isnan(values[before])]
    late = at[size - months :][~np.isnan(values[size - months :])]
    if known.size < NEEDED or late.size == 0 or np.ptp(values[known]) <= 1e-12 * abs(values[known]).max():
        return None
    columns = _columns(at, values, known)
    clean = values.copy()
    solve = np.linalg.pinv(columns[known])
    hat = columns[known] @ solve
    for _ in range(3):
        fit = hat @ clean[known]
        scale = 1.4826 * float(np.median(np.abs(values[known] - fit)))
        if scale <= 0:
            break
        clean[known] = fit + np.clip(values[known] - fit, -CLIP * scale, CLIP * scale)
    residuals = clean[known] - hat @ clean[known]
    series = np.full(size, np.nan)
    series[known] = residuals
    correlation = max(LEAST_CORRELATION, lag_one(series[: size - months], values[: size - months]))
    likeness = correlation ** np.abs(at[:, None] - at[None, :])
    annihilator = np.eye(known.size) - hat
    seen = likeness[np.ix_(known, known)]
    product = annihilator @ seen
    trace = float(np.trace(product))
    freedom = trace**2 / float(np.trace(product @ product))
    variance = float(residuals @ residuals) / trace
    if variance <= 0 or freedom < 4:
        return None
    weights = columns[late] @ solve
    errors = np.full(months, np.nan)
    centre = columns[size - months :] @ solve @ clean[known]
    errors[late - (size - months)] = values[late] - weights @ clean[known]
    cross = likeness[np.ix_(late, late)] - weights @ likeness[np.ix_(known, late)]
    covariance = variance * (cross - likeness[np.ix_(late, known)] @ weights.T + weights @ seen @ weights.T)
    one = np.full(months, np.nan)
    one[late - (size - months)] = np.sqrt(np.diag(covariance))
    raw = np.full(size, 0.0)
    raw[known] = values[known] - hat @ clean[known]
    ago = np.array([raw[month - YEAR] if month >= YEAR else 0.0 for month in range(size - months, size)])
    past = np.sort(raw[known])
    echo = np.where(np.abs(ago) > EVIDENT * variance**0.5, ago, 0.0)
    return Expected(
        centre, errors, one, float(np.sqrt(covariance.mean())), freedom, echo, float(past[1]), float(past[-2])
    )


def _columns(at: npt.NDArray[np.intp], values: Values, known: npt.NDArray[np.intp]) -> Values:
    """A level, and a slope and the waves of a year where they explain more than chance would."""
    level = np.ones((at.size, 1))
    line = np.column_stack([level, at - at.mean()])
    turns = 2 * np.pi * np.outer(at, np.arange(1, HARMONICS + 1)) / 12
    waves = np.column_stack([np.cos(turns), np.sin(turns)])
    chosen = line if _explains(line, level, values, known) else level
    if known.size < SEASON_NEEDED:
        return chosen
    both = np.column_stack([chosen, waves])
    if not _explains(both, chosen, values, known):
        return chosen
    # a slope may hide behind a season
    whole = np.column_stack([line, waves])
    return whole if chosen is level and _explains(whole, both, values, known) else both


def _explains(wide: Values, narrow: Values, values: Values, known: npt.NDArray[np.intp]) -> bool:
    """Whether the further columns explain more than chance would: the F-test of nested models.

    Months that follow each other bring less evidence of a slope, which lowers F.
    """
    from scipy import special

    left = [_left(columns[known], values[known]) for columns in (narrow, wide)]
    extra, freedom = wide.shape[1] - narrow.shape[1], known.size - wide.shape[1]
    sums = [float(part @ part) for part in left]
    if freedom <= 0 or sums[1] <= 0:
        return bool(freedom > 0)
    correlation = max(LEAST_CORRELATION, lag_one(left[1], values[known])) if extra == 1 else 0.0
    f = (sums[0] - sums[1]) / extra / (sums[1] / freedom) * (1 - correlation) / (1 + correlation)
    return bool(special.fdtrc(extra, freedom, f) < SURE)


def _left(columns: Values, values: Values) -> Values:
    left: Values = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
    return left
