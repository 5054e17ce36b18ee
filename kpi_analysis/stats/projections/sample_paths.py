"""Sample paths of a history: the rule by its length and values, the models' average, limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kpi_analysis.stats.arrays import FloatArray
from kpi_analysis.stats.projections.design_matrices import DesignMatrices, design_matrices
from kpi_analysis.stats.projections.model_averaging import ModelFits, fit_models
from kpi_analysis.stats.projections.outliers import adjust_outliers
from kpi_analysis.stats.projections.transformations import Bounds, Transformation, transformations_for

FEWEST_FOR_MODELS = 6
MANY_ZEROS = 0.3
CLEAR_ODDS = 10.0
FADING = 0.95  # weight of a value against the one after it, in an intermittent series
LONGEST_SEASON = 53
WIDENING = {4: 1.2, 12: 1.05}
USUAL_WIDENING = 1.1
FAR_ODDS = 50.0
CURVED_LEANING = 0.5  # log odds for the curved scale where the evidence is even
FARTHEST = 5.0  # no path leaves this multiple of what was seen


@dataclass(frozen=True)
class SamplePaths:
    """Centre (horizon), sample paths (paths, horizon) and method of a projection."""

    centre: FloatArray
    paths: FloatArray
    method: str
    many_zeros: bool = False


def usable_season(season_length: int, length: int) -> int:
    """Season length that a history of a length can teach; 1 for none.

    Parameters
    ----------
    season_length : int
        Periods in a season.
    length : int
        Periods of the history.

    Returns
    -------
    int
        `season_length`, or 1.

    Examples
    --------
    >>> usable_season(12, 40), usable_season(52, 150), usable_season(52, 208), usable_season(365, 2000)
    (12, 1, 52, 1)
    """
    if season_length > LONGEST_SEASON or (season_length > 24 and length < 4 * season_length):
        return 1
    return season_length


def longest_history(season: int) -> int:
    """Number of last values that count: what lies further back says little about tomorrow.

    Parameters
    ----------
    season : int
        Periods in a season; 1 for none.

    Returns
    -------
    int
        In periods.

    Examples
    --------
    >>> longest_history(1), longest_history(12), longest_history(52)
    (156, 180, 208)
    """
    return 4 * season if season > 24 else max(156, 15 * season)


def draw_sample_paths(
    values: FloatArray, horizon: int, season_length: int, limits: Bounds, paths: int, random: np.random.Generator
) -> SamplePaths:
    """Centre and sample paths that follow `values`, in which a missing value is NaN."""
    season = usable_season(season_length, len(values))
    recent = values[-longest_history(season) :]
    values = recent if (~np.isnan(recent)).sum() >= FEWEST_FOR_MODELS else values
    values = values[np.flatnonzero(~np.isnan(values))[0] :]
    observed = values[~np.isnan(values)]
    if np.ptp(observed) <= 1e-12 * np.abs(observed).max():
        return _constant(observed[-1], horizon, paths)
    if len(observed) < FEWEST_FOR_MODELS:
        found = _random_walk(observed, horizon, paths, random)
    else:
        found = _averaged_models(values, observed, horizon, season, limits, paths, random)
    return _limited(found, observed, limits)


def _constant(value: float, horizon: int, paths: int) -> SamplePaths:
    return SamplePaths(np.full(horizon, value), np.full((paths, horizon), value), "the value that never changed")


def _random_walk(observed: FloatArray, horizon: int, paths: int, random: np.random.Generator) -> SamplePaths:
    steps = np.diff(observed)
    noise = np.sqrt((steps**2).mean() * len(steps) / random.chisquare(len(steps), paths))
    walk = np.cumsum(random.standard_normal((paths, horizon)), axis=1)
    return SamplePaths(
        np.full(horizon, observed[-1]),
        observed[-1] + noise[:, None] * walk,
        f"the last value: {len(observed)} points are too few for more",
    )


def _averaged_models(
    values: FloatArray,
    observed: FloatArray,
    horizon: int,
    season: int,
    limits: Bounds,
    paths: int,
    random: np.random.Generator,
) -> SamplePaths:
    there = ~np.isnan(values)
    plan = design_matrices(len(values), horizon, season, tuple(np.flatnonzero(~there).tolist()))
    scales = transformations_for(observed, limits)
    scaled = np.array([scale.forward(observed) for scale in scales])
    mean, deviation = scaled.mean(axis=1), scaled.std(axis=1)
    standard = np.zeros((len(scales), len(values)))
    standard[:, there] = (scaled - mean[:, None]) / deviation[:, None]

    first = fit_models(plan, standard)
    if _is_intermittent(observed) and not _season_is_clear(plan, first):
        return _intermittent(observed, horizon, paths, random)
    clean = adjust_outliers(plan, standard, first)

    evidence = first.log_likelihood.max(axis=1) - (plan.observed - 1) * np.log(deviation)
    # The level took one value to learn, on either scale; so a change of unit changes nothing.
    evidence -= [scale.log_jacobian(observed) * (plan.observed - 1) / plan.observed for scale in scales]
    shares = _transformation_weights(evidence)
    counts = np.diff(np.round(np.cumsum([0.0, *shares]) * paths).astype(int))
    centre = np.zeros(horizon)
    drawn = []
    widening = WIDENING.get(season, USUAL_WIDENING)
    for column, scale in enumerate(scales):

        def back(scaled: FloatArray, scale: Transformation = scale, column: int = column) -> FloatArray:
            return scale.inverse(scaled * deviation[column] + mean[column])

        middle = clean.fit.centre[column]
        centre += shares[column] * back(middle)
        around = _paths_about_centre(plan, clean.fit, column, int(counts[column]), random)
        drawn.append(back(middle + widening * around))
    return SamplePaths(centre, np.concatenate(drawn), _words(plan, scales, clean.outliers, clean.shifts, season))


def _is_intermittent(observed: FloatArray) -> bool:
    """Whether zeros are many and scattered; one long run of them is a KPI that began or ended."""
    zero = observed == 0
    if zero.mean() < MANY_ZEROS or observed.min() < 0:
        return False
    runs = np.diff(np.flatnonzero(np.r_[True, ~zero, True])) - 1
    return bool(runs.max() <= zero.sum() / 2)


def _season_is_clear(plan: DesignMatrices, fitted: ModelFits) -> bool:
    """Whether the seasonal models explain the values (the last column) much better, model for model."""
    if not plan.seasonal:
        return False
    plain, seasonal = np.split(fitted.weights[-1], [plan.plain_models])
    return bool(seasonal.mean() > CLEAR_ODDS * plain.mean())


def _transformation_weights(evidence: FloatArray) -> FloatArray:
    """Weight of each transformation; it is drawn to the curved one, and moves slowly with the evidence."""
    if len(evidence) == 1:
        return np.ones(1)
    curved = 1 / (1 + np.exp(-np.clip((evidence[0] - evidence[1]) / 10 + CURVED_LEANING, -FAR_ODDS, FAR_ODDS)))
    return np.array([curved, 1 - curved])


def _paths_about_centre(
    plan: DesignMatrices, fitted: ModelFits, column: int, paths: int, random: np.random.Generator
) -> FloatArray:
    """Paths about the centre: models drawn by their weights, then noise, states and innovations."""
    bounds = np.cumsum(fitted.weights[column])
    ticks = (random.random() + np.arange(paths)) / max(paths, 1) * bounds[-1]
    models = np.minimum(np.searchsorted(bounds, ticks), len(bounds) - 1)
    degrees = plan.observed - 1
    noise = fitted.noise[column, models] * np.sqrt(degrees / random.chisquare(degrees, paths))
    normal = random.standard_normal((paths, plan.horizon, 1))
    spread = (plan.spreads[models] @ normal)[:, :, 0]
    around: FloatArray = fitted.futures[column, models] - fitted.centre[column] + noise[:, None] * spread
    return around


def _intermittent(observed: FloatArray, horizon: int, paths: int, random: np.random.Generator) -> SamplePaths:
    """Draw the future from the past's own values, recent ones more often: no bell curve has so many zeros.

    Each path first draws a past of its own, so that the paths differ in how much there is at all.
    """
    weights = FADING ** np.arange(len(observed) - 1, -1, -1.0)
    weights /= weights.sum()
    independent = max(int(1 / (weights**2).sum()), 2)
    pasts = random.choice(observed, size=(paths, independent), p=weights)
    picks = random.integers(independent, size=(paths, horizon))
    centre = np.full(horizon, weights @ observed)
    words = "values drawn from the history, recent ones more often, since many are zero"
    return SamplePaths(centre, np.take_along_axis(pasts, picks, axis=1), words, many_zeros=True)


def _limited(found: SamplePaths, observed: FloatArray, limits: Bounds) -> SamplePaths:
    if observed.min() >= 0:
        far = FARTHEST * max(observed.max(), found.centre.max())
        limits = Bounds(max(limits.low, -far), min(limits.high, far))
    return replace(found, centre=limits.clip(found.centre), paths=limits.clip(found.paths))


def _words(plan: DesignMatrices, scales: tuple[Transformation, ...], outliers: int, shifts: int, season: int) -> str:
    words = f"average of {len(plan.has_drift)} exponential-smoothing models"
    if plan.seasonal:
        words += f" with and without a season of {season}"
    words += f", on {' and '.join(scale.name for scale in scales)}"
    if plan.gaps:
        words += f"; {_counted(len(plan.gaps), 'missing value')} left open"
    if outliers:
        words += f"; {_counted(outliers, 'outlier')} set aside"
    if shifts:
        words += f"; {_counted(shifts, 'level shift')} followed"
    return words


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
