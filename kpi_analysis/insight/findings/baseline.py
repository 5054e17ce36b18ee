"""What the months of a period would usually have been, from the months before them alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from kpi_analysis.stats.trends.autocorrelation import lag1_autocorrelations

Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Which = npt.NDArray[np.bool_]
Basis = Literal["level", "season", "trend"]

NEEDED = 12  # a year at least, so that every month that is forecast has its namesake before
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
    reach : ndarray
        How far off 95 of 100 such months are at most.
    mean : float
        Standard error of the mean of the known errors.
    freedom : float
        Degrees of freedom of the errors' scale.
    echo : ndarray
        How far off the same months were a year before; 0 where that was little or is not known.
    lowest, highest : float
        The second furthest that an earlier month was off, below and above: one event may have been there before.
    basis : {"level", "season", "trend"}
        What the forecast continues: the level of the earlier months, with their season, or with their trend.
    """

    centre: Values
    errors: Values
    one: Values
    reach: Values
    mean: float
    freedom: float
    echo: Values
    lowest: float
    highest: float
    basis: Basis = "level"


def expect(values: Values, months: int) -> Expected | None:
    """Forecast the last months of a history from the months before them.

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
    return expect_all([(values, months)])[0]


def expect_all(asked: Sequence[tuple[Values, int]]) -> list[Expected | None]:
    """Forecast the last months of many histories, each from its own months before them alone.

    A level is fitted to the earlier months, with a slope where they rise or fall beyond doubt, and with a season
    where there are two years of them and it shows. What is left
    follows itself from month to month (a first-order process), which widens every error. An outlier among the earlier
    months is drawn in to 2.5 robust standard deviations, so that one event does not hide the next.

    Parameters
    ----------
    asked : sequence of (ndarray, int)
        A history and how many of its last months are forecast, as `expect` takes them.

    Returns
    -------
    list of (Expected or None)
        In the order asked.

    Examples
    --------
    >>> noise = np.tile([0.1, -0.1, 0.05, -0.05, -0.1, 0.1], 5)
    >>> found = expect_all([(10 + noise, 3), (noise[:9], 3), (20 + noise, 3)])
    >>> [one if one is None else one.centre.round(1).tolist() for one in found]
    [[10.0, 10.0, 10.0], None, [20.0, 20.0, 20.0]]
    """
    # what does not depend on values is the same for histories that know the same months: these are rows of one matrix
    alike: dict[tuple[int, bytes], list[int]] = {}
    for place, (values, months) in enumerate(asked):
        alike.setdefault((months, np.isnan(values).tobytes()), []).append(place)
    found: list[Expected | None] = [None] * len(asked)
    for (months, _), places in alike.items():
        rows = np.array([asked[place][0] for place in places])
        for row, one in _expect_alike(rows, months):
            found[places[row]] = one
    return found


def _expect_alike(values: Values, months: int) -> Iterator[tuple[int, Expected]]:
    """Forecast rows that know the same months; with each forecast goes the number of its row."""
    is_known = ~np.isnan(values[0])
    known, late = np.flatnonzero(is_known[:-months]), np.flatnonzero(is_known[-months:])
    if known.size < NEEDED or late.size == 0:
        return
    before = values[:, known]
    rows = np.flatnonzero(np.ptp(before, axis=1) > 1e-12 * np.abs(before).max(axis=1))
    size, at = values.shape[1], tuple(known.tolist())
    sloped, seasonal = _shapes(before[rows], size, at)
    for slope, season in sorted({*zip(sloped.tolist(), seasonal.tolist(), strict=True)}):
        same = rows[(sloped == slope) & (seasonal == season)]
        fit = _fit(size, at, sloped=slope, seasonal=season)
        for place, one in _forecasts(values[same], known, late, months, fit):
            yield int(same[place]), replace(one, basis="trend" if slope else "season" if season else "level")


@lru_cache(maxsize=256)
def _fit(size: int, known: tuple[int, ...], *, sloped: bool, seasonal: bool) -> Values:
    """What turns the known months into their least-squares fit in every month, as a matrix of months by known ones.

    The fit is a level, a slope if wanted, and the waves of a year if wanted.
    """
    at = np.arange(size)
    columns = np.ones((size, 1))
    if sloped:
        columns = np.column_stack([columns, at - at.mean()])
    if seasonal:
        turns = 2 * np.pi * np.outer(at, np.arange(1, HARMONICS + 1)) / YEAR
        columns = np.column_stack([columns, np.cos(turns), np.sin(turns)])
    fit: Values = columns @ np.linalg.pinv(columns[list(known)])
    fit.setflags(write=False)
    return fit


def _shapes(before: Values, size: int, at: tuple[int, ...]) -> tuple[Which, Which]:
    """Which rows have a slope, and which a season: where these explain more than chance would."""

    def left(*, sloped: bool, seasonal: bool) -> Values:
        residuals: Values = before - before @ _fit(size, at, sloped=sloped, seasonal=seasonal)[list(at)].T
        return residuals

    level, line = left(sloped=False, seasonal=False), left(sloped=True, seasonal=False)
    sloped = _explains(level, line, 1, len(at) - 2, before)
    if len(at) < SEASON_NEEDED:
        return sloped, np.zeros_like(sloped)
    waves, both = left(sloped=False, seasonal=True), left(sloped=True, seasonal=True)
    extra = 2 * HARMONICS
    seasonal = np.where(
        sloped,
        _explains(line, both, extra, len(at) - extra - 2, before),
        _explains(level, waves, extra, len(at) - extra - 1, before),
    )
    # a slope may hide behind a season
    return sloped | (seasonal & _explains(waves, both, 1, len(at) - extra - 2, before)), seasonal


def _explains(narrow: Values, wide: Values, extra: int, freedom: int, before: Values) -> Which:
    """In which rows the further columns explain more than chance would: the F-test of nested models.

    Months that follow each other bring less evidence of a slope, which lowers F.

    Parameters
    ----------
    narrow, wide : ndarray
        What the models leave of `before`, row by row.
    extra : int
        How many columns the wide one has more.
    freedom : int
        Of the wide one.
    before : ndarray
    """
    from scipy import special

    sums, rest = (narrow**2).sum(axis=1), (wide**2).sum(axis=1)
    scale = np.where(rest > 0, rest, 1.0) / freedom
    correlation = np.maximum(LEAST_CORRELATION, lag1_autocorrelations(wide, before)) if extra == 1 else 0.0
    f = (sums - rest) / extra / scale * (1 - correlation) / (1 + correlation)
    explains: Which = (rest <= 0) | (special.fdtrc(extra, freedom, f) < SURE)
    return explains


def _forecasts(values: Values, known: Places, late: Places, months: int, fit: Values) -> Iterator[tuple[int, Expected]]:
    """Forecast rows to which one fit applies, where their noise has a size; with each goes the number of its row."""
    from scipy import special

    count, size = values.shape
    split = size - months
    before, hat, ahead = values[:, known], fit[known], fit[split:]
    clean = _drawn_in(before, hat)
    fitted = clean @ hat.T
    residuals = clean - fitted
    by_month = np.full((count, split), np.nan)
    by_month[:, known] = residuals
    correlations = np.maximum(LEAST_CORRELATION, lag1_autocorrelations(by_month, values[:, :split]))
    trace, freedom, spread = _unrest(correlations, known, split + late, hat, ahead[late])
    variance = (residuals**2).sum(axis=1) / trace
    centre = clean @ ahead.T
    covariance = variance[:, None, None] * spread
    errors, one = np.full((2, count, months), np.nan)
    errors[:, late] = values[:, split + late] - centre[:, late]
    one[:, late] = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    reach = special.stdtrit(freedom, 0.975)[:, None] * one
    mean = np.sqrt(covariance.mean(axis=(1, 2)))
    raw = np.zeros((count, size))
    raw[:, known] = before - fitted
    ago = raw[:, split - YEAR : size - YEAR]
    echo = np.where(np.abs(ago) > EVIDENT * np.sqrt(variance)[:, None], ago, 0.0)
    past = np.sort(raw[:, known], axis=1)
    for row in np.flatnonzero((variance > 0) & (freedom >= 4)).tolist():
        yield (
            row,
            Expected(
                centre[row],
                errors[row],
                one[row],
                reach[row],
                float(mean[row]),
                float(freedom[row]),
                echo[row],
                float(past[row, 1]),
                float(past[row, -2]),
            ),
        )


def _drawn_in(before: Values, hat: Values) -> Values:
    """Draw the outliers of each row in; where the fit meets most months exactly, nothing says what an outlier is."""
    clean = before
    for _ in range(3):
        fitted = clean @ hat.T
        off = before - fitted
        reach = CLIP * (1.4826 * np.median(np.abs(off), axis=1, keepdims=True))
        clean = np.where(reach > 0, fitted + np.clip(off, -reach, reach), clean)
    return clean


def _unrest(
    correlations: Values, known: Places, late: Places, hat: Values, weights: Values
) -> tuple[Values, Values, Values]:
    """What a first-order process of variance 1 leaves of a fit, and how far it throws the forecasts off.

    Parameters
    ----------
    correlations : ndarray
        Of each row, from one month to the next.
    known, late : ndarray of int
        Months that were fitted, and those that are forecast.
    hat, weights : ndarray
        What turns the known months into their fit, and into the forecasts.

    Returns
    -------
    trace, freedom, covariance : ndarray
        Of each row the expected sum of squares of the residuals, its degrees of freedom after Satterthwaite, and the
        covariance of the forecasts' errors.
    """
    # most histories follow themselves no more than is assumed at least: few correlations differ
    each, row = np.unique(correlations, return_inverse=True)
    months = np.append(known, late)
    powers = each[:, None] ** np.arange(months[-1] + 1)
    likeness = powers[:, np.abs(months[:, None] - months)]
    seen, across, ahead = (
        likeness[:, : known.size, : known.size],
        likeness[:, : known.size, known.size :],
        likeness[:, known.size :, known.size :],
    )
    product = (np.eye(known.size) - hat) @ seen
    trace = np.trace(product, axis1=1, axis2=2)
    freedom = trace**2 / (product * product.transpose(0, 2, 1)).sum(axis=(1, 2))
    shared = weights @ across
    covariance = ahead - shared - shared.transpose(0, 2, 1) + weights @ seen @ weights.T
    return trace[row], freedom[row], covariance[row]
